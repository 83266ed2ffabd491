/* SPDX-License-Identifier: ISC */
/* What procd knows: how a child ended, all processes, and what they were given. */
#include <erix/inspect.h>
#include <errno.h>
#include <protocol/process.h>
#include <protocol/time.h>
#include <string.h>
#include <userlib/slots.h>
#include <userlib/start.h>

#include "posix.h"

/* enum process_state of procd: prepared, running. */
constexpr uint32_t state_prepared = 1;
constexpr uint64_t measure_ns = 5'000'000;

static uint64_t ticks_per_ms; /* of the time stamp counter; 0: not measured yet */

long processes_wait(cap_slot handle, struct ending *ending_out)
{
    struct process_wait_reply reply;
    buffer_forget();
    const enum status status = process_wait((struct process_cap){handle}, &reply);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? -ECHILD : result_of(status);
    }
    *ending_out = (struct ending){
        .code = (uint32_t)reply.code,
        .error_code = reply.error_code,
        .instruction_pointer = reply.instruction_pointer,
        .address = reply.address,
    };
    if (reply.reason == process_reason_exited) {
        ending_out->reason = ENDING_EXITED;
    } else {
        ending_out->reason = reply.reason == process_reason_killed ? ENDING_KILLED : ENDING_FAULTED;
    }
    return 0;
}

static uint64_t read_counter(void)
{
    return __builtin_ia32_rdtsc();
}

/* How fast processor time is counted; a program without timed cannot know. */
static void measure_counter(void)
{
    cap_slot timed = slot_null;
    uint64_t begin_ns = 0;
    uint64_t end_ns = 0;
    if (peer_find(PEER_TIMED, &timed) < 0 || clock_monotonic_ns(&begin_ns) < 0) {
        return;
    }
    const uint64_t begin = read_counter();
    const struct time_wait_until_request until = {.deadline_ns = begin_ns + measure_ns};
    if (time_wait_until((struct time_cap){timed}, &until) == STATUS_OK &&
        clock_monotonic_ns(&end_ns) == 0 && end_ns > begin_ns) {
        ticks_per_ms = (read_counter() - begin) * 1'000'000 / (end_ns - begin_ns);
    }
}

static uint64_t ns_of_ticks(uint64_t ticks)
{
    if (ticks_per_ms == 0) {
        return 0;
    }
    return ticks / ticks_per_ms * 1'000'000 + ticks % ticks_per_ms * 1'000'000 / ticks_per_ms;
}

long processes_next(uint64_t *cursor, struct erix_process *process_out)
{
    cap_slot procd = slot_null;
    struct process_list_reply reply;
    if (*cursor == 0) {
        measure_counter();
    }
    long result = peer_find(PEER_PROCD, &procd);
    if (result < 0) {
        return result;
    }
    const enum status status = process_list((struct process_cap){procd},
        &(struct process_list_request){.cursor = (uint32_t)*cursor}, &reply);
    if (status != STATUS_OK) {
        return status == STATUS_END ? 0 : result_of(status);
    }
    *cursor = (uint64_t)reply.process + 1;
    *process_out = (struct erix_process){
        .id = reply.process,
        .state = reply.state == state_prepared ? ERIX_PROCESS_STARTING : ERIX_PROCESS_RUNNING,
        .priority = reply.priority,
        .memory_bytes = reply.resident_bytes,
        .processor_time_ns = ns_of_ticks(reply.ticks),
    };
    memcpy(process_out->name, reply.name, sizeof process_out->name - 1);
    return 1;
}

/* What the kernel says about a capability of this program. */
static long own_capability_next(uint64_t *cursor, struct erix_capability *capability_out)
{
    const struct startup *startup = program_startup();
    if (*cursor >= startup->slot_count) {
        return 0;
    }
    const struct startup_slot *row = &startup->slots[(*cursor)++];
    struct cap_identity identity = {};
    const enum status status = cspace_identify(slots_cspace(), row->slot, &identity);
    if (status != STATUS_OK) {
        return result_of(status);
    }
    const bool is_peer = identity.kind == OBJECT_ENDPOINT && (identity.rights & RIGHT_SEND) != 0;
    *capability_out = (struct erix_capability){.slot = row->slot, .badge = identity.badge};
    (void)strlcpy(
        capability_out->kind, rights_kind_name(identity.kind), sizeof capability_out->kind);
    memcpy(capability_out->name, row->name, sizeof capability_out->name - 1);
    rights_describe(capability_out->name, is_peer ? badge_rights(identity.badge) : 0,
        identity.rights, capability_out->rights, sizeof capability_out->rights);
    return 1;
}

long processes_capability_next(
    uint64_t process, uint64_t *cursor, struct erix_capability *capability_out)
{
    cap_slot procd = slot_null;
    struct process_authority_reply reply;
    if (process == 0) {
        return own_capability_next(cursor, capability_out);
    }
    if (process > UINT32_MAX) {
        return -ESRCH;
    }
    long result = peer_find(PEER_PROCD, &procd);
    if (result < 0) {
        return result;
    }
    const struct process_authority_request request = {
        .process = (uint32_t)process, .index = (uint32_t)*cursor};
    const enum status status = process_authority((struct process_cap){procd}, &request, &reply);
    if (status == STATUS_END) {
        return 0;
    }
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? -ESRCH : result_of(status);
    }
    ++*cursor;
    *capability_out = (struct erix_capability){.slot = reply.slot};
    (void)strlcpy(capability_out->kind, rights_kind_name(reply.kind), sizeof capability_out->kind);
    memcpy(capability_out->name, reply.name, sizeof capability_out->name - 1);
    rights_describe(capability_out->name, reply.protocol_rights, reply.rights,
        capability_out->rights, sizeof capability_out->rights);
    return 1;
}
