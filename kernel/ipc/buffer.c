/* SPDX-License-Identifier: ISC */
/* IPC buffers and capabilities in messages. */
#include <kernel/ipc/buffer.h>

#include <kernel/object/cspace.h>
#include <kernel/panic.h>

uint64_t buffer_argument(const struct thread *thread, uint32_t index)
{
    kassert(index >= 4 && index < 8);
    const volatile struct ipc_buffer *buffer = buffer_of(thread);
    return buffer == nullptr ? 0 : buffer->arguments[index];
}

size_t buffer_copy_text(const struct thread *thread, char *text_out, size_t bytes, size_t bytes_max)
{
    const volatile struct ipc_buffer *buffer = buffer_of(thread);
    if (buffer == nullptr) {
        return 0;
    }
    size_t count = bytes < bytes_max ? bytes : bytes_max;
    memcpy(text_out, (const void *)buffer->words, count);
    return count;
}

void buffer_copy_words(const struct thread *source, const struct thread *target, uint32_t count)
{
    memcpy((void *)(buffer_of(target)->words + message_register_words),
        (const void *)(buffer_of(source)->words + message_register_words),
        count * sizeof(uint64_t));
}

static enum status decode_one(struct cap_transfer *transfer, uint32_t i)
{
    struct capability *source = transfer->sources[i];
    struct capability *target = transfer->targets[i];
    if (source == nullptr || target == nullptr) {
        return STATUS_INVALID_CAPABILITY;
    }
    for (uint32_t other = 0; other < i; other++) {
        if (transfer->targets[other] == target ||
            (transfer->move && transfer->sources[other] == source)) {
            return STATUS_INVALID_ARGUMENT;
        }
    }
    if (transfer->move) {
        return cap_decode_move(source, target);
    }
    return cap_decode_copy(source, target, rights_all, 0, &transfer->values[i]);
}

enum status cap_transfer_decode(struct thread *sender, struct thread *receiver, message_tag tag,
    struct cap_transfer *transfer_out)
{
    const volatile struct ipc_buffer *from = buffer_of(sender);
    const volatile struct ipc_buffer *to = buffer_of(receiver);
    struct cspace *source_space = thread_cspace(sender);
    struct cspace *target_space = thread_cspace(receiver);
    if (from == nullptr || to == nullptr || source_space == nullptr || target_space == nullptr) {
        return STATUS_INVALID_CAPABILITY;
    }
    transfer_out->count = message_tag_cap_count(tag);
    transfer_out->move = (tag & message_tag_move) != 0;
    for (uint32_t i = 0; i < transfer_out->count; i++) {
        cap_slot source = from->caps[i];
        cap_slot target = to->receive_slots[i];
        transfer_out->sources[i] = cspace_slot(source_space, source);
        transfer_out->targets[i] = cspace_slot(target_space, target);
        transfer_out->target_slots[i] = target;
        enum status status = decode_one(transfer_out, i);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

void cap_transfer_commit(const struct cap_transfer *transfer, struct thread *receiver)
{
    volatile struct ipc_buffer *to = buffer_of(receiver);
    for (uint32_t i = 0; i < transfer->count; i++) {
        if (transfer->move) {
            cap_move(transfer->sources[i], transfer->targets[i]);
        } else {
            cap_insert(transfer->targets[i], &transfer->values[i], transfer->sources[i]);
        }
        to->caps[i] = transfer->target_slots[i];
        cspace_note_filled(thread_cspace(receiver), transfer->target_slots[i]);
    }
    to->received_caps = transfer->count;
}
