/* SPDX-License-Identifier: ISC */
/*
 * Making, moving and removing names. `put` writes under a name of its own first, so that what is
 * there is replaced whole or not at all.
 */
#define _GNU_SOURCE
#include "commands.h"
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr uint32_t depth_max = 1024;
constexpr char temporary_name[] = ".erixfs-put";

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

/* ---- put ------------------------------------------------------------------------------------- */

static enum status fill(struct volume *volume, uint64_t number, const struct source *source)
{
    struct ext_file file;
    struct ext_read_request request = {
        .size_bytes = source->size_bytes, .buffer = block_buffer_plain(source->bytes)};
    struct ext_attributes wanted = {.set = EXT_SET_MODIFIED,
        .modified = {.seconds = source->attributes.st_mtim.tv_sec,
            .nanoseconds = (uint32_t)source->attributes.st_mtim.tv_nsec}};
    uint64_t done_bytes = 0;
    enum status status = ext_open(&volume->mount, number, &file);
    if (status == STATUS_OK && source->size_bytes != 0) {
        status = ext_write(&volume->mount, &file, request, &done_bytes);
    }
    if (status == STATUS_OK && done_bytes < source->size_bytes) {
        return STATUS_NO_SPACE;
    }
    if (status == STATUS_OK && S_ISREG(source->attributes.st_mode)) {
        status = ext_set_attributes(&volume->mount, &file, &wanted);
    }
    return status;
}

/* Under the name of its own, which is taken away again if something fails. */
static enum status put(
    struct volume *volume, const struct place *place, const struct source *source)
{
    struct ext_mount *mount = &volume->mount;
    struct ext_name temporary = {.bytes = temporary_name, .size_bytes = sizeof temporary_name - 1};
    uint64_t parent = parent_of(place);
    bool regular = S_ISREG(source->attributes.st_mode);
    struct ext_new_inode wanted = {
        .mode = (uint16_t)(S_IFREG | (regular ? source->attributes.st_mode & 07777 : 0644))};
    uint64_t number;
    enum status status = ext_create(mount, parent, temporary, &wanted, &number);
    if (status != STATUS_OK) {
        return status;
    }
    status = fill(volume, number, source);
    struct ext_rename rename = {.source_parent = parent,
        .source = temporary,
        .target_parent = parent,
        .target = place->name};
    if (status == STATUS_OK) {
        status = ext_rename(mount, &rename);
    }
    if (status != STATUS_OK) {
        enum status removed = ext_unlink(mount, parent, temporary, false);
        status = removed == STATUS_OK ? status : removed;
    }
    return status;
}

bool command_put(struct volume *volume, const struct words *words)
{
    struct place place;
    struct source source;
    struct ext_file there;
    if (volume_find(volume, words->at[1], false, &there) == STATUS_OK &&
        there.inode.type == EXT_TYPE_DIRECTORY) {
        return report(volume, words->at[1], STATUS_IS_DIRECTORY);
    }
    if (!find_place(volume, words->at[1], &place) || !source_read(&source, words->at[0])) {
        return false;
    }
    enum status status = put(volume, &place, &source);
    source_free(&source);
    return report(volume, words->at[1], status);
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

static enum status remove_below(struct volume *volume, uint64_t number, uint32_t depth);

static enum status remove_name(struct volume *volume, uint64_t parent, struct ext_name name,
    uint64_t number, uint32_t depth, bool recursive)
{
    struct ext_file file;
    enum status status = ext_open(&volume->mount, number, &file);
    if (status != STATUS_OK || file.inode.type != EXT_TYPE_DIRECTORY) {
        return status == STATUS_OK ? ext_unlink(&volume->mount, parent, name, false) : status;
    }
    if (recursive) {
        status = remove_below(volume, number, depth);
    }
    return status == STATUS_OK ? ext_remove_directory(&volume->mount, parent, name, false) : status;
}

/* Recursion ends at depth_max, which a directory inside itself would reach. */
static enum status remove_below(struct volume *volume, uint64_t number, uint32_t depth)
{
    if (depth == depth_max) {
        return STATUS_LOOP;
    }
    for (;;) {
        struct child child;
        struct ext_file directory;
        struct ext_visitor visitor = {.visit = take_first, .context = &child};
        enum status status = ext_open(&volume->mount, number, &directory);
        if (status == STATUS_OK) {
            status = ext_read_directory(&volume->mount, &directory, 0, visitor);
        }
        if (status != STATUS_OK) {
            return status == STATUS_END ? STATUS_OK : status;
        }
        struct ext_name name = {.bytes = child.name, .size_bytes = child.name_bytes};
        status = remove_name(volume, number, name, child.number, depth + 1, true);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

bool command_rm(struct volume *volume, const struct words *words)
{
    struct place place;
    struct ext_file file;
    if (!volume_need(volume, words->at[0], false, &file) ||
        !find_place(volume, words->at[0], &place)) {
        return false;
    }
    return report(volume, words->at[0],
        remove_name(volume, parent_of(&place), place.name, file.inode.number, 0, words->recursive));
}
