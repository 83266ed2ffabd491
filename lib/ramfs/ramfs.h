/* SPDX-License-Identifier: ISC */
/*
 * A file system in memory: files, directories and symbolic links, no hard links. It lives in nodes
 * and pages that the caller gives once; what cannot be had is refused with NO_SPACE and nothing has
 * changed. Nodes are named by numbers that are never used twice, so a number that outlived its
 * file finds nothing.
 *
 * Every call is checked whole before anything changes. All calls but ramfs_init return NOT_FOUND
 * for the number of no node, INVALID_ARGUMENT for a name that is empty, holds '/' or NUL, or is not
 * UTF-8, NAME_TOO_LONG for more than ramfs_name_bytes_max bytes, and NOT_DIRECTORY where a
 * directory is wanted. One thread at a time.
 *
 * Invariants:
 *   1. A node is unused, or named (in its parent's children and in the table), or it is nameless
 * and held. The root counts as named; it is its own parent.
 *   2. Pages that are neither free nor fresh belong to exactly one node, which counts them.
 *   3. Children are listed by `order`, which grows with every name that enters a directory.
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t ramfs_name_bytes_max = 255;
constexpr uint32_t ramfs_page_bytes = 4096;
constexpr uint32_t ramfs_link_bytes_max = ramfs_page_bytes - 1;

/* Index pages above each other, and the file size that they can map: 4 TiB. */
constexpr uint32_t ramfs_level_max = 3;
constexpr uint64_t ramfs_file_bytes_max = (uint64_t)1 << 42;

constexpr uint32_t ramfs_no_node = UINT32_MAX;

enum ramfs_kind : uint8_t {
    RAMFS_UNUSED,
    RAMFS_FILE,
    RAMFS_DIRECTORY,
    RAMFS_LINK,
};

/* Private to the library; its size is what the caller must know. Fields named by index are nodes.
 */
struct ramfs_node {
    uint64_t number;
    uint64_t size_bytes; /* of a file or a link's target; 0 for a directory */
    uint64_t order;
    uint64_t next_order; /* of a directory: for the next name that enters */
    int64_t accessed_ns;
    int64_t modified_ns;
    int64_t changed_ns;
    uint32_t page_count;
    uint32_t root_page; /* 0: none */
    uint32_t level_count;
    uint32_t parent;
    uint32_t older; /* siblings by order */
    uint32_t newer;
    uint32_t first_child;
    uint32_t last_child;
    uint32_t resume_child; /* where the last listing stopped, or ramfs_no_node */
    uint32_t child_count;
    uint32_t directory_count; /* children that are directories */
    uint32_t table_head;      /* of the chain with this node's index: first node + 1, 0: none */
    uint32_t table_next;
    uint32_t hold_count;
    uint32_t owner;
    uint32_t group;
    uint16_t permissions;
    uint8_t name_bytes;
    enum ramfs_kind kind;
    bool named;
    char name[ramfs_name_bytes_max];
};

/* All borrowed for the life of the file system; touched only as it is used. */
struct ramfs_memory {
    struct ramfs_node *nodes; /* zeroed by the caller */
    uint32_t node_count;
    uint8_t *pages; /* page_count * ramfs_page_bytes; contents do not matter */
    uint32_t page_count;
};

struct ramfs {
    struct ramfs_memory memory;
    int64_t now_ns;
    uint64_t next_serial;
    uint32_t unused_node; /* chain through table_next */
    uint32_t fresh_node;  /* those from here on were never used */
    uint32_t used_node_count;
    uint32_t free_page; /* chain through the first bytes of each */
    uint32_t fresh_page;
    uint32_t used_page_count;
};

struct ramfs_name {
    const char *bytes; /* borrowed until the call returns */
    uint32_t size_bytes;
};

struct ramfs_attributes {
    uint64_t number;
    uint64_t size_bytes;
    uint64_t sectors; /* of 512 bytes, of all its pages */
    int64_t accessed_ns;
    int64_t modified_ns;
    int64_t changed_ns;
    enum ramfs_kind kind;
    uint16_t permissions;
    uint32_t link_count; /* 0 for a nameless node */
    uint32_t owner;
    uint32_t group;
};

struct ramfs_statistics {
    uint64_t page_count;
    uint64_t free_page_count;
    uint64_t node_count;
    uint64_t free_node_count;
};

/*
 * An empty root directory with `permissions`, made at `now_ns`. INVALID_ARGUMENT without a node, or
 * with more nodes or pages than an index can name.
 */
enum status ramfs_init(
    struct ramfs *ramfs, struct ramfs_memory memory, uint16_t permissions, int64_t now_ns);

/* The time, in nanoseconds since 1970, that later changes are stamped with. */
void ramfs_set_time(struct ramfs *ramfs, int64_t now_ns);

uint64_t ramfs_root(const struct ramfs *ramfs);

struct ramfs_statistics ramfs_statfs(const struct ramfs *ramfs);

enum status ramfs_stat(
    const struct ramfs *ramfs, uint64_t number, struct ramfs_attributes *attributes_out);

/* A held node stays until it is released, even without a name. BUSY if held too often. */
enum status ramfs_hold(struct ramfs *ramfs, uint64_t number);

/* INVALID_ARGUMENT if the node is not held. A nameless node is gone with its last hold. */
enum status ramfs_release(struct ramfs *ramfs, uint64_t number);

enum status ramfs_set_permissions(struct ramfs *ramfs, uint64_t number, uint16_t permissions);
enum status ramfs_set_owner(struct ramfs *ramfs, uint64_t number, uint32_t owner, uint32_t group);
enum status ramfs_set_times(
    struct ramfs *ramfs, uint64_t number, int64_t accessed_ns, int64_t modified_ns);

/* The node of a name, "." and ".." included. */
enum status ramfs_lookup(
    const struct ramfs *ramfs, uint64_t directory, struct ramfs_name name, uint64_t *number_out);

struct ramfs_creation {
    uint64_t directory;
    struct ramfs_name name;
    enum ramfs_kind kind; /* RAMFS_FILE or RAMFS_DIRECTORY */
    uint16_t permissions;
    uint32_t owner;
    uint32_t group;
};

/*
 * A new empty file or directory. EXISTS (also for "." and ".."); NO_SPACE without a node;
 * INVALID_ARGUMENT for another kind.
 */
enum status ramfs_create(
    struct ramfs *ramfs, const struct ramfs_creation *creation, uint64_t *number_out);

/* A symbolic link; the creation's kind is ignored. The target has 1 to ramfs_link_bytes_max bytes.
 */
enum status ramfs_create_link(struct ramfs *ramfs, const struct ramfs_creation *creation,
    struct ramfs_name target, uint64_t *number_out);

/*
 * Takes the name away from a file or link, or, if `directory_wanted`, from an empty directory.
 * IS_DIRECTORY, NOT_DIRECTORY, NOT_EMPTY; INVALID_ARGUMENT for "." and "..".
 */
enum status ramfs_remove(
    struct ramfs *ramfs, uint64_t directory, struct ramfs_name name, bool directory_wanted);

struct ramfs_renaming {
    uint64_t source_directory;
    struct ramfs_name source;
    uint64_t target_directory;
    struct ramfs_name target;
};

/*
 * Renames, as POSIX rename does: replaces a target of the same kind (an empty one if a directory);
 * nothing happens if both are the same. IS_DIRECTORY, NOT_DIRECTORY, NOT_EMPTY by what the target
 * is; INVALID_ARGUMENT if a directory would come to be inside itself, and for "." and "..".
 */
enum status ramfs_rename(struct ramfs *ramfs, const struct ramfs_renaming *renaming);

/* A part of a file and the memory that it is copied to or from. */
struct ramfs_span {
    uint64_t offset_bytes;
    size_t size_bytes;
    void *bytes; /* borrowed until the call returns */
};

/* Short at the end of the file only. IS_DIRECTORY; INVALID_ARGUMENT for a link. */
enum status ramfs_read(
    struct ramfs *ramfs, uint64_t number, struct ramfs_span span, size_t *done_bytes_out);

/*
 * Short when the pages run out; NO_SPACE if they do before the first byte; TOO_LARGE beyond
 * ramfs_file_bytes_max. Otherwise as ramfs_read.
 */
enum status ramfs_write(
    struct ramfs *ramfs, uint64_t number, struct ramfs_span span, size_t *done_bytes_out);

/* Cuts or extends with zeros, which take no pages. IS_DIRECTORY, INVALID_ARGUMENT, TOO_LARGE. */
enum status ramfs_truncate(struct ramfs *ramfs, uint64_t number, uint64_t size_bytes);

/* `target` has room for ramfs_link_bytes_max bytes; no NUL is added. INVALID_ARGUMENT if no link.
 */
enum status ramfs_read_link(
    const struct ramfs *ramfs, uint64_t number, char *target, uint32_t *target_bytes_out);

struct ramfs_entry {
    uint64_t number;
    uint64_t next_cursor;
    struct ramfs_name name; /* borrowed until the visit returns */
    enum ramfs_kind kind;
};

struct ramfs_visitor {
    bool (*visit)(void *context, const struct ramfs_entry *entry); /* false: stop here */
    void *context;
};

/*
 * Shows the entries from `cursor` on, "." and ".." first; 0 is the beginning, an entry's
 * next_cursor continues after it. What is there from before the first call to after the last is
 * shown exactly once, whatever else is made, removed or renamed between the calls. OK when the
 * visitor stopped; END after the last entry. The visitor must not change the file system.
 */
enum status ramfs_read_directory(
    struct ramfs *ramfs, uint64_t directory, uint64_t cursor, struct ramfs_visitor visitor);
