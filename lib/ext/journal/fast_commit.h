/* SPDX-License-Identifier: ISC */
/*
 * Fast commits: what changed since the last transaction, as operations instead of blocks. They are
 * good for the transaction that would have come next, and only up to the last segment whose tail is
 * right. Private to lib/ext.
 */
#pragma once

#include "journal.h"

enum ext_fast_kind : uint32_t {
    EXT_FAST_ADD_RANGE,    /* blocks of a file are at a place */
    EXT_FAST_DELETE_RANGE, /* blocks of a file are nowhere */
    EXT_FAST_CREATE,       /* a name of an inode that is new */
    EXT_FAST_LINK,         /* one more name */
    EXT_FAST_UNLINK,       /* one name less */
    EXT_FAST_INODE,        /* all of an inode but what maps its blocks */
};

/* One operation, its numbers inside the volume's bounds. Pointers are good until the visit ends. */
struct ext_fast_operation {
    enum ext_fast_kind kind;
    uint32_t inode_number;
    uint32_t parent_number; /* of names */
    const char *name;
    uint32_t name_bytes;
    uint32_t logical_block; /* of ranges */
    uint32_t block_count;
    uint64_t physical_block;
    bool unwritten;
    const uint8_t *raw; /* of inodes: as in the inode table, maybe shorter */
    uint32_t raw_bytes;
};

struct ext_fast_visitor {
    /* Anything but OK ends the walk and is its result. nullptr: only check. */
    enum status (*visit)(void *context, const struct ext_fast_operation *operation);
    void *context;
};

/*
 * How many tags of the area count, as the next transaction would be `sequence`; 0 if nothing in
 * there belongs to it. CORRUPT if what belongs to it has no whole segment.
 */
enum status ext_fast_scan(
    struct ext_mount *mount, struct journal_log *log, uint32_t sequence, uint32_t *tag_count_out);

/* Shows the operations among the first `tag_count` tags. CORRUPT if one is impossible. */
enum status ext_fast_walk(struct ext_mount *mount, struct journal_log *log, uint32_t tag_count,
    struct ext_fast_visitor visitor);

/* ---- Applying one operation, in changes of its own, as often as one likes ---------------------
 */

/* fast_inode.c */
enum status ext_fast_apply_inode(
    struct ext_mount *mount, const struct ext_fast_operation *operation);

/* fast_range.c */
enum status ext_fast_add_range(struct ext_mount *mount, const struct ext_fast_operation *operation);
enum status ext_fast_delete_range(
    struct ext_mount *mount, const struct ext_fast_operation *operation);

/* fast_name.c */
enum status ext_fast_add_name(struct ext_mount *mount, const struct ext_fast_operation *operation);
enum status ext_fast_remove_name(
    struct ext_mount *mount, const struct ext_fast_operation *operation);

/*
 * An inode in use, with links or as an orphan. NOT_FOUND if it is free: what an operation says of
 * it was overtaken. CORRUPT if it is one of the file system's own.
 */
enum status ext_fast_load(struct ext_mount *mount, uint32_t number, struct ext_inode *inode_out);
