/* SPDX-License-Identifier: ISC */
/* memd, vspaced, pagerd. */
#include <protocol/memory.h>
#include <protocol/pager.h>
#include <protocol/trap.h>
#include <protocol/vspace.h>
#include <slots/verify-messages-core.h>
#include <userlib/slots.h>
#include <userlib/start.h>

#include <string.h>

#include "samples.h"

static const struct memory_cap memd = {SLOT_PEER_MEMD};
static const struct vspace_cap vspaced = {SLOT_PEER_VSPACED};
static const struct pager_cap pagerd = {SLOT_PEER_PAGERD};

constexpr uint32_t nobody = 250; /* the number of no process */

/* --- memd --- */

static enum status observe_memory(struct digest *digest_out)
{
    struct memory_totals_reply totals;
    struct memory_usage_reply usage;
    enum status status = memory_totals(memd, &totals);
    if (status == STATUS_OK) {
        status = memory_usage(
            memd, &(struct memory_usage_request){.client = program_startup()->process_id}, &usage);
    }
    if (status == STATUS_OK) {
        digest_out->words[0] = totals.total_bytes;
        digest_out->words[1] = totals.free_bytes;
        digest_out->words[2] = usage.used_bytes;
        digest_out->words[3] = usage.blocks;
    }
    return status;
}

static enum status fill_allocate(struct message *message)
{
    struct memory_allocate_request *request = request_of(message);
    request->bits = page_bits;
    return STATUS_OK;
}

static void undo_allocate(const struct message *message, const struct answer *answer)
{
    (void)message;
    if (answer != nullptr) {
        (void)memory_free(memd, &(struct memory_free_request){.block = (uint32_t)answer->words[0]});
    }
}

static enum status make_block(struct message *message)
{
    struct memory_free_request *request = request_of(message);
    struct memory_allocate_reply block;
    struct untyped_cap memory;
    const enum status status = memory_allocate(
        memd, &(struct memory_allocate_request){.bits = page_bits}, &block, &memory);
    if (status == STATUS_OK) {
        request->block = block.block;
        slots_delete(memory.slot);
    }
    return status;
}

static const struct sample memory_samples[] = {
    {.number = MEMORY_ALLOCATE,
        .prepare = fill_allocate,
        .undo = undo_allocate,
        .beyond = {{0, 4, page_bits - 1, STATUS_INVALID_ARGUMENT},
            {0, 4, 0, STATUS_INVALID_ARGUMENT}}},
    {.number = MEMORY_FREE, .prepare = make_block},
    {.number = MEMORY_TOTALS},
    {.number = MEMORY_USAGE},
};

const struct target target_memd = {
    .name = "memd",
    .table = &memory_table,
    .samples = {{memory_samples, sizeof memory_samples / sizeof memory_samples[0]}},
    .observe = observe_memory,
};

/* --- vspaced --- */

static enum status observe_space(struct digest *digest_out)
{
    /* It tells nothing about itself; that it finds nothing where nothing is shows that it lives. */
    const enum status status = vspace_unmap(vspaced, &(struct vspace_unmap_request){.address = 8});
    digest_out->words[0] = (uint64_t)status;
    return status == STATUS_NOT_FOUND ? STATUS_OK : STATUS_INTERNAL;
}

static enum status fill_adopt(struct message *message)
{
    struct vspace_adopt_request *request = request_of(message);
    request->process = nobody;
    return STATUS_OK;
}

static void undo_adopt(const struct message *message, const struct answer *answer)
{
    (void)message;
    (void)answer;
    (void)vspace_release(vspaced, &(struct vspace_release_request){.process = nobody});
}

static enum status fill_release(struct message *message)
{
    struct vspace_release_request *request = request_of(message);
    request->process = nobody;
    return STATUS_OK;
}

static enum status fill_map_fixed(struct message *message)
{
    struct vspace_map_fixed_request *request = request_of(message);
    *request = (struct vspace_map_fixed_request){
        .process = nobody, .flags = vspace_map_read, .address = program_base};
    return vspace_adopt(vspaced, &(struct vspace_adopt_request){.process = nobody},
        (struct address_space_cap){attack_cap(OBJECT_VSPACE)});
}

static enum status fill_map(struct message *message)
{
    struct vspace_map_request *request = request_of(message);
    request->flags = vspace_map_read;
    return STATUS_OK;
}

static void undo_map(const struct message *message, const struct answer *answer)
{
    (void)message;
    if (answer != nullptr) {
        (void)vspace_unmap(vspaced, &(struct vspace_unmap_request){.address = answer->words[0]});
    }
}

static enum status fill_unmap(struct message *message)
{
    struct vspace_unmap_request *request = request_of(message);
    struct vspace_map_reply mapped;
    const enum status status =
        vspace_map(vspaced, &(struct vspace_map_request){.flags = vspace_map_read},
            (struct frame_cap){attack_cap(OBJECT_FRAME)}, &mapped);
    if (status == STATUS_OK) {
        request->address = mapped.address;
    }
    return status;
}

static const struct sample vspace_samples[] = {
    {.number = VSPACE_ADOPT,
        .prepare = fill_adopt,
        .undo = undo_adopt,
        .beyond = {{0, 4, 0, STATUS_INVALID_ARGUMENT}, {8, 8, 1, STATUS_INVALID_ARGUMENT}}},
    {.number = VSPACE_RELEASE, .prepare = fill_release},
    {.number = VSPACE_MAP_FIXED,
        .prepare = fill_map_fixed,
        .undo = undo_adopt,
        .beyond = {{8, 8, program_base + 1, STATUS_INVALID_ARGUMENT},
            {8, 8, UINT64_C(0x0000'8000'0000'0000), STATUS_INVALID_ARGUMENT},
            {4, 4, vspace_map_write | vspace_map_execute, STATUS_INVALID_ARGUMENT}}},
    {.number = VSPACE_MAP, .prepare = fill_map, .undo = undo_map},
    {.number = VSPACE_UNMAP,
        .prepare = fill_unmap,
        .beyond = {{0, 8, 1, STATUS_NOT_FOUND}, {0, 8, startup_address, STATUS_NOT_FOUND}}},
    {.number = VSPACE_ALLOCATE,
        .prepare = fill_allocate,
        .undo = undo_map,
        .beyond = {{0, 4, frame_bits_min - 1, STATUS_INVALID_ARGUMENT}}},
};

const struct target target_vspaced = {
    .name = "vspaced",
    .table = &vspace_table,
    .samples = {{vspace_samples, sizeof vspace_samples / sizeof vspace_samples[0]}},
    .observe = observe_space,
};

/* --- pagerd --- */

/* Of the verifier itself; its faults are counted too, but a refused one counts as well. */
static enum status observe_pager(struct digest *digest_out)
{
    struct pager_usage_reply usage;
    const enum status status = pager_usage(
        pagerd, &(struct pager_usage_request){.process = program_startup()->process_id}, &usage);
    if (status == STATUS_OK) {
        digest_out->words[0] = usage.resident_bytes;
    }
    return status;
}

static enum status fill_attach(struct message *message)
{
    struct pager_attach_request *request = request_of(message);
    request->process = nobody;
    request->heap_bytes = UINT64_C(1) << page_bits;
    return STATUS_OK;
}

static void undo_attach(const struct message *message, const struct answer *answer)
{
    (void)message;
    (void)answer;
    (void)pager_detach(pagerd, &(struct pager_detach_request){.process = nobody});
}

static enum status fill_usage(struct message *message)
{
    struct pager_usage_request *request = request_of(message);
    request->process = program_startup()->process_id;
    return STATUS_OK;
}

static const struct sample pager_samples[] = {
    {.number = PAGER_ATTACH,
        .prepare = fill_attach,
        .undo = undo_attach,
        .beyond = {{0, 4, 0, STATUS_INVALID_ARGUMENT}, {8, 8, 1, STATUS_INVALID_ARGUMENT},
            {16, 8, 1, STATUS_INVALID_ARGUMENT}}},
    {.number = PAGER_DETACH, .prepare = fill_release},
    {.number = PAGER_USAGE, .prepare = fill_usage, .beyond = {{0, 4, 0, STATUS_NOT_FOUND}}},
};

const struct target target_pagerd = {
    .name = "pagerd",
    .table = &pager_table,
    .samples = {{pager_samples, sizeof pager_samples / sizeof pager_samples[0]}},
    .observe = observe_pager,
};

static const struct sample pager_trap_samples[] = {
    {.number = TRAP_PAGE, .expected = STATUS_NOT_FOUND},
    {.number = TRAP_EXCEPTION, .expected = STATUS_UNSUPPORTED},
    {.number = TRAP_EXIT, .expected = STATUS_UNSUPPORTED},
};

const struct target target_pagerd_trap = {
    .name = "pagerd-trap",
    .table = &trap_table,
    .samples = {{pager_trap_samples, sizeof pager_trap_samples / sizeof pager_trap_samples[0]}},
    .observe = observe_pager,
};
