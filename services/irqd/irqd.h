/* SPDX-License-Identifier: ISC */
/* State of irqd: how much it has given away. */
#pragma once

#include <protocol/interrupt.h>

struct irqd {
    uint32_t lines;
    uint32_t messages;
};

/* The handlers of protocol interrupt over `irqd`. */
struct interrupt_server irqd_server(struct irqd *irqd);
