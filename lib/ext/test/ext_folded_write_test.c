/* SPDX-License-Identifier: ISC */
/*
 * Changing directories in which case does not matter: names that are there in another spelling,
 * renames that only change it, names that are no UTF-8, directories that Linux indexed.
 */
#define _GNU_SOURCE
#include "ext_linux.h"
#include "ext_protected.h"

static struct writable volume;
static uint64_t top;

static struct ext_mount *mount_of(void)
{
    return &volume.image.mount;
}

struct listing {
    const char *name;
    uint32_t count;
};

static bool count_name(void *context, const struct ext_entry *entry)
{
    struct listing *listing = context;
    listing->count += entry->name_bytes == strlen(listing->name) &&
                      memcmp(entry->name, listing->name, entry->name_bytes) == 0;
    return true;
}

/* How often a name is shown in exactly this spelling. */
static uint32_t shown(uint64_t number, const char *name)
{
    struct ext_file directory;
    struct listing listing = {.name = name};
    struct ext_visitor visitor = {.visit = count_name, .context = &listing};
    CHECK_EQUAL(ext_open(mount_of(), number, &directory), STATUS_OK);
    CHECK_EQUAL(ext_read_directory(mount_of(), &directory, 0, visitor), STATUS_END);
    return listing.count;
}

static enum status make(uint64_t parent, const char *name)
{
    uint64_t number;
    return protected_create(mount_of(), parent, name, 0100644, &number);
}

static bool make_volume(const char *options, uint32_t padding_bytes)
{
    return writable_make(&volume, "8M", "%s", options) &&
           protected_make(mount_of(), "top", padding_bytes, true, &top);
}

static const char *const plain_options = "-t ext4 -O casefold,^has_journal -b 1024";
static const char *const strict_options =
    "-t ext4 -O casefold,^has_journal -E encoding_flags=strict -b 1024";
static const char *const secret_options = "-t ext4 -O encrypt,casefold,^has_journal -b 1024";

static void check_spellings(void)
{
    uint64_t number;
    struct ext_mount *mount = mount_of();
    CHECK_EQUAL(make(top, "Straße"), STATUS_OK);
    CHECK_EQUAL(make(top, "STRASSE"), STATUS_EXISTS);
    CHECK_EQUAL(make(top, "straSSe"), STATUS_EXISTS);
    CHECK_EQUAL(make(top, "A\xcc\x8angström"), STATUS_OK);
    CHECK_EQUAL(make(top, "åNGSTRÖM"), STATUS_EXISTS);
    CHECK_EQUAL(protected_lookup(mount, top, "strasse", &number), STATUS_OK);
    CHECK_EQUAL(ext_link(mount, number, top, protected_name("ÅNGSTRÖM")), STATUS_EXISTS);
    CHECK_EQUAL(ext_link(mount, number, top, protected_name("Second")), STATUS_OK);
    CHECK_EQUAL(ext_unlink(mount, top, protected_name("sECOND"), false), STATUS_OK);
    CHECK_EQUAL(ext_unlink(mount, top, protected_name("second"), false), STATUS_NOT_FOUND);
    CHECK_EQUAL(shown(top, "Straße"), 1);
    CHECK_EQUAL(shown(top, "STRASSE"), 0);
}

/* The new spelling is shown, and leads where the old one did. */
static void check_respelling(void)
{
    uint64_t before;
    uint64_t after;
    struct ext_mount *mount = mount_of();
    struct ext_rename request = {
        .source_parent = top,
        .source = protected_name("straße"),
        .target_parent = top,
        .target = protected_name("STRASSE"),
    };
    CHECK_EQUAL(protected_lookup(mount, top, "straße", &before), STATUS_OK);
    CHECK_EQUAL(ext_rename(mount, &request), STATUS_OK);
    CHECK_EQUAL(shown(top, "STRASSE"), 1);
    CHECK_EQUAL(shown(top, "Straße"), 0);
    request.mode = EXT_RENAME_NO_REPLACE;
    request.target = protected_name("strasse");
    CHECK_EQUAL(ext_rename(mount, &request), STATUS_EXISTS);
    request.mode = EXT_RENAME_EXCHANGE;
    CHECK_EQUAL(ext_rename(mount, &request), STATUS_OK);
    CHECK_EQUAL(shown(top, "STRASSE"), 1);
    CHECK_EQUAL(protected_lookup(mount, top, "strasse", &after), STATUS_OK);
    CHECK_EQUAL(before, after);
    CHECK_EQUAL(ext_link(mount, after, top, protected_name("other name")), STATUS_OK);
    CHECK_EQUAL(protected_rename(mount, top, "Strasse", top, "OTHER NAME"), STATUS_OK);
    CHECK_EQUAL(shown(top, "STRASSE") + shown(top, "other name"), 2);
}

static void spellings_are_one_name(void)
{
    static const struct {
        const char *options;
        uint32_t padding_bytes;
    } kinds[] = {{plain_options, 0}, {strict_options, 0}, {secret_options, 16}};
    for (uint32_t kind = 0; kind < 3; kind++) {
        CHECK(make_volume(kinds[kind].options, kinds[kind].padding_bytes));
        check_spellings();
        check_respelling();
        CHECK(writable_finish(&volume));
    }
}

static void names_that_are_no_utf8(void)
{
    uint64_t number;
    struct ext_mount *mount = mount_of();
    CHECK(make_volume(plain_options, 0));
    CHECK_EQUAL(make(top, "broken \xff"), STATUS_OK);
    CHECK_EQUAL(make(top, "BROKEN \xff"), STATUS_OK);
    CHECK_EQUAL(make(top, "broken \xff"), STATUS_EXISTS);
    CHECK(writable_finish(&volume));
    CHECK(make_volume(strict_options, 0));
    CHECK_EQUAL(make(top, "broken \xff"), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(make(top, "whole"), STATUS_OK);
    CHECK_EQUAL(protected_rename(mount, top, "whole", top, "\xc3"), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(protected_lookup(mount, top, "WHOLE", &number), STATUS_OK);
    CHECK_EQUAL(
        ext_link(mount, number, top, protected_name("\xed\xa0\x80")), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(make(ext_root_number, "broken \xff"), STATUS_OK);
    CHECK(writable_finish(&volume));
}

static void empty_directories_change_their_ways(void)
{
    uint64_t number;
    uint64_t inner;
    struct ext_file file;
    struct ext_mount *mount = mount_of();
    CHECK(make_volume(plain_options, 0));
    CHECK_EQUAL(protected_create(mount, top, "Inner", 0040755, &inner), STATUS_OK);
    CHECK_EQUAL(make(inner, "a"), STATUS_OK);
    CHECK_EQUAL(make(inner, "A"), STATUS_EXISTS);
    CHECK_EQUAL(protected_fold(mount, inner, false), STATUS_NOT_EMPTY);
    CHECK_EQUAL(ext_unlink(mount, inner, protected_name("A"), false), STATUS_OK);
    CHECK_EQUAL(protected_fold(mount, inner, false), STATUS_OK);
    CHECK_EQUAL(make(inner, "a"), STATUS_OK);
    CHECK_EQUAL(make(inner, "A"), STATUS_OK);
    CHECK_EQUAL(protected_fold(mount, inner, true), STATUS_NOT_EMPTY);
    CHECK_EQUAL(protected_lookup(mount, inner, "a", &number), STATUS_OK);
    CHECK_EQUAL(protected_fold(mount, number, true), STATUS_NOT_DIRECTORY);
    CHECK_EQUAL(ext_open(mount, number, &file), STATUS_OK);
    CHECK_EQUAL(file.inode.flags & inode_flag_casefold, 0);
    CHECK(writable_finish(&volume));
    CHECK(writable_make(&volume, "8M", "-t ext4 -O ^has_journal -b 1024"));
    CHECK_EQUAL(protected_create(mount, ext_root_number, "d", 0040755, &number), STATUS_OK);
    CHECK_EQUAL(protected_fold(mount, number, true), STATUS_UNSUPPORTED);
    CHECK(writable_finish(&volume));
}

/* An index has hashes of one kind, so it must not become that of a directory with others. */
static void indexed_directories_keep_their_hashes(void)
{
    struct ext_mount *mount = mount_of();
    CHECK(make_volume(secret_options, 0));
    CHECK_EQUAL(protected_encrypt(mount, top, 4), STATUS_OK);
    char name[32];
    for (uint32_t index = 0; index < 60; index++) {
        (void)snprintf(name, sizeof name, "a longer name %u", index);
        CHECK_EQUAL(make(top, name), STATUS_OK);
    }
    for (uint32_t index = 0; index < 60; index++) {
        (void)snprintf(name, sizeof name, "A LONGER NAME %u", index);
        CHECK_EQUAL(ext_unlink(mount, top, protected_name(name), false), STATUS_OK);
    }
    CHECK_EQUAL(protected_fold(mount, top, false), STATUS_UNSUPPORTED);
    CHECK_EQUAL(make(top, "name"), STATUS_OK);
    CHECK(writable_finish(&volume));
}

/* What Linux made goes on: names are found, added until blocks split, taken away. */
static void check_indexed(const char *folder, bool with_key)
{
    struct ext_file file;
    struct ext_mount *mount = mount_of();
    char name[40];
    CHECK(!with_key || linux_key_add(&volume.image, 0) == STATUS_OK);
    CHECK_EQUAL(image_open(&volume.image, folder, &file), STATUS_OK);
    top = file.inode.number;
    CHECK_EQUAL(make(top, "FILE_NUMBER_77"), STATUS_EXISTS);
    for (uint32_t index = 301; index < 460; index++) {
        (void)snprintf(name, sizeof name, "File_Number_%u", index);
        CHECK_EQUAL(make(top, name), STATUS_OK);
    }
    for (uint32_t index = 2; index < 460; index += 3) {
        (void)snprintf(name, sizeof name, "fILE_nUMBER_%u", index);
        CHECK_EQUAL(ext_unlink(mount, top, protected_name(name), false), STATUS_OK);
    }
    for (uint32_t index = 1; index < 460; index++) {
        uint64_t number;
        (void)snprintf(name, sizeof name, "FILE_NUMBER_%u", index);
        CHECK_EQUAL(protected_lookup(mount, top, name, &number),
            index % 3 == 2 ? STATUS_NOT_FOUND : STATUS_OK);
    }
    CHECK_EQUAL(protected_rename(mount, top, "hello", top, "Hello"), STATUS_OK);
    CHECK_EQUAL(shown(top, "Hello"), 1);
    CHECK(writable_finish(&volume));
}

static void directories_of_linux_are_changed(void)
{
    static const char *const names[] = {"casefold", "encrypted-casefold"};
    for (uint32_t index = 0; index < 2; index++) {
        CHECK(image_run("gzip -dc '%s/%s.img.gz' >img", linux_folder, names[index]));
        CHECK(image_load(&volume.image, "img"));
        CHECK_EQUAL(writable_mount(&volume), STATUS_OK);
        CHECK(mount_of()->writable);
        check_indexed(index == 0 ? "folded" : "both", index == 1);
    }
}

int main(void)
{
    if (!linux_folder_find() || !image_folder_make()) {
        return 1;
    }
    TEST(spellings_are_one_name);
    TEST(names_that_are_no_utf8);
    TEST(empty_directories_change_their_ways);
    TEST(indexed_directories_keep_their_hashes);
    TEST(directories_of_linux_are_changed);
    image_folder_remove();
    return check_report();
}
