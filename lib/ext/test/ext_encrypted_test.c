/* SPDX-License-Identifier: ISC */
/*
 * Encrypted volumes that Linux made: all names and contents with the key, nothing without it, and
 * every policy that is not ours refused before a key is looked for.
 */
#define _GNU_SOURCE
#include "ext_linux.h"
#include "ext_walk.h"

#include "../policy.h"

static struct image image;
static struct walk_state walk;
static const char *const volumes[] = {"encrypted", "encrypted-1k"};

constexpr uint32_t line_bytes = 22;

/* What `lines` of linux/inside.sh writes, from an offset on. */
static uint8_t line_byte(uint64_t offset)
{
    char line[line_bytes + 1];
    (void)snprintf(
        line, sizeof line, "line %06u of a file\n", (unsigned)(offset / line_bytes + 1) % 1000000);
    return (uint8_t)line[offset % line_bytes];
}

static enum status read_at(
    const char *path, uint64_t offset, uint8_t *bytes, uint64_t size_bytes, uint64_t *done_out)
{
    struct ext_file file;
    struct ext_read_request request = {
        .offset_bytes = offset, .size_bytes = size_bytes, .buffer = block_buffer_plain(bytes)};
    enum status status = image_open(&image, path, &file);
    return status == STATUS_OK ? ext_read(&image.mount, &file, request, done_out) : status;
}

/* Whether a file has these contents, read in pieces of several sizes from several offsets. */
static void check_contents(
    const char *path, uint64_t size_bytes, uint8_t (*wanted)(uint64_t offset))
{
    static uint8_t bytes[1 << 17];
    static const uint32_t pieces[] = {1 << 17, 4096, 5000, 1024, 777};
    for (uint32_t index = 0; index < sizeof pieces / sizeof pieces[0]; index++) {
        for (uint64_t offset = index * 13; offset < size_bytes; offset += pieces[index]) {
            uint64_t done_bytes = 0;
            uint64_t left_bytes = size_bytes - offset;
            memset(bytes, 0xa5, sizeof bytes);
            CHECK_EQUAL(read_at(path, offset, bytes, pieces[index], &done_bytes), STATUS_OK);
            CHECK_EQUAL(done_bytes, left_bytes < pieces[index] ? left_bytes : pieces[index]);
            for (uint64_t at = 0; at < done_bytes; at++) {
                if (bytes[at] != wanted(offset + at)) {
                    printf("%s: byte %llu\n", path, (unsigned long long)(offset + at));
                    CHECK(false);
                    return;
                }
            }
            CHECK(done_bytes == pieces[index] || bytes[done_bytes] == 0xa5);
        }
    }
}

static uint8_t sparse_byte(uint64_t offset)
{
    return offset < 65536 ? 0 : line_byte(offset - 65536);
}

static uint8_t zero_byte(uint64_t)
{
    return 0;
}

static void check_link(const char *path, const char *wanted)
{
    struct ext_file file;
    static char target[ext_link_bytes_max];
    uint32_t target_bytes = 0;
    CHECK_EQUAL(image_open(&image, path, &file), STATUS_OK);
    CHECK_EQUAL(ext_read_link(&image.mount, &file, target, &target_bytes), STATUS_OK);
    CHECK_EQUAL(target_bytes, strlen(wanted));
    CHECK(memcmp(target, wanted, target_bytes) == 0);
}

static bool collect_lengths(void *context, const struct ext_entry *entry)
{
    bool *seen = context;
    bool only_n = true;
    for (uint32_t index = 0; index < entry->name_bytes; index++) {
        only_n = only_n && entry->name[index] == 'n';
    }
    if (only_n) {
        seen[entry->name_bytes] = true;
    }
    return true;
}

/* Names of so many letters are both listed and found. */
static void check_names(const char *folder)
{
    static const uint32_t lengths[] = {
        1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 100, 200, 254, 255};
    bool seen[ext_name_bytes_max + 1] = {};
    struct ext_file directory;
    CHECK_EQUAL(image_open(&image, folder, &directory), STATUS_OK);
    struct ext_visitor visitor = {.visit = collect_lengths, .context = seen};
    CHECK_EQUAL(ext_read_directory(&image.mount, &directory, 0, visitor), STATUS_END);
    for (uint32_t index = 0; index < sizeof lengths / sizeof lengths[0]; index++) {
        char name[ext_name_bytes_max];
        uint64_t number;
        memset(name, 'n', sizeof name);
        CHECK(seen[lengths[index]]);
        CHECK_EQUAL(ext_lookup(&image.mount, &directory, name, lengths[index], &number), STATUS_OK);
        name[0] = 'N';
        CHECK_EQUAL(
            ext_lookup(&image.mount, &directory, name, lengths[index], &number), STATUS_NOT_FOUND);
    }
}

static void with_the_key_all_is_there(void)
{
    for (uint32_t index = 0; index < 2; index++) {
        CHECK(linux_mount(&image, volumes[index]));
        CHECK(!image.mount.read_only);
        CHECK_EQUAL(linux_key_add(&image, 0), STATUS_OK);
        for (uint32_t padding = 0; padding < 4; padding++) {
            char folder[16];
            (void)snprintf(folder, sizeof folder, "pad%u", padding);
            check_names(folder);
        }
        check_contents("pad3/big.bin", 1000 * line_bytes, line_byte);
        check_contents("pad3/sparse.bin", 65536 + 200 * line_bytes, sparse_byte);
        check_contents("pad3/unwritten", 20000, zero_byte);
        check_contents("pad3/one-line", line_bytes, line_byte);
        check_contents("pad0/empty", 0, zero_byte);
        check_link("pad2/short-link", "target");
        char target[155];
        memset(target, 'x', 150);
        memcpy(target + 150, "/end", 5);
        check_link("pad3/long-link", target);
        uint8_t bytes[16];
        uint64_t done_bytes = 0;
        CHECK_EQUAL(
            read_at("pad3/folder/deeper/file", 0, bytes, sizeof bytes, &done_bytes), STATUS_OK);
        CHECK(done_bytes == 5 && memcmp(bytes, "deep\n", 5) == 0);
        CHECK_EQUAL(read_at("pad3/Ä name ß.txt", 0, bytes, sizeof bytes, &done_bytes), STATUS_OK);
        CHECK_EQUAL(read_at("many/file-number-399", 0, bytes, 1, &done_bytes), STATUS_OK);
        CHECK_EQUAL(read_at("many/file-number-401", 0, bytes, 1, &done_bytes), STATUS_NOT_FOUND);
        walk = (struct walk_state){.mount = &image.mount};
        CHECK_EQUAL(walk_all(&walk), STATUS_OK);
        CHECK_EQUAL(walk.visited_count, 500); /* "lost+found" and the root among them */
        image_free(&image);
    }
}

static void key_identifiers_are_those_of_linux(void)
{
    static const uint8_t wanted[ext_key_identifier_bytes] = {0x86, 0x99, 0xc2, 0xc5, 0x37, 0x07,
        0x40, 0x5d, 0xa5, 0xab, 0xa5, 0xae, 0x4d, 0x85, 0x83, 0xc0};
    uint8_t material[ext_key_material_bytes];
    uint8_t identifier[ext_key_identifier_bytes];
    for (uint32_t index = 0; index < sizeof material; index++) {
        material[index] = (uint8_t)index;
    }
    CHECK(linux_mount(&image, "encrypted"));
    CHECK_EQUAL(ext_key_add(&image.mount, material, 63, identifier), STATUS_INVALID_ARGUMENT);
    for (uint32_t round = 0; round < 2 * ext_master_key_max; round++) {
        CHECK_EQUAL(ext_key_add(&image.mount, material, sizeof material, identifier), STATUS_OK);
        CHECK(memcmp(identifier, wanted, sizeof wanted) == 0);
    }
    for (uint8_t difference = 1; difference < ext_master_key_max; difference++) {
        CHECK_EQUAL(linux_key_add(&image, difference), STATUS_OK);
    }
    CHECK_EQUAL(linux_key_add(&image, ext_master_key_max), STATUS_NO_SPACE);
    ext_keys_forget(&image.mount);
    struct ext_file file;
    CHECK_EQUAL(image_open(&image, "pad3/one-line", &file), STATUS_NO_KEY);
    image_free(&image);
}

static bool visit_none(void *context, const struct ext_entry *entry)
{
    uint32_t *count = context;
    *count += entry->name_bytes > 2 || entry->name[0] != '.';
    return true;
}

/* Neither a name nor a byte nor a target, but what is not encrypted. */
static void check_locked(struct ext_file *file, struct ext_file *link)
{
    struct ext_file directory;
    uint64_t number;
    uint64_t done_bytes = 0;
    uint32_t shown_count = 0;
    uint32_t target_bytes;
    uint8_t bytes[4096];
    static char target[ext_link_bytes_max];
    struct ext_read_request request = {
        .size_bytes = sizeof bytes, .buffer = block_buffer_plain(bytes)};
    struct ext_visitor visitor = {.visit = visit_none, .context = &shown_count};
    memset(bytes, 0xa5, sizeof bytes);
    CHECK_EQUAL(image_open(&image, "pad3", &directory), STATUS_OK);
    CHECK_EQUAL(ext_read_directory(&image.mount, &directory, 0, visitor), STATUS_NO_KEY);
    CHECK_EQUAL(shown_count, 0);
    CHECK_EQUAL(ext_lookup(&image.mount, &directory, "one-line", 8, &number), STATUS_NO_KEY);
    CHECK_EQUAL(ext_lookup(&image.mount, &directory, "..", 2, &number), STATUS_OK);
    CHECK_EQUAL(number, ext_root_number);
    CHECK_EQUAL(ext_read(&image.mount, file, request, &done_bytes), STATUS_NO_KEY);
    CHECK(bytes[0] == 0xa5 || bytes[0] == 0);
    CHECK_EQUAL(ext_read_link(&image.mount, link, target, &target_bytes), STATUS_NO_KEY);
    CHECK_EQUAL(read_at("plain.txt", 0, bytes, sizeof bytes, &done_bytes), STATUS_OK);
    CHECK(done_bytes == 6 && memcmp(bytes, "plain\n", 6) == 0);
}

static void without_the_key_nothing_is(void)
{
    for (uint32_t index = 0; index < 2; index++) {
        struct ext_file file;
        struct ext_file link;
        CHECK(linux_mount(&image, volumes[index]));
        CHECK_EQUAL(linux_key_add(&image, 0), STATUS_OK);
        CHECK_EQUAL(image_open(&image, "pad3/one-line", &file), STATUS_OK);
        CHECK_EQUAL(image_open(&image, "pad3/long-link", &link), STATUS_OK);
        ext_keys_forget(&image.mount);
        check_locked(&file, &link);
        CHECK_EQUAL(linux_key_add(&image, 1), STATUS_OK);
        check_locked(&file, &link);
        image_free(&image);
    }
}

/* The policy of "pad3" with one byte changed, everything else as it was. */
struct change {
    uint8_t at;
    uint8_t value;
    enum status status;
    const char *what; /* the reason of a refusal, or what is corrupt */
};

static const struct change changes[] = {
    {0, 1, STATUS_UNSUPPORTED, "version 1"},
    {0, 3, STATUS_CORRUPT, "version of an encryption policy"},
    {1, 0, STATUS_CORRUPT, "mode of an encryption policy"},
    {1, 4, STATUS_CORRUPT, "mode of an encryption policy"},
    {1, 5, STATUS_UNSUPPORTED, "AES-128-CBC-ESSIV"},
    {1, 7, STATUS_UNSUPPORTED, "SM4-XTS"},
    {1, 9, STATUS_UNSUPPORTED, "Adiantum"},
    {1, 11, STATUS_CORRUPT, "mode of an encryption policy"},
    {2, 1, STATUS_CORRUPT, "mode of an encryption policy"},
    {2, 6, STATUS_UNSUPPORTED, "AES-128-CTS"},
    {2, 8, STATUS_UNSUPPORTED, "SM4-CTS"},
    {2, 9, STATUS_UNSUPPORTED, "Adiantum"},
    {2, 10, STATUS_UNSUPPORTED, "AES-256-HCTR2"},
    {2, 127, STATUS_CORRUPT, "mode of an encryption policy"},
    {3, 3 | 0x04, STATUS_UNSUPPORTED, "DIRECT_KEY: one key for all files"},
    {3, 3 | 0x08, STATUS_UNSUPPORTED, "IV_INO_LBLK_64: one key for all files"},
    {3, 3 | 0x10, STATUS_UNSUPPORTED, "IV_INO_LBLK_32: one key for all files"},
    {3, 3 | 0x20, STATUS_UNSUPPORTED, "flags that are not known"},
    {3, 3 | 0x80, STATUS_UNSUPPORTED, "flags that are not known"},
    {4, 9, STATUS_UNSUPPORTED, "data units are not blocks"},
    {5, 1, STATUS_CORRUPT, "reserved bytes of an encryption policy"},
    {7, 1, STATUS_CORRUPT, "reserved bytes of an encryption policy"},
};

/* Where the policy of an inode is: it begins with its version and modes, and is the only one. */
static uint8_t *find_policy(uint64_t number)
{
    uint8_t *raw = linux_inode(&image, number);
    static const uint8_t head[] = {2, 1, 4};
    return memmem(raw + original_inode_bytes, 128, head, sizeof head);
}

static enum status remount(bool with_key)
{
    enum status status = image_mount(&image);
    if (status == STATUS_OK && with_key) {
        status = linux_key_add(&image, 0);
    }
    return status;
}

static void check_change(const struct change *change, uint64_t number, bool with_key)
{
    struct ext_file directory;
    uint32_t shown_count = 0;
    struct ext_visitor visitor = {.visit = visit_none, .context = &shown_count};
    CHECK_EQUAL(remount(with_key), STATUS_OK);
    CHECK_EQUAL(ext_open(&image.mount, number, &directory), STATUS_OK);
    CHECK_EQUAL(ext_read_directory(&image.mount, &directory, 0, visitor), change->status);
    CHECK_EQUAL(shown_count, 0);
    const char *what =
        change->status == STATUS_CORRUPT ? image.mount.corruption.what : image.mount.refusal.reason;
    if (what == nullptr || strcmp(what, change->what) != 0) {
        printf("%s: %s\n", change->what, what == nullptr ? "nothing noted" : what);
        CHECK(false);
    }
}

static void other_policies_are_refused_before_any_key(void)
{
    struct ext_file file;
    CHECK(linux_mount(&image, "encrypted"));
    CHECK_EQUAL(image_open(&image, "pad3", &file), STATUS_OK);
    uint64_t number = file.inode.number;
    uint8_t *policy = find_policy(number);
    CHECK(policy != nullptr);
    for (uint32_t index = 0; index < sizeof changes / sizeof changes[0]; index++) {
        uint8_t before = policy[changes[index].at];
        policy[changes[index].at] = changes[index].value;
        linux_inode_seal(&image, number);
        check_change(&changes[index], number, false);
        check_change(&changes[index], number, true);
        policy[changes[index].at] = before;
        linux_inode_seal(&image, number);
    }
    /* The size of a block, said in words, is the default. */
    policy[4] = 12;
    linux_inode_seal(&image, number);
    CHECK_EQUAL(remount(true), STATUS_OK);
    uint64_t found;
    CHECK_EQUAL(ext_lookup(&image.mount, &file, "one-line", 8, &found), STATUS_OK);
    image_free(&image);
}

/* Version 1 is refused as such, whatever is in it; a length that version 2 has not is a lie. */
static void sizes_of_policies(void)
{
    static const struct {
        uint32_t value_bytes;
        struct change change;
    } sizes[] = {
        {28, {0, 1, STATUS_UNSUPPORTED, "version 1"}},
        {28, {0, 2, STATUS_CORRUPT, "version of an encryption policy"}},
        {39, {0, 2, STATUS_CORRUPT, "version of an encryption policy"}},
        {0, {0, 2, STATUS_CORRUPT, "version of an encryption policy"}},
    };
    struct ext_file file;
    CHECK(linux_mount(&image, "encrypted"));
    CHECK_EQUAL(image_open(&image, "pad3", &file), STATUS_OK);
    uint64_t number = file.inode.number;
    uint8_t *policy = find_policy(number);
    uint8_t *entry = linux_inode(&image, number) + original_inode_bytes + 32 + 4;
    CHECK_EQUAL(load_le32(entry + attribute_value_bytes), 40);
    for (uint32_t index = 0; index < sizeof sizes / sizeof sizes[0]; index++) {
        store_le32(entry + attribute_value_bytes, sizes[index].value_bytes);
        policy[0] = sizes[index].change.value;
        linux_inode_seal(&image, number);
        check_change(&sizes[index].change, number, true);
    }
    entry[attribute_name_index] = 1;
    linux_inode_seal(&image, number);
    static const struct change missing = {0, 0, STATUS_CORRUPT, "encrypted inode without a policy"};
    check_change(&missing, number, true);
    image_free(&image);
}

/* A file in an encrypted directory that is not encrypted, or with another key, is a plant. */
static void planted_files_are_found_out(void)
{
    struct ext_file directory;
    uint64_t number;
    CHECK(linux_mount(&image, "encrypted"));
    CHECK_EQUAL(linux_key_add(&image, 0), STATUS_OK);
    CHECK_EQUAL(image_open(&image, "pad3", &directory), STATUS_OK);
    CHECK_EQUAL(ext_lookup(&image.mount, &directory, "big.bin", 7, &number), STATUS_OK);
    uint8_t *raw = linux_inode(&image, number);
    uint8_t *policy = find_policy(number);
    policy[8] ^= 1;
    linux_inode_seal(&image, number);
    CHECK_EQUAL(remount(true), STATUS_OK);
    CHECK_EQUAL(ext_lookup(&image.mount, &directory, "big.bin", 7, &number), STATUS_CORRUPT);
    CHECK(strcmp(image.mount.corruption.what, "file with another policy") == 0);
    policy[8] ^= 1;
    store_le32(raw + inode_flags, load_le32(raw + inode_flags) & ~inode_flag_encrypted);
    linux_inode_seal(&image, number);
    CHECK_EQUAL(remount(true), STATUS_OK);
    CHECK_EQUAL(ext_lookup(&image.mount, &directory, "big.bin", 7, &number), STATUS_CORRUPT);
    image_free(&image);
}

/* An entry that is too short for a block of the cipher. */
static void short_names_are_corrupt(void)
{
    struct ext_file directory;
    uint32_t shown_count = 0;
    struct ext_visitor visitor = {.visit = visit_none, .context = &shown_count};
    CHECK(linux_mount(&image, "encrypted"));
    CHECK_EQUAL(image_open(&image, "pad3/folder", &directory), STATUS_NO_KEY);
    CHECK_EQUAL(linux_key_add(&image, 0), STATUS_OK);
    CHECK_EQUAL(image_open(&image, "pad3/folder", &directory), STATUS_OK);
    uint8_t *bytes = linux_block(&image, &directory, 0);
    bytes[24 + entry_name_bytes] = 15;
    linux_directory_seal(&image, &directory, 0);
    CHECK_EQUAL(remount(true), STATUS_OK);
    CHECK_EQUAL(ext_read_directory(&image.mount, &directory, 0, visitor), STATUS_CORRUPT);
    CHECK(strcmp(image.mount.corruption.what, "length of an encrypted name") == 0);
    image_free(&image);
}

/* A link whose length is beyond what is stored, or too short for a block of the cipher. */
static void lengths_of_links_are_checked(void)
{
    static char target[ext_link_bytes_max];
    struct ext_file link;
    uint32_t target_bytes;
    CHECK(linux_mount(&image, "encrypted"));
    CHECK_EQUAL(linux_key_add(&image, 0), STATUS_OK);
    CHECK_EQUAL(image_open(&image, "pad3/short-link", &link), STATUS_OK);
    for (uint16_t length = 15; length < 200; length += 18) {
        store_le16(link.inode.block_area, length);
        enum status status = length == 33 ? STATUS_OK : STATUS_CORRUPT;
        if (length == 33) {
            store_le16(link.inode.block_area, 32);
        }
        CHECK_EQUAL(ext_read_link(&image.mount, &link, target, &target_bytes), status);
    }
    image_free(&image);
}

/* Every read that fails is said to have failed. */
static void failing_reads(void)
{
    CHECK(linux_mount(&image, "encrypted"));
    for (uint64_t count = 0;; count++) {
        uint8_t bytes[5000];
        uint64_t done_bytes = 0;
        CHECK_EQUAL(remount(true), STATUS_OK);
        block_fault_arm(&image.fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_READ,
                                          .effect = BLOCK_FAULT_SPOIL,
                                          .status = STATUS_IO,
                                          .first = count,
                                          .count = 1});
        enum status status = read_at("pad3/big.bin", 100, bytes, sizeof bytes, &done_bytes);
        block_fault_arm(&image.fault, (struct block_fault_plan){});
        if (status == STATUS_OK) {
            CHECK(count > 2 && done_bytes == sizeof bytes);
            break;
        }
        CHECK_EQUAL(status, STATUS_IO);
    }
    image_free(&image);
}

int main(void)
{
    if (!linux_folder_find() || !image_folder_make()) {
        return 1;
    }
    TEST(with_the_key_all_is_there);
    TEST(key_identifiers_are_those_of_linux);
    TEST(without_the_key_nothing_is);
    TEST(other_policies_are_refused_before_any_key);
    TEST(sizes_of_policies);
    TEST(planted_files_are_found_out);
    TEST(short_names_are_corrupt);
    TEST(lengths_of_links_are_checked);
    TEST(failing_reads);
    image_folder_remove();
    return check_report();
}
