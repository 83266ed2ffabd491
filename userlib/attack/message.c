/* SPDX-License-Identifier: ISC */
/* The tag says what is claimed, not what is true: the kernel and the service must find out. */
#include <userlib/attack/message.h>

#include <userlib/syscall.h>

#include <string.h>

constexpr uint32_t register_bytes = message_register_words * 8;

static struct syscall_registers load(
    cap_slot server, uint16_t operation, const struct message *message)
{
    struct ipc_buffer *buffer = syscall_ipc_buffer();
    struct syscall_registers registers = {
        .target = server,
        .tag = message_tag_make(operation, message->size_bytes, message->cap_count, STATUS_OK),
    };
    memcpy(registers.words, message->words, register_bytes);
    memcpy(&buffer->words[message_register_words], &message->words[message_register_words],
        message_bytes_max - register_bytes);
    memcpy(buffer->caps, message->caps, sizeof buffer->caps);
    return registers;
}

void message_call(cap_slot server, uint16_t operation, uint64_t flags,
    const struct message *message, cap_slot scratch, struct answer *answer_out)
{
    struct ipc_buffer *buffer = syscall_ipc_buffer();
    struct syscall_registers registers = load(server, operation, message);
    registers.tag |= flags;
    buffer->received_caps = 0;
    for (uint32_t index = 0; index < message_caps_max; index++) {
        buffer->receive_slots[index] = scratch + index;
    }
    const enum status status = syscall_enter(SYSCALL_CALL, &registers);
    memset(buffer->receive_slots, 0, sizeof buffer->receive_slots);
    *answer_out = (struct answer){.status = status};
    if (status != STATUS_OK) {
        return;
    }
    answer_out->status = message_tag_status(registers.tag);
    answer_out->size_bytes = message_tag_size_bytes(registers.tag);
    answer_out->cap_count = message_tag_cap_count(registers.tag);
    memcpy(answer_out->words, registers.words, register_bytes);
    memcpy(&answer_out->words[message_register_words], &buffer->words[message_register_words],
        message_bytes_max - register_bytes);
}

enum status message_send(cap_slot server, uint16_t operation, const struct message *message)
{
    struct syscall_registers registers = load(server, operation, message);
    return syscall_enter(SYSCALL_SEND, &registers);
}
