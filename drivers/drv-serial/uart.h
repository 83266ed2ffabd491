/* SPDX-License-Identifier: ISC */
/*
 * One UART: rings for both directions, filled and emptied by its interrupt.
 *
 * Invariant: the transmit interrupt is enabled exactly while the transmit ring holds something.
 */
#pragma once

#include <abi/status.h>
#include <userlib/capability.h>

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t uart_ring_bytes = 4096;
static_assert((uart_ring_bytes & (uart_ring_bytes - 1)) == 0);

/* Positions rise for ever; a byte stands at its position modulo the size. */
struct uart_ring {
    uint32_t head; /* next to take */
    uint32_t tail; /* next to fill */
    uint8_t bytes[uart_ring_bytes];
};

static inline uint32_t uart_ring_used(const struct uart_ring *ring)
{
    return ring->tail - ring->head;
}

struct uart {
    struct port_range_cap ports;
    uint16_t first_port;
    bool transmit_interrupt;
    uint64_t received_count;
    uint64_t sent_count;
    uint64_t interrupt_count;
    uint64_t overrun_count; /* bytes that found no room, here or in the chip */
    struct uart_ring receive;
    struct uart_ring transmit;
};

/* 115200 8N1, FIFOs on, receive interrupt on. IO if there is no such chip. */
enum status uart_init(struct uart *uart, struct port_range_cap ports, uint16_t first_port);

/* Serve the chip until it wants nothing more. */
void uart_interrupt(struct uart *uart);

/* Queue as many bytes as there is room for; the number queued. */
size_t uart_write(struct uart *uart, const uint8_t *bytes, size_t count);

/* Take what was received, at most `count`. */
size_t uart_read(struct uart *uart, uint8_t *bytes, size_t count);
