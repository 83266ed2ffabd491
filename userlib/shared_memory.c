/* SPDX-License-Identifier: ISC */
/* Shared memory by way of vspaced. */
#include <userlib/shared_memory.h>

#include <userlib/slots.h>

static uint8_t *pointer_of(uint64_t address)
{
    return (uint8_t *)address; // NOLINT(performance-no-int-to-ptr)
}

enum status shared_memory_make(
    struct vspace_cap vspace, uint32_t bits, struct shared_memory *memory_out)
{
    struct vspace_allocate_reply reply;
    struct frame_cap frame;
    const enum status status =
        vspace_allocate(vspace, &(struct vspace_allocate_request){.bits = bits}, &reply, &frame);
    if (status != STATUS_OK) {
        return status;
    }
    *memory_out = (struct shared_memory){
        .bytes = pointer_of(reply.address),
        .size_bytes = (size_t)1 << bits,
        .frame = frame,
    };
    return STATUS_OK;
}

enum status shared_memory_map(struct vspace_cap vspace, struct frame_cap frame, uint32_t flags,
    struct shared_memory *memory_out)
{
    struct cap_identity identity;
    if (cspace_identify(slots_cspace(), frame.slot, &identity) != STATUS_OK ||
        identity.kind != OBJECT_FRAME || identity.value > frame_bits_max) {
        return STATUS_INVALID_CAPABILITY;
    }
    struct vspace_map_reply reply;
    const enum status status =
        vspace_map(vspace, &(struct vspace_map_request){.flags = flags}, frame, &reply);
    if (status != STATUS_OK) {
        return status;
    }
    *memory_out = (struct shared_memory){
        .bytes = pointer_of(reply.address),
        .size_bytes = (size_t)1 << identity.value,
        .frame = frame,
    };
    return STATUS_OK;
}

void shared_memory_close(struct vspace_cap vspace, struct shared_memory *memory)
{
    if (memory->bytes == nullptr) {
        return;
    }
    /* The memory is given back with the process at the latest. */
    (void)vspace_unmap(vspace, &(struct vspace_unmap_request){.address = (uint64_t)memory->bytes});
    slots_delete(memory->frame.slot);
    *memory = (struct shared_memory){};
}
