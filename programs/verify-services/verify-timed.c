/* SPDX-License-Identifier: ISC */
/*
 * Verifier: time goes forward, a wait ends behind its deadline and not before, one for the past at
 * once; the wall clock is of our days and goes on with the other.
 */
#include <protocol/time.h>
#include <slots/verify-timed.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

constexpr uint64_t nap_ns = 2'000'000;
constexpr uint64_t year_2024_ns = UINT64_C(1'704'067'200) * 1'000'000'000;
constexpr uint64_t year_2124_ns = UINT64_C(4'859'740'800) * 1'000'000'000;

static const struct time_cap timed = {SLOT_PEER_TIMED};

static uint64_t monotonic_ns(void)
{
    struct time_now_monotonic_reply reply = {};
    return time_now_monotonic(timed, &reply) == STATUS_OK ? reply.nanoseconds : 0;
}

static uint64_t wall_ns(void)
{
    struct time_now_wall_reply reply = {};
    return time_now_wall(timed, &reply) == STATUS_OK ? reply.nanoseconds : 0;
}

static enum status wait_until(uint64_t deadline_ns)
{
    return time_wait_until(timed, &(struct time_wait_until_request){.deadline_ns = deadline_ns});
}

static const char *verify(const struct verifier *verifier)
{
    (void)verifier;
    const uint64_t start_ns = monotonic_ns();
    const uint64_t wall_start_ns = wall_ns();
    if (start_ns == 0 || wall_start_ns < year_2024_ns || wall_start_ns > year_2124_ns) {
        return "there is no time";
    }
    if (wait_until(start_ns + nap_ns) != STATUS_OK || monotonic_ns() < start_ns + nap_ns) {
        return "a wait ended before its deadline";
    }
    if (wall_ns() < wall_start_ns + nap_ns) {
        return "the wall clock stands still";
    }
    return wait_until(start_ns) == STATUS_OK ? nullptr : "the past cannot be waited for";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
