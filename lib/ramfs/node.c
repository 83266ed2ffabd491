/* SPDX-License-Identifier: ISC */
/*
 * The pool of nodes, their numbers and attributes. The lower half of a number is the node's index,
 * the upper half a serial number, so that finding a node is one comparison and a number is not seen
 * again when its node is reused.
 */
#include <string.h>

#include "internal.h"

constexpr uint32_t serial_shift = 32;
constexpr uint32_t sector_bytes = 512;

enum status ramfs_init(
    struct ramfs *ramfs, struct ramfs_memory memory, uint16_t permissions, int64_t now_ns)
{
    if (memory.node_count == 0 || memory.node_count == ramfs_no_node ||
        memory.page_count == UINT32_MAX) {
        return STATUS_INVALID_ARGUMENT;
    }
    *ramfs = (struct ramfs){
        .memory = memory, .now_ns = now_ns, .next_serial = 1, .unused_node = ramfs_no_node};
    struct ramfs_creation creation = {.permissions = permissions};
    struct ramfs_node *root = ramfs_node_take(ramfs, RAMFS_DIRECTORY, &creation);
    root->named = true;
    root->parent = ramfs_node_index(ramfs, root);
    return STATUS_OK;
}

void ramfs_set_time(struct ramfs *ramfs, int64_t now_ns)
{
    ramfs->now_ns = now_ns;
}

uint64_t ramfs_root(const struct ramfs *ramfs)
{
    return ramfs_node_at(ramfs, 0)->number;
}

struct ramfs_statistics ramfs_statfs(const struct ramfs *ramfs)
{
    return (struct ramfs_statistics){
        .page_count = ramfs->memory.page_count,
        .free_page_count = ramfs->memory.page_count - ramfs->used_page_count,
        .node_count = ramfs->memory.node_count,
        .free_node_count = ramfs->memory.node_count - ramfs->used_node_count,
    };
}

uint32_t ramfs_node_index(const struct ramfs *ramfs, const struct ramfs_node *node)
{
    return (uint32_t)(node - ramfs->memory.nodes);
}

struct ramfs_node *ramfs_node_find(const struct ramfs *ramfs, uint64_t number)
{
    uint32_t index = (uint32_t)number;
    if (index >= ramfs->memory.node_count) {
        return nullptr;
    }
    struct ramfs_node *node = ramfs_node_at(ramfs, index);
    return node->kind != RAMFS_UNUSED && node->number == number ? node : nullptr;
}

bool ramfs_node_available(const struct ramfs *ramfs)
{
    return ramfs->used_node_count < ramfs->memory.node_count;
}

struct ramfs_node *ramfs_node_take(
    struct ramfs *ramfs, enum ramfs_kind kind, const struct ramfs_creation *creation)
{
    uint32_t index = ramfs->unused_node;
    if (index == ramfs_no_node) {
        index = ramfs->fresh_node++;
    } else {
        ramfs->unused_node = ramfs_node_at(ramfs, index)->table_next;
    }
    ramfs->used_node_count++;
    struct ramfs_node *node = ramfs_node_at(ramfs, index);
    uint32_t table_head = node->table_head; /* Belongs to the table, not to the node. */
    *node = (struct ramfs_node){
        .number = ramfs->next_serial++ << serial_shift | index,
        .accessed_ns = ramfs->now_ns,
        .modified_ns = ramfs->now_ns,
        .changed_ns = ramfs->now_ns,
        .parent = ramfs_no_node,
        .first_child = ramfs_no_node,
        .last_child = ramfs_no_node,
        .resume_child = ramfs_no_node,
        .table_head = table_head,
        .table_next = ramfs_no_node,
        .owner = creation->owner,
        .group = creation->group,
        .permissions = creation->permissions,
        .kind = kind,
    };
    return node;
}

void ramfs_node_drop(struct ramfs *ramfs, struct ramfs_node *node)
{
    if (node->named || node->hold_count > 0) {
        return;
    }
    ramfs_page_cut(ramfs, node, 0);
    node->kind = RAMFS_UNUSED;
    node->table_next = ramfs->unused_node;
    ramfs->unused_node = ramfs_node_index(ramfs, node);
    ramfs->used_node_count--;
}

void ramfs_touch(struct ramfs *ramfs, struct ramfs_node *node)
{
    node->modified_ns = ramfs->now_ns;
    node->changed_ns = ramfs->now_ns;
}

static uint32_t link_count(const struct ramfs_node *node)
{
    if (!node->named) {
        return 0;
    }
    return node->kind == RAMFS_DIRECTORY ? 2 + node->directory_count : 1;
}

enum status ramfs_stat(
    const struct ramfs *ramfs, uint64_t number, struct ramfs_attributes *attributes_out)
{
    const struct ramfs_node *node = ramfs_node_find(ramfs, number);
    if (node == nullptr) {
        return STATUS_NOT_FOUND;
    }
    *attributes_out = (struct ramfs_attributes){
        .number = node->number,
        .size_bytes = node->size_bytes,
        .sectors = (uint64_t)node->page_count * (ramfs_page_bytes / sector_bytes),
        .accessed_ns = node->accessed_ns,
        .modified_ns = node->modified_ns,
        .changed_ns = node->changed_ns,
        .kind = node->kind,
        .permissions = node->permissions,
        .link_count = link_count(node),
        .owner = node->owner,
        .group = node->group,
    };
    return STATUS_OK;
}

enum status ramfs_hold(struct ramfs *ramfs, uint64_t number)
{
    struct ramfs_node *node = ramfs_node_find(ramfs, number);
    if (node == nullptr) {
        return STATUS_NOT_FOUND;
    }
    if (node->hold_count == UINT32_MAX) {
        return STATUS_BUSY;
    }
    node->hold_count++;
    return STATUS_OK;
}

enum status ramfs_release(struct ramfs *ramfs, uint64_t number)
{
    struct ramfs_node *node = ramfs_node_find(ramfs, number);
    if (node == nullptr) {
        return STATUS_NOT_FOUND;
    }
    if (node->hold_count == 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    node->hold_count--;
    ramfs_node_drop(ramfs, node);
    return STATUS_OK;
}

enum status ramfs_set_permissions(struct ramfs *ramfs, uint64_t number, uint16_t permissions)
{
    struct ramfs_node *node = ramfs_node_find(ramfs, number);
    if (node == nullptr) {
        return STATUS_NOT_FOUND;
    }
    node->permissions = permissions;
    node->changed_ns = ramfs->now_ns;
    return STATUS_OK;
}

enum status ramfs_set_owner(struct ramfs *ramfs, uint64_t number, uint32_t owner, uint32_t group)
{
    struct ramfs_node *node = ramfs_node_find(ramfs, number);
    if (node == nullptr) {
        return STATUS_NOT_FOUND;
    }
    node->owner = owner;
    node->group = group;
    node->changed_ns = ramfs->now_ns;
    return STATUS_OK;
}

enum status ramfs_set_times(
    struct ramfs *ramfs, uint64_t number, int64_t accessed_ns, int64_t modified_ns)
{
    struct ramfs_node *node = ramfs_node_find(ramfs, number);
    if (node == nullptr) {
        return STATUS_NOT_FOUND;
    }
    node->accessed_ns = accessed_ns;
    node->modified_ns = modified_ns;
    node->changed_ns = ramfs->now_ns;
    return STATUS_OK;
}
