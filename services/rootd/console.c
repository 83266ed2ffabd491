/* SPDX-License-Identifier: ISC */
/* A release image prints its ready stamp and the reason of a failure, nothing else. */
#include "console.h"

#include <abi/startup.h>
#include <lib/base/base.h>
#include <protocol/log.h>
#include <protocol/terminal.h>
#include <userlib/log.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

#include <slots/roles.h>

#include <string.h>

#include "failure.h"
#include "grants.h"
#include "rootd.h"

static bool is_taken_back; /* seriald printed, and does not any more */

static void write_console(const struct log_line *line)
{
    if (!line->is_marker && line->level != LOG_ERROR &&
        rootd.handoff->profile == BOOT_PROFILE_RELEASE) {
        return;
    }
    char *text = (char *)syscall_ipc_buffer()->words;
    uint32_t size_bytes = 0;
    if (is_taken_back) {
        text[size_bytes++] = '\n'; /* the driver may be within a line */
    }
    memcpy(text + size_bytes, line->text, line->size_bytes);
    size_bytes += line->size_bytes;
    text[size_bytes++] = '\n';
    /* Nothing can be said if this fails. */
    (void)console_write_buffer((struct console_cap){ROOT_SLOT_CONSOLE}, size_bytes);
}

void console_start(void)
{
    log_init("rootd", rootd.handoff->profile, slot_null);
    log_set_sink(write_console);
}

/* Who died after its report would take all further words with it. */
static void prove_terminal(void)
{
    struct endpoint_cap terminal = {};
    enum status status = grants_mint_for_self(ROLE_SERIALD, TERMINAL_RIGHT_CONTROL, &terminal);
    if (status == STATUS_OK) {
        status = terminal_drain((struct terminal_cap){terminal.slot});
    }
    slots_delete(terminal.slot);
    if (status != STATUS_OK) {
        failure_service(MARKER_ROOTD_FAIL_SERVICE_HANDSHAKE, "seriald", status_text(status));
    }
}

void console_hand_over(void)
{
    struct endpoint_cap logd = {};
    if (grants_mint_for_self(ROLE_LOGD, LOG_RIGHT_APPEND, &logd) != STATUS_OK) {
        return; /* without logd the console stays */
    }
    prove_terminal();
    (void)console_silence((struct console_cap){ROOT_SLOT_CONSOLE}); /* cannot fail */
    log_init("rootd", rootd.handoff->profile, logd.slot);
    log_set_sink(nullptr);
    rootd.seriald_prints = true;
}

void console_take_back(void)
{
    if (!rootd.seriald_prints) {
        return;
    }
    (void)console_speak((struct console_cap){ROOT_SLOT_CONSOLE}); /* cannot fail */
    log_init("rootd", rootd.handoff->profile, slot_null);
    log_set_sink(write_console);
    rootd.seriald_prints = false;
    is_taken_back = true;
}
