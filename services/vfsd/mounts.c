/* SPDX-License-Identifier: ISC */
/* Mounting, and asking providers what names mean. */
#include "mounts.h"

#include <userlib/log.h>
#include <userlib/start.h>

#include <lib/base/base.h>

#include <string.h>

struct walk_attributes mounts_attributes(const struct filesystem_attributes *found)
{
    return (struct walk_attributes){
        .node = found->node,
        .size_bytes = found->size_bytes,
        .blocks_512 = found->blocks_512,
        .accessed_ns = found->accessed_ns,
        .modified_ns = found->modified_ns,
        .changed_ns = found->changed_ns,
        .mode = found->mode,
        .kind = found->kind,
        .links = found->links,
        .owner = found->owner,
        .group = found->group,
    };
}

static enum status lookup(void *self, struct walk_place directory, struct walk_name name,
    struct walk_attributes *found_out)
{
    const struct mounts *mounts = self;
    struct filesystem_lookup_request request = {.parent = directory.node};
    request.name_bytes = name.size_bytes;
    memcpy(request.name, name.bytes, name.size_bytes);
    struct filesystem_lookup_reply reply;
    enum status status =
        filesystem_lookup(mounts->list[directory.mount].provider, &request, &reply);
    if (status == STATUS_OK) {
        *found_out = mounts_attributes(&reply.found);
    }
    return status;
}

static enum status stat(void *self, struct walk_place place, struct walk_attributes *found_out)
{
    const struct mounts *mounts = self;
    const struct filesystem_stat_request request = {.node = place.node};
    struct filesystem_stat_reply reply;
    enum status status = filesystem_stat(mounts->list[place.mount].provider, &request, &reply);
    if (status == STATUS_OK) {
        *found_out = mounts_attributes(&reply.found);
    }
    return status;
}

static enum status read_link(
    void *self, struct walk_place place, char *target, uint32_t *target_bytes_out)
{
    static_assert(filesystem_read_link_reply_target_bytes_max <= walk_path_bytes_max);
    const struct mounts *mounts = self;
    const struct filesystem_read_link_request request = {.node = place.node};
    struct filesystem_read_link_reply reply;
    enum status status = filesystem_read_link(mounts->list[place.mount].provider, &request, &reply);
    if (status == STATUS_OK) {
        memcpy(target, reply.target, reply.target_bytes);
        *target_bytes_out = reply.target_bytes;
    }
    return status;
}

static bool find_mount(void *self, struct walk_name path, struct walk_place *root_out)
{
    const struct mounts *mounts = self;
    for (uint32_t i = 0; i < mounts->count; i++) {
        const struct mount *mount = &mounts->list[i];
        if (mount->path_bytes == path.size_bytes &&
            (path.size_bytes == 0 || memcmp(mount->path, path.bytes, path.size_bytes) == 0)) {
            *root_out = (struct walk_place){i, mount->root};
            return true;
        }
    }
    return false;
}

/* The peer whose endpoint carries the role's label; NOT_FOUND if this image has none. */
static enum status find_provider(uint32_t role, struct filesystem_cap *provider_out)
{
    const struct startup *startup = program_startup();
    for (uint32_t i = 0; i < startup->slot_count; i++) {
        const struct startup_slot *row = &startup->slots[i];
        if (row->kind == OBJECT_ENDPOINT && row->label == role &&
            row->slot >= SLOT_FIRST_DECLARED) {
            provider_out->slot = row->slot;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

static enum status mount_one(struct mount *mount, bool read_only)
{
    struct filesystem_mount_request request = {.read_only = read_only};
    const size_t source_bytes = strlen(mount->source);
    if (source_bytes > filesystem_mount_source_bytes_max) {
        return STATUS_NAME_TOO_LONG;
    }
    request.source_bytes = (uint32_t)source_bytes;
    memcpy(request.source, mount->source, source_bytes);
    struct filesystem_mount_reply reply;
    enum status status = filesystem_mount(mount->provider, &request, &reply);
    if (status != STATUS_OK) {
        return status;
    }
    struct filesystem_statistics_reply statistics;
    status = filesystem_statistics(mount->provider, &statistics);
    mount->root = reply.root;
    mount->read_only = read_only || statistics.read_only != 0;
    return status;
}

static enum status open_row(struct mounts *mounts, const struct bootconfig_mount *row)
{
    struct mount *mount = &mounts->list[mounts->count];
    const bool is_root = strcmp(row->path, "/") == 0;
    *mount = (struct mount){.path = is_root ? "" : row->path, .source = row->partition};
    mount->path_bytes = (uint32_t)strlen(mount->path);
    enum status status = find_provider(row->provider_role, &mount->provider);
    if (status == STATUS_OK) {
        status = mount_one(mount, row->read_only);
    }
    if (status != STATUS_OK) {
        return status;
    }
    mounts->count++;
    log_write(LOG_INFO, "mounted %s%s%s%s", row->path, mount->source[0] != 0 ? " from " : "",
        mount->source, mount->read_only ? ", read-only" : "");
    return STATUS_OK;
}

enum status mounts_open(
    struct mounts *mounts, const char **failed_path_out, const char **failed_source_out)
{
    *failed_path_out = "";
    *failed_source_out = "";
    mounts->source = (struct walk_source){.self = mounts,
        .lookup = lookup,
        .stat = stat,
        .read_link = read_link,
        .find_mount = find_mount};
    const void *bytes = (const void *)bootconfig_address;
    struct bootconfig config;
    enum status status = bootconfig_open(bytes, bootconfig_size_bytes(bytes), &config);
    if (status != STATUS_OK) {
        return status;
    }
    for (uint32_t i = 0; i < config.mount_count; i++) {
        const struct bootconfig_mount row = bootconfig_mount(&config, i);
        status = open_row(mounts, &row);
        if (status != STATUS_OK) {
            *failed_path_out = row.path;
            *failed_source_out = row.partition;
            return status;
        }
    }
    struct walk_place root;
    return find_mount(mounts, (struct walk_name){}, &root) ? STATUS_OK : STATUS_NOT_FOUND;
}

enum status mounts_sync(const struct mounts *mounts)
{
    enum status first = STATUS_OK;
    for (uint32_t i = 0; i < mounts->count; i++) {
        enum status status = filesystem_sync(mounts->list[i].provider);
        if (status != STATUS_OK) {
            log_write(LOG_ERROR, "sync of /%s: %s", mounts->list[i].path, status_text(status));
            first = first == STATUS_OK ? status : first;
        }
    }
    return first;
}

bool mounts_has_below(const struct mounts *mounts, struct walk_name path)
{
    for (uint32_t i = 0; i < mounts->count; i++) {
        const struct mount *mount = &mounts->list[i];
        if (mount->path_bytes > path.size_bytes && mount->path[path.size_bytes] == '/' &&
            memcmp(mount->path, path.bytes, path.size_bytes) == 0) {
            return true;
        }
    }
    return false;
}
