/* SPDX-License-Identifier: ISC */
/* Windows of configuration space. */
#include "config_space.h"

#include <protocol/vspace.h>
#include <slots/deviced.h>
#include <userlib/slots.h>

static const struct config_window *find(const struct config_space *space, uint64_t address)
{
    for (uint32_t i = 0; i < space->count; i++) {
        if (space->windows[i].address >> config_window_bits == address >> config_window_bits) {
            return &space->windows[i];
        }
    }
    return nullptr;
}

static enum status map_registers(struct frame_cap frame, volatile uint32_t **registers_out)
{
    const struct vspace_map_request request = {
        .flags = vspace_map_read | vspace_map_write | vspace_map_uncached};
    struct vspace_map_reply reply;
    enum status status =
        vspace_map((struct vspace_cap){SLOT_PEER_VSPACED}, &request, frame, &reply);
    if (status == STATUS_OK) {
        *registers_out = (volatile uint32_t *)reply.address; // NOLINT(performance-no-int-to-ptr)
    }
    return status;
}

enum status config_space_open(struct config_space *space, struct device_memory *memory,
    uint64_t address, struct frame_cap *frame_out)
{
    const struct config_window *known = find(space, address);
    if (known != nullptr) {
        *frame_out = known->frame;
        return STATUS_OK;
    }
    if (space->count == config_windows_max) {
        return STATUS_NO_SPACE;
    }
    struct config_window window = {.address = address};
    enum status status = device_memory_take(memory, address, config_window_bits, &window.frame);
    if (status != STATUS_OK) {
        return status;
    }
    status = map_registers(window.frame, &window.registers);
    if (status != STATUS_OK) {
        slots_delete(window.frame.slot);
        return status;
    }
    space->windows[space->count++] = window;
    *frame_out = window.frame;
    return STATUS_OK;
}

volatile uint32_t *config_space_function(const struct config_space *space, uint64_t config_address)
{
    const struct config_window *window = find(space, config_address);
    if (window == nullptr) {
        return nullptr;
    }
    return window->registers + (config_address - window->address) / sizeof(uint32_t);
}
