/* SPDX-License-Identifier: ISC */
/*
 * Directories that ignore case, made by Linux, plain and encrypted: names are found however they
 * are written, and shown as they were. Encodings that are not ours are refused.
 */
#define _GNU_SOURCE
#include "ext_linux.h"
#include "ext_walk.h"

static struct image image;
static struct walk_state walk;

static enum status find(const char *folder, const char *name, uint64_t *number_out)
{
    struct ext_file directory;
    enum status status = image_open(&image, folder, &directory);
    if (status != STATUS_OK) {
        return status;
    }
    return ext_lookup(&image.mount, &directory, name, (uint32_t)strlen(name), number_out);
}

/* Both names lead to the same inode, or neither leads anywhere. */
static bool alike(const char *folder, const char *left, const char *right)
{
    uint64_t numbers[2] = {};
    return find(folder, left, &numbers[0]) == STATUS_OK &&
           find(folder, right, &numbers[1]) == STATUS_OK && numbers[0] == numbers[1];
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

static uint32_t shown(const char *folder, const char *name)
{
    struct ext_file directory;
    struct listing listing = {.name = name};
    struct ext_visitor visitor = {.visit = count_name, .context = &listing};
    CHECK_EQUAL(image_open(&image, folder, &directory), STATUS_OK);
    CHECK_EQUAL(ext_read_directory(&image.mount, &directory, 0, visitor), STATUS_END);
    return listing.count;
}

static void check_folding(const char *folder)
{
    uint64_t number;
    CHECK(alike(folder, "HELLO", "hello"));
    CHECK(alike(folder, "Straße.TXT", "STRASSE.txt"));
    CHECK(alike(folder, "Ångström", "A\xcc\x8aNGSTRO\xcc\x88M"));
    CHECK(alike(folder, "File_Number_300", "fILE_nUMBER_300"));
    CHECK_EQUAL(find(folder, "fILE_nUMBER_301", &number), STATUS_NOT_FOUND);
    CHECK_EQUAL(shown(folder, "HELLO"), 1);
    CHECK_EQUAL(shown(folder, "hello"), 0);
    CHECK_EQUAL(shown(folder, "Straße.TXT"), 1);
}

static void names_are_found_in_any_case(void)
{
    uint64_t number;
    CHECK(linux_mount(&image, "casefold"));
    CHECK(!image.mount.read_only);
    check_folding("folded");
    CHECK(alike("folded", "Inner/FILE", "Inner/FILE") == false);
    CHECK(alike("folded/INNER", "file", "FILE"));
    CHECK(alike("folded", "no utf-8 \xff", "no utf-8 \xff"));
    CHECK_EQUAL(find("folded", "NO utf-8 \xff", &number), STATUS_NOT_FOUND);
    CHECK_EQUAL(find("plain", "HELLO", &number), STATUS_OK);
    CHECK_EQUAL(find("plain", "hello", &number), STATUS_NOT_FOUND);
    walk = (struct walk_state){.mount = &image.mount};
    CHECK_EQUAL(walk_all(&walk), STATUS_OK);
    image_free(&image);
}

static void encrypted_names_are_found_in_any_case(void)
{
    uint64_t number;
    CHECK(linux_mount(&image, "encrypted-casefold"));
    CHECK_EQUAL(find("both", "HELLO", &number), STATUS_NO_KEY);
    CHECK_EQUAL(linux_key_add(&image, 1), STATUS_OK);
    CHECK_EQUAL(find("both", "HELLO", &number), STATUS_NO_KEY);
    CHECK_EQUAL(linux_key_add(&image, 0), STATUS_OK);
    check_folding("both");
    CHECK(alike("both", "Marker.TXT", "MARKER.txt"));
    walk = (struct walk_state){.mount = &image.mount};
    CHECK_EQUAL(walk_all(&walk), STATUS_OK);
    image_free(&image);
}

/* An entry that has no room for the hash behind its encrypted name. */
static void encrypted_names_have_a_hash(void)
{
    struct ext_file directory;
    struct ext_visitor visitor = {
        .visit = count_name, .context = &(struct listing){.name = "none"}};
    CHECK(linux_mount(&image, "encrypted-casefold"));
    CHECK_EQUAL(linux_key_add(&image, 0), STATUS_OK);
    CHECK_EQUAL(image_open(&image, "both", &directory), STATUS_OK);
    uint8_t *bytes = linux_block(&image, &directory, 1);
    uint16_t record_bytes = load_le16(bytes + entry_record_bytes);
    CHECK(record_bytes >= entry_header_bytes + 32 + 8);
    bytes[entry_name_bytes] = (uint8_t)(record_bytes - entry_header_bytes - 4);
    linux_directory_seal(&image, &directory, 1);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(linux_key_add(&image, 0), STATUS_OK);
    CHECK_EQUAL(ext_read_directory(&image.mount, &directory, 0, visitor), STATUS_CORRUPT);
    CHECK(strcmp(image.mount.corruption.what, "encrypted name without a hash") == 0);
    image_free(&image);
}

/* The two fields of the super block, with its checksum. */
static enum status mount_with(uint16_t encoding, uint16_t flags)
{
    uint8_t *superblock = image.bytes + superblock_offset_bytes;
    store_le16(superblock + superblock_encoding, encoding);
    store_le16(superblock + superblock_encoding_flags, flags);
    ext_superblock_checksum_store(&image.mount, superblock);
    return image_mount(&image);
}

static void encodings_are_judged(void)
{
    CHECK(linux_mount(&image, "casefold"));
    CHECK_EQUAL(mount_with(1, 0), STATUS_OK);
    CHECK_EQUAL(mount_with(1, 1), STATUS_OK);
    CHECK_EQUAL(mount_with(0, 0), STATUS_UNSUPPORTED);
    CHECK(strcmp(image.mount.refusal.reason, "only UTF-8 of Unicode 12.1 is known") == 0);
    CHECK_EQUAL(mount_with(2, 0), STATUS_UNSUPPORTED);
    CHECK_EQUAL(mount_with(1, 2), STATUS_UNSUPPORTED);
    CHECK(strcmp(image.mount.refusal.reason, "flags that are not known") == 0);
    CHECK_EQUAL(mount_with(1, 0), STATUS_OK);
    image_free(&image);
}

/* The same volume, but it insists on UTF-8: one name is not. */
static void strict_volumes_have_no_other_names(void)
{
    uint64_t number;
    struct ext_file directory;
    struct ext_visitor visitor = {
        .visit = count_name, .context = &(struct listing){.name = "none"}};
    CHECK(linux_mount(&image, "casefold"));
    CHECK_EQUAL(mount_with(1, 1), STATUS_OK);
    CHECK_EQUAL(image_open(&image, "folded", &directory), STATUS_OK);
    CHECK_EQUAL(ext_read_directory(&image.mount, &directory, 0, visitor), STATUS_CORRUPT);
    CHECK(strcmp(image.mount.corruption.what, "name that is no UTF-8") == 0);
    CHECK_EQUAL(find("folded", "no utf-8 \xff", &number), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(find("plain", "no utf-8 \xff", &number), STATUS_NOT_FOUND);
    CHECK(alike("folded", "HELLO", "hello"));
    image_free(&image);
}

/* Flags that no inode of its type can have. */
static void flags_must_fit_the_inode(void)
{
    uint64_t number;
    struct ext_file file;
    CHECK(linux_mount(&image, "casefold"));
    CHECK_EQUAL(find("plain", "HELLO", &number), STATUS_OK);
    uint8_t *raw = linux_inode(&image, number);
    uint32_t flags = load_le32(raw + inode_flags);
    store_le32(raw + inode_flags, flags | inode_flag_casefold);
    linux_inode_seal(&image, number);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(ext_open(&image.mount, number, &file), STATUS_CORRUPT);
    CHECK(strcmp(image.mount.corruption.what, "an inode without names ignores case") == 0);
    store_le32(raw + inode_flags, flags | inode_flag_encrypted);
    linux_inode_seal(&image, number);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(ext_open(&image.mount, number, &file), STATUS_CORRUPT);
    store_le32(raw + inode_flags, flags);
    linux_inode_seal(&image, number);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(ext_open(&image.mount, number, &file), STATUS_OK);
    image_free(&image);
}

int main(void)
{
    if (!linux_folder_find() || !image_folder_make()) {
        return 1;
    }
    TEST(names_are_found_in_any_case);
    TEST(encrypted_names_are_found_in_any_case);
    TEST(encrypted_names_have_a_hash);
    TEST(encodings_are_judged);
    TEST(strict_volumes_have_no_other_names);
    TEST(flags_must_fit_the_inode);
    image_folder_remove();
    return check_report();
}
