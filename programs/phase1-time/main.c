/* SPDX-License-Identifier: ISC */
/*
 * Verifier: time goes on, as the kernel's clock does, never back; waiting ends at the deadline and
 * not before it. How long is the nonce's.
 */
#include <protocol/time.h>
#include <slots/phase1-time.h>
#include <userlib/marker.h>
#include <userlib/start.h>
#include <userlib/syscall.h>
#include <userlib/verifier.h>

constexpr uint32_t reads_count = 1000;
constexpr uint32_t waits_count = 8;
constexpr uint64_t wait_mask_ns = 0x3fffff; /* four milliseconds */
constexpr uint64_t year_2025_ns = UINT64_C(1'735'689'600'000'000'000);

static const struct time_cap timed = {SLOT_PEER_TIMED};

/* timed's time lies between two readings of the kernel's clock. */
static enum status read_time(uint64_t *now_out)
{
    struct time_now_monotonic_reply now = {};
    uint64_t before_ns = 0;
    uint64_t after_ns = 0;
    enum status status = clock_read((struct clock_cap){SLOT_CLOCK}, &before_ns);
    if (status == STATUS_OK) {
        status = time_now_monotonic(timed, &now);
    }
    if (status == STATUS_OK) {
        status = clock_read((struct clock_cap){SLOT_CLOCK}, &after_ns);
    }
    *now_out = now.nanoseconds;
    const bool between = before_ns <= now.nanoseconds && now.nanoseconds <= after_ns;
    return status == STATUS_OK && !between ? STATUS_CORRUPT : status;
}

static const char *verify_readings(void)
{
    uint64_t last_ns = 0;
    for (uint32_t i = 0; i < reads_count; i++) {
        uint64_t now_ns = 0;
        if (read_time(&now_ns) != STATUS_OK) {
            return "timed's time is not the kernel's";
        }
        if (now_ns < last_ns) {
            return "time has gone back";
        }
        last_ns = now_ns;
    }
    return nullptr;
}

/* Wall time and monotonic time go on alike. */
static const char *verify_wall(void)
{
    struct time_now_wall_reply first = {};
    struct time_now_wall_reply second = {};
    uint64_t before_ns = 0;
    uint64_t after_ns = 0;
    if (read_time(&before_ns) != STATUS_OK || time_now_wall(timed, &first) != STATUS_OK ||
        time_now_wall(timed, &second) != STATUS_OK || read_time(&after_ns) != STATUS_OK) {
        return "there is no wall time";
    }
    if (first.nanoseconds < year_2025_ns) {
        return "wall time is not that of the battery clock";
    }
    const uint64_t passed_ns = second.nanoseconds - first.nanoseconds;
    return second.nanoseconds >= first.nanoseconds && passed_ns <= after_ns - before_ns
               ? nullptr
               : "wall time and monotonic time differ";
}

static const char *verify_waits(const struct verifier *verifier)
{
    for (uint32_t i = 0; i < waits_count; i++) {
        uint64_t now_ns = 0;
        if (read_time(&now_ns) != STATUS_OK) {
            return "timed tells no time";
        }
        /* The last deadline is past. */
        const uint64_t nap_ns = verifier_number(verifier, i) & wait_mask_ns;
        const struct time_wait_until_request request = {
            .deadline_ns = i + 1 < waits_count ? now_ns + nap_ns : now_ns - 1};
        if (time_wait_until(timed, &request) != STATUS_OK || read_time(&now_ns) != STATUS_OK) {
            return "timed does not wait";
        }
        if (now_ns < request.deadline_ns) {
            return "a wait ended before its deadline";
        }
    }
    return nullptr;
}

static const char *verify(const struct verifier *verifier)
{
    uint64_t now_ns = 0;
    if (read_time(&now_ns) != STATUS_OK) {
        return "timed's time is not the kernel's";
    }
    verifier_stage(verifier, MARKER_KERNEL_ROOTD_STAGE_TIMED_READY);
    const char *reason = verify_readings();
    reason = reason == nullptr ? verify_wall() : reason;
    reason = reason == nullptr ? verify_waits(verifier) : reason;
    if (reason == nullptr) {
        verifier_stage(verifier, MARKER_KERNEL_ROOTD_STAGE_TIME_READY);
    }
    return reason;
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
