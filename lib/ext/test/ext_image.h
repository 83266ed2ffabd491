/* SPDX-License-Identifier: ISC */
/*
 * Images for the tests of lib/ext: made by mke2fs and debugfs in a fresh folder in memory, loaded
 * whole, mounted over a RAM device. A missing tool makes the test fail, never skip.
 */
#pragma once

#include <lib/base/base.h>
#include <lib/ext/ext.h>
#include <lib/testing/check.h>

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

constexpr uint32_t image_cache_blocks = 32;

struct image {
    uint8_t *bytes;
    size_t size_bytes;
    struct block_memory memory;
    struct block_fault fault;
    struct ext_mount_options options;
    struct ext_mount mount;
    struct block_cache_entry entries[image_cache_blocks];
    uint8_t cache[image_cache_blocks * ext_block_bytes_max];
};

static char image_folder[64];

/*
 * Stands for mke2fs: a seed of hashes, a time and UUIDs that are the same in every run, because
 * where names are in a directory, and so what a test counts, depends on the seed. mke2fs takes the
 * last of several -E alone, so they are put together.
 */
static const char image_mke2fs[] =
    "#!/bin/sh\n"
    "count=$(cat \"${0%/*}/count\")\n"
    "echo $((count + 1)) >\"${0%/*}/count\"\n"
    "extended=hash_seed=12345678-1234-1234-1234-123456789abc\n"
    "for word do\n"
    "    shift\n"
    "    if [ \"$before\" = -E ]; then extended=$extended,$word\n"
    "    elif [ \"$word\" != -E ]; then set -- \"$@\" \"$word\"; fi\n"
    "    before=$word\n"
    "done\n"
    "export E2FSPROGS_FAKE_TIME=1700000000\n"
    "uuid=12345678-1234-1234-1234-$(printf %012d \"$count\")\n"
    "exec /usr/sbin/mke2fs -U \"$uuid\" -E \"$extended\" \"$@\"\n";

static inline bool image_file_write(const char *name, const char *text, mode_t mode)
{
    int descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL, mode);
    size_t size_bytes = strlen(text);
    bool well = descriptor >= 0 && write(descriptor, text, size_bytes) == (ssize_t)size_bytes;
    return descriptor >= 0 && close(descriptor) == 0 && well;
}

/* Makes the working folder; all other helpers use it. */
static inline bool image_folder_make(void)
{
    char path[128];
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(image_folder, sizeof image_folder, "%s/erix-ext-XXXXXX", base);
    if (mkdtemp(image_folder) == nullptr || chdir(image_folder) != 0) {
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/bin:/usr/sbin:/sbin:/usr/bin:/bin", image_folder);
    (void)setenv("PATH", path, 1);
    (void)setenv("MKE2FS_SKIP_PROGRESS", "1", 1);
    return mkdir("bin", 0700) == 0 && image_file_write("bin/count", "0\n", 0600) &&
           image_file_write("bin/mke2fs", image_mke2fs, 0700);
}

static inline void image_folder_remove(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", image_folder);
    (void)chdir("/");
    (void)!system(command);
}

/* Runs a shell command in the working folder; false if it failed. */
[[gnu::format(printf, 1, 2)]] static inline bool image_run(const char *format, ...)
{
    char command[2048];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    int result = system(command);
    if (result != 0) {
        printf("failed: %s\n", command);
    }
    return result == 0;
}

static inline enum status image_mount(struct image *image)
{
    struct ext_mount_memory memory = {
        .entries = image->entries,
        .entry_count = image_cache_blocks,
        .buffer = block_buffer_plain(image->cache),
        .buffer_bytes = sizeof image->cache,
    };
    return ext_mount(&image->mount, &image->fault.device, memory, image->options);
}

/* Loads file `name` of the working folder; false if it cannot be read. */
static inline bool image_load(struct image *image, const char *name)
{
    struct stat stat;
    int descriptor = open(name, O_RDONLY);
    if (descriptor < 0 || fstat(descriptor, &stat) != 0) {
        return false;
    }
    image->size_bytes = (size_t)stat.st_size;
    image->bytes = malloc(image->size_bytes);
    size_t done_bytes = 0;
    while (done_bytes < image->size_bytes) {
        ssize_t count = read(descriptor, image->bytes + done_bytes, image->size_bytes - done_bytes);
        if (count <= 0) {
            break;
        }
        done_bytes += (size_t)count;
    }
    (void)close(descriptor);
    block_memory_init(&image->memory, image->bytes, image->size_bytes, 512);
    block_fault_init(&image->fault, &image->memory.device);
    return done_bytes == image->size_bytes;
}

static inline void image_free(struct image *image)
{
    free(image->bytes);
    image->bytes = nullptr;
}

/* Opens a path below the root, without symbolic links. */
static inline enum status image_open(
    struct image *image, const char *path, struct ext_file *file_out)
{
    enum status status = ext_open(&image->mount, ext_root_number, file_out);
    while (status == STATUS_OK && *path != '\0') {
        uint64_t number;
        uint32_t name_bytes = (uint32_t)strcspn(path, "/");
        status = ext_lookup(&image->mount, file_out, path, name_bytes, &number);
        if (status == STATUS_OK) {
            status = ext_open(&image->mount, number, file_out);
        }
        path += name_bytes;
        path += *path == '/';
    }
    return status;
}
