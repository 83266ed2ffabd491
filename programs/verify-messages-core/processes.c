/* SPDX-License-Identifier: ISC */
/* procd and rootd. The handle that the verifier holds is one of itself. */
#include <markers/markers.h>
#include <protocol/event.h>
#include <protocol/process.h>
#include <protocol/report.h>
#include <protocol/root.h>
#include <protocol/trap.h>
#include <slots/roles.h>
#include <slots/verify-messages-core.h>
#include <userlib/start.h>

#include "samples.h"

static const struct process_cap procd = {SLOT_PEER_PROCD};
static const struct root_cap rootd = {SLOT_PEER_ROOTD};

constexpr char ends_verifier[] = "it would end the verifier";
constexpr char ends_system[] = "it would end the system";

/* --- procd --- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x100000001b3);
}

static enum status observe_processes(struct digest *digest_out)
{
    struct process_list_request request = {};
    struct process_list_reply process;
    enum status status = process_list(procd, &request, &process);
    while (status == STATUS_OK) {
        digest_out->words[0]++;
        digest_out->words[1] = mix(digest_out->words[1], process.process);
        digest_out->words[2] = mix(digest_out->words[2], process.state);
        request.cursor = process.process + 1;
        status = process_list(procd, &request, &process);
    }
    return status == STATUS_END ? STATUS_OK : status;
}

static enum status fill_register(struct message *message)
{
    struct process_register_service_request *request = request_of(message);
    request->role = ROLE_MEMD; /* which rootd has registered */
    return STATUS_OK;
}

static enum status fill_create(struct message *message)
{
    struct process_create_request *request = request_of(message);
    request->image_bytes = UINT64_C(1) << page_bits; /* of zeros: no program */
    return STATUS_OK;
}

static enum status fill_launch(struct message *message)
{
    struct process_launch_request *request = request_of(message);
    request->strings_bytes = 2; /* zeros: an empty path and an empty argument */
    request->argument_count = 1;
    return STATUS_OK;
}

static enum status fill_authority(struct message *message)
{
    struct process_authority_request *request = request_of(message);
    request->process = program_startup()->process_id;
    return STATUS_OK;
}

static const struct sample process_samples[] = {
    {.number = PROCESS_REGISTER_SERVICE,
        .expected = STATUS_EXISTS,
        .prepare = fill_register,
        .beyond = {{0, 4, 0, STATUS_INVALID_ARGUMENT}}},
    {.number = PROCESS_CREATE,
        .expected = STATUS_CORRUPT,
        .prepare = fill_create,
        .beyond = {{8, 8, (UINT64_C(1) << page_bits) + 1, STATUS_INVALID_ARGUMENT}}},
    {.number = PROCESS_INSTALL, .expected = STATUS_CONTRACT_INVALID},
    {.number = PROCESS_START, .expected = STATUS_BUSY},
    {.number = PROCESS_KILL, .unsent = ends_verifier},
    {.number = PROCESS_WAIT, .unsent = "it would wait for the verifier"},
    {.number = PROCESS_LAUNCH,
        .expected = STATUS_CORRUPT,
        .prepare = fill_launch,
        .beyond = {{0, 8, 1, STATUS_INVALID_ARGUMENT},
            {8, 4, (UINT64_C(1) << page_bits) - 1, STATUS_INVALID_ARGUMENT},
            {16, 4, 2, STATUS_INVALID_ARGUMENT}}},
    {.number = PROCESS_LIST},
    {.number = PROCESS_AUTHORITY, .prepare = fill_authority},
    {.number = PROCESS_SNAPSHOT_RESOURCE_COUNTS},
};

const struct target target_procd = {
    .name = "procd",
    .table = &process_table,
    .samples = {{process_samples, sizeof process_samples / sizeof process_samples[0]}},
    .observe = observe_processes,
};

static const struct sample process_trap_samples[] = {
    {.number = TRAP_PAGE, .unsent = ends_verifier},
    {.number = TRAP_EXCEPTION, .unsent = ends_verifier},
    {.number = TRAP_EXIT, .unsent = ends_verifier},
};

const struct target target_procd_trap = {
    .name = "procd-trap",
    .table = &trap_table,
    .samples = {{process_trap_samples,
        sizeof process_trap_samples / sizeof process_trap_samples[0]}},
    .observe = observe_processes,
};

/* --- rootd --- */

/* It tells nothing about itself; that it knows the last marker shows that it lives. */
static enum status observe_root(struct digest *digest_out)
{
    const struct root_stage_request request = {.number = MARKER_COUNT};
    digest_out->words[0] = (uint64_t)root_stage(rootd, &request);
    return digest_out->words[0] == STATUS_INVALID_ARGUMENT ? STATUS_OK : STATUS_INTERNAL;
}

static enum status fill_stage(struct message *message)
{
    struct root_stage_request *request = request_of(message);
    request->number = MARKER_KERNEL_ROOTD_STAGE_PROBE_EVENT_RECEIVED;
    return STATUS_OK;
}

static enum status fill_process_ended(struct message *message)
{
    struct event_process_ended_request *request = request_of(message);
    request->process = UINT32_MAX; /* which nobody was */
    return STATUS_OK;
}

static const struct sample root_samples[] = {
    {.number = ROOT_SHUTDOWN,
        .unsent = ends_system,
        .beyond = {{0, 4, 0, STATUS_INVALID_ARGUMENT}}},
    {.number = ROOT_CHALLENGE},
    {.number = ROOT_VERDICT, .unsent = ends_system},
    {.number = ROOT_STAGE,
        .prepare = fill_stage,
        .beyond = {{0, 4, MARKER_COUNT, STATUS_INVALID_ARGUMENT}}},
};

const struct target target_rootd = {
    .name = "rootd",
    .table = &root_table,
    .samples = {{root_samples, sizeof root_samples / sizeof root_samples[0]}},
    .observe = observe_root,
};

static const struct sample report_samples[] = {
    {.number = REPORT_READY, .unsent = "rootd would not wait for the verdict any more"},
    {.number = REPORT_FAILED},
};

const struct target target_rootd_report = {
    .name = "rootd-report",
    .table = &report_table,
    .samples = {{report_samples, sizeof report_samples / sizeof report_samples[0]}},
    .observe = observe_root,
};

static const struct sample event_samples[] = {
    {.number = EVENT_PROCESS_ENDED, .prepare = fill_process_ended},
};

const struct target target_rootd_event = {
    .name = "rootd-event",
    .table = &event_table,
    .samples = {{event_samples, sizeof event_samples / sizeof event_samples[0]}},
    .observe = observe_root,
};
