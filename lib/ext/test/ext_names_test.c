/* SPDX-License-Identifier: ISC */
/*
 * Operations on names, one by one: what they make, what they refuse, what they inherit; limits of
 * the format; devices that fail; no space. e2fsck and debugfs judge what is left.
 */
#define _GNU_SOURCE
#include "ext_writable.h"

#include "../internal.h"

static struct writable writable;
static struct ext_mount *const mount = &writable.image.mount;

static struct ext_name name_of(const char *text)
{
    return (struct ext_name){.bytes = text, .size_bytes = (uint32_t)strlen(text)};
}

static enum status make(uint64_t parent, const char *name, uint16_t mode, uint64_t *number_out)
{
    struct ext_new_inode wanted = {.mode = mode, .user_id = 100'000, .group_id = 200'000};
    return ext_create(mount, parent, name_of(name), &wanted, number_out);
}

static uint64_t make_directory(uint64_t parent, const char *name)
{
    uint64_t number = 0;
    CHECK_EQUAL(make(parent, name, 0040755, &number), STATUS_OK);
    return number;
}

static uint64_t make_file(uint64_t parent, const char *name)
{
    uint64_t number = 0;
    CHECK_EQUAL(make(parent, name, 0100644, &number), STATUS_OK);
    return number;
}

static enum status make_link(uint64_t parent, const char *name, const char *target)
{
    uint64_t number;
    struct ext_new_inode wanted = {.mode = 0120777, .target = name_of(target)};
    return ext_create(mount, parent, name_of(name), &wanted, &number);
}

static struct ext_inode inode_of(uint64_t number)
{
    struct ext_inode inode = {};
    CHECK_EQUAL(ext_read_inode(mount, number, &inode), STATUS_OK);
    return inode;
}

static enum status look_up(uint64_t parent, const char *name, uint64_t *number_out)
{
    struct ext_file file;
    enum status status = ext_open(mount, parent, &file);
    return status == STATUS_OK ? ext_lookup(mount, &file, name, (uint32_t)strlen(name), number_out)
                               : status;
}

static enum status move(
    uint64_t from, const char *source, uint64_t to, const char *target, enum ext_rename_mode mode)
{
    struct ext_rename request = {
        .source_parent = from,
        .source = name_of(source),
        .target_parent = to,
        .target = name_of(target),
        .mode = mode,
    };
    return ext_rename(mount, &request);
}

/* ---- What is made ---------------------------------------------------------------------------- */

static void kinds_are_made_as_debugfs_shows_them(void)
{
    CHECK(writable_make(&writable, "8M", "-t ext4 -O ^has_journal -b 1024"));
    struct ext_new_inode small = {.mode = 0020600, .device_major = 4, .device_minor = 255};
    struct ext_new_inode great = {.mode = 0060600, .device_major = 4095, .device_minor = 0xfffff};
    uint64_t number;
    CHECK_EQUAL(ext_create(mount, ext_root_number, name_of("small"), &small, &number), STATUS_OK);
    CHECK_EQUAL(ext_create(mount, ext_root_number, name_of("great"), &great, &number), STATUS_OK);
    struct ext_inode inode = inode_of(number);
    CHECK_EQUAL(inode.device_major, 4095);
    CHECK_EQUAL(inode.device_minor, 0xfffff);
    great.device_minor++;
    CHECK_EQUAL(
        ext_create(mount, ext_root_number, name_of("x"), &great, &number), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(make(ext_root_number, "fifo", 0010640, &number), STATUS_OK);
    CHECK_EQUAL(make(ext_root_number, "socket", 0140640, &number), STATUS_OK);
    CHECK_EQUAL(make(ext_root_number, "none", 0000640, &number), STATUS_INVALID_ARGUMENT);
    CHECK(writable_finish(&writable));
    CHECK(image_run("debugfs -R 'stat small' fsck.img 2>/dev/null | grep -q 'major/minor number: "
                    "04:255'"));
    CHECK(image_run("debugfs -R 'stat great' fsck.img 2>/dev/null | grep -q 'major/minor number: "
                    "4095:1048575'"));
    CHECK(
        image_run("debugfs -R 'ls -l' fsck.img 2>/dev/null | grep -q '140640 .*100000  *200000 '"));
    CHECK(image_run("debugfs -R 'ls -l' fsck.img 2>/dev/null | grep -q ' 10640 '"));
}

static void links_hold_their_targets(void)
{
    static const uint32_t sizes[] = {1, 59, 60, 61, 500, 1023};
    static char target[2048];
    static char got[ext_link_bytes_max];
    CHECK(writable_make(&writable, "8M", "-t ext4 -O ^has_journal -b 1024"));
    memset(target, 'x', sizeof target);
    for (uint32_t index = 0; index < sizeof sizes / sizeof sizes[0]; index++) {
        uint64_t number = 0;
        uint32_t got_bytes = 0;
        struct ext_file file;
        char name[16];
        (void)snprintf(name, sizeof name, "link%u", sizes[index]);
        struct ext_new_inode wanted = {
            .mode = 0120777, .target = {.bytes = target, .size_bytes = sizes[index]}};
        CHECK_EQUAL(ext_create(mount, ext_root_number, name_of(name), &wanted, &number), STATUS_OK);
        CHECK_EQUAL(ext_open(mount, number, &file), STATUS_OK);
        CHECK_EQUAL(ext_read_link(mount, &file, got, &got_bytes), STATUS_OK);
        CHECK(got_bytes == sizes[index] && memcmp(got, target, got_bytes) == 0);
    }
    target[1024] = '\0';
    CHECK_EQUAL(make_link(ext_root_number, "long", target), STATUS_NAME_TOO_LONG);
    CHECK_EQUAL(make_link(ext_root_number, "empty", ""), STATUS_INVALID_ARGUMENT);
    CHECK(writable_finish(&writable));
    CHECK(image_run("debugfs -R 'ls -l' fsck.img 2>/dev/null | grep -q ' 1023 .*link1023'"));
}

static void names_are_checked(void)
{
    static const char *const bad[] = {"", ".", "..", "a/b"};
    uint64_t number;
    char name[ext_name_bytes_max + 2];
    CHECK(writable_make(&writable, "8M", "-t ext4 -O ^has_journal -b 1024"));
    for (uint32_t index = 0; index < sizeof bad / sizeof bad[0]; index++) {
        CHECK_EQUAL(make(ext_root_number, bad[index], 0100644, &number), STATUS_INVALID_ARGUMENT);
        CHECK_EQUAL(ext_unlink(mount, ext_root_number, name_of(bad[index]), false),
            STATUS_INVALID_ARGUMENT);
        CHECK_EQUAL(ext_remove_directory(mount, ext_root_number, name_of(bad[index]), false),
            STATUS_INVALID_ARGUMENT);
        CHECK_EQUAL(
            move(ext_root_number, "lost+found", ext_root_number, bad[index], EXT_RENAME_REPLACE),
            STATUS_INVALID_ARGUMENT);
    }
    memset(name, 'n', sizeof name);
    name[ext_name_bytes_max + 1] = '\0';
    CHECK_EQUAL(make(ext_root_number, name, 0100644, &number), STATUS_NAME_TOO_LONG);
    name[ext_name_bytes_max] = '\0';
    CHECK_EQUAL(make(ext_root_number, name, 0100644, &number), STATUS_OK);
    CHECK_EQUAL(make(number, "x", 0100644, &number), STATUS_NOT_DIRECTORY);
    struct ext_name with_nul = {.bytes = "a\0b", .size_bytes = 3};
    CHECK_EQUAL(ext_unlink(mount, ext_root_number, with_nul, false), STATUS_INVALID_ARGUMENT);
    CHECK(writable_finish(&writable));
}

/* ---- What is inherited and touched ------------------------------------------------------------
 */

static void set_flags(uint64_t number, uint32_t flags)
{
    struct ext_file file;
    CHECK_EQUAL(ext_open(mount, number, &file), STATUS_OK);
    uint32_t kept = file.inode.flags & ~ext_flags_changeable;
    struct ext_attributes wanted = {.set = EXT_SET_FLAGS, .flags = kept | flags};
    CHECK_EQUAL(ext_set_attributes(mount, &file, &wanted), STATUS_OK);
}

static void flags_and_groups_are_inherited(void)
{
    constexpr uint32_t inherited = 0x1 | 0x2 | 0x8 | 0x40 | 0x80 | 0x1'0000;
    CHECK(writable_make(&writable, "8M", "-t ext4 -O ^has_journal -b 1024"));
    uint64_t parent;
    CHECK_EQUAL(make(ext_root_number, "parent", 0042755, &parent), STATUS_OK);
    set_flags(parent, inherited | 0x2'0000); /* the top of a tree is one alone */
    struct ext_new_inode wanted = {.mode = 0040755, .user_id = 5, .group_id = 6};
    uint64_t number = 0;
    CHECK_EQUAL(ext_create(mount, parent, name_of("d"), &wanted, &number), STATUS_OK);
    struct ext_inode inode = inode_of(number);
    CHECK_EQUAL(inode.flags & 0x2003'00fb, inherited);
    CHECK_EQUAL(inode.group_id, 200'000);
    CHECK_EQUAL(inode.mode, 0042755);
    CHECK_EQUAL(inode_of(make_file(parent, "f")).flags & 0x2003'00fb, inherited & ~0x1'0000U);
    CHECK_EQUAL(make_link(parent, "l", "x"), STATUS_OK);
    CHECK_EQUAL(look_up(parent, "l", &number), STATUS_OK);
    CHECK_EQUAL(inode_of(number).flags, 0xc0);
    CHECK(writable_finish(&writable));
}

static void times_are_those_of_the_change(void)
{
    CHECK(writable_make(&writable, "8M", "-t ext4 -O ^has_journal -b 1024"));
    ext_set_time(mount, (struct ext_time){.seconds = writable_now + 1, .nanoseconds = 5});
    uint64_t parent = make_directory(ext_root_number, "d");
    uint64_t number = make_file(parent, "f");
    ext_set_time(mount, (struct ext_time){.seconds = writable_now + 2});
    CHECK_EQUAL(ext_link(mount, number, ext_root_number, name_of("g")), STATUS_OK);
    struct ext_inode inode = inode_of(number);
    CHECK_EQUAL(inode.created.seconds, writable_now + 1);
    CHECK_EQUAL(inode.created.nanoseconds, 5);
    CHECK_EQUAL(inode.modified.seconds, writable_now + 1);
    CHECK_EQUAL(inode.changed.seconds, writable_now + 2);
    CHECK_EQUAL(inode_of(ext_root_number).modified.seconds, writable_now + 2);
    CHECK_EQUAL(inode_of(parent).modified.seconds, writable_now + 1);
    ext_set_time(mount, (struct ext_time){.seconds = writable_now + 3});
    CHECK_EQUAL(move(parent, "f", ext_root_number, "h", EXT_RENAME_REPLACE), STATUS_OK);
    CHECK_EQUAL(inode_of(parent).modified.seconds, writable_now + 3);
    CHECK_EQUAL(inode_of(ext_root_number).changed.seconds, writable_now + 3);
    CHECK_EQUAL(inode_of(number).changed.seconds, writable_now + 3);
    CHECK(writable_finish(&writable));
}

/* ---- What forbids a change --------------------------------------------------------------------
 */

static void flags_forbid_changes(void)
{
    constexpr uint32_t immutable = 0x10;
    constexpr uint32_t append = 0x20;
    CHECK(writable_make(&writable, "8M", "-t ext4 -O ^has_journal -b 1024"));
    uint64_t parent = make_directory(ext_root_number, "d");
    uint64_t number = make_file(parent, "f");
    uint64_t other;
    static const uint32_t flags[] = {immutable, append};
    for (uint32_t index = 0; index < 2; index++) {
        bool adds = flags[index] == append;
        set_flags(number, flags[index]);
        CHECK_EQUAL(ext_unlink(mount, parent, name_of("f"), false), STATUS_DENIED);
        CHECK_EQUAL(ext_link(mount, number, parent, name_of("g")), STATUS_DENIED);
        CHECK_EQUAL(move(parent, "f", parent, "g", EXT_RENAME_REPLACE), STATUS_DENIED);
        set_flags(number, 0);
        set_flags(parent, flags[index]);
        CHECK_EQUAL(ext_unlink(mount, parent, name_of("f"), false), STATUS_DENIED);
        CHECK_EQUAL(make(parent, "new", 0100644, &other), adds ? STATUS_OK : STATUS_DENIED);
        CHECK_EQUAL(move(parent, "f", ext_root_number, "g", EXT_RENAME_REPLACE), STATUS_DENIED);
        CHECK_EQUAL(
            ext_remove_directory(mount, ext_root_number, name_of("d"), false), STATUS_DENIED);
        set_flags(parent, 0);
    }
    CHECK_EQUAL(move(parent, "f", ext_root_number, "g", EXT_RENAME_REPLACE), STATUS_OK);
    CHECK(writable_finish(&writable));
}

static void nothing_is_changed_on_a_mount_to_read(void)
{
    CHECK(writable_make(&writable, "8M", "-t ext4 -O ^has_journal -b 1024"));
    uint64_t number = make_file(ext_root_number, "f");
    CHECK_EQUAL(ext_unmount(mount), STATUS_OK);
    CHECK_EQUAL(make(ext_root_number, "g", 0100644, &number), STATUS_READ_ONLY);
    CHECK_EQUAL(ext_link(mount, number, ext_root_number, name_of("g")), STATUS_READ_ONLY);
    CHECK_EQUAL(ext_unlink(mount, ext_root_number, name_of("f"), false), STATUS_READ_ONLY);
    CHECK_EQUAL(ext_remove_directory(mount, ext_root_number, name_of("lost+found"), false),
        STATUS_READ_ONLY);
    CHECK_EQUAL(
        move(ext_root_number, "f", ext_root_number, "g", EXT_RENAME_REPLACE), STATUS_READ_ONLY);
    CHECK(writable_finish(&writable));
}

/* ---- Inodes without names ----------------------------------------------------------------------
 */

static void fill(uint64_t number, uint64_t offset_bytes)
{
    static uint8_t bytes[65536];
    memset(bytes, 0x5a, sizeof bytes);
    struct ext_file file;
    uint64_t done_bytes;
    CHECK_EQUAL(ext_open(mount, number, &file), STATUS_OK);
    struct ext_read_request request = {.offset_bytes = offset_bytes,
        .size_bytes = sizeof bytes,
        .buffer = block_buffer_plain(bytes)};
    CHECK_EQUAL(ext_write(mount, &file, request, &done_bytes), STATUS_OK);
}

static void an_open_file_outlives_its_name(void)
{
    CHECK(writable_make(&writable, "8M", "-t ext4 -O ^has_journal -b 1024"));
    uint64_t free_before = ext_statfs(mount).free_block_count;
    uint64_t number = make_file(ext_root_number, "f");
    fill(number, 0);
    struct ext_file file;
    CHECK_EQUAL(ext_open(mount, number, &file), STATUS_OK);
    CHECK_EQUAL(ext_unlink(mount, ext_root_number, name_of("f"), true), STATUS_OK);
    uint8_t bytes[100];
    uint64_t done_bytes = 0;
    struct ext_read_request request = {
        .size_bytes = sizeof bytes, .buffer = block_buffer_plain(bytes)};
    CHECK_EQUAL(ext_read(mount, &file, request, &done_bytes), STATUS_OK);
    CHECK(done_bytes == sizeof bytes && bytes[99] == 0x5a);
    CHECK_EQUAL(ext_forget(mount, number), STATUS_OK);
    CHECK_EQUAL(ext_forget(mount, number), STATUS_OK);
    CHECK_EQUAL(ext_read(mount, &file, request, &done_bytes), STATUS_NOT_FOUND);
    CHECK_EQUAL(ext_sync(mount), STATUS_OK);
    CHECK_EQUAL(ext_statfs(mount).free_block_count, free_before);
    number = make_file(ext_root_number, "g");
    CHECK_EQUAL(ext_forget(mount, number), STATUS_OK);
    CHECK_EQUAL(inode_of(number).link_count, 1);
    CHECK(writable_finish(&writable));
}

/* So many pieces that they are freed in several changes. */
static void a_file_in_pieces_goes_whole(void)
{
    static const char *const options[] = {
        "-t ext4 -O ^has_journal -b 1024", "-t ext2 -b 1024 -I 128"};
    for (uint32_t index = 0; index < 2; index++) {
        CHECK(writable_make(&writable, "64M", "%s", options[index]));
        uint64_t free_before = ext_statfs(mount).free_block_count;
        uint64_t number = make_file(ext_root_number, "f");
        for (uint64_t piece = 0; piece < 300; piece++) {
            fill(number, piece * 200'704);
        }
        CHECK_EQUAL(ext_unlink(mount, ext_root_number, name_of("f"), false), STATUS_OK);
        CHECK_EQUAL(ext_sync(mount), STATUS_OK);
        CHECK_EQUAL(ext_statfs(mount).free_block_count, free_before);
        CHECK(writable_finish(&writable));
    }
}

/* ---- A journal ----------------------------------------------------------------------------------
 */

static uint64_t first_block_of(uint64_t number)
{
    struct ext_file file;
    struct ext_run run = {};
    CHECK_EQUAL(ext_open(mount, number, &file), STATUS_OK);
    CHECK_EQUAL(ext_map(mount, &file, 0, &run), STATUS_OK);
    return run.physical_block;
}

/* A directory is in the log; the file that has its block now is not, and must not be lost to it. */
static void a_removed_directory_is_not_replayed(void)
{
    static const char *const options[] = {"-t ext4 -b 1024", "-t ext3 -b 1024 -I 128"};
    for (uint32_t index = 0; index < 2; index++) {
        CHECK(writable_make(&writable, "8M", "%s", options[index]));
        uint64_t block = first_block_of(make_directory(ext_root_number, "d"));
        CHECK_EQUAL(ext_sync(mount), STATUS_OK);
        CHECK_EQUAL(ext_remove_directory(mount, ext_root_number, name_of("d"), false), STATUS_OK);
        CHECK_EQUAL(ext_sync(mount), STATUS_OK);
        uint64_t number = make_file(ext_root_number, "f");
        fill(number, 0);
        CHECK_EQUAL(first_block_of(number), block);
        CHECK_EQUAL(ext_sync(mount), STATUS_OK);
        CHECK_EQUAL(writable_mount(&writable), STATUS_OK); /* as after a loss of power */
        struct ext_file file;
        uint8_t bytes[100] = {};
        uint64_t done_bytes;
        struct ext_read_request request = {
            .size_bytes = sizeof bytes, .buffer = block_buffer_plain(bytes)};
        CHECK_EQUAL(ext_open(mount, number, &file), STATUS_OK);
        CHECK_EQUAL(ext_read(mount, &file, request, &done_bytes), STATUS_OK);
        CHECK(bytes[0] == 0x5a && bytes[99] == 0x5a);
        CHECK(writable_finish(&writable));
    }
}

/* ---- Limits ------------------------------------------------------------------------------------
 */

static void links_are_counted_up_to_the_limit(void)
{
    CHECK(writable_make(&writable, "32M", "-t ext4 -O ^has_journal -b 4096"));
    uint64_t number = make_file(ext_root_number, "f");
    char name[16];
    for (uint32_t index = 1; index < 65'000; index++) {
        (void)snprintf(name, sizeof name, "l%u", index);
        CHECK_EQUAL(ext_link(mount, number, ext_root_number, name_of(name)), STATUS_OK);
    }
    CHECK_EQUAL(ext_link(mount, number, ext_root_number, name_of("more")), STATUS_TOO_LARGE);
    CHECK_EQUAL(inode_of(number).link_count, 65'000);
    CHECK_EQUAL(ext_unlink(mount, ext_root_number, name_of("l7"), false), STATUS_OK);
    CHECK_EQUAL(ext_link(mount, number, ext_root_number, name_of("more")), STATUS_OK);
    CHECK(writable_finish(&writable));
}

static void subdirectories_stop_to_be_counted(void)
{
    static const char *const options[] = {"dir_nlink", "^dir_nlink"};
    for (uint32_t index = 0; index < 2; index++) {
        CHECK(writable_make(&writable, "48M",
            "-t ext4 -O ^has_journal,inline_data,%s -b 4096 -I 256 -N 66000", options[index]));
        uint64_t parent = make_directory(ext_root_number, "d");
        char name[16];
        uint64_t number;
        enum status status = STATUS_OK;
        uint32_t count = 0;
        while (count < 65'010 && status == STATUS_OK) {
            (void)snprintf(name, sizeof name, "%u", count++);
            status = make(parent, name, 0040755, &number);
        }
        CHECK_EQUAL(status, index == 0 ? STATUS_OK : STATUS_TOO_LARGE);
        CHECK_EQUAL(inode_of(parent).link_count, index == 0 ? 1 : 65'000);
        CHECK_EQUAL(ext_remove_directory(mount, parent, name_of("7"), false), STATUS_OK);
        CHECK_EQUAL(inode_of(parent).link_count, index == 0 ? 1 : 64'999);
        CHECK(writable_finish(&writable));
    }
}

/* ---- Loops -------------------------------------------------------------------------------------
 */

static void directories_do_not_come_into_themselves(void)
{
    CHECK(writable_make(&writable, "8M", "-t ext4 -O ^has_journal,inline_data -b 1024"));
    uint64_t above = make_directory(ext_root_number, "a");
    uint64_t middle = make_directory(above, "b");
    uint64_t below = make_directory(middle, "c");
    (void)make_file(below, "f");
    CHECK_EQUAL(
        move(ext_root_number, "a", below, "x", EXT_RENAME_REPLACE), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(
        move(ext_root_number, "a", above, "x", EXT_RENAME_REPLACE), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(
        move(below, "f", ext_root_number, "a", EXT_RENAME_EXCHANGE), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(move(below, "f", ext_root_number, "a", EXT_RENAME_REPLACE), STATUS_IS_DIRECTORY);
    CHECK_EQUAL(move(middle, "c", ext_root_number, "a", EXT_RENAME_REPLACE), STATUS_NOT_EMPTY);
    CHECK_EQUAL(move(middle, "c", ext_root_number, "x", EXT_RENAME_NO_REPLACE), STATUS_OK);
    CHECK_EQUAL(move(ext_root_number, "a", below, "x", EXT_RENAME_REPLACE), STATUS_OK);
    uint64_t number = 0;
    CHECK_EQUAL(look_up(above, "..", &number), STATUS_OK);
    CHECK_EQUAL(number, below);
    CHECK(writable_finish(&writable));
}

/* ---- No space ----------------------------------------------------------------------------------
 */

static void a_full_volume_stays_whole(void)
{
    static const char *const options[] = {"-t ext4 -O ^has_journal -b 1024 -N 4000 -m 0",
        "-t ext2 -b 1024 -N 200", "-t ext4 -O ^has_journal,bigalloc -C 8192 -b 1024 -N 4000 -m 0"};
    for (uint32_t index = 0; index < sizeof options / sizeof options[0]; index++) {
        CHECK(writable_make(&writable, "2M", "%s", options[index]));
        uint64_t free_before = ext_statfs(mount).free_block_count;
        char name[64];
        uint64_t number;
        uint32_t count = 0;
        enum status status = STATUS_OK;
        while (status == STATUS_OK) {
            (void)snprintf(name, sizeof name, "%u-%050u", count, count);
            status = make(ext_root_number, name, 0040755, &number);
            count += status == STATUS_OK;
        }
        CHECK_EQUAL(status, STATUS_NO_SPACE);
        CHECK(count > 100);
        CHECK_EQUAL(ext_unmount(mount), STATUS_OK);
        CHECK(image_fsck(&writable.image));
        CHECK_EQUAL(writable_mount(&writable), STATUS_OK);
        for (uint32_t gone = 0; gone < count; gone++) {
            (void)snprintf(name, sizeof name, "%u-%050u", gone, gone);
            CHECK_EQUAL(
                ext_remove_directory(mount, ext_root_number, name_of(name), false), STATUS_OK);
        }
        struct ext_inode root = inode_of(ext_root_number);
        CHECK_EQUAL(ext_sync(mount), STATUS_OK);
        CHECK(free_before - ext_statfs(mount).free_block_count <= root.sector_count / 2);
        CHECK(writable_finish(&writable));
    }
}

/* ---- Devices that fail --------------------------------------------------------------------------
 */

/* Each operation once; its names are there before it. */
static enum status operation(uint32_t kind, uint64_t *numbers)
{
    uint64_t number;
    switch (kind) {
    case 0:
        return make(numbers[0], "new", 0100644, &number);
    case 1:
        return make(numbers[0], "new", 0040755, &number);
    case 2:
        return make_link(numbers[0], "new",
            "a/rather/long/target/of/more/than/sixty/bytes/which/"
            "has/a/block/of/its/own");
    case 3:
        return ext_link(mount, numbers[2], numbers[1], name_of("new"));
    case 4:
        return ext_unlink(mount, numbers[0], name_of("file"), false);
    case 5:
        return ext_remove_directory(mount, numbers[0], name_of("empty"), false);
    case 6:
        return move(numbers[0], "file", numbers[1], "file", EXT_RENAME_REPLACE);
    case 7:
        return move(numbers[0], "full", numbers[1], "new", EXT_RENAME_REPLACE);
    default:
        return move(numbers[0], "file", numbers[1], "file", EXT_RENAME_EXCHANGE);
    }
}

constexpr uint32_t operation_count = 9;

static void make_nodes(uint64_t *numbers)
{
    char name[64];
    numbers[0] = make_directory(ext_root_number, "source");
    numbers[1] = make_directory(ext_root_number, "target");
    numbers[2] = make_file(numbers[0], "file");
    fill(make_file(numbers[1], "file"), 0);
    (void)make_directory(numbers[0], "empty");
    (void)make_file(make_directory(numbers[0], "full"), "f");
    for (uint32_t index = 0; index < 33; index++) {
        (void)snprintf(name, sizeof name, "%060u", index);
        CHECK_EQUAL(ext_link(mount, numbers[2], numbers[0], name_of(name)), STATUS_OK);
        CHECK_EQUAL(ext_link(mount, numbers[2], numbers[1], name_of(name)), STATUS_OK);
    }
}

/* Every read of the operation fails in turn: it does nothing then, and the volume stays whole. */
static void operations_survive_failing_reads(void)
{
    for (uint32_t kind = 0; kind < operation_count; kind++) {
        CHECK(writable_make(&writable, "8M", "-t ext4 -O ^has_journal -b 1024"));
        uint64_t numbers[3];
        make_nodes(numbers);
        enum status status = STATUS_IO;
        uint32_t failed = 0;
        while (status == STATUS_IO && failed < 100) {
            CHECK_EQUAL(ext_unmount(mount), STATUS_OK);
            CHECK_EQUAL(writable_mount(&writable), STATUS_OK);
            block_fault_arm(
                &writable.image.fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_READ,
                                           .effect = BLOCK_FAULT_SPOIL,
                                           .status = STATUS_IO,
                                           .first = failed,
                                           .count = 1});
            status = operation(kind, numbers);
            failed += writable.image.fault.hit_count > 0;
            block_fault_arm(&writable.image.fault, (struct block_fault_plan){});
            if (status == STATUS_IO) {
                CHECK_EQUAL(ext_sync(mount), STATUS_OK);
                CHECK(image_fsck(&writable.image));
            }
        }
        CHECK_EQUAL(status, STATUS_OK);
        CHECK(failed > 1);
        CHECK(writable_finish(&writable));
    }
}

/* A commit that fails is told, and nothing is written after it. */
static void operations_report_failing_writes(void)
{
    static const uint32_t kinds[] = {BLOCK_FAULT_WRITE, BLOCK_FAULT_FLUSH};
    for (uint32_t index = 0; index < 2; index++) {
        for (uint64_t first = 0; first < 4; first++) {
            CHECK(writable_make(&writable, "8M", "-t ext4 -O ^has_journal -b 1024"));
            uint64_t number = make_file(ext_root_number, "f");
            CHECK_EQUAL(ext_sync(mount), STATUS_OK);
            CHECK_EQUAL(ext_unlink(mount, ext_root_number, name_of("f"), false), STATUS_OK);
            block_fault_arm(&writable.image.fault, (struct block_fault_plan){.kinds = kinds[index],
                                                       .effect = BLOCK_FAULT_FAIL,
                                                       .status = STATUS_IO,
                                                       .first = first,
                                                       .count = 1});
            enum status status = ext_sync(mount);
            if (writable.image.fault.hit_count > 0) {
                CHECK_EQUAL(status, STATUS_IO);
                CHECK_EQUAL(make(ext_root_number, "g", 0100644, &number), STATUS_IO);
                CHECK_EQUAL(ext_sync(mount), STATUS_IO);
            } else {
                CHECK_EQUAL(status, STATUS_OK);
                CHECK(first > 0);
            }
            image_free(&writable.image);
        }
    }
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    TEST(kinds_are_made_as_debugfs_shows_them);
    TEST(links_hold_their_targets);
    TEST(names_are_checked);
    TEST(flags_and_groups_are_inherited);
    TEST(times_are_those_of_the_change);
    TEST(flags_forbid_changes);
    TEST(nothing_is_changed_on_a_mount_to_read);
    TEST(an_open_file_outlives_its_name);
    TEST(a_file_in_pieces_goes_whole);
    TEST(a_removed_directory_is_not_replayed);
    TEST(links_are_counted_up_to_the_limit);
    TEST(subdirectories_stop_to_be_counted);
    TEST(directories_do_not_come_into_themselves);
    TEST(a_full_volume_stays_whole);
    TEST(operations_survive_failing_reads);
    TEST(operations_report_failing_writes);
    image_folder_remove();
    return check_report();
}
