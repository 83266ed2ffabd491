/* SPDX-License-Identifier: ISC */
/* Objects, pages, and the threads that the program measures itself against. */
#include "bench.h"

extern const char image_constants_begin[];
extern const char image_end[];

struct untyped_cap memory;

static cap_slot next_frame = slot_frames;
static cap_slot next_table = slot_tables;
static cap_slot partner_buffer_frame;
static cap_slot watcher_buffer_frame;

void find_memory(const struct root_handoff *handoff)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < handoff->untyped_count; i++) {
        const struct root_untyped *untyped = &handoff->untyped[i];
        if (!untyped->is_device && untyped->bits > bits) {
            memory = (struct untyped_cap){untyped->slot};
            bits = untyped->bits;
        }
    }
    must(bits < 26 ? STATUS_NO_MEMORY : STATUS_OK, "memory");
}

void make_many(enum object_kind kind, uint32_t count, cap_slot first_slot)
{
    must(untyped_retype(memory, &(struct untyped_retype){.kind = kind,
                                    .count = count,
                                    .cspace = ROOT_SLOT_CSPACE,
                                    .first_slot = first_slot}),
        "retype");
}

void copy_cap(cap_slot source, cap_slot target)
{
    must(cspace_copy(own_cspace,
             &(struct cspace_copy){.source = source, .target = target, .rights = rights_all}),
        "copy");
}

void delete_cap(cap_slot slot)
{
    must(cspace_delete(own_cspace, slot), "delete");
}

void make(enum object_kind kind, uint32_t bits, cap_slot slot)
{
    must(untyped_retype(memory, &(struct untyped_retype){.kind = kind,
                                    .bits = bits,
                                    .count = 1,
                                    .cspace = ROOT_SLOT_CSPACE,
                                    .first_slot = slot}),
        "retype");
}

void map(struct address_space_cap vspace, cap_slot frame, uint64_t address, uint16_t rights)
{
    uint32_t missing_bits;
    enum status status;
    const struct frame_map request = {.vspace = vspace, .address = address, .rights = rights};
    while ((status = frame_map((struct frame_cap){frame}, &request, &missing_bits)) ==
           STATUS_MISSING_TABLE) {
        make(OBJECT_PAGE_TABLE, 0, next_table);
        must(page_table_map((struct page_table_cap){next_table}, vspace, address), "table");
        next_table++;
    }
    must(status, "map");
}

/* A fresh page, mapped in the own space at `own_address` if that is not 0, and in `vspace`. */
static void give_page(
    struct address_space_cap vspace, uint64_t address, uint64_t own_address, uint16_t rights)
{
    cap_slot frame = next_frame++;
    make(OBJECT_FRAME, page_bits, frame);
    if (own_address != 0) {
        cap_slot copy = next_frame++;
        must(cspace_copy(own_cspace,
                 &(struct cspace_copy){.source = frame, .target = copy, .rights = rights_all}),
            "copy");
        map(own_vspace, copy, own_address, RIGHT_READ | RIGHT_WRITE);
    }
    map(vspace, frame, address, rights);
}

static void copy_page(uint64_t target, uint64_t source)
{
    volatile uint64_t *to = (volatile uint64_t *)target; // NOLINT(performance-no-int-to-ptr)
    const volatile uint64_t *from =
        (const volatile uint64_t *)source; // NOLINT(performance-no-int-to-ptr)
    for (uint32_t i = 0; i < 512; i++) {
        to[i] = from[i];
    }
}

static void give_stack(struct address_space_cap vspace, uint64_t address)
{
    for (uint64_t page = 0; page < window_stack_bytes; page += 4096) {
        give_page(vspace, address + page, 0, RIGHT_READ | RIGHT_WRITE);
    }
}

void make_partner_space(void)
{
    const struct address_space_cap vspace = {slot_vspace};
    make(OBJECT_VSPACE, 0, slot_vspace);
    uint64_t own = copy_window;
    for (uint64_t page = program_base; page < (uint64_t)image_end; page += 4096) {
        uint16_t rights = page < (uint64_t)image_constants_begin ? RIGHT_READ | RIGHT_EXECUTE
                                                                 : RIGHT_READ | RIGHT_WRITE;
        give_page(vspace, page, own, rights);
        copy_page(own, page);
        own += 4096;
    }
    give_stack(vspace, partner_stack);
    give_stack(own_vspace, partner_stack);
    give_stack(own_vspace, watcher_stack);
    partner_buffer_frame = next_frame;
    give_page(vspace, ipc_buffer_address, 0, RIGHT_READ | RIGHT_WRITE);
    watcher_buffer_frame = next_frame++;
    make(OBJECT_FRAME, page_bits, watcher_buffer_frame);
}

static void start_thread(const struct thread_configure *configuration, struct thread_cap thread,
    const struct thread_registers *registers, uint32_t priority)
{
    must(thread_configure(thread, configuration), "configure");
    must(thread_set_registers(thread, registers), "registers");
    must(thread_set_priority(thread, priority, priority), "priority");
    must(thread_resume(thread), "resume");
}

void make_partner(const struct partner *partner)
{
    make(OBJECT_THREAD, 0, slot_thread);
    start_thread(
        &(struct thread_configure){.cspace = own_cspace,
            .vspace = partner->is_here ? own_vspace : (struct address_space_cap){slot_vspace},
            .ipc_buffer = {partner_buffer_frame},
            .pager = {partner->has_pager ? slot_pager : 0}},
        (struct thread_cap){slot_thread},
        &(struct thread_registers){.instruction_pointer = (uint64_t)partner->entry,
            .stack_pointer = partner_stack + window_stack_bytes - 8},
        partner->priority);
}

void make_watcher(void (*entry)(uint64_t), uint32_t priority)
{
    make(OBJECT_THREAD, 0, slot_watcher);
    start_thread(
        &(struct thread_configure){
            .cspace = own_cspace, .vspace = own_vspace, .ipc_buffer = {watcher_buffer_frame}},
        (struct thread_cap){slot_watcher},
        &(struct thread_registers){.instruction_pointer = (uint64_t)entry,
            .stack_pointer = watcher_stack + window_stack_bytes - 8},
        priority);
}

void end_partner(void)
{
    delete_cap(slot_thread);
}
