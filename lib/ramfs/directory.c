/* SPDX-License-Identifier: ISC */
/*
 * Operations on names: each checks everything first and then cannot fail.
 */
#include <string.h>

#include "internal.h"

/* Cursors 0 and 1 are the dots; the child with order n has cursor n + 2. */
constexpr uint64_t first_child_cursor = 2;

static enum status find_directory(
    const struct ramfs *ramfs, uint64_t number, struct ramfs_node **directory_out)
{
    struct ramfs_node *node = ramfs_node_find(ramfs, number);
    if (node == nullptr) {
        return STATUS_NOT_FOUND;
    }
    if (node->kind != RAMFS_DIRECTORY) {
        return STATUS_NOT_DIRECTORY;
    }
    *directory_out = node;
    return STATUS_OK;
}

enum status ramfs_lookup(
    const struct ramfs *ramfs, uint64_t directory, struct ramfs_name name, uint64_t *number_out)
{
    struct ramfs_node *parent;
    enum status status = find_directory(ramfs, directory, &parent);
    if (status == STATUS_OK) {
        status = ramfs_name_check(name);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct ramfs_node *found = parent;
    if (!ramfs_name_is_dots(name)) {
        found = ramfs_child_find(ramfs, parent, name);
    } else if (name.size_bytes == 2) {
        found = parent->named ? ramfs_node_at(ramfs, parent->parent) : nullptr;
    }
    if (found == nullptr) {
        return STATUS_NOT_FOUND;
    }
    *number_out = found->number;
    return STATUS_OK;
}

/* Whether the creation may happen, all but the memory for contents. */
static enum status check_creation(const struct ramfs *ramfs, const struct ramfs_creation *creation,
    struct ramfs_node **directory_out)
{
    enum status status = find_directory(ramfs, creation->directory, directory_out);
    if (status == STATUS_OK) {
        status = ramfs_name_check(creation->name);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (ramfs_name_is_dots(creation->name) ||
        ramfs_child_find(ramfs, *directory_out, creation->name) != nullptr) {
        return STATUS_EXISTS;
    }
    if (!(*directory_out)->named) {
        return STATUS_NOT_FOUND; /* Removed, but still held: it takes no new names. */
    }
    return ramfs_node_available(ramfs) ? STATUS_OK : STATUS_NO_SPACE;
}

enum status ramfs_create(
    struct ramfs *ramfs, const struct ramfs_creation *creation, uint64_t *number_out)
{
    if (creation->kind != RAMFS_FILE && creation->kind != RAMFS_DIRECTORY) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct ramfs_node *directory;
    enum status status = check_creation(ramfs, creation, &directory);
    if (status != STATUS_OK) {
        return status;
    }
    struct ramfs_node *node = ramfs_node_take(ramfs, creation->kind, creation);
    ramfs_child_add(ramfs, directory, node, creation->name);
    *number_out = node->number;
    return STATUS_OK;
}

enum status ramfs_create_link(struct ramfs *ramfs, const struct ramfs_creation *creation,
    struct ramfs_name target, uint64_t *number_out)
{
    if (target.size_bytes == 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (target.size_bytes > ramfs_link_bytes_max) {
        return STATUS_NAME_TOO_LONG;
    }
    struct ramfs_node *directory;
    enum status status = check_creation(ramfs, creation, &directory);
    if (status != STATUS_OK) {
        return status;
    }
    struct ramfs_node *node = ramfs_node_take(ramfs, RAMFS_LINK, creation);
    uint32_t page;
    status = ramfs_page_make(ramfs, node, 0, &page);
    if (status != STATUS_OK) {
        ramfs_node_drop(ramfs, node);
        return status;
    }
    memcpy(ramfs_page_at(ramfs, page), target.bytes, target.size_bytes);
    node->size_bytes = target.size_bytes;
    ramfs_child_add(ramfs, directory, node, creation->name);
    *number_out = node->number;
    return STATUS_OK;
}

enum status ramfs_read_link(
    const struct ramfs *ramfs, uint64_t number, char *target, uint32_t *target_bytes_out)
{
    const struct ramfs_node *node = ramfs_node_find(ramfs, number);
    if (node == nullptr) {
        return STATUS_NOT_FOUND;
    }
    if (node->kind != RAMFS_LINK) {
        return STATUS_INVALID_ARGUMENT;
    }
    memcpy(target, ramfs_page_at(ramfs, node->root_page), node->size_bytes);
    *target_bytes_out = (uint32_t)node->size_bytes;
    return STATUS_OK;
}

/* The child that is to lose its name. */
static enum status find_named(const struct ramfs *ramfs, uint64_t directory, struct ramfs_name name,
    struct ramfs_node **child_out)
{
    struct ramfs_node *parent;
    enum status status = find_directory(ramfs, directory, &parent);
    if (status == STATUS_OK) {
        status = ramfs_name_check(name);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (ramfs_name_is_dots(name)) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct ramfs_node *child = ramfs_child_find(ramfs, parent, name);
    if (child == nullptr) {
        return STATUS_NOT_FOUND;
    }
    *child_out = child;
    return STATUS_OK;
}

/* Whether a node may go, where a directory is wanted or where it is not. */
static enum status check_removal(const struct ramfs_node *node, bool directory_wanted)
{
    if (node->kind != RAMFS_DIRECTORY) {
        return directory_wanted ? STATUS_NOT_DIRECTORY : STATUS_OK;
    }
    if (!directory_wanted) {
        return STATUS_IS_DIRECTORY;
    }
    return node->child_count == 0 ? STATUS_OK : STATUS_NOT_EMPTY;
}

enum status ramfs_remove(
    struct ramfs *ramfs, uint64_t directory, struct ramfs_name name, bool directory_wanted)
{
    struct ramfs_node *child;
    enum status status = find_named(ramfs, directory, name, &child);
    if (status == STATUS_OK) {
        status = check_removal(child, directory_wanted);
    }
    if (status != STATUS_OK) {
        return status;
    }
    ramfs_child_remove(ramfs, child);
    ramfs_node_drop(ramfs, child);
    return STATUS_OK;
}

/* Whether `node` is `directory` or above it; the way up is as long as there are nodes at most. */
static bool is_above(
    const struct ramfs *ramfs, const struct ramfs_node *node, const struct ramfs_node *directory)
{
    for (uint32_t step = 0; step < ramfs->memory.node_count; step++) {
        if (directory == node) {
            return true;
        }
        uint32_t parent = directory->parent;
        if (parent == ramfs_node_index(ramfs, directory)) {
            return false;
        }
        directory = ramfs_node_at(ramfs, parent);
    }
    return true;
}

/* What a rename is about; `replaced` is nullptr if the target's name is free. */
struct rename_plan {
    struct ramfs_node *node;
    struct ramfs_node *directory;
    struct ramfs_node *replaced;
};

static enum status plan_rename(
    const struct ramfs *ramfs, const struct ramfs_renaming *renaming, struct rename_plan *plan_out)
{
    struct rename_plan plan = {};
    enum status status =
        find_named(ramfs, renaming->source_directory, renaming->source, &plan.node);
    if (status == STATUS_OK) {
        status = find_directory(ramfs, renaming->target_directory, &plan.directory);
    }
    if (status == STATUS_OK) {
        status = ramfs_name_check(renaming->target);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (ramfs_name_is_dots(renaming->target)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (!plan.directory->named) {
        return STATUS_NOT_FOUND; /* Removed, but still held: it takes no new names. */
    }
    if (plan.node->kind == RAMFS_DIRECTORY && is_above(ramfs, plan.node, plan.directory)) {
        return STATUS_INVALID_ARGUMENT;
    }
    plan.replaced = ramfs_child_find(ramfs, plan.directory, renaming->target);
    *plan_out = plan;
    if (plan.replaced == nullptr || plan.replaced == plan.node) {
        return STATUS_OK;
    }
    return check_removal(plan.replaced, plan.node->kind == RAMFS_DIRECTORY);
}

enum status ramfs_rename(struct ramfs *ramfs, const struct ramfs_renaming *renaming)
{
    struct rename_plan plan;
    enum status status = plan_rename(ramfs, renaming, &plan);
    if (status != STATUS_OK || plan.replaced == plan.node) {
        return status;
    }
    if (plan.replaced != nullptr) {
        ramfs_child_remove(ramfs, plan.replaced);
        ramfs_node_drop(ramfs, plan.replaced);
    }
    if (plan.node->parent == ramfs_node_index(ramfs, plan.directory)) {
        ramfs_child_rename(ramfs, plan.node, renaming->target);
    } else {
        ramfs_child_remove(ramfs, plan.node);
        ramfs_child_add(ramfs, plan.directory, plan.node, renaming->target);
    }
    plan.node->changed_ns = ramfs->now_ns;
    return STATUS_OK;
}

/* The oldest child at or after `order`, from where the last listing stopped if that helps. */
static uint32_t find_child_from(
    const struct ramfs *ramfs, const struct ramfs_node *directory, uint64_t order)
{
    uint32_t index = directory->first_child;
    uint32_t resume = directory->resume_child;
    if (resume != ramfs_no_node && ramfs_node_at(ramfs, resume)->order <= order) {
        index = resume;
    }
    while (index != ramfs_no_node && ramfs_node_at(ramfs, index)->order < order) {
        index = ramfs_node_at(ramfs, index)->newer;
    }
    return index;
}

static bool show_dots(const struct ramfs *ramfs, const struct ramfs_node *directory,
    uint64_t *cursor, struct ramfs_visitor visitor)
{
    uint32_t parent = directory->named ? directory->parent : ramfs_node_index(ramfs, directory);
    for (; *cursor < first_child_cursor; (*cursor)++) {
        struct ramfs_entry entry = {
            .number = *cursor == 0 ? directory->number : ramfs_node_at(ramfs, parent)->number,
            .next_cursor = *cursor + 1,
            .name = {.bytes = "..", .size_bytes = (uint32_t)*cursor + 1},
            .kind = RAMFS_DIRECTORY,
        };
        if (!visitor.visit(visitor.context, &entry)) {
            return false;
        }
    }
    return true;
}

enum status ramfs_read_directory(
    struct ramfs *ramfs, uint64_t directory, uint64_t cursor, struct ramfs_visitor visitor)
{
    struct ramfs_node *node;
    enum status status = find_directory(ramfs, directory, &node);
    if (status != STATUS_OK) {
        return status;
    }
    if (!show_dots(ramfs, node, &cursor, visitor)) {
        return STATUS_OK;
    }
    uint32_t index = find_child_from(ramfs, node, cursor - first_child_cursor);
    while (index != ramfs_no_node) {
        const struct ramfs_node *child = ramfs_node_at(ramfs, index);
        struct ramfs_entry entry = {
            .number = child->number,
            .next_cursor = child->order + 1 + first_child_cursor,
            .name = {.bytes = child->name, .size_bytes = child->name_bytes},
            .kind = child->kind,
        };
        if (!visitor.visit(visitor.context, &entry)) {
            node->resume_child = index;
            return STATUS_OK;
        }
        index = child->newer;
    }
    return STATUS_END;
}
