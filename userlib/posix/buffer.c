/* SPDX-License-Identifier: ISC */
/* The transfer buffer: vfsd's memory, mapped here; contents of files go through it. */
#include <protocol/vfs.h>
#include <protocol/vspace.h>
#include <userlib/slots.h>

#include "posix.h"

static uint8_t *memory; /* nullptr: not attached yet */

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
