/* SPDX-License-Identifier: ISC */
/* blockd and loaderd. */
#include <protocol/block.h>
#include <protocol/loader.h>
#include <slots/verify-messages-file.h>
#include <userlib/attack/transfer.h>

#include "samples.h"

static const struct block_cap blockd = {SLOT_PEER_BLOCKD};

/* --- blockd --- */

static enum status open_volume(struct block_open_reply *reply_out)
{
    struct block_open_request request = {};
    put_text(request.name, &request.name_bytes, "erix-data");
    return block_open(blockd, &request, reply_out);
}

static enum status observe_blocks(struct digest *digest_out)
{
    struct block_open_reply volume;
    const enum status status = open_volume(&volume);
    if (status == STATUS_OK) {
        memcpy(digest_out->words, &volume, sizeof volume);
    }
    return status;
}

static enum status fill_open(struct message *message)
{
    struct block_open_request *request = request_of(message);
    put_text(request->name, &request->name_bytes, "erix-data");
    return STATUS_OK;
}

static enum status attach(uint32_t *buffer_out)
{
    struct block_attach_reply attached;
    const enum status status =
        block_attach(blockd, (struct frame_cap){attack_cap(OBJECT_FRAME)}, &attached);
    *buffer_out = status == STATUS_OK ? attached.buffer : 0;
    return status;
}

static void detach(uint32_t buffer)
{
    (void)block_detach(blockd, &(struct block_detach_request){.buffer = buffer});
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
    struct block_detach_request *request = request_of(message);
    return attach(&request->buffer);
}

static enum status fill_transfer(struct message *message)
{
    struct block_read_request *request = request_of(message);
    struct block_open_reply volume = {};
    uint32_t buffer = 0;
    enum status status = open_volume(&volume);
    if (status == STATUS_OK) {
        status = attach(&buffer);
    }
    request->volume = volume.volume;
    request->count = transfer_segments;
    transfer_fill(request->segments, buffer, volume.block_count - 1);
    return status;
}

/* What was just read is written. */
static enum status fill_write(struct message *message)
{
    static_assert(sizeof(struct block_read_request) == sizeof(struct block_write_request));
    const enum status status = fill_transfer(message);
    return status == STATUS_OK ? block_read(blockd, request_of(message)) : status;
}

static void undo_transfer(const struct message *message, const struct answer *answer)
{
    (void)answer;
    struct block_read_request request;
    memcpy(&request, message->words, sizeof request);
    detach(request.segments[0].buffer);
}

static enum status fill_flush(struct message *message)
{
    struct block_flush_request *request = request_of(message);
    struct block_open_reply volume = {};
    const enum status status = open_volume(&volume);
    request->volume = volume.volume;
    return status;
}

constexpr uint16_t place_block_count =
    offsetof(struct block_read_request, segments) + offsetof(struct block_segment, block_count);
constexpr uint16_t place_offset_bytes =
    offsetof(struct block_read_request, segments) + offsetof(struct block_segment, offset_bytes);

/* The transfers are of the last block of the partition: two blocks are one too many. */
static const struct sample block_samples[] = {
    {.number = BLOCK_OPEN, .prepare = fill_open},
    {.number = BLOCK_LIST},
    {.number = BLOCK_ATTACH, .undo = undo_attach},
    {.number = BLOCK_DETACH, .prepare = fill_detach},
    {.number = BLOCK_READ,
        .prepare = fill_transfer,
        .undo = undo_transfer,
        .beyond = {{place_block_count, 4, 2, STATUS_INVALID_ARGUMENT},
            {place_block_count, 4, 0, STATUS_INVALID_ARGUMENT},
            {place_offset_bytes, 4, 4096, STATUS_INVALID_ARGUMENT}}},
    {.number = BLOCK_WRITE,
        .prepare = fill_write,
        .undo = undo_transfer,
        .beyond = {{place_block_count, 4, 2, STATUS_INVALID_ARGUMENT},
            {place_block_count, 4, 0, STATUS_INVALID_ARGUMENT},
            {place_offset_bytes, 4, 4096, STATUS_INVALID_ARGUMENT}}},
    {.number = BLOCK_FLUSH, .prepare = fill_flush},
};

const struct target target_blockd = {
    .name = "blockd",
    .table = &block_table,
    .samples = {{block_samples, sizeof block_samples / sizeof block_samples[0]}},
    .observe = observe_blocks,
};

/* --- loaderd --- */

static const struct loader_cap loaderd = {SLOT_PEER_LOADERD};

/* "/none", as the path and as the only argument. */
static enum status fill_launch(struct message *message)
{
    static const char strings[] = "/none\0/none";
    struct loader_launch_request *request = request_of(message);
    request->strings_bytes = sizeof strings;
    request->argument_count = 1;
    memcpy(verify_page(), strings, sizeof strings);
    return STATUS_OK;
}

static enum status observe_loader(struct digest *digest_out)
{
    struct message message = {};
    struct loader_launch_reply reply;
    struct endpoint_cap handle;
    const struct endpoint_cap stream = {attack_cap(OBJECT_ENDPOINT)};
    enum status status = fill_launch(&message);
    if (status == STATUS_OK) {
        status = loader_launch(loaderd, request_of(&message),
            (struct frame_cap){attack_cap(OBJECT_FRAME)}, stream, stream, stream, &reply, &handle);
    }
    digest_out->words[0] = (uint64_t)status;
    return status == STATUS_NOT_FOUND ? STATUS_OK : STATUS_INTERNAL;
}

static const struct sample loader_samples[] = {
    {.number = LOADER_LAUNCH,
        .expected = STATUS_NOT_FOUND,
        .prepare = fill_launch,
        .beyond = {{0, 4, 0, STATUS_INVALID_ARGUMENT}, {0, 4, 4097, STATUS_TOO_LARGE},
            {4, 4, 2, STATUS_INVALID_ARGUMENT}}},
};

const struct target target_loaderd = {
    .name = "loaderd",
    .table = &loader_table,
    .samples = {{loader_samples, sizeof loader_samples / sizeof loader_samples[0]}},
    .observe = observe_loader,
};
