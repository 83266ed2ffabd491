/* SPDX-License-Identifier: ISC */
/* Operations of protocol interrupt. */
#include "irqd.h"

#include <slots/irqd.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

static const struct irq_control_cap control = {SLOT_IRQ_CONTROL};

static enum status claim_line(void *self, struct ipc_caller caller,
    const struct interrupt_claim_line_request *request, struct any_cap *source_out)
{
    (void)caller;
    struct irqd *irqd = self;
    cap_slot slot;
    enum status status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    const struct irq_line line = {
        .interrupt = request->interrupt,
        .level_triggered = request->level != 0,
        .active_low = request->active_low != 0,
    };
    status = irq_control_claim_line(control, line, slot);
    if (status != STATUS_OK) {
        slots_give(slot);
        return status;
    }
    irqd->lines++;
    source_out->slot = slot;
    return STATUS_OK;
}

static enum status claim_message(void *self, struct ipc_caller caller,
    struct interrupt_claim_message_reply *reply_out, struct any_cap *source_out)
{
    (void)caller;
    struct irqd *irqd = self;
    cap_slot slot;
    enum status status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    struct irq_message message;
    status = irq_control_claim_message(control, slot, &message);
    if (status != STATUS_OK) {
        slots_give(slot);
        return status;
    }
    irqd->messages++;
    reply_out->address = message.address;
    reply_out->data = (uint32_t)message.data;
    source_out->slot = slot;
    return STATUS_OK;
}

static enum status statistics(
    void *self, struct ipc_caller caller, struct interrupt_statistics_reply *reply_out)
{
    (void)caller;
    const struct irqd *irqd = self;
    reply_out->lines = irqd->lines;
    reply_out->messages = irqd->messages;
    return STATUS_OK;
}

struct interrupt_server irqd_server(struct irqd *irqd)
{
    return (struct interrupt_server){.self = irqd,
        .claim_line = claim_line,
        .claim_message = claim_message,
        .statistics = statistics};
}
