/* SPDX-License-Identifier: ISC */
/*
 * Interrupt sources. Each device vector of the processor has one irq object in a fixed table; it is
 * in use while there is a capability to it.
 */
#pragma once

#include <kernel/arch/arch.h>
#include <kernel/object/cap.h>

constexpr uint32_t irq_count = vector_device_end - vector_device_first;

struct irq {
    struct object header;
    uint32_t interrupt; /* global interrupt number of an I/O APIC line */
    bool in_use;
    bool is_line;
    bool level;
    struct capability target; /* notification to signal, a child of the capability that was bound */
};

/* A free irq object, or nullptr. */
struct irq *irq_find_free(void);

/* Take a free object for an I/O APIC line (BUSY if another has that line), or for messages. */
enum status irq_decode_claim_line(uint32_t interrupt, struct irq **irq_out);
enum status irq_commit_claim_line(struct irq *irq, uint32_t interrupt, bool level, bool active_low);
void irq_commit_claim_message(struct irq *irq, uint64_t *address_out, uint32_t *data_out);

enum status irq_decode_bind(const struct irq *irq, const struct capability *notification);
void irq_commit_bind(struct irq *irq, struct capability *notification);
void irq_acknowledge(struct irq *irq);

void irq_destroy(struct irq *irq);
struct capability *irq_first_cap(struct irq *irq);

/* An interrupt arrived. */
void irq_handle(uint32_t vector);
