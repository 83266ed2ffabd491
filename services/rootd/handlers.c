/* SPDX-License-Identifier: ISC */
/* One function for each operation; who calls is in the badge. */
#include "handlers.h"

#include <lib/base/base.h>
#include <userlib/log.h>
#include <userlib/syscall.h>

#include "failure.h"
#include "finish.h"
#include "objects.h"
#include "orderly_end.h"
#include "rootd.h"
#include "sequence.h"
#include "stages.h"

/* --- report --- */

static enum status handle_ready(void *, struct ipc_caller caller)
{
    const uint32_t row = sequence_find_process(caller.client);
    if (row == rootd.config.launch_count) {
        return STATUS_NOT_FOUND;
    }
    if (rootd.rows[row].state == ROW_STARTED) {
        sequence_ready(row);
    }
    return STATUS_OK;
}

static enum status handle_failed(
    void *, struct ipc_caller caller, const struct report_failed_request *request)
{
    const uint32_t row = sequence_find_process(caller.client);
    if (row == rootd.config.launch_count) {
        return STATUS_NOT_FOUND;
    }
    const struct bootconfig_launch launch = bootconfig_launch(&rootd.config, row);
    const enum marker fact = request->status_code == STATUS_CONTRACT_INVALID
                                 ? MARKER_ROOTD_FAIL_SERVICE_HANDSHAKE
                                 : MARKER_ROOTD_FAIL_SERVICE_START;
    log_write(LOG_ERROR, "%s reports: %s", launch.authority.name,
        status_text((enum status)request->status_code));
    if (launch.required) {
        failure_reported(fact, launch.authority.name, request->status_code, request->reason);
    }
    return STATUS_OK;
}

struct report_server report_handlers(void)
{
    return (struct report_server){.ready = handle_ready, .failed = handle_failed};
}

/* --- root --- */

static enum status handle_shutdown(
    void *, struct ipc_caller caller, const struct root_shutdown_request *request)
{
    (void)caller;
    return orderly_end(request->mode);
}

static enum status handle_challenge(
    void *, struct ipc_caller caller, struct root_challenge_reply *reply_out)
{
    const uint32_t row = sequence_find_process(caller.client);
    if (rootd.handoff->profile != BOOT_PROFILE_TEST || row == rootd.config.launch_count) {
        return STATUS_DENIED;
    }
    reply_out->parameter = bootconfig_launch(&rootd.config, row).parameter;
    return test_nonce((struct test_cap){ROOT_SLOT_TEST}, reply_out->nonce);
}

static enum status handle_verdict(
    void *, struct ipc_caller caller, const struct root_verdict_request *request)
{
    (void)caller;
    return finish_verdict(caller.client, request);
}

static enum status handle_stage(
    void *, struct ipc_caller caller, const struct root_stage_request *request)
{
    (void)caller;
    if (rootd.handoff->profile != BOOT_PROFILE_TEST) {
        return STATUS_DENIED;
    }
    if (request->number >= MARKER_COUNT) {
        return STATUS_INVALID_ARGUMENT;
    }
    stages_announce((enum marker)request->number);
    return STATUS_OK;
}

struct root_server root_handlers(void)
{
    return (struct root_server){
        .shutdown = handle_shutdown,
        .challenge = handle_challenge,
        .verdict = handle_verdict,
        .stage = handle_stage,
    };
}

/* --- event --- */

static enum status handle_process_ended(
    void *, struct ipc_caller caller, const struct event_process_ended_request *request)
{
    (void)caller;
    const uint32_t row = sequence_find_process(request->process);
    if (row == rootd.config.launch_count) {
        finish_process_ended(request->process);
        return STATUS_OK;
    }
    const struct bootconfig_launch launch = bootconfig_launch(&rootd.config, row);
    rootd.rows[row].has_ended = true;
    objects_forget_endpoint(launch.authority.role);
    if (launch.verifier) {
        finish_verifier_ended(row, request);
        return STATUS_OK;
    }
    if (launch.required) {
        failure_service(MARKER_ROOTD_FAIL_SERVICE_DIED, launch.authority.name, "has ended");
    }
    log_write(LOG_WARNING, "%s has ended", launch.authority.name);
    return STATUS_OK;
}

struct event_server event_handlers(void)
{
    return (struct event_server){.process_ended = handle_process_ended};
}

void handle_alarm(void *self, uint64_t bits)
{
    (void)self;
    (void)bits;
    sequence_timed_out();
}
