/* SPDX-License-Identifier: ISC */
/* Mapping and finding attached buffers. */
#include "buffers.h"

#include <protocol/vspace.h>
#include <slots/ramfsd.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

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
    buffers->list[id] = (struct buffer){
        .bytes = (uint8_t *)mapped.address, .size_bytes = UINT64_C(1) << identity.value};
    *id_out = id;
    return STATUS_OK;
}

enum status buffers_detach(struct buffers *buffers, uint32_t id)
{
    if (id >= buffers_max || buffers->list[id].bytes == nullptr) {
        return STATUS_NOT_FOUND;
    }
    const struct vspace_unmap_request request = {.address = (uint64_t)buffers->list[id].bytes};
    buffers->list[id] = (struct buffer){};
    return vspace_unmap(vspaced, &request);
}

enum status buffers_find(
    const struct buffers *buffers, struct buffer_place place, uint8_t **bytes_out)
{
    if (place.id >= buffers_max || buffers->list[place.id].bytes == nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    const struct buffer *buffer = &buffers->list[place.id];
    if ((uint64_t)place.offset_bytes + place.length_bytes > buffer->size_bytes) {
        return STATUS_INVALID_ARGUMENT;
    }
    *bytes_out = buffer->bytes + place.offset_bytes;
    return STATUS_OK;
}
