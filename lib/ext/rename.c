/* SPDX-License-Identifier: ISC */
/*
 * Moving names. Whatever a rename does, to two directories, what is moved and what is replaced, is
 * one change; only the blocks of what was replaced may go in changes after it.
 */
#include "naming.h"

/* The directories of a rename. One that is both has its state in `source` alone. */
struct rename_places {
    const struct ext_rename *request;
    struct ext_file source;
    struct ext_file other;
    struct ext_file *target; /* &source or &other */
};

/* What the names lead to. */
struct rename_nodes {
    struct ext_file moved;
    struct ext_file replaced;
    bool replaces; /* there is such a node */
};

struct rename_step {
    const struct ext_rename *request;
    struct rename_places places; /* of the change that runs */
    uint64_t orphan;             /* to be deleted in further changes; 0: none */
};

static bool is_directory(const struct ext_file *node)
{
    return node->inode.type == EXT_TYPE_DIRECTORY;
}

static bool is_exchange(const struct rename_places *places)
{
    return places->request->mode == EXT_RENAME_EXCHANGE;
}

/* ---- Checks ---------------------------------------------------------------------------------- */

static enum status parent_of(struct ext_mount *mount, uint64_t number, uint64_t *parent_out)
{
    struct ext_file directory;
    enum status status = ext_open(mount, number, &directory);
    if (status == STATUS_OK && directory.inode.type != EXT_TYPE_DIRECTORY) {
        status = STATUS_NOT_DIRECTORY;
    }
    if (status == STATUS_NOT_FOUND || status == STATUS_NOT_DIRECTORY ||
        status == STATUS_INVALID_ARGUMENT) {
        return ext_corrupt(mount, "parent of a directory is none", 0);
    }
    return status == STATUS_OK ? ext_parent_read(mount, &directory, parent_out) : status;
}

/*
 * INVALID_ARGUMENT if the directory `number` is `within` or an ancestor of it. Parents that go
 * round are found by remembering one of them, at distances that double.
 */
static enum status check_not_ancestor(struct ext_mount *mount, uint64_t number, uint64_t within)
{
    uint64_t remembered = 0;
    uint64_t next_distance = 1;
    uint64_t distance = 0;
    while (within != ext_root_number) {
        if (within == number) {
            return STATUS_INVALID_ARGUMENT;
        }
        if (within == remembered) {
            return ext_corrupt(mount, "directory is its own ancestor", 0);
        }
        if (++distance == next_distance) {
            remembered = within;
            next_distance *= 2;
        }
        enum status status = parent_of(mount, within, &within);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return number == ext_root_number ? STATUS_INVALID_ARGUMENT : STATUS_OK;
}

/* What a directory replaces is an empty directory; what something else does is no directory. */
static enum status check_replaced(
    struct ext_mount *mount, const struct ext_file *moved, struct ext_file *replaced)
{
    if (is_directory(moved) != is_directory(replaced)) {
        return is_directory(moved) ? STATUS_NOT_DIRECTORY : STATUS_IS_DIRECTORY;
    }
    return is_directory(replaced) ? ext_directory_check_empty(mount, replaced) : STATUS_OK;
}

/* Whether a node may come from one directory to the other. */
static enum status check_move(struct ext_mount *mount, const struct ext_file *node,
    const struct ext_file *from, const struct ext_file *to)
{
    if (from == to) {
        return STATUS_OK;
    }
    enum status status = ext_node_check_place(mount, &to->inode, &node->inode);
    if (status != STATUS_OK) {
        return status;
    }
    return is_directory(node) ? check_not_ancestor(mount, node->inode.number, to->inode.number)
                              : STATUS_OK;
}

static enum status check(
    struct ext_mount *mount, const struct rename_places *places, struct rename_nodes *nodes)
{
    const struct ext_file *source = &places->source;
    enum status status = check_move(mount, &nodes->moved, source, places->target);
    if (status != STATUS_OK || !nodes->replaces) {
        return status;
    }
    if (is_exchange(places)) {
        return check_move(mount, &nodes->replaced, places->target, source);
    }
    return check_replaced(mount, &nodes->moved, &nodes->replaced);
}

/* ---- Finding --------------------------------------------------------------------------------- */

/* The node of a name. */
static enum status open_entry(struct ext_mount *mount, struct ext_file *directory,
    struct ext_name name, struct ext_file *node_out)
{
    struct ext_entry_place place;
    enum status status = ext_name_find(mount, directory, name, &place);
    if (status == STATUS_OK) {
        status = ext_node_open_entry(mount, &directory->inode, &place, node_out);
        block_cache_put(&mount->cache, place.entry);
    }
    return status;
}

static enum status open_nodes(
    struct ext_mount *mount, struct rename_places *places, struct rename_nodes *nodes)
{
    const struct ext_rename *request = places->request;
    enum status status = open_entry(mount, &places->source, request->source, &nodes->moved);
    if (status != STATUS_OK) {
        return status;
    }
    status = open_entry(mount, places->target, request->target, &nodes->replaced);
    nodes->replaces = status == STATUS_OK;
    if (status == STATUS_NOT_FOUND) {
        return is_exchange(places) ? STATUS_NOT_FOUND : STATUS_OK;
    }
    if (status == STATUS_OK && request->mode == EXT_RENAME_NO_REPLACE) {
        return STATUS_EXISTS;
    }
    return status;
}

static enum status open_places(
    struct ext_mount *mount, const struct ext_rename *request, struct rename_places *places)
{
    bool same = request->source_parent == request->target_parent;
    bool takes_from_target = request->mode == EXT_RENAME_EXCHANGE;
    places->request = request;
    places->target = same ? &places->source : &places->other;
    enum status status =
        ext_node_open_directory(mount, request->source_parent, true, &places->source);
    if (status == STATUS_OK && !same) {
        status = ext_node_open_directory(
            mount, request->target_parent, takes_from_target, &places->other);
    }
    return status;
}

/* ---- Changing -------------------------------------------------------------------------------- */

/* A directory that comes from one parent to another. */
static enum status change_parent(
    struct ext_mount *mount, struct ext_file *node, struct ext_file *from, struct ext_file *to)
{
    if (from == to || !is_directory(node)) {
        return STATUS_OK;
    }
    enum status status = ext_parent_write(mount, node, (uint32_t)to->inode.number);
    if (status == STATUS_OK) {
        ext_link_count_drop_child(&from->inode);
        status = ext_link_count_add(mount, &to->inode);
    }
    return status;
}

/* The name that is there leads to the node from now on. */
static enum status redirect(struct ext_mount *mount, struct ext_file *directory,
    struct ext_name name, const struct ext_file *node)
{
    struct ext_entry_place place;
    enum status status = ext_name_find(mount, directory, name, &place);
    if (status == STATUS_OK) {
        status = ext_entry_redirect(mount, directory, &place, &node->inode);
        block_cache_put(&mount->cache, place.entry);
    }
    return status;
}

static enum status remove_name(
    struct ext_mount *mount, struct ext_file *directory, struct ext_name name)
{
    struct ext_entry_place place;
    enum status status = ext_name_find(mount, directory, name, &place);
    if (status == STATUS_OK) {
        status = ext_entry_remove(mount, directory, &place);
        block_cache_put(&mount->cache, place.entry);
    }
    return status;
}

static enum status store_places(struct ext_mount *mount, struct rename_places *places)
{
    enum status status = ext_node_store_directory(mount, &places->source);
    if (status == STATUS_OK && places->target != &places->source) {
        status = ext_node_store_directory(mount, places->target);
    }
    return status;
}

static enum status exchange(
    struct ext_mount *mount, struct rename_places *places, struct rename_nodes *nodes)
{
    const struct ext_rename *request = places->request;
    struct ext_file *source = &places->source;
    enum status status = redirect(mount, source, request->source, &nodes->replaced);
    if (status == STATUS_OK) {
        status = redirect(mount, places->target, request->target, &nodes->moved);
    }
    if (status == STATUS_OK) {
        status = change_parent(mount, &nodes->moved, source, places->target);
    }
    if (status == STATUS_OK) {
        status = change_parent(mount, &nodes->replaced, places->target, source);
    }
    if (status == STATUS_OK) {
        status = ext_node_store(mount, &nodes->replaced);
    }
    return status;
}

static enum status place_moved(
    struct ext_mount *mount, struct rename_places *places, struct rename_nodes *nodes)
{
    struct ext_name name = places->request->target;
    if (nodes->replaces) {
        return redirect(mount, places->target, name, &nodes->moved);
    }
    return ext_name_add(mount, places->target, name, &nodes->moved.inode);
}

static enum status move(
    struct ext_mount *mount, struct rename_places *places, struct rename_nodes *nodes)
{
    enum status status = place_moved(mount, places, nodes);
    if (status == STATUS_OK) {
        status = remove_name(mount, &places->source, places->request->source);
    }
    if (status == STATUS_OK && nodes->replaces && is_directory(&nodes->replaced)) {
        ext_link_count_drop_child(&places->target->inode);
    }
    if (status == STATUS_OK) {
        status = change_parent(mount, &nodes->moved, &places->source, places->target);
    }
    return status;
}

/* Whether both names are one entry, written in two ways; then the inode is the same, too. */
static enum status is_one_entry(
    struct ext_mount *mount, struct rename_places *places, bool *one_out)
{
    const struct ext_rename *request = places->request;
    struct ext_entry_place source;
    struct ext_entry_place target;
    *one_out = false;
    if (places->target != &places->source || !ext_ignores_case(&places->source.inode)) {
        return STATUS_OK;
    }
    enum status status = ext_name_find(mount, &places->source, request->source, &source);
    if (status != STATUS_OK) {
        return status;
    }
    status = ext_name_find(mount, &places->source, request->target, &target);
    if (status == STATUS_OK) {
        *one_out = source.entry == target.entry && source.area.bytes == target.area.bytes &&
                   source.at == target.at;
        block_cache_put(&mount->cache, target.entry);
    }
    block_cache_put(&mount->cache, source.entry);
    return status;
}

/* Two names of one inode: nothing is to be done, but if they are one name that is written anew. */
static enum status respell(
    struct ext_mount *mount, struct rename_places *places, struct rename_nodes *nodes)
{
    const struct ext_rename *request = places->request;
    bool one = false;
    enum status status = is_exchange(places) ? STATUS_OK : is_one_entry(mount, places, &one);
    if (status != STATUS_OK || !one) {
        return status;
    }
    status = remove_name(mount, &places->source, request->source);
    if (status == STATUS_OK) {
        status = ext_name_add(mount, &places->source, request->target, &nodes->moved.inode);
    }
    if (status == STATUS_OK) {
        status = store_places(mount, places);
    }
    return status == STATUS_OK ? ext_node_store(mount, &nodes->moved) : status;
}

static enum status apply(struct ext_mount *mount, struct rename_step *step)
{
    struct rename_places *places = &step->places;
    struct rename_nodes nodes = {};
    enum status status = open_nodes(mount, places, &nodes);
    if (status != STATUS_OK) {
        return status;
    }
    const struct ext_inode *replaced = &nodes.replaced.inode;
    if (nodes.replaces && replaced->number == nodes.moved.inode.number) {
        return respell(mount, places, &nodes);
    }
    status = check(mount, places, &nodes);
    if (status == STATUS_OK) {
        status =
            is_exchange(places) ? exchange(mount, places, &nodes) : move(mount, places, &nodes);
    }
    if (status == STATUS_OK) {
        status = store_places(mount, places);
    }
    if (status == STATUS_OK) {
        status = ext_node_store(mount, &nodes.moved);
    }
    if (status != STATUS_OK || !nodes.replaces || is_exchange(places)) {
        return status;
    }
    status = ext_node_unlink(mount, &nodes.replaced, step->request->keep_inode);
    bool orphan = replaced->link_count == 0 && !step->request->keep_inode;
    step->orphan = orphan ? replaced->number : 0;
    return status;
}

static enum status run_rename(struct ext_mount *mount, void *context)
{
    struct rename_step *step = context;
    step->orphan = 0;
    enum status status = open_places(mount, step->request, &step->places);
    return status == STATUS_OK ? apply(mount, step) : status;
}

enum status ext_rename(struct ext_mount *mount, const struct ext_rename *request)
{
    enum status status = ext_name_check(request->source);
    if (status == STATUS_OK) {
        status = ext_name_check(request->target);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct rename_step step = {.request = request};
    status = ext_change(
        mount, (struct ext_step){
                   .run = run_rename, .context = &step, .block_count = ext_change_block_max});
    return status == STATUS_OK && step.orphan != 0 ? ext_forget(mount, step.orphan) : status;
}
