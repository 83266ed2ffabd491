/* SPDX-License-Identifier: ISC */
/* vfsd: operations on paths. All changes are in the memory file system. */
#include <protocol/event.h>
#include <slots/verify-messages-file.h>
#include <userlib/slots.h>

#include "samples.h"

constexpr char made_path[] = "/tmp/vmade";

static void remove_made(bool is_directory)
{
    struct vfs_remove_request request = {.is_directory = is_directory};
    put_text(request.path, &request.path_bytes, made_path);
    (void)vfs_remove(vfsd(), &request); /* it may never have been there */
}

static void undo_file(const struct message *message, const struct answer *answer)
{
    (void)message;
    (void)answer;
    remove_made(false);
}

static void undo_directory(const struct message *message, const struct answer *answer)
{
    (void)message;
    (void)answer;
    remove_made(true);
}

static enum status make_link(void)
{
    struct vfs_symlink_request request = {.target_bytes = 4};
    put_text(request.target_and_path, &request.target_and_path_bytes, "goal/tmp/vmade");
    return vfs_symlink(vfsd(), &request);
}

static enum status fill_attach(struct message *message)
{
    struct vfs_attach_request *request = request_of(message);
    request->bits = page_bits;
    return STATUS_OK;
}

/* A new buffer is made before the old one goes: two in turn leave memory as it was. */
static void undo_attach(const struct message *message, const struct answer *answer)
{
    (void)message;
    struct frame_cap buffer = {};
    const struct vfs_attach_request request = {.bits = page_bits};
    if (answer != nullptr && vfs_attach(vfsd(), &request, &buffer) == STATUS_OK) {
        slots_delete(buffer.slot);
    }
}

static enum status fill_open(struct message *message)
{
    struct vfs_open_request *request = request_of(message);
    request->flags = vfs_open_read;
    put_text(request->path, &request->path_bytes, "/bin/cat");
    return STATUS_OK;
}

static void undo_open(const struct message *message, const struct answer *answer)
{
    (void)message;
    if (answer != nullptr) {
        (void)vfs_close(vfsd(), &(struct vfs_close_request){.handle = (uint32_t)answer->words[0]});
    }
}

static enum status fill_stat(struct message *message)
{
    struct vfs_stat_request *request = request_of(message);
    put_text(request->path, &request->path_bytes, "/bin/cat");
    return STATUS_OK;
}

static enum status fill_make_directory(struct message *message)
{
    struct vfs_make_directory_request *request = request_of(message);
    request->mode = 0755;
    put_text(request->path, &request->path_bytes, made_path);
    return STATUS_OK;
}

static enum status fill_remove(struct message *message)
{
    struct vfs_remove_request *request = request_of(message);
    put_text(request->path, &request->path_bytes, made_path);
    return make_link();
}

static enum status fill_rename(struct message *message)
{
    struct vfs_rename_request *request = request_of(message);
    request->source_bytes = sizeof "/tmp/attacked" - 1;
    put_text(request->paths, &request->paths_bytes, "/tmp/attacked/tmp/renamed");
    return STATUS_OK;
}

static void undo_rename(const struct message *message, const struct answer *answer)
{
    (void)message;
    (void)answer;
    struct vfs_rename_request request = {.source_bytes = sizeof "/tmp/renamed" - 1};
    put_text(request.paths, &request.paths_bytes, "/tmp/renamed/tmp/attacked");
    (void)vfs_rename(vfsd(), &request); /* unless it has its old name */
}

static enum status fill_symlink(struct message *message)
{
    struct vfs_symlink_request *request = request_of(message);
    request->target_bytes = 4;
    put_text(request->target_and_path, &request->target_and_path_bytes, "goal/tmp/vmade");
    return STATUS_OK;
}

static enum status fill_read_link(struct message *message)
{
    struct vfs_read_link_request *request = request_of(message);
    put_text(request->path, &request->path_bytes, made_path);
    return make_link();
}

static enum status fill_set_mode(struct message *message)
{
    struct vfs_set_mode_request *request = request_of(message);
    request->mode = 0644;
    put_text(request->path, &request->path_bytes, "/tmp/attacked");
    return STATUS_OK;
}

static enum status fill_set_times(struct message *message)
{
    struct vfs_set_times_request *request = request_of(message);
    put_text(request->path, &request->path_bytes, "/tmp/attacked");
    return STATUS_OK;
}

const struct sample vfs_name_samples[vfs_name_samples_count] = {
    {.number = VFS_ATTACH,
        .prepare = fill_attach,
        .undo = undo_attach,
        .beyond = {{0, 4, page_bits - 1, STATUS_INVALID_ARGUMENT}}},
    {.number = VFS_OPEN,
        .prepare = fill_open,
        .undo = undo_open,
        .beyond = {{0, 4, 0, STATUS_INVALID_ARGUMENT},
            {0, 4, vfs_open_read | vfs_open_truncate, STATUS_INVALID_ARGUMENT}}},
    {.number = VFS_STAT, .prepare = fill_stat},
    {.number = VFS_MAKE_DIRECTORY, .prepare = fill_make_directory, .undo = undo_directory},
    {.number = VFS_REMOVE, .prepare = fill_remove},
    {.number = VFS_RENAME,
        .prepare = fill_rename,
        .undo = undo_rename,
        .beyond = {{0, 4, sizeof "/tmp/attacked/tmp/renamed", STATUS_INVALID_ARGUMENT}}},
    {.number = VFS_SYMLINK,
        .prepare = fill_symlink,
        .undo = undo_file,
        .beyond = {{0, 4, 0, STATUS_INVALID_ARGUMENT},
            {0, 4, sizeof "goal/tmp/vmade", STATUS_INVALID_ARGUMENT}}},
    {.number = VFS_READ_LINK, .prepare = fill_read_link, .undo = undo_file},
    {.number = VFS_SET_MODE, .lasting = true, .prepare = fill_set_mode},
    {.number = VFS_SET_TIMES, .lasting = true, .prepare = fill_set_times},
    {.number = VFS_SYNC},
    {.number = VFS_MOUNTS},
    {.number = VFS_USAGE},
    {.number = VFS_SHUT_DOWN, .unsent = "nothing could be changed any more"},
};

/* --- word of ended processes --- */

static enum status fill_process_ended(struct message *message)
{
    struct event_process_ended_request *request = request_of(message);
    request->process = UINT32_MAX; /* which nobody was */
    return STATUS_OK;
}

static const struct sample event_samples[] = {
    {.number = EVENT_PROCESS_ENDED, .prepare = fill_process_ended},
};

static enum status observe_root(struct digest *digest_out)
{
    struct vfs_stat_request request = {};
    struct vfs_stat_reply reply;
    put_text(request.path, &request.path_bytes, "/");
    const enum status status = vfs_stat(vfsd(), &request, &reply);
    digest_out->words[0] = reply.found.node;
    return status;
}

const struct target target_vfsd_event = {
    .name = "vfsd-event",
    .table = &event_table,
    .samples = {{event_samples, sizeof event_samples / sizeof event_samples[0]}},
    .observe = observe_root,
};
