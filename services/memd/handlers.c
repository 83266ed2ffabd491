/* SPDX-License-Identifier: ISC */
/* One function for each operation of protocol memory, in its order. */
#include "handlers.h"

constexpr uint32_t block_bits_min = 12;
constexpr uint32_t block_bits_max = 30;

static enum status handle_allocate(void *self, struct ipc_caller caller,
    const struct memory_allocate_request *request, struct memory_allocate_reply *reply_out,
    struct untyped_cap *memory_out)
{
    if (request->bits < block_bits_min || request->bits > block_bits_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    return ram_allocate(self, caller.client, request->bits, &reply_out->block, memory_out);
}

static enum status handle_free(
    void *self, struct ipc_caller caller, const struct memory_free_request *request)
{
    return ram_free(self, caller.client, request->block);
}

static enum status handle_totals(
    void *self, struct ipc_caller caller, struct memory_totals_reply *reply_out)
{
    (void)caller;
    const struct ram *ram = self;
    *reply_out = (struct memory_totals_reply){
        .total_bytes = ram->buddy.total_bytes,
        .free_bytes = ram->buddy.free_bytes,
    };
    return STATUS_OK;
}

static enum status handle_usage(void *self, struct ipc_caller caller,
    const struct memory_usage_request *request, struct memory_usage_reply *reply_out)
{
    (void)caller;
    const struct ram_usage usage = ram_usage(self, request->client);
    *reply_out =
        (struct memory_usage_reply){.used_bytes = usage.used_bytes, .blocks = usage.blocks};
    return STATUS_OK;
}

struct memory_server memory_handlers(struct ram *ram)
{
    return (struct memory_server){
        .self = ram,
        .allocate = handle_allocate,
        .free = handle_free,
        .totals = handle_totals,
        .usage = handle_usage,
    };
}
