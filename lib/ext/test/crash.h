/* SPDX-License-Identifier: ISC */
/*
 * Losses of power, played over: what a workload writes is recorded, and for chosen moments the
 * volume is built as the disk may hold it then, recovered by a mount and judged, by e2fsck and by
 * what the workload knows to be safe.
 */
#pragma once

#define _GNU_SOURCE
#include "ext_writable.h"

#include <sys/mman.h>

#include <lib/testing/random.h>

constexpr uint64_t crash_volume_bytes_max = 8 << 20;
constexpr uint32_t crash_events_max = 200'000;
constexpr uint64_t crash_data_bytes = 192 << 20;
static const char crash_volume_name[] = "crash.img";

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

/* Of `state_count` states a short run looks at one in CHECK_SHARE, which the harness sets. */
static inline void crash_plan_read(int argument_count, char **arguments, uint32_t state_count)
{
    const char *share = getenv("CHECK_SHARE");
    uint32_t divisor = share == nullptr ? 1 : (uint32_t)strtoul(share, nullptr, 10);
    crash_plan = (struct crash_plan){
        .state_count = divisor > 1 ? state_count / divisor : state_count,
        .judged_every = 1,
    };
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

/*
 * The volume as it is after a loss of power: memory that is a file at the same time, which e2fsck
 * reads without a copy. False if there is none.
 */
static inline bool crash_volume_make(struct image *image, size_t size_bytes)
{
    int descriptor = open(crash_volume_name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    void *bytes = MAP_FAILED;
    if (descriptor >= 0 && ftruncate(descriptor, (off_t)size_bytes) == 0) {
        bytes = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    }
    (void)close(descriptor);
    if (bytes == MAP_FAILED) {
        return false;
    }
    image->bytes = bytes;
    image->size_bytes = size_bytes;
    block_memory_init(&image->memory, image->bytes, size_bytes, 512);
    block_fault_init(&image->fault, &image->memory.device);
    return true;
}

static inline void crash_volume_free(struct image *image)
{
    (void)munmap(image->bytes, image->size_bytes);
    image->bytes = nullptr;
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

/* e2fsck repairs the volume of crash_volume_make without being asked anything. */
static inline bool crash_is_repairable(void)
{
    static char output[fsck_output_max];
    int status = fsck_run("-fp", crash_volume_name, output);
    if (status != 0 && status != 1) {
        printf("e2fsck -fp: status %d\n%s\n", status, output);
        return false;
    }
    return true;
}

/*
 * Whether the volume of crash_volume_make is sound, by the judge whose turn it is; the mount of it
 * is over.
 */
static inline bool crash_is_sound(struct writable *writable)
{
    bool fsck = crash_random(crash_plan.judged_every) == 0;
    return fsck ? fsck_is_clean(crash_volume_name) : writable_check(writable);
}
