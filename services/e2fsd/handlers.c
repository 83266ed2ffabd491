/* SPDX-License-Identifier: ISC */
/* Operations of protocol filesystem that read. */
#include <lib/dirrecord/dirrecord.h>
#include <userlib/slots.h>

#include <string.h>

#include "attributes.h"
#include "e2fsd.h"

static enum status describe(
    struct e2fsd *e2fsd, uint64_t node, struct filesystem_attributes *attributes_out)
{
    struct ext_file *file;
    enum status status = volume_open(&e2fsd->volume, node, &file);
    if (status == STATUS_OK) {
        *attributes_out = attributes_make(&file->inode);
    }
    return status;
}

static enum status handle_mount(void *self, struct ipc_caller caller,
    const struct filesystem_mount_request *request, struct filesystem_mount_reply *reply_out)
{
    (void)caller;
    struct e2fsd *e2fsd = self;
    reply_out->root = ext_root_number;
    return volume_mount(&e2fsd->volume, request->source, request->source_bytes);
}

static enum status handle_unmount(void *self, struct ipc_caller caller)
{
    (void)caller;
    struct e2fsd *e2fsd = self;
    volume_unmount(&e2fsd->volume);
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
    const struct e2fsd *e2fsd = self;
    if (!e2fsd->volume.mounted) {
        return STATUS_NOT_FOUND;
    }
    const struct ext_statistics statistics = ext_statfs(&e2fsd->volume.mount);
    const char *format = attributes_format(&e2fsd->volume.mount);
    *reply_out = (struct filesystem_statistics_reply){
        .total_blocks = statistics.block_count,
        .free_blocks = statistics.free_block_count,
        .total_nodes = statistics.inode_count,
        .free_nodes = statistics.free_inode_count,
        .block_bytes = statistics.block_bytes,
        .name_bytes_max = statistics.name_bytes_max,
        .read_only = 1,
    };
    memcpy(reply_out->kind, format, strlen(format));
    return STATUS_OK;
}

static enum status handle_attach(void *self, struct ipc_caller caller, struct frame_cap memory,
    struct filesystem_attach_reply *reply_out)
{
    (void)caller;
    struct e2fsd *e2fsd = self;
    enum status status = buffers_attach(&e2fsd->buffers, memory, &reply_out->buffer);
    if (status == STATUS_OK) {
        slots_delete(memory.slot); /* vspaced and blockd keep what they need */
    }
    return status;
}

static enum status handle_detach(
    void *self, struct ipc_caller caller, const struct filesystem_detach_request *request)
{
    (void)caller;
    struct e2fsd *e2fsd = self;
    return buffers_detach(&e2fsd->buffers, request->buffer);
}

static enum status handle_lookup(void *self, struct ipc_caller caller,
    const struct filesystem_lookup_request *request, struct filesystem_lookup_reply *reply_out)
{
    (void)caller;
    struct e2fsd *e2fsd = self;
    struct ext_file *directory;
    enum status status = volume_open(&e2fsd->volume, request->parent, &directory);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t number = 0;
    status =
        ext_lookup(&e2fsd->volume.mount, directory, request->name, request->name_bytes, &number);
    if (status != STATUS_OK) {
        return volume_note(&e2fsd->volume, status);
    }
    return describe(e2fsd, number, &reply_out->found);
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
    struct e2fsd *e2fsd = self;
    struct ext_read_request wanted = {
        .offset_bytes = request->offset, .size_bytes = request->length};
    const struct attached_place place = {request->buffer, request->buffer_offset, request->length};
    struct ext_file *file;
    enum status status = buffers_find(&e2fsd->buffers, place, &wanted.buffer);
    if (status == STATUS_OK) {
        status = volume_open(&e2fsd->volume, request->node, &file);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t done_bytes = 0;
    status = ext_read(&e2fsd->volume.mount, file, wanted, &done_bytes);
    reply_out->done = (uint32_t)done_bytes;
    return volume_note(&e2fsd->volume, status);
}

static bool list_entry(void *context, const struct ext_entry *entry)
{
    const struct dirrecord record = {
        .node = entry->inode_number,
        .next_cursor = entry->next_cursor,
        .kind = attributes_kind(entry->type),
        .name_bytes = entry->name_bytes,
        .name = entry->name,
    };
    return dirrecord_put(context, &record);
}

static enum status handle_read_directory(void *self, struct ipc_caller caller,
    const struct filesystem_read_directory_request *request,
    struct filesystem_read_directory_reply *reply_out)
{
    (void)caller;
    struct e2fsd *e2fsd = self;
    const struct attached_place place = {request->buffer, request->buffer_offset, request->length};
    struct block_buffer buffer;
    struct ext_file *directory;
    enum status status = buffers_find(&e2fsd->buffers, place, &buffer);
    if (status == STATUS_OK) {
        status = volume_open(&e2fsd->volume, request->node, &directory);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct dirrecord_writer writer = {.bytes = buffer.bytes, .room_bytes = request->length};
    status = ext_read_directory(&e2fsd->volume.mount, directory, request->cursor,
        (struct ext_visitor){list_entry, &writer});
    if (status == STATUS_OK && writer.done_bytes == 0) {
        return STATUS_INVALID_ARGUMENT; /* no room even for the first */
    }
    reply_out->done = (uint32_t)writer.done_bytes;
    return status == STATUS_END ? STATUS_OK : volume_note(&e2fsd->volume, status);
}

static enum status handle_read_link(void *self, struct ipc_caller caller,
    const struct filesystem_read_link_request *request,
    struct filesystem_read_link_reply *reply_out)
{
    (void)caller;
    struct e2fsd *e2fsd = self;
    static char target[ext_link_bytes_max];
    struct ext_file *file;
    enum status status = volume_open(&e2fsd->volume, request->node, &file);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t target_bytes = 0;
    status = ext_read_link(&e2fsd->volume.mount, file, target, &target_bytes);
    if (status != STATUS_OK) {
        return volume_note(&e2fsd->volume, status);
    }
    if (target_bytes > filesystem_read_link_reply_target_bytes_max) {
        return STATUS_NAME_TOO_LONG;
    }
    reply_out->target_bytes = target_bytes;
    memcpy(reply_out->target, target, target_bytes);
    return STATUS_OK;
}

/* Nothing loses its name here, so there is nothing to keep: it must only be there. */
static enum status check_node(struct e2fsd *e2fsd, uint64_t node)
{
    struct ext_file *file;
    return volume_open(&e2fsd->volume, node, &file);
}

static enum status handle_hold(
    void *self, struct ipc_caller caller, const struct filesystem_hold_request *request)
{
    (void)caller;
    return check_node(self, request->node);
}

static enum status handle_let_go(
    void *self, struct ipc_caller caller, const struct filesystem_let_go_request *request)
{
    (void)caller;
    return check_node(self, request->node);
}

struct filesystem_server e2fsd_server(struct e2fsd *e2fsd)
{
    struct filesystem_server server = {
        .self = e2fsd,
        .mount = handle_mount,
        .unmount = handle_unmount,
        .sync = handle_sync,
        .statistics = handle_statistics,
        .attach = handle_attach,
        .detach = handle_detach,
        .lookup = handle_lookup,
        .stat = handle_stat,
        .read = handle_read,
        .read_directory = handle_read_directory,
        .read_link = handle_read_link,
        .hold = handle_hold,
        .let_go = handle_let_go,
    };
    e2fsd_refuse_changes(&server);
    return server;
}
