/* SPDX-License-Identifier: ISC */
/*
 * Hashes of names against those of debugfs, and names found through hash trees that e2fsck built:
 * all ways of hashing, block sizes, depths, and names with one hash that fill several blocks.
 */
#define _GNU_SOURCE
#include "colliding_names.h"
#include "ext_image.h"

#include <lib/testing/random.h>

#include "../directory.h"

static struct image image;
static struct random numbers = {.state = 88172645463325252};
/* ---- Hashes ---------------------------------------------------------------------------------- */

constexpr uint32_t hashed_name_count = 400;

/* Without what the command line of debugfs takes for its own. */
static void make_name(char *name, uint32_t name_bytes)
{
    for (uint32_t index = 0; index < name_bytes; index++) {
        do {
            name[index] = (char)(0x21 + random_below(&numbers, 0xde));
        } while (strchr("\"'\\#-", name[index]) != nullptr);
    }
    name[name_bytes] = '\0';
}

static const uint32_t seed_words[2][ext_hash_seed_words] = {
    {}, {0x3322'1100, 0x7766'5544, 0xbbaa'9988, 0xffee'ddcc}};
static const char *const seed_option[2] = {"", "-s 00112233-4455-6677-8899-aabbccddeeff "};

/* The names and versions are the same both times, by the state of the random numbers. */
static void write_commands(const char *path)
{
    FILE *file = fopen(path, "w");
    char name[ext_name_bytes_max + 1];
    for (uint32_t index = 0; index < hashed_name_count; index++) {
        make_name(name, 1 + random_below(&numbers, index % 2 == 0 ? 40 : ext_name_bytes_max));
        (void)fprintf(file, "dx_hash -h %u %s%s\n", index % EXT_HASH_VERSION_COUNT,
            seed_option[index / EXT_HASH_VERSION_COUNT % 2], name);
    }
    (void)fclose(file);
}

/* The next answer of debugfs. */
static bool read_answer(FILE *file, struct ext_hash *hash_out)
{
    char line[1024];
    while (fgets(line, sizeof line, file) != nullptr) {
        char *place = strstr(line, " (minor 0x");
        if (strncmp(line, "Hash of ", 8) == 0 && place != nullptr) {
            *place = '\0';
            hash_out->major = (uint32_t)strtoul(strrchr(line, ' ') + 1, nullptr, 16);
            hash_out->minor = (uint32_t)strtoul(place + strlen(" (minor "), nullptr, 16);
            return true;
        }
    }
    return false;
}

static void hashes_are_those_of_debugfs(void)
{
    uint64_t start = numbers.state;
    write_commands("commands");
    CHECK(image_run("debugfs -f commands > answers 2>&1"));
    numbers.state = start;
    FILE *file = fopen("answers", "r");
    char name[ext_name_bytes_max + 1];
    for (uint32_t index = 0; index < hashed_name_count; index++) {
        uint32_t name_bytes = 1 + random_below(&numbers, index % 2 == 0 ? 40 : ext_name_bytes_max);
        make_name(name, name_bytes);
        struct ext_hash wanted = {};
        CHECK(read_answer(file, &wanted));
        struct ext_hash hash = ext_hash_bytes(seed_words[index / EXT_HASH_VERSION_COUNT % 2],
            (enum ext_hash_version)(index % EXT_HASH_VERSION_COUNT),
            (struct ext_name){.bytes = name, .size_bytes = name_bytes});
        CHECK_EQUAL(hash.major, wanted.major);
        CHECK_EQUAL(hash.minor, wanted.minor);
    }
    (void)fclose(file);
}

/* ---- Trees of e2fsck ------------------------------------------------------------------------- */

struct tree_case {
    const char *options;
    const char *tune;       /* of tune2fs */
    const char *superblock; /* of debugfs */
    uint32_t name_count;
    uint32_t level_count; /* of the index */
};

static const struct tree_case tree_cases[] = {
    {"-b 4096 -I 256", "-E hash_alg=half_md4", "", 4000, 1},
    {"-b 1024 -I 128", "-E hash_alg=half_md4", "", 4000, 2},
    {"-b 1024 -I 256", "-E hash_alg=tea", "", 4000, 2},
    {"-b 2048 -O ^metadata_csum", "-E hash_alg=tea", "ssv flags 2", 1500, 1},
    {"-b 1024 -O ^metadata_csum", "-E hash_alg=half_md4", "ssv flags 2", 4000, 2},
    {"-b 1024 -t ext2 -O dir_index", "-E hash_alg=legacy", "", 4000, 2},
    {"-b 1024 -t ext2 -O dir_index", "-E hash_alg=legacy", "ssv flags 2", 1500, 1},
};

/* Of many lengths, half of them with bytes that are negative as signed ones. */
static uint32_t tree_name(char *name, uint32_t index)
{
    int length = snprintf(name, ext_name_bytes_max, "%s%u-", index % 2 == 0 ? "\xe4" : "n", index);
    uint32_t padding = index * 7 % 60;
    memset(name + length, 'a' + (int)(index % 26), padding);
    name[(uint32_t)length + padding] = '\0';
    return (uint32_t)length + padding;
}

static void make_tree(uint32_t name_count)
{
    CHECK(image_run("rm -rf tree; mkdir -p tree/many"));
    for (uint32_t index = 0; index < name_count; index++) {
        char name[ext_name_bytes_max + 1];
        char path[ext_name_bytes_max + 32] = "tree/many/";
        (void)tree_name(name, index);
        (void)strcat(path, name);
        int descriptor = open(path, O_RDWR | O_CREAT, 0600);
        CHECK(descriptor >= 0);
        (void)close(descriptor);
    }
}

static bool make_image(const struct tree_case *tree)
{
    return image_run("rm -f t.img; mke2fs -q -F -N 6000 %s -d tree t.img 32M > /dev/null",
               tree->options) &&
           image_run("tune2fs -f %s t.img > /dev/null", tree->tune) &&
           image_run("debugfs -w -R '%s' t.img > /dev/null 2>&1; e2fsck -fyD t.img > /dev/null "
                     "2>&1; [ $? -le 1 ]",
               tree->superblock) &&
           image_load(&image, "t.img") && image_mount(&image) == STATUS_OK;
}

static uint32_t depth_of(struct ext_file *directory)
{
    struct ext_index_path path;
    struct ext_name name = {.bytes = "x", .size_bytes = 1};
    CHECK(ext_is_indexed(&image.mount, &directory->inode));
    if (ext_index_descend(&image.mount, directory, name, &path) != STATUS_OK) {
        return 0;
    }
    ext_index_release(&image.mount, &path);
    return path.level_count;
}

/* A name of a file of its own is found, and not with another end. */
static void look_up(struct ext_file *directory, const char *name, uint32_t name_bytes)
{
    uint64_t number;
    struct ext_file file;
    CHECK_EQUAL(ext_lookup(&image.mount, directory, name, name_bytes, &number), STATUS_OK);
    CHECK_EQUAL(ext_open(&image.mount, number, &file), STATUS_OK);
    char other[ext_name_bytes_max + 1];
    memcpy(other, name, name_bytes);
    other[name_bytes - 1] ^= 0x10;
    CHECK_EQUAL(ext_lookup(&image.mount, directory, other, name_bytes, &number), STATUS_NOT_FOUND);
}

static void check_tree(const struct tree_case *tree)
{
    struct ext_file directory;
    CHECK_EQUAL(image_open(&image, "many", &directory), STATUS_OK);
    CHECK_EQUAL(depth_of(&directory), tree->level_count);
    struct block_cache_counters before = image.mount.cache.counters;
    for (uint32_t index = 0; index < tree->name_count; index++) {
        char name[ext_name_bytes_max + 1];
        uint32_t name_bytes = tree_name(name, index);
        look_up(&directory, name, name_bytes);
    }
    /* For each block of the index, a leaf and an inode, what maps it too; each is sought twice. */
    uint64_t got = image.mount.cache.counters.hit_count - before.hit_count +
                   image.mount.cache.counters.miss_count - before.miss_count;
    CHECK(got <= (uint64_t)tree->name_count * 2 * 2 * (tree->level_count + 2));
    uint64_t number;
    CHECK_EQUAL(ext_lookup(&image.mount, &directory, ".", 1, &number), STATUS_OK);
    CHECK_EQUAL(number, directory.inode.number);
    CHECK_EQUAL(ext_lookup(&image.mount, &directory, "..", 2, &number), STATUS_OK);
    CHECK_EQUAL(number, ext_root_number);
}

static void names_are_found_in_trees(void)
{
    uint32_t made = 0;
    for (uint32_t index = 0; index < sizeof tree_cases / sizeof tree_cases[0]; index++) {
        const struct tree_case *tree = &tree_cases[index];
        if (tree->name_count != made) {
            make_tree(tree->name_count);
            made = tree->name_count;
        }
        bool well = make_image(tree);
        CHECK(well);
        if (well) {
            check_tree(tree);
        }
        image_free(&image);
    }
}

/* ---- One hash in several blocks ---------------------------------------------------------------
 */

static void colliding_names_are_found(void)
{
    CHECK(image_run("rm -rf tree; mkdir -p tree/many"));
    for (uint32_t index = 0; index < colliding_name_count; index++) {
        CHECK(image_run(": > tree/many/%s", colliding_names[index]));
        CHECK(image_run(": > tree/many/other%u", index));
    }
    static const struct tree_case tree = {
        .options = "-b 1024 -O ^metadata_csum", .tune = "-E hash_alg=legacy", .superblock = ""};
    CHECK(make_image(&tree));
    struct ext_file directory;
    CHECK_EQUAL(image_open(&image, "many", &directory), STATUS_OK);
    CHECK_EQUAL(depth_of(&directory), 1);
    for (uint32_t index = 0; index < colliding_name_count; index++) {
        look_up(&directory, colliding_names[index], colliding_name_bytes);
    }
    image_free(&image);
}

/* ---- Trees that lie ---------------------------------------------------------------------------
 */

/* A volume without checksums, whose blocks can be exchanged: nothing but the tree is wrong. */
static void blocks_in_each_others_place_are_corrupt(void)
{
    make_tree(4000);
    static const struct tree_case tree = {.options = "-b 1024 -O ^metadata_csum,^extents",
        .tune = "-E hash_alg=half_md4",
        .superblock = ""};
    CHECK(make_image(&tree));
    struct ext_file directory;
    CHECK_EQUAL(image_open(&image, "many", &directory), STATUS_OK);
    CHECK_EQUAL(depth_of(&directory), 2);
    struct ext_index_path path;
    struct ext_name name = {.bytes = "x", .size_bytes = 1};
    CHECK_EQUAL(ext_index_descend(&image.mount, &directory, name, &path), STATUS_OK);
    uint32_t leaf = (uint32_t)ext_index_leaf(&path);
    uint64_t root_at = path.levels[0].entry->block * 1024;
    uint64_t node_at = path.levels[1].entry->block * 1024;
    uint32_t root_slot = index_root_entries + path.levels[0].at * index_entry_bytes + 4;
    uint32_t node_slot = index_node_entries + path.levels[1].at * index_entry_bytes + 4;
    uint32_t node = ext_index_child(path.levels[0].children, path.levels[0].at);
    ext_index_release(&image.mount, &path);
    uint64_t number;
    store_le32(image.bytes + root_at + root_slot, leaf);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(ext_lookup(&image.mount, &directory, "x", 1, &number), STATUS_CORRUPT);
    CHECK(strstr(image.mount.corruption.what, "hash tree") != nullptr);
    store_le32(image.bytes + root_at + root_slot, node);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(ext_lookup(&image.mount, &directory, "x", 1, &number), STATUS_NOT_FOUND);
    store_le32(image.bytes + node_at + node_slot, node);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(ext_lookup(&image.mount, &directory, "x", 1, &number), STATUS_CORRUPT);
    CHECK(strstr(image.mount.corruption.what, "hash tree") != nullptr);
    image_free(&image);
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    TEST(hashes_are_those_of_debugfs);
    TEST(names_are_found_in_trees);
    TEST(colliding_names_are_found);
    TEST(blocks_in_each_others_place_are_corrupt);
    image_folder_remove();
    return check_report();
}
