/* SPDX-License-Identifier: ISC */
/* Victims report through the stream that others use for errors: protocol report, on our endpoint.
 */
#include <userlib/victims/victims.h>

#include <protocol/loader.h>
#include <protocol/report.h>
#include <protocol/vspace.h>
#include <userlib/shared_memory.h>
#include <userlib/slots.h>
#include <userlib/start.h>
#include <userlib/syscall.h>

#include <stdio.h>
#include <string.h>

/* Both programs that are made of this have these peers. */
static cap_slot peer(const char *name)
{
    const struct startup_slot *row = program_startup_slot(name);
    return row == nullptr ? slot_null : row->slot;
}

static struct {
    struct shared_memory strings;
    struct endpoint_cap report;
    cap_slot received;
    char reason[report_failed_reason_bytes_max + 1];
} state;

enum status victims_prepare(void)
{
    enum status status =
        shared_memory_make((struct vspace_cap){peer("vspaced")}, page_bits, &state.strings);
    if (status == STATUS_OK) {
        status = slots_take(&state.report.slot);
    }
    if (status == STATUS_OK) {
        status = slots_take(&state.received);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return cspace_copy(slots_cspace(), &(struct cspace_copy){.source = SLOT_CONTROL,
                                           .target = state.report.slot,
                                           .rights = RIGHT_SEND | RIGHT_GRANT,
                                           .badge = badge_make(1, REPORT_RIGHT_REPORT)});
}

enum status victim_start(
    uint32_t step, enum victim_act act, cap_slot input, struct victim *victim_out)
{
    constexpr char path[] = "/bin/victim";
    char *text = (char *)state.strings.bytes;
    const int bytes = snprintf(
        text, state.strings.size_bytes, "%s%cvictim%c%u%c%u%c", path, 0, 0, step, 0, act, 0);
    const struct loader_launch_request request = {
        .strings_bytes = (uint32_t)bytes,
        .argument_count = 3,
        .streams = {STREAM_TERMINAL, STREAM_TERMINAL, STREAM_TERMINAL},
    };
    const struct endpoint_cap terminal = {peer("seriald")};
    const struct endpoint_cap in = {input == slot_null ? terminal.slot : input};
    struct loader_launch_reply reply = {};
    struct endpoint_cap handle = {};
    const enum status status = loader_launch((struct loader_cap){peer("loaderd")}, &request,
        state.strings.frame, in, terminal, state.report, &reply, &handle);
    *victim_out = (struct victim){.process = reply.process, .handle = {handle.slot}};
    return status;
}

/* One message on our endpoint, with room for one capability; `reply` is slot_null for one that is
 * not to be answered. */
static enum status receive(
    enum syscall how, cap_slot reply, struct syscall_registers *registers_out)
{
    struct ipc_buffer *buffer = syscall_ipc_buffer();
    *registers_out = (struct syscall_registers){.target = SLOT_CONTROL | (uint64_t)reply << 32};
    buffer->receive_slots[0] = state.received;
    const enum status status = syscall_enter(how, registers_out);
    buffer->receive_slots[0] = slot_null;
    return status;
}

const char *victim_await_report(void)
{
    struct syscall_registers registers;
    if (receive(SYSCALL_RECEIVE, slot_null, &registers) != STATUS_OK) {
        return "no report can be received";
    }
    if (message_tag_operation(registers.tag) == REPORT_READY) {
        return nullptr;
    }
    const uint32_t bytes = message_tag_size_bytes(registers.tag);
    const uint32_t text_at = offsetof(struct report_failed_request, reason);
    if (message_tag_operation(registers.tag) != REPORT_FAILED || bytes < text_at ||
        bytes - text_at >= sizeof state.reason) {
        return "the victim says something else";
    }
    uint64_t *words = syscall_ipc_buffer()->words;
    memcpy(words, registers.words, sizeof registers.words);
    memcpy(state.reason, (const char *)words + text_at, bytes - text_at);
    state.reason[bytes - text_at] = 0;
    return state.reason;
}

cap_slot victim_await_call(void)
{
    struct syscall_registers registers;
    const enum status status = receive(SYSCALL_RECEIVE, SLOT_REPLY, &registers);
    const bool fits = status == STATUS_OK &&
                      message_tag_operation(registers.tag) == victim_call_operation &&
                      message_tag_cap_count(registers.tag) == 1;
    return fits ? state.received : slot_null;
}

bool victims_are_silent(void)
{
    struct syscall_registers registers;
    return receive(SYSCALL_RECEIVE_NOWAIT, SLOT_REPLY, &registers) == STATUS_WOULD_BLOCK;
}

enum status victim_await_end(struct victim *victim, struct process_wait_reply *ending_out)
{
    const enum status status = process_wait(victim->handle, ending_out);
    slots_delete(victim->handle.slot);
    *victim = (struct victim){};
    return status;
}
