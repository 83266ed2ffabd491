/* SPDX-License-Identifier: ISC */
/* Everything is said before the machine ends: lines on their way through logd arrive first. */
#include "failure.h"

#include <abi/exit.h>
#include <lib/base/base.h>
#include <protocol/process.h>
#include <protocol/terminal.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

#include <slots/roles.h>

#include <string.h>

#include "console.h"
#include "grants.h"
#include "rootd.h"

static bool is_alive(uint32_t role)
{
    const uint32_t row = bootconfig_find_launch(&rootd.config, role);
    return row != rootd.config.launch_count && rootd.rows[row].state == ROW_READY &&
           !rootd.rows[row].has_ended;
}

/* Do those live who bring to the line what was said? */
static bool has_way_to_line(void)
{
    return is_alive(ROLE_SERIALD) && is_alive(ROLE_DRV_SERIAL) && is_alive(ROLE_LOGD);
}

/* What was said is on the line before the machine ends. */
static void drain_line(void)
{
    struct endpoint_cap terminal = {};
    if (grants_mint_for_self(ROLE_SERIALD, TERMINAL_RIGHT_CONTROL, &terminal) != STATUS_OK) {
        return;
    }
    (void)terminal_drain((struct terminal_cap){terminal.slot}); /* nothing else can be done */
}

static void exit_machine(enum exit_class class)
{
    if (rootd.handoff->profile != BOOT_PROFILE_TEST) {
        return;
    }
    if (rootd.seriald_prints) {
        drain_line();
    }
    (void)test_exit((struct test_cap){ROOT_SLOT_TEST}, class); /* does not return */
}

/* How a start ends. */
struct outcome {
    enum marker class_marker;
    enum exit_class class;
};

static const struct outcome contract_invalid = {
    MARKER_KERNEL_ROOTD_SMOKE_CONTRACT_INVALID, EXIT_ROOTD};
static const struct outcome internal_error = {MARKER_KERNEL_ROOTD_SMOKE_INTERNAL_ERROR, EXIT_ROOTD};
static const struct outcome service_fail = {MARKER_KERNEL_ROOTD_SMOKE_SERVICE_FAIL, EXIT_SERVICE};
static const struct outcome unknown_fail = {MARKER_KERNEL_ROOTD_SMOKE_FAIL, EXIT_ROOTD};

/* Behind the marker of the fact is who, and why. */
[[noreturn]] static void end(
    enum marker fact, struct outcome outcome, const char *what, const char *reason)
{
    if (!has_way_to_line()) {
        console_take_back();
    }
    marker(outcome.class_marker);
    marker_details(fact, "%s: %s", what, reason);
    exit_machine(outcome.class);
    for (;;) { /* a runtime image stops with the reason on its console */
        uint64_t bits = 0;
        if (notification_wait(rootd.alarm, &bits) != STATUS_OK) {
            thread_yield();
        }
    }
}

/* What the kernel counted before the program was launched and counts now, for those who judge a
 * test image. */
static void print_cleanup(const struct test_counts *before)
{
    struct test_counts after = {};
    if (test_resource_counts((struct test_cap){ROOT_SLOT_TEST}, &after) != STATUS_OK) {
        return;
    }
    marker_details(MARKER_ROOTD_DBG_POST_START_CLEANUP_OK,
        "capabilities=%lu->%lu threads=%lu->%lu spaces=%lu->%lu free=%lu->%lu",
        before->capabilities, after.capabilities, before->threads, after.threads, before->vspaces,
        after.vspaces, before->free_untyped_bytes, after.free_untyped_bytes);
}

/* The program of the row is gone afterwards, unless rootd started it itself: then it only stops. */
static enum status take_down(const struct row *row)
{
    if (row->handle.slot == slot_null) {
        return thread_suspend(row->thread);
    }
    const enum status status = process_kill((struct process_cap){row->handle.slot});
    slots_delete(row->handle.slot);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* it may have ended by itself */
}

/* Take the program of the row down, if it ran. */
static void clean_up(const char *service)
{
    for (uint32_t index = 0; index < rootd.next_row; index++) {
        const struct bootconfig_launch launch = bootconfig_launch(&rootd.config, index);
        const struct row *row = &rootd.rows[index];
        if (strncmp(launch.authority.name, service, startup_name_bytes) != 0 ||
            row->state == ROW_WAITING) {
            continue;
        }
        if (take_down(row) == STATUS_OK) {
            print_cleanup(&row->before);
        }
    }
}

/* Has procd no such process any more? */
static bool is_gone(struct process_cap procd, uint32_t process)
{
    struct process_list_reply next = {};
    const enum status status =
        process_list(procd, &(struct process_list_request){.cursor = process}, &next);
    return status == STATUS_END || (status == STATUS_OK && next.process != process);
}

/* A call of rootd fails when a program dies that it waits for, directly or through others: word of
 * the death is on its way then. What has died is the reason, not who could not answer for it;
 * `witness` may be dead by now for that alone. */
static void end_for_dead(const char *witness)
{
    struct endpoint_cap procd = {};
    if (!is_alive(ROLE_PROCD) ||
        grants_mint_for_self(ROLE_PROCD, PROCESS_RIGHT_LIST, &procd) != STATUS_OK) {
        return;
    }
    for (uint32_t index = 0; index < rootd.next_row; index++) {
        const struct bootconfig_launch launch = bootconfig_launch(&rootd.config, index);
        struct row *row = &rootd.rows[index];
        if (launch.required && !launch.verifier && row->handle.slot != slot_null &&
            strncmp(launch.authority.name, witness, startup_name_bytes) != 0 &&
            is_gone((struct process_cap){procd.slot}, row->process)) {
            row->has_ended = true;
            failure_service(MARKER_ROOTD_FAIL_SERVICE_DIED, launch.authority.name, "has ended");
        }
    }
    slots_delete(procd.slot);
}

void failure_contract(const char *reason)
{
    end(MARKER_ROOTD_FAIL_CONTRACT, contract_invalid, "rootd", reason);
}

void failure_internal(const char *what, enum status status)
{
    end(MARKER_ROOTD_FAIL_INTERNAL, internal_error, what, status_text(status));
}

void failure_service(enum marker fact, const char *service, const char *reason)
{
    if (fact != MARKER_ROOTD_FAIL_SERVICE_DIED) {
        end_for_dead("");
    }
    clean_up(service);
    end(fact, service_fail, service, reason);
}

void failure_reported(enum marker fact, const char *service, int32_t code, const char *reason)
{
    if (code == STATUS_PEER_LOST) {
        end_for_dead(service);
    }
    clean_up(service);
    const bool known = code > STATUS_OK && code < STATUS_COUNT;
    end(fact, known ? service_fail : unknown_fail, service,
        known ? reason : "reports what is no failure");
}

void failure_configured(enum marker fact, const char *what, const char *reason)
{
    end_for_dead("");
    end(fact, contract_invalid, what, reason);
}

void failure_none(void)
{
    exit_machine(EXIT_SUCCESS_CLASS);
}
