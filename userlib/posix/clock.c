/* SPDX-License-Identifier: ISC */
/* Time: messages to timed. */
#include <errno.h>
#include <protocol/time.h>
#include <stdckdint.h>

#include <userlib/libc/src/system.h>

#include "posix.h"

constexpr uint64_t ns_per_second = 1'000'000'000;

long clock_monotonic_ns(uint64_t *now_ns_out)
{
    cap_slot timed = slot_null;
    struct time_now_monotonic_reply reply;
    long result = peer_find(PEER_TIMED, &timed);
    if (result == 0) {
        result = result_of(time_now_monotonic((struct time_cap){timed}, &reply));
    }
    if (result == 0) {
        *now_ns_out = reply.nanoseconds;
    }
    return result;
}

static long wall_ns(uint64_t *now_ns_out)
{
    cap_slot timed = slot_null;
    struct time_now_wall_reply reply;
    long result = peer_find(PEER_TIMED, &timed);
    if (result == 0) {
        result = result_of(time_now_wall((struct time_cap){timed}, &reply));
    }
    if (result == 0) {
        *now_ns_out = reply.nanoseconds;
    }
    return result;
}

long system_clock(clockid_t clock, struct timespec *time_out)
{
    uint64_t now_ns = 0;
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) {
        return -EINVAL;
    }
    long result = clock == CLOCK_REALTIME ? wall_ns(&now_ns) : clock_monotonic_ns(&now_ns);
    if (result == 0) {
        *time_out = (struct timespec){
            .tv_sec = (time_t)(now_ns / ns_per_second), .tv_nsec = (long)(now_ns % ns_per_second)};
    }
    return result;
}

long system_sleep(uint64_t duration_ns)
{
    cap_slot timed = slot_null;
    uint64_t deadline_ns = 0;
    long result = clock_monotonic_ns(&deadline_ns);
    if (result == 0) {
        result = peer_find(PEER_TIMED, &timed);
    }
    if (result < 0) {
        return result;
    }
    if (ckd_add(&deadline_ns, deadline_ns, duration_ns)) {
        deadline_ns = UINT64_MAX;
    }
    return result_of(time_wait_until(
        (struct time_cap){timed}, &(struct time_wait_until_request){.deadline_ns = deadline_ns}));
}
