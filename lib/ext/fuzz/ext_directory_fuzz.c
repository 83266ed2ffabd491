/* SPDX-License-Identifier: ISC */
/*
 * Directories and their indexes: names that one shows can be looked up, and lead where it showed;
 * one that it does not show is not there.
 */
#include <stdio.h>
#include <string.h>

#include "life.h"
#include "target.h"

static const char *const names[] = {"ext2", "ext4", "ext4-plain", "ext4-inline", "casefold",
    "encrypted-casefold", "encrypted-1k", "ext4-groups", "ext4-levels", "ext4-collisions", nullptr};
static const enum part_kind kinds[] = {PART_DIRECTORY, PART_INDEX, PART_INODE};

constexpr uint32_t shown_count_max = 800;
constexpr uint32_t lookup_count = 12; /* in one directory */
constexpr uint32_t made_count = 3;
constexpr uint32_t made_name_bytes = 100;

struct shown {
    uint64_t number;
    uint32_t name_bytes;
    char name[ext_name_bytes_max];
};

static struct shown shown[shown_count_max];
static uint32_t shown_count;

static bool collect(void *, const struct ext_entry *entry)
{
    require(entry->name_bytes > 0 && entry->name_bytes <= ext_name_bytes_max, "length of a name");
    if (shown_count < shown_count_max) {
        struct shown *next = &shown[shown_count++];
        next->number = entry->inode_number;
        next->name_bytes = entry->name_bytes;
        memcpy(next->name, entry->name, entry->name_bytes);
    }
    return true;
}

static enum status look_up(struct ext_file *directory, const struct shown *wanted)
{
    uint64_t number = 0;
    enum status status =
        ext_lookup(&life_mount, directory, wanted->name, wanted->name_bytes, &number);
    return status == STATUS_OK && number != wanted->number ? STATUS_NOT_FOUND : status;
}

/* Of what can be refused on a sound volume nothing is left. */
static enum status accept(enum status status)
{
    return status == STATUS_NO_SPACE || status == STATUS_TOO_LARGE || status == STATUS_DENIED ||
                   status == STATUS_EXISTS || status == STATUS_UNSUPPORTED
               ? STATUS_OK
               : status;
}

/* Names of each kind are made, so that a directory grows, and taken away. */
static enum status change_directory(uint64_t parent)
{
    static const uint16_t modes[] = {0100644, 0120777, 0040755};
    enum status first = STATUS_OK;
    for (uint32_t index = 0; index < made_count; index++) {
        char room[made_name_bytes + 1];
        uint64_t number = 0;
        (void)snprintf(room, sizeof room, "%0*u", (int)made_name_bytes, index);
        struct ext_name name = {.bytes = room, .size_bytes = made_name_bytes};
        struct ext_new_inode wanted = {
            .mode = modes[index % 3], .target = {.bytes = "a target", .size_bytes = 8}};
        enum status status = ext_create(&life_mount, parent, name, &wanted, &number);
        if (status == STATUS_OK) {
            status = modes[index % 3] == 0040755
                         ? ext_remove_directory(&life_mount, parent, name, false)
                         : ext_unlink(&life_mount, parent, name, false);
        }
        first = first == STATUS_OK ? accept(status) : first;
    }
    return first;
}

static enum status use_directory(struct ext_file *directory)
{
    struct ext_visitor visitor = {.visit = collect};
    uint64_t number;
    if (directory->inode.type != EXT_TYPE_DIRECTORY) {
        return STATUS_OK;
    }
    shown_count = 0;
    enum status first = ext_read_directory(&life_mount, directory, 0, visitor);
    first = first == STATUS_END ? STATUS_OK : first;
    for (uint32_t index = 0; index < shown_count; index += 1 + shown_count / lookup_count) {
        enum status status = look_up(directory, &shown[index]);
        first = first == STATUS_OK ? status : first;
    }
    if (first == STATUS_OK && life_mount.writable) {
        first = change_directory(directory->inode.number);
    }
    enum status status = ext_lookup(&life_mount, directory, "no such name", 12, &number);
    return first == STATUS_OK && status != STATUS_NOT_FOUND ? STATUS_CORRUPT : first;
}

static enum status use(void)
{
    return life_each(1, use_directory);
}

static void run(struct base *base, const struct input *input, uint32_t)
{
    life_run(base, input->flags, use);
}

const struct target target = {
    .bases = names,
    .kinds = kinds,
    .kind_count = sizeof kinds / sizeof kinds[0],
    .run = run,
};
