/* SPDX-License-Identifier: ISC */
/*
 * Losses of power, played over: what a workload writes is recorded, and for chosen moments the
 * volume is built as the disk may hold it then, recovered by a mount and judged, by e2fsck and by
 * what the workload knows to be safe.
 */
#pragma once

#define _GNU_SOURCE
#include "ext_writable.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <lib/testing/random.h>

constexpr uint64_t crash_volume_bytes_max = 8 << 20;
constexpr uint32_t crash_events_max = 200'000;
constexpr uint64_t crash_data_bytes = 192 << 20;
constexpr int fsck_limit_ms = 60'000;
constexpr size_t fsck_output_max = 8192;

extern char **environ;

/* ---- What a run is asked for ----------------------------------------------------------------- */

/*
 * `BINARY STATES SEED` is a part of a long search: so many states of workloads by that seed. Our
 * own check judges all of them and e2fsck a part, where it judges all in a short run.
 */
struct crash_plan {
    uint32_t state_count; /* of all shapes */
    uint32_t judged_every;
    uint32_t done_count;
    bool soak;
};

constexpr uint32_t crash_soak_judged_every = 16;
constexpr uint32_t crash_report_every = 250;

static struct crash_plan crash_plan;
static struct random crash_numbers = {.state = 88172645463325252};

static inline uint64_t crash_random(uint64_t limit)
{
    return random_next(&crash_numbers) % limit;
}

static inline void crash_plan_read(int argument_count, char **arguments, uint32_t state_count)
{
    crash_plan = (struct crash_plan){.state_count = state_count, .judged_every = 1};
    if (argument_count == 3) {
        crash_plan.state_count = (uint32_t)strtoul(arguments[1], nullptr, 10);
        crash_plan.judged_every = crash_soak_judged_every;
        crash_plan.soak = true;
        crash_numbers = random_start(strtoull(arguments[2], nullptr, 10));
    }
}

/* One more state was judged and found good; a long search says how far it is. */
static inline void crash_count(void)
{
    crash_plan.done_count++;
    if (crash_plan.soak && crash_plan.done_count % crash_report_every == 0) {
        printf("%u states\n", crash_plan.done_count);
        (void)fflush(stdout);
    }
}

static inline void crash_plan_end(void)
{
    printf("%u states\n", crash_plan.done_count);
}

/* ---- Moments --------------------------------------------------------------------------------- */

struct crash_record {
    struct block_record record;
    struct block_record_event *events;
    uint8_t *data;
};

static inline bool crash_record_make(struct crash_record *crash, struct block_device *below)
{
    crash->events = malloc(crash_events_max * sizeof *crash->events);
    crash->data = malloc(crash_data_bytes);
    struct block_record_memory memory = {
        .events = crash->events,
        .event_count_max = crash_events_max,
        .data = crash->data,
        .data_bytes = crash_data_bytes,
    };
    block_record_init(&crash->record, below, memory);
    return crash->events != nullptr && crash->data != nullptr;
}

static inline void crash_record_free(struct crash_record *crash)
{
    free(crash->events);
    free(crash->data);
}

/* A moment of the record and what became of the writes since the last flush, at random. */
static inline struct block_record_crash crash_choose(const struct block_record *record)
{
    struct block_record_crash crash = {
        .event_count = (uint32_t)crash_random(record->event_count + 1),
        .kind = (enum block_record_kind)crash_random(4),
        .part = {.block_count = (uint32_t)crash_random(2)},
        .seed = crash_random(UINT32_MAX),
    };
    uint32_t first = block_record_first_unflushed(record, crash.event_count);
    if (first == crash.event_count) {
        crash.kind = BLOCK_RECORD_PREFIX;
        return crash;
    }
    crash.index = first + (uint32_t)crash_random(crash.event_count - first);
    return crash;
}

/* ---- Losses of power during a recovery --------------------------------------------------------
 */

constexpr uint32_t crash_again_every = 4;
constexpr uint32_t crash_recovery_events_max = 8192;
constexpr uint64_t crash_recovery_bytes = 24 << 20;

/*
 * One state of four loses power again while a mount recovers it: afterwards the volume is as that
 * leaves it. False if the recovery itself failed.
 */
static inline bool crash_again(
    struct image *image, enum status (*mount)(struct writable *), struct writable *writable)
{
    static struct block_record record;
    static struct block_record_event events[crash_recovery_events_max];
    static uint8_t data[crash_recovery_bytes];
    static uint8_t before[crash_volume_bytes_max];
    if (crash_random(crash_again_every) != 0) {
        return true;
    }
    struct block_record_memory memory = {
        .events = events,
        .event_count_max = crash_recovery_events_max,
        .data = data,
        .data_bytes = crash_recovery_bytes,
    };
    memcpy(before, image->bytes, image->size_bytes);
    block_record_init(&record, &image->memory.device, memory);
    image->fault.below = &record.device;
    enum status status = mount(writable);
    image->fault.below = &image->memory.device;
    if (status != STATUS_OK || record.overflowed) {
        printf("recovery that is to be cut off: %s\n", status_text(status));
        return false;
    }
    struct block_record_crash crash = crash_choose(&record);
    memcpy(image->bytes, before, image->size_bytes);
    return block_record_rebuild(&record, crash, &image->memory.device) == STATUS_OK;
}

/* ---- Judges ---------------------------------------------------------------------------------- */

/* What e2fsck says, until it ends or its time is up; its wait status. */
static inline int crash_read_output(pid_t child, int pipe_end, char *output)
{
    size_t size = 0;
    struct pollfd poll_entry = {.fd = pipe_end, .events = POLLIN};
    while (poll(&poll_entry, 1, fsck_limit_ms) > 0 && size + 1 < fsck_output_max) {
        ssize_t count = read(pipe_end, output + size, fsck_output_max - 1 - size);
        if (count <= 0) {
            break;
        }
        size += (size_t)count;
    }
    output[size] = '\0';
    (void)close(pipe_end);
    int wait_status = -1;
    if (waitpid(child, &wait_status, size + 1 < fsck_output_max ? 0 : WNOHANG) != child) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, &wait_status, 0);
    }
    return wait_status;
}

/* Runs e2fsck with one more option word on file `name`; its exit status, or -1. */
static inline int crash_run_fsck(const char *mode, const char *name, char *output)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    char *arguments[] = {(char *)"e2fsck", (char *)mode, (char *)"-E",
        (char *)"no_optimize_extents", (char *)name, nullptr};
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    pid_t child;
    int error = posix_spawnp(&child, "e2fsck", &actions, nullptr, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    if (error != 0) {
        (void)close(ends[0]);
        return -1;
    }
    int wait_status = crash_read_output(child, ends[0], output);
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
}

static inline bool crash_is_silent(const char *output)
{
    static const char *const words[] = {
        "?", "gnored", "GNORED", "kipping", "arning", "WARNING", "rror"};
    for (size_t index = 0; index < sizeof words / sizeof words[0]; index++) {
        if (strstr(output, words[index]) != nullptr) {
            return false;
        }
    }
    return true;
}

/* e2fsck finds nothing to say about the bytes. */
static inline bool crash_is_clean(const struct image *image)
{
    static char output[fsck_output_max];
    if (!image_save(image, "crash.img")) {
        return false;
    }
    int status = crash_run_fsck("-fn", "crash.img", output);
    bool clean = status == 0 && crash_is_silent(output);
    if (!clean) {
        printf("e2fsck -fn: status %d\n%s\n", status, output);
    }
    return clean;
}

/* e2fsck repairs the bytes without being asked anything. */
static inline bool crash_is_repairable(const struct image *image)
{
    static char output[fsck_output_max];
    if (!image_save(image, "crash.img")) {
        return false;
    }
    int status = crash_run_fsck("-fp", "crash.img", output);
    if (status != 0 && status != 1) {
        printf("e2fsck -fp: status %d\n%s\n", status, output);
        return false;
    }
    return true;
}

/* Whether the volume of a mount that is over is sound, by the judge whose turn it is. */
static inline bool crash_is_sound(struct writable *writable)
{
    bool fsck = crash_random(crash_plan.judged_every) == 0;
    return fsck ? crash_is_clean(&writable->image) : writable_check(writable);
}
