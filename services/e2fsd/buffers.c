/* SPDX-License-Identifier: ISC */
/* Mapping and finding attached buffers. */
#include "buffers.h"

#include <protocol/vspace.h>
#include <slots/e2fsd.h>
#include <userlib/log.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

#include <lib/base/base.h>

#include "partition.h"

static const struct vspace_cap vspaced = {SLOT_PEER_VSPACED};

enum status buffers_attach(struct buffers *buffers, struct frame_cap memory, uint32_t *id_out)
{
    uint32_t id = 0;
    while (id < buffers_max && buffers->list[id].bytes != nullptr) {
        id++;
    }
    if (id == buffers_max) {
        return STATUS_NO_SPACE;
    }
    struct cap_identity identity;
    enum status status = cspace_identify(slots_cspace(), memory.slot, &identity);
    if (status != STATUS_OK) {
        return status;
    }
    const struct vspace_map_request request = {.flags = vspace_map_read | vspace_map_write};
    struct vspace_map_reply mapped;
    status = vspace_map(vspaced, &request, memory, &mapped);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t handle = block_handle_none;
    status = partition_attach(memory.slot, &handle);
    if (status != STATUS_OK) {
        log_write(LOG_WARNING, "the disk cannot take a buffer: %s: its data is copied",
            status_text(status));
    }
    buffers->list[id] = (struct buffer){
        .bytes = (uint8_t *)mapped.address,
        .size_bytes = UINT64_C(1) << identity.value,
        .handle = handle,
    };
    *id_out = id;
    return STATUS_OK;
}

enum status buffers_detach(struct buffers *buffers, uint32_t id)
{
    if (id >= buffers_max || buffers->list[id].bytes == nullptr) {
        return STATUS_NOT_FOUND;
    }
    struct buffer *buffer = &buffers->list[id];
    if (buffer->handle != block_handle_none) {
        enum status status = partition_detach(buffer->handle);
        if (status != STATUS_OK) {
            log_write(LOG_ERROR, "detaching a buffer from the disk: %s", status_text(status));
        }
    }
    const struct vspace_unmap_request request = {.address = (uint64_t)buffer->bytes};
    *buffer = (struct buffer){};
    return vspace_unmap(vspaced, &request);
}

enum status buffers_find(
    const struct buffers *buffers, struct buffer_place place, struct block_buffer *found_out)
{
    if (place.id >= buffers_max || buffers->list[place.id].bytes == nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    const struct buffer *buffer = &buffers->list[place.id];
    if ((uint64_t)place.offset_bytes + place.length_bytes > buffer->size_bytes) {
        return STATUS_INVALID_ARGUMENT;
    }
    *found_out = (struct block_buffer){
        .handle = buffer->handle,
        .offset_bytes = place.offset_bytes,
        .bytes = buffer->bytes + place.offset_bytes,
    };
    return STATUS_OK;
}
