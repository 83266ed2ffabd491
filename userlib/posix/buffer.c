/* SPDX-License-Identifier: ISC */
/* The transfer buffer: vfsd's memory, mapped here; contents of files go through it. */
#include <protocol/vfs.h>
#include <protocol/vspace.h>
#include <string.h>
#include <userlib/slots.h>

#include "posix.h"

static uint8_t *memory; /* nullptr: not attached yet */

/* What the buffer holds of a file, from its beginning on. */
static struct {
    const struct description *file; /* nullptr: nothing */
    uint64_t offset;
    uint32_t bytes;
} ahead;

void buffer_remember(const struct description *file, uint64_t offset, uint32_t bytes)
{
    ahead.file = file;
    ahead.offset = offset;
    ahead.bytes = bytes;
}

void buffer_forget(void)
{
    ahead.file = nullptr;
}

uint32_t buffer_take(const struct description *file, void *bytes_out, size_t bytes)
{
    const uint64_t at = file->offset - ahead.offset;
    if (ahead.file != file || file->offset < ahead.offset || at >= ahead.bytes) {
        return 0;
    }
    const uint32_t left = ahead.bytes - (uint32_t)at;
    const uint32_t taken = bytes < left ? (uint32_t)bytes : left;
    memcpy(bytes_out, memory + at, taken);
    return taken;
}

bool buffer_is_sequel(const struct description *file)
{
    return ahead.file == file && file->offset == ahead.offset + ahead.bytes;
}

static enum status attach(struct vfs_cap vfsd, struct vspace_cap vspaced)
{
    struct frame_cap frame = {};
    struct vspace_map_reply mapped = {};
    enum status status =
        vfs_attach(vfsd, &(struct vfs_attach_request){.bits = buffer_bits}, &frame);
    if (status != STATUS_OK) {
        return status;
    }
    status = vspace_map(vspaced,
        &(struct vspace_map_request){.flags = vspace_map_read | vspace_map_write}, frame, &mapped);
    slots_delete(frame.slot); /* the mapping is vspaced's */
    if (status == STATUS_OK) {
        memory = (uint8_t *)(uintptr_t)mapped.address; // NOLINT(performance-no-int-to-ptr)
    }
    return status;
}

long buffer_get(uint8_t **memory_out)
{
    cap_slot vfsd = slot_null;
    cap_slot vspaced = slot_null;
    if (memory == nullptr) {
        long result = peer_find(PEER_VFSD, &vfsd);
        if (result == 0) {
            result = peer_find(PEER_VSPACED, &vspaced);
        }
        if (result == 0) {
            result = result_of(attach((struct vfs_cap){vfsd}, (struct vspace_cap){vspaced}));
        }
        if (result < 0) {
            return result;
        }
    }
    *memory_out = memory;
    return 0;
}
