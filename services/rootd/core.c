/* SPDX-License-Identifier: ISC */
/*
 * What procd does for all other programs, in its plainest form: memory is rootd's reserve, pages
 * are all mapped before the start, faults come to rootd, and nothing is ever given back.
 */
#include "core.h"

#include <abi/startup.h>
#include <lib/base/base.h>
#include <protocol/trap.h>
#include <userlib/program_image.h>
#include <userlib/slots.h>
#include <userlib/startup_block.h>

#include <slots/roles.h>

#include "grants.h"
#include "objects.h"

constexpr uint64_t image_memory_bytes_max = UINT64_C(8) << 20;
constexpr uint32_t stack_frame_bits = 12;

struct core {
    const struct bootconfig_launch *launch;
    struct cspace_cap cspace;
    struct address_space_cap space;
    struct thread_cap thread;
    struct frame_cap ipc_buffer;
    struct frame_cap startup_frame;
    struct startup startup; /* copied to its frame when it is complete */
    struct elf_plan plan;
    const uint8_t *file;
};

static struct core core; /* one at a time */

static enum status make_objects(void)
{
    enum status status = objects_make(OBJECT_CSPACE, core.launch->authority.cspace_bits,
        core.launch->authority.role, &core.cspace.slot);
    if (status == STATUS_OK) {
        status = objects_make(OBJECT_VSPACE, 0, 0, &core.space.slot);
    }
    if (status == STATUS_OK) {
        status = objects_make(OBJECT_THREAD, 0, 0, &core.thread.slot);
    }
    if (status == STATUS_OK) {
        status = objects_make(OBJECT_FRAME, page_bits, 0, &core.ipc_buffer.slot);
    }
    if (status == STATUS_OK) {
        status = objects_make(OBJECT_FRAME, page_bits, 0, &core.startup_frame.slot);
    }
    return status;
}

static enum status map(struct frame_cap frame, uint64_t address, uint16_t rights)
{
    return vspace_map_frame(frame,
        &(struct frame_map){.vspace = core.space, .address = address, .rights = rights},
        objects_tables());
}

/* --- memory --- */

static enum status fill_piece(const struct image_piece *piece, struct frame_cap frame)
{
    if (!image_piece_has_bytes(&core.plan, piece)) {
        return STATUS_OK;
    }
    uint8_t *memory = nullptr;
    const enum status status = objects_map_window(frame, &memory);
    if (status != STATUS_OK) {
        return status;
    }
    image_piece_fill(&core.plan, core.file, piece, memory);
    return frame_unmap(frame);
}

static enum status load_image(void)
{
    static struct image_pieces pieces;
    enum status status = image_pieces_plan(&core.plan, &pieces);
    for (uint32_t index = 0; index < pieces.count && status == STATUS_OK; index++) {
        const struct image_piece *piece = &pieces.pieces[index];
        struct frame_cap frame = {};
        status = objects_make(OBJECT_FRAME, piece->bits, 0, &frame.slot);
        if (status == STATUS_OK) {
            status = fill_piece(piece, frame);
        }
        if (status == STATUS_OK) {
            status = map(frame, piece->address, piece->rights);
        }
    }
    return status;
}

static enum status map_stack(void)
{
    const uint64_t first = stack_top - core.launch->authority.stack_bytes;
    enum status status = STATUS_OK;
    for (uint64_t at = first; at < stack_top && status == STATUS_OK;
        at += UINT64_C(1) << stack_frame_bits) {
        struct frame_cap frame = {};
        status = objects_make(OBJECT_FRAME, stack_frame_bits, 0, &frame.slot);
        if (status == STATUS_OK) {
            status = map(frame, at, RIGHT_READ | RIGHT_WRITE);
        }
    }
    return status;
}

/* The start-up block is complete: nothing is added behind this. */
static enum status write_startup(void)
{
    static_assert(sizeof core.startup <= UINT64_C(1) << page_bits);
    uint8_t *memory = nullptr;
    enum status status = objects_map_window(core.startup_frame, &memory);
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(memory, &core.startup, sizeof core.startup);
    status = frame_unmap(core.startup_frame);
    if (status == STATUS_OK) {
        status = map(core.startup_frame, startup_address, RIGHT_READ);
    }
    if (status == STATUS_OK) {
        status = map(core.ipc_buffer, ipc_buffer_address, RIGHT_READ | RIGHT_WRITE);
    }
    return status;
}

/* --- capabilities --- */

static enum status take_grant(
    void *, uint32_t, const struct bootconfig_grant *grant, cap_slot given_take)
{
    cap_slot slot = slot_null;
    enum status status = startup_block_add(&core.startup, grant, &slot);
    if (status != STATUS_OK) {
        return status;
    }
    if (grant->kind == GRANT_BOOT_CONFIG) {
        core.startup.slots[core.startup.slot_count - 1].parameter =
            (uint32_t)rootd.config_module->size_bytes;
        return map((struct frame_cap){given_take}, bootconfig_address, RIGHT_READ);
    }
    if (grant->kind == GRANT_NOTIFICATION) {
        status = thread_bind_notification(core.thread, (struct notification_cap){given_take});
        if (status != STATUS_OK) {
            return status;
        }
    }
    status = cspace_move(core.cspace, given_take, slot);
    if (status == STATUS_OK) {
        slots_give(given_take);
    }
    return status;
}

static enum status make_replies(const struct bootconfig_grant *grant, uint32_t count)
{
    enum status status = objects_make_there(OBJECT_REPLY, count, core.cspace.slot, grant->slot);
    cap_slot slot = slot_null;
    for (uint32_t added = 0; added < count && status == STATUS_OK; added++) {
        status = startup_block_add(&core.startup, grant, &slot);
    }
    return status;
}

static enum status give_own_space(const struct bootconfig_grant *grant)
{
    cap_slot slot = slot_null;
    const enum status status = startup_block_add(&core.startup, grant, &slot);
    if (status != STATUS_OK) {
        return status;
    }
    return cspace_copy(core.cspace,
        &(struct cspace_copy){.source = core.cspace.slot, .target = slot, .rights = grant->rights});
}

static enum status give_grants(const struct grant_target *target)
{
    const struct bootconfig_authority *authority = &core.launch->authority;
    enum status status = STATUS_OK;
    for (uint32_t index = 0; index < authority->grant_count && status == STATUS_OK; index++) {
        const struct bootconfig_grant grant =
            bootconfig_grant(&rootd.config, authority->first_grant + index);
        if (grant.kind == GRANT_SELF_CSPACE) {
            status = give_own_space(&grant);
        } else if (grant.kind == GRANT_REPLY) {
            status = make_replies(&grant, 1);
        } else if (grant.kind == GRANT_DEFERRED) {
            status = make_replies(&grant, grant.slot_count);
        } else {
            status = grants_fulfil(target, index, &grant, take_grant, nullptr);
        }
    }
    return status;
}

/* --- start --- */

/* A fault of a core service is a message to rootd's second thread with its role. */
static enum status mint_handler(uint32_t role, struct endpoint_cap *handler_out)
{
    const enum status status = slots_take(&handler_out->slot);
    if (status != STATUS_OK) {
        return status;
    }
    return cspace_copy(slots_cspace(), &(struct cspace_copy){.source = rootd.watch.slot,
                                           .target = handler_out->slot,
                                           .rights = RIGHT_SEND,
                                           .badge = badge_make(role, TRAP_RIGHT_FAULT)});
}

static enum status start_thread(void)
{
    const struct bootconfig_authority *authority = &core.launch->authority;
    struct endpoint_cap handler = {};
    enum status status = mint_handler(authority->role, &handler);
    if (status == STATUS_OK) {
        status = thread_configure(core.thread, &(struct thread_configure){
                                                   .cspace = core.cspace,
                                                   .vspace = core.space,
                                                   .ipc_buffer = core.ipc_buffer,
                                                   .pager = handler,
                                                   .fault_handler = handler,
                                               });
    }
    if (status == STATUS_OK) {
        status = thread_set_registers(core.thread, &(struct thread_registers){
                                                       .instruction_pointer = core.plan.entry,
                                                       .stack_pointer = stack_top,
                                                       .first_argument = startup_address,
                                                   });
    }
    if (status == STATUS_OK) {
        /* procd starts others, with priorities up to the highest. */
        status = thread_set_priority(core.thread, authority->priority, priority_count - 1);
    }
    return status == STATUS_OK ? thread_resume(core.thread) : status;
}

static enum status plan_image(const struct root_module *module)
{
    const void *file = nullptr;
    const enum status status = objects_map_module(module, &file);
    if (status != STATUS_OK) {
        return status;
    }
    core.file = file;
    const struct elf_limits limits = {
        .first_address = program_base,
        .end_address = program_end,
        .memory_bytes_max = image_memory_bytes_max,
    };
    return elf_plan_parse(core.file, module->size_bytes, limits, &core.plan, nullptr);
}

enum status core_launch(const struct bootconfig_launch *launch, const struct root_module *module,
    struct row *row, const char **reason_out)
{
    const uint32_t role = launch->authority.role;
    const struct grant_target target = {.role = role, .process = role};
    core = (struct core){.launch = launch};
    *reason_out = "ELF file";
    enum status status = plan_image(module);
    if (status != STATUS_OK) {
        return status;
    }
    *reason_out = "objects";
    status = make_objects();
    if (status != STATUS_OK) {
        return status;
    }
    *reason_out = "image";
    status = load_image();
    if (status != STATUS_OK) {
        return status;
    }
    *reason_out = "stack";
    status = map_stack();
    if (status != STATUS_OK) {
        return status;
    }
    *reason_out = "grants";
    startup_block_init(&core.startup, &rootd.config, &launch->authority, role);
    status = give_grants(&target);
    if (status != STATUS_OK) {
        return status;
    }
    *reason_out = "start-up block";
    status = write_startup();
    if (status != STATUS_OK) {
        return status;
    }
    *reason_out = "thread";
    row->process = role;
    row->thread = core.thread;
    /* procd's address space is laid out by vspaced from then on: see sequence.c. */
    return start_thread();
}

struct address_space_cap core_last_space(void)
{
    return core.space;
}
