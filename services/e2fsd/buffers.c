/* SPDX-License-Identifier: ISC */
/* Attached buffers, and what the disk calls them. */
#include "buffers.h"

#include <slots/e2fsd.h>
#include <userlib/log.h>

#include <lib/base/base.h>

#include "partition.h"

static const struct vspace_cap vspaced = {SLOT_PEER_VSPACED};

enum status buffers_attach(struct buffers *buffers, struct frame_cap memory, uint32_t *id_out)
{
    enum status status = attached_add(&buffers->attached, vspaced, memory, id_out);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t handle = block_handle_none;
    status = partition_attach(memory.slot, &handle);
    if (status != STATUS_OK) {
        log_write(LOG_WARNING, "the disk cannot take a buffer: %s: its data is copied",
            status_text(status));
    }
    buffers->handles[*id_out] = handle;
    return STATUS_OK;
}

enum status buffers_detach(struct buffers *buffers, uint32_t id)
{
    if (!attached_has(&buffers->attached, id)) {
        return STATUS_NOT_FOUND;
    }
    if (buffers->handles[id] != block_handle_none) {
        enum status status = partition_detach(buffers->handles[id]);
        if (status != STATUS_OK) {
            log_write(LOG_ERROR, "detaching a buffer from the disk: %s", status_text(status));
        }
    }
    return attached_remove(&buffers->attached, vspaced, id);
}

enum status buffers_find(
    const struct buffers *buffers, struct attached_place place, struct block_buffer *found_out)
{
    uint8_t *bytes;
    enum status status = attached_find(&buffers->attached, place, &bytes);
    if (status == STATUS_OK) {
        *found_out = (struct block_buffer){
            .handle = buffers->handles[place.id],
            .offset_bytes = place.offset_bytes,
            .bytes = bytes,
        };
    }
    return status;
}
