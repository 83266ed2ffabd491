/* SPDX-License-Identifier: ISC */
/*
 * Free nodes of one order form a doubly linked list, newest first; unused nodes a single list.
 * Invariants 1-4 stand in buddy.h.
 */
#include <lib/buddy/buddy.h>

#include <lib/base/base.h>

static void free_list_add(struct buddy *buddy, uint32_t index)
{
    struct buddy_node *node = &buddy->nodes[index];
    uint32_t *first = &buddy->free_first[node->order];
    node->state = BUDDY_FREE;
    node->previous = buddy_no_node;
    node->next = *first;
    if (*first != buddy_no_node) {
        buddy->nodes[*first].previous = index;
    }
    *first = index;
    buddy->free_bytes += buddy_order_bytes(node->order);
}

static void free_list_remove(struct buddy *buddy, uint32_t index)
{
    struct buddy_node *node = &buddy->nodes[index];
    if (node->previous == buddy_no_node) {
        buddy->free_first[node->order] = node->next;
    } else {
        buddy->nodes[node->previous].next = node->next;
    }
    if (node->next != buddy_no_node) {
        buddy->nodes[node->next].previous = node->previous;
    }
    buddy->free_bytes -= buddy_order_bytes(node->order);
}

/* The caller has checked unused_count. */
static uint32_t node_take(struct buddy *buddy, struct buddy_node contents)
{
    uint32_t index = buddy->unused_first;
    buddy->unused_first = buddy->nodes[index].next;
    buddy->unused_count--;
    buddy->nodes[index] = contents;
    return index;
}

static void node_give(struct buddy *buddy, uint32_t index)
{
    buddy->nodes[index] = (struct buddy_node){.state = BUDDY_UNUSED, .next = buddy->unused_first};
    buddy->unused_first = index;
    buddy->unused_count++;
}

enum status buddy_init(
    struct buddy *buddy, struct buddy_node *nodes, uint32_t node_count, uint32_t order_min)
{
    if (node_count == 0 || node_count == buddy_no_node || order_min > buddy_order_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    *buddy = (struct buddy){
        .nodes = nodes,
        .node_count = node_count,
        .unused_first = buddy_no_node,
        .order_min = order_min,
    };
    for (uint32_t order = 0; order < buddy_order_count; order++) {
        buddy->free_first[order] = buddy_no_node;
    }
    for (uint32_t index = node_count; index > 0; index--) {
        node_give(buddy, index - 1);
    }
    return STATUS_OK;
}

static bool region_overlaps(const struct buddy *buddy, struct buddy_region region)
{
    uint64_t last = region.base + (buddy_order_bytes(region.order) - 1);
    for (uint32_t index = 0; index < buddy->node_count; index++) {
        const struct buddy_node *node = &buddy->nodes[index];
        if (node->state == BUDDY_UNUSED || node->parent != buddy_no_node) {
            continue;
        }
        uint64_t node_last = node->base + (buddy_order_bytes(node->order) - 1);
        if (region.base <= node_last && node->base <= last) {
            return true;
        }
    }
    return false;
}

enum status buddy_add_region(struct buddy *buddy, struct buddy_region region, uint32_t *node_out)
{
    if (region.order < buddy->order_min || region.order > buddy_order_max ||
        !is_aligned(region.base, buddy_order_bytes(region.order)) ||
        region_overlaps(buddy, region)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (buddy->unused_count == 0) {
        return STATUS_NO_SLOT;
    }
    struct buddy_node root = {
        .base = region.base,
        .region_id = region.id,
        .parent = buddy_no_node,
        .lower = buddy_no_node,
        .upper = buddy_no_node,
        .order = (uint8_t)region.order,
    };
    uint32_t index = node_take(buddy, root);
    free_list_add(buddy, index);
    buddy->total_bytes += buddy_order_bytes(region.order);
    *node_out = index;
    return STATUS_OK;
}

/* Splits a node that is in no list; its halves are in no list either. */
static struct buddy_step split(struct buddy *buddy, uint32_t index)
{
    struct buddy_node *node = &buddy->nodes[index];
    struct buddy_node half = {
        .base = node->base,
        .region_id = node->region_id,
        .parent = index,
        .lower = buddy_no_node,
        .upper = buddy_no_node,
        .order = (uint8_t)(node->order - 1),
    };
    node->lower = node_take(buddy, half);
    half.base += buddy_order_bytes(half.order);
    node->upper = node_take(buddy, half);
    node->state = BUDDY_SPLIT;
    return (struct buddy_step){.parent = index, .lower = node->lower, .upper = node->upper};
}

enum status buddy_allocate(struct buddy *buddy, uint32_t order, struct buddy_plan *plan_out)
{
    if (order > buddy_order_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    uint32_t wanted = order < buddy->order_min ? buddy->order_min : order;
    uint32_t found = wanted;
    while (found < buddy_order_count && buddy->free_first[found] == buddy_no_node) {
        found++;
    }
    if (found == buddy_order_count) {
        return STATUS_NO_MEMORY;
    }
    if (buddy->unused_count < 2 * (found - wanted)) {
        return STATUS_NO_SLOT;
    }
    uint32_t index = buddy->free_first[found];
    free_list_remove(buddy, index);
    plan_out->step_count = 0;
    for (uint32_t level = found; level > wanted; level--) {
        struct buddy_step step = split(buddy, index);
        plan_out->steps[plan_out->step_count++] = step;
        free_list_add(buddy, step.upper);
        index = step.lower;
    }
    buddy->nodes[index].state = BUDDY_ALLOCATED;
    plan_out->node = index;
    return STATUS_OK;
}

enum status buddy_free(struct buddy *buddy, uint32_t node, struct buddy_plan *plan_out)
{
    if (node >= buddy->node_count || buddy->nodes[node].state != BUDDY_ALLOCATED) {
        return STATUS_INVALID_ARGUMENT;
    }
    uint32_t index = node;
    uint32_t step_count = 0;
    for (;;) {
        uint32_t parent = buddy->nodes[index].parent;
        if (parent == buddy_no_node) {
            break;
        }
        struct buddy_step step = {
            .parent = parent,
            .lower = buddy->nodes[parent].lower,
            .upper = buddy->nodes[parent].upper,
        };
        uint32_t sibling = step.lower == index ? step.upper : step.lower;
        if (buddy->nodes[sibling].state != BUDDY_FREE) {
            break;
        }
        free_list_remove(buddy, sibling);
        node_give(buddy, step.upper);
        node_give(buddy, step.lower);
        buddy->nodes[parent].lower = buddy_no_node;
        buddy->nodes[parent].upper = buddy_no_node;
        plan_out->steps[step_count++] = step;
        index = parent;
    }
    free_list_add(buddy, index);
    plan_out->step_count = step_count;
    plan_out->node = index;
    return STATUS_OK;
}

void buddy_abandon(struct buddy *buddy, const struct buddy_plan *allocation,
    uint32_t performed_count, struct buddy_plan *merges_out)
{
    /* Nothing happened since the allocation, so freeing merges back every split, last one first. */
    enum status status = buddy_free(buddy, allocation->node, merges_out);
    if (status != STATUS_OK) {
        merges_out->step_count = 0;
        return;
    }
    uint32_t skipped_count = allocation->step_count - performed_count;
    for (uint32_t index = 0; index < performed_count; index++) {
        merges_out->steps[index] = merges_out->steps[index + skipped_count];
    }
    merges_out->step_count = performed_count;
}

uint32_t buddy_largest_free_order(const struct buddy *buddy)
{
    for (uint32_t order = buddy_order_count; order > 0; order--) {
        if (buddy->free_first[order - 1] != buddy_no_node) {
            return order - 1;
        }
    }
    return buddy_order_count;
}

/* Invariants 1 and 2 for a split node: two halves that cover it, not both free. */
static bool halves_are_right(const struct buddy *buddy, uint32_t index)
{
    const struct buddy_node *node = &buddy->nodes[index];
    if (node->lower >= buddy->node_count || node->upper >= buddy->node_count) {
        return false;
    }
    const struct buddy_node *lower = &buddy->nodes[node->lower];
    const struct buddy_node *upper = &buddy->nodes[node->upper];
    return lower->parent == index && upper->parent == index && lower->state != BUDDY_UNUSED &&
           upper->state != BUDDY_UNUSED && lower->order + 1 == node->order &&
           upper->order + 1 == node->order && lower->base == node->base &&
           upper->base == node->base + buddy_order_bytes(upper->order) &&
           !(lower->state == BUDDY_FREE && upper->state == BUDDY_FREE);
}

/* The free nodes reached through the lists, or UINT32_MAX if a list is broken. */
static uint32_t count_listed(const struct buddy *buddy)
{
    uint32_t count = 0;
    for (uint32_t order = 0; order < buddy_order_count; order++) {
        uint32_t index = buddy->free_first[order];
        for (; index != buddy_no_node; index = buddy->nodes[index].next) {
            const struct buddy_node *node = &buddy->nodes[index];
            if (node->state != BUDDY_FREE || node->order != order || count >= buddy->node_count) {
                return UINT32_MAX;
            }
            count++;
        }
    }
    return count;
}

bool buddy_is_consistent(const struct buddy *buddy)
{
    uint64_t total_bytes = 0;
    uint64_t free_bytes = 0;
    uint32_t free_count = 0;
    uint32_t unused_count = 0;
    for (uint32_t index = 0; index < buddy->node_count; index++) {
        const struct buddy_node *node = &buddy->nodes[index];
        switch (node->state) {
        case BUDDY_UNUSED:
            unused_count++;
            continue;
        case BUDDY_SPLIT:
            if (!halves_are_right(buddy, index)) {
                return false;
            }
            continue;
        case BUDDY_FREE:
            free_count++;
            free_bytes += buddy_order_bytes(node->order);
            break;
        case BUDDY_ALLOCATED:
            break;
        }
        total_bytes += buddy_order_bytes(node->order);
    }
    return total_bytes == buddy->total_bytes && free_bytes == buddy->free_bytes &&
           unused_count == buddy->unused_count && free_count == count_listed(buddy);
}
