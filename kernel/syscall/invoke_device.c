/* SPDX-License-Identifier: ISC */
/* Operations of interrupts, ports, the clock and the boot console. */
#include <kernel/syscall/invoke.h>

#include <abi/exit.h>
#include <abi/syscall.h>
#include <kernel/arch/arch.h>
#include <kernel/arch/cpu.h>
#include <kernel/ipc/buffer.h>
#include <kernel/object/clock.h>
#include <kernel/object/cspace.h>
#include <kernel/object/irq.h>
#include <kernel/object/notification.h>

/* An empty slot of the caller for a new child of the invoked capability. */
static enum status check_new_slot(
    const struct invocation *invocation, uint64_t slot, struct capability **target_out)
{
    struct capability *target = cspace_slot(invocation->cspace, slot);
    if (target == nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (target->kind != OBJECT_NONE) {
        return STATUS_EXISTS;
    }
    if (invocation->self->depth >= derivation_depth_max) {
        return STATUS_TOO_LARGE;
    }
    *target_out = target;
    return STATUS_OK;
}

static void insert_irq(
    struct invocation *invocation, struct capability *target, uint64_t slot, struct irq *irq)
{
    struct capability value = {.kind = OBJECT_IRQ, .rights = rights_all, .object = &irq->header};
    cap_insert(target, &value, invocation->self);
    cspace_note_filled(invocation->cspace, slot);
}

static enum status claim_line(struct invocation *invocation)
{
    uint64_t what = invocation->arguments[0];
    uint64_t slot = invocation->arguments[1];
    struct capability *target;
    struct irq *irq;
    enum status status = check_new_slot(invocation, slot, &target);
    if (status != STATUS_OK) {
        return status;
    }
    if (what >> 34 != 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    status = irq_decode_claim_line((uint32_t)what, &irq);
    if (status != STATUS_OK) {
        return status;
    }
    status =
        irq_commit_claim_line(irq, (uint32_t)what, (what >> 32 & 1) != 0, (what >> 33 & 1) != 0);
    if (status == STATUS_OK) {
        insert_irq(invocation, target, slot, irq);
    }
    return status;
}

static enum status claim_message(struct invocation *invocation)
{
    uint64_t slot = invocation->arguments[0];
    struct capability *target;
    enum status status = check_new_slot(invocation, slot, &target);
    if (status != STATUS_OK) {
        return status;
    }
    struct irq *irq = irq_find_free();
    if (irq == nullptr) {
        return STATUS_NO_SPACE;
    }
    uint32_t data;
    irq_commit_claim_message(irq, &invocation->results[0], &data);
    invocation->results[1] = data;
    insert_irq(invocation, target, slot, irq);
    return STATUS_OK;
}

enum status invoke_irq_control(struct invocation *invocation)
{
    if ((invocation->self->rights & RIGHT_CONTROL) == 0) {
        return STATUS_DENIED;
    }
    switch (invocation->operation) {
    case IRQ_CONTROL_CLAIM_LINE:
        return claim_line(invocation);
    case IRQ_CONTROL_CLAIM_MESSAGE:
        return claim_message(invocation);
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}

enum status invoke_irq(struct invocation *invocation)
{
    struct irq *irq = (struct irq *)invocation->self->object;
    struct capability *notification = invocation_cap(invocation, invocation->arguments[0]);
    enum status status;
    switch (invocation->operation) {
    case IRQ_BIND:
        status = irq_decode_bind(irq, notification);
        if (status == STATUS_OK) {
            irq_commit_bind(irq, notification);
        }
        return status;
    case IRQ_ACKNOWLEDGE:
        irq_acknowledge(irq);
        return STATUS_OK;
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}

/* Ports that only the kernel may touch, whoever holds a range around them: the old interrupt
 * controllers, the old timer, and the device that ends test images. */
static const struct {
    uint16_t first;
    uint16_t last;
} kernel_ports[] = {
    {0x20, 0x21}, {0x40, 0x43}, {0xa0, 0xa1}, {debug_exit_port, debug_exit_port + 3}};

static bool port_is_kept(uint64_t port, uint64_t width)
{
    for (uint32_t i = 0; i < sizeof(kernel_ports) / sizeof(kernel_ports[0]); i++) {
        if (port <= kernel_ports[i].last && port + width - 1 >= kernel_ports[i].first) {
            return true;
        }
    }
    return false;
}

static bool port_in_range(const struct capability *self, uint64_t port, uint64_t width)
{
    uint64_t first = self->ports & 0xffff;
    uint64_t last = self->ports >> 16;
    return port >= first && port <= last && port + width - 1 <= last;
}

static enum status narrow_ports(struct invocation *invocation)
{
    uint64_t first = invocation->arguments[0];
    uint64_t last = invocation->arguments[1];
    struct capability *target;
    enum status status = check_new_slot(invocation, invocation->arguments[2], &target);
    if (status != STATUS_OK) {
        return status;
    }
    if (first > last || last > UINT16_MAX ||
        !port_in_range(invocation->self, first, last - first + 1)) {
        return STATUS_DENIED;
    }
    struct capability value = {
        .kind = OBJECT_PORT_RANGE, .rights = invocation->self->rights, .ports = first | last << 16};
    cap_insert(target, &value, invocation->self);
    cspace_note_filled(invocation->cspace, invocation->arguments[2]);
    return STATUS_OK;
}

static uint64_t port_read(uint16_t port, uint64_t width)
{
    switch (width) {
    case 1:
        return port_read8(port);
    case 2:
        return port_read16(port);
    default:
        return port_read32(port);
    }
}

static void port_write(uint16_t port, uint64_t width, uint64_t value)
{
    switch (width) {
    case 1:
        port_write8(port, (uint8_t)value);
        break;
    case 2:
        port_write16(port, (uint16_t)value);
        break;
    default:
        port_write32(port, (uint32_t)value);
        break;
    }
}

enum status invoke_port_range(struct invocation *invocation)
{
    uint64_t port = invocation->arguments[0];
    uint64_t width = invocation->arguments[1];
    if (invocation->operation == PORT_RANGE_NARROW) {
        return narrow_ports(invocation);
    }
    bool is_read = invocation->operation == PORT_RANGE_READ;
    if (!is_read && invocation->operation != PORT_RANGE_WRITE) {
        return STATUS_UNKNOWN_OPERATION;
    }
    if (width != 1 && width != 2 && width != 4) {
        return STATUS_INVALID_ARGUMENT;
    }
    uint16_t needed = is_read ? RIGHT_READ : RIGHT_WRITE;
    if ((invocation->self->rights & needed) == 0 || !port_in_range(invocation->self, port, width) ||
        port_is_kept(port, width)) {
        return STATUS_DENIED;
    }
    if (is_read) {
        invocation->results[0] = port_read((uint16_t)port, width);
    } else {
        port_write((uint16_t)port, width, invocation->arguments[2]);
    }
    return STATUS_OK;
}

static enum status clock_arm(struct invocation *invocation, bool arm)
{
    uint64_t slot = invocation->arguments[arm ? 1 : 0];
    const struct capability *cap = invocation_cap(invocation, slot);
    if ((invocation->self->rights & RIGHT_WRITE) == 0) {
        return STATUS_DENIED;
    }
    if (cap == nullptr || !cap_has(cap, OBJECT_NOTIFICATION, RIGHT_SEND)) {
        return STATUS_INVALID_CAPABILITY;
    }
    struct notification *notification = (struct notification *)cap->object;
    if (!arm) {
        clock_disarm(notification);
        return STATUS_OK;
    }
    enum status status = clock_decode_arm(notification);
    if (status == STATUS_OK) {
        clock_commit_arm(notification, invocation->arguments[0], notification_cap_bits(cap));
    }
    return status;
}

enum status invoke_clock(struct invocation *invocation)
{
    switch (invocation->operation) {
    case CLOCK_READ:
        if ((invocation->self->rights & RIGHT_READ) == 0) {
            return STATUS_DENIED;
        }
        invocation->results[0] = arch_clock_read();
        return STATUS_OK;
    case CLOCK_ARM:
        return clock_arm(invocation, true);
    case CLOCK_DISARM:
        return clock_arm(invocation, false);
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}

enum status invoke_console(struct invocation *invocation)
{
    if ((invocation->self->rights & RIGHT_WRITE) == 0) {
        return STATUS_DENIED;
    }
    char text[256];
    size_t bytes;
    switch (invocation->operation) {
    case CONSOLE_WRITE:
        if (invocation->arguments[0] > sizeof(text)) {
            return STATUS_TOO_LARGE;
        }
        bytes = buffer_copy_text(invocation->thread, text, invocation->arguments[0], sizeof(text));
        arch_console_write(text, bytes);
        return STATUS_OK;
    case CONSOLE_SILENCE:
        arch_console_silence();
        return STATUS_OK;
    case CONSOLE_SPEAK:
        arch_console_unsilence();
        return STATUS_OK;
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}
