/* SPDX-License-Identifier: ISC */
/*
 * One tree of known files, put by mke2fs into volumes of many shapes, read back through the library
 * and compared with the tree itself: every name, every byte, every attribute, both ways.
 */
#define _GNU_SOURCE
#include "ext_image.h"

#include <dirent.h>
#include <errno.h>
#include <time.h>

#include <lib/testing/random.h>

constexpr size_t piece_bytes_max = 1 << 20;

static struct image image;
static struct random numbers = {.state = 88172645463325252};

/* ---- The tree ------------------------------------------------------------------------------- */

static void write_at(int descriptor, uint64_t at, size_t size_bytes)
{
    static uint8_t bytes[piece_bytes_max];
    for (size_t index = 0; index < size_bytes; index++) {
        bytes[index] = (uint8_t)random_next(&numbers);
    }
    CHECK(pwrite(descriptor, bytes, size_bytes, (off_t)at) == (ssize_t)size_bytes);
}

static int make_file(const char *path)
{
    int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0640);
    CHECK(descriptor >= 0);
    return descriptor;
}

static void make_filled(const char *path, size_t size_bytes)
{
    int descriptor = make_file(path);
    if (size_bytes > 0) {
        write_at(descriptor, 0, size_bytes);
    }
    struct timespec times[2] = {{.tv_sec = 1'500'000'000}, {.tv_sec = 1'600'000'001}};
    CHECK(futimens(descriptor, times) == 0);
    (void)close(descriptor);
}

/* Every second block of 4 KiB is a hole: as many extents as blocks. */
static void make_fragmented(const char *path, uint32_t part_count)
{
    int descriptor = make_file(path);
    for (uint32_t part = 0; part < part_count; part++) {
        write_at(descriptor, (uint64_t)part * 8192, 4096);
    }
    (void)close(descriptor);
}

/* Data beyond each level of a block map, holes as wide as its subtrees between. */
static void make_sparse(const char *path, uint64_t last_bytes)
{
    static const uint64_t places[] = {0, 45'000, 12 * 4096, 270'000, 4'300'000, 67'400'000};
    int descriptor = make_file(path);
    for (uint32_t index = 0; index < sizeof places / sizeof places[0]; index++) {
        write_at(descriptor, places[index], 3000);
    }
    write_at(descriptor, last_bytes, 5000);
    (void)close(descriptor);
}

static void make_many(void)
{
    CHECK(mkdir("tree/many", 0755) == 0);
    for (uint32_t index = 0; index < 600; index++) {
        char path[300];
        int length = snprintf(path, sizeof path, "tree/many/%u-", index);
        size_t padding = index % 60 == 0 ? 255 - (size_t)(length - 10) : index * 7 % 100;
        memset(path + length, 'a' + (int)(index % 26), padding);
        path[(size_t)length + padding] = '\0';
        make_filled(path, index % 5 == 0 ? 10 : 0);
    }
}

static void make_tree(void)
{
    CHECK(mkdir("tree", 0755) == 0);
    static const size_t sizes[] = {0, 1, 59, 60, 61, 100, 150, 160, 1023, 1024, 1025, 4096, 5000,
        12 * 1024, 12 * 1024 + 1, 49'152, 49'153, 300'000};
    for (uint32_t index = 0; index < sizeof sizes / sizeof sizes[0]; index++) {
        char path[64];
        (void)snprintf(path, sizeof path, "tree/size-%zu", sizes[index]);
        make_filled(path, sizes[index]);
    }
    make_fragmented("tree/fragmented", 1200);
    make_sparse("tree/sparse", 70'000'000);
    make_many();
    CHECK(mkdir("tree/a", 0700) == 0 && mkdir("tree/a/b", 0777) == 0);
    CHECK(mkdir("tree/a/b/c", 0711) == 0 && mkdir("tree/empty", 0555) == 0);
    make_filled("tree/a/b/c/deep", 777);
    make_filled("tree/a/\xc3\xa4\xe2\x82\xac", 3);
    CHECK(link("tree/a/b/c/deep", "tree/a/hard") == 0);
    CHECK(mkfifo("tree/a/fifo", 0600) == 0);
    CHECK(symlink("x", "tree/a/link-1") == 0);
    char target[512];
    memset(target, 't', sizeof target);
    target[59] = '\0';
    CHECK(symlink(target, "tree/a/link-59") == 0);
    target[59] = '/';
    target[60] = '\0';
    CHECK(symlink(target, "tree/a/link-60") == 0);
    target[60] = 'u';
    target[300] = '\0';
    CHECK(symlink(target, "tree/a/link-300") == 0);
}

/* ---- Comparison ----------------------------------------------------------------------------- */

static uint8_t expected[piece_bytes_max];
static uint8_t got[piece_bytes_max];

static void compare_piece(int descriptor, struct ext_file *file, uint64_t at, size_t size_bytes)
{
    ssize_t wanted = pread(descriptor, expected, size_bytes, (off_t)at);
    uint64_t done_bytes = UINT64_MAX;
    struct ext_read_request request = {
        .offset_bytes = at, .size_bytes = size_bytes, .buffer = block_buffer_plain(got)};
    CHECK(ext_read(&image.mount, file, request, &done_bytes) == STATUS_OK);
    CHECK_EQUAL(done_bytes, wanted);
    CHECK(wanted >= 0 && memcmp(expected, got, (size_t)wanted) == 0);
}

/* All data in big pieces, then pieces of any place and size, around the end too. */
static void compare_contents(const char *path, struct ext_file *file)
{
    int descriptor = open(path, O_RDONLY);
    CHECK(descriptor >= 0);
    off_t size_bytes = (off_t)file->inode.size_bytes;
    off_t at = lseek(descriptor, 0, SEEK_DATA);
    while (at >= 0 && at < size_bytes) {
        compare_piece(descriptor, file, (uint64_t)at, piece_bytes_max);
        at = lseek(descriptor, at + (off_t)piece_bytes_max, SEEK_DATA);
    }
    for (uint32_t round = 0; round < 6 && size_bytes > 0; round++) {
        uint64_t place = random_next(&numbers) % ((uint64_t)size_bytes + 10);
        size_t length = (size_t)(random_next(&numbers) % 20'000);
        compare_piece(descriptor, file, place & ~(uint64_t)511, length & ~(size_t)511);
        compare_piece(descriptor, file, place, length);
    }
    compare_piece(descriptor, file, (uint64_t)size_bytes, 1);
    (void)close(descriptor);
}

static void compare_link(const char *path, struct ext_file *file)
{
    char wanted[4096];
    char target[ext_link_bytes_max];
    uint32_t target_bytes = 0;
    ssize_t wanted_bytes = readlink(path, wanted, sizeof wanted);
    CHECK(ext_read_link(&image.mount, file, target, &target_bytes) == STATUS_OK);
    CHECK_EQUAL(target_bytes, wanted_bytes);
    CHECK(memcmp(wanted, target, target_bytes) == 0);
}

struct listing {
    const char *path; /* of the folder on the host */
    uint32_t seen_count;
    uint32_t dot_count;
    uint64_t last_cursor;
};

static bool compare_entry(void *context, const struct ext_entry *entry)
{
    struct listing *listing = context;
    CHECK(entry->next_cursor > listing->last_cursor);
    listing->last_cursor = entry->next_cursor;
    bool dots = entry->name[0] == '.' && entry->name_bytes <= 2;
    bool found = entry->name_bytes == 10 && memcmp(entry->name, "lost+found", 10) == 0;
    if (dots || found) {
        listing->dot_count += dots;
        return true;
    }
    char path[1024];
    struct stat stat;
    (void)snprintf(
        path, sizeof path, "%s/%.*s", listing->path, (int)entry->name_bytes, entry->name);
    CHECK(lstat(path, &stat) == 0);
    listing->seen_count++;
    return true;
}

static void compare_tree(const char *path, struct ext_file *directory);

static void compare_node(const char *path, struct ext_file *file)
{
    struct stat stat;
    CHECK(lstat(path, &stat) == 0);
    CHECK_EQUAL(file->inode.mode, stat.st_mode);
    CHECK_EQUAL(file->inode.user_id, stat.st_uid);
    CHECK_EQUAL(file->inode.group_id, stat.st_gid);
    if (!S_ISDIR(stat.st_mode)) {
        CHECK_EQUAL(file->inode.link_count, stat.st_nlink);
        CHECK_EQUAL(file->inode.modified.seconds, stat.st_mtime);
    }
    switch (stat.st_mode & S_IFMT) {
    case S_IFREG:
        CHECK(file->inode.type == EXT_TYPE_FILE);
        CHECK_EQUAL(file->inode.size_bytes, stat.st_size);
        compare_contents(path, file);
        return;
    case S_IFLNK:
        CHECK(file->inode.type == EXT_TYPE_LINK);
        compare_link(path, file);
        return;
    case S_IFDIR:
        compare_tree(path, file);
        return;
    case S_IFIFO: {
        uint64_t done_bytes;
        struct ext_read_request request = {.size_bytes = 1, .buffer = block_buffer_plain(got)};
        CHECK(file->inode.type == EXT_TYPE_FIFO);
        CHECK(ext_read(&image.mount, file, request, &done_bytes) == STATUS_INVALID_ARGUMENT);
        return;
    }
    default:
        CHECK(false);
    }
}

/* Names of the host must be found; names of the volume must exist on the host, as many of them. */
static void compare_tree(const char *path, struct ext_file *directory)
{
    struct listing listing = {.path = path};
    struct ext_visitor visitor = {.visit = compare_entry, .context = &listing};
    CHECK(ext_read_directory(&image.mount, directory, 0, visitor) == STATUS_END);
    CHECK_EQUAL(listing.dot_count, 2);
    uint32_t host_count = 0;
    DIR *host = opendir(path);
    for (struct dirent *entry = readdir(host); entry != nullptr; entry = readdir(host)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        host_count++;
        char child[1024];
        (void)snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        uint64_t number = 0;
        struct ext_file file;
        enum status status = ext_lookup(
            &image.mount, directory, entry->d_name, (uint32_t)strlen(entry->d_name), &number);
        CHECK(status == STATUS_OK);
        if (status == STATUS_OK && ext_open(&image.mount, number, &file) == STATUS_OK) {
            compare_node(child, &file);
        } else {
            CHECK(false);
            printf("%s: %s\n", child, image.mount.corruption.what);
        }
    }
    (void)closedir(host);
    CHECK_EQUAL(listing.seen_count, host_count);
}

struct shape {
    const char *name;
    const char *arguments;
    uint32_t size_mib;
    const char *commands; /* of debugfs, afterwards; nullptr: none */
    bool reindexed;       /* e2fsck builds hash trees afterwards */
};

static const struct shape shapes[] = {
    {.name = "ext2 1k 128", .arguments = "-t ext2 -b 1024 -I 128", .size_mib = 32},
    {.name = "ext2 2k 256", .arguments = "-t ext2 -b 2048 -I 256", .size_mib = 32},
    {.name = "ext2 4k 512", .arguments = "-t ext2 -b 4096 -I 512", .size_mib = 32},
    {.name = "ext2 revision 0", .arguments = "-r 0 -b 1024", .size_mib = 32},
    {.name = "ext2 without sparse_super, filetype",
        .arguments = "-t ext2 -O ^sparse_super,^filetype,^resize_inode -b 1024 -g 2048",
        .size_mib = 32},
    {.name = "ext3 1k indexed", .arguments = "-t ext3 -b 1024", .size_mib = 48, .reindexed = true},
    {.name = "ext3 4k indexed", .arguments = "-t ext3 -b 4096", .size_mib = 48, .reindexed = true},
    {.name = "ext4", .arguments = "-t ext4", .size_mib = 48},
    {.name = "ext4 indexed", .arguments = "-t ext4", .size_mib = 48, .reindexed = true},
    {.name = "ext4 1k 128 indexed",
        .arguments = "-t ext4 -b 1024 -I 128",
        .size_mib = 48,
        .reindexed = true},
    {.name = "ext4 1k 256", .arguments = "-t ext4 -b 1024", .size_mib = 48},
    {.name = "ext4 2k 512",
        .arguments = "-t ext4 -b 2048 -I 512",
        .size_mib = 48,
        .reindexed = true},
    {.name = "ext4 without 64bit", .arguments = "-t ext4 -O ^64bit", .size_mib = 48},
    {.name = "ext4 without checksums", .arguments = "-t ext4 -O ^metadata_csum", .size_mib = 48},
    {.name = "ext4 uninit_bg",
        .arguments = "-t ext4 -O ^metadata_csum,uninit_bg -b 1024",
        .size_mib = 48},
    {.name = "ext4 uninit_bg without 64bit",
        .arguments = "-t ext4 -O ^metadata_csum,uninit_bg,^64bit -b 1024",
        .size_mib = 48},
    {.name = "ext4 without extents",
        .arguments = "-t ext4 -O ^extent,^64bit -b 1024",
        .size_mib = 48},
    {.name = "ext4 checksum seed",
        .arguments = "-t ext4 -O metadata_csum_seed -U random",
        .size_mib = 48,
        .commands = "ssv uuid random\n"},
    {.name = "ext4 meta_bg",
        .arguments = "-t ext4 -O meta_bg,^resize_inode -b 1024 -g 1024",
        .size_mib = 48},
    {.name = "ext4 meta_bg without flex_bg",
        .arguments = "-t ext4 -O meta_bg,^resize_inode,^flex_bg -b 2048 -g 2048",
        .size_mib = 48},
    {.name = "ext4 sparse_super2", .arguments = "-t ext4 -O sparse_super2 -b 1024", .size_mib = 48},
    {.name = "ext4 bigalloc", .arguments = "-t ext4 -O bigalloc -C 16384", .size_mib = 64},
    {.name = "ext4 bigalloc 1k",
        .arguments = "-t ext4 -b 1024 -O bigalloc -C 8192",
        .size_mib = 96},
    {.name = "ext4 inline_data", .arguments = "-t ext4 -O inline_data", .size_mib = 48},
    {.name = "ext4 inline_data 1k 512 indexed",
        .arguments = "-t ext4 -b 1024 -I 512 -O inline_data",
        .size_mib = 48,
        .reindexed = true},
    {.name = "ext4 large_dir indexed",
        .arguments = "-t ext4 -b 1024 -O large_dir",
        .size_mib = 48,
        .reindexed = true},
    {.name = "ext4 orphan_file, fast_commit",
        .arguments = "-t ext4 -O orphan_file,fast_commit",
        .size_mib = 48},
    {.name = "ext4 quota, project", .arguments = "-t ext4 -O quota,project", .size_mib = 48},
    {.name = "ext4 stable_inodes, ea_inode",
        .arguments = "-t ext4 -O stable_inodes,ea_inode",
        .size_mib = 48},
    {.name = "ext4 without journal", .arguments = "-t ext4 -O ^has_journal", .size_mib = 32},
};

static void compare_shape(const struct shape *shape)
{
    CHECK(image_run("rm -f img && truncate -s %uM img && mke2fs -q -F %s -d tree img >log 2>&1",
        shape->size_mib, shape->arguments));
    if (shape->commands != nullptr) {
        CHECK(image_run("printf '%s' | debugfs -w -f - img >log 2>&1", shape->commands));
    }
    if (shape->reindexed) {
        CHECK(image_run("e2fsck -fyD img >log 2>&1 </dev/null; [ $? -le 1 ]"));
    }
    CHECK(image_load(&image, "img"));
    enum status status = image_mount(&image);
    CHECK(status == STATUS_OK);
    struct ext_file root;
    if (status == STATUS_OK && image_open(&image, "", &root) == STATUS_OK) {
        compare_tree("tree", &root);
    } else {
        printf("%s: %s\n", image.mount.corruption.what, image.mount.refusal.what);
    }
    image_free(&image);
}

static void volumes_of_many_shapes_are_read(void)
{
    for (uint32_t index = 0; index < sizeof shapes / sizeof shapes[0]; index++) {
        bool failing_before = check_failing;
        check_failing = false;
        compare_shape(&shapes[index]);
        if (check_failing) {
            printf("shape: %s\n", shapes[index].name);
        }
        check_failing = check_failing || failing_before;
    }
}

/* ---- Single questions ----------------------------------------------------------------------- */

static void fragmented_files_have_deep_trees(void)
{
    CHECK(
        image_run("rm -f img && truncate -s 48M img && mke2fs -q -F -t ext4 -b 1024 -d tree img"));
    CHECK(image_load(&image, "img") && image_mount(&image) == STATUS_OK);
    struct ext_file file;
    CHECK(image_open(&image, "fragmented", &file) == STATUS_OK);
    CHECK(file.inode.block_area[6] >= 2);
    struct ext_run run;
    uint64_t data_blocks = 0;
    uint32_t run_count = 0;
    for (uint64_t block = 0; block < 9596; block += run.block_count) {
        CHECK(ext_map(&image.mount, &file, block, &run) == STATUS_OK);
        CHECK_EQUAL(run.logical_block, block);
        CHECK(run.block_count > 0 && run.block_count <= 4);
        CHECK((run.kind == EXT_RUN_DATA) == (block / 4 % 2 == 0));
        data_blocks += run.kind == EXT_RUN_DATA ? run.block_count : 0;
        run_count++;
    }
    CHECK_EQUAL(data_blocks, 4800);
    CHECK(run_count >= 2399);
    CHECK(ext_map(&image.mount, &file, 9596, &run) == STATUS_OK);
    CHECK(run.kind == EXT_RUN_HOLE);
    CHECK_EQUAL(run.logical_block + run.block_count, (uint64_t)1 << 32);
    image_free(&image);
}

static void unwritten_extents_read_as_zero(void)
{
    CHECK(
        image_run("rm -f img && truncate -s 16M img && mke2fs -q -F -t ext4 -b 4096 img && "
                  "printf 'write tree/size-300000 f\\nfallocate f 100 200\\nsif f size 800000\\n"
                  "sif f mtime_extra 0x12345678\\nsif f mtime 0x7fffffff\\nmknod dev c 5 300\\n' | "
                  "debugfs -w -f - img >log 2>&1"));
    CHECK(image_load(&image, "img") && image_mount(&image) == STATUS_OK);
    struct ext_file file;
    CHECK(image_open(&image, "f", &file) == STATUS_OK);
    struct ext_run run;
    CHECK(ext_map(&image.mount, &file, 150, &run) == STATUS_OK);
    CHECK(run.kind == EXT_RUN_UNWRITTEN);
    CHECK_EQUAL(run.block_count, 51);
    memset(got, 0xff, 8192);
    uint64_t done_bytes = 0;
    struct ext_read_request request = {
        .offset_bytes = 150 * 4096 - 100, .size_bytes = 8192, .buffer = block_buffer_plain(got)};
    CHECK(ext_read(&image.mount, &file, request, &done_bytes) == STATUS_OK);
    CHECK_EQUAL(done_bytes, 8192);
    for (uint32_t index = 0; index < 8192; index++) {
        CHECK(got[index] == 0);
    }
    CHECK_EQUAL(file.inode.modified.nanoseconds, 0x12345678 >> 2);
    CHECK_EQUAL(file.inode.modified.seconds, 0x7fffffff);
    CHECK(image_open(&image, "dev", &file) == STATUS_OK);
    CHECK(file.inode.type == EXT_TYPE_CHARACTER_DEVICE);
    CHECK_EQUAL(file.inode.device_major, 5);
    CHECK_EQUAL(file.inode.device_minor, 300);
    image_free(&image);
}

/* Counts what a device is asked for beyond the cache: whole blocks must not be copied. */
static void aligned_reads_bypass_the_cache(void)
{
    CHECK(
        image_run("rm -f img && truncate -s 48M img && mke2fs -q -F -t ext4 -b 4096 -d tree img"));
    CHECK(image_load(&image, "img") && image_mount(&image) == STATUS_OK);
    struct ext_file file;
    CHECK(image_open(&image, "size-300000", &file) == STATUS_OK);
    block_fault_arm(&image.fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_READ});
    uint64_t misses = image.mount.cache.counters.miss_count;
    uint64_t done_bytes = 0;
    struct ext_read_request request = {.size_bytes = 73 * 4096, .buffer = block_buffer_plain(got)};
    CHECK(ext_read(&image.mount, &file, request, &done_bytes) == STATUS_OK);
    CHECK_EQUAL(done_bytes, 73 * 4096);
    CHECK_EQUAL(image.fault.operation_count, 1);
    CHECK_EQUAL(image.mount.cache.counters.miss_count, misses);
    request.buffer = (struct block_buffer){.handle = 1};
    request.offset_bytes = 73 * 4096;
    CHECK(ext_read(&image.mount, &file, request, &done_bytes) == STATUS_INVALID_ARGUMENT);
    image_free(&image);
}

struct pages {
    uint64_t cursor;
    uint32_t left_count;
    uint32_t total_count;
};

static bool take_entry(void *context, const struct ext_entry *entry)
{
    struct pages *pages = context;
    if (pages->left_count == 0) {
        return false;
    }
    pages->left_count--;
    pages->total_count++;
    pages->cursor = entry->next_cursor;
    return true;
}

static void cursors_resume_in(const char *arguments)
{
    CHECK(image_run("rm -f img && truncate -s 48M img && mke2fs -q -F %s -d tree img", arguments));
    CHECK(image_load(&image, "img") && image_mount(&image) == STATUS_OK);
    static const char *const paths[] = {"many", "a", "empty"};
    static const uint32_t counts[] = {602, 10, 2};
    for (uint32_t index = 0; index < 3; index++) {
        struct ext_file directory;
        CHECK(image_open(&image, paths[index], &directory) == STATUS_OK);
        struct pages pages = {};
        enum status status = STATUS_OK;
        while (status == STATUS_OK) {
            pages.left_count = 7;
            struct ext_visitor visitor = {.visit = take_entry, .context = &pages};
            status = ext_read_directory(&image.mount, &directory, pages.cursor, visitor);
        }
        CHECK(status == STATUS_END);
        CHECK_EQUAL(pages.total_count, counts[index]);
    }
    image_free(&image);
}

static void cursors_resume_anywhere(void)
{
    cursors_resume_in("-t ext2 -b 1024");
    cursors_resume_in("-t ext4 -O inline_data -I 512");
}

static void questions_are_refused_politely(void)
{
    CHECK(
        image_run("rm -f img && truncate -s 48M img && mke2fs -q -F -t ext4 -b 4096 -d tree img"));
    CHECK(image_load(&image, "img") && image_mount(&image) == STATUS_OK);
    struct ext_file root;
    struct ext_file file;
    uint64_t number;
    CHECK(image_open(&image, "", &root) == STATUS_OK);
    CHECK(image_open(&image, "size-1", &file) == STATUS_OK);
    CHECK(ext_lookup(&image.mount, &root, "nothing", 7, &number) == STATUS_NOT_FOUND);
    CHECK(ext_lookup(&image.mount, &root, "size-", 5, &number) == STATUS_NOT_FOUND);
    CHECK(ext_lookup(&image.mount, &root, "", 0, &number) == STATUS_INVALID_ARGUMENT);
    char name[ext_name_bytes_max + 1] = {};
    CHECK(ext_lookup(&image.mount, &root, name, sizeof name, &number) == STATUS_NAME_TOO_LONG);
    CHECK(ext_lookup(&image.mount, &file, "x", 1, &number) == STATUS_NOT_DIRECTORY);
    CHECK(ext_lookup(&image.mount, &root, "..", 2, &number) == STATUS_OK);
    CHECK_EQUAL(number, ext_root_number);
    struct ext_read_request request = {.size_bytes = 1, .buffer = block_buffer_plain(got)};
    uint64_t done_bytes;
    uint32_t target_bytes;
    CHECK(ext_read(&image.mount, &root, request, &done_bytes) == STATUS_IS_DIRECTORY);
    CHECK(
        ext_read_link(&image.mount, &file, (char *)got, &target_bytes) == STATUS_INVALID_ARGUMENT);
    CHECK(ext_open(&image.mount, 0, &file) == STATUS_INVALID_ARGUMENT);
    CHECK(ext_open(&image.mount, UINT64_MAX, &file) == STATUS_INVALID_ARGUMENT);
    CHECK(ext_open(&image.mount, image.mount.geometry.inode_count, &file) == STATUS_NOT_FOUND);
    CHECK(ext_open(&image.mount, 8, &file) == STATUS_INVALID_ARGUMENT);
    struct ext_statistics statistics = ext_statfs(&image.mount);
    CHECK_EQUAL(statistics.block_count, 48 * 256);
    CHECK(statistics.free_block_count > 0 && statistics.free_block_count < statistics.block_count);
    CHECK_EQUAL(image.mount.clean, true);
    image_free(&image);
}

/* Each place that is read is bad once; whatever was asked ends with IO, and works afterwards. */
static void failing_reads_end_in_io(void)
{
    CHECK(
        image_run("rm -f img && truncate -s 48M img && mke2fs -q -F -t ext3 -b 1024 -d tree img"));
    CHECK(image_load(&image, "img"));
    uint64_t hit_count = 0;
    for (uint64_t first = 0;; first++) {
        struct block_fault_plan plan = {.kinds = BLOCK_FAULT_READ,
            .effect = BLOCK_FAULT_SPOIL,
            .status = STATUS_IO,
            .first = first,
            .count = 1};
        block_fault_arm(&image.fault, plan);
        enum status status = image_mount(&image);
        struct ext_file file;
        if (status == STATUS_OK) {
            status = image_open(&image, "sparse", &file);
        }
        uint64_t done_bytes = 0;
        struct ext_read_request request = {
            .offset_bytes = 67'399'000, .size_bytes = 9000, .buffer = block_buffer_plain(got)};
        if (status == STATUS_OK) {
            status = ext_read(&image.mount, &file, request, &done_bytes);
        }
        hit_count += image.fault.hit_count;
        CHECK(status == (image.fault.hit_count > 0 ? STATUS_IO : STATUS_OK));
        if (image.fault.hit_count == 0) {
            CHECK_EQUAL(done_bytes, 9000);
            break;
        }
    }
    CHECK(hit_count >= 8);
    image_free(&image);
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    make_tree();
    TEST(volumes_of_many_shapes_are_read);
    TEST(fragmented_files_have_deep_trees);
    TEST(unwritten_extents_read_as_zero);
    TEST(aligned_reads_bypass_the_cache);
    TEST(cursors_resume_anywhere);
    TEST(questions_are_refused_politely);
    TEST(failing_reads_end_in_io);
    image_folder_remove();
    return check_report();
}
