/* SPDX-License-Identifier: ISC */
/* Everything is said before the machine ends: lines on their way through logd arrive first. */
#include "failure.h"

#include <abi/exit.h>
#include <lib/base/base.h>
#include <protocol/process.h>
#include <protocol/terminal.h>
#include <userlib/syscall.h>

#include <slots/roles.h>

#include <string.h>

#include "grants.h"
#include "rootd.h"

constexpr uint32_t detail_bytes_max = 160;

static bool is_alive(uint32_t role)
{
    const uint32_t row = bootconfig_find_launch(&rootd.config, role);
    return row != rootd.config.launch_count && rootd.rows[row].state == ROW_READY &&
           !rootd.rows[row].has_ended;
}

/* What was said is on the line before the machine ends, if those who bring it there still live. */
static void drain_line(void)
{
    struct endpoint_cap terminal = {};
    if (!is_alive(ROLE_SERIALD) || !is_alive(ROLE_DRV_SERIAL) || !is_alive(ROLE_LOGD) ||
        grants_mint_for_self(ROLE_SERIALD, TERMINAL_RIGHT_CONTROL, &terminal) != STATUS_OK) {
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

/* What is behind the marker of the fact: who, and why. */
struct detail {
    uint32_t size_bytes;
    char text[detail_bytes_max + 1];
};

static void detail_add(struct detail *detail, const char *text)
{
    const size_t added_bytes = strnlen(text, detail_bytes_max - detail->size_bytes);
    memcpy(detail->text + detail->size_bytes, text, added_bytes);
    detail->size_bytes += (uint32_t)added_bytes;
}

static struct detail detail_of(const char *what, const char *reason)
{
    struct detail detail = {};
    detail_add(&detail, what);
    detail_add(&detail, ": ");
    detail_add(&detail, reason);
    return detail;
}

[[noreturn]] static void end(
    enum marker fact, enum marker class_marker, enum exit_class class, const char *details)
{
    marker(class_marker);
    marker_details(fact, details);
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
    end(MARKER_ROOTD_FAIL_CONTRACT, MARKER_KERNEL_ROOTD_SMOKE_CONTRACT_INVALID, EXIT_ROOTD, reason);
}

void failure_internal(const char *what, enum status status)
{
    const struct detail detail = detail_of(what, status_text(status));
    end(MARKER_ROOTD_FAIL_SERVICE_START, MARKER_KERNEL_ROOTD_SMOKE_INTERNAL_ERROR, EXIT_ROOTD,
        detail.text);
}

void failure_service(enum marker fact, const char *service, const char *reason)
{
    const struct detail detail = detail_of(service, reason);
    clean_up(service);
    end(fact, MARKER_KERNEL_ROOTD_SMOKE_SERVICE_FAIL, EXIT_SERVICE, detail.text);
}

void failure_configured(enum marker fact, const char *what, const char *reason)
{
    const struct detail detail = detail_of(what, reason);
    end(fact, MARKER_KERNEL_ROOTD_SMOKE_FAIL, EXIT_ROOTD, detail.text);
}

void failure_none(void)
{
    exit_machine(EXIT_SUCCESS_CLASS);
}
