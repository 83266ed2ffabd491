/* SPDX-License-Identifier: ISC */
/* Untyped memory: planning, clearing and making objects. */
#include <kernel/object/untyped.h>

#include <abi/syscall.h>
#include <kernel/memory.h>
#include <kernel/object/endpoint.h>
#include <kernel/object/notification.h>
#include <kernel/object/reply.h>
#include <kernel/object/thread.h>
#include <kernel/object/vspace.h>
#include <kernel/panic.h>
#include <lib/base/base.h>

#include <stdckdint.h>

static uint64_t used_bytes(const struct capability *untyped)
{
    if ((untyped->flags & CAP_SPENT) != 0) {
        return UINT64_C(1) << untyped->bits;
    }
    return untyped->first_child == nullptr ? 0 : untyped->used_bytes;
}

uint64_t untyped_free_bytes(const struct capability *untyped)
{
    return (UINT64_C(1) << untyped->bits) - used_bytes(untyped);
}

/* Size of an object with its alignment in *alignment_out; 0 for kinds that cannot be made. */
static uint64_t object_size(enum object_kind kind, uint32_t bits, uint64_t *alignment_out)
{
    bool in_range = true;
    uint64_t size = 0;
    uint64_t alignment = 64;
    switch (kind) {
    case OBJECT_UNTYPED:
        in_range = bits >= untyped_bits_min && bits <= untyped_bits_max;
        size = alignment = in_range ? UINT64_C(1) << bits : 0;
        break;
    case OBJECT_FRAME:
        in_range = bits >= frame_bits_min && bits <= frame_bits_max;
        size = alignment = in_range ? UINT64_C(1) << bits : 0;
        break;
    case OBJECT_CSPACE:
        in_range = bits >= cspace_bits_min && bits <= cspace_bits_max;
        size = in_range ? cspace_size_bytes(bits) : 0;
        break;
    case OBJECT_PAGE_TABLE:
        size = alignment = page_table_size_bytes;
        break;
    case OBJECT_VSPACE:
        size = vspace_size_bytes;
        alignment = page_table_size_bytes;
        break;
    case OBJECT_THREAD:
        size = thread_size_bytes;
        break;
    case OBJECT_ENDPOINT:
        size = endpoint_size_bytes;
        break;
    case OBJECT_NOTIFICATION:
        size = notification_size_bytes;
        break;
    case OBJECT_REPLY:
        size = reply_size_bytes;
        break;
    default:
        break;
    }
    *alignment_out = alignment;
    return in_range ? size : 0;
}

static enum status check_slots(struct cspace *target, uint32_t first_slot, uint32_t count)
{
    uint32_t end;
    if (ckd_add(&end, first_slot, count) || first_slot == 0 || end > 1U << target->bits) {
        return STATUS_INVALID_ARGUMENT;
    }
    for (uint32_t slot = first_slot; slot < end; slot++) {
        if (target->slots[slot].kind != OBJECT_NONE) {
            return STATUS_EXISTS;
        }
    }
    return STATUS_OK;
}

enum status untyped_decode_retype(struct capability *untyped, struct cspace *target, uint64_t what,
    uint32_t first_slot, uint32_t label, struct untyped_retype_plan *plan_out)
{
    uint32_t kind = (uint8_t)what;
    uint32_t bits = (uint8_t)(what >> 8);
    uint64_t count = what >> 16;
    if (kind >= OBJECT_KIND_COUNT || count == 0 || count > retype_count_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    uint64_t alignment;
    uint64_t size = object_size((enum object_kind)kind, bits, &alignment);
    bool memory_only = kind == OBJECT_UNTYPED || kind == OBJECT_FRAME;
    if (size == 0 || ((untyped->flags & CAP_DEVICE) != 0 && !memory_only)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (untyped->depth >= derivation_depth_max) {
        return STATUS_TOO_LARGE;
    }
    uint64_t first = align_up(used_bytes(untyped), alignment);
    uint64_t stride = align_up(size, alignment);
    if (first + stride * count > UINT64_C(1) << untyped->bits) {
        return STATUS_NO_MEMORY;
    }
    enum status status = check_slots(target, first_slot, (uint32_t)count);
    if (status != STATUS_OK) {
        return status;
    }
    *plan_out = (struct untyped_retype_plan){.untyped = untyped,
        .target = target,
        .first_slot = first_slot,
        .count = (uint32_t)count,
        .kind = (enum object_kind)kind,
        .bits = bits,
        .label = label,
        .first_offset = first,
        .object_bytes = stride};
    return STATUS_OK;
}

bool untyped_clear_step(const struct untyped_retype_plan *plan)
{
    constexpr uint64_t step_bytes = 16384;
    struct capability *untyped = plan->untyped;
    uint64_t end = plan->first_offset + plan->object_bytes * plan->count;
    if (untyped->first_child == nullptr && untyped->used_bytes != 0) {
        untyped->used_bytes = 0;
        untyped->cleared_bytes = 0;
    }
    if (plan->kind == OBJECT_UNTYPED || (untyped->flags & CAP_DEVICE) != 0) {
        return true;
    }
    uint64_t from = untyped->cleared_bytes;
    if (from < plan->first_offset) {
        from = plan->first_offset;
    }
    if (from >= end) {
        return true;
    }
    uint64_t bytes = end - from < step_bytes ? end - from : step_bytes;
    memset(kernel_pointer(untyped->address + from), 0, bytes);
    untyped->cleared_bytes = from + bytes;
    return from + bytes == end;
}

static void init_object(
    struct capability *cap, const struct untyped_retype_plan *plan, uint64_t address)
{
    void *memory = kernel_pointer(address);
    switch (plan->kind) {
    case OBJECT_UNTYPED:
    case OBJECT_FRAME:
        cap->bits = (uint8_t)plan->bits;
        cap->flags = plan->untyped->flags & CAP_DEVICE;
        [[fallthrough]];
    case OBJECT_PAGE_TABLE:
        cap->address = address;
        return;
    case OBJECT_CSPACE:
        cspace_init(memory, plan->bits, plan->label);
        break;
    case OBJECT_VSPACE:
        memory = vspace_init(memory);
        break;
    case OBJECT_THREAD:
        thread_init(memory);
        break;
    case OBJECT_ENDPOINT:
        endpoint_init(memory, plan->label);
        break;
    case OBJECT_NOTIFICATION:
        notification_init(memory);
        break;
    default:
        kassert(plan->kind == OBJECT_REPLY);
        reply_init(memory);
        break;
    }
    cap->object = memory;
}

void untyped_commit_retype(const struct untyped_retype_plan *plan)
{
    struct capability *untyped = plan->untyped;
    uint64_t offset = plan->first_offset;
    for (uint32_t i = 0; i < plan->count; i++) {
        struct capability value = {.kind = plan->kind, .rights = rights_all};
        init_object(&value, plan, untyped->address + offset);
        cap_insert(&plan->target->slots[plan->first_slot + i], &value, untyped);
        offset += plan->object_bytes;
    }
    cspace_note_filled(plan->target, plan->first_slot);
    untyped->used_bytes = offset;
    if (untyped->cleared_bytes < offset) {
        untyped->cleared_bytes = offset;
    }
}
