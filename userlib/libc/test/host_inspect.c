/* SPDX-License-Identifier: ISC */
/* A small made-up system for tests on a host of the programs that look at the running system. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <userlib/libc/src/system.h>

static const struct erix_mount mounts[] = {
    {.path = "/", .source = "erix-data", .type = "ext4", .read_only = true},
    {.path = "/tmp", .source = "memory", .type = "ramfs"},
};

static const struct erix_volume volumes[] = {
    {.block_bytes = 4096,
        .block_count = 25600,
        .block_free_count = 12800,
        .file_count = 1000,
        .file_free_count = 900},
    {.block_bytes = 4096, .block_count = 1024, .block_free_count = 1023},
};

static const struct erix_process processes[] = {
    {.id = 1,
        .state = ERIX_PROCESS_WAITING,
        .priority = 40,
        .memory_bytes = 262144,
        .processor_time_ns = 1'500'000,
        .name = "rootd"},
    {.id = 12,
        .state = ERIX_PROCESS_RUNNING,
        .priority = 16,
        .memory_bytes = 1048576,
        .processor_time_ns = 61'234'567'890,
        .name = "sh"},
};

static const struct erix_capability capabilities[] = {
    {.slot = 1, .kind = "thread", .name = "self-thread", .rights = "control"},
    {.slot = 7, .badge = 0x2a, .kind = "endpoint", .name = "vfsd", .rights = "read write"},
};

static const struct erix_log_record records[] = {
    {.time_ns = 12'345'678, .process = 9, .level = "info", .text = "vfsd: mounted /"},
    {.lost_count = 3,
        .time_ns = 2'000'000'000,
        .process = 12,
        .level = "error",
        .text = "sh: a\tb\033[m"},
};

/* The element at the cursor, which moves on; or a null pointer. */
static const void *step(uint64_t *cursor, const void *elements, size_t bytes, size_t count)
{
    if (*cursor >= count) {
        return nullptr;
    }
    return (const char *)elements + (*cursor)++ * bytes;
}

/* Copy the next element of an array to the caller; 1, or 0 at the end. */
static long next(uint64_t *cursor, const void *elements, size_t bytes, size_t count, void *out)
{
    const void *found = step(cursor, elements, bytes, count);
    if (found == nullptr) {
        return 0;
    }
    memcpy(out, found, bytes);
    return 1;
}

long system_mount_next(uint64_t *cursor, struct erix_mount *mount_out)
{
    return next(cursor, mounts, sizeof(mounts[0]), sizeof(mounts) / sizeof(mounts[0]), mount_out);
}

long system_volume_of(const char *path, struct erix_volume *volume_out)
{
    *volume_out = volumes[strncmp(path, "/tmp", 4) == 0];
    return 0;
}

long system_process_next(uint64_t *cursor, struct erix_process *process_out)
{
    return next(cursor, processes, sizeof(processes[0]), sizeof(processes) / sizeof(processes[0]),
        process_out);
}

long system_capability_next(
    uint64_t process, uint64_t *cursor, struct erix_capability *capability_out)
{
    if (process != 0 && process != 12) {
        return -ESRCH;
    }
    return next(cursor, capabilities, sizeof(capabilities[0]),
        sizeof(capabilities) / sizeof(capabilities[0]), capability_out);
}

long system_log_next(uint64_t *cursor, struct erix_log_record *record_out)
{
    return next(
        cursor, records, sizeof(records[0]), sizeof(records) / sizeof(records[0]), record_out);
}

long system_shutdown(enum erix_shutdown_mode mode)
{
    printf("shutdown mode %d\n", (int)mode);
    return -EACCES;
}
