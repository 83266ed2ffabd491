/* SPDX-License-Identifier: ISC */
/*
 * Carries out with capabilities what lib/buddy decides.
 *
 * Invariants: see README.md. A node's capability has no children exactly when the node is free.
 */
#include "ram.h"

#include <userlib/assert.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

constexpr uint32_t client_none = 0;

enum status ram_init(struct ram *ram)
{
    return buddy_init(&ram->buddy, ram->nodes, ram_nodes_max, page_bits);
}

enum status ram_add(struct ram *ram, struct untyped_cap memory)
{
    struct untyped_description description = {};
    enum status status = untyped_describe(memory, &description);
    if (status != STATUS_OK) {
        return status;
    }
    if (description.is_device) {
        return STATUS_INVALID_ARGUMENT;
    }
    uint32_t node = buddy_no_node;
    status = buddy_add_region(&ram->buddy,
        (struct buddy_region){
            .base = description.address, .order = description.bits, .id = memory.slot},
        &node);
    if (status == STATUS_OK) {
        ram->caps[node] = memory;
    }
    return status;
}

/* One untyped capability of 2^bits bytes, the next that lies free in `parent`. */
static enum status make_child(
    struct untyped_cap parent, uint32_t bits, struct untyped_cap *child_out)
{
    cap_slot slot = slot_null;
    enum status status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    status = untyped_retype(parent, &(struct untyped_retype){.kind = OBJECT_UNTYPED,
                                        .bits = bits,
                                        .count = 1,
                                        .cspace = SLOT_SELF_CSPACE,
                                        .first_slot = slot});
    if (status != STATUS_OK) {
        slots_give(slot);
        return status;
    }
    *child_out = (struct untyped_cap){slot};
    return STATUS_OK;
}

/* The kernel takes memory of an untyped capability from its start on: the lower half comes first.
 */
static enum status split(struct ram *ram, const struct buddy_step *step)
{
    const uint32_t bits = ram->nodes[step->lower].order;
    const struct untyped_cap parent = ram->caps[step->parent];
    enum status status = make_child(parent, bits, &ram->caps[step->lower]);
    if (status != STATUS_OK) {
        return status;
    }
    status = make_child(parent, bits, &ram->caps[step->upper]);
    if (status != STATUS_OK) {
        slots_delete(ram->caps[step->lower].slot);
    }
    return status;
}

static void merge(struct ram *ram, const struct buddy_plan *plan)
{
    for (uint32_t index = 0; index < plan->step_count; index++) {
        const struct buddy_step *step = &plan->steps[index];
        slots_delete(ram->caps[step->lower].slot);
        slots_delete(ram->caps[step->upper].slot);
    }
}

enum status ram_allocate(struct ram *ram, uint32_t client, uint32_t bits, uint32_t *block_out,
    struct untyped_cap *memory_out)
{
    struct buddy_plan plan;
    enum status status = buddy_allocate(&ram->buddy, bits, &plan);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t performed = 0;
    while (performed < plan.step_count && status == STATUS_OK) {
        status = split(ram, &plan.steps[performed]);
        performed += status == STATUS_OK ? 1 : 0;
    }
    if (status == STATUS_OK) {
        status = make_child(ram->caps[plan.node], bits, memory_out);
    }
    if (status != STATUS_OK) {
        struct buddy_plan merges;
        buddy_abandon(&ram->buddy, &plan, performed, &merges);
        merge(ram, &merges);
        return status;
    }
    ram->owners[plan.node] = client;
    *block_out = plan.node;
    return STATUS_OK;
}

enum status ram_free(struct ram *ram, uint32_t client, uint32_t block)
{
    if (block >= ram_nodes_max || ram->nodes[block].state != BUDDY_ALLOCATED ||
        ram->owners[block] != client) {
        return STATUS_NOT_FOUND;
    }
    enum status status = cspace_revoke(slots_cspace(), ram->caps[block].slot);
    assert(status == STATUS_OK);
    ram->owners[block] = client_none;
    struct buddy_plan plan;
    status = buddy_free(&ram->buddy, block, &plan);
    assert(status == STATUS_OK);
    merge(ram, &plan);
    return STATUS_OK;
}

struct ram_usage ram_usage(const struct ram *ram, uint32_t client)
{
    struct ram_usage usage = {};
    for (uint32_t node = 0; node < ram_nodes_max; node++) {
        if (ram->nodes[node].state == BUDDY_ALLOCATED && ram->owners[node] == client) {
            usage.used_bytes += buddy_order_bytes(ram->nodes[node].order);
            usage.blocks++;
        }
    }
    return usage;
}
