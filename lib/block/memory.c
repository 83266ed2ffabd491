/* SPDX-License-Identifier: ISC */
/*
 * A block device in memory. It reaches only buffers that this program sees.
 */
#include <lib/block/block.h>

#include <string.h>

static bool buffers_visible(const struct block_transfer *transfers, uint32_t transfer_count)
{
    for (uint32_t index = 0; index < transfer_count; index++) {
        if (transfers[index].buffer.bytes == nullptr) {
            return false;
        }
    }
    return true;
}

static uint8_t *transfer_bytes(
    struct block_device *device, const struct block_transfer *transfer, size_t *size_bytes_out)
{
    struct block_memory *memory = device->context;
    *size_bytes_out = (size_t)transfer->block_count * device->block_bytes;
    return memory->bytes + transfer->first_block * device->block_bytes;
}

static enum status memory_read(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    if (!buffers_visible(transfers, transfer_count)) {
        return STATUS_INVALID_ARGUMENT;
    }
    for (uint32_t index = 0; index < transfer_count; index++) {
        size_t size_bytes;
        const uint8_t *source = transfer_bytes(device, &transfers[index], &size_bytes);
        memcpy(transfers[index].buffer.bytes, source, size_bytes);
    }
    return STATUS_OK;
}

static enum status memory_write(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    if (!buffers_visible(transfers, transfer_count)) {
        return STATUS_INVALID_ARGUMENT;
    }
    for (uint32_t index = 0; index < transfer_count; index++) {
        size_t size_bytes;
        uint8_t *target = transfer_bytes(device, &transfers[index], &size_bytes);
        memcpy(target, transfers[index].buffer.bytes, size_bytes);
    }
    return STATUS_OK;
}

static enum status memory_flush(struct block_device *)
{
    return STATUS_OK;
}

static const struct block_device_operations memory_operations = {
    .read = memory_read,
    .write = memory_write,
    .flush = memory_flush,
};

void block_memory_init(
    struct block_memory *memory, void *bytes, uint64_t size_bytes, uint32_t block_bytes)
{
    *memory = (struct block_memory){
        .device =
            {
                .operations = &memory_operations,
                .context = memory,
                .block_bytes = block_bytes,
                .block_count = size_bytes / block_bytes,
            },
        .bytes = bytes,
    };
}
