/* SPDX-License-Identifier: ISC */
/*
 * The checked way into a device: after these checks no layer below needs to doubt its arguments.
 */
#include <lib/block/block.h>

static bool transfers_fit(const struct block_device *device, const struct block_transfer *transfers,
    uint32_t transfer_count)
{
    if (transfer_count == 0 || transfer_count > block_transfer_count_max) {
        return false;
    }
    for (uint32_t index = 0; index < transfer_count; index++) {
        const struct block_transfer *transfer = &transfers[index];
        if (transfer->block_count == 0 || transfer->block_count > device->block_count ||
            transfer->first_block > device->block_count - transfer->block_count) {
            return false;
        }
    }
    return true;
}

enum status block_read(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    if (!transfers_fit(device, transfers, transfer_count)) {
        return STATUS_INVALID_ARGUMENT;
    }
    return device->operations->read(device, transfers, transfer_count);
}

enum status block_write(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    if (device->read_only) {
        return STATUS_READ_ONLY;
    }
    if (!transfers_fit(device, transfers, transfer_count)) {
        return STATUS_INVALID_ARGUMENT;
    }
    return device->operations->write(device, transfers, transfer_count);
}

enum status block_flush(struct block_device *device)
{
    return device->read_only ? STATUS_OK : device->operations->flush(device);
}
