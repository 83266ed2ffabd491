/* SPDX-License-Identifier: ISC */
/* Descriptors 0, 1 and 2 at the start, and what terminals can do. */
#include <errno.h>
#include <protocol/vfs.h>

#include <userlib/libc/src/system.h>

#include "attributes.h"
#include "posix.h"

/* A ticket that cannot be adopted leaves the descriptor closed: its use says EBADF. */
static void open_file(int fd, cap_slot slot)
{
    cap_slot vfsd = slot_null;
    struct vfs_adopt_ticket_reply reply;
    if (peer_find(PEER_VFSD, &vfsd) < 0 || vfs_adopt_ticket((struct vfs_cap){vfsd},
                                               (struct endpoint_cap){slot}, &reply) != STATUS_OK) {
        return;
    }
    descriptor_set_stream(
        fd, &(struct description){
                .kind = attributes_is_directory(&reply.found) ? DESCRIPTION_DIRECTORY
                                                              : DESCRIPTION_FILE,
                .handle = reply.handle,
                .flags = reply.flags,
                .mount = reply.found.mount,
                .node = reply.found.node,
                .offset = reply.offset == vfs_at_end ? reply.found.size_bytes : reply.offset,
            });
}

void streams_open(const struct startup *startup)
{
    for (int fd = 0; fd < 3; fd++) {
        const cap_slot slot = SLOT_STANDARD_INPUT + (cap_slot)fd;
        if (startup->streams[fd] == STREAM_TERMINAL) {
            descriptor_set_stream(
                fd, &(struct description){.kind = DESCRIPTION_TERMINAL, .terminal = slot});
        } else if (startup->streams[fd] == STREAM_FILE) {
            open_file(fd, slot);
        }
    }
}

bool system_is_terminal(int fd)
{
    const struct description *description = descriptor_find(fd);
    return description != nullptr && description->kind == DESCRIPTION_TERMINAL;
}

long system_set_terminal_mode(int fd, enum terminal_mode mode)
{
    if (!system_is_terminal(fd)) {
        return -ENOTTY;
    }
    return terminal_line_set_mode(descriptor_find(fd)->terminal, mode == TERMINAL_RAW);
}
