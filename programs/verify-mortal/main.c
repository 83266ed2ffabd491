/* SPDX-License-Identifier: ISC */
/*
 * Verifier: a service that ends with one caller whom it has heard and never answers, and one whom
 * it never hears. Its verdict says only that both are there; that both are told, verify-deaths
 * finds out when this program is gone.
 */
#include <protocol/time.h>
#include <slots/verify-mortal.h>
#include <userlib/start.h>
#include <userlib/syscall.h>
#include <userlib/verifier.h>
#include <userlib/victims/victims.h>

constexpr uint64_t moment_ns = 100'000'000;

static const char *verify(const struct verifier *verifier)
{
    (void)verifier;
    struct victim heard = {};
    struct victim unheard = {};
    if (victims_prepare() != STATUS_OK ||
        victim_start(victim_steps, VICTIM_CALL, slot_null, &heard) != STATUS_OK) {
        return "no caller can be started";
    }
    if (victim_await_call() == slot_null || !reply_has_caller(SLOT_REPLY)) {
        return "nobody calls";
    }
    if (victim_start(victim_steps, VICTIM_QUEUE, slot_null, &unheard) != STATUS_OK) {
        return "no second caller can be started";
    }
    const char *reason = victim_await_report();
    /* It calls right behind its report; whether it did, its file tells. */
    const struct time_cap timed = {SLOT_PEER_TIMED};
    struct time_now_monotonic_reply now = {};
    if (reason == nullptr && time_now_monotonic(timed, &now) == STATUS_OK) {
        const struct time_wait_until_request until = {.deadline_ns = now.nanoseconds + moment_ns};
        (void)time_wait_until(timed, &until);
    }
    return reason;
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
