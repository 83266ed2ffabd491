/* SPDX-License-Identifier: ISC */
/* Operations that would change the volume: it is only read here, so each is answered READ_ONLY. */
#include "e2fsd.h"

static enum status write(void *self, struct ipc_caller caller,
    const struct filesystem_write_request *request, struct filesystem_write_reply *reply_out)
{
    (void)self;
    (void)caller;
    (void)request;
    (void)reply_out;
    return STATUS_READ_ONLY;
}

static enum status create(void *self, struct ipc_caller caller,
    const struct filesystem_create_request *request, struct filesystem_create_reply *reply_out)
{
    (void)self;
    (void)caller;
    (void)request;
    (void)reply_out;
    return STATUS_READ_ONLY;
}

static enum status symlink(void *self, struct ipc_caller caller,
    const struct filesystem_symlink_request *request, struct filesystem_symlink_reply *reply_out)
{
    (void)self;
    (void)caller;
    (void)request;
    (void)reply_out;
    return STATUS_READ_ONLY;
}

static enum status remove(
    void *self, struct ipc_caller caller, const struct filesystem_remove_request *request)
{
    (void)self;
    (void)caller;
    (void)request;
    return STATUS_READ_ONLY;
}

static enum status rename(
    void *self, struct ipc_caller caller, const struct filesystem_rename_request *request)
{
    (void)self;
    (void)caller;
    (void)request;
    return STATUS_READ_ONLY;
}

static enum status truncate(
    void *self, struct ipc_caller caller, const struct filesystem_truncate_request *request)
{
    (void)self;
    (void)caller;
    (void)request;
    return STATUS_READ_ONLY;
}

static enum status set_times(
    void *self, struct ipc_caller caller, const struct filesystem_set_times_request *request)
{
    (void)self;
    (void)caller;
    (void)request;
    return STATUS_READ_ONLY;
}

static enum status set_mode(
    void *self, struct ipc_caller caller, const struct filesystem_set_mode_request *request)
{
    (void)self;
    (void)caller;
    (void)request;
    return STATUS_READ_ONLY;
}

void e2fsd_refuse_changes(struct filesystem_server *server)
{
    server->write = write;
    server->create = create;
    server->symlink = symlink;
    server->remove = remove;
    server->rename = rename;
    server->truncate = truncate;
    server->set_times = set_times;
    server->set_mode = set_mode;
}
