/* SPDX-License-Identifier: ISC */
/* Operations of protocol filesystem. */
#include <lib/dirrecord/dirrecord.h>
#include <slots/ramfsd.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

#include <string.h>

#include "ramfsd.h"

static const struct vspace_cap vspaced = {SLOT_PEER_VSPACED};

constexpr uint32_t mode_directory = 0040000;
constexpr uint32_t mode_file = 0100000;
constexpr uint32_t mode_link = 0120000;
constexpr uint32_t mode_permissions = 07777;

static const uint32_t kinds[] = {
    [RAMFS_FILE] = filesystem_kind_file,
    [RAMFS_DIRECTORY] = filesystem_kind_directory,
    [RAMFS_LINK] = filesystem_kind_symlink,
};

static const uint32_t mode_types[] = {
    [RAMFS_FILE] = mode_file,
    [RAMFS_DIRECTORY] = mode_directory,
    [RAMFS_LINK] = mode_link,
};

static struct ramfs *reading(struct ramfsd *ramfsd)
{
    return ramfsd->mounted ? &ramfsd->files : nullptr;
}

/* OK if the file system may be changed; then later changes are stamped with this moment. */
static enum status begin_change(struct ramfsd *ramfsd)
{
    if (!ramfsd->mounted || ramfsd->read_only) {
        return ramfsd->mounted ? STATUS_READ_ONLY : STATUS_NOT_FOUND;
    }
    uint64_t now_ns = 0;
    (void)clock_read((struct clock_cap){SLOT_CLOCK}, &now_ns); /* 0 if there is no clock */
    ramfs_set_time(&ramfsd->files, (int64_t)(now_ns + ramfsd->wall_offset_ns));
    return STATUS_OK;
}

static enum status describe(
    struct ramfsd *ramfsd, uint64_t node, struct filesystem_attributes *attributes_out)
{
    if (reading(ramfsd) == nullptr) {
        return STATUS_NOT_FOUND;
    }
    struct ramfs_attributes found;
    enum status status = ramfs_stat(&ramfsd->files, node, &found);
    if (status != STATUS_OK) {
        return status;
    }
    *attributes_out = (struct filesystem_attributes){
        .node = found.number,
        .size_bytes = found.size_bytes,
        .blocks_512 = found.sectors,
        .accessed_ns = found.accessed_ns,
        .modified_ns = found.modified_ns,
        .changed_ns = found.changed_ns,
        .mode = mode_types[found.kind] | found.permissions,
        .kind = kinds[found.kind],
        .links = found.link_count,
        .owner = found.owner,
        .group = found.group,
    };
    return STATUS_OK;
}

static enum status handle_mount(void *self, struct ipc_caller caller,
    const struct filesystem_mount_request *request, struct filesystem_mount_reply *reply_out)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    if (request->source_bytes != 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (ramfsd->mounted) {
        return STATUS_BUSY;
    }
    ramfsd->mounted = true;
    ramfsd->read_only = request->read_only != 0;
    reply_out->root = ramfs_root(&ramfsd->files);
    return STATUS_OK;
}

static enum status handle_unmount(void *self, struct ipc_caller caller)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    ramfsd->mounted = false;
    return STATUS_OK;
}

static enum status handle_sync(void *self, struct ipc_caller caller)
{
    (void)self;
    (void)caller;
    return STATUS_OK;
}

static enum status handle_statistics(
    void *self, struct ipc_caller caller, struct filesystem_statistics_reply *reply_out)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    const struct ramfs_statistics statistics = ramfs_statfs(&ramfsd->files);
    *reply_out = (struct filesystem_statistics_reply){
        .total_blocks = statistics.page_count,
        .free_blocks = statistics.free_page_count,
        .total_nodes = statistics.node_count,
        .free_nodes = statistics.free_node_count,
        .block_bytes = ramfs_page_bytes,
        .name_bytes_max = ramfs_name_bytes_max,
        .read_only = ramfsd->read_only,
        .kind = "ramfs",
    };
    return STATUS_OK;
}

static enum status handle_attach(void *self, struct ipc_caller caller, struct frame_cap memory,
    struct filesystem_attach_reply *reply_out)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    enum status status = attached_add(&ramfsd->attached, vspaced, memory, &reply_out->buffer);
    if (status == STATUS_OK) {
        slots_delete(memory.slot); /* vspaced keeps what it mapped */
    }
    return status;
}

static enum status handle_detach(
    void *self, struct ipc_caller caller, const struct filesystem_detach_request *request)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    return attached_remove(&ramfsd->attached, vspaced, request->buffer);
}

static enum status handle_lookup(void *self, struct ipc_caller caller,
    const struct filesystem_lookup_request *request, struct filesystem_lookup_reply *reply_out)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    if (reading(ramfsd) == nullptr) {
        return STATUS_NOT_FOUND;
    }
    const struct ramfs_name name = {request->name, request->name_bytes};
    uint64_t node = 0;
    enum status status = ramfs_lookup(&ramfsd->files, request->parent, name, &node);
    return status == STATUS_OK ? describe(ramfsd, node, &reply_out->found) : status;
}

static enum status handle_stat(void *self, struct ipc_caller caller,
    const struct filesystem_stat_request *request, struct filesystem_stat_reply *reply_out)
{
    (void)caller;
    return describe(self, request->node, &reply_out->found);
}

static enum status handle_read(void *self, struct ipc_caller caller,
    const struct filesystem_read_request *request, struct filesystem_read_reply *reply_out)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    const struct attached_place place = {request->buffer, request->buffer_offset, request->length};
    uint8_t *bytes = nullptr;
    enum status status = attached_find(&ramfsd->attached, place, &bytes);
    if (status != STATUS_OK || reading(ramfsd) == nullptr) {
        return status != STATUS_OK ? status : STATUS_NOT_FOUND;
    }
    const struct ramfs_span span = {request->offset, request->length, bytes};
    size_t done = 0;
    status = ramfs_read(&ramfsd->files, request->node, span, &done);
    reply_out->done = (uint32_t)done;
    return status;
}

static enum status handle_write(void *self, struct ipc_caller caller,
    const struct filesystem_write_request *request, struct filesystem_write_reply *reply_out)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    const struct attached_place place = {request->buffer, request->buffer_offset, request->length};
    uint8_t *bytes = nullptr;
    enum status status = attached_find(&ramfsd->attached, place, &bytes);
    if (status == STATUS_OK) {
        status = begin_change(ramfsd);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct ramfs_span span = {request->offset, request->length, bytes};
    size_t done = 0;
    status = ramfs_write(&ramfsd->files, request->node, span, &done);
    reply_out->done = (uint32_t)done;
    return status;
}

static bool list_entry(void *context, const struct ramfs_entry *entry)
{
    const struct dirrecord record = {
        .node = entry->number,
        .next_cursor = entry->next_cursor,
        .kind = kinds[entry->kind],
        .name_bytes = entry->name.size_bytes,
        .name = entry->name.bytes,
    };
    return dirrecord_put(context, &record);
}

static enum status handle_read_directory(void *self, struct ipc_caller caller,
    const struct filesystem_read_directory_request *request,
    struct filesystem_read_directory_reply *reply_out)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    const struct attached_place place = {request->buffer, request->buffer_offset, request->length};
    struct dirrecord_writer writer = {.room_bytes = request->length};
    enum status status = attached_find(&ramfsd->attached, place, &writer.bytes);
    if (status != STATUS_OK || reading(ramfsd) == nullptr) {
        return status != STATUS_OK ? status : STATUS_NOT_FOUND;
    }
    status = ramfs_read_directory(&ramfsd->files, request->node, request->cursor,
        (struct ramfs_visitor){list_entry, &writer});
    reply_out->done = (uint32_t)writer.done_bytes;
    if (status == STATUS_OK && writer.done_bytes == 0) {
        return STATUS_INVALID_ARGUMENT; /* no room even for the first */
    }
    return status == STATUS_END ? STATUS_OK : status;
}

static enum status handle_read_link(void *self, struct ipc_caller caller,
    const struct filesystem_read_link_request *request,
    struct filesystem_read_link_reply *reply_out)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    static char target[ramfs_link_bytes_max];
    if (reading(ramfsd) == nullptr) {
        return STATUS_NOT_FOUND;
    }
    uint32_t target_bytes = 0;
    enum status status = ramfs_read_link(&ramfsd->files, request->node, target, &target_bytes);
    if (status != STATUS_OK) {
        return status;
    }
    if (target_bytes > filesystem_read_link_reply_target_bytes_max) {
        return STATUS_NAME_TOO_LONG;
    }
    reply_out->target_bytes = target_bytes;
    memcpy(reply_out->target, target, target_bytes);
    return STATUS_OK;
}

static enum status handle_hold(
    void *self, struct ipc_caller caller, const struct filesystem_hold_request *request)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    return ramfs_hold(&ramfsd->files, request->node);
}

static enum status handle_let_go(
    void *self, struct ipc_caller caller, const struct filesystem_let_go_request *request)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    return ramfs_release(&ramfsd->files, request->node);
}

static enum status handle_create(void *self, struct ipc_caller caller,
    const struct filesystem_create_request *request, struct filesystem_create_reply *reply_out)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    if (request->kind != filesystem_kind_file && request->kind != filesystem_kind_directory) {
        return STATUS_UNSUPPORTED;
    }
    enum status status = begin_change(ramfsd);
    if (status != STATUS_OK) {
        return status;
    }
    const struct ramfs_creation creation = {
        .directory = request->parent,
        .name = {request->name, request->name_bytes},
        .kind = request->kind == filesystem_kind_file ? RAMFS_FILE : RAMFS_DIRECTORY,
        .permissions = (uint16_t)(request->mode & mode_permissions),
    };
    uint64_t node = 0;
    status = ramfs_create(&ramfsd->files, &creation, &node);
    return status == STATUS_OK ? describe(ramfsd, node, &reply_out->made) : status;
}

static enum status handle_symlink(void *self, struct ipc_caller caller,
    const struct filesystem_symlink_request *request, struct filesystem_symlink_reply *reply_out)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    if (request->name_bytes > request->name_and_target_bytes) {
        return STATUS_INVALID_ARGUMENT;
    }
    enum status status = begin_change(ramfsd);
    if (status != STATUS_OK) {
        return status;
    }
    const struct ramfs_creation creation = {
        .directory = request->parent,
        .name = {request->name_and_target, request->name_bytes},
        .permissions = 0777,
    };
    const struct ramfs_name target = {request->name_and_target + request->name_bytes,
        request->name_and_target_bytes - request->name_bytes};
    uint64_t node = 0;
    status = ramfs_create_link(&ramfsd->files, &creation, target, &node);
    return status == STATUS_OK ? describe(ramfsd, node, &reply_out->made) : status;
}

static enum status handle_remove(
    void *self, struct ipc_caller caller, const struct filesystem_remove_request *request)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    enum status status = begin_change(ramfsd);
    if (status != STATUS_OK) {
        return status;
    }
    const struct ramfs_name name = {request->name, request->name_bytes};
    return ramfs_remove(&ramfsd->files, request->parent, name, request->is_directory != 0);
}

static enum status handle_rename(
    void *self, struct ipc_caller caller, const struct filesystem_rename_request *request)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    if (request->source_name_bytes > request->names_bytes) {
        return STATUS_INVALID_ARGUMENT;
    }
    enum status status = begin_change(ramfsd);
    if (status != STATUS_OK) {
        return status;
    }
    const struct ramfs_renaming renaming = {
        .source_directory = request->source_parent,
        .source = {request->names, request->source_name_bytes},
        .target_directory = request->target_parent,
        .target = {request->names + request->source_name_bytes,
            request->names_bytes - request->source_name_bytes},
    };
    return ramfs_rename(&ramfsd->files, &renaming);
}

static enum status handle_truncate(
    void *self, struct ipc_caller caller, const struct filesystem_truncate_request *request)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    enum status status = begin_change(ramfsd);
    if (status != STATUS_OK) {
        return status;
    }
    return ramfs_truncate(&ramfsd->files, request->node, request->size_bytes);
}

static enum status handle_set_times(
    void *self, struct ipc_caller caller, const struct filesystem_set_times_request *request)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    enum status status = begin_change(ramfsd);
    if (status != STATUS_OK) {
        return status;
    }
    return ramfs_set_times(
        &ramfsd->files, request->node, request->accessed_ns, request->modified_ns);
}

static enum status handle_set_mode(
    void *self, struct ipc_caller caller, const struct filesystem_set_mode_request *request)
{
    (void)caller;
    struct ramfsd *ramfsd = self;
    enum status status = begin_change(ramfsd);
    if (status != STATUS_OK) {
        return status;
    }
    return ramfs_set_permissions(
        &ramfsd->files, request->node, (uint16_t)(request->mode & mode_permissions));
}

struct filesystem_server ramfsd_server(struct ramfsd *ramfsd)
{
    return (struct filesystem_server){
        .self = ramfsd,
        .mount = handle_mount,
        .unmount = handle_unmount,
        .sync = handle_sync,
        .statistics = handle_statistics,
        .attach = handle_attach,
        .detach = handle_detach,
        .lookup = handle_lookup,
        .stat = handle_stat,
        .read = handle_read,
        .write = handle_write,
        .read_directory = handle_read_directory,
        .read_link = handle_read_link,
        .hold = handle_hold,
        .let_go = handle_let_go,
        .create = handle_create,
        .symlink = handle_symlink,
        .remove = handle_remove,
        .rename = handle_rename,
        .truncate = handle_truncate,
        .set_times = handle_set_times,
        .set_mode = handle_set_mode,
    };
}
