/* SPDX-License-Identifier: ISC */
/* Interrupt controllers and clock, inside kernel/arch. */
#pragma once

#include <abi/boot_handoff.h>

#include <stdint.h>

/* All controllers: local APIC on, everything else silent. */
void apic_init(const struct boot_platform *platform);

/* `vector` comes as soon as interrupts are on. */
void apic_send_to_self(uint32_t vector);

bool apic_has_line(uint32_t interrupt);

/* Route a line, masked; `mode` 0 is edge, active high. False: no such line. */
bool apic_route(uint32_t interrupt, uint32_t vector, uint32_t mode);

/* The HPET counts and its comparator is routed. After apic_init. */
void clock_init(const struct boot_platform *platform);

/* The global interrupt number that the clock took for itself. */
uint32_t clock_interrupt(void);
