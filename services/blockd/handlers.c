/* SPDX-License-Identifier: ISC */
/* Operations of protocol block, in its order. */
#include <slots/blockd.h>
#include <userlib/slots.h>

#include <string.h>

#include "blockd.h"
#include "partition.h"

static const struct disk_cap driver = {SLOT_PEER_DRV_VIRTIO_BLOCK};

static enum status open(void *self, struct ipc_caller caller,
    const struct block_open_request *request, struct block_open_reply *reply_out)
{
    (void)caller;
    const struct blockd *blockd = self;
    uint32_t index;
    enum status status = partition_find(&blockd->table, request->name, &index);
    if (status != STATUS_OK) {
        return status;
    }
    reply_out->volume = index;
    reply_out->block_bytes = blockd->disk.block_bytes;
    reply_out->block_count = blockd->table.partitions[index].block_count;
    reply_out->read_only = blockd->disk.read_only;
    return STATUS_OK;
}

static enum status list(void *self, struct ipc_caller caller,
    const struct block_list_request *request, struct block_list_reply *reply_out)
{
    (void)caller;
    const struct blockd *blockd = self;
    if (request->index >= blockd->table.partition_count) {
        return STATUS_END;
    }
    const struct gpt_partition *partition = &blockd->table.partitions[request->index];
    reply_out->first_block = partition->first_block;
    reply_out->block_count = partition->block_count;
    reply_out->block_bytes = blockd->disk.block_bytes;
    partition_copy_name(partition, reply_out->name, sizeof reply_out->name);
    static_assert(sizeof reply_out->unique == sizeof partition->unique.bytes);
    memcpy(reply_out->unique, partition->unique.bytes, sizeof reply_out->unique);
    memcpy(reply_out->kind, partition->type.bytes, sizeof reply_out->kind);
    return STATUS_OK;
}

/* The driver keeps its own copy of the capability. */
static enum status attach(void *self, struct ipc_caller caller, struct frame_cap memory,
    struct block_attach_reply *reply_out)
{
    struct blockd *blockd = self;
    struct disk_attach_reply attached;
    enum status status = disk_attach(driver, memory, &attached);
    if (status != STATUS_OK) {
        return status;
    }
    status = owners_set(&blockd->owners, attached.buffer, caller.client);
    if (status != STATUS_OK) {
        (void)disk_detach(driver, &(struct disk_detach_request){.buffer = attached.buffer});
        return status;
    }
    slots_delete(memory.slot);
    reply_out->buffer = attached.buffer;
    return STATUS_OK;
}

static enum status detach(
    void *self, struct ipc_caller caller, const struct block_detach_request *request)
{
    struct blockd *blockd = self;
    if (!owners_has(&blockd->owners, request->buffer, caller.client)) {
        return STATUS_NOT_FOUND;
    }
    enum status status =
        disk_detach(driver, &(struct disk_detach_request){.buffer = request->buffer});
    if (status == STATUS_OK) {
        owners_clear(&blockd->owners, request->buffer);
    }
    return status;
}

/* What read and write ask for. */
struct transfer {
    uint32_t client;
    uint32_t volume;
    uint32_t count;
    const struct block_segment *segments; /* borrowed from the request */
};

/* The segments as the driver takes them; all or none. */
static enum status translate(const struct blockd *blockd, const struct transfer *transfer,
    struct disk_segment segments_out[static disk_segments_max])
{
    static_assert(block_segments_max == disk_segments_max);
    if (transfer->volume >= blockd->table.partition_count) {
        return STATUS_NOT_FOUND;
    }
    if (transfer->count == 0 || transfer->count > block_segments_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    const struct gpt_partition *partition = &blockd->table.partitions[transfer->volume];
    for (uint32_t i = 0; i < transfer->count; i++) {
        const struct block_segment *source = &transfer->segments[i];
        if (!owners_has(&blockd->owners, source->buffer, transfer->client)) {
            return STATUS_NOT_FOUND;
        }
        struct disk_segment *target = &segments_out[i];
        enum status status = partition_translate(
            partition, source->first_block, source->block_count, &target->first_block);
        if (status != STATUS_OK) {
            return status;
        }
        target->buffer = source->buffer;
        target->offset_bytes = source->offset_bytes;
        target->block_count = source->block_count;
    }
    return STATUS_OK;
}

static enum status read(
    void *self, struct ipc_caller caller, const struct block_read_request *request)
{
    const struct transfer transfer = {
        caller.client, request->volume, request->count, request->segments};
    struct disk_read_request moved = {.count = request->count};
    enum status status = translate(self, &transfer, moved.segments);
    return status == STATUS_OK ? disk_read(driver, &moved) : status;
}

static enum status write(
    void *self, struct ipc_caller caller, const struct block_write_request *request)
{
    const struct transfer transfer = {
        caller.client, request->volume, request->count, request->segments};
    struct disk_write_request moved = {.count = request->count};
    enum status status = translate(self, &transfer, moved.segments);
    return status == STATUS_OK ? disk_write(driver, &moved) : status;
}

static enum status flush(
    void *self, struct ipc_caller caller, const struct block_flush_request *request)
{
    (void)caller;
    const struct blockd *blockd = self;
    return request->volume < blockd->table.partition_count ? disk_flush(driver) : STATUS_NOT_FOUND;
}

struct block_server blockd_handlers(struct blockd *blockd)
{
    return (struct block_server){
        .self = blockd,
        .open = open,
        .list = list,
        .attach = attach,
        .detach = detach,
        .read = read,
        .write = write,
        .flush = flush,
    };
}
