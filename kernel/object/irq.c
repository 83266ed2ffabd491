/* SPDX-License-Identifier: ISC */
/* Interrupt sources: claim, bind, deliver, acknowledge. */
#include <kernel/object/irq.h>

#include <kernel/object/notification.h>
#include <kernel/panic.h>
#include <kernel/state.h>

static uint32_t irq_vector(const struct irq *irq)
{
    return vector_device_first + (uint32_t)(irq - kernel_state.irqs);
}

struct irq *irq_find_free(void)
{
    for (uint32_t i = 0; i < irq_count; i++) {
        if (!kernel_state.irqs[i].in_use) {
            return &kernel_state.irqs[i];
        }
    }
    return nullptr;
}

enum status irq_decode_claim_line(uint32_t interrupt, struct irq **irq_out)
{
    for (uint32_t i = 0; i < irq_count; i++) {
        const struct irq *irq = &kernel_state.irqs[i];
        if (irq->in_use && irq->is_line && irq->interrupt == interrupt) {
            return STATUS_BUSY;
        }
    }
    struct irq *irq = irq_find_free();
    if (irq == nullptr) {
        return STATUS_NO_SPACE;
    }
    *irq_out = irq;
    return STATUS_OK;
}

enum status irq_commit_claim_line(struct irq *irq, uint32_t interrupt, bool level, bool active_low)
{
    if (!arch_line_route(interrupt, irq_vector(irq), level, active_low)) {
        return STATUS_NOT_FOUND;
    }
    *irq = (struct irq){.header = {.kind = OBJECT_IRQ},
        .interrupt = interrupt,
        .in_use = true,
        .is_line = true,
        .level = level};
    return STATUS_OK;
}

void irq_commit_claim_message(struct irq *irq, uint64_t *address_out, uint32_t *data_out)
{
    *irq = (struct irq){.header = {.kind = OBJECT_IRQ}, .in_use = true};
    arch_message_address(irq_vector(irq), address_out, data_out);
}

enum status irq_decode_bind(const struct irq *irq, const struct capability *notification)
{
    if (notification == nullptr || !cap_has(notification, OBJECT_NOTIFICATION, RIGHT_SEND)) {
        return STATUS_INVALID_CAPABILITY;
    }
    if (irq->target.kind != OBJECT_NONE) {
        return STATUS_BUSY;
    }
    return notification->depth >= derivation_depth_max ? STATUS_TOO_LARGE : STATUS_OK;
}

void irq_commit_bind(struct irq *irq, struct capability *notification)
{
    struct capability copy = *notification;
    cap_insert(&irq->target, &copy, notification);
    irq_acknowledge(irq);
}

void irq_acknowledge(struct irq *irq)
{
    if (irq->is_line) {
        arch_line_unmask(irq->interrupt);
    }
}

void irq_destroy(struct irq *irq)
{
    kassert(irq->in_use);
    kassert(irq->target.kind == OBJECT_NONE);
    if (irq->is_line) {
        arch_line_mask(irq->interrupt);
    }
    irq->in_use = false;
}

struct capability *irq_first_cap(struct irq *irq)
{
    return irq->target.kind == OBJECT_NONE ? nullptr : &irq->target;
}

void irq_handle(uint32_t vector)
{
    struct irq *irq = &kernel_state.irqs[vector - vector_device_first];
    if (irq->in_use) {
        if (irq->is_line) {
            arch_line_mask(irq->interrupt);
        }
        if (irq->target.kind == OBJECT_NOTIFICATION) {
            notification_signal(
                (struct notification *)irq->target.object, notification_cap_bits(&irq->target));
        }
    }
    arch_end_of_interrupt();
}
