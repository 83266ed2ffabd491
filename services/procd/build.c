/* SPDX-License-Identifier: ISC */
/*
 * A process in one block of memory: objects first, then frames. The size of the block is found by
 * going through the same list that is then made, so the two cannot differ.
 */
#include "build.h"

#include <lib/base/base.h>
#include <protocol/memory.h>
#include <protocol/pager.h>
#include <protocol/trap.h>
#include <protocol/vspace.h>
#include <userlib/assert.h>
#include <userlib/program_image.h>
#include <userlib/slots.h>
#include <userlib/startup_block.h>

#include <slots/procd.h>
#include <slots/roles.h>

#include <string.h>

constexpr struct memory_cap memd = {SLOT_PEER_MEMD};
constexpr struct vspace_cap vspaced = {SLOT_PEER_VSPACED};

constexpr uint64_t image_memory_bytes_max = UINT64_C(64) << 20;
constexpr uint64_t page_bytes = UINT64_C(1) << page_bits;
constexpr uint64_t object_alignment_bytes = 64;

/* All of a process that is under construction. */
struct construction {
    const struct build_request *request;
    struct process *process;
    struct elf_plan plan;
    struct image_pieces pieces;
    uint32_t startup_bits;
    uint32_t reply_count;
};

/* --- how much memory --- */

struct size {
    uint64_t bytes;
};

static void size_add(struct size *size, uint64_t bytes, uint64_t alignment)
{
    size->bytes = align_up(size->bytes, alignment) + bytes;
}

/* In the order of construct(). */
static uint32_t find_block_bits(const struct construction *construction)
{
    struct size size = {};
    const uint64_t startup_bytes = UINT64_C(1) << construction->startup_bits;
    const uint64_t cspace_bytes =
        cspace_header_bytes +
        ((uint64_t)capability_size_bytes << construction->request->authority->cspace_bits);
    size_add(&size, startup_bytes, startup_bytes);
    size_add(&size, page_bytes, page_bytes);
    size_add(&size, vspace_size_bytes, page_bytes);
    size_add(&size, cspace_bytes, object_alignment_bytes);
    size_add(&size, thread_size_bytes, object_alignment_bytes);
    size_add(&size, (uint64_t)construction->reply_count * reply_size_bytes, object_alignment_bytes);
    for (uint32_t index = 0; index < construction->pieces.count; index++) {
        const uint64_t piece_bytes = UINT64_C(1) << construction->pieces.pieces[index].bits;
        size_add(&size, piece_bytes, piece_bytes);
    }
    size_add(&size, notification_size_bytes, notification_size_bytes); /* of a launched program */
    return log2_ceiling(size.bytes);
}

/* --- objects --- */

static enum status make(
    const struct process *process, enum object_kind kind, uint32_t bits, cap_slot slot)
{
    return untyped_retype((struct untyped_cap){process->memory},
        &(struct untyped_retype){.kind = kind,
            .bits = bits,
            .count = 1,
            .cspace = SLOT_SELF_CSPACE,
            .first_slot = slot,
            .label = kind == OBJECT_CSPACE ? process->role : 0});
}

static enum status take_block(struct process *process, uint32_t bits)
{
    struct memory_allocate_reply reply = {};
    struct untyped_cap memory = {};
    const enum status status =
        memory_allocate(memd, &(struct memory_allocate_request){.bits = bits}, &reply, &memory);
    if (status == STATUS_OK) {
        process->has_block = true;
        process->block = reply.block;
        process->memory = memory.slot;
        process->memory_bytes = UINT64_C(1) << bits;
    }
    return status;
}

/* A frame mapped here for writing, at *memory_out, until unmap_here(). */
static enum status map_here(cap_slot frame, uint8_t **memory_out)
{
    struct vspace_map_reply reply = {};
    const enum status status = vspace_map(vspaced,
        &(struct vspace_map_request){.flags = vspace_map_read | vspace_map_write},
        (struct frame_cap){frame}, &reply);
    if (status == STATUS_OK) {
        *memory_out = (uint8_t *)(uintptr_t)reply.address;
    }
    return status;
}

static void unmap_here(const void *memory)
{
    const enum status status =
        vspace_unmap(vspaced, &(struct vspace_unmap_request){.address = (uintptr_t)memory});
    assert(status == STATUS_OK);
}

static enum status map_there(
    const struct process *process, cap_slot frame, uint64_t address, uint32_t flags)
{
    return vspace_map_fixed(vspaced,
        &(struct vspace_map_fixed_request){
            .process = process->id, .flags = flags, .address = address},
        (struct frame_cap){frame});
}

/* --- the image --- */

static enum status fill_piece(
    const struct construction *construction, const struct image_piece *piece, cap_slot frame)
{
    if (!image_piece_has_bytes(&construction->plan, piece)) {
        return STATUS_OK;
    }
    uint8_t *memory = nullptr;
    const enum status status = map_here(frame, &memory);
    if (status != STATUS_OK) {
        return status;
    }
    image_piece_fill(&construction->plan, construction->request->file, piece, memory);
    unmap_here(memory);
    return STATUS_OK;
}

/* vspaced keeps a copy of the frame; procd's own goes. */
static enum status load_piece(
    const struct construction *construction, const struct image_piece *piece)
{
    const struct process *process = construction->process;
    cap_slot frame = slot_null;
    enum status status = slots_take(&frame);
    if (status != STATUS_OK) {
        return status;
    }
    status = make(process, OBJECT_FRAME, piece->bits, frame);
    if (status == STATUS_OK) {
        status = fill_piece(construction, piece, frame);
    }
    if (status == STATUS_OK) {
        status = map_there(process, frame, piece->address, piece->rights);
    }
    slots_delete(frame);
    return status;
}

static enum status load_image(const struct construction *construction)
{
    enum status status = STATUS_OK;
    for (uint32_t index = 0; index < construction->pieces.count && status == STATUS_OK; index++) {
        status = load_piece(construction, &construction->pieces.pieces[index]);
    }
    return status;
}

static enum status plan_image(struct construction *construction)
{
    const struct elf_limits limits = {
        .first_address = program_base,
        .end_address = program_end,
        .memory_bytes_max = image_memory_bytes_max,
    };
    const enum status status = elf_plan_parse(construction->request->file,
        construction->request->file_bytes, limits, &construction->plan, nullptr);
    if (status != STATUS_OK) {
        return status;
    }
    construction->process->entry = construction->plan.entry;
    return image_pieces_plan(&construction->plan, &construction->pieces);
}

/* --- the process's own capabilities --- */

/* Reply objects that a grant asks for. */
static uint32_t count_replies(const struct bootconfig_grant *grant)
{
    if (grant->kind == GRANT_DEFERRED) {
        return grant->slot_count;
    }
    return grant->kind == GRANT_REPLY ? 1 : 0;
}

static enum status announce(
    struct process *process, const struct bootconfig_grant *grant, uint32_t count)
{
    cap_slot slot = slot_null;
    enum status status = STATUS_OK;
    for (uint32_t added = 0; added < count && status == STATUS_OK; added++) {
        status = startup_block_add(process->startup, grant, &slot);
    }
    return status;
}

/* Its own space, and reply objects, which are made right where they belong. */
static enum status fill_own_slot(struct process *process, const struct bootconfig_grant *grant)
{
    const struct cspace_cap space = {process_object(process, PROCESS_CSPACE)};
    if (grant->kind == GRANT_SELF_CSPACE) {
        const enum status status = cspace_copy(space, &(struct cspace_copy){
                                                          .source = space.slot,
                                                          .target = grant->slot,
                                                          .rights = grant->rights,
                                                      });
        return status == STATUS_OK ? announce(process, grant, 1) : status;
    }
    const uint32_t reply_count = count_replies(grant);
    if (reply_count == 0) {
        return STATUS_OK;
    }
    const enum status status = untyped_retype(
        (struct untyped_cap){process->memory}, &(struct untyped_retype){.kind = OBJECT_REPLY,
                                                   .count = reply_count,
                                                   .cspace = space.slot,
                                                   .first_slot = grant->slot});
    return status == STATUS_OK ? announce(process, grant, reply_count) : status;
}

static enum status fill_own_slots(const struct procd *procd, struct process *process)
{
    enum status status = STATUS_OK;
    for (uint32_t index = 0; index < process->grant_count && status == STATUS_OK; index++) {
        const struct bootconfig_grant grant =
            bootconfig_grant(&procd->config, process->first_grant + index);
        status = fill_own_slot(process, &grant);
    }
    return status;
}

/* --- putting it together --- */

static enum status make_objects(const struct construction *construction)
{
    const struct process *process = construction->process;
    const struct {
        enum process_object object;
        enum object_kind kind;
        uint32_t bits;
    } objects[] = {
        {PROCESS_STARTUP, OBJECT_FRAME, construction->startup_bits},
        {PROCESS_IPC_BUFFER, OBJECT_FRAME, page_bits},
        {PROCESS_VSPACE, OBJECT_VSPACE, 0},
        {PROCESS_CSPACE, OBJECT_CSPACE, construction->request->authority->cspace_bits},
        {PROCESS_THREAD, OBJECT_THREAD, 0},
    };
    enum status status = STATUS_OK;
    for (uint32_t index = 0; index < sizeof objects / sizeof objects[0] && status == STATUS_OK;
        index++) {
        status = make(process, objects[index].kind, objects[index].bits,
            process_object(process, objects[index].object));
    }
    return status;
}

static enum status adopt(struct process *process, const struct bootconfig_authority *authority)
{
    const enum status status = vspace_adopt(vspaced,
        &(struct vspace_adopt_request){.process = process->id,
            .heap_bytes = authority->heap_bytes_max,
            .stack_bytes = authority->stack_bytes},
        (struct address_space_cap){process_object(process, PROCESS_VSPACE)});
    process->is_adopted = status == STATUS_OK;
    return status;
}

static enum status map_own_frames(struct process *process)
{
    const cap_slot startup = process_object(process, PROCESS_STARTUP);
    enum status status = map_there(process, startup, startup_address, vspace_map_read);
    if (status == STATUS_OK) {
        status = map_there(process, process_object(process, PROCESS_IPC_BUFFER), ipc_buffer_address,
            vspace_map_read | vspace_map_write);
    }
    uint8_t *memory = nullptr;
    if (status == STATUS_OK) {
        status = map_here(startup, &memory);
    }
    if (status == STATUS_OK) {
        process->startup = (struct startup *)(void *)memory;
    }
    return status;
}

/* Everything needs what comes before it. */
static enum status construct(const struct procd *procd, const struct construction *construction)
{
    struct process *process = construction->process;
    const struct bootconfig_authority *authority = construction->request->authority;
    enum status status = take_block(process, find_block_bits(construction));
    if (status != STATUS_OK) {
        return status;
    }
    status = slots_take_run(PROCESS_OBJECT_COUNT, &process->first_object);
    if (status != STATUS_OK) {
        return status;
    }
    status = make_objects(construction);
    if (status != STATUS_OK) {
        return status;
    }
    status = adopt(process, authority);
    if (status != STATUS_OK) {
        return status;
    }
    status = map_own_frames(process);
    if (status != STATUS_OK) {
        return status;
    }
    startup_block_init(process->startup, &procd->config, authority, process->id);
    status = fill_own_slots(procd, process);
    if (status != STATUS_OK) {
        return status;
    }
    return load_image(construction);
}

static struct construction plan_construction(
    const struct procd *procd, const struct build_request *request, struct process *process)
{
    struct construction construction = {
        .request = request,
        .process = process,
        .startup_bits = log2_ceiling(sizeof(struct startup) + request->strings_bytes),
    };
    if (construction.startup_bits < page_bits) {
        construction.startup_bits = page_bits;
    }
    for (uint32_t index = 0; index < process->grant_count; index++) {
        const struct bootconfig_grant grant =
            bootconfig_grant(&procd->config, process->first_grant + index);
        construction.reply_count += count_replies(&grant);
    }
    return construction;
}

enum status build_process(
    struct procd *procd, const struct build_request *request, struct process **process_out)
{
    struct process *process = nullptr;
    if (!events_have_room(&procd->events, processes_count(&procd->processes))) {
        return STATUS_BUSY;
    }
    enum status status = processes_add(&procd->processes, &process);
    if (status != STATUS_OK) {
        return status;
    }
    process->role = request->authority->role;
    process->priority = request->authority->priority;
    process->first_grant = request->authority->first_grant;
    process->grant_count = request->authority->grant_count;
    struct construction construction = plan_construction(procd, request, process);
    status = plan_image(&construction);
    if (status == STATUS_OK) {
        status = construct(procd, &construction);
    }
    if (status != STATUS_OK) {
        build_discard(process);
        processes_remove(&procd->processes, process, nullptr);
        return status;
    }
    *process_out = process;
    return STATUS_OK;
}

void build_discard(struct process *process)
{
    if (process->has_block) { /* from here on the thread does not run any more */
        const enum status status =
            memory_free(memd, &(struct memory_free_request){.block = process->block});
        assert(status == STATUS_OK);
        slots_delete(process->memory);
    }
    if (process->startup != nullptr) {
        unmap_here(process->startup);
    }
    if (process->is_adopted) {
        const enum status status =
            vspace_release(vspaced, &(struct vspace_release_request){.process = process->id});
        assert(status == STATUS_OK);
    }
    for (uint32_t object = 0; process->first_object != slot_null && object < PROCESS_OBJECT_COUNT;
        object++) {
        slots_delete(process->first_object + object);
    }
}

/* --- capabilities of the row --- */

/* The configuration is no capability of the program: it is just there, the same that procd reads.
 * The row that was announced last says how long it is. */
static enum status install_boot_config(const struct process *process, cap_slot given_take)
{
    const enum status status = map_there(process, given_take, bootconfig_address, vspace_map_read);
    if (status == STATUS_OK) {
        const void *config = (const void *)bootconfig_address; // NOLINT(performance-no-int-to-ptr)
        process->startup->slots[process->startup->slot_count - 1].parameter =
            bootconfig_size_bytes(config);
        slots_delete(given_take);
    }
    return status;
}

static enum status place(const struct process *process, const struct bootconfig_grant *grant,
    cap_slot given_take, cap_slot slot)
{
    if (grant->kind == GRANT_BOOT_CONFIG) {
        return install_boot_config(process, given_take);
    }
    if (grant->kind == GRANT_NOTIFICATION) {
        const enum status status =
            thread_bind_notification((struct thread_cap){process_object(process, PROCESS_THREAD)},
                (struct notification_cap){given_take});
        if (status != STATUS_OK) {
            return status;
        }
    }
    const enum status status =
        cspace_move((struct cspace_cap){process_object(process, PROCESS_CSPACE)}, given_take, slot);
    if (status == STATUS_OK) {
        slots_give(given_take);
    }
    return status;
}

enum status build_install(
    struct process *process, const struct bootconfig_grant *grant, cap_slot given_take)
{
    struct cap_identity identity = {};
    enum status status = cspace_identify(slots_cspace(), given_take, &identity);
    if (status != STATUS_OK) {
        return status;
    }
    if (identity.kind != grant->object_kind) {
        return STATUS_CONTRACT_INVALID;
    }
    if (process->state != PROCESS_PREPARED) {
        return STATUS_BUSY;
    }
    cap_slot slot = slot_null;
    status = startup_block_add(process->startup, grant, &slot);
    if (status != STATUS_OK) {
        return status;
    }
    return place(process, grant, given_take, slot);
}

/* --- start --- */

/* Faults of the process arrive with its id, and with the right that nobody else has. */
static enum status mint_handler(const struct procd *procd, uint32_t role,
    const struct process *process, struct endpoint_cap *handler_out)
{
    if (procd->services[role] == slot_null) {
        return STATUS_NOT_FOUND;
    }
    cap_slot slot = slot_null;
    enum status status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    status = cspace_copy(slots_cspace(), &(struct cspace_copy){.source = procd->services[role],
                                             .target = slot,
                                             .rights = RIGHT_SEND,
                                             .badge = badge_make(process->id, TRAP_RIGHT_FAULT)});
    if (status != STATUS_OK) {
        slots_give(slot);
        return status;
    }
    *handler_out = (struct endpoint_cap){slot};
    return STATUS_OK;
}

static enum status configure(const struct procd *procd, const struct process *process)
{
    struct thread_configure request = {
        .cspace = {process_object(process, PROCESS_CSPACE)},
        .vspace = {process_object(process, PROCESS_VSPACE)},
        .ipc_buffer = {process_object(process, PROCESS_IPC_BUFFER)},
    };
    enum status status = mint_handler(procd, ROLE_PAGERD, process, &request.pager);
    if (status == STATUS_OK) {
        status = mint_handler(procd, ROLE_PROCD, process, &request.fault_handler);
    }
    if (status == STATUS_OK) {
        status = thread_configure(
            (struct thread_cap){process_object(process, PROCESS_THREAD)}, &request);
    }
    slots_delete(request.pager.slot); /* the thread has copies of its own */
    slots_delete(request.fault_handler.slot);
    return status;
}

enum status build_start(struct procd *procd, struct process *process)
{
    if (process->state != PROCESS_PREPARED) {
        return STATUS_BUSY;
    }
    const struct thread_cap thread = {process_object(process, PROCESS_THREAD)};
    enum status status = configure(procd, process);
    if (status != STATUS_OK) {
        return status;
    }
    status = thread_set_registers(thread, &(struct thread_registers){
                                              .instruction_pointer = process->entry,
                                              .stack_pointer = stack_top,
                                              .first_argument = startup_address,
                                          });
    if (status != STATUS_OK) {
        return status;
    }
    status = thread_set_priority(thread, process->priority, process->priority);
    if (status != STATUS_OK) {
        return status;
    }
    process->state = PROCESS_RUNNING;
    return thread_resume(thread);
}
