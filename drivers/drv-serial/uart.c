/* SPDX-License-Identifier: ISC */
/* The 16550: initialisation, interrupt, rings. */
#include "uart.h"

#include <userlib/syscall.h>

#include "regs.h"

static void write_register(const struct uart *uart, enum uart_register index, uint8_t value)
{
    (void)port_range_write(uart->ports, uart->first_port + index, 1, value); /* range was checked */
}

static uint8_t read_register(const struct uart *uart, enum uart_register index)
{
    uint32_t value = 0;
    (void)port_range_read(uart->ports, uart->first_port + index, 1, &value);
    return (uint8_t)value;
}

static void enable_interrupts(struct uart *uart, bool transmit)
{
    if (uart->transmit_interrupt == transmit) {
        return;
    }
    uart->transmit_interrupt = transmit;
    write_register(uart, UART_INTERRUPT_ENABLE,
        (uint8_t)(interrupt_receive | interrupt_line_status | (transmit ? interrupt_transmit : 0)));
}

enum status uart_init(struct uart *uart, struct port_range_cap ports, uint16_t first_port)
{
    constexpr uint8_t scratch_pattern = 0xa5;
    constexpr uint8_t divisor_115200 = 1;
    uart->ports = ports;
    uart->first_port = first_port;
    write_register(uart, UART_SCRATCH, scratch_pattern);
    if (read_register(uart, UART_SCRATCH) != scratch_pattern) {
        return STATUS_IO;
    }
    write_register(uart, UART_INTERRUPT_ENABLE, 0);
    write_register(uart, UART_LINE_CONTROL, line_divisor_latch);
    write_register(uart, UART_DATA, divisor_115200);
    write_register(uart, UART_INTERRUPT_ENABLE, 0);
    write_register(uart, UART_LINE_CONTROL, line_8n1);
    write_register(uart, UART_FIFO_CONTROL, fifo_enable_and_clear | fifo_threshold_8);
    write_register(uart, UART_MODEM_CONTROL, modem_ready | modem_interrupts);
    write_register(uart, UART_INTERRUPT_ENABLE, interrupt_receive | interrupt_line_status);
    return STATUS_OK;
}

static void receive_one(struct uart *uart, uint8_t line_status)
{
    uint8_t byte = read_register(uart, UART_DATA);
    uart->received_count++;
    if ((line_status & status_overrun) != 0) {
        uart->overrun_count++;
    }
    if (uart_ring_used(&uart->receive) == uart_ring_bytes) {
        uart->overrun_count++;
        return;
    }
    uart->receive.bytes[uart->receive.tail++ % uart_ring_bytes] = byte;
}

/* The chip takes up to a FIFO of bytes when it is empty. */
static void transmit_some(struct uart *uart)
{
    struct uart_ring *ring = &uart->transmit;
    for (uint32_t i = 0; i < fifo_bytes && uart_ring_used(ring) > 0; i++) {
        write_register(uart, UART_DATA, ring->bytes[ring->head++ % uart_ring_bytes]);
        uart->sent_count++;
    }
}

void uart_interrupt(struct uart *uart)
{
    constexpr uint32_t rounds_max = 1024; /* a broken chip must not keep the driver for ever */
    uart->interrupt_count++;
    for (uint32_t i = 0; i < rounds_max; i++) {
        uint8_t status = read_register(uart, UART_LINE_STATUS);
        bool can_send =
            (status & status_transmit_empty) != 0 && uart_ring_used(&uart->transmit) > 0;
        if ((status & status_data_ready) != 0) {
            receive_one(uart, status);
        } else if (can_send) {
            transmit_some(uart);
        } else {
            break;
        }
    }
    (void)read_register(uart, UART_INTERRUPT_ID); /* acknowledges a transmit interrupt */
    enable_interrupts(uart, uart_ring_used(&uart->transmit) > 0);
}

size_t uart_write(struct uart *uart, const uint8_t *bytes, size_t count)
{
    struct uart_ring *ring = &uart->transmit;
    size_t done = 0;
    while (done < count && uart_ring_used(ring) < uart_ring_bytes) {
        ring->bytes[ring->tail++ % uart_ring_bytes] = bytes[done++];
    }
    if ((read_register(uart, UART_LINE_STATUS) & status_transmit_empty) != 0) {
        transmit_some(uart);
    }
    enable_interrupts(uart, uart_ring_used(ring) > 0);
    return done;
}

size_t uart_read(struct uart *uart, uint8_t *bytes, size_t count)
{
    struct uart_ring *ring = &uart->receive;
    size_t done = 0;
    while (done < count && uart_ring_used(ring) > 0) {
        bytes[done++] = ring->bytes[ring->head++ % uart_ring_bytes];
    }
    return done;
}
