/* SPDX-License-Identifier: ISC */
/*
 * Directories of very many names: built and emptied at a cost for each that does not grow, down to
 * the greatest depth of the index, and what happens when that is full.
 */
#define _GNU_SOURCE
#include "ext_writable.h"

#include "../directory.h"

static struct writable writable;
static struct ext_mount *const mount = &writable.image.mount;

/* The names of the operation under test; all of them lead to one inode, up to its limit of links.
 */
static uint32_t padding;

static struct ext_name numbered(char *name, uint32_t index)
{
    uint32_t name_bytes = (uint32_t)snprintf(name, ext_name_bytes_max, "name-%u", index);
    if (name_bytes < padding) {
        memset(name + name_bytes, 'p', padding - name_bytes);
        name_bytes = padding;
    }
    return (struct ext_name){.bytes = name, .size_bytes = name_bytes};
}

static uint64_t gets(void)
{
    const struct block_cache_counters *counters = &mount->cache.counters;
    return counters->hit_count + counters->miss_count;
}

static enum status add(uint64_t parent, uint32_t index)
{
    char name[ext_name_bytes_max + 1];
    uint64_t number;
    struct ext_new_inode wanted = {.mode = 0100600};
    return ext_create(mount, parent, numbered(name, index), &wanted, &number);
}

static enum status take(uint64_t parent, uint32_t index)
{
    char name[ext_name_bytes_max + 1];
    return ext_unlink(mount, parent, numbered(name, index), false);
}

static uint32_t depth_of(uint64_t number)
{
    struct ext_file file;
    struct ext_index_path path;
    struct ext_name name = {.bytes = "x", .size_bytes = 1};
    CHECK_EQUAL(ext_open(mount, number, &file), STATUS_OK);
    CHECK(ext_is_indexed(mount, &file.inode));
    CHECK_EQUAL(ext_index_descend(mount, &file, name, &path), STATUS_OK);
    ext_index_release(mount, &path);
    return path.level_count;
}

static uint64_t make_directory(void)
{
    uint64_t number = 0;
    struct ext_new_inode wanted = {.mode = 0040700};
    struct ext_name name = {.bytes = "many", .size_bytes = 4};
    CHECK_EQUAL(ext_create(mount, ext_root_number, name, &wanted, &number), STATUS_OK);
    return number;
}

/* Blocks asked of the cache for each of the operations [first, first + count). */
static uint64_t cost_of(enum status (*operation)(uint64_t parent, uint32_t index), uint64_t parent,
    uint32_t first, uint32_t count)
{
    uint64_t before = gets();
    for (uint32_t index = first; index < first + count && !check_failing; index++) {
        CHECK_EQUAL(operation(parent, index), STATUS_OK);
    }
    return (gets() - before) / count;
}

/* ---- A hundred thousand ------------------------------------------------------------------------
 */

constexpr uint32_t name_count = 100'000;
constexpr uint32_t sample_count = 10'000;

static void check_found(uint64_t parent)
{
    struct ext_file file;
    CHECK_EQUAL(ext_open(mount, parent, &file), STATUS_OK);
    uint64_t before = gets();
    for (uint32_t index = 0; index < name_count; index++) {
        char name[ext_name_bytes_max + 1];
        struct ext_name wanted = numbered(name, index);
        uint64_t number;
        CHECK_EQUAL(ext_lookup(mount, &file, wanted.bytes, wanted.size_bytes, &number), STATUS_OK);
    }
    CHECK((gets() - before) / name_count <= 8);
}

static void cost_does_not_grow(void)
{
    static const char *const options[] = {"-t ext4 -O ^has_journal -b 1024 -I 128 -N 101000",
        "-t ext2 -O dir_index -b 4096 -I 128 -N 101000"};
    for (uint32_t index = 0; index < sizeof options / sizeof options[0]; index++) {
        CHECK(writable_make(&writable, "48M", "%s", options[index]));
        uint64_t parent = make_directory();
        (void)cost_of(add, parent, 0, sample_count);
        uint64_t early = cost_of(add, parent, sample_count, sample_count);
        (void)cost_of(add, parent, 2 * sample_count, name_count - 3 * sample_count);
        uint64_t late = cost_of(add, parent, name_count - sample_count, sample_count);
        printf("adding: %llu blocks for each of the early ones, %llu of the last\n",
            (unsigned long long)early, (unsigned long long)late);
        /* Groups without a free inode are passed over one by one. */
        CHECK(late <= early + early / 4 + mount->geometry.group_count);
        check_found(parent);
        CHECK_EQUAL(ext_unmount(mount), STATUS_OK);
        CHECK(image_fsck(&writable.image));
        CHECK_EQUAL(writable_mount(&writable), STATUS_OK);
        early = cost_of(take, parent, 0, sample_count);
        (void)cost_of(take, parent, sample_count, name_count - 2 * sample_count);
        late = cost_of(take, parent, name_count - sample_count, sample_count);
        printf("removing: %llu blocks for each of the early ones, %llu of the last\n",
            (unsigned long long)early, (unsigned long long)late);
        CHECK(late <= early + early / 4);
        struct ext_name name = {.bytes = "many", .size_bytes = 4};
        CHECK_EQUAL(ext_remove_directory(mount, ext_root_number, name, false), STATUS_OK);
        CHECK(writable_finish(&writable));
    }
}

/* ---- The greatest depth
 * -------------------------------------------------------------------------- */

/* Long names and small blocks: hardly more than two entries in each. */
static void index_grows_to_its_depth(void)
{
    static const struct {
        const char *options;
        uint32_t depth;
        uint32_t count;
    } cases[] = {
        {"-t ext4 -O ^has_journal,^large_dir -b 1024 -I 128 -N 60000", 2, 60'000},
        {"-t ext4 -O ^has_journal,large_dir -b 1024 -I 128 -N 60000", 3, 50'000},
    };
    padding = 250;
    for (uint32_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        CHECK(writable_make(&writable, "64M", "%s", cases[index].options));
        uint64_t parent = make_directory();
        uint32_t count = 0;
        enum status status = STATUS_OK;
        while (count < cases[index].count && status == STATUS_OK) {
            status = add(parent, count);
            count += status == STATUS_OK;
        }
        CHECK_EQUAL(status, cases[index].depth == 3 ? STATUS_OK : STATUS_NO_SPACE);
        CHECK(ext_statfs(mount).free_block_count > 1000);
        CHECK(count > 20'000);
        CHECK_EQUAL(depth_of(parent), cases[index].depth);
        for (uint32_t gone = 0; gone < count; gone += 7) {
            CHECK_EQUAL(take(parent, gone), STATUS_OK);
        }
        CHECK_EQUAL(take(parent, 7), STATUS_NOT_FOUND);
        CHECK_EQUAL(take(parent, 8), STATUS_OK);
        CHECK(writable_finish(&writable));
    }
    padding = 0;
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    TEST(cost_does_not_grow);
    TEST(index_grows_to_its_depth);
    image_folder_remove();
    return check_report();
}
