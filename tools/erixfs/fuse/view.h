/* SPDX-License-Identifier: ISC */
/*
 * A volume as the kernel of the host sees it: nodes by the number of their inode. Private to
 * tools/erixfs/fuse.
 *
 * Invariants:
 *   1. A node is in the table if and only if the kernel knows it: lookup_count is not 0.
 *   2. The inode of a node that has lost its last name is kept until its node leaves the table.
 *   3. The volume is used by one thread.
 */
#pragma once

#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>

#include "../volume.h"

struct node {
    struct ext_file file;
    uint64_t lookup_count; /* as the kernel counts */
    struct node *next;     /* in its slot */
};

struct view {
    struct volume *volume; /* borrowed for the life of the view */
    struct node **slots;   /* owned, as are the nodes */
    size_t slot_count;     /* a power of two */
    size_t node_count;
    bool checks_access; /* the kernel does, by permissions and access lists */
};

/* How long the kernel may believe what it was told: nobody else changes the volume. */
constexpr double view_believed_s = 86400;

/* The same of names: the kernel would not know that another spelling is the same name. */
static inline double view_name_believed_s(const struct node *directory)
{
    return (directory->file.inode.flags & ext_flag_casefold) != 0 ? 0 : view_believed_s;
}

/* Statuses as errno: EIO for what has no better one. */
int view_error(enum status status);

/* Answers a request with a status that is not OK. */
void view_fail(fuse_req_t request, enum status status);

/* As view_fail or, with OK, without anything else to say. */
void view_answer(fuse_req_t request, enum status status);

/* ---- nodes.c --------------------------------------------------------------------------------- */

/* False without memory. */
bool view_init(struct view *view, struct volume *volume);

/* Lets go of all nodes; those without a name are deleted. */
enum status view_destroy(struct view *view);

/* The view of a request; what is changed for it has the present time. */
struct view *view_of(fuse_req_t request);

/* The number of an inode, and the kernel's name for it. */
uint64_t view_number(fuse_ino_t kernel_number);
fuse_ino_t view_kernel_number(uint64_t number);

/* The node of a number; nullptr if the kernel does not know it. */
struct node *view_find(const struct view *view, uint64_t number);

/* The node of a request, with its inode read anew; nullptr if that failed and was answered. */
struct node *view_need(fuse_req_t request, fuse_ino_t kernel_number);

/* The kernel knows one more name of an inode: fills what it is told. */
enum status view_take(struct view *view, uint64_t number, struct fuse_entry_param *entry_out);

/* The kernel has forgotten some; the last deletes what has no name. */
enum status view_give(struct view *view, uint64_t number, uint64_t count);

/* What stat shows of an inode. */
struct stat view_attributes(const struct view *view, const struct ext_inode *inode);

/* ---- The operations, as <fuse_lowlevel.h> describes them --------------------------------------
 */

extern const struct fuse_lowlevel_ops view_operations;

/* contents.c */
void view_read(fuse_req_t, fuse_ino_t, size_t, off_t, struct fuse_file_info *);
void view_write(fuse_req_t, fuse_ino_t, const char *, size_t, off_t, struct fuse_file_info *);
void view_fallocate(fuse_req_t, fuse_ino_t, int, off_t, off_t, struct fuse_file_info *);
void view_seek(fuse_req_t, fuse_ino_t, off_t, int, struct fuse_file_info *);
void view_sync(fuse_req_t, fuse_ino_t, int, struct fuse_file_info *);

/* attributes.c */
void view_get_attributes(fuse_req_t, fuse_ino_t, struct fuse_file_info *);
void view_set_attributes(fuse_req_t, fuse_ino_t, struct stat *, int, struct fuse_file_info *);
void view_statistics(fuse_req_t, fuse_ino_t);
void view_set_extended(fuse_req_t, fuse_ino_t, const char *, const char *, size_t, int);
void view_get_extended(fuse_req_t, fuse_ino_t, const char *, size_t);
void view_list_extended(fuse_req_t, fuse_ino_t, size_t);
void view_remove_extended(fuse_req_t, fuse_ino_t, const char *);

/* names.c */
void view_lookup(fuse_req_t, fuse_ino_t, const char *);
void view_read_link(fuse_req_t, fuse_ino_t);
void view_make_node(fuse_req_t, fuse_ino_t, const char *, mode_t, dev_t);
void view_make_directory(fuse_req_t, fuse_ino_t, const char *, mode_t);
void view_make_link(fuse_req_t, const char *, fuse_ino_t, const char *);
void view_create(fuse_req_t, fuse_ino_t, const char *, mode_t, struct fuse_file_info *);
void view_link(fuse_req_t, fuse_ino_t, fuse_ino_t, const char *);
void view_unlink(fuse_req_t, fuse_ino_t, const char *);
void view_remove_directory(fuse_req_t, fuse_ino_t, const char *);
void view_rename(fuse_req_t, fuse_ino_t, const char *, fuse_ino_t, const char *, unsigned int);

/* listing.c */
void view_open_directory(fuse_req_t, fuse_ino_t, struct fuse_file_info *);
void view_read_directory(fuse_req_t, fuse_ino_t, size_t, off_t, struct fuse_file_info *);
void view_read_directory_plus(fuse_req_t, fuse_ino_t, size_t, off_t, struct fuse_file_info *);
void view_release_directory(fuse_req_t, fuse_ino_t, struct fuse_file_info *);
