/* SPDX-License-Identifier: ISC */
/*
 * Directories through the kernel. A directory is read whole when its first entry is asked for, so
 * that what is added and removed meanwhile moves no entry before the reader or behind it.
 */
#define _GNU_SOURCE
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t reply_bytes_max = 1 << 20;

struct listed {
    uint64_t number;
    size_t name_at;
    enum ext_type type;
};

/* What a directory that is open held. */
struct listing {
    struct listed *entries; /* owned */
    char *names;            /* owned; each ends with NUL */
    size_t entry_count;
    size_t entry_room;
    size_t names_bytes;
    size_t names_room;
    bool failed; /* there was no memory */
};

static bool reserve(void **memory, size_t *room, size_t wanted, size_t unit_bytes)
{
    if (wanted <= *room) {
        return true;
    }
    size_t larger = 2 * wanted;
    void *moved = realloc(*memory, larger * unit_bytes);
    if (moved == nullptr) {
        return false;
    }
    *memory = moved;
    *room = larger;
    return true;
}

static bool keep(void *context, const struct ext_entry *entry)
{
    struct listing *listing = context;
    void *entries = listing->entries;
    void *names = listing->names;
    listing->failed =
        !reserve(
            &entries, &listing->entry_room, listing->entry_count + 1, sizeof listing->entries[0]) ||
        !reserve(&names, &listing->names_room, listing->names_bytes + entry->name_bytes + 1, 1);
    listing->entries = entries;
    listing->names = names;
    if (listing->failed) {
        return false;
    }
    listing->entries[listing->entry_count++] = (struct listed){
        .number = entry->inode_number, .name_at = listing->names_bytes, .type = entry->type};
    memcpy(listing->names + listing->names_bytes, entry->name, entry->name_bytes);
    listing->names_bytes += entry->name_bytes;
    listing->names[listing->names_bytes++] = '\0';
    return true;
}

static struct listing *listing_of(const struct fuse_file_info *info)
{
    return (struct listing *)(uintptr_t)info->fh;
}

void view_open_directory(fuse_req_t request, fuse_ino_t, struct fuse_file_info *info)
{
    struct listing *listing = calloc(1, sizeof *listing);
    if (listing == nullptr) {
        view_fail(request, STATUS_NO_MEMORY);
        return;
    }
    info->fh = (uintptr_t)listing;
    if (fuse_reply_open(request, info) == -ENOENT) {
        free(listing); /* The kernel has withdrawn the request. */
    }
}

void view_release_directory(fuse_req_t request, fuse_ino_t, struct fuse_file_info *info)
{
    struct listing *listing = listing_of(info);
    free(listing->entries);
    free(listing->names);
    free(listing);
    view_answer(request, STATUS_OK);
}

static enum status take_listing(
    struct view *view, struct ext_file *directory, struct listing *listing)
{
    listing->entry_count = 0;
    listing->names_bytes = 0;
    listing->failed = false;
    struct ext_visitor visitor = {.visit = keep, .context = listing};
    enum status status = ext_read_directory(&view->volume->mount, directory, 0, visitor);
    if (status == STATUS_OK && listing->failed) {
        return STATUS_NO_MEMORY;
    }
    return status == STATUS_END ? STATUS_OK : status;
}

static mode_t mode_of(enum ext_type type)
{
    static const mode_t modes[EXT_TYPE_COUNT] = {
        [EXT_TYPE_FILE] = S_IFREG,
        [EXT_TYPE_DIRECTORY] = S_IFDIR,
        [EXT_TYPE_CHARACTER_DEVICE] = S_IFCHR,
        [EXT_TYPE_BLOCK_DEVICE] = S_IFBLK,
        [EXT_TYPE_FIFO] = S_IFIFO,
        [EXT_TYPE_SOCKET] = S_IFSOCK,
        [EXT_TYPE_LINK] = S_IFLNK,
    };
    return type < EXT_TYPE_COUNT ? modes[type] : 0;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A reply under way. */
struct reply {
    fuse_req_t request;
    struct view *view;
    char *bytes;
    size_t used_bytes;
    size_t room_bytes;
    bool plus; /* with the attributes of each entry, which the kernel then knows */
    double believed_s;
};

/* False if there is no room for it. */
static bool add(struct reply *reply, const struct listed *listed, const char *name, off_t next)
{
    char *at = reply->bytes + reply->used_bytes;
    size_t left_bytes = reply->room_bytes - reply->used_bytes;
    struct fuse_entry_param entry = {
        .attr = {.st_ino = listed->number, .st_mode = mode_of(listed->type)}};
    size_t added_bytes;
    if (reply->plus) {
        bool known = !is_dots(name) && view_take(reply->view, listed->number, &entry) == STATUS_OK;
        entry.entry_timeout = reply->believed_s;
        added_bytes = fuse_add_direntry_plus(reply->request, at, left_bytes, name, &entry, next);
        if (added_bytes > left_bytes && known) {
            (void)view_give(reply->view, listed->number, 1); /* It has a name, so it stays. */
        }
    } else {
        added_bytes = fuse_add_direntry(reply->request, at, left_bytes, name, &entry.attr, next);
    }
    if (added_bytes > left_bytes) {
        return false;
    }
    reply->used_bytes += added_bytes;
    return true;
}

/* With as many entries as there is room for. */
static void answer(
    struct reply reply, size_t size_bytes, off_t offset, const struct listing *listing)
{
    static char bytes[reply_bytes_max];
    reply.bytes = bytes;
    reply.room_bytes = size_bytes < sizeof bytes ? size_bytes : sizeof bytes;
    for (size_t index = (size_t)offset; index < listing->entry_count; index++) {
        const struct listed *listed = &listing->entries[index];
        if (!add(&reply, listed, listing->names + listed->name_at, (off_t)index + 1)) {
            break;
        }
    }
    (void)fuse_reply_buf(reply.request, bytes, reply.used_bytes);
}

static void read_entries(fuse_req_t request, fuse_ino_t number, size_t size_bytes, off_t offset,
    struct fuse_file_info *info, bool plus)
{
    struct listing *listing = listing_of(info);
    struct node *node = view_need(request, number);
    if (node == nullptr) {
        return;
    }
    if (offset == 0) {
        enum status status = take_listing(view_of(request), &node->file, listing);
        if (status != STATUS_OK) {
            view_fail(request, status);
            return;
        }
    }
    struct reply reply = {
        .request = request,
        .view = view_of(request),
        .plus = plus,
        .believed_s = view_name_believed_s(node),
    };
    answer(reply, size_bytes, offset, listing);
}

void view_read_directory(fuse_req_t request, fuse_ino_t number, size_t size_bytes, off_t offset,
    struct fuse_file_info *info)
{
    read_entries(request, number, size_bytes, offset, info, false);
}

void view_read_directory_plus(fuse_req_t request, fuse_ino_t number, size_t size_bytes,
    off_t offset, struct fuse_file_info *info)
{
    read_entries(request, number, size_bytes, offset, info, true);
}
