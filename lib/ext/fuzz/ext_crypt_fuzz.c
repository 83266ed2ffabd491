/* SPDX-License-Identifier: ISC */
/*
 * Encryption contexts, encrypted names and links: the input is added to the attributes of an
 * encrypted directory, to its first entries and to a link, and all checksums are repaired. Names
 * that are shown are possible ones, with the key, and there are none without.
 */
#define _GNU_SOURCE
#include "linux_volume.h"

constexpr size_t attributes_at = 160;
constexpr size_t attributes_bytes = 96;
constexpr size_t entries_at = 24;
constexpr size_t entries_bytes = 512;

static struct ext_file directory;
static struct ext_file link;
static uint8_t *directory_inode;
static uint8_t *directory_block;
static uint8_t *link_inode;

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void add_key(void)
{
    uint8_t material[ext_key_material_bytes];
    uint8_t identifier[ext_key_identifier_bytes];
    for (uint8_t index = 0; index < sizeof material; index++) {
        material[index] = index;
    }
    require(ext_key_add(&mount, material, sizeof material, identifier) == STATUS_OK);
}

int LLVMFuzzerInitialize(int *, char ***)
{
    volume_load("encrypted");
    add_key();
    directory = volume_open("pad3");
    link = volume_open("pad3/short-link");
    directory_inode = volume_inode(&directory);
    directory_block = volume_block(&directory, 0);
    link_inode = volume_inode(&link);
    return 0;
}

static void apply(const uint8_t *bytes, size_t size_bytes)
{
    struct reader input = reader_init(bytes, size_bytes);
    uint32_t covered_bytes = mount.geometry.block_bytes - entry_tail_bytes;
    change(&input, directory_inode + attributes_at, attributes_bytes);
    change(&input, link_inode + inode_block_area, ext_block_area_bytes);
    change(&input, directory_block + entries_at, entries_bytes);
    volume_inode_seal(&directory, directory_inode);
    volume_inode_seal(&link, link_inode);
    store_le32(directory_block + covered_bytes + entry_tail_checksum,
        ext_checksum(directory.inode.checksum_seed, directory_block, covered_bytes));
}

static bool visit(void *context, const struct ext_entry *entry)
{
    const bool *unlocked = context;
    bool dots = entry->name_bytes <= 2 && memcmp(entry->name, "..", entry->name_bytes) == 0;
    require(*unlocked || dots);
    require(entry->name_bytes > 0 && entry->name_bytes <= ext_name_bytes_max);
    require(memchr(entry->name, '/', entry->name_bytes) == nullptr);
    require(memchr(entry->name, '\0', entry->name_bytes) == nullptr);
    return true;
}

static void look(bool unlocked)
{
    static char target[ext_link_bytes_max];
    struct ext_file file;
    uint64_t number;
    uint32_t target_bytes;
    struct ext_visitor visitor = {.visit = visit, .context = &unlocked};
    if (ext_open(&mount, directory.inode.number, &file) == STATUS_OK) {
        (void)!ext_read_directory(&mount, &file, 0, visitor);
        (void)!ext_lookup(&mount, &file, "one-line", 8, &number);
    }
    if (ext_open(&mount, link.inode.number, &file) == STATUS_OK) {
        enum status status = ext_read_link(&mount, &file, target, &target_bytes);
        require(unlocked || status != STATUS_OK);
        require(status != STATUS_OK || memchr(target, '\0', target_bytes) == nullptr);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    apply(bytes, size_bytes);
    volume_mount();
    look(false);
    add_key();
    look(true);
    apply(bytes, size_bytes);
    return 0;
}
