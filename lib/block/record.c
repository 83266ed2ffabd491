/* SPDX-License-Identifier: ISC */
/*
 * A wrapper that writes down every write and flush, and builds from them what a loss of power could
 * have left on the medium. Only a flush promises anything: writes before it are there; those after
 * the last one may each be there, be missing, or have arrived in part.
 */
#include <lib/block/block.h>

#include <string.h>

static struct block_record_event *add_event(struct block_record *record)
{
    if (record->event_count == record->memory.event_count_max) {
        record->overflowed = true;
        return nullptr;
    }
    return &record->memory.events[record->event_count++];
}

/* Writes down one transfer; false if there is no room. */
static bool note_write(struct block_record *record, const struct block_transfer *transfer)
{
    uint64_t size_bytes = (uint64_t)transfer->block_count * record->device.block_bytes;
    if (transfer->buffer.bytes == nullptr ||
        size_bytes > record->memory.data_bytes - record->used_bytes) {
        record->overflowed = true;
        return false;
    }
    struct block_record_event *event = add_event(record);
    if (event == nullptr) {
        return false;
    }
    *event = (struct block_record_event){
        .first_block = transfer->first_block,
        .block_count = transfer->block_count,
        .at_bytes = record->used_bytes,
    };
    memcpy(record->memory.data + record->used_bytes, transfer->buffer.bytes, size_bytes);
    record->used_bytes += size_bytes;
    return true;
}

static enum status record_read(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    struct block_record *record = device->context;
    return block_read(record->below, transfers, transfer_count);
}

static enum status record_write(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    struct block_record *record = device->context;
    for (uint32_t index = 0; index < transfer_count; index++) {
        if (!note_write(record, &transfers[index])) {
            return STATUS_NO_MEMORY;
        }
    }
    return block_write(record->below, transfers, transfer_count);
}

static enum status record_flush(struct block_device *device)
{
    struct block_record *record = device->context;
    struct block_record_event *event = add_event(record);
    if (event == nullptr) {
        return STATUS_NO_MEMORY;
    }
    *event = (struct block_record_event){.flush = true};
    return block_flush(record->below);
}

static const struct block_device_operations record_operations = {
    .read = record_read,
    .write = record_write,
    .flush = record_flush,
};

void block_record_init(
    struct block_record *record, struct block_device *below, struct block_record_memory memory)
{
    *record = (struct block_record){.device = *below, .below = below, .memory = memory};
    record->device.operations = &record_operations;
    record->device.context = record;
}

void block_record_restart(struct block_record *record)
{
    record->event_count = 0;
    record->used_bytes = 0;
    record->overflowed = false;
}

uint32_t block_record_first_unflushed(const struct block_record *record, uint32_t event_count)
{
    while (event_count > 0 && !record->memory.events[event_count - 1].flush) {
        event_count--;
    }
    return event_count;
}

enum status block_record_apply(const struct block_record *record, uint32_t index,
    struct block_record_part part, struct block_device *target)
{
    const struct block_record_event *event = &record->memory.events[index];
    uint32_t first =
        part.skipped_blocks < event->block_count ? part.skipped_blocks : event->block_count;
    uint32_t left = event->block_count - first;
    uint32_t count = part.block_count < left ? part.block_count : left;
    if (event->flush || count == 0) {
        return STATUS_OK;
    }
    struct block_transfer transfer = {
        .first_block = event->first_block + first,
        .block_count = count,
        .buffer = block_buffer_plain(
            record->memory.data + event->at_bytes + (uint64_t)first * record->device.block_bytes),
    };
    return block_write(target, &transfer, 1);
}

/* Numbers that depend on seed and index in no simple way: steps of the SplitMix64 generator. */
static uint64_t mix(uint64_t seed, uint64_t index)
{
    uint64_t value = seed + (index + 1) * 0x9e3779b97f4a7c15;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
}

/* Two of four writes arrive, one is lost, one arrives in part: its beginning or its end. */
static struct block_record_part random_part(
    const struct block_record_event *event, uint64_t seed, uint32_t index)
{
    uint64_t number = mix(seed, index);
    uint32_t blocks = (uint32_t)((number >> 8) % ((uint64_t)event->block_count + 1));
    switch (number % 8) {
    case 0:
    case 1:
        return block_record_nothing;
    case 2:
        return (struct block_record_part){.block_count = blocks};
    case 3:
        return (struct block_record_part){.skipped_blocks = blocks, .block_count = UINT32_MAX};
    default:
        return block_record_all;
    }
}

static struct block_record_part part_of(
    const struct block_record *record, struct block_record_crash crash, uint32_t index)
{
    if (index < block_record_first_unflushed(record, crash.event_count)) {
        return block_record_all;
    }
    switch (crash.kind) {
    case BLOCK_RECORD_PREFIX:
        return block_record_all;
    case BLOCK_RECORD_OMIT:
        return index == crash.index ? block_record_nothing : block_record_all;
    case BLOCK_RECORD_TEAR:
        return index == crash.index ? crash.part : block_record_all;
    case BLOCK_RECORD_RANDOM:
        return random_part(&record->memory.events[index], crash.seed, index);
    }
    return block_record_all;
}

enum status block_record_rebuild(
    const struct block_record *record, struct block_record_crash crash, struct block_device *target)
{
    enum status status = STATUS_OK;
    for (uint32_t index = 0; status == STATUS_OK && index < crash.event_count; index++) {
        status = block_record_apply(record, index, part_of(record, crash, index), target);
    }
    return status;
}
