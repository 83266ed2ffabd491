/* SPDX-License-Identifier: ISC */
/*
 * A directory is read one entry a call while names come and go between the calls, its first block
 * becomes an index and its leaves are split: every name that is there throughout is shown, and once
 * if no block was split.
 */
#define _GNU_SOURCE
#include "ext_protected.h"

constexpr uint32_t kept_count = 60;
constexpr uint32_t step_count = 800;

static struct writable writable;
static struct ext_mount *const mount = &writable.image.mount;

struct reading {
    uint64_t cursor;
    uint32_t shown[kept_count]; /* how often each name was, that is there throughout */
    uint32_t total;
};

static enum status make(uint64_t directory, const char *kind, uint32_t index)
{
    char name[32];
    uint64_t number;
    (void)snprintf(name, sizeof name, "%s-%04u", kind, index);
    return protected_create(mount, directory, name, 0100644, &number);
}

static enum status take(uint64_t directory, const char *kind, uint32_t index)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%s-%04u", kind, index);
    return ext_unlink(mount, directory, protected_name(name), false);
}

static bool show_one(void *context, const struct ext_entry *entry)
{
    struct reading *reading = context;
    reading->cursor = entry->next_cursor;
    if (entry->name_bytes == 9 && memcmp(entry->name, "kept-", 5) == 0) {
        uint32_t index = (uint32_t)strtoul(entry->name + 5, nullptr, 10);
        reading->shown[index]++;
        reading->total++;
    }
    return false;
}

static enum status read_one(uint64_t directory, struct reading *reading)
{
    struct ext_file file;
    struct ext_visitor visitor = {.visit = show_one, .context = reading};
    enum status status = ext_open(mount, directory, &file);
    return status == STATUS_OK ? ext_read_directory(mount, &file, reading->cursor, visitor)
                               : status;
}

/* How many of the names were shown, or UINT32_MAX. */
static uint32_t shown_count(const struct reading *reading)
{
    uint32_t count = 0;
    for (uint32_t index = 0; index < kept_count; index++) {
        count += reading->shown[index] > 0 ? 1 : 0;
    }
    return count;
}

static uint64_t make_directory(const char *options)
{
    uint64_t directory = 0;
    bool well = writable_make(&writable, "6M", "%s", options) &&
                protected_make(mount, "directory", 0, false, &directory);
    for (uint32_t index = 0; index < kept_count && well; index++) {
        well = make(directory, "kept", index) == STATUS_OK &&
               make(directory, "gone", index) == STATUS_OK;
    }
    CHECK(well);
    return directory;
}

/* `lead` entries are read before the directory begins to grow. */
static void grow_while_reading(const char *options, uint32_t lead)
{
    struct reading reading = {};
    uint64_t directory = make_directory(options);
    enum status status = STATUS_OK;
    for (uint32_t step = 0; status == STATUS_OK; step++) {
        status = read_one(directory, &reading);
        if (step >= lead && step < step_count) {
            CHECK_EQUAL(make(directory, "more", step), STATUS_OK);
        }
    }
    CHECK_EQUAL(status, STATUS_END);
    CHECK_EQUAL(shown_count(&reading), kept_count);
    CHECK(writable_finish(&writable));
}

static void names_are_shown_while_blocks_are_split(void)
{
    for (uint32_t lead = 0; lead < 60; lead += 7) {
        grow_while_reading("-t ext4 -b 1024", lead);
        grow_while_reading("-t ext2 -b 1024 -O ^dir_index", lead);
    }
}

static void names_are_shown_once_while_others_go(void)
{
    struct reading reading = {};
    uint64_t directory = make_directory("-t ext4 -b 1024");
    enum status status = STATUS_OK;
    for (uint32_t step = 0; status == STATUS_OK; step++) {
        status = read_one(directory, &reading);
        if (step < kept_count) {
            CHECK_EQUAL(take(directory, "gone", (step * 37) % kept_count), STATUS_OK);
        }
    }
    CHECK_EQUAL(status, STATUS_END);
    CHECK_EQUAL(shown_count(&reading), kept_count);
    CHECK_EQUAL(reading.total, kept_count);
    CHECK(writable_finish(&writable));
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    TEST(names_are_shown_while_blocks_are_split);
    TEST(names_are_shown_once_while_others_go);
    image_folder_remove();
    return check_report();
}
