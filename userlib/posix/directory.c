/* SPDX-License-Identifier: ISC */
/* Listing of directories: records of protocol filesystem, as vfsd passes them on. */
#include <errno.h>
#include <protocol/vfs.h>
#include <string.h>

#include <lib/dirrecord/dirrecord.h>
#include <userlib/libc/src/system.h>

#include "attributes.h"
#include "posix.h"

/* What an entry takes if names are short; a larger guess would read entries in vain. */
constexpr uint32_t entry_bytes_guess = 48;
constexpr uint32_t records_bytes_min = 512; /* more than the largest record */

/* The next record as an entry; false if there is none that is whole and has a proper name. */
static bool take_entry(
    struct dirrecord_reader *records, struct dirent *entry_out, uint64_t *next_out)
{
    struct dirrecord record;
    if (!dirrecord_next(records, &record) || record.name_bytes == 0 ||
        record.name_bytes >= sizeof entry_out->d_name) {
        return false;
    }
    entry_out->d_ino = record.node;
    entry_out->d_type = attributes_entry_type(record.kind);
    memcpy(entry_out->d_name, record.name, record.name_bytes);
    entry_out->d_name[record.name_bytes] = 0;
    *next_out = record.next_cursor;
    return true;
}

static uint32_t length_for(size_t count)
{
    if (count < records_bytes_min / entry_bytes_guess) {
        return records_bytes_min;
    }
    const size_t count_max = buffer_bytes / entry_bytes_guess;
    return (uint32_t)(count < count_max ? count : count_max) * entry_bytes_guess;
}

long system_read_directory(int fd, struct dirent *entries, size_t count)
{
    long result = 0;
    cap_slot vfsd = slot_null;
    uint8_t *memory = nullptr;
    struct vfs_read_directory_reply reply = {};
    struct description *directory = descriptor_find_file(fd, -ENOTDIR, &result);
    if (directory == nullptr) {
        return result;
    }
    if (directory->kind != DESCRIPTION_DIRECTORY) {
        return -ENOTDIR;
    }
    const struct vfs_read_directory_request request = {
        .handle = directory->handle, .length = length_for(count), .cursor = directory->offset};
    result = peer_find(PEER_VFSD, &vfsd);
    if (result == 0) {
        result = buffer_get(&memory);
    }
    if (result == 0) {
        result = result_of(vfs_read_directory((struct vfs_cap){vfsd}, &request, &reply));
    }
    if (result < 0 || reply.done == 0) {
        return result;
    }
    if (reply.done > request.length) {
        return -EPROTO;
    }
    struct dirrecord_reader records = {.bytes = memory, .size_bytes = reply.done};
    long filled = 0;
    while ((size_t)filled < count && take_entry(&records, &entries[filled], &directory->offset)) {
        filled++;
    }
    return filled == 0 ? -EPROTO : filled;
}
