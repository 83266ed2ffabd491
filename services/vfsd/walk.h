/* SPDX-License-Identifier: ISC */
/*
 * Following a path to a file. Pure: what a name means is asked from a `struct walk_source`.
 *
 * Invariants
 *  1. stack[0] is the root; stack[n] is a directory in stack[n - 1] or a file system mounted there.
 *  2. text[0..text_ends[n]) is the path of stack[n] without symbolic links; nothing for the root.
 *  3. Every loop is bounded: by the bytes of the path, and those by walk_links_max.
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t walk_links_max = 40;
constexpr uint32_t walk_path_bytes_max = 900;
constexpr uint32_t walk_name_bytes_max = 255;
constexpr uint32_t walk_depth_max = walk_path_bytes_max / 2;
constexpr uint32_t walk_pending_bytes_max = 2 * walk_path_bytes_max;

/* What a file is, as protocol filesystem says it. */
struct walk_attributes {
    uint64_t node;
    uint64_t size_bytes;
    uint64_t blocks_512;
    int64_t accessed_ns;
    int64_t modified_ns;
    int64_t changed_ns;
    uint32_t mode;
    uint32_t kind; /* filesystem_kind_ */
    uint32_t links;
    uint32_t owner;
    uint32_t group;
};

constexpr uint32_t walk_kind_directory = 2;
constexpr uint32_t walk_kind_symlink = 3;

/* A node of a mounted file system. */
struct walk_place {
    uint32_t mount;
    uint64_t node;
};

struct walk_name {
    const char *bytes; /* borrowed; not ended by NUL */
    uint32_t size_bytes;
};

struct walk_source {
    void *self;
    enum status (*lookup)(void *self, struct walk_place directory, struct walk_name name,
        struct walk_attributes *found_out);
    enum status (*stat)(void *self, struct walk_place place, struct walk_attributes *found_out);
    /* `target` has room for walk_path_bytes_max bytes. */
    enum status (*read_link)(
        void *self, struct walk_place place, char *target, uint32_t *target_bytes_out);
    /* Whether something is mounted at exactly this path ("" is the root), and its root. */
    bool (*find_mount)(void *self, struct walk_name path, struct walk_place *root_out);
};

/* Working memory; too large for a stack. */
struct walk {
    const struct walk_source *source;
    uint32_t link_count;
    uint32_t depth;
    struct walk_place stack[walk_depth_max + 1];
    uint32_t text_ends[walk_depth_max + 1];
    char text[walk_path_bytes_max];
    uint32_t pending_bytes;
    uint32_t pending_at;
    char pending[walk_pending_bytes_max];
    char link[walk_pending_bytes_max];
};

/* Where a path leads. */
struct walk_result {
    bool exists; /* else only the last name is missing */
    bool is_mount_root;
    bool wants_directory; /* the path ends with a slash */
    struct walk_place parent;
    uint32_t name_bytes; /* 0: the path has no last name, as "/" and "a/.." */
    char name[walk_name_bytes_max];
    uint32_t mount; /* of what was found, or of the parent */
    struct walk_attributes found;
};

/*
 * Follow an absolute path. Symbolic links inside of it are followed, the last one only with
 * `follow_last` or a slash behind it. INVALID_ARGUMENT for a path that is not absolute, NOT_FOUND
 * and NOT_DIRECTORY for what is before the last name, NAME_TOO_LONG, LOOP, or what the source says.
 */
enum status walk_path(
    struct walk *walk, struct walk_name path, bool follow_last, struct walk_result *result_out);

/* The path of the result of the last walk, without symbolic links: its first bytes in walk->text.
 * Only for a result with a name. */
uint32_t walk_result_text_bytes(const struct walk *walk, const struct walk_result *result);
