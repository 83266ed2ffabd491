/* SPDX-License-Identifier: ISC */
/*
 * vfsd: operations on open files. The verifier's session has a buffer of one page and three open
 * files: one of the disk, one in memory that may be written, and a directory.
 */
#include <slots/verify-messages-file.h>
#include <userlib/slots.h>

#include "samples.h"

constexpr uint32_t transfer_bytes = 16;

static struct {
    bool prepared;
    uint32_t read_only;
    uint32_t writable;
    uint32_t directory;
} handles;

static enum status open(const char *path, uint32_t flags, uint32_t *handle_out)
{
    struct vfs_open_request request = {.flags = flags};
    struct vfs_open_reply reply;
    put_text(request.path, &request.path_bytes, path);
    const enum status status = vfs_open(vfsd(), &request, &reply);
    if (status == STATUS_OK) {
        *handle_out = reply.handle;
    }
    return status;
}

/* Once; the frame that is given for the buffer is not needed. */
static enum status prepare_session(void)
{
    struct frame_cap buffer = {};
    if (handles.prepared) {
        return STATUS_OK;
    }
    enum status status =
        vfs_attach(vfsd(), &(struct vfs_attach_request){.bits = page_bits}, &buffer);
    slots_delete(buffer.slot);
    if (status == STATUS_OK) {
        status = open("/bin/cat", vfs_open_read, &handles.read_only);
    }
    if (status == STATUS_OK) {
        status = open("/tmp/attacked", vfs_open_read | vfs_open_write, &handles.writable);
    }
    if (status == STATUS_OK) {
        status = open("/tmp", vfs_open_read | vfs_open_directory, &handles.directory);
    }
    handles.prepared = status == STATUS_OK;
    return status;
}

/* The open files, and the space that is left. */
static enum status observe(struct digest *digest_out)
{
    enum status status = prepare_session();
    const uint32_t opened[] = {handles.read_only, handles.writable, handles.directory};
    uint64_t *words = digest_out->words;
    for (uint32_t index = 0; index < 3 && status == STATUS_OK; index++) {
        struct vfs_stat_handle_reply reply;
        status = vfs_stat_handle(
            vfsd(), &(struct vfs_stat_handle_request){.handle = opened[index]}, &reply);
        words[3 * index] = reply.found.size_bytes;
        words[3 * index + 1] = reply.found.mode;
        words[3 * index + 2] = reply.found.links;
    }
    struct vfs_usage_reply usage = {};
    if (status == STATUS_OK) {
        status = vfs_usage(vfsd(), &usage);
    }
    words[13] = usage.sessions;
    words[14] = usage.open_files;
    words[15] = usage.tickets;
    for (uint32_t index = 0; index < 2 && status == STATUS_OK; index++) {
        struct vfs_mounts_reply mount;
        status = vfs_mounts(vfsd(), &(struct vfs_mounts_request){.index = index}, &mount);
        words[9 + 2 * index] = mount.free_blocks;
        words[10 + 2 * index] = mount.free_nodes;
    }
    return status;
}

/* --- samples --- */

static enum status fill_close(struct message *message)
{
    struct vfs_close_request *request = request_of(message);
    return open("/bin/cat", vfs_open_read, &request->handle);
}

static void undo_close(const struct message *message, const struct answer *answer)
{
    struct vfs_close_request request;
    memcpy(&request, message->words, sizeof request);
    if (answer == nullptr) {
        (void)vfs_close(vfsd(), &request);
    }
}

static enum status fill_read(struct message *message)
{
    struct vfs_read_request *request = request_of(message);
    request->handle = handles.read_only;
    request->length = transfer_bytes;
    return STATUS_OK;
}

static enum status fill_write(struct message *message)
{
    struct vfs_write_request *request = request_of(message);
    request->handle = handles.writable;
    request->length = transfer_bytes;
    return STATUS_OK;
}

static enum status fill_read_directory(struct message *message)
{
    struct vfs_read_directory_request *request = request_of(message);
    request->handle = handles.directory;
    request->length = UINT32_C(1) << page_bits;
    return STATUS_OK;
}

/* stat_handle, sync_handle. */
static enum status fill_handle(struct message *message)
{
    struct vfs_stat_handle_request *request = request_of(message);
    request->handle = handles.writable;
    return STATUS_OK;
}

static enum status fill_truncate(struct message *message)
{
    struct vfs_truncate_handle_request *request = request_of(message);
    request->handle = handles.writable;
    request->size_bytes = transfer_bytes;
    return STATUS_OK;
}

static enum status fill_make_ticket(struct message *message)
{
    struct vfs_make_ticket_request *request = request_of(message);
    request->handle = handles.read_only;
    return STATUS_OK;
}

static struct endpoint_cap ticket;

static enum status fill_adopt(struct message *message)
{
    const enum status status = vfs_make_ticket(
        vfsd(), &(struct vfs_make_ticket_request){.handle = handles.read_only}, &ticket);
    message->caps[0] = ticket.slot;
    return status;
}

static void undo_adopt(const struct message *message, const struct answer *answer)
{
    (void)message;
    slots_delete(ticket.slot);
    if (answer != nullptr) {
        (void)vfs_close(vfsd(), &(struct vfs_close_request){.handle = (uint32_t)answer->words[0]});
    }
}

constexpr uint16_t place_length = offsetof(struct vfs_read_request, length);
constexpr uint16_t place_buffer_offset = offsetof(struct vfs_read_request, buffer_offset);

const struct sample vfs_file_samples[vfs_file_samples_count] = {
    {.number = VFS_CLOSE, .prepare = fill_close, .undo = undo_close},
    {.number = VFS_READ,
        .prepare = fill_read,
        .beyond = {{place_length, 4, 4097, STATUS_INVALID_ARGUMENT},
            {place_buffer_offset, 4, 4096 - transfer_bytes + 1, STATUS_INVALID_ARGUMENT}}},
    {.number = VFS_WRITE,
        .lasting = true,
        .prepare = fill_write,
        .beyond = {{place_length, 4, 4097, STATUS_INVALID_ARGUMENT},
            {place_buffer_offset, 4, 4096 - transfer_bytes + 1, STATUS_INVALID_ARGUMENT}}},
    {.number = VFS_READ_DIRECTORY,
        .prepare = fill_read_directory,
        .beyond = {{place_length, 4, 8, STATUS_INVALID_ARGUMENT},
            {place_buffer_offset, 4, 1, STATUS_INVALID_ARGUMENT}}},
    {.number = VFS_STAT_HANDLE, .prepare = fill_handle},
    {.number = VFS_TRUNCATE_HANDLE, .lasting = true, .prepare = fill_truncate},
    {.number = VFS_SYNC_HANDLE, .prepare = fill_handle},
    {.number = VFS_MAKE_TICKET, .lasting = true, .prepare = fill_make_ticket},
    {.number = VFS_ADOPT_TICKET, .lasting = true, .prepare = fill_adopt, .undo = undo_adopt},
};

struct target vfsd_target(void)
{
    return (struct target){
        .name = "vfsd",
        .table = &vfs_table,
        .samples = {{vfs_name_samples, vfs_name_samples_count},
            {vfs_file_samples, vfs_file_samples_count}},
        .observe = observe,
    };
}
