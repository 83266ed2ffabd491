/* SPDX-License-Identifier: ISC */
/* State of drv-serial: the UART, and writers that wait for room. */
#pragma once

#include <protocol/serial.h>
#include <userlib/service.h>

#include "uart.h"

constexpr uint32_t writers_max = 8;
constexpr uint32_t drainers_max = 4;

/* A write that is not queued completely yet. */
struct writer {
    struct service_deferred caller;
    uint32_t done;
    uint32_t count;
    uint8_t data[512];
};

struct serial {
    struct uart uart;
    struct irq_cap interrupt;
    uint32_t writer_count; /* in order of arrival */
    struct writer writers[writers_max];
    uint32_t drainer_count; /* callers that wait for an empty ring */
    struct service_deferred drainers[drainers_max];
};

/* The handlers of protocol serial over `serial`. */
struct serial_server serial_server(struct serial *serial);

/* The UART's interrupt came. */
void serial_on_interrupt(struct serial *serial);
