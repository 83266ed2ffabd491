/* SPDX-License-Identifier: ISC */
/*
 * A victim does one step more than the one before it, and dies: by itself, by a fault, or killed
 * while it waits for something. It tells how far it came in its exit code, in the address of its
 * fault, or in a report; so a death that came too early counts as a failure.
 */
#include "deaths.h"

#include <protocol/time.h>
#include <protocol/vfs.h>
#include <slots/verify-deaths.h>
#include <userlib/log.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

#include <stdio.h>
#include <string.h>

#include <userlib/victims/victims.h>

constexpr uint64_t vector_page_fault = 14;
constexpr uint64_t millisecond_ns = 1'000'000;
constexpr uint32_t looks_max = 500; /* a millisecond apart: for what happens in its own time */

static struct {
    struct deaths deaths;
    struct ledgers before;
    char reason[160];
} state;

static const char *fail(uint32_t step, enum victim_act act, const char *how)
{
    (void)snprintf(state.reason, sizeof state.reason, "step %u, act %u: %s", step, act, how);
    log_write(LOG_ERROR, "%s", state.reason);
    return state.reason;
}

static void sleep_for(uint64_t duration_ns)
{
    const struct time_cap timed = {SLOT_PEER_TIMED};
    struct time_now_monotonic_reply now = {};
    if (time_now_monotonic(timed, &now) == STATUS_OK) {
        const struct time_wait_until_request until = {.deadline_ns = now.nanoseconds + duration_ns};
        (void)time_wait_until(timed, &until); /* what is waited for is looked at afterwards */
    }
}

/* A file with a name stays: it was never only the victim's. */
static void remove_file(void)
{
    struct vfs_remove_request request = {.path_bytes = sizeof victim_file - 1};
    memcpy(request.path, victim_file, request.path_bytes);
    (void)vfs_remove((struct vfs_cap){SLOT_PEER_VFSD}, &request); /* most leave none */
}

/* Word of an end reaches everybody in its own time, but it does. */
static const char *expect_all_back(uint32_t step, enum victim_act act)
{
    struct ledgers now = {};
    enum ledger different = LEDGER_COUNT;
    remove_file();
    for (uint32_t looks = 0; looks < looks_max; looks++) {
        if (ledgers_read(&now) != STATUS_OK) {
            return fail(step, act, "somebody does not answer any more");
        }
        different = ledgers_compare(&state.before, &now);
        if (different == LEDGER_COUNT) {
            return nullptr;
        }
        sleep_for(millisecond_ns);
    }
    char how[96];
    (void)snprintf(how, sizeof how, "%s: %lu before, %lu after", ledger_name(different),
        (unsigned long)state.before.values[different], (unsigned long)now.values[different]);
    return fail(step, act, how);
}

/* It ends by itself. */
static const char *die(uint32_t step, enum victim_act act)
{
    struct victim victim = {};
    struct process_wait_reply end = {};
    if (victim_start(step, act, slot_null, &victim) != STATUS_OK ||
        victim_await_end(&victim, &end) != STATUS_OK) {
        return fail(step, act, "it cannot be started, or waited for");
    }
    const bool exited = act == VICTIM_EXIT && end.reason == process_reason_exited &&
                        end.code == victim_exit_base + (int64_t)step;
    const bool faulted = act == VICTIM_FAULT && end.reason == process_reason_faulted &&
                         end.code == vector_page_fault && end.address == step * sizeof(uint64_t);
    if (!exited && !faulted) {
        char how[64];
        (void)snprintf(how, sizeof how, "it ended early: reason %u, code %ld, address %lx",
            end.reason, (long)end.code, (unsigned long)end.address);
        return fail(step, act, how);
    }
    state.deaths.exits += exited ? 1 : 0;
    state.deaths.faults += faulted ? 1 : 0;
    return expect_all_back(step, act);
}

/* Whoever it waits for knows of it: otherwise it is not where it is to be killed. */
static bool is_where_it_should(enum victim_act act)
{
    struct ledgers now = {};
    if (ledgers_read(&now) != STATUS_OK) {
        return false;
    }
    const uint64_t waiting = now.values[LEDGER_WAITING] - state.before.values[LEDGER_WAITING];
    const uint64_t reading = now.values[LEDGER_READING] - state.before.values[LEDGER_READING];
    return waiting == (act == VICTIM_WAIT_TIME ? 1 : 0) &&
           reading == (act == VICTIM_READ_KEY ? 1 : 0);
}

static bool comes_to_where_it_should(enum victim_act act)
{
    uint32_t looks = 0;
    while (looks < looks_max && !is_where_it_should(act)) {
        sleep_for(millisecond_ns);
        looks++;
    }
    return looks < looks_max;
}

static const char *kill(uint32_t step, enum victim_act act, struct victim *victim)
{
    struct process_wait_reply end = {};
    if (process_kill(victim->handle) != STATUS_OK || victim_await_end(victim, &end) != STATUS_OK ||
        end.reason != process_reason_killed) {
        return fail(step, act, "it cannot be killed");
    }
    state.deaths.kills++;
    return nullptr;
}

/* It is killed `after_ns` behind its report. */
static const char *be_killed(uint32_t step, enum victim_act act, cap_slot input, uint64_t after_ns)
{
    struct victim victim = {};
    if (victim_start(step, act, input, &victim) != STATUS_OK) {
        return fail(step, act, "it cannot be started");
    }
    const char *reason = victim_await_report();
    if (reason != nullptr) {
        return fail(step, act, reason);
    }
    sleep_for(after_ns);
    if (act != VICTIM_WORK && !comes_to_where_it_should(act)) {
        return fail(step, act, "it does not wait where it should");
    }
    reason = kill(step, act, &victim);
    return reason == nullptr ? expect_all_back(step, act) : reason;
}

/* Killed in the middle of a call to us that carried a capability. */
static const char *be_killed_in_call(void)
{
    struct victim victim = {};
    if (victim_start(victim_steps, VICTIM_CALL, slot_null, &victim) != STATUS_OK) {
        return fail(victim_steps, VICTIM_CALL, "it cannot be started");
    }
    const cap_slot received = victim_await_call();
    if (received == slot_null || !reply_has_caller(SLOT_REPLY)) {
        return fail(victim_steps, VICTIM_CALL, "it does not call");
    }
    const char *reason = kill(victim_steps, VICTIM_CALL, &victim);
    if (reason == nullptr && reply_has_caller(SLOT_REPLY)) {
        reason = fail(victim_steps, VICTIM_CALL, "a dead caller still waits");
    }
    const enum status deleted = cspace_delete(slots_cspace(), received); /* the memory is gone */
    if (reason == nullptr && deleted != STATUS_OK) {
        reason = fail(victim_steps, VICTIM_CALL, "what it sent cannot be deleted");
    }
    return reason == nullptr ? expect_all_back(victim_steps, VICTIM_CALL) : reason;
}

/* More often than procd can keep waiting callers: they must not pile up. */
static const char *wait_for_each_other(void)
{
    constexpr uint32_t times = 120; /* not each has come to wait when it is killed */
    struct victim waited_for = {};
    if (victim_start(0, VICTIM_IDLE, slot_null, &waited_for) != STATUS_OK) {
        return fail(0, VICTIM_IDLE, "it cannot be started");
    }
    const char *reason = victim_await_report();
    const struct ledgers alone = state.before;
    if (reason == nullptr && ledgers_read(&state.before) != STATUS_OK) {
        reason = "somebody does not answer any more";
    }
    for (uint32_t time = 0; time < times && reason == nullptr; time++) {
        reason = be_killed(0, VICTIM_WAIT_PROCESS, waited_for.handle.slot, millisecond_ns);
    }
    state.before = alone;
    if (reason == nullptr) {
        reason = kill(0, VICTIM_IDLE, &waited_for);
    }
    return reason == nullptr ? expect_all_back(0, VICTIM_IDLE) : reason;
}

/* The first of its kind warms everything up: pages of the verifier, caches of the file system. */
static const char *begin(void)
{
    if (victims_prepare() != STATUS_OK || ledgers_read(&state.before) != STATUS_OK) {
        return "what the verifier needs cannot be made";
    }
    struct victim victim = {};
    struct process_wait_reply end = {};
    if (victim_start(victim_steps, VICTIM_EXIT, slot_null, &victim) != STATUS_OK ||
        victim_await_end(&victim, &end) != STATUS_OK) {
        return "no victim can be started";
    }
    sleep_for(20 * millisecond_ns);
    return ledgers_read(&state.before) == STATUS_OK ? nullptr : "somebody does not answer";
}

static const char *die_at_each_step(void)
{
    const char *reason = nullptr;
    for (uint32_t step = 0; step <= victim_steps && reason == nullptr; step++) {
        reason = die(step, VICTIM_EXIT);
        reason = reason == nullptr ? die(step, VICTIM_FAULT) : reason;
        reason =
            reason == nullptr ? be_killed(step, VICTIM_IDLE, slot_null, millisecond_ns) : reason;
    }
    return reason;
}

/* More often than anybody has room for callers that wait. */
static const char *die_while_waiting(void)
{
    constexpr uint32_t times = 34;
    const char *reason = nullptr;
    for (uint32_t time = 0; time < times && reason == nullptr; time++) {
        reason = be_killed(0, VICTIM_WAIT_TIME, slot_null, millisecond_ns);
        reason =
            reason == nullptr ? be_killed(0, VICTIM_READ_KEY, slot_null, millisecond_ns) : reason;
    }
    return reason;
}

static const char *die_in_calls(void)
{
    const char *reason = be_killed_in_call();
    reason = reason == nullptr ? be_killed(victim_steps, VICTIM_QUEUE, slot_null, millisecond_ns)
                               : reason;
    if (reason == nullptr && !victims_are_silent()) {
        reason = fail(victim_steps, VICTIM_QUEUE, "a dead caller is still queued");
    }
    return reason;
}

/* At moments that have nothing to do with what it does. */
static const char *die_at_work(void)
{
    constexpr uint32_t times = 24;
    constexpr uint64_t shift_ns = 137'000;
    const char *reason = nullptr;
    for (uint32_t time = 0; time < times && reason == nullptr; time++) {
        reason = be_killed(0, VICTIM_WORK, slot_null, (time + 1) * shift_ns);
    }
    return reason;
}

const char *deaths_orphans(void)
{
    static const char *const paths[] = {"/tmp/lost-0", "/tmp/lost-1"};
    uint32_t found = 0;
    for (uint32_t looks = 0; looks < looks_max && found < 2; looks++) {
        struct vfs_stat_request request = {};
        struct vfs_stat_reply reply;
        request.path_bytes = (uint32_t)strlen(paths[found]);
        memcpy(request.path, paths[found], request.path_bytes);
        if (vfs_stat((struct vfs_cap){SLOT_PEER_VFSD}, &request, &reply) == STATUS_OK) {
            found++;
        } else {
            sleep_for(millisecond_ns);
        }
    }
    static const char *const reasons[] = {
        "no caller of a dead service is told", "one caller of a dead service is not told", nullptr};
    return reasons[found];
}

const char *deaths_all(struct deaths *deaths_out)
{
    const char *reason = begin();
    reason = reason == nullptr ? die_at_each_step() : reason;
    reason = reason == nullptr ? die_while_waiting() : reason;
    reason = reason == nullptr ? wait_for_each_other() : reason;
    reason = reason == nullptr ? die_in_calls() : reason;
    reason = reason == nullptr ? die_at_work() : reason;
    *deaths_out = state.deaths;
    return reason;
}
