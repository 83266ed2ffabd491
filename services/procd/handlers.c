/* SPDX-License-Identifier: ISC */
/*
 * One function for each operation of protocol process, in its order, then the faults of protocol
 * trap. For an operation on a handle the caller's badge names the process that it is about.
 */
#include "handlers.h"

#include <protocol/pager.h>
#include <protocol/vspace.h>
#include <userlib/assert.h>
#include <userlib/slots.h>

#include <slots/procd.h>

#include <string.h>

#include "authority.h"
#include "build.h"
#include "ending.h"
#include "launch.h"

constexpr uint64_t vector_page_fault = 14;

static enum status handle_register_service(void *self, struct ipc_caller caller,
    const struct process_register_service_request *request, struct endpoint_cap service)
{
    (void)caller;
    struct procd *procd = self;
    if (request->role == 0 || request->role > bootconfig_roles_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (procd->services[request->role] != slot_null) {
        return STATUS_EXISTS;
    }
    procd->services[request->role] = service.slot;
    return STATUS_OK;
}

/* The process is there, but nobody has a handle of it yet. */
static enum status hand_out(
    struct procd *procd, struct process *process, uint32_t rights, struct endpoint_cap *handle_out)
{
    const enum status status = authority_mint_handle(procd, process->id, rights, handle_out);
    if (status != STATUS_OK) {
        build_discard(process);
        processes_remove(&procd->processes, process, nullptr);
    }
    return status;
}

/* rootd's modules are memory that nobody else holds: no copy is needed. */
static enum status create_from_row(struct procd *procd,
    const struct process_create_request *request, struct frame_cap image,
    struct process **process_out)
{
    const struct bootconfig_launch row = bootconfig_launch(&procd->config, request->row);
    const struct vspace_cap vspaced = {SLOT_PEER_VSPACED};
    struct vspace_map_reply mapped = {};
    enum status status =
        vspace_map(vspaced, &(struct vspace_map_request){.flags = vspace_map_read}, image, &mapped);
    if (status != STATUS_OK) {
        return status;
    }
    status = build_process(procd,
        &(struct build_request){.authority = &row.authority,
            .file = (const uint8_t *)(uintptr_t)mapped.address,
            .file_bytes = request->image_bytes},
        process_out);
    const enum status unmapped =
        vspace_unmap(vspaced, &(struct vspace_unmap_request){.address = mapped.address});
    assert(unmapped == STATUS_OK);
    return status;
}

static enum status handle_create(void *self, struct ipc_caller caller,
    const struct process_create_request *request, struct frame_cap image,
    struct process_create_reply *reply_out, struct endpoint_cap *handle_out)
{
    (void)caller;
    struct procd *procd = self;
    struct cap_identity identity = {};
    enum status status = cspace_identify(slots_cspace(), image.slot, &identity);
    if (status != STATUS_OK) {
        return status;
    }
    if (request->row >= procd->config.launch_count ||
        request->image_bytes > UINT64_C(1) << identity.value) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct process *process = nullptr;
    status = create_from_row(procd, request, image, &process);
    if (status != STATUS_OK) {
        return status;
    }
    status = hand_out(procd, process, handle_rights_all, handle_out);
    if (status != STATUS_OK) {
        return status;
    }
    process->is_service = true;
    reply_out->process = process->id;
    slots_delete(image.slot);
    return STATUS_OK;
}

static enum status handle_install(void *self, struct ipc_caller caller,
    const struct process_install_request *request, struct any_cap given)
{
    struct procd *procd = self;
    struct process *process = processes_find(&procd->processes, caller.client);
    if (process == nullptr) {
        return STATUS_NOT_FOUND;
    }
    if (request->grant >= process->grant_count) {
        return STATUS_INVALID_ARGUMENT;
    }
    const struct bootconfig_grant grant =
        bootconfig_grant(&procd->config, process->first_grant + request->grant);
    return build_install(process, &grant, given.slot);
}

static enum status handle_start(void *self, struct ipc_caller caller)
{
    struct procd *procd = self;
    struct process *process = processes_find(&procd->processes, caller.client);
    return process == nullptr ? STATUS_NOT_FOUND : build_start(procd, process);
}

static enum status handle_kill(void *self, struct ipc_caller caller)
{
    struct procd *procd = self;
    struct process *process = processes_find(&procd->processes, caller.client);
    if (process == nullptr) {
        return STATUS_NOT_FOUND;
    }
    ending_finish(procd, process, &(struct ending){.reason = process_reason_killed});
    return STATUS_OK;
}

static enum status handle_wait(
    void *self, struct ipc_caller caller, struct process_wait_reply *reply_out)
{
    struct procd *procd = self;
    if (processes_find(&procd->processes, caller.client) != nullptr) {
        return ending_wait(procd, caller.client);
    }
    struct process_outcome outcome = {};
    const enum status status = processes_find_outcome(&procd->processes, caller.client, &outcome);
    if (status == STATUS_OK) {
        *reply_out = ending_reply(&outcome.ending);
    }
    return status;
}

static enum status handle_launch(void *self, struct ipc_caller caller,
    const struct process_launch_request *request, struct frame_cap image, struct endpoint_cap input,
    struct endpoint_cap output, struct endpoint_cap error, struct process_launch_reply *reply_out,
    struct endpoint_cap *handle_out)
{
    (void)caller;
    struct procd *procd = self;
    const struct launch launch = {
        .request = request,
        .image = image,
        .streams = {input.slot, output.slot, error.slot},
    };
    struct process *process = nullptr;
    enum status status = launch_program(procd, &launch, &process);
    if (status != STATUS_OK) {
        return status;
    }
    status = hand_out(procd, process, handle_rights_launched, handle_out);
    if (status != STATUS_OK) {
        return status;
    }
    reply_out->process = process->id;
    slots_delete(image.slot);
    for (uint32_t index = 0; index < launch_streams_count; index++) {
        slots_delete(launch.streams[index]);
    }
    return STATUS_OK;
}

static enum status handle_list(void *self, struct ipc_caller caller,
    const struct process_list_request *request, struct process_list_reply *reply_out)
{
    (void)caller;
    struct procd *procd = self;
    const struct process *process = processes_next(&procd->processes, request->cursor);
    if (process == nullptr) {
        return STATUS_END;
    }
    struct thread_description thread = {};
    enum status status =
        thread_describe((struct thread_cap){process_object(process, PROCESS_THREAD)}, &thread);
    if (status != STATUS_OK) {
        return status;
    }
    struct pager_usage_reply usage = {};
    status = pager_usage((struct pager_cap){SLOT_PEER_PAGERD},
        &(struct pager_usage_request){.process = process->id}, &usage);
    if (status != STATUS_OK) {
        return status;
    }
    *reply_out = (struct process_list_reply){
        .process = process->id,
        .role = process->role,
        .state = process->state,
        .priority = process->priority,
        .ticks = thread.consumed_ticks,
        .resident_bytes = process->memory_bytes + usage.resident_bytes,
    };
    static_assert(sizeof reply_out->name == startup_name_bytes);
    memcpy(reply_out->name, process->startup->name, sizeof reply_out->name);
    return STATUS_OK;
}

/* Protocol rights are in the badge that the row asked for, not in the start-up block. */
static uint32_t find_protocol_rights(
    const struct procd *procd, const struct process *process, cap_slot slot)
{
    for (uint32_t index = 0; index < process->grant_count; index++) {
        const struct bootconfig_grant grant =
            bootconfig_grant(&procd->config, process->first_grant + index);
        if (grant.slot == slot) {
            return grant.protocol_rights;
        }
    }
    return 0;
}

static enum status handle_authority(void *self, struct ipc_caller caller,
    const struct process_authority_request *request, struct process_authority_reply *reply_out)
{
    (void)caller;
    struct procd *procd = self;
    const struct process *process = processes_find(&procd->processes, request->process);
    if (process == nullptr) {
        return STATUS_NOT_FOUND;
    }
    if (request->index >= process->startup->slot_count) {
        return STATUS_END;
    }
    const struct startup_slot *row = &process->startup->slots[request->index];
    *reply_out = (struct process_authority_reply){
        .slot = row->slot,
        .kind = row->kind,
        .rights = row->rights,
        .protocol_rights = find_protocol_rights(procd, process, row->slot),
    };
    static_assert(sizeof reply_out->name == startup_name_bytes);
    memcpy(reply_out->name, row->name, sizeof reply_out->name);
    return STATUS_OK;
}

static bool is_there(const struct process *process, enum process_object object, uint8_t kind)
{
    struct cap_identity identity = {};
    return process->first_object != slot_null &&
           cspace_identify(slots_cspace(), process_object(process, object), &identity) ==
               STATUS_OK &&
           identity.kind == kind;
}

static enum status handle_snapshot(
    void *self, struct ipc_caller caller, struct process_snapshot_resource_counts_reply *reply_out)
{
    (void)caller;
    const struct procd *procd = self;
    struct process_snapshot_resource_counts_reply counts = {.free_slots = slots_free_count()};
    for (uint32_t index = 0; index < processes_max; index++) {
        const struct process *process = &procd->processes.table[index];
        counts.processes += process->state != PROCESS_NONE;
        counts.threads += is_there(process, PROCESS_THREAD, OBJECT_THREAD);
        counts.address_spaces += is_there(process, PROCESS_VSPACE, OBJECT_VSPACE);
        counts.capability_spaces += is_there(process, PROCESS_CSPACE, OBJECT_CSPACE);
        counts.memory_bytes += process->memory_bytes;
    }
    for (uint32_t index = 0; index < waiters_max; index++) {
        counts.waiters += procd->waiters[index].process != 0;
    }
    *reply_out = counts;
    return STATUS_OK;
}

/* --- faults: the thread that waits for the answer is gone when the handler returns --- */

static enum status end_faulted(void *self, struct ipc_caller caller, const struct ending *ending)
{
    struct procd *procd = self;
    struct process *process = processes_find(&procd->processes, caller.client);
    if (process != nullptr) {
        ending_finish(procd, process, ending);
    }
    return STATUS_PEER_LOST;
}

static enum status handle_page(
    void *self, struct ipc_caller caller, const struct trap_page_request *request)
{
    return end_faulted(self, caller,
        &(struct ending){.reason = process_reason_faulted,
            .error_code = (uint32_t)request->error_code,
            .code = vector_page_fault,
            .address = request->address,
            .instruction_pointer = request->instruction_pointer});
}

static enum status handle_exception(
    void *self, struct ipc_caller caller, const struct trap_exception_request *request)
{
    return end_faulted(self, caller,
        &(struct ending){.reason = process_reason_faulted,
            .error_code = (uint32_t)request->error_code,
            .code = (int64_t)request->vector,
            .instruction_pointer = request->instruction_pointer});
}

static enum status handle_exit(
    void *self, struct ipc_caller caller, const struct trap_exit_request *request)
{
    return end_faulted(self, caller,
        &(struct ending){.reason = process_reason_exited, .code = (int64_t)request->code});
}

struct process_server process_handlers(struct procd *procd)
{
    return (struct process_server){
        .self = procd,
        .register_service = handle_register_service,
        .create = handle_create,
        .install = handle_install,
        .start = handle_start,
        .kill = handle_kill,
        .wait = handle_wait,
        .launch = handle_launch,
        .list = handle_list,
        .authority = handle_authority,
        .snapshot_resource_counts = handle_snapshot,
    };
}

struct trap_server trap_handlers(struct procd *procd)
{
    return (struct trap_server){
        .self = procd,
        .page = handle_page,
        .exception = handle_exception,
        .exit = handle_exit,
    };
}
