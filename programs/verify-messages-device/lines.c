/* SPDX-License-Identifier: ISC */
/* drv-serial, seriald, drv-virtio-block. */
#include <protocol/disk.h>
#include <protocol/serial.h>
#include <protocol/terminal.h>
#include <slots/verify-messages-device.h>
#include <userlib/attack/transfer.h>

#include <string.h>

#include "samples.h"

static const struct disk_cap disk = {SLOT_PEER_DRV_VIRTIO_BLOCK};
static const struct terminal_cap terminal = {SLOT_PEER_SERIALD};

/* --- drv-serial --- */

static enum status observe_serial(struct digest *digest_out)
{
    struct serial_statistics_reply statistics;
    const enum status status =
        serial_statistics((struct serial_cap){SLOT_PEER_DRV_SERIAL}, &statistics);
    if (status == STATUS_OK) {
        digest_out->words[0] = statistics.received;
        digest_out->words[1] = statistics.overruns;
    }
    return status;
}

static const struct sample serial_samples[] = {
    {.number = SERIAL_WRITE},
    {.number = SERIAL_READ, .expected = STATUS_WOULD_BLOCK},
    {.number = SERIAL_DRAIN},
    {.number = SERIAL_STATISTICS},
};

const struct target target_serial = {
    .name = "drv-serial",
    .table = &serial_table,
    .samples = {{serial_samples, sizeof serial_samples / sizeof serial_samples[0]}},
    .observe = observe_serial,
};

/* --- seriald --- */

static enum status observe_terminal(struct digest *digest_out)
{
    struct terminal_usage_reply usage;
    const enum status status = terminal_usage(terminal, &usage);
    if (status == STATUS_OK) {
        digest_out->words[0] = usage.reading;
    }
    return status;
}

static enum status fill_read(struct message *message)
{
    struct terminal_read_request *request = request_of(message);
    request->max_bytes = 1;
    return STATUS_OK;
}

static void undo_foreground(const struct message *message, const struct answer *answer)
{
    (void)message;
    (void)answer;
    (void)terminal_clear_foreground(terminal);
}

static const struct sample terminal_samples[] = {
    {.number = TERMINAL_WRITE},
    {.number = TERMINAL_READ,
        .unsent = "it would wait for a person",
        .prepare = fill_read,
        .beyond = {{0, 4, 0, STATUS_INVALID_ARGUMENT}}},
    {.number = TERMINAL_SET_MODE},
    {.number = TERMINAL_SET_FOREGROUND, .undo = undo_foreground},
    {.number = TERMINAL_CLEAR_FOREGROUND},
    {.number = TERMINAL_DRAIN},
    {.number = TERMINAL_USAGE},
};

const struct target target_terminal = {
    .name = "seriald",
    .table = &terminal_table,
    .samples = {{terminal_samples, sizeof terminal_samples / sizeof terminal_samples[0]}},
    .observe = observe_terminal,
};

/* --- drv-virtio-block --- */

static enum status observe_disk(struct digest *digest_out)
{
    struct disk_describe_reply description;
    const enum status status = disk_describe(disk, &description);
    if (status == STATUS_OK) {
        memcpy(digest_out->words, &description, sizeof description);
    }
    return status;
}

static enum status attach(uint32_t *buffer_out)
{
    struct disk_attach_reply attached;
    const enum status status =
        disk_attach(disk, (struct frame_cap){attack_cap(OBJECT_FRAME)}, &attached);
    *buffer_out = status == STATUS_OK ? attached.buffer : 0;
    return status;
}

static void detach(uint32_t buffer)
{
    (void)disk_detach(disk, &(struct disk_detach_request){.buffer = buffer});
}

static void undo_attach(const struct message *message, const struct answer *answer)
{
    (void)message;
    if (answer != nullptr) {
        detach((uint32_t)answer->words[0]);
    }
}

static enum status fill_detach(struct message *message)
{
    struct disk_detach_request *request = request_of(message);
    return attach(&request->buffer);
}

static enum status fill_transfer(struct message *message)
{
    struct disk_read_request *request = request_of(message);
    uint32_t buffer = 0;
    const enum status status = attach(&buffer);
    request->count = transfer_segments;
    transfer_fill(request->segments, buffer, 0);
    return status;
}

/* What was just read is written. */
static enum status fill_write(struct message *message)
{
    static_assert(sizeof(struct disk_read_request) == sizeof(struct disk_write_request));
    const enum status status = fill_transfer(message);
    return status == STATUS_OK ? disk_read(disk, request_of(message)) : status;
}

static void undo_transfer(const struct message *message, const struct answer *answer)
{
    (void)answer;
    struct disk_read_request request;
    memcpy(&request, message->words, sizeof request);
    detach(request.segments[0].buffer);
}

constexpr uint16_t place_first_block = offsetof(struct disk_read_request, segments);
constexpr uint16_t place_offset_bytes =
    place_first_block + offsetof(struct disk_segment, offset_bytes);
constexpr uint16_t place_block_count =
    place_first_block + offsetof(struct disk_segment, block_count);

static const struct sample disk_samples[] = {
    {.number = DISK_DESCRIBE},
    {.number = DISK_ATTACH, .undo = undo_attach},
    {.number = DISK_DETACH, .prepare = fill_detach},
    {.number = DISK_READ,
        .prepare = fill_transfer,
        .undo = undo_transfer,
        .beyond = {{place_offset_bytes, 4, 4096, STATUS_INVALID_ARGUMENT},
            {place_offset_bytes, 4, 4096 - 511, STATUS_INVALID_ARGUMENT},
            {place_block_count, 4, 9, STATUS_INVALID_ARGUMENT}}},
    {.number = DISK_WRITE,
        .prepare = fill_write,
        .undo = undo_transfer,
        .beyond = {{place_offset_bytes, 4, 4096, STATUS_INVALID_ARGUMENT},
            {place_offset_bytes, 4, 4096 - 511, STATUS_INVALID_ARGUMENT},
            {place_block_count, 4, 0, STATUS_INVALID_ARGUMENT}}},
    {.number = DISK_FLUSH},
};

const struct target target_disk = {
    .name = "drv-virtio-block",
    .table = &disk_table,
    .samples = {{disk_samples, sizeof disk_samples / sizeof disk_samples[0]}},
    .observe = observe_disk,
};
