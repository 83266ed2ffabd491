/* SPDX-License-Identifier: ISC */
/*
 * The general form of a message: requests of up to 1024 bytes, capabilities in both directions. The
 * words that travel in registers are kept next to the others in the IPC buffer, so that a payload
 * is contiguous there.
 */
#include <userlib/ipc.h>

#include <userlib/assert.h>
#include <userlib/slots.h>

#include <string.h>

constexpr uint32_t register_bytes = message_register_words * 8;

enum status ipc_reply_failure(enum status kernel_status, message_tag tag)
{
    if (kernel_status != STATUS_OK) {
        return kernel_status;
    }
    const enum status status = message_tag_status(tag);
    if (status < STATUS_OK || status >= STATUS_COUNT) {
        return STATUS_CONTRACT_INVALID;
    }
    return status == STATUS_OK ? STATUS_CONTRACT_INVALID : status;
}

/* Put request and capabilities where they travel. */
static struct syscall_registers load_request(const struct ipc_call *call)
{
    struct ipc_buffer *buffer = syscall_ipc_buffer();
    assert(call->request_bytes <= message_bytes_max);
    assert(call->cap_count <= message_caps_max);
    struct syscall_registers registers = {
        .target = call->server,
        .tag = message_tag_make(call->operation, call->request_bytes, call->cap_count, STATUS_OK) |
               (call->move ? message_tag_move : 0),
    };
    if (call->request_bytes <= register_bytes) {
        memcpy(registers.words, call->request, call->request_bytes);
    } else {
        memcpy(registers.words, call->request, register_bytes);
        memcpy(&buffer->words[message_register_words],
            (const uint8_t *)call->request + register_bytes, call->request_bytes - register_bytes);
    }
    for (uint32_t index = 0; index < call->cap_count; index++) {
        buffer->caps[index] = call->caps[index];
    }
    return registers;
}

/* Given-away capabilities are gone whatever happened to the message. */
static void drop_moved(const struct ipc_call *call)
{
    if (!call->move) {
        return;
    }
    for (uint32_t index = 0; index < call->cap_count; index++) {
        slots_delete(call->caps[index]);
    }
}

static bool reply_has_shape(const struct ipc_call *call, message_tag tag)
{
    const struct ipc_buffer *buffer = syscall_ipc_buffer();
    if (message_tag_cap_count(tag) != call->reply_cap_count ||
        (call->reply_cap_count > 0 && buffer->received_caps != call->reply_cap_count)) {
        return false;
    }
    const uint32_t size_bytes = message_tag_size_bytes(tag);
    if (call->reply_variable_bytes_max == 0) {
        return size_bytes == call->reply_bytes;
    }
    if (size_bytes < call->reply_bytes) {
        return false;
    }
    uint32_t variable_bytes = 0;
    memcpy(&variable_bytes, (const uint8_t *)buffer->words + call->reply_length_offset,
        sizeof variable_bytes);
    return variable_bytes <= call->reply_variable_bytes_max &&
           size_bytes == call->reply_bytes + variable_bytes;
}

static enum status call_with_slots(const struct ipc_call *call, const cap_slot *fresh)
{
    struct ipc_buffer *buffer = syscall_ipc_buffer();
    struct syscall_registers registers = load_request(call);
    buffer->received_caps = 0;
    for (uint32_t index = 0; index < call->reply_cap_count; index++) {
        buffer->receive_slots[index] = fresh[index];
    }
    const enum status status = syscall_enter(SYSCALL_CALL, &registers);
    for (uint32_t index = 0; index < call->reply_cap_count; index++) {
        buffer->receive_slots[index] = slot_null;
    }
    if (status != STATUS_OK || message_tag_status(registers.tag) != STATUS_OK) {
        return ipc_reply_failure(status, registers.tag);
    }
    memcpy(buffer->words, registers.words, register_bytes);
    if (!reply_has_shape(call, registers.tag)) {
        return STATUS_CONTRACT_INVALID;
    }
    const uint32_t size_bytes = message_tag_size_bytes(registers.tag);
    if (size_bytes > 0) {
        memcpy(call->reply_out, buffer->words, size_bytes);
    }
    if (call->reply_is_text) {
        ((uint8_t *)call->reply_out)[size_bytes] = 0;
    }
    for (uint32_t index = 0; index < call->reply_cap_count; index++) {
        call->reply_caps[index] = fresh[index];
    }
    return STATUS_OK;
}

enum status ipc_call(const struct ipc_call *call)
{
    assert(call->reply_cap_count <= message_caps_max);
    cap_slot fresh[message_caps_max] = {};
    enum status status = STATUS_OK;
    for (uint32_t index = 0; index < call->reply_cap_count && status == STATUS_OK; index++) {
        status = slots_take(&fresh[index]);
    }
    if (status == STATUS_OK) {
        status = call_with_slots(call, fresh);
    }
    drop_moved(call);
    if (status != STATUS_OK) {
        for (uint32_t index = 0; index < call->reply_cap_count; index++) {
            slots_delete(fresh[index]);
        }
    }
    return status;
}

static enum status send(enum syscall number, const struct ipc_call *call)
{
    struct syscall_registers registers = load_request(call);
    const enum status status = syscall_enter(number, &registers);
    drop_moved(call);
    return status;
}

enum status ipc_send(const struct ipc_call *call)
{
    return send(SYSCALL_SEND, call);
}

enum status ipc_send_nowait(const struct ipc_call *call)
{
    return send(SYSCALL_SEND_NOWAIT, call);
}
