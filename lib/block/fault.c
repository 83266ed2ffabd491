/* SPDX-License-Identifier: ISC */
/*
 * A wrapper that fails, tears or drops operations by plan, or spoils what they ask for, and counts
 * how often it did: a test whose fault was never hit has tested nothing.
 */
#include <lib/block/block.h>

static bool strike(struct block_fault *fault, enum block_fault_kind kind)
{
    const struct block_fault_plan *plan = &fault->plan;
    if ((plan->kinds & kind) == 0) {
        return false;
    }
    uint64_t number = fault->operation_count++;
    if (number < plan->first || number - plan->first >= plan->count) {
        return false;
    }
    fault->hit_count++;
    return true;
}

static enum status strike_status(const struct block_fault *fault)
{
    return fault->plan.effect == BLOCK_FAULT_DROP ? STATUS_OK : fault->plan.status;
}

/* All that is between the blocks of the vector is spoiled with them. */
static void spoil(
    struct block_fault *fault, const struct block_transfer *transfers, uint32_t transfer_count)
{
    fault->spoiled_first = UINT64_MAX;
    for (uint32_t index = 0; index < transfer_count; index++) {
        uint64_t first = transfers[index].first_block;
        uint64_t end = first + transfers[index].block_count;
        fault->spoiled_first = first < fault->spoiled_first ? first : fault->spoiled_first;
        fault->spoiled_end = end > fault->spoiled_end ? end : fault->spoiled_end;
    }
}

static bool is_spoiled(const struct block_fault *fault, const struct block_transfer *transfers,
    uint32_t transfer_count)
{
    for (uint32_t index = 0; index < transfer_count; index++) {
        uint64_t first = transfers[index].first_block;
        uint64_t end = first + transfers[index].block_count;
        if (first < fault->spoiled_end && end > fault->spoiled_first) {
            return true;
        }
    }
    return false;
}

static enum status fault_read(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    struct block_fault *fault = device->context;
    if (strike(fault, BLOCK_FAULT_READ)) {
        if (fault->plan.effect == BLOCK_FAULT_SPOIL) {
            spoil(fault, transfers, transfer_count);
        }
        return strike_status(fault);
    }
    if (is_spoiled(fault, transfers, transfer_count)) {
        return fault->plan.status;
    }
    return block_read(fault->below, transfers, transfer_count);
}

/* Writes the first half of the blocks of the whole vector. */
static enum status write_half(
    struct block_fault *fault, const struct block_transfer *transfers, uint32_t transfer_count)
{
    uint64_t left_count = 0;
    for (uint32_t index = 0; index < transfer_count; index++) {
        left_count += transfers[index].block_count;
    }
    left_count /= 2;
    for (uint32_t index = 0; index < transfer_count && left_count > 0; index++) {
        struct block_transfer part = transfers[index];
        part.block_count = left_count < part.block_count ? (uint32_t)left_count : part.block_count;
        enum status status = block_write(fault->below, &part, 1);
        if (status != STATUS_OK) {
            return status;
        }
        left_count -= part.block_count;
    }
    return fault->plan.status;
}

static enum status fault_write(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    struct block_fault *fault = device->context;
    if (!strike(fault, BLOCK_FAULT_WRITE)) {
        return block_write(fault->below, transfers, transfer_count);
    }
    if (fault->plan.effect == BLOCK_FAULT_TEAR) {
        return write_half(fault, transfers, transfer_count);
    }
    return strike_status(fault);
}

static enum status fault_flush(struct block_device *device)
{
    struct block_fault *fault = device->context;
    if (strike(fault, BLOCK_FAULT_FLUSH)) {
        return strike_status(fault);
    }
    return block_flush(fault->below);
}

static const struct block_device_operations fault_operations = {
    .read = fault_read,
    .write = fault_write,
    .flush = fault_flush,
};

void block_fault_init(struct block_fault *fault, struct block_device *below)
{
    *fault = (struct block_fault){.device = *below, .below = below};
    fault->device.operations = &fault_operations;
    fault->device.context = fault;
}

void block_fault_arm(struct block_fault *fault, struct block_fault_plan plan)
{
    fault->plan = plan;
    fault->operation_count = 0;
    fault->hit_count = 0;
    fault->spoiled_first = 0;
    fault->spoiled_end = 0;
}
