/* SPDX-License-Identifier: ISC */
/* Registers of the 16550 UART, as offsets from its first port. */
#pragma once

#include <stdint.h>

enum uart_register : uint16_t {
    UART_DATA = 0,             /* receive and transmit; divisor low while DLAB is set */
    UART_INTERRUPT_ENABLE = 1, /* divisor high while DLAB is set */
    UART_INTERRUPT_ID = 2,     /* read */
    UART_FIFO_CONTROL = 2,     /* write */
    UART_LINE_CONTROL = 3,
    UART_MODEM_CONTROL = 4,
    UART_LINE_STATUS = 5,
    UART_SCRATCH = 7,
};

constexpr uint8_t interrupt_receive = 1 << 0;
constexpr uint8_t interrupt_transmit = 1 << 1;
constexpr uint8_t interrupt_line_status = 1 << 2;

constexpr uint8_t fifo_enable_and_clear = 0x07;
constexpr uint8_t fifo_threshold_8 = 0x80;
constexpr uint32_t fifo_bytes = 16;

constexpr uint8_t line_8n1 = 0x03;
constexpr uint8_t line_divisor_latch = 0x80;

constexpr uint8_t modem_ready = 0x03;      /* DTR and RTS */
constexpr uint8_t modem_interrupts = 0x08; /* OUT2 connects the interrupt line */

constexpr uint8_t status_data_ready = 1 << 0;
constexpr uint8_t status_overrun = 1 << 1;
constexpr uint8_t status_transmit_empty = 1 << 5;
