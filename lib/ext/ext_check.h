/* SPDX-License-Identifier: ISC */
/*
 * Whether a volume is consistent as a whole: everything that is wrong with it, not only the first
 * thing, in the order of the medium. Only reads. Nothing that the volume says is trusted: no call
 * crashes, reads outside its memory or fails to end.
 *
 *   1. ext_check_begin reads the super block and says how much memory the rest needs;
 *   2. ext_check_run does the rest, once, in that memory.
 *
 * Findings come while it runs. A volume is well if there were none and both calls returned OK.
 */
#pragma once

#include <lib/ext/ext.h>

constexpr uint32_t ext_check_no_group = UINT32_MAX;

/* One thing that is wrong. */
struct ext_finding {
    const char *what;
    const char *why; /* of what is refused, not wrong; else nullptr */
    uint64_t inode;  /* 0: it is not about an inode */
    uint64_t block;  /* 0: it is not about a block */
    uint32_t group;  /* ext_check_no_group: it is not about a group */
    bool valued;     /* the two below mean something */
    uint64_t expected;
    uint64_t found;
};

struct ext_check_visitor {
    void (*find)(void *context, const struct ext_finding *finding);
    void *context;
};

/* What the check knows of an inode. Private to lib/ext. */
struct ext_check_node {
    uint32_t link_count_found; /* entries of directories that name it */
    uint32_t parent;           /* of a directory: where its entry is; 0: nowhere so far */
    uint32_t dot_dot;          /* of a directory: what it says its parent is */
    uint32_t reference_count;  /* of the value of an attribute: who has it */
    uint16_t link_count;
    uint8_t type;
    uint8_t state;
};

struct ext_check {
    struct ext_mount mount;
    struct ext_check_visitor visitor;
    uint64_t finding_count;
    /* Set before ext_check_run if the journal is outside the volume; borrowed. */
    struct block_device *journal_device;
    uint64_t needed_bytes; /* of memory for ext_check_run, aligned as uint64_t is */
    /* The rest is private to lib/ext. */
    enum status failure; /* of the device */
    struct ext_check_node *nodes;
    uint64_t *attribute_blocks; /* of each inode that has one */
    uint64_t *sorted;           /* names of a directory */
    uint32_t attribute_block_count;
    uint32_t sorted_count_max;
    uint8_t *claimed; /* a bit for each cluster that something uses */
    bool groups_known;
    bool usage_known; /* all that uses blocks was understood */
    uint64_t free_cluster_count;
    uint32_t free_inode_count;
    uint8_t bitmap[ext_block_bytes_max]; /* of a group whose own was never written */
};

/*
 * Reads and judges the super block. `memory` is as for a mount that only reads. If the super block
 * says nothing that can be worked with, that is found, and needed_bytes is 0.
 */
enum status ext_check_begin(struct ext_check *check, struct block_device *device,
    struct ext_mount_memory memory, struct ext_check_visitor visitor);

/*
 * Checks everything else. NO_MEMORY if `size_bytes` is less than needed_bytes; what the device said
 * if a block could not be read, after which the findings are not complete.
 */
enum status ext_check_run(struct ext_check *check, void *memory, uint64_t size_bytes);
