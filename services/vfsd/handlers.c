/* SPDX-License-Identifier: ISC */
/* The table of operations, the ones on all mounts, and word of ended processes. */
#include <string.h>

#include "vfsd.h"

enum status vfsd_check_change(const struct vfsd *vfsd, uint32_t mount)
{
    return vfsd->shut_down || vfsd->mounts.list[mount].read_only ? STATUS_READ_ONLY : STATUS_OK;
}

struct filesystem_cap vfsd_provider(const struct vfsd *vfsd, uint32_t mount)
{
    return vfsd->mounts.list[mount].provider;
}

struct vfs_attributes vfsd_attributes(uint32_t mount, const struct walk_attributes *found)
{
    return (struct vfs_attributes){
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
        .mount = mount,
    };
}

enum status vfsd_hold(struct vfsd *vfsd, const struct open_file *opened, struct open_file *file_out)
{
    const struct filesystem_hold_request request = {.node = opened->place.node};
    enum status status = filesystem_hold(vfsd_provider(vfsd, opened->place.mount), &request);
    if (status == STATUS_OK) {
        *file_out = *opened;
        file_out->used = true;
    }
    return status;
}

void vfsd_let_go(struct vfsd *vfsd, struct open_file *file)
{
    const struct filesystem_let_go_request request = {.node = file->place.node};
    /* A provider without the node has nothing to let go of. */
    (void)filesystem_let_go(vfsd_provider(vfsd, file->place.mount), &request);
    *file = (struct open_file){};
}

static enum status handle_sync(void *self, struct ipc_caller caller)
{
    (void)caller;
    const struct vfsd *vfsd = self;
    return mounts_sync(&vfsd->mounts);
}

static enum status handle_mounts(void *self, struct ipc_caller caller,
    const struct vfs_mounts_request *request, struct vfs_mounts_reply *reply_out)
{
    (void)caller;
    const struct vfsd *vfsd = self;
    if (request->index >= vfsd->mounts.count) {
        return STATUS_END;
    }
    const struct mount *mount = &vfsd->mounts.list[request->index];
    struct filesystem_statistics_reply statistics;
    enum status status = filesystem_statistics(mount->provider, &statistics);
    if (status != STATUS_OK) {
        return status;
    }
    *reply_out = (struct vfs_mounts_reply){
        .total_blocks = statistics.total_blocks,
        .free_blocks = statistics.free_blocks,
        .total_nodes = statistics.total_nodes,
        .free_nodes = statistics.free_nodes,
        .block_bytes = statistics.block_bytes,
        .read_only = mount->read_only || vfsd->shut_down,
    };
    static_assert(sizeof reply_out->kind == sizeof statistics.kind);
    memcpy(reply_out->kind, statistics.kind, sizeof reply_out->kind);
    const char *path = mount->path_bytes == 0 ? "/" : mount->path;
    const size_t path_bytes = strlen(path);
    const size_t source_bytes = strlen(mount->source);
    if (path_bytes >= sizeof reply_out->path || source_bytes >= sizeof reply_out->source) {
        return STATUS_NAME_TOO_LONG;
    }
    memcpy(reply_out->path, path, path_bytes);
    memcpy(reply_out->source, mount->source, source_bytes);
    return STATUS_OK;
}

static enum status handle_shut_down(void *self, struct ipc_caller caller)
{
    (void)caller;
    struct vfsd *vfsd = self;
    vfsd->shut_down = true;
    return mounts_sync(&vfsd->mounts);
}

static enum status handle_usage(
    void *self, struct ipc_caller caller, struct vfs_usage_reply *reply_out)
{
    (void)caller;
    const struct vfsd *vfsd = self;
    for (uint32_t i = 0; i < sessions_max; i++) {
        const struct session *session = &vfsd->sessions.list[i];
        reply_out->sessions += session->client != 0 ? 1 : 0;
        for (uint32_t handle = 0; session->client != 0 && handle < session_files_max; handle++) {
            reply_out->open_files += session->files[handle].used ? 1 : 0;
        }
    }
    for (uint32_t i = 0; i < tickets_max; i++) {
        reply_out->tickets += vfsd->sessions.tickets[i].serial != 0 ? 1 : 0;
    }
    return STATUS_OK;
}

static void release_session(struct vfsd *vfsd, struct session *session)
{
    for (uint32_t handle = 0; handle < session_files_max; handle++) {
        if (session->files[handle].used) {
            vfsd_let_go(vfsd, &session->files[handle]);
        }
    }
    vfsd_free_buffer(vfsd, session);
    session->client = 0;
}

static enum status handle_process_ended(
    void *self, struct ipc_caller caller, const struct event_process_ended_request *request)
{
    (void)caller;
    struct vfsd *vfsd = self;
    struct session *session = sessions_find(&vfsd->sessions, request->process);
    if (session != nullptr) {
        release_session(vfsd, session);
    }
    for (uint32_t i = 0; i < tickets_max; i++) {
        struct ticket *ticket = &vfsd->sessions.tickets[i];
        if (ticket->serial != 0 && ticket->client == request->process) {
            vfsd_let_go(vfsd, &ticket->file);
            *ticket = (struct ticket){};
        }
    }
    return STATUS_OK;
}

struct event_server vfsd_events(struct vfsd *vfsd)
{
    return (struct event_server){.self = vfsd, .process_ended = handle_process_ended};
}

struct vfs_server vfsd_server(struct vfsd *vfsd)
{
    return (struct vfs_server){
        .self = vfsd,
        .attach = vfsd_attach,
        .open = vfsd_open,
        .close = vfsd_close,
        .read = vfsd_read,
        .write = vfsd_write,
        .read_directory = vfsd_read_directory,
        .stat_handle = vfsd_stat_handle,
        .truncate_handle = vfsd_truncate_handle,
        .sync_handle = vfsd_sync_handle,
        .stat = vfsd_stat,
        .make_directory = vfsd_make_directory,
        .remove = vfsd_remove,
        .rename = vfsd_rename,
        .symlink = vfsd_symlink,
        .read_link = vfsd_read_link,
        .set_mode = vfsd_set_mode,
        .set_times = vfsd_set_times,
        .make_ticket = vfsd_make_ticket,
        .adopt_ticket = vfsd_adopt_ticket,
        .sync = handle_sync,
        .mounts = handle_mounts,
        .shut_down = handle_shut_down,
        .usage = handle_usage,
    };
}
