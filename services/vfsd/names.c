/* SPDX-License-Identifier: ISC */
/* Operations of protocol vfs on paths. */
#include <string.h>

#include "vfsd.h"

static enum status find(
    struct vfsd *vfsd, struct walk_name path, bool follow, struct walk_result *result_out)
{
    enum status status = walk_path(&vfsd->walk, path, follow, result_out);
    if (status == STATUS_OK && !result_out->exists) {
        return STATUS_NOT_FOUND;
    }
    return status;
}

/* A place for a new name. */
static enum status find_free_name(
    struct vfsd *vfsd, struct walk_name path, struct walk_result *result_out)
{
    enum status status = walk_path(&vfsd->walk, path, false, result_out);
    if (status != STATUS_OK) {
        return status;
    }
    return result_out->exists ? STATUS_EXISTS : vfsd_check_change(vfsd, result_out->mount);
}

enum status vfsd_stat(void *self, struct ipc_caller caller, const struct vfs_stat_request *request,
    struct vfs_stat_reply *reply_out)
{
    (void)caller;
    struct walk_result result;
    enum status status = find(self, (struct walk_name){request->path, request->path_bytes},
        request->follow != 0, &result);
    if (status == STATUS_OK) {
        reply_out->found = vfsd_attributes(result.mount, &result.found);
    }
    return status;
}

enum status vfsd_make_directory(
    void *self, struct ipc_caller caller, const struct vfs_make_directory_request *request)
{
    (void)caller;
    struct vfsd *vfsd = self;
    struct walk_result result;
    enum status status =
        find_free_name(vfsd, (struct walk_name){request->path, request->path_bytes}, &result);
    if (status != STATUS_OK) {
        return status;
    }
    struct filesystem_create_request wanted = {
        .parent = result.parent.node,
        .kind = filesystem_kind_directory,
        .mode = request->mode,
        .name_bytes = result.name_bytes,
    };
    memcpy(wanted.name, result.name, result.name_bytes);
    struct filesystem_create_reply reply;
    return filesystem_create(vfsd_provider(vfsd, result.mount), &wanted, &reply);
}

enum status vfsd_remove(
    void *self, struct ipc_caller caller, const struct vfs_remove_request *request)
{
    (void)caller;
    struct vfsd *vfsd = self;
    struct walk_result result;
    enum status status =
        find(vfsd, (struct walk_name){request->path, request->path_bytes}, false, &result);
    if (status != STATUS_OK) {
        return status;
    }
    if (result.is_mount_root) {
        return STATUS_BUSY;
    }
    if (result.name_bytes == 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    status = vfsd_check_change(vfsd, result.mount);
    if (status != STATUS_OK) {
        return status;
    }
    struct filesystem_remove_request wanted = {
        .parent = result.parent.node,
        .is_directory = request->is_directory,
        .name_bytes = result.name_bytes,
    };
    memcpy(wanted.name, result.name, result.name_bytes);
    return filesystem_remove(vfsd_provider(vfsd, result.mount), &wanted);
}

/* What speaks against taking the name of `source` away and giving the name of `target`. */
static enum status check_rename(
    struct vfsd *vfsd, const struct walk_result *source, const struct walk_result *target)
{
    if (source->is_mount_root || target->is_mount_root) {
        return STATUS_BUSY;
    }
    if (source->name_bytes == 0 || target->name_bytes == 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (source->mount != target->mount) {
        return STATUS_CROSS_DEVICE;
    }
    if (target->wants_directory && source->found.kind != filesystem_kind_directory) {
        return STATUS_NOT_DIRECTORY;
    }
    return vfsd_check_change(vfsd, source->mount);
}

enum status vfsd_rename(
    void *self, struct ipc_caller caller, const struct vfs_rename_request *request)
{
    (void)caller;
    struct vfsd *vfsd = self;
    if (request->source_bytes > request->paths_bytes) {
        return STATUS_INVALID_ARGUMENT;
    }
    const struct walk_name source_path = {request->paths, request->source_bytes};
    const struct walk_name target_path = {
        request->paths + request->source_bytes, request->paths_bytes - request->source_bytes};
    struct walk_result source;
    struct walk_result target;
    enum status status = find(vfsd, source_path, false, &source);
    if (status != STATUS_OK) {
        return status;
    }
    const struct walk_name text = {vfsd->walk.text, walk_result_text_bytes(&vfsd->walk, &source)};
    if (source.name_bytes != 0 && mounts_has_below(&vfsd->mounts, text)) {
        return STATUS_BUSY;
    }
    status = walk_path(&vfsd->walk, target_path, false, &target);
    if (status == STATUS_OK) {
        status = check_rename(vfsd, &source, &target);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct filesystem_rename_request wanted = {
        .source_parent = source.parent.node,
        .target_parent = target.parent.node,
        .source_name_bytes = source.name_bytes,
        .names_bytes = source.name_bytes + target.name_bytes,
    };
    static_assert(2 * walk_name_bytes_max <= filesystem_rename_names_bytes_max);
    memcpy(wanted.names, source.name, source.name_bytes);
    memcpy(wanted.names + source.name_bytes, target.name, target.name_bytes);
    return filesystem_rename(vfsd_provider(vfsd, source.mount), &wanted);
}

enum status vfsd_symlink(
    void *self, struct ipc_caller caller, const struct vfs_symlink_request *request)
{
    (void)caller;
    struct vfsd *vfsd = self;
    const uint32_t target_bytes = request->target_bytes;
    if (target_bytes == 0 || target_bytes > request->target_and_path_bytes) {
        return STATUS_INVALID_ARGUMENT;
    }
    const struct walk_name path = {
        request->target_and_path + target_bytes, request->target_and_path_bytes - target_bytes};
    struct walk_result result;
    enum status status = find_free_name(vfsd, path, &result);
    if (status != STATUS_OK) {
        return status;
    }
    if (result.wants_directory) {
        return STATUS_NOT_FOUND;
    }
    if (result.name_bytes + target_bytes > filesystem_symlink_name_and_target_bytes_max) {
        return STATUS_NAME_TOO_LONG;
    }
    struct filesystem_symlink_request wanted = {
        .parent = result.parent.node,
        .name_bytes = result.name_bytes,
        .name_and_target_bytes = result.name_bytes + target_bytes,
    };
    memcpy(wanted.name_and_target, result.name, result.name_bytes);
    memcpy(wanted.name_and_target + result.name_bytes, request->target_and_path, target_bytes);
    struct filesystem_symlink_reply reply;
    return filesystem_symlink(vfsd_provider(vfsd, result.mount), &wanted, &reply);
}

enum status vfsd_read_link(void *self, struct ipc_caller caller,
    const struct vfs_read_link_request *request, struct vfs_read_link_reply *reply_out)
{
    (void)caller;
    struct vfsd *vfsd = self;
    struct walk_result result;
    enum status status =
        find(vfsd, (struct walk_name){request->path, request->path_bytes}, false, &result);
    if (status != STATUS_OK) {
        return status;
    }
    if (result.found.kind != filesystem_kind_symlink) {
        return STATUS_INVALID_ARGUMENT;
    }
    static_assert(sizeof reply_out->target >= walk_path_bytes_max);
    const struct walk_source *source = &vfsd->mounts.source;
    const struct walk_place place = {result.mount, result.found.node};
    return source->read_link(source->self, place, reply_out->target, &reply_out->target_bytes);
}

/* A file whose attributes are about to be changed. */
static enum status find_to_change(
    struct vfsd *vfsd, struct walk_name path, struct walk_result *result_out)
{
    enum status status = find(vfsd, path, true, result_out);
    return status == STATUS_OK ? vfsd_check_change(vfsd, result_out->mount) : status;
}

enum status vfsd_set_mode(
    void *self, struct ipc_caller caller, const struct vfs_set_mode_request *request)
{
    (void)caller;
    struct vfsd *vfsd = self;
    struct walk_result result;
    enum status status =
        find_to_change(vfsd, (struct walk_name){request->path, request->path_bytes}, &result);
    if (status != STATUS_OK) {
        return status;
    }
    const struct filesystem_set_mode_request wanted = {
        .node = result.found.node, .mode = request->mode};
    return filesystem_set_mode(vfsd_provider(vfsd, result.mount), &wanted);
}

enum status vfsd_set_times(
    void *self, struct ipc_caller caller, const struct vfs_set_times_request *request)
{
    (void)caller;
    struct vfsd *vfsd = self;
    struct walk_result result;
    enum status status =
        find_to_change(vfsd, (struct walk_name){request->path, request->path_bytes}, &result);
    if (status != STATUS_OK) {
        return status;
    }
    const struct filesystem_set_times_request wanted = {
        .node = result.found.node,
        .accessed_ns = request->accessed_ns,
        .modified_ns = request->modified_ns,
    };
    return filesystem_set_times(vfsd_provider(vfsd, result.mount), &wanted);
}
