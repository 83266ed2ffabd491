/* SPDX-License-Identifier: ISC */
/* State of vfsd, and what its files share. */
#pragma once

#include <protocol/event.h>
#include <protocol/vfs.h>

#include "mounts.h"
#include "sessions.h"

struct vfsd {
    struct mounts mounts;
    struct sessions sessions;
    struct walk walk;
    bool shut_down; /* nothing may be changed any more */
};

/* The handlers of protocol vfs over `vfsd`, and of protocol event. */
struct vfs_server vfsd_server(struct vfsd *vfsd);
struct event_server vfsd_events(struct vfsd *vfsd);

/* The answer that a changed mount must give: OK or READ_ONLY. */
enum status vfsd_check_change(const struct vfsd *vfsd, uint32_t mount);

struct filesystem_cap vfsd_provider(const struct vfsd *vfsd, uint32_t mount);

struct vfs_attributes vfsd_attributes(uint32_t mount, const struct walk_attributes *found);

/* Holds the node and fills in the file, which then stands for that hold. */
enum status vfsd_hold(
    struct vfsd *vfsd, const struct open_file *opened, struct open_file *file_out);

/* Gives the hold back; the file is unused afterwards. */
void vfsd_let_go(struct vfsd *vfsd, struct open_file *file);

/* Frees a session's buffer, if it has one: nothing refers to it when this returns (buffers.c). */
void vfsd_free_buffer(struct vfsd *vfsd, struct session *session);

/* The provider's number for the session's buffer; INVALID_ARGUMENT if the place is not in it. */
struct buffer_place {
    uint32_t mount;
    uint32_t offset_bytes;
    uint32_t length_bytes;
};
enum status vfsd_find_buffer(
    const struct vfsd *vfsd, struct session *session, struct buffer_place place, uint32_t *id_out);

/* Handlers; vfsd_server() lists them. In buffers.c, files.c, names.c and tickets.c. */
enum status vfsd_attach(void *self, struct ipc_caller caller,
    const struct vfs_attach_request *request, struct frame_cap *memory_out);

enum status vfsd_open(void *self, struct ipc_caller caller, const struct vfs_open_request *request,
    struct vfs_open_reply *reply_out);
enum status vfsd_close(
    void *self, struct ipc_caller caller, const struct vfs_close_request *request);
enum status vfsd_read(void *self, struct ipc_caller caller, const struct vfs_read_request *request,
    struct vfs_read_reply *reply_out);
enum status vfsd_write(void *self, struct ipc_caller caller,
    const struct vfs_write_request *request, struct vfs_write_reply *reply_out);
enum status vfsd_read_directory(void *self, struct ipc_caller caller,
    const struct vfs_read_directory_request *request, struct vfs_read_directory_reply *reply_out);
enum status vfsd_stat_handle(void *self, struct ipc_caller caller,
    const struct vfs_stat_handle_request *request, struct vfs_stat_handle_reply *reply_out);
enum status vfsd_truncate_handle(
    void *self, struct ipc_caller caller, const struct vfs_truncate_handle_request *request);
enum status vfsd_sync_handle(
    void *self, struct ipc_caller caller, const struct vfs_sync_handle_request *request);

enum status vfsd_stat(void *self, struct ipc_caller caller, const struct vfs_stat_request *request,
    struct vfs_stat_reply *reply_out);
enum status vfsd_make_directory(
    void *self, struct ipc_caller caller, const struct vfs_make_directory_request *request);
enum status vfsd_remove(
    void *self, struct ipc_caller caller, const struct vfs_remove_request *request);
enum status vfsd_rename(
    void *self, struct ipc_caller caller, const struct vfs_rename_request *request);
enum status vfsd_symlink(
    void *self, struct ipc_caller caller, const struct vfs_symlink_request *request);
enum status vfsd_read_link(void *self, struct ipc_caller caller,
    const struct vfs_read_link_request *request, struct vfs_read_link_reply *reply_out);
enum status vfsd_set_mode(
    void *self, struct ipc_caller caller, const struct vfs_set_mode_request *request);
enum status vfsd_set_times(
    void *self, struct ipc_caller caller, const struct vfs_set_times_request *request);

enum status vfsd_make_ticket(void *self, struct ipc_caller caller,
    const struct vfs_make_ticket_request *request, struct endpoint_cap *ticket_out);
enum status vfsd_adopt_ticket(void *self, struct ipc_caller caller, struct endpoint_cap ticket,
    struct vfs_adopt_ticket_reply *reply_out);
