/* SPDX-License-Identifier: ISC */
/* Every step asks the counters before and behind: what one operation costs is their difference. */
#include "growth.h"

#include <stdio.h>
#include <string.h>

#include "volume.h"
#include "workload.h"

constexpr uint32_t step_count = 20;
constexpr uint64_t sparse_bytes = UINT64_C(1) << 40;
constexpr uint64_t small_bytes = 1 << 20;
constexpr uint64_t odd_step = 0x9e37'79b1; /* its multiples meet all places of a power of two */

static uint8_t page[workload_page_bytes];

static double per(uint64_t before, uint64_t after, uint32_t count)
{
    return (double)(after - before) / count;
}

/* --- a directory --- */

static void entry_name(char *name, size_t size_bytes, uint32_t index)
{
    (void)snprintf(name, size_bytes, "entry-%06u", index);
}

static bool make_entries(uint32_t first, uint32_t count)
{
    for (uint32_t index = first; index < first + count; index++) {
        char name[32];
        entry_name(name, sizeof name, index);
        if (!volume_create(name)) {
            return false;
        }
    }
    return true;
}

static bool find_entries(uint32_t present, uint32_t count)
{
    struct ext_file top;
    struct ext_mount *mount = volume_mount();
    uint64_t state = 1;
    bool well = volume_told(ext_open(mount, ext_root_number, &top), "top directory");
    for (uint32_t done = 0; done < count && well; done++) {
        char name[32];
        uint64_t number = 0;
        entry_name(name, sizeof name, (uint32_t)(workload_random(&state) % present));
        well = volume_told(ext_lookup(mount, &top, name, (uint32_t)strlen(name), &number), name);
    }
    return well;
}

bool growth_directory(const char *path, uint32_t entry_count)
{
    const uint32_t count = entry_count / step_count;
    bool well = volume_start(path);
    for (uint32_t first = 0; first < count * step_count && well; first += count) {
        const uint64_t begin = volume_counters().cache_requests;
        well = make_entries(first, count);
        const uint64_t made = volume_counters().cache_requests;
        well = well && find_entries(first + count, count);
        const uint64_t found = volume_counters().cache_requests;
        printf("%u %.2f %.2f\n", first + count, per(begin, made, count), per(made, found, count));
    }
    return well && volume_finish();
}

/* --- a file --- */

static uint64_t place(uint32_t index, uint32_t page_count)
{
    const uint64_t slot = index * odd_step % page_count;
    return slot * (sparse_bytes / page_count) + workload_page_bytes;
}

static bool write_pages(struct ext_file *file, uint32_t first, uint32_t count, uint32_t page_count)
{
    bool well = true;
    for (uint32_t index = first; index < first + count && well; index++) {
        uint64_t done = 0;
        memcpy(page, &index, sizeof index);
        const struct ext_read_request request = {.offset_bytes = place(index, page_count),
            .size_bytes = sizeof page,
            .buffer = block_buffer_plain(page)};
        well = volume_told(ext_write(volume_mount(), file, request, &done), "write") &&
               done == sizeof page;
    }
    return well;
}

static bool read_pages(struct ext_file *file, uint32_t present, uint32_t count, uint32_t page_count)
{
    uint64_t state = 1;
    bool well = true;
    for (uint32_t done_count = 0; done_count < count && well; done_count++) {
        const uint32_t index = (uint32_t)(workload_random(&state) % present);
        uint64_t done = 0;
        const struct ext_read_request request = {.offset_bytes = place(index, page_count),
            .size_bytes = sizeof page,
            .buffer = block_buffer_plain(page)};
        well = volume_told(ext_read(volume_mount(), file, request, &done), "read") &&
               memcmp(page, &index, sizeof index) == 0;
    }
    return well;
}

static bool open_new(const char *name, struct ext_file *file)
{
    uint64_t number = 0;
    const struct ext_new_inode wanted = {.mode = 0100644};
    return volume_told(
               ext_create(volume_mount(), ext_root_number, volume_name(name), &wanted, &number),
               name) &&
           volume_told(ext_open(volume_mount(), number, file), name);
}

bool growth_file(const char *path, uint32_t page_count)
{
    const uint32_t count = page_count / step_count;
    struct ext_file file;
    bool well = volume_start(path) && open_new("sparse", &file) &&
                volume_told(ext_truncate(volume_mount(), &file, sparse_bytes), "truncate");
    for (uint32_t first = 0; first < count * step_count && well; first += count) {
        const uint64_t begin = volume_counters().cache_requests;
        well = write_pages(&file, first, count, page_count);
        const uint64_t written = volume_counters().cache_requests;
        well = well && read_pages(&file, first + count, count, page_count);
        const uint64_t read = volume_counters().cache_requests;
        printf(
            "%u %.2f %.2f\n", first + count, per(begin, written, count), per(written, read, count));
    }
    return well && volume_finish();
}

/* --- a volume --- */

static void tell_since(const struct volume_counters *before)
{
    const struct volume_counters now = volume_counters();
    printf(" %llu %llu",
        (unsigned long long)(now.reads - before->reads + now.writes - before->writes),
        (unsigned long long)((now.bytes - before->bytes) >> 10));
}

static bool write_small(void)
{
    struct ext_file file;
    bool well = open_new("small", &file);
    for (uint64_t offset = 0; offset < small_bytes && well; offset += sizeof page) {
        uint64_t done = 0;
        const struct ext_read_request request = {
            .offset_bytes = offset, .size_bytes = sizeof page, .buffer = block_buffer_plain(page)};
        well = volume_told(ext_write(volume_mount(), &file, request, &done), "write") &&
               done == sizeof page;
    }
    return well;
}

bool growth_volume(const char *path)
{
    const struct volume_counters none = {};
    if (!volume_start(path)) {
        return false;
    }
    const struct ext_statistics size = ext_statfs(volume_mount());
    printf("%llu", (unsigned long long)(size.block_count * size.block_bytes >> 20));
    tell_since(&none);
    struct volume_counters before = volume_counters();
    bool well = write_small();
    tell_since(&before);
    before = volume_counters();
    well = well && volume_finish();
    tell_since(&before);
    printf("\n");
    return well;
}
