/* SPDX-License-Identifier: ISC */
/*
 * Names: their form, the table that finds them by (directory, name), and the list of children that
 * keeps them in the order in which they came.
 */
#include <string.h>

#include "internal.h"

/* The bytes of the well-formed UTF-8 sequence at the start, or 0 (Unicode 15, table 3-7). */
static uint32_t sequence_bytes(const uint8_t *bytes, uint32_t left_bytes)
{
    static const struct {
        uint8_t first_min, first_max, second_min, second_max, size_bytes;
    } rows[] = {
        {0x01, 0x7f, 0x00, 0xff, 1},
        {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (uint32_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        uint32_t size_bytes = rows[row].size_bytes;
        if (bytes[0] < rows[row].first_min || bytes[0] > rows[row].first_max ||
            size_bytes > left_bytes) {
            continue;
        }
        if (size_bytes > 1 &&
            (bytes[1] < rows[row].second_min || bytes[1] > rows[row].second_max)) {
            return 0;
        }
        for (uint32_t index = 2; index < size_bytes; index++) {
            if ((bytes[index] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return size_bytes;
    }
    return 0;
}

enum status ramfs_name_check(struct ramfs_name name)
{
    if (name.size_bytes == 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (name.size_bytes > ramfs_name_bytes_max) {
        return STATUS_NAME_TOO_LONG;
    }
    uint32_t at = 0;
    while (at < name.size_bytes) {
        const uint8_t *bytes = (const uint8_t *)name.bytes + at;
        uint32_t size_bytes = sequence_bytes(bytes, name.size_bytes - at);
        if (size_bytes == 0 || bytes[0] == '/') {
            return STATUS_INVALID_ARGUMENT;
        }
        at += size_bytes;
    }
    return STATUS_OK;
}

bool ramfs_name_is_dots(struct ramfs_name name)
{
    return name.size_bytes <= 2 && name.bytes[0] == '.' && name.bytes[name.size_bytes - 1] == '.';
}

/* FNV-1a over the parent's number and the name, reduced to a chain. */
static uint32_t chain_of(
    const struct ramfs *ramfs, const struct ramfs_node *directory, struct ramfs_name name)
{
    uint64_t hash = 0xcbf29ce484222325 ^ directory->number;
    for (uint32_t index = 0; index < name.size_bytes; index++) {
        hash = (hash ^ (uint8_t)name.bytes[index]) * 0x100000001b3;
    }
    hash ^= hash >> 32;
    return (uint32_t)((hash & UINT32_MAX) * ramfs->memory.node_count >> 32);
}

/* Heads count from 1, so that zeroed nodes are empty chains; ramfs_no_node is 0 less 1. */
static uint32_t chain_first(const struct ramfs_node *head)
{
    return head->table_head - 1;
}

struct ramfs_node *ramfs_child_find(
    const struct ramfs *ramfs, const struct ramfs_node *directory, struct ramfs_name name)
{
    uint32_t parent = ramfs_node_index(ramfs, directory);
    uint32_t index = chain_first(ramfs_node_at(ramfs, chain_of(ramfs, directory, name)));
    while (index != ramfs_no_node) {
        struct ramfs_node *node = ramfs_node_at(ramfs, index);
        if (node->parent == parent && node->name_bytes == name.size_bytes &&
            memcmp(node->name, name.bytes, name.size_bytes) == 0) {
            return node;
        }
        index = node->table_next;
    }
    return nullptr;
}

static void table_insert(struct ramfs *ramfs, struct ramfs_node *directory, struct ramfs_node *node)
{
    struct ramfs_name name = {.bytes = node->name, .size_bytes = node->name_bytes};
    struct ramfs_node *head = ramfs_node_at(ramfs, chain_of(ramfs, directory, name));
    node->table_next = chain_first(head);
    head->table_head = ramfs_node_index(ramfs, node) + 1;
}

static void table_remove(struct ramfs *ramfs, struct ramfs_node *directory, struct ramfs_node *node)
{
    struct ramfs_name name = {.bytes = node->name, .size_bytes = node->name_bytes};
    struct ramfs_node *head = ramfs_node_at(ramfs, chain_of(ramfs, directory, name));
    uint32_t index = ramfs_node_index(ramfs, node);
    if (chain_first(head) == index) {
        head->table_head = node->table_next + 1;
        return;
    }
    struct ramfs_node *before = ramfs_node_at(ramfs, chain_first(head));
    while (before->table_next != index) {
        before = ramfs_node_at(ramfs, before->table_next);
    }
    before->table_next = node->table_next;
}

static void name_set(struct ramfs_node *node, struct ramfs_name name)
{
    memcpy(node->name, name.bytes, name.size_bytes);
    node->name_bytes = (uint8_t)name.size_bytes;
}

void ramfs_child_add(struct ramfs *ramfs, struct ramfs_node *directory, struct ramfs_node *node,
    struct ramfs_name name)
{
    uint32_t index = ramfs_node_index(ramfs, node);
    name_set(node, name);
    node->named = true;
    node->parent = ramfs_node_index(ramfs, directory);
    node->order = directory->next_order++;
    node->older = directory->last_child;
    node->newer = ramfs_no_node;
    if (directory->last_child == ramfs_no_node) {
        directory->first_child = index;
    } else {
        ramfs_node_at(ramfs, directory->last_child)->newer = index;
    }
    directory->last_child = index;
    directory->child_count++;
    directory->directory_count += node->kind == RAMFS_DIRECTORY;
    table_insert(ramfs, directory, node);
    ramfs_touch(ramfs, directory);
}

void ramfs_child_remove(struct ramfs *ramfs, struct ramfs_node *node)
{
    struct ramfs_node *directory = ramfs_node_at(ramfs, node->parent);
    table_remove(ramfs, directory, node);
    if (directory->resume_child == ramfs_node_index(ramfs, node)) {
        directory->resume_child = node->newer;
    }
    if (node->older == ramfs_no_node) {
        directory->first_child = node->newer;
    } else {
        ramfs_node_at(ramfs, node->older)->newer = node->newer;
    }
    if (node->newer == ramfs_no_node) {
        directory->last_child = node->older;
    } else {
        ramfs_node_at(ramfs, node->newer)->older = node->older;
    }
    directory->child_count--;
    directory->directory_count -= node->kind == RAMFS_DIRECTORY;
    node->named = false;
    node->changed_ns = ramfs->now_ns;
    ramfs_touch(ramfs, directory);
}

void ramfs_child_rename(struct ramfs *ramfs, struct ramfs_node *node, struct ramfs_name name)
{
    struct ramfs_node *directory = ramfs_node_at(ramfs, node->parent);
    table_remove(ramfs, directory, node);
    name_set(node, name);
    table_insert(ramfs, directory, node);
    ramfs_touch(ramfs, directory);
}
