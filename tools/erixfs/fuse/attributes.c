/* SPDX-License-Identifier: ISC */
/*
 * What belongs to a file beside its contents.
 */
#define _GNU_SOURCE
#include "view.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

void view_get_attributes(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *)
{
    struct node *node = view_need(request, number);
    if (node != nullptr) {
        struct stat attributes = view_attributes(view_of(request), &node->file.inode);
        (void)fuse_reply_attr(request, &attributes, view_believed_s);
    }
}

static struct ext_time time_of(struct timespec time)
{
    return (struct ext_time){.seconds = time.tv_sec, .nanoseconds = (uint32_t)time.tv_nsec};
}

static struct ext_attributes wanted_of(
    const struct ext_mount *mount, const struct stat *attributes, int set)
{
    struct ext_attributes wanted = {
        .user_id = attributes->st_uid,
        .group_id = attributes->st_gid,
        .mode = attributes->st_mode & 07777,
        .accessed = time_of(attributes->st_atim),
        .modified = time_of(attributes->st_mtim),
    };
    static const struct {
        int kernel;
        enum ext_set ours;
    } fields[] = {
        {FUSE_SET_ATTR_MODE, EXT_SET_MODE},
        {FUSE_SET_ATTR_UID, EXT_SET_USER},
        {FUSE_SET_ATTR_GID, EXT_SET_GROUP},
        {FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_ATIME_NOW, EXT_SET_ACCESSED},
        {FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW, EXT_SET_MODIFIED},
    };
    for (size_t index = 0; index < sizeof fields / sizeof fields[0]; index++) {
        wanted.set |= (set & fields[index].kernel) != 0 ? fields[index].ours : 0;
    }
    wanted.accessed = (set & FUSE_SET_ATTR_ATIME_NOW) != 0 ? mount->now : wanted.accessed;
    wanted.modified = (set & FUSE_SET_ATTR_MTIME_NOW) != 0 ? mount->now : wanted.modified;
    return wanted;
}

void view_set_attributes(fuse_req_t request, fuse_ino_t number, struct stat *attributes, int set,
    struct fuse_file_info *info)
{
    struct node *node = view_need(request, number);
    if (node == nullptr) {
        return;
    }
    struct ext_mount *mount = &view_of(request)->volume->mount;
    enum status status = STATUS_OK;
    if ((set & FUSE_SET_ATTR_SIZE) != 0) {
        status = ext_truncate(mount, &node->file, (uint64_t)attributes->st_size);
    }
    struct ext_attributes wanted = wanted_of(mount, attributes, set);
    if (status == STATUS_OK && wanted.set != 0) {
        status = ext_set_attributes(mount, &node->file, &wanted);
    }
    if (status != STATUS_OK) {
        view_fail(request, status);
        return;
    }
    view_get_attributes(request, number, info);
}

void view_statistics(fuse_req_t request, fuse_ino_t)
{
    struct ext_statistics statistics = ext_statfs(&view_of(request)->volume->mount);
    struct statvfs answer = {
        .f_bsize = statistics.block_bytes,
        .f_frsize = statistics.block_bytes,
        .f_blocks = statistics.block_count,
        .f_bfree = statistics.free_block_count,
        .f_bavail = statistics.available_block_count,
        .f_files = statistics.inode_count,
        .f_ffree = statistics.free_inode_count,
        .f_favail = statistics.free_inode_count,
        .f_namemax = statistics.name_bytes_max,
    };
    (void)fuse_reply_statfs(request, &answer);
}

/* ---- Extended attributes --------------------------------------------------------------------- */

static void fail_extended(fuse_req_t request, enum status status, int too_large)
{
    int error = view_error(status);
    if (status == STATUS_NOT_FOUND) {
        error = ENODATA;
    } else if (status == STATUS_TOO_LARGE) {
        error = too_large;
    } else if (status == STATUS_INVALID_ARGUMENT) {
        error = EOPNOTSUPP; /* a name of a kind that there is not */
    }
    (void)fuse_reply_err(request, error);
}

static void answer_extended(fuse_req_t request, enum status status)
{
    if (status == STATUS_OK) {
        (void)fuse_reply_err(request, 0);
    } else {
        fail_extended(request, status, ENOSPC);
    }
}

void view_set_extended(fuse_req_t request, fuse_ino_t number, const char *name, const char *value,
    size_t value_bytes, int flags)
{
    struct node *node = view_need(request, number);
    if (node == nullptr) {
        return;
    }
    enum ext_attribute_mode mode = EXT_ATTRIBUTE_SET;
    if (flags != 0) {
        mode = flags == XATTR_CREATE ? EXT_ATTRIBUTE_CREATE : EXT_ATTRIBUTE_REPLACE;
    }
    struct ext_attribute_request wanted = {
        .name = name,
        .name_bytes = (uint32_t)strlen(name),
        .value = (void *)(uintptr_t)value, /* only read */
        .value_bytes = (uint32_t)value_bytes,
        .mode = mode,
    };
    answer_extended(
        request, ext_set_attribute(&view_of(request)->volume->mount, &node->file, &wanted));
}

/* Bytes, or how many there are if there is no room for any. */
static void answer_bytes(fuse_req_t request, const char *bytes, uint32_t size_bytes, size_t room)
{
    if (room == 0) {
        (void)fuse_reply_xattr(request, size_bytes);
    } else if (size_bytes > room) {
        (void)fuse_reply_err(request, ERANGE);
    } else {
        (void)fuse_reply_buf(request, bytes, size_bytes);
    }
}

static char attribute_bytes[ext_attribute_bytes_max];

void view_get_extended(fuse_req_t request, fuse_ino_t number, const char *name, size_t room_bytes)
{
    struct node *node = view_need(request, number);
    if (node == nullptr) {
        return;
    }
    struct ext_attribute_request wanted = {
        .name = name,
        .name_bytes = (uint32_t)strlen(name),
        .value = attribute_bytes,
        .value_bytes = sizeof attribute_bytes,
    };
    uint32_t size_bytes;
    enum status status =
        ext_get_attribute(&view_of(request)->volume->mount, &node->file, &wanted, &size_bytes);
    if (status != STATUS_OK) {
        fail_extended(request, status, ERANGE);
        return;
    }
    answer_bytes(request, attribute_bytes, size_bytes, room_bytes);
}

void view_list_extended(fuse_req_t request, fuse_ino_t number, size_t room_bytes)
{
    struct node *node = view_need(request, number);
    if (node == nullptr) {
        return;
    }
    uint32_t size_bytes;
    enum status status = ext_list_attributes(&view_of(request)->volume->mount, &node->file,
        attribute_bytes, sizeof attribute_bytes, &size_bytes);
    if (status != STATUS_OK) {
        fail_extended(request, status, ERANGE);
        return;
    }
    answer_bytes(request, attribute_bytes, size_bytes, room_bytes);
}

void view_remove_extended(fuse_req_t request, fuse_ino_t number, const char *name)
{
    struct node *node = view_need(request, number);
    if (node != nullptr) {
        answer_extended(request, ext_remove_attribute(&view_of(request)->volume->mount, &node->file,
                                     name, (uint32_t)strlen(name)));
    }
}
