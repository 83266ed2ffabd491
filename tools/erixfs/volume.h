/* SPDX-License-Identifier: ISC */
/*
 * A mounted image file, paths in it, and what to tell people when something fails.
 */
#pragma once

#include <lib/block/host/file_device.h>
#include <lib/ext/ext_write.h>

constexpr uint32_t volume_cache_blocks = 8192;
constexpr uint32_t volume_pending_count = 4096;

/* What is done with a volume. */
enum volume_access : uint32_t {
    VOLUME_READ,   /* never writes a byte */
    VOLUME_WRITE,  /* refuses a volume whose journal must be replayed first */
    VOLUME_REPLAY, /* replays it */
    VOLUME_CHECK,  /* not mounted, so that nothing is refused; never writes a byte */
};

struct volume_options {
    enum volume_access access;
    const char *journal_path; /* an external journal; nullptr: there is none */
    bool time_given;
    struct ext_time time; /* if time_given; else changes have the time of the host */
};

struct volume {
    const char *path; /* of the image */
    struct volume_options options;
    struct block_file file;
    struct block_file journal_file; /* descriptor -1 if there is none */
    struct ext_mount mount;
    bool key_given;
    uint8_t key_identifier[ext_key_identifier_bytes]; /* of the first key that was given */
    struct block_cache_entry entries[volume_cache_blocks];
    struct ext_pending pending[volume_pending_count];
    uint8_t undo[ext_undo_bytes];
    uint8_t cache[volume_cache_blocks * ext_block_bytes_max];
};

/*
 * Locks, opens and mounts an image, so that nobody else writes to it through erixfs; whoever only
 * reads shares it with others who do. Says what is wrong and returns false if it cannot.
 */
bool volume_open(struct volume *volume, const char *path, struct volume_options options);

/* Unmounts: all changes are on the medium. Says what is wrong and returns false if they are not. */
bool volume_close(struct volume *volume);

/* What changes are stamped with from now on. */
void volume_tick(struct volume *volume);

/*
 * The node of an absolute path (a leading '/' may be left out). Links in the middle are followed,
 * one at the end if `follow`. LOOP after too many links.
 */
enum status volume_find(
    struct volume *volume, const char *path, bool follow, struct ext_file *file_out);

/*
 * The directory of a path's last name, and that name, which points into `path`. INVALID_ARGUMENT if
 * the path has no name or its last one is "." or "..".
 */
enum status volume_find_parent(struct volume *volume, const char *path,
    struct ext_file *directory_out, struct ext_name *name_out);

/* The node of a path, a link itself unless `follow`; says so and returns false if it fails. */
bool volume_need(struct volume *volume, const char *path, bool follow, struct ext_file *file_out);

/*
 * One line on the standard error: which image, which path, what, and why as the mount noted it; a
 * second one if there is a next step that helps.
 */
void volume_complain(const struct volume *volume, const char *path, enum status status);
