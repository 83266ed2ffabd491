/* SPDX-License-Identifier: ISC */
/*
 * Making, moving and removing names.
 */
#define _GNU_SOURCE
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

constexpr uint32_t depth_max = 1024;

/* A name and the directory that it is in, or is to be in. */
struct place {
    struct ext_file directory;
    struct ext_name name;
};

static uint64_t parent_of(const struct place *place)
{
    return place->directory.inode.number;
}

static bool find_place(struct volume *volume, const char *path, struct place *place_out)
{
    return report(
        volume, path, volume_find_parent(volume, path, &place_out->directory, &place_out->name));
}

/* ---- Making ---------------------------------------------------------------------------------- */

bool command_mkdir(struct volume *volume, const struct words *words)
{
    struct place place;
    struct ext_new_inode wanted = {.mode = S_IFDIR | 0755};
    uint64_t number;
    return find_place(volume, words->at[0], &place) &&
           report(volume, words->at[0],
               ext_create(&volume->mount, parent_of(&place), place.name, &wanted, &number));
}

bool command_ln(struct volume *volume, const struct words *words)
{
    const char *target = words->at[0];
    struct place place;
    struct ext_file file;
    if (!find_place(volume, words->at[1], &place)) {
        return false;
    }
    if (!words->symbolic) {
        return volume_need(volume, target, false, &file) &&
               report(volume, words->at[1],
                   ext_link(&volume->mount, file.inode.number, parent_of(&place), place.name));
    }
    struct ext_new_inode wanted = {.mode = S_IFLNK | 0777,
        .target = {.bytes = target, .size_bytes = (uint32_t)strlen(target)}};
    uint64_t number;
    return report(volume, words->at[1],
        ext_create(&volume->mount, parent_of(&place), place.name, &wanted, &number));
}

/* ---- Moving ---------------------------------------------------------------------------------- */

bool command_mv(struct volume *volume, const struct words *words)
{
    struct place source;
    struct place target;
    struct ext_file there;
    if (!find_place(volume, words->at[0], &source)) {
        return false;
    }
    bool into = !words->exact && volume_find(volume, words->at[1], true, &there) == STATUS_OK &&
                there.inode.type == EXT_TYPE_DIRECTORY;
    if (into) {
        target = (struct place){.directory = there, .name = source.name};
    } else if (!find_place(volume, words->at[1], &target)) {
        return false;
    }
    struct ext_rename rename = {.source_parent = parent_of(&source),
        .source = source.name,
        .target_parent = parent_of(&target),
        .target = target.name};
    enum status status = ext_rename(&volume->mount, &rename);
    return report(volume, words->at[status == STATUS_NOT_EMPTY ? 1 : 0], status);
}

/* ---- Removing -------------------------------------------------------------------------------- */

/* The first entry of a directory that is neither "." nor "..". */
struct child {
    char name[ext_name_bytes_max];
    uint32_t name_bytes;
    uint64_t number;
};

static bool take_first(void *context, const struct ext_entry *entry)
{
    struct child *child = context;
    bool dots = entry->name[0] == '.' &&
                (entry->name_bytes == 1 || (entry->name_bytes == 2 && entry->name[1] == '.'));
    if (dots) {
        return true;
    }
    memcpy(child->name, entry->name, entry->name_bytes);
    child->name_bytes = entry->name_bytes;
    child->number = entry->inode_number;
    return false;
}

/* What is being removed, for what is said of a failure; cut off if it is too long. */
struct removal {
    struct volume *volume;
    char path[4096];
};

static enum status remove_below(struct removal *removal, uint64_t number, uint32_t depth);

static enum status remove_name(struct removal *removal, uint64_t parent, struct ext_name name,
    uint64_t number, uint32_t depth, bool recursive)
{
    struct ext_mount *mount = &removal->volume->mount;
    struct ext_file file;
    enum status status = ext_open(mount, number, &file);
    if (status != STATUS_OK || file.inode.type != EXT_TYPE_DIRECTORY) {
        return status == STATUS_OK ? ext_unlink(mount, parent, name, false) : status;
    }
    if (recursive) {
        status = remove_below(removal, number, depth);
    }
    return status == STATUS_OK ? ext_remove_directory(mount, parent, name, false) : status;
}

/* After a failure the path stays that of what could not be removed. */
static enum status remove_child(
    struct removal *removal, uint64_t parent, const struct child *child, uint32_t depth)
{
    size_t path_bytes = strlen(removal->path);
    struct ext_name name = {.bytes = child->name, .size_bytes = child->name_bytes};
    (void)snprintf(removal->path + path_bytes, sizeof removal->path - path_bytes, "/%.*s",
        (int)child->name_bytes, child->name);
    enum status status = remove_name(removal, parent, name, child->number, depth, true);
    if (status == STATUS_OK) {
        removal->path[path_bytes] = '\0';
    }
    return status;
}

/* Recursion ends at depth_max, which a directory inside itself would reach. */
static enum status remove_below(struct removal *removal, uint64_t number, uint32_t depth)
{
    struct ext_mount *mount = &removal->volume->mount;
    if (depth == depth_max) {
        return STATUS_LOOP;
    }
    for (;;) {
        struct child child;
        struct ext_file directory;
        struct ext_visitor visitor = {.visit = take_first, .context = &child};
        enum status status = ext_open(mount, number, &directory);
        if (status == STATUS_OK) {
            status = ext_read_directory(mount, &directory, 0, visitor);
        }
        if (status != STATUS_OK) {
            return status == STATUS_END ? STATUS_OK : status;
        }
        status = remove_child(removal, number, &child, depth + 1);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

bool command_rm(struct volume *volume, const struct words *words)
{
    struct removal removal = {.volume = volume};
    struct place place;
    struct ext_file file;
    if (!volume_need(volume, words->at[0], false, &file) ||
        !find_place(volume, words->at[0], &place)) {
        return false;
    }
    (void)snprintf(removal.path, sizeof removal.path, "%s", words->at[0]);
    enum status status = remove_name(
        &removal, parent_of(&place), place.name, file.inode.number, 0, words->recursive);
    return report(volume, removal.path, status);
}
