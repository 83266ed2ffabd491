/* SPDX-License-Identifier: ISC */
/* Operations of protocol disk, in its order. */
#include "handlers.h"

static enum status describe(
    void *self, struct ipc_caller caller, struct disk_describe_reply *reply_out)
{
    (void)caller;
    const struct device *device = ((struct requests *)self)->device;
    reply_out->block_count = device->geometry.block_count;
    reply_out->block_bytes = device->geometry.block_bytes;
    reply_out->read_only = device->read_only;
    return STATUS_OK;
}

static enum status attach(void *self, struct ipc_caller caller, struct frame_cap memory,
    struct disk_attach_reply *reply_out)
{
    (void)caller;
    struct requests *requests = self;
    return buffers_attach(&requests->buffers, memory, &reply_out->buffer);
}

static enum status detach(
    void *self, struct ipc_caller caller, const struct disk_detach_request *request)
{
    (void)caller;
    struct requests *requests = self;
    return buffers_detach(&requests->buffers, request->buffer);
}

static enum status transfer(struct requests *requests, enum request_kind kind, uint32_t count,
    const struct disk_segment *segments)
{
    struct transfer transfer;
    enum status status = requests_decode(requests, kind, count, segments, &transfer);
    return status == STATUS_OK ? requests_submit(requests, &transfer) : status;
}

static enum status read(
    void *self, struct ipc_caller caller, const struct disk_read_request *request)
{
    (void)caller;
    return transfer(self, REQUEST_READ, request->count, request->segments);
}

static enum status write(
    void *self, struct ipc_caller caller, const struct disk_write_request *request)
{
    (void)caller;
    return transfer(self, REQUEST_WRITE, request->count, request->segments);
}

static enum status flush(void *self, struct ipc_caller caller)
{
    (void)caller;
    const struct transfer transfer = {.kind = REQUEST_FLUSH, .piece_count = 1};
    return requests_submit(self, &transfer);
}

struct disk_server disk_handlers(struct requests *requests)
{
    return (struct disk_server){
        .self = requests,
        .describe = describe,
        .attach = attach,
        .detach = detach,
        .read = read,
        .write = write,
        .flush = flush,
    };
}
