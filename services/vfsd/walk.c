/* SPDX-License-Identifier: ISC */
/* Following a path, one name at a time. */
#include "walk.h"

#include <string.h>

static bool is_name(struct walk_name name, const char *text)
{
    return name.size_bytes == strlen(text) && memcmp(name.bytes, text, name.size_bytes) == 0;
}

static void skip_slashes(struct walk *walk)
{
    while (walk->pending_at < walk->pending_bytes && walk->pending[walk->pending_at] == '/') {
        walk->pending_at++;
    }
}

/* The next component of what is pending; empty at the end. */
static struct walk_name take_name(struct walk *walk)
{
    skip_slashes(walk);
    const struct walk_name name = {.bytes = &walk->pending[walk->pending_at]};
    uint32_t end = walk->pending_at;
    while (end < walk->pending_bytes && walk->pending[end] != '/') {
        end++;
    }
    const uint32_t size_bytes = end - walk->pending_at;
    walk->pending_at = end;
    return (struct walk_name){name.bytes, size_bytes};
}

static struct walk_place top(const struct walk *walk)
{
    return walk->stack[walk->depth];
}

static enum status begin(struct walk *walk, struct walk_name path)
{
    if (path.size_bytes == 0 || path.bytes[0] != '/') {
        return STATUS_INVALID_ARGUMENT;
    }
    if (path.size_bytes > walk_path_bytes_max) {
        return STATUS_NAME_TOO_LONG;
    }
    walk->link_count = 0;
    walk->depth = 0;
    walk->text_ends[0] = 0;
    walk->pending_at = 0;
    walk->pending_bytes = path.size_bytes;
    memcpy(walk->pending, path.bytes, path.size_bytes);
    return walk->source->find_mount(walk->source->self, (struct walk_name){}, &walk->stack[0])
               ? STATUS_OK
               : STATUS_NOT_FOUND;
}

/* A child of the top of the stack, which is a directory. Its path is left behind text_ends. */
struct child {
    struct walk_name name;
    uint32_t text_end;
    bool is_mount_root;
    uint32_t mount;
    struct walk_attributes found;
};

static enum status find_child(struct walk *walk, struct child *child)
{
    const struct walk_source *source = walk->source;
    const uint32_t end = walk->text_ends[walk->depth];
    if (child->name.size_bytes > walk_name_bytes_max ||
        end + 1 + child->name.size_bytes > walk_path_bytes_max) {
        return STATUS_NAME_TOO_LONG;
    }
    walk->text[end] = '/';
    memcpy(&walk->text[end + 1], child->name.bytes, child->name.size_bytes);
    child->text_end = end + 1 + child->name.size_bytes;
    struct walk_place root;
    const struct walk_name path = {walk->text, child->text_end};
    child->is_mount_root = source->find_mount(source->self, path, &root);
    if (child->is_mount_root) {
        child->mount = root.mount;
        return source->stat(source->self, root, &child->found);
    }
    child->mount = top(walk).mount;
    return source->lookup(source->self, top(walk), child->name, &child->found);
}

static enum status push(struct walk *walk, const struct child *child)
{
    if (child->found.kind != walk_kind_directory) {
        return STATUS_NOT_DIRECTORY;
    }
    if (walk->depth == walk_depth_max) {
        return STATUS_NAME_TOO_LONG;
    }
    walk->depth++;
    walk->stack[walk->depth] = (struct walk_place){child->mount, child->found.node};
    walk->text_ends[walk->depth] = child->text_end;
    return STATUS_OK;
}

/* Put the target of a link in the place of its name. */
static enum status follow(struct walk *walk, const struct child *child)
{
    if (walk->link_count == walk_links_max) {
        return STATUS_LOOP;
    }
    walk->link_count++;
    uint32_t target_bytes = 0;
    const struct walk_place place = {child->mount, child->found.node};
    enum status status =
        walk->source->read_link(walk->source->self, place, walk->link, &target_bytes);
    if (status != STATUS_OK) {
        return status;
    }
    const uint32_t rest_bytes = walk->pending_bytes - walk->pending_at;
    if (target_bytes == 0) {
        return STATUS_NOT_FOUND;
    }
    if (target_bytes + rest_bytes > walk_pending_bytes_max) {
        return STATUS_NAME_TOO_LONG;
    }
    if (walk->link[0] == '/') {
        walk->depth = 0;
    }
    memmove(&walk->pending[target_bytes], &walk->pending[walk->pending_at], rest_bytes);
    memcpy(walk->pending, walk->link, target_bytes);
    walk->pending_at = 0;
    walk->pending_bytes = target_bytes + rest_bytes;
    return STATUS_OK;
}

/* The path ended without a last name: it means the top of the stack. */
static enum status finish_without_name(struct walk *walk, struct walk_result *result)
{
    result->exists = true;
    result->parent = top(walk);
    result->mount = top(walk).mount;
    result->is_mount_root =
        walk->depth == 0 || walk->stack[walk->depth - 1].mount != top(walk).mount;
    return walk->source->stat(walk->source->self, top(walk), &result->found);
}

static enum status finish(struct walk *walk, const struct child *child, enum status lookup_status,
    struct walk_result *result)
{
    result->parent = top(walk);
    result->mount = top(walk).mount;
    result->name_bytes = child->name.size_bytes;
    memcpy(result->name, child->name.bytes, child->name.size_bytes);
    if (lookup_status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    if (result->wants_directory && child->found.kind != walk_kind_directory) {
        return STATUS_NOT_DIRECTORY;
    }
    result->exists = true;
    result->is_mount_root = child->is_mount_root;
    result->mount = child->mount;
    result->found = child->found;
    return STATUS_OK;
}

/* One name. Sets *done when the path has ended. */
static enum status step(struct walk *walk, struct walk_name name, bool follow_last,
    struct walk_result *result, bool *done)
{
    struct child child = {.name = name};
    const bool slash = walk->pending_at < walk->pending_bytes;
    enum status status = find_child(walk, &child);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    const uint32_t after_name = walk->pending_at;
    skip_slashes(walk);
    const bool last = walk->pending_at == walk->pending_bytes;
    if (status == STATUS_OK && child.found.kind == walk_kind_symlink &&
        (!last || slash || follow_last)) {
        walk->pending_at = after_name;
        return follow(walk, &child);
    }
    if (last) {
        *done = true;
        result->wants_directory = slash;
        return finish(walk, &child, status, result);
    }
    return status == STATUS_OK ? push(walk, &child) : status;
}

enum status walk_path(
    struct walk *walk, struct walk_name path, bool follow_last, struct walk_result *result_out)
{
    enum status status = begin(walk, path);
    struct walk_result result = {};
    bool done = false;
    while (status == STATUS_OK && !done) {
        const struct walk_name name = take_name(walk);
        if (name.size_bytes == 0) {
            done = true;
            status = finish_without_name(walk, &result);
        } else if (is_name(name, "..")) {
            walk->depth -= walk->depth > 0 ? 1 : 0;
        } else if (!is_name(name, ".")) {
            status = step(walk, name, follow_last, &result, &done);
        }
    }
    if (status == STATUS_OK) {
        *result_out = result;
    }
    return status;
}

uint32_t walk_result_text_bytes(const struct walk *walk, const struct walk_result *result)
{
    return walk->text_ends[walk->depth] + 1 + result->name_bytes;
}
