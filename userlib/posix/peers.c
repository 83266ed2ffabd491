/* SPDX-License-Identifier: ISC */
/* Which services this program may call: what its manifest declares. */
#include <errno.h>
#include <userlib/start.h>

#include <userlib/libc/src/system.h>

#include "posix.h"

static const char *const names[PEER_COUNT] = {
    [PEER_VFSD] = "vfsd",
    [PEER_TIMED] = "timed",
    [PEER_VSPACED] = "vspaced",
    [PEER_LOGD] = "logd",
    [PEER_LOADERD] = "loaderd",
    [PEER_PROCD] = "procd",
    [PEER_ROOTD] = "rootd",
};

static cap_slot found[PEER_COUNT]; /* slot_null: not asked yet, or not given */

long peer_find(enum peer peer, cap_slot *slot_out)
{
    buffer_forget();
    if (found[peer] == slot_null) {
        const struct startup_slot *row = program_startup_slot(names[peer]);
        if (row == nullptr) {
            return -EACCES;
        }
        found[peer] = row->slot;
    }
    *slot_out = found[peer];
    return 0;
}

long result_of(enum status status)
{
    return status == STATUS_OK ? 0 : -error_of_status(status);
}
