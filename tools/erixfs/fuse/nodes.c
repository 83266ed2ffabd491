/* SPDX-License-Identifier: ISC */
/*
 * The table of nodes, and how statuses and inodes look to the kernel.
 */
#define _GNU_SOURCE
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

constexpr size_t slot_count_start = 1024;

int view_error(enum status status)
{
    static const int errors[STATUS_COUNT] = {
        [STATUS_INVALID_ARGUMENT] = EINVAL,
        [STATUS_DENIED] = EPERM,
        [STATUS_NOT_FOUND] = ENOENT,
        [STATUS_EXISTS] = EEXIST,
        [STATUS_NO_MEMORY] = ENOMEM,
        [STATUS_BUSY] = EBUSY,
        [STATUS_UNSUPPORTED] = EOPNOTSUPP,
        [STATUS_CORRUPT] = EUCLEAN,
        [STATUS_NO_KEY] = ENOKEY,
        [STATUS_NO_SPACE] = ENOSPC,
        [STATUS_READ_ONLY] = EROFS,
        [STATUS_NOT_DIRECTORY] = ENOTDIR,
        [STATUS_IS_DIRECTORY] = EISDIR,
        [STATUS_NOT_EMPTY] = ENOTEMPTY,
        [STATUS_NAME_TOO_LONG] = ENAMETOOLONG,
        [STATUS_TOO_LARGE] = EFBIG,
        [STATUS_LOOP] = ELOOP,
        [STATUS_CROSS_DEVICE] = EXDEV,
    };
    return errors[status] != 0 ? errors[status] : EIO;
}

/* That the kernel has gone away meanwhile needs no answer. */
void view_fail(fuse_req_t request, enum status status)
{
    (void)fuse_reply_err(request, view_error(status));
}

void view_answer(fuse_req_t request, enum status status)
{
    (void)fuse_reply_err(request, status == STATUS_OK ? 0 : view_error(status));
}

struct view *view_of(fuse_req_t request)
{
    struct view *view = fuse_req_userdata(request);
    volume_tick(view->volume);
    return view;
}

uint64_t view_number(fuse_ino_t kernel_number)
{
    return kernel_number == FUSE_ROOT_ID ? ext_root_number : kernel_number;
}

fuse_ino_t view_kernel_number(uint64_t number)
{
    return number == ext_root_number ? FUSE_ROOT_ID : number;
}

/* ---- The table ------------------------------------------------------------------------------- */

static struct node **slot_of(const struct view *view, uint64_t number)
{
    struct node **slot = &view->slots[number & (view->slot_count - 1)];
    while (*slot != nullptr && (*slot)->file.inode.number != number) {
        slot = &(*slot)->next;
    }
    return slot;
}

struct node *view_find(const struct view *view, uint64_t number)
{
    return *slot_of(view, number);
}

/* Without memory for more slots the table becomes slower, nothing else. */
static void grow(struct view *view)
{
    struct view larger = *view;
    larger.slot_count = 2 * view->slot_count;
    larger.slots = calloc(larger.slot_count, sizeof(struct node *));
    if (larger.slots == nullptr) {
        return;
    }
    for (size_t index = 0; index < view->slot_count; index++) {
        struct node *next = view->slots[index];
        while (next != nullptr) {
            struct node *node = next;
            next = node->next;
            node->next = nullptr;
            *slot_of(&larger, node->file.inode.number) = node;
        }
    }
    free(view->slots);
    *view = larger;
}

/* The node of a number, made if need be. */
static enum status open_node(struct view *view, uint64_t number, struct node **node_out)
{
    struct node *node = view_find(view, number);
    if (node != nullptr) {
        *node_out = node;
        return ext_refresh(&view->volume->mount, &node->file);
    }
    node = calloc(1, sizeof *node);
    if (node == nullptr) {
        return STATUS_NO_MEMORY;
    }
    enum status status = ext_open(&view->volume->mount, number, &node->file);
    if (status != STATUS_OK) {
        free(node);
        return status;
    }
    if (view->node_count >= view->slot_count) {
        grow(view);
    }
    *slot_of(view, number) = node;
    view->node_count++;
    *node_out = node;
    return STATUS_OK;
}

static enum status remove_node(struct view *view, struct node **slot)
{
    struct node *node = *slot;
    uint64_t number = node->file.inode.number;
    *slot = node->next;
    free(node);
    view->node_count--;
    return view->volume->mount.writable ? ext_forget(&view->volume->mount, number) : STATUS_OK;
}

enum status view_take(struct view *view, uint64_t number, struct fuse_entry_param *entry_out)
{
    struct node *node;
    enum status status = open_node(view, number, &node);
    if (status != STATUS_OK) {
        return status;
    }
    node->lookup_count++;
    *entry_out = (struct fuse_entry_param){
        .ino = view_kernel_number(number),
        .generation = node->file.inode.generation,
        .attr = view_attributes(view, &node->file.inode),
        .attr_timeout = view_believed_s,
        .entry_timeout = view_believed_s,
    };
    return STATUS_OK;
}

enum status view_give(struct view *view, uint64_t number, uint64_t count)
{
    struct node **slot = slot_of(view, number);
    if (*slot == nullptr) {
        return STATUS_OK;
    }
    (*slot)->lookup_count -= count < (*slot)->lookup_count ? count : (*slot)->lookup_count;
    return (*slot)->lookup_count == 0 ? remove_node(view, slot) : STATUS_OK;
}

bool view_init(struct view *view, struct volume *volume)
{
    struct fuse_entry_param root;
    *view = (struct view){.volume = volume, .slot_count = slot_count_start};
    view->slots = calloc(view->slot_count, sizeof(struct node *));
    return view->slots != nullptr && view_take(view, ext_root_number, &root) == STATUS_OK;
}

enum status view_destroy(struct view *view)
{
    enum status status = STATUS_OK;
    for (size_t index = 0; view->slots != nullptr && index < view->slot_count; index++) {
        while (view->slots[index] != nullptr) {
            enum status removed = remove_node(view, &view->slots[index]);
            status = status == STATUS_OK ? removed : status;
        }
    }
    free(view->slots);
    view->slots = nullptr;
    return status;
}

/* ---- Inodes ---------------------------------------------------------------------------------- */

struct node *view_need(fuse_req_t request, fuse_ino_t kernel_number)
{
    struct view *view = view_of(request);
    struct node *node = view_find(view, view_number(kernel_number));
    enum status status = STATUS_NOT_FOUND;
    if (node != nullptr) {
        status = ext_refresh(&view->volume->mount, &node->file);
    }
    if (status != STATUS_OK) {
        view_fail(request, status);
        return nullptr;
    }
    return node;
}

static struct timespec timespec_of(struct ext_time time)
{
    return (struct timespec){.tv_sec = time.seconds, .tv_nsec = time.nanoseconds};
}

struct stat view_attributes(const struct view *view, const struct ext_inode *inode)
{
    return (struct stat){
        .st_ino = inode->number,
        .st_mode = inode->mode,
        .st_nlink = inode->link_count,
        .st_uid = inode->user_id,
        .st_gid = inode->group_id,
        .st_rdev = makedev(inode->device_major, inode->device_minor),
        .st_size = (off_t)inode->size_bytes,
        .st_blocks = (blkcnt_t)inode->sector_count,
        .st_blksize = view->volume->mount.geometry.block_bytes,
        .st_atim = timespec_of(inode->accessed),
        .st_mtim = timespec_of(inode->modified),
        .st_ctim = timespec_of(inode->changed),
    };
}
