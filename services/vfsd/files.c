/* SPDX-License-Identifier: ISC */
/* Operations of protocol vfs on open files. */
#include <string.h>

#include "vfsd.h"

constexpr uint32_t flags_known = vfs_open_read | vfs_open_write | vfs_open_create |
                                 vfs_open_exclusive | vfs_open_truncate | vfs_open_append |
                                 vfs_open_directory | vfs_open_no_follow;
constexpr uint32_t flags_change =
    vfs_open_write | vfs_open_create | vfs_open_truncate | vfs_open_append;

static bool has(uint32_t flags, uint32_t flag)
{
    return (flags & flag) != 0;
}

static enum status check_flags(uint32_t flags, struct ipc_caller caller)
{
    if ((flags & ~flags_known) != 0 || !has(flags, vfs_open_read | vfs_open_write) ||
        (has(flags, vfs_open_truncate | vfs_open_append) && !has(flags, vfs_open_write))) {
        return STATUS_INVALID_ARGUMENT;
    }
    return has(flags, flags_change) && !has(caller.rights, VFS_RIGHT_WRITE) ? STATUS_DENIED
                                                                            : STATUS_OK;
}

static enum status create(
    struct vfsd *vfsd, const struct vfs_open_request *request, struct walk_result *result)
{
    if (!has(request->flags, vfs_open_create)) {
        return STATUS_NOT_FOUND;
    }
    if (result->wants_directory || has(request->flags, vfs_open_directory)) {
        return STATUS_IS_DIRECTORY;
    }
    enum status status = vfsd_check_change(vfsd, result->mount);
    if (status != STATUS_OK) {
        return status;
    }
    struct filesystem_create_request wanted = {
        .parent = result->parent.node,
        .kind = filesystem_kind_file,
        .mode = request->mode,
        .name_bytes = result->name_bytes,
    };
    memcpy(wanted.name, result->name, result->name_bytes);
    struct filesystem_create_reply reply;
    status = filesystem_create(vfsd_provider(vfsd, result->mount), &wanted, &reply);
    if (status == STATUS_OK) {
        result->found = mounts_attributes(&reply.made);
    }
    return status;
}

static enum status check_kind(uint32_t flags, uint32_t kind)
{
    if (has(flags, vfs_open_directory) && kind != filesystem_kind_directory) {
        return STATUS_NOT_DIRECTORY;
    }
    switch (kind) {
    case filesystem_kind_file:
        return STATUS_OK;
    case filesystem_kind_directory:
        return has(flags, flags_change) ? STATUS_IS_DIRECTORY : STATUS_OK;
    case filesystem_kind_symlink:
        return STATUS_LOOP;
    default:
        return STATUS_UNSUPPORTED;
    }
}

static enum status truncate(struct vfsd *vfsd, struct walk_place place, uint64_t size_bytes)
{
    const struct filesystem_truncate_request request = {
        .node = place.node, .size_bytes = size_bytes};
    return filesystem_truncate(vfsd_provider(vfsd, place.mount), &request);
}

/* Everything about an existing file that could speak against opening it; then cuts it if wanted. */
static enum status admit(struct vfsd *vfsd, uint32_t flags, struct walk_result *result)
{
    if (has(flags, vfs_open_create) && has(flags, vfs_open_exclusive)) {
        return STATUS_EXISTS;
    }
    enum status status = check_kind(flags, result->found.kind);
    if (status == STATUS_OK && has(flags, vfs_open_write)) {
        status = vfsd_check_change(vfsd, result->mount);
    }
    if (status == STATUS_OK && has(flags, vfs_open_truncate)) {
        const struct walk_place place = {result->mount, result->found.node};
        status = truncate(vfsd, place, 0);
        result->found.size_bytes = 0;
    }
    return status;
}

enum status vfsd_open(void *self, struct ipc_caller caller, const struct vfs_open_request *request,
    struct vfs_open_reply *reply_out)
{
    struct vfsd *vfsd = self;
    const uint32_t flags = request->flags;
    struct session *session = nullptr;
    uint32_t handle = 0;
    enum status status = check_flags(flags, caller);
    if (status == STATUS_OK) {
        status = sessions_take(&vfsd->sessions, caller.client, &session);
    }
    if (status == STATUS_OK) {
        status = session_find_free(session, &handle);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const bool stay = has(flags, vfs_open_no_follow) ||
                      (has(flags, vfs_open_create) && has(flags, vfs_open_exclusive));
    struct walk_result result;
    status = walk_path(
        &vfsd->walk, (struct walk_name){request->path, request->path_bytes}, !stay, &result);
    if (status == STATUS_OK) {
        status = result.exists ? admit(vfsd, flags, &result) : create(vfsd, request, &result);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct open_file opened = {
        .flags = flags,
        .kind = result.found.kind,
        .place = {result.mount, result.found.node},
    };
    reply_out->handle = handle;
    reply_out->found = vfsd_attributes(result.mount, &result.found);
    return vfsd_hold(vfsd, &opened, &session->files[handle]);
}

/* The open file of a caller's handle. */
static enum status find(struct vfsd *vfsd, struct ipc_caller caller, uint32_t handle,
    struct session **session_out, struct open_file **file_out)
{
    *session_out = sessions_find(&vfsd->sessions, caller.client);
    return session_find_file(*session_out, handle, file_out);
}

enum status vfsd_close(
    void *self, struct ipc_caller caller, const struct vfs_close_request *request)
{
    struct vfsd *vfsd = self;
    struct session *session;
    struct open_file *file;
    enum status status = find(vfsd, caller, request->handle, &session, &file);
    if (status == STATUS_OK) {
        vfsd_let_go(vfsd, file);
    }
    return status;
}

enum status vfsd_read(void *self, struct ipc_caller caller, const struct vfs_read_request *request,
    struct vfs_read_reply *reply_out)
{
    struct vfsd *vfsd = self;
    struct session *session;
    struct open_file *file;
    enum status status = find(vfsd, caller, request->handle, &session, &file);
    if (status != STATUS_OK) {
        return status;
    }
    if (!has(file->flags, vfs_open_read)) {
        return STATUS_INVALID_CAPABILITY;
    }
    if (file->kind == filesystem_kind_directory) {
        return STATUS_IS_DIRECTORY;
    }
    struct filesystem_read_request wanted = {
        .node = file->place.node,
        .offset = request->offset,
        .buffer_offset = request->buffer_offset,
        .length = request->length,
    };
    const struct buffer_place place = {file->place.mount, request->buffer_offset, request->length};
    status = vfsd_find_buffer(vfsd, session, place, &wanted.buffer);
    if (status != STATUS_OK) {
        return status;
    }
    struct filesystem_read_reply done;
    status = filesystem_read(vfsd_provider(vfsd, file->place.mount), &wanted, &done);
    if (status == STATUS_OK) {
        reply_out->done = done.done;
    }
    return status;
}

static enum status size_of(struct vfsd *vfsd, struct walk_place place, uint64_t *size_bytes_out)
{
    struct walk_attributes found;
    const struct walk_source *source = &vfsd->mounts.source;
    enum status status = source->stat(source->self, place, &found);
    if (status == STATUS_OK) {
        *size_bytes_out = found.size_bytes;
    }
    return status;
}

enum status vfsd_write(void *self, struct ipc_caller caller,
    const struct vfs_write_request *request, struct vfs_write_reply *reply_out)
{
    struct vfsd *vfsd = self;
    struct session *session;
    struct open_file *file;
    enum status status = find(vfsd, caller, request->handle, &session, &file);
    if (status != STATUS_OK) {
        return status;
    }
    if (!has(file->flags, vfs_open_write)) {
        return STATUS_INVALID_CAPABILITY;
    }
    struct filesystem_write_request wanted = {
        .node = file->place.node,
        .offset = request->offset,
        .buffer_offset = request->buffer_offset,
        .length = request->length,
    };
    const struct buffer_place place = {file->place.mount, request->buffer_offset, request->length};
    uint64_t size_bytes = 0;
    status = vfsd_check_change(vfsd, file->place.mount);
    if (status == STATUS_OK) {
        status = vfsd_find_buffer(vfsd, session, place, &wanted.buffer);
    }
    if (status == STATUS_OK) {
        status = size_of(vfsd, file->place, &size_bytes);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (has(file->flags, vfs_open_append)) {
        wanted.offset = size_bytes;
    } else if (request->offset == vfs_at_end) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct filesystem_write_reply done;
    status = filesystem_write(vfsd_provider(vfsd, file->place.mount), &wanted, &done);
    if (status != STATUS_OK) {
        return status;
    }
    const uint64_t end = wanted.offset + done.done;
    reply_out->done = done.done;
    reply_out->size_bytes = end > size_bytes && done.done > 0 ? end : size_bytes;
    return STATUS_OK;
}

enum status vfsd_read_directory(void *self, struct ipc_caller caller,
    const struct vfs_read_directory_request *request, struct vfs_read_directory_reply *reply_out)
{
    struct vfsd *vfsd = self;
    struct session *session;
    struct open_file *file;
    enum status status = find(vfsd, caller, request->handle, &session, &file);
    if (status != STATUS_OK) {
        return status;
    }
    if (file->kind != filesystem_kind_directory) {
        return STATUS_NOT_DIRECTORY;
    }
    struct filesystem_read_directory_request wanted = {
        .node = file->place.node,
        .cursor = request->cursor,
        .buffer_offset = request->buffer_offset,
        .length = request->length,
    };
    const struct buffer_place place = {file->place.mount, request->buffer_offset, request->length};
    status = vfsd_find_buffer(vfsd, session, place, &wanted.buffer);
    if (status != STATUS_OK) {
        return status;
    }
    struct filesystem_read_directory_reply done;
    status = filesystem_read_directory(vfsd_provider(vfsd, file->place.mount), &wanted, &done);
    if (status == STATUS_OK) {
        reply_out->done = done.done;
    }
    return status;
}

enum status vfsd_stat_handle(void *self, struct ipc_caller caller,
    const struct vfs_stat_handle_request *request, struct vfs_stat_handle_reply *reply_out)
{
    struct vfsd *vfsd = self;
    struct session *session;
    struct open_file *file;
    enum status status = find(vfsd, caller, request->handle, &session, &file);
    if (status != STATUS_OK) {
        return status;
    }
    const struct walk_source *source = &vfsd->mounts.source;
    struct walk_attributes found;
    status = source->stat(source->self, file->place, &found);
    if (status == STATUS_OK) {
        reply_out->found = vfsd_attributes(file->place.mount, &found);
    }
    return status;
}

enum status vfsd_truncate_handle(
    void *self, struct ipc_caller caller, const struct vfs_truncate_handle_request *request)
{
    struct vfsd *vfsd = self;
    struct session *session;
    struct open_file *file;
    enum status status = find(vfsd, caller, request->handle, &session, &file);
    if (status != STATUS_OK) {
        return status;
    }
    if (!has(file->flags, vfs_open_write)) {
        return STATUS_INVALID_CAPABILITY;
    }
    status = vfsd_check_change(vfsd, file->place.mount);
    return status == STATUS_OK ? truncate(vfsd, file->place, request->size_bytes) : status;
}

enum status vfsd_sync_handle(
    void *self, struct ipc_caller caller, const struct vfs_sync_handle_request *request)
{
    struct vfsd *vfsd = self;
    struct session *session;
    struct open_file *file;
    enum status status = find(vfsd, caller, request->handle, &session, &file);
    return status == STATUS_OK ? filesystem_sync(vfsd_provider(vfsd, file->place.mount)) : status;
}
