/* SPDX-License-Identifier: ISC */
/* The table of attached frames. */
#include "buffers.h"

#include <userlib/slots.h>
#include <userlib/syscall.h>

/* Whether the capability still names the memory: who gave the frame may have revoked it. */
static bool is_alive(const struct buffer *buffer)
{
    uint64_t address;
    return frame_address(buffer->frame, &address) == STATUS_OK && address == buffer->address;
}

static void release(struct buffer *buffer)
{
    slots_delete(buffer->frame.slot);
    *buffer = (struct buffer){};
}

static struct buffer *find_place(struct buffers *buffers)
{
    for (uint32_t i = 0; i < buffers_max; i++) {
        if (buffers->places[i].frame.slot == slot_null) {
            return &buffers->places[i];
        }
    }
    for (uint32_t i = 0; i < buffers_max; i++) {
        struct buffer *buffer = &buffers->places[i];
        if (buffer->in_flight_count == 0 && !is_alive(buffer)) {
            release(buffer);
            return buffer;
        }
    }
    return nullptr;
}

enum status buffers_attach(struct buffers *buffers, struct frame_cap frame, uint32_t *number_out)
{
    struct cap_identity identity;
    enum status status = cspace_identify(slots_cspace(), frame.slot, &identity);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t address;
    status = frame_address(frame, &address);
    if (status != STATUS_OK) {
        return status;
    }
    struct buffer *buffer = find_place(buffers);
    if (buffer == nullptr) {
        return STATUS_NO_SPACE;
    }
    *buffer = (struct buffer){
        .frame = frame,
        .rights = identity.rights,
        .address = address,
        .size_bytes = UINT64_C(1) << identity.value,
    };
    *number_out = (uint32_t)(buffer - buffers->places) + 1;
    return STATUS_OK;
}

static struct buffer *find_attached(struct buffers *buffers, uint32_t number)
{
    if (number == 0 || number > buffers_max) {
        return nullptr;
    }
    struct buffer *buffer = &buffers->places[number - 1];
    return buffer->frame.slot == slot_null ? nullptr : buffer;
}

enum status buffers_detach(struct buffers *buffers, uint32_t number)
{
    struct buffer *buffer = find_attached(buffers, number);
    if (buffer == nullptr) {
        return STATUS_NOT_FOUND;
    }
    if (buffer->in_flight_count > 0) {
        return STATUS_BUSY;
    }
    release(buffer);
    return STATUS_OK;
}

struct buffer *buffers_find(struct buffers *buffers, uint32_t number)
{
    struct buffer *buffer = find_attached(buffers, number);
    return buffer != nullptr && is_alive(buffer) ? buffer : nullptr;
}
