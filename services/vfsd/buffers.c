/* SPDX-License-Identifier: ISC */
/*
 * Transfer buffers. vfsd owns their memory: it is freed here and nowhere else, between operations,
 * after every provider has let go of it. So neither a copy nor a disk's DMA can run into memory
 * that somebody else has by then.
 */
#include <protocol/vspace.h>
#include <slots/vfsd.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

#include "vfsd.h"

static const struct vspace_cap vspaced = {SLOT_PEER_VSPACED};

/* A copy for the client, who maps it and does nothing else with it. */
static enum status copy_for_client(struct frame_cap memory, cap_slot *slot_out)
{
    cap_slot slot;
    enum status status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    const struct cspace_copy request = {
        .source = memory.slot, .target = slot, .rights = RIGHT_READ | RIGHT_WRITE};
    status = cspace_copy(slots_cspace(), &request);
    if (status != STATUS_OK) {
        slots_give(slot);
        return status;
    }
    *slot_out = slot;
    return STATUS_OK;
}

enum status vfsd_attach(void *self, struct ipc_caller caller,
    const struct vfs_attach_request *request, struct frame_cap *memory_out)
{
    struct vfsd *vfsd = self;
    struct session *session = nullptr;
    enum status status = sessions_take(&vfsd->sessions, caller.client, &session);
    if (status != STATUS_OK) {
        return status;
    }
    const struct vspace_allocate_request wanted = {.bits = request->bits};
    struct vspace_allocate_reply allocated;
    struct frame_cap memory;
    status = vspace_allocate(vspaced, &wanted, &allocated, &memory);
    if (status != STATUS_OK) {
        return status;
    }
    cap_slot client_slot = slot_null;
    status = copy_for_client(memory, &client_slot);
    if (status != STATUS_OK) {
        slots_delete(memory.slot);
        const struct vspace_unmap_request undo = {.address = allocated.address};
        (void)vspace_unmap(vspaced, &undo); /* cannot fail: it is the address just returned */
        return status;
    }
    vfsd_free_buffer(vfsd, session);
    session->buffer = (struct session_buffer){
        .address = allocated.address,
        .size_bytes = UINT64_C(1) << request->bits,
        .frame_slot = memory.slot,
        .client_slot = client_slot,
    };
    memory_out->slot = client_slot;
    return STATUS_OK;
}

void vfsd_free_buffer(struct vfsd *vfsd, struct session *session)
{
    struct session_buffer *buffer = &session->buffer;
    if (buffer->size_bytes == 0) {
        return;
    }
    for (uint32_t mount = 0; mount < vfsd->mounts.count; mount++) {
        if ((buffer->attached_mounts & UINT32_C(1) << mount) != 0) {
            const struct filesystem_detach_request request = {.buffer = buffer->ids[mount]};
            /* A provider that does not know it any more has let go of it, too. */
            (void)filesystem_detach(vfsd_provider(vfsd, mount), &request);
        }
    }
    slots_delete(buffer->client_slot);
    slots_delete(buffer->frame_slot);
    const struct vspace_unmap_request request = {.address = buffer->address};
    (void)vspace_unmap(vspaced, &request); /* cannot fail: vspaced gave the address */
    *buffer = (struct session_buffer){};
}

enum status vfsd_find_buffer(
    const struct vfsd *vfsd, struct session *session, struct buffer_place place, uint32_t *id_out)
{
    static_assert(mounts_max <= session_mounts_max);
    struct session_buffer *buffer = &session->buffer;
    if ((uint64_t)place.offset_bytes + place.length_bytes > buffer->size_bytes) {
        return STATUS_INVALID_ARGUMENT;
    }
    const uint32_t bit = UINT32_C(1) << place.mount;
    if ((buffer->attached_mounts & bit) == 0) {
        struct filesystem_attach_reply reply;
        enum status status = filesystem_attach(
            vfsd_provider(vfsd, place.mount), (struct frame_cap){buffer->frame_slot}, &reply);
        if (status != STATUS_OK) {
            return status;
        }
        buffer->ids[place.mount] = reply.buffer;
        buffer->attached_mounts |= bit;
    }
    *id_out = buffer->ids[place.mount];
    return STATUS_OK;
}
