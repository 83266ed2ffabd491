/* SPDX-License-Identifier: ISC */
/* Transfers gathered into messages. */
#include "partition_device.h"

#include <string.h>

struct batch {
    const struct partition_transport *transport;
    uint32_t count;
    struct partition_segment segments[partition_segments_max];
};

static enum status send(struct batch *batch)
{
    if (batch->count == 0) {
        return STATUS_OK;
    }
    const uint32_t count = batch->count;
    batch->count = 0;
    return batch->transport->read(batch->transport->self, batch->segments, count);
}

static enum status add(struct batch *batch, const struct block_transfer *transfer)
{
    enum status status = batch->count == partition_segments_max ? send(batch) : STATUS_OK;
    if (status == STATUS_OK) {
        batch->segments[batch->count++] = (struct partition_segment){
            .first_block = transfer->first_block,
            .buffer = transfer->buffer.handle - 1,
            .offset_bytes = (uint32_t)transfer->buffer.offset_bytes,
            .block_count = transfer->block_count,
        };
    }
    return status;
}

static bool is_direct(const struct block_buffer *buffer)
{
    return buffer->handle != block_handle_none &&
           buffer->offset_bytes % partition_alignment_bytes == 0 &&
           buffer->offset_bytes <= UINT32_MAX;
}

/* Read into the staging area piece by piece, and copy from there. */
static enum status read_staged(
    struct partition_device *partition, const struct block_transfer *transfer)
{
    const uint32_t block_bytes = partition->device.block_bytes;
    const uint32_t piece_max = partition->staging_bytes / block_bytes;
    uint8_t *target = transfer->buffer.bytes;
    if (target == nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct batch batch = {.transport = &partition->transport};
    for (uint32_t done = 0; done < transfer->block_count;) {
        const uint32_t left = transfer->block_count - done;
        const struct block_transfer piece = {
            .first_block = transfer->first_block + done,
            .block_count = left < piece_max ? left : piece_max,
            .buffer = partition->staging,
        };
        enum status status = add(&batch, &piece);
        if (status == STATUS_OK) {
            status = send(&batch);
        }
        if (status != STATUS_OK) {
            return status;
        }
        memcpy(target + (size_t)done * block_bytes, partition->staging.bytes,
            (size_t)piece.block_count * block_bytes);
        done += piece.block_count;
    }
    return STATUS_OK;
}

static enum status read(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    struct partition_device *partition = device->context;
    struct batch batch = {.transport = &partition->transport};
    for (uint32_t i = 0; i < transfer_count; i++) {
        enum status status = is_direct(&transfers[i].buffer)
                                 ? add(&batch, &transfers[i])
                                 : read_staged(partition, &transfers[i]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return send(&batch);
}

static const struct block_device_operations operations = {.read = read};

void partition_device_init(struct partition_device *partition, struct partition_shape shape)
{
    partition->device = (struct block_device){
        .operations = &operations,
        .context = partition,
        .block_bytes = shape.block_bytes,
        .block_count = shape.block_count,
        .read_only = true,
    };
}
