/* SPDX-License-Identifier: ISC */
/* Entries are found by walking the table: it is short, and a fault costs far more than the walk. */
#include "clients.h"

#include <userlib/slots.h>

constexpr uint32_t first_block_bits = 17;
constexpr uint32_t process_none = 0;

struct client *clients_find(struct clients *clients, uint32_t process)
{
    for (uint32_t index = 0; index < clients_max; index++) {
        if (clients->table[index].process == process) {
            return &clients->table[index];
        }
    }
    return nullptr;
}

enum status clients_attach(struct clients *clients, uint32_t process, struct regions regions,
    struct address_space_cap space_take)
{
    if (process == process_none || !regions_are_valid(&regions)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (clients_find(clients, process) != nullptr) {
        return STATUS_EXISTS;
    }
    struct client *client = clients_find(clients, process_none);
    if (client == nullptr) {
        return STATUS_NO_MEMORY;
    }
    *client = (struct client){
        .process = process,
        .regions = regions,
        .space = space_take,
        .pool = {.memory = clients->memory, .first_bits = first_block_bits},
    };
    return STATUS_OK;
}

void clients_detach(struct clients *clients, uint32_t process)
{
    struct client *client = process == process_none ? nullptr : clients_find(clients, process);
    if (client == nullptr) {
        return;
    }
    memory_pool_release(&client->pool);
    slots_delete(client->space.slot);
    client->process = process_none;
}

enum status client_back(struct client *client, uint64_t address)
{
    struct region_frame place = {};
    enum status status = regions_find_frame(&client->regions, address, &place);
    if (status != STATUS_OK) {
        return status;
    }
    struct frame_cap frame = {};
    status = memory_pool_make(&client->pool, OBJECT_FRAME, place.bits, &frame.slot);
    if (status != STATUS_OK) {
        return status;
    }
    /* A frame that cannot be mapped stays in the pool, unused, until the process ends. */
    status = vspace_map_frame(frame,
        &(struct frame_map){
            .vspace = client->space, .address = place.address, .rights = RIGHT_READ | RIGHT_WRITE},
        memory_pool_tables(&client->pool));
    client->resident_bytes += status == STATUS_OK ? UINT64_C(1) << place.bits : 0;
    return status;
}
