/* SPDX-License-Identifier: ISC */
/* Dispatch of operations by object kind, and the memory objects. */
#include <kernel/syscall/invoke.h>

#include <abi/syscall.h>
#include <kernel/object/cspace.h>
#include <kernel/object/untyped.h>
#include <kernel/object/vspace.h>

static enum status (*const handlers[OBJECT_KIND_COUNT])(struct invocation *) = {
    [OBJECT_UNTYPED] = invoke_untyped,
    [OBJECT_CSPACE] = invoke_cspace,
    [OBJECT_FRAME] = invoke_frame,
    [OBJECT_PAGE_TABLE] = invoke_page_table,
    [OBJECT_THREAD] = invoke_thread,
    [OBJECT_REPLY] = invoke_reply,
    [OBJECT_IRQ_CONTROL] = invoke_irq_control,
    [OBJECT_IRQ] = invoke_irq,
    [OBJECT_PORT_RANGE] = invoke_port_range,
    [OBJECT_CLOCK] = invoke_clock,
    [OBJECT_CONSOLE] = invoke_console,
    [OBJECT_TEST] = invoke_test,
};

enum status invoke(struct invocation *invocation)
{
    enum status (*handler)(struct invocation *) = handlers[invocation->self->kind];
    return handler == nullptr ? STATUS_INVALID_CAPABILITY : handler(invocation);
}

struct capability *invocation_cap(const struct invocation *invocation, uint64_t slot)
{
    struct capability *cap = cspace_slot(invocation->cspace, slot);
    return cap == nullptr || cap->kind == OBJECT_NONE ? nullptr : cap;
}

static enum status retype(struct invocation *invocation)
{
    const struct capability *target =
        invocation_cap(invocation, (uint32_t)invocation->arguments[1]);
    if (target == nullptr || !cap_has(target, OBJECT_CSPACE, RIGHT_CONTROL)) {
        return STATUS_INVALID_CAPABILITY;
    }
    struct untyped_retype_plan plan;
    enum status status = untyped_decode_retype(invocation->self, (struct cspace *)target->object,
        invocation->arguments[0], (uint32_t)(invocation->arguments[1] >> 32),
        (uint32_t)invocation->arguments[2], &plan);
    if (status != STATUS_OK) {
        return status;
    }
    while (!untyped_clear_step(&plan)) {
        if (arch_interrupt_pending()) {
            return status_restart;
        }
    }
    untyped_commit_retype(&plan);
    return STATUS_OK;
}

enum status invoke_untyped(struct invocation *invocation)
{
    const struct capability *self = invocation->self;
    switch (invocation->operation) {
    case UNTYPED_RETYPE:
        return retype(invocation);
    case UNTYPED_DESCRIBE:
        invocation->results[0] = self->bits;
        invocation->results[1] = (self->flags & CAP_DEVICE) != 0;
        invocation->results[2] = untyped_free_bytes(self);
        invocation->results[3] = (self->rights & RIGHT_DMA) != 0 ? self->address : 0;
        return STATUS_OK;
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}

static struct vspace *vspace_argument(const struct invocation *invocation)
{
    const struct capability *cap = invocation_cap(invocation, invocation->arguments[0]);
    bool usable = cap != nullptr && cap_has(cap, OBJECT_VSPACE, RIGHT_CONTROL);
    return usable ? (struct vspace *)cap->object : nullptr;
}

static enum status frame_map(struct invocation *invocation)
{
    struct vspace *vspace = vspace_argument(invocation);
    if (vspace == nullptr) {
        return STATUS_INVALID_CAPABILITY;
    }
    struct vspace_map_plan plan;
    enum status status = vspace_decode_map_frame(vspace, invocation->self, invocation->arguments[1],
        invocation->arguments[2], &plan, &invocation->results[0]);
    if (status == STATUS_OK) {
        vspace_commit_map_frame(&plan);
    }
    return status;
}

enum status invoke_frame(struct invocation *invocation)
{
    struct capability *self = invocation->self;
    switch (invocation->operation) {
    case FRAME_MAP:
        return frame_map(invocation);
    case FRAME_UNMAP:
        if ((self->flags & CAP_MAPPED) == 0) {
            return STATUS_NOT_FOUND;
        }
        vspace_unmap_frame(self);
        return STATUS_OK;
    case FRAME_ADDRESS:
        if ((self->rights & RIGHT_DMA) == 0) {
            return STATUS_DENIED;
        }
        invocation->results[0] = self->address;
        return STATUS_OK;
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}

enum status invoke_page_table(struct invocation *invocation)
{
    struct capability *self = invocation->self;
    struct vspace *vspace = vspace_argument(invocation);
    struct vspace_map_plan plan;
    enum status status;
    switch (invocation->operation) {
    case PAGE_TABLE_MAP:
        if (vspace == nullptr) {
            return STATUS_INVALID_CAPABILITY;
        }
        status = vspace_decode_map_table(vspace, self, invocation->arguments[1], &plan);
        if (status == STATUS_OK) {
            vspace_commit_map_table(&plan);
        }
        return status;
    case PAGE_TABLE_UNMAP:
        if ((self->flags & CAP_MAPPED) == 0) {
            return STATUS_NOT_FOUND;
        }
        vspace_unmap_table(self);
        return STATUS_OK;
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}
