/* SPDX-License-Identifier: ISC */
/* Operations of capability spaces. */
#include <kernel/syscall/invoke.h>

#include <abi/syscall.h>
#include <kernel/arch/arch.h>
#include <kernel/object/cspace.h>
#include <kernel/object/untyped.h>

static enum status copy(struct invocation *invocation, struct cspace *space)
{
    struct capability *source = invocation_cap(invocation, invocation->arguments[0]);
    struct capability *target = cspace_slot(space, invocation->arguments[1]);
    if (source == nullptr) {
        return STATUS_INVALID_CAPABILITY;
    }
    if (target == nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct capability value;
    enum status status = cap_decode_copy(
        source, target, (uint16_t)invocation->arguments[2], invocation->arguments[3], &value);
    if (status == STATUS_OK) {
        cap_insert(target, &value, source);
        cspace_note_filled(space, invocation->arguments[1]);
    }
    return status;
}

static enum status move(struct invocation *invocation, struct cspace *space)
{
    struct capability *source = invocation_cap(invocation, invocation->arguments[0]);
    struct capability *target = cspace_slot(space, invocation->arguments[1]);
    if (source == nullptr) {
        return STATUS_INVALID_CAPABILITY;
    }
    if (target == nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    enum status status = cap_decode_move(source, target);
    if (status == STATUS_OK) {
        cap_move(source, target);
        cspace_note_filled(space, invocation->arguments[1]);
    }
    return status;
}

/* Deletion may take the invoked capability, or the caller's own space, with it: nothing of the
 * invocation is used after a step. */
static enum status run_steps(struct capability *cap, bool (*step)(struct capability *))
{
    while (!step(cap)) {
        if (arch_interrupt_pending()) {
            return status_restart;
        }
    }
    return STATUS_OK;
}

static enum status identify(struct invocation *invocation, const struct capability *cap)
{
    uint32_t label = 0;
    uint64_t badge = 0;
    uint64_t value = cap->bits;
    if (cap->kind == OBJECT_ENDPOINT) {
        label = ((const struct endpoint *)cap->object)->label;
    }
    if (cap->kind == OBJECT_ENDPOINT || cap->kind == OBJECT_NOTIFICATION) {
        badge = cap->badge;
    }
    if (cap->kind == OBJECT_CSPACE) {
        label = ((const struct cspace *)cap->object)->label;
        value = ((const struct cspace *)cap->object)->bits;
    }
    if (cap->kind == OBJECT_PORT_RANGE) {
        value = cap->ports;
    }
    invocation->results[0] =
        (uint64_t)cap->kind | (uint64_t)cap->rights << 8 | (uint64_t)label << 32;
    invocation->results[1] = badge;
    invocation->results[2] = value;
    return STATUS_OK;
}

enum status invoke_cspace(struct invocation *invocation)
{
    const struct capability *self = invocation->self;
    struct cspace *space = (struct cspace *)self->object;
    if ((self->rights & RIGHT_CONTROL) == 0) {
        return STATUS_DENIED;
    }
    if (invocation->operation == CSPACE_COPY) {
        return copy(invocation, space);
    }
    if (invocation->operation == CSPACE_MOVE) {
        return move(invocation, space);
    }
    struct capability *cap = cspace_slot(space, invocation->arguments[0]);
    if (cap == nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    switch (invocation->operation) {
    case CSPACE_DELETE:
        return run_steps(cap, cap_delete_step);
    case CSPACE_REVOKE:
        return cap->kind == OBJECT_NONE ? STATUS_INVALID_CAPABILITY
                                        : run_steps(cap, cap_revoke_step);
    case CSPACE_IDENTIFY:
        return cap->kind == OBJECT_NONE ? STATUS_NOT_FOUND : identify(invocation, cap);
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}
