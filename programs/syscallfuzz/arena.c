/* SPDX-License-Identifier: ISC */
/*
 * The arena: three capability spaces, all objects that workers may reach, and the workers. It is
 * made of one block of memory; revoking that block is its end.
 */
#include "fuzz.h"

constexpr uint32_t arena_bits = 22;
constexpr uint32_t block_bits = 20;
constexpr uint32_t device_bits = 13;
constexpr uint8_t worker_priority = 10;

static const struct cspace_cap own_cspace = {ROOT_SLOT_CSPACE};
static const struct address_space_cap own_vspace = {ROOT_SLOT_VSPACE};
static struct untyped_cap device;
static alignas(16) uint8_t stacks[worker_count][8192];

void fail(const char *what, uint64_t value)
{
    print_text("syscallfuzz: failed: ");
    print_text(what);
    print_text(" ");
    print_number(value);
    print_text(", after calls ");
    print_number(table_calls());
    print_line();
    (void)object_command(ROOT_SLOT_TEST, TEST_EXIT, EXIT_ROOTD, 0, 0, 0);
    for (;;) {
    }
}

void must(enum status status, const char *what)
{
    if (status != STATUS_OK) {
        fail(what, (uint64_t)status);
    }
}

static void make_in(cap_slot memory, enum object_kind kind, uint32_t bits, cap_slot space,
    cap_slot slot, uint32_t count)
{
    must(untyped_retype((struct untyped_cap){memory}, &(struct untyped_retype){.kind = kind,
                                                          .bits = bits,
                                                          .count = count,
                                                          .cspace = space,
                                                          .first_slot = slot,
                                                          .label = 77}),
        "making an object");
}

static void make(
    cap_slot memory, enum object_kind kind, uint32_t bits, cap_slot slot, uint32_t count)
{
    make_in(memory, kind, bits, ROOT_SLOT_CSPACE, slot, count);
}

static void copy_to(
    cap_slot space, cap_slot source, cap_slot target, uint16_t rights, uint64_t badge)
{
    must(cspace_copy((struct cspace_cap){space},
             &(struct cspace_copy){
                 .source = source, .target = target, .rights = rights, .badge = badge}),
        "a copy");
}

static void map_own(cap_slot frame, uint64_t address)
{
    static cap_slot next_table = OWN_TABLES;
    const struct frame_map request = {
        .vspace = own_vspace, .address = address, .rights = RIGHT_READ | RIGHT_WRITE};
    uint32_t missing_bits;
    enum status status;
    while ((status = frame_map((struct frame_cap){frame}, &request, &missing_bits)) ==
           STATUS_MISSING_TABLE) {
        make(OWN_BLOCK, OBJECT_PAGE_TABLE, 0, next_table, 1);
        must(page_table_map((struct page_table_cap){next_table}, own_vspace, address), "a table");
        next_table++;
    }
    must(status, "mapping");
}

static void find_memory(const struct root_handoff *handoff)
{
    cap_slot memory = 0;
    for (uint32_t i = 0; i < handoff->untyped_count; i++) {
        const struct root_untyped *untyped = &handoff->untyped[i];
        if (!untyped->is_device && untyped->bits > arena_bits && memory == 0) {
            memory = untyped->slot;
        }
        if (untyped->is_device && !untyped->is_acpi && untyped->bits >= device_bits &&
            untyped->bits <= 24) {
            device = (struct untyped_cap){untyped->slot};
        }
    }
    must(memory == 0 || device.slot == 0 ? STATUS_NO_MEMORY : STATUS_OK, "finding memory");
    make(memory, OBJECT_UNTYPED, arena_bits, OWN_ARENA, 1);
    make(memory, OBJECT_UNTYPED, block_bits, OWN_BLOCK, 1);
}

/* 0x80 to 0x8f are page registers of the old DMA controller, which nobody uses. The other range
 * lies around ports that the kernel keeps. */
static void prepare_ports(void)
{
    const struct port_range_cap ports = {ROOT_SLOT_PORTS};
    must(port_range_narrow(ports, 0x80, 0x8f, OWN_PORTS), "ports");
    must(port_range_narrow(ports, 0x3c, 0x45, OWN_KEPT_PORTS), "ports");
}

void arena_prepare(const struct root_handoff *handoff)
{
    find_memory(handoff);
    prepare_ports();
    make(OWN_BLOCK, OBJECT_ENDPOINT, 0, OWN_ENDPOINT, 1);
    make(OWN_BLOCK, OBJECT_REPLY, 0, OWN_REPLY, worker_count + 1);
    make(OWN_BLOCK, OBJECT_FRAME, page_bits, OWN_BUFFER, worker_count);
    make(OWN_BLOCK, OBJECT_FRAME, page_bits, OWN_CHECKPOINT, worker_count);
    for (uint32_t i = 0; i < worker_count; i++) {
        copy_to(ROOT_SLOT_CSPACE, OWN_ENDPOINT, OWN_PAGER + i, RIGHT_SEND, 1 + i);
        copy_to(ROOT_SLOT_CSPACE, OWN_ENDPOINT, OWN_FAULT + i, RIGHT_SEND, 1 + worker_count + i);
        map_own(OWN_BUFFER + i, buffers_address + i * UINT64_C(4096));
        map_own(OWN_CHECKPOINT + i, checkpoints_address + (2 * i + 1) * UINT64_C(4096));
    }
}

/* With the tables for its first pages. */
static void give_vspace(cap_slot space)
{
    constexpr uint32_t tables = 3;
    const struct address_space_cap vspace = {OWN_SCRATCH};
    make(OWN_ARENA, OBJECT_VSPACE, 0, vspace.slot, 1);
    make(OWN_ARENA, OBJECT_PAGE_TABLE, 0, OWN_SCRATCH + 1, tables);
    for (uint32_t i = 1; i <= tables; i++) {
        must(page_table_map((struct page_table_cap){OWN_SCRATCH + i}, vspace, 0), "a table");
        must(cspace_move((struct cspace_cap){space}, OWN_SCRATCH + i, ARENA_TABLES + i),
            "moving a table");
    }
    must(cspace_move((struct cspace_cap){space}, vspace.slot, ARENA_VSPACE), "moving a space");
}

static void fill_space(uint32_t index)
{
    const cap_slot space = OWN_SPACES + index;
    for (uint32_t i = 0; i < arena_space_count; i++) {
        copy_to(space, OWN_SPACES + i, ARENA_SPACES + i, rights_all, 0);
    }
    make_in(OWN_ARENA, OBJECT_UNTYPED, 18, space, ARENA_UNTYPED, 1);
    give_vspace(space);
    copy_to(space, ROOT_SLOT_IRQ_CONTROL, ARENA_IRQ_CONTROL, rights_all, 0);
    copy_to(space, OWN_PORTS, ARENA_PORTS, rights_all, 0);
    copy_to(space, OWN_KEPT_PORTS, ARENA_KEPT_PORTS, rights_all, 0);
    copy_to(space, ROOT_SLOT_CLOCK, ARENA_CLOCK, rights_all, 0);
    copy_to(space, ROOT_SLOT_CONSOLE, ARENA_CONSOLE, RIGHT_READ, 0);
    make_in(OWN_ARENA, OBJECT_ENDPOINT, 0, space, ARENA_FIRST_OTHER, 3);
    make_in(OWN_ARENA, OBJECT_NOTIFICATION, 0, space, ARENA_FIRST_OTHER + 3, 2);
    make_in(OWN_ARENA, OBJECT_REPLY, 0, space, ARENA_FIRST_OTHER + 5, 3);
    make_in(OWN_ARENA, OBJECT_FRAME, page_bits, space, ARENA_FIRST_OTHER + 8, 2);
    make_in(OWN_ARENA, OBJECT_PAGE_TABLE, 0, space, ARENA_FIRST_OTHER + 10, 3);
}

/* So that workers of different spaces meet. */
static void share(void)
{
    for (uint32_t i = 1; i < arena_space_count; i++) {
        make(OWN_ARENA, OBJECT_ENDPOINT, 0, OWN_SCRATCH, 1);
        for (uint32_t space = 0; space < arena_space_count; space++) {
            copy_to(OWN_SPACES + space, OWN_SCRATCH, ARENA_FIRST_OTHER + 12 + i, rights_all, i);
        }
        must(cspace_delete(own_cspace, OWN_SCRATCH), "deleting");
    }
}

static void prepare_worker(uint32_t index)
{
    const struct thread_cap thread = {OWN_WORKERS + index};
    const struct thread_configure request = {
        .cspace = {OWN_SPACES + index % arena_space_count},
        .vspace = own_vspace,
        .ipc_buffer = {OWN_BUFFER + index},
        .pager = {OWN_PAGER + index},
        .fault_handler = {OWN_FAULT + index},
    };
    must(thread_configure(thread, &request), "configuring a worker");
    must(thread_set_registers(
             thread, &(struct thread_registers){.instruction_pointer = (uint64_t)worker_main,
                         .stack_pointer = (uint64_t)stacks[index] + sizeof(stacks[index]) - 8,
                         .first_argument = index}),
        "starting a worker");
    must(thread_set_priority(thread, worker_priority + index, 20), "priority of a worker");
    if (index != 0) { /* The one that wakes the others is out of their reach. */
        copy_to(OWN_SPACES, thread.slot, ARENA_WORKERS + index, rights_all, 0);
    }
}

void arena_build(void)
{
    make(OWN_ARENA, OBJECT_CSPACE, arena_space_bits, OWN_SPACES, arena_space_count);
    make(OWN_ARENA, OBJECT_THREAD, 0, OWN_WORKERS, worker_count);
    for (uint32_t i = 0; i < arena_space_count; i++) {
        fill_space(i);
    }
    share();
    must(untyped_retype(device, &(struct untyped_retype){.kind = OBJECT_UNTYPED,
                                    .bits = device_bits,
                                    .count = 1,
                                    .cspace = OWN_SPACES,
                                    .first_slot = ARENA_DEVICE}),
        "device memory");
    calls_forget();
    for (uint32_t i = 0; i < worker_count; i++) {
        prepare_worker(i);
    }
    /* The first one runs at once, and may do anything to the others. */
    for (uint32_t i = 0; i < worker_count; i++) {
        (void)object_command(OWN_WORKERS + i, THREAD_RESUME, 0, 0, 0, 0);
    }
}

void arena_destroy(void)
{
    must(object_command(ROOT_SLOT_CSPACE, CSPACE_REVOKE, OWN_ARENA, 0, 0, 0), "revoking");
}
