/* SPDX-License-Identifier: ISC */
/*
 * Names through the kernel.
 */
#define _GNU_SOURCE
#include "view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

static struct ext_name name_of(const char *text)
{
    return (struct ext_name){.bytes = text, .size_bytes = (uint32_t)strlen(text)};
}

/* Tells the kernel of a node. One that it does not hear of was not taken. */
static void answer_entry(
    fuse_req_t request, const struct node *directory, uint64_t number, struct fuse_file_info *info)
{
    struct view *view = view_of(request);
    struct fuse_entry_param entry;
    enum status status = view_take(view, number, &entry);
    if (status != STATUS_OK) {
        view_fail(request, status);
        return;
    }
    entry.entry_timeout = view_name_believed_s(directory);
    int result = info == nullptr ? fuse_reply_entry(request, &entry)
                                 : fuse_reply_create(request, &entry, info);
    if (result == -ENOENT) {
        (void)view_give(view, number, 1); /* The kernel has withdrawn the request. */
    }
}

static enum status find(fuse_req_t request, struct node *parent, const char *name, uint64_t *number)
{
    return ext_lookup(
        &view_of(request)->volume->mount, &parent->file, name, (uint32_t)strlen(name), number);
}

void view_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
    struct node *directory = view_need(request, parent);
    if (directory == nullptr) {
        return;
    }
    uint64_t number;
    enum status status = find(request, directory, name, &number);
    if (status == STATUS_NOT_FOUND) {
        struct fuse_entry_param none = {.entry_timeout = view_name_believed_s(directory)};
        (void)fuse_reply_entry(request, &none); /* The kernel remembers that there is none. */
        return;
    }
    if (status != STATUS_OK) {
        view_fail(request, status);
        return;
    }
    answer_entry(request, directory, number, nullptr);
}

void view_read_link(fuse_req_t request, fuse_ino_t number)
{
    static char target[ext_link_bytes_max + 1];
    struct node *node = view_need(request, number);
    if (node == nullptr) {
        return;
    }
    uint32_t target_bytes;
    enum status status =
        ext_read_link(&view_of(request)->volume->mount, &node->file, target, &target_bytes);
    if (status != STATUS_OK) {
        view_fail(request, status);
        return;
    }
    target[target_bytes] = '\0';
    (void)fuse_reply_readlink(request, target);
}

/* ---- Making ---------------------------------------------------------------------------------- */

/* A default access list takes the place of the caller's mask. */
static bool masks_by_list(struct ext_mount *mount, struct node *parent)
{
    struct ext_attribute_request wanted = {
        .name = "system.posix_acl_default", .name_bytes = sizeof "system.posix_acl_default" - 1};
    uint32_t size_bytes;
    return ext_get_attribute(mount, &parent->file, &wanted, &size_bytes) == STATUS_OK;
}

static void make(fuse_req_t request, fuse_ino_t parent, const char *name,
    struct ext_new_inode *wanted, struct fuse_file_info *info)
{
    struct node *directory = view_need(request, parent);
    if (directory == nullptr) {
        return;
    }
    struct ext_mount *mount = &view_of(request)->volume->mount;
    const struct fuse_ctx *caller = fuse_req_ctx(request);
    wanted->user_id = caller->uid;
    wanted->group_id = caller->gid;
    if (wanted->target.bytes == nullptr && !masks_by_list(mount, directory)) {
        wanted->mode &= (uint16_t)~caller->umask;
    }
    uint64_t number;
    enum status status =
        ext_create(mount, directory->file.inode.number, name_of(name), wanted, &number);
    if (status != STATUS_OK) {
        (void)fuse_reply_err(request, status == STATUS_TOO_LARGE ? EMLINK : view_error(status));
        return;
    }
    answer_entry(request, directory, number, info);
}

void view_make_node(
    fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
    struct ext_new_inode wanted = {
        .mode = (uint16_t)mode, .device_major = major(device), .device_minor = minor(device)};
    make(request, parent, name, &wanted, nullptr);
}

void view_make_directory(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode)
{
    struct ext_new_inode wanted = {.mode = (uint16_t)(S_IFDIR | (mode & 07777))};
    make(request, parent, name, &wanted, nullptr);
}

void view_make_link(fuse_req_t request, const char *target, fuse_ino_t parent, const char *name)
{
    struct ext_new_inode wanted = {.mode = S_IFLNK | 0777, .target = name_of(target)};
    make(request, parent, name, &wanted, nullptr);
}

void view_create(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode,
    struct fuse_file_info *info)
{
    struct ext_new_inode wanted = {.mode = (uint16_t)(S_IFREG | (mode & 07777))};
    info->keep_cache = 1;
    make(request, parent, name, &wanted, info);
}

void view_link(fuse_req_t request, fuse_ino_t number, fuse_ino_t parent, const char *name)
{
    struct node *directory = view_need(request, parent);
    if (directory == nullptr) {
        return;
    }
    enum status status = ext_link(
        &view_of(request)->volume->mount, view_number(number), view_number(parent), name_of(name));
    if (status != STATUS_OK) {
        (void)fuse_reply_err(request, status == STATUS_TOO_LARGE ? EMLINK : view_error(status));
        return;
    }
    answer_entry(request, directory, view_number(number), nullptr);
}

/* ---- Taking away ----------------------------------------------------------------------------- */

/* Whether the inode of a name must outlive it, because the kernel knows it. */
static bool is_kept(fuse_req_t request, struct node *parent, const char *name)
{
    uint64_t number;
    return find(request, parent, name, &number) == STATUS_OK &&
           view_find(view_of(request), number) != nullptr;
}

void view_unlink(fuse_req_t request, fuse_ino_t parent, const char *name)
{
    struct node *directory = view_need(request, parent);
    if (directory != nullptr) {
        view_answer(request, ext_unlink(&view_of(request)->volume->mount, view_number(parent),
                                 name_of(name), is_kept(request, directory, name)));
    }
}

void view_remove_directory(fuse_req_t request, fuse_ino_t parent, const char *name)
{
    struct node *directory = view_need(request, parent);
    if (directory != nullptr) {
        view_answer(
            request, ext_remove_directory(&view_of(request)->volume->mount, view_number(parent),
                         name_of(name), is_kept(request, directory, name)));
    }
}

void view_rename(fuse_req_t request, fuse_ino_t parent, const char *name, fuse_ino_t target_parent,
    const char *target, unsigned int flags)
{
    struct node *directory = view_need(request, target_parent);
    if (directory == nullptr) {
        return;
    }
    struct ext_rename wanted = {
        .source_parent = view_number(parent),
        .source = name_of(name),
        .target_parent = view_number(target_parent),
        .target = name_of(target),
        .mode = EXT_RENAME_REPLACE,
        .keep_inode = is_kept(request, directory, target),
    };
    if (flags == RENAME_NOREPLACE) {
        wanted.mode = EXT_RENAME_NO_REPLACE;
    } else if (flags == RENAME_EXCHANGE) {
        wanted.mode = EXT_RENAME_EXCHANGE;
    } else if (flags != 0) {
        view_fail(request, STATUS_INVALID_ARGUMENT);
        return;
    }
    view_answer(request, ext_rename(&view_of(request)->volume->mount, &wanted));
}
