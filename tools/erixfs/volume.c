/* SPDX-License-Identifier: ISC */
/*
 * Mounting an image and walking paths. Links are resolved by rewriting the path that is left.
 */
#include "volume.h"

#include <stdio.h>
#include <string.h>

#include <lib/base/base.h>

constexpr uint32_t path_bytes_max = 16384;
constexpr uint32_t link_count_max = 40;
constexpr uint32_t sector_bytes = 512;

static void complain_refusal(const struct ext_refusal *refusal)
{
    if (refusal->what == nullptr) {
        return;
    }
    (void)fprintf(stderr, ": %s", refusal->what);
    if (refusal->feature_bit != ext_no_feature_bit) {
        (void)fprintf(stderr, " (%s bit %u)", ext_feature_word_name(refusal->feature_word),
            refusal->feature_bit);
    }
    (void)fprintf(stderr, ": %s", refusal->reason);
}

void volume_complain(const struct volume *volume, const char *path, enum status status)
{
    (void)fprintf(stderr, "erixfs: %s", volume->path);
    if (path != nullptr) {
        (void)fprintf(stderr, ": %s", path);
    }
    (void)fprintf(stderr, ": %s", status_text(status));
    if (status == STATUS_CORRUPT && volume->mount.corruption.what != nullptr) {
        (void)fprintf(stderr, ": %s (block %llu)", volume->mount.corruption.what,
            (unsigned long long)volume->mount.corruption.block);
    }
    if (status == STATUS_UNSUPPORTED) {
        complain_refusal(&volume->mount.refusal);
    }
    (void)fprintf(stderr, "\n");
}

bool volume_open(struct volume *volume, const char *path)
{
    volume->path = path;
    volume->mount = (struct ext_mount){};
    enum status status = block_file_open(&volume->file, path, sector_bytes, false);
    if (status != STATUS_OK) {
        volume_complain(volume, nullptr, status);
        return false;
    }
    struct ext_mount_memory memory = {
        .entries = volume->entries,
        .entry_count = volume_cache_blocks,
        .buffer = block_buffer_plain(volume->cache),
        .buffer_bytes = sizeof volume->cache,
    };
    struct ext_mount_options options = {.read_only = true};
    status = ext_mount(&volume->mount, &volume->file.device, memory, options);
    if (status != STATUS_OK) {
        volume_complain(volume, nullptr, status);
        block_file_close(&volume->file);
        return false;
    }
    return true;
}

void volume_close(struct volume *volume)
{
    block_file_close(&volume->file);
}

/* A walk: where it is, what of the path is left, and how many links it took. */
struct walk {
    struct volume *volume;
    struct ext_file directory;
    uint32_t link_count;
    char left[path_bytes_max];
};

/* Puts a link's target before what is left of the path. */
static enum status follow_link(struct walk *walk, struct ext_file *link, const char *rest)
{
    static char target[ext_link_bytes_max];
    uint32_t target_bytes;
    if (++walk->link_count > link_count_max) {
        return STATUS_LOOP;
    }
    enum status status = ext_read_link(&walk->volume->mount, link, target, &target_bytes);
    if (status != STATUS_OK) {
        return status;
    }
    size_t rest_bytes = strlen(rest);
    if (target_bytes + 1 + rest_bytes + 1 > sizeof walk->left) {
        return STATUS_NAME_TOO_LONG;
    }
    memmove(walk->left + target_bytes + 1, rest, rest_bytes + 1);
    memcpy(walk->left, target, target_bytes);
    walk->left[target_bytes] = '/';
    if (target[0] == '/') {
        return ext_open(&walk->volume->mount, ext_root_number, &walk->directory);
    }
    return STATUS_OK;
}

/* Takes one name off the path; `last` says that only slashes follow it. */
static enum status take_step(struct walk *walk, const char *name, bool follow)
{
    struct ext_mount *mount = &walk->volume->mount;
    uint32_t name_bytes = (uint32_t)strcspn(name, "/");
    const char *rest = name + name_bytes + strspn(name + name_bytes, "/");
    uint64_t number;
    struct ext_file found;
    enum status status = ext_lookup(mount, &walk->directory, name, name_bytes, &number);
    if (status == STATUS_OK) {
        status = ext_open(mount, number, &found);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (found.inode.type == EXT_TYPE_LINK && (follow || name[name_bytes] == '/')) {
        return follow_link(walk, &found, rest);
    }
    walk->directory = found;
    memmove(walk->left, rest, strlen(rest) + 1);
    return STATUS_OK;
}

enum status volume_find(
    struct volume *volume, const char *path, bool follow, struct ext_file *file_out)
{
    static struct walk walk;
    walk.volume = volume;
    walk.link_count = 0;
    if (strlen(path) + 1 > sizeof walk.left) {
        return STATUS_NAME_TOO_LONG;
    }
    memcpy(walk.left, path, strlen(path) + 1);
    enum status status = ext_open(&volume->mount, ext_root_number, &walk.directory);
    while (status == STATUS_OK) {
        const char *name = walk.left + strspn(walk.left, "/");
        if (*name == '\0') {
            *file_out = walk.directory;
            return STATUS_OK;
        }
        status = take_step(&walk, name, follow);
    }
    return status;
}
