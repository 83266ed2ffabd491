/* SPDX-License-Identifier: ISC */
/* Everything is said before the machine ends; lines on their way through logd get a moment to
 * arrive. */
#include "failure.h"

#include <abi/exit.h>
#include <lib/base/base.h>
#include <protocol/process.h>
#include <userlib/log.h>
#include <userlib/syscall.h>

#include <string.h>

#include "rootd.h"

constexpr uint64_t flush_wait_ns = 200'000'000;

/* Wait for the alarm; other bits of it do no harm. */
static void sleep_ns(uint64_t duration_ns)
{
    const struct clock_cap clock = {ROOT_SLOT_CLOCK};
    uint64_t now_ns = 0;
    uint64_t bits = 0;
    enum status status = clock_read(clock, &now_ns);
    const uint64_t deadline_ns = now_ns + duration_ns;
    while (status == STATUS_OK && now_ns < deadline_ns) {
        status = clock_arm(clock, deadline_ns, rootd.alarm);
        if (status == STATUS_OK) {
            status = notification_wait(rootd.alarm, &bits);
        }
        if (status == STATUS_OK) {
            status = clock_read(clock, &now_ns);
        }
    }
}

static void exit_machine(enum exit_class class)
{
    if (rootd.handoff->profile != BOOT_PROFILE_TEST) {
        return;
    }
    if (rootd.seriald_prints) {
        sleep_ns(flush_wait_ns);
    }
    (void)test_exit((struct test_cap){ROOT_SLOT_TEST}, class); /* does not return */
}

[[noreturn]] static void end(enum marker fact, enum marker class_marker, enum exit_class class)
{
    marker(class_marker);
    marker(fact);
    exit_machine(class);
    for (;;) { /* a runtime image stops with the reason on its console */
        uint64_t bits = 0;
        if (notification_wait(rootd.alarm, &bits) != STATUS_OK) {
            thread_yield();
        }
    }
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
        const enum status status = row->handle.slot == slot_null
                                       ? thread_suspend(row->thread)
                                       : process_kill((struct process_cap){row->handle.slot});
        if (status == STATUS_OK || status == STATUS_NOT_FOUND) { /* it may have ended by itself */
            marker(MARKER_ROOTD_DBG_POST_START_CLEANUP_OK);
        }
    }
}

void failure_contract(const char *reason)
{
    log_write(LOG_ERROR, "%s", reason);
    end(MARKER_ROOTD_FAIL_CONTRACT, MARKER_KERNEL_ROOTD_SMOKE_CONTRACT_INVALID, EXIT_ROOTD);
}

void failure_internal(const char *what, enum status status)
{
    log_write(LOG_ERROR, "%s: %s", what, status_text(status));
    end(MARKER_ROOTD_FAIL_SERVICE_START, MARKER_KERNEL_ROOTD_SMOKE_INTERNAL_ERROR, EXIT_ROOTD);
}

void failure_service(enum marker fact, const char *service, const char *reason)
{
    log_write(LOG_ERROR, "%s: %s", service, reason);
    clean_up(service);
    end(fact, MARKER_KERNEL_ROOTD_SMOKE_SERVICE_FAIL, EXIT_SERVICE);
}

void failure_configured(enum marker fact, const char *what, const char *reason)
{
    log_write(LOG_ERROR, "%s: %s", what, reason);
    end(fact, MARKER_KERNEL_ROOTD_SMOKE_FAIL, EXIT_ROOTD);
}

void failure_none(void)
{
    exit_machine(EXIT_SUCCESS_CLASS);
}
