/* SPDX-License-Identifier: ISC */
/* Open files. The offset is kept here; contents go through the transfer buffer in pieces. */
#include <errno.h>
#include <fcntl.h>
#include <protocol/vfs.h>
#include <stdckdint.h>
#include <string.h>
#include <unistd.h>

#include <userlib/libc/src/system.h>

#include "attributes.h"
#include "posix.h"

struct flag_pair {
    int posix;
    uint32_t vfs;
};

static const struct flag_pair flag_pairs[] = {
    {O_CREAT, vfs_open_create},
    {O_EXCL, vfs_open_exclusive},
    {O_TRUNC, vfs_open_truncate},
    {O_APPEND, vfs_open_append},
    {O_DIRECTORY, vfs_open_directory},
    {O_NOFOLLOW, vfs_open_no_follow},
};

static const uint32_t access_flags[O_ACCMODE] = {
    [O_RDONLY] = vfs_open_read,
    [O_WRONLY] = vfs_open_write,
    [O_RDWR] = vfs_open_read | vfs_open_write,
};

static uint32_t flags_of(int flags)
{
    uint32_t result = access_flags[flags & O_ACCMODE];
    for (size_t index = 0; index < sizeof flag_pairs / sizeof flag_pairs[0]; index++) {
        result |= (flags & flag_pairs[index].posix) != 0 ? flag_pairs[index].vfs : 0;
    }
    return result;
}

/* A file stays open in vfsd if this fails; vfsd closes it when the program ends. */
static void close_handle(uint32_t handle)
{
    cap_slot vfsd = slot_null;
    if (peer_find(PEER_VFSD, &vfsd) == 0) {
        (void)vfs_close((struct vfs_cap){vfsd}, &(struct vfs_close_request){.handle = handle});
    }
}

long system_open(const char *path, int flags, mode_t mode)
{
    cap_slot vfsd = slot_null;
    struct vfs_open_request request = {.mode = mode & 07777};
    struct vfs_open_reply reply;
    if ((flags & O_ACCMODE) == O_ACCMODE) {
        return -EINVAL;
    }
    request.flags = flags_of(flags);
    long result = peer_find(PEER_VFSD, &vfsd);
    if (result == 0) {
        result = attributes_put_path(path, request.path, &request.path_bytes);
    }
    if (result == 0) {
        result = result_of(vfs_open((struct vfs_cap){vfsd}, &request, &reply));
    }
    if (result < 0) {
        return result;
    }
    result = descriptor_add(&(struct description){
        .kind = attributes_is_directory(&reply.found) ? DESCRIPTION_DIRECTORY : DESCRIPTION_FILE,
        .handle = reply.handle,
        .flags = request.flags,
        .mount = reply.found.mount,
        .node = reply.found.node,
    });
    if (result < 0) {
        close_handle(reply.handle);
    }
    return result;
}

long system_close(int fd)
{
    bool is_last = false;
    struct description last;
    long result = descriptor_remove(fd, &is_last, &last);
    if (result == 0 && is_last && last.kind != DESCRIPTION_TERMINAL) {
        close_handle(last.handle);
    }
    return result;
}

/* What one transfer works with. */
struct transfer {
    struct vfs_cap vfsd;
    uint8_t *memory; /* the transfer buffer */
};

static long transfer_begin(struct transfer *transfer_out)
{
    cap_slot vfsd = slot_null;
    long result = peer_find(PEER_VFSD, &vfsd);
    if (result == 0) {
        result = buffer_get(&transfer_out->memory);
    }
    transfer_out->vfsd = (struct vfs_cap){vfsd};
    return result;
}

static uint32_t piece_of(size_t bytes)
{
    return bytes < buffer_bytes ? (uint32_t)bytes : buffer_bytes;
}

/* Up to `bytes` bytes at `offset`; an error counts only if nothing was read before it. */
static long read_at(const struct description *file, void *buffer, size_t bytes, uint64_t offset)
{
    struct transfer transfer;
    size_t total = 0;
    long result = transfer_begin(&transfer);
    while (result == 0 && total < bytes) {
        const uint32_t piece = piece_of(bytes - total);
        struct vfs_read_reply reply;
        result = result_of(vfs_read(transfer.vfsd,
            &(struct vfs_read_request){
                .handle = file->handle, .length = piece, .offset = offset + total},
            &reply));
        if (result < 0) {
            break;
        }
        if (reply.done > piece) {
            return -EPROTO;
        }
        memcpy((uint8_t *)buffer + total, transfer.memory, reply.done);
        total += reply.done;
        if (reply.done < piece) {
            break;
        }
    }
    return total > 0 ? (long)total : result;
}

/* *end_out: where the file's next write goes. */
static long write_at(const struct description *file, const void *buffer, size_t bytes,
    uint64_t offset, uint64_t *end_out)
{
    struct transfer transfer;
    size_t total = 0;
    const bool append = (file->flags & vfs_open_append) != 0;
    long result = transfer_begin(&transfer);
    while (result == 0 && total < bytes) {
        const uint32_t piece = piece_of(bytes - total);
        struct vfs_write_reply reply;
        memcpy(transfer.memory, (const uint8_t *)buffer + total, piece);
        result = result_of(vfs_write(transfer.vfsd,
            &(struct vfs_write_request){.handle = file->handle,
                .length = piece,
                .offset = append ? vfs_at_end : offset + total},
            &reply));
        if (result < 0) {
            break;
        }
        if (reply.done > piece) {
            return -EPROTO;
        }
        total += reply.done;
        *end_out = append ? reply.size_bytes : offset + total;
        if (reply.done < piece) {
            break;
        }
    }
    return total > 0 ? (long)total : result;
}

/* Small reads that follow each other: one message brings what the next ones want, too. */
constexpr size_t small_read_bytes = 4096;
constexpr uint32_t read_ahead_bytes = 16384;

static long read_small(const struct description *file, void *buffer, size_t bytes)
{
    struct transfer transfer;
    struct vfs_read_reply reply;
    const uint32_t taken = buffer_take(file, buffer, bytes);
    if (taken > 0) {
        return taken;
    }
    const uint32_t length = buffer_is_sequel(file) ? read_ahead_bytes : (uint32_t)bytes;
    long result = transfer_begin(&transfer);
    if (result == 0) {
        result = result_of(vfs_read(transfer.vfsd,
            &(struct vfs_read_request){
                .handle = file->handle, .length = length, .offset = file->offset},
            &reply));
    }
    if (result < 0) {
        return result;
    }
    if (reply.done > length) {
        return -EPROTO;
    }
    buffer_remember(file, file->offset, reply.done);
    return buffer_take(file, buffer, bytes);
}

long system_read(int fd, void *buffer, size_t bytes)
{
    struct description *description = descriptor_find(fd);
    if (description == nullptr) {
        return -EBADF;
    }
    if (description->kind == DESCRIPTION_TERMINAL) {
        return terminal_line_read(description->terminal, buffer, bytes);
    }
    if (description->kind == DESCRIPTION_DIRECTORY) {
        return -EISDIR;
    }
    long result = bytes < small_read_bytes
                      ? read_small(description, buffer, bytes)
                      : read_at(description, buffer, bytes, description->offset);
    if (result > 0) {
        description->offset += (uint64_t)result;
    }
    return result;
}

long system_pread(int fd, void *buffer, size_t bytes, off_t offset)
{
    long result = 0;
    const struct description *file = descriptor_find_file(fd, -ESPIPE, &result);
    if (file == nullptr) {
        return result;
    }
    if (offset < 0) {
        return -EINVAL;
    }
    return file->kind == DESCRIPTION_DIRECTORY ? -EISDIR
                                               : read_at(file, buffer, bytes, (uint64_t)offset);
}

long system_pwrite(int fd, const void *buffer, size_t bytes, off_t offset)
{
    long result = 0;
    uint64_t end = 0;
    const struct description *file = descriptor_find_file(fd, -ESPIPE, &result);
    if (file == nullptr) {
        return result;
    }
    return offset < 0 ? -EINVAL : write_at(file, buffer, bytes, (uint64_t)offset, &end);
}

static long attributes_of(const struct description *file, struct vfs_attributes *found_out)
{
    cap_slot vfsd = slot_null;
    struct vfs_stat_handle_reply reply;
    long result = peer_find(PEER_VFSD, &vfsd);
    if (result == 0) {
        result = result_of(vfs_stat_handle((struct vfs_cap){vfsd},
            &(struct vfs_stat_handle_request){.handle = file->handle}, &reply));
    }
    if (result == 0) {
        *found_out = reply.found;
    }
    return result;
}

long file_follow_child(struct description *file)
{
    struct vfs_attributes found;
    if (!file->is_given || (file->flags & vfs_open_read) != 0) {
        return 0;
    }
    const long result = attributes_of(file, &found);
    if (result == 0 && found.size_bytes > file->offset) {
        file->offset = found.size_bytes;
    }
    return result;
}

long system_write(int fd, const void *buffer, size_t bytes)
{
    struct description *description = descriptor_find(fd);
    if (description == nullptr) {
        return -EBADF;
    }
    if (description->kind == DESCRIPTION_TERMINAL) {
        return terminal_line_write(description->terminal, buffer, bytes);
    }
    const long result = file_follow_child(description);
    if (result < 0) {
        return result;
    }
    return write_at(description, buffer, bytes, description->offset, &description->offset);
}

long system_stat_of(int fd, struct stat *stat_out)
{
    const struct description *description = descriptor_find(fd);
    if (description == nullptr) {
        return -EBADF;
    }
    if (description->kind == DESCRIPTION_TERMINAL) {
        *stat_out = (struct stat){.st_mode = S_IFCHR | S_IRUSR | S_IWUSR, .st_nlink = 1};
        return 0;
    }
    struct vfs_attributes found;
    long result = attributes_of(description, &found);
    if (result == 0) {
        attributes_to_stat(&found, stat_out);
    }
    return result;
}

/* Of a directory only the beginning and the current place: its cursors mean nothing elsewhere. */
long system_seek(int fd, off_t offset, int whence)
{
    long result = 0;
    struct vfs_attributes found = {};
    off_t base = 0;
    struct description *file = descriptor_find_file(fd, -ESPIPE, &result);
    if (file == nullptr) {
        return result;
    }
    if (whence == SEEK_CUR) {
        base = (off_t)file->offset;
    } else if (whence == SEEK_END) {
        result = attributes_of(file, &found);
        base = (off_t)found.size_bytes;
    } else if (whence != SEEK_SET) {
        result = -EINVAL;
    }
    if (result < 0) {
        return result;
    }
    off_t target;
    if (ckd_add(&target, base, offset) || target < 0) {
        return -EINVAL;
    }
    const bool moves = target != (off_t)file->offset;
    if (file->kind == DESCRIPTION_DIRECTORY && moves && target != 0) {
        return -EINVAL;
    }
    file->offset = (uint64_t)target;
    return target;
}

long system_truncate(int fd, off_t bytes)
{
    long result = 0;
    cap_slot vfsd = slot_null;
    const struct description *file = descriptor_find_file(fd, -EINVAL, &result);
    if (file == nullptr) {
        return result;
    }
    if (bytes < 0) {
        return -EINVAL;
    }
    result = peer_find(PEER_VFSD, &vfsd);
    if (result < 0) {
        return result;
    }
    return result_of(vfs_truncate_handle(
        (struct vfs_cap){vfsd}, &(struct vfs_truncate_handle_request){
                                    .handle = file->handle, .size_bytes = (uint64_t)bytes}));
}

long system_flush(int fd)
{
    long result = 0;
    cap_slot vfsd = slot_null;
    const struct description *file = descriptor_find_file(fd, -EINVAL, &result);
    if (file == nullptr) {
        return result;
    }
    result = peer_find(PEER_VFSD, &vfsd);
    if (result < 0) {
        return result;
    }
    return result_of(vfs_sync_handle(
        (struct vfs_cap){vfsd}, &(struct vfs_sync_handle_request){.handle = file->handle}));
}

long system_flush_all(void)
{
    cap_slot vfsd = slot_null;
    long result = peer_find(PEER_VFSD, &vfsd);
    return result < 0 ? result : result_of(vfs_sync((struct vfs_cap){vfsd}));
}
