/* SPDX-License-Identifier: ISC */
/* Making rootd. Everything here runs once, before any program. */
#include <kernel/root.h>

#include <abi/root_handoff.h>
#include <abi/startup.h>
#include <kernel/arch/arch.h>
#include <kernel/arch/page_entry.h>
#include <kernel/boot_memory.h>
#include <kernel/memory.h>
#include <kernel/object/cspace.h>
#include <kernel/object/vspace.h>
#include <kernel/panic.h>
#include <kernel/print.h>
#include <kernel/root_memory.h>
#include <kernel/state.h>
#include <lib/base/base.h>
#include <lib/elf/elf.h>

constexpr uint8_t root_priority = 40;

static void refuse(enum marker marker, const char *details)
{
    print_marker_details(marker, details);
    arch_exit(EXIT_KERNEL);
}

/* Map one page of rootd, with tables as needed. All of it belongs to rootd for ever. */
static void map_page(struct boot_handoff *handoff, struct vspace *vspace, uint64_t address,
    uint64_t page, uint16_t rights)
{
    struct capability frame = {
        .kind = OBJECT_FRAME, .bits = page_bits, .rights = rights_all, .address = page};
    struct vspace_map_plan plan;
    uint64_t missing_bits = 0;
    enum status status;
    while ((status = vspace_decode_map_frame(
                vspace, &frame, address, rights, &plan, &missing_bits)) == STATUS_MISSING_TABLE) {
        struct capability table = {.kind = OBJECT_PAGE_TABLE,
            .rights = rights_all,
            .address = boot_memory_take(handoff, page_table_size_bytes)};
        struct vspace_map_plan table_plan;
        kassert(vspace_decode_map_table(vspace, &table, address, &table_plan) == STATUS_OK);
        table_plan.value |= entry_permanent;
        vspace_commit_map_table(&table_plan);
    }
    kassert(status == STATUS_OK);
    plan.value |= entry_permanent;
    vspace_commit_map_frame(&plan);
}

static uint16_t segment_rights(const struct elf_segment *segment)
{
    uint16_t rights = RIGHT_READ;
    if (segment->writable) {
        rights |= RIGHT_WRITE;
    }
    if (segment->executable) {
        rights |= RIGHT_EXECUTE;
    }
    return rights;
}

static void load_segment(struct boot_handoff *handoff, struct vspace *vspace,
    const struct elf_segment *segment, const uint8_t *file)
{
    uint64_t first = align_down(segment->address, elf_page_bytes);
    uint64_t end = align_up(segment->address + segment->memory_bytes, elf_page_bytes);
    uint8_t *memory = nullptr;
    uint64_t physical = boot_memory_take(handoff, end - first);
    memory = kernel_pointer(physical);
    memcpy(memory + (segment->address - first), file + segment->file_offset, segment->file_bytes);
    for (uint64_t offset = 0; offset < end - first; offset += elf_page_bytes) {
        map_page(handoff, vspace, first + offset, physical + offset, segment_rights(segment));
    }
}

static bool is_root_module(const struct boot_module *module)
{
    static const char name[] = "rootd";
    for (uint32_t i = 0; i < sizeof(name); i++) {
        if (module->name[i] != name[i]) {
            return false;
        }
    }
    return module->kind == BOOT_MODULE_SERVICE;
}

/* rootd's entry point. */
static uint64_t load_image(struct boot_handoff *handoff, struct vspace *vspace)
{
    const struct boot_module *module = nullptr;
    for (uint32_t i = 0; i < handoff->module_count; i++) {
        if (is_root_module(&handoff->modules[i])) {
            module = &handoff->modules[i];
        }
    }
    if (module == nullptr) {
        refuse(MARKER_KERNEL_REFUSED_ROOT_ELF, "there is no module rootd");
    }
    constexpr uint64_t image_bytes_max = UINT64_C(16) << 20;
    const struct elf_limits limits = {.first_address = program_base,
        .end_address = program_end,
        .memory_bytes_max = image_bytes_max};
    struct elf_plan plan;
    struct elf_refusal refusal = {};
    const uint8_t *file = kernel_pointer(module->address);
    if (elf_plan_parse(file, module->size_bytes, limits, &plan, &refusal) != STATUS_OK) {
        refuse(MARKER_KERNEL_REFUSED_ROOT_ELF, elf_reason_text(refusal.reason));
    }
    for (uint32_t i = 0; i < plan.segment_count; i++) {
        load_segment(handoff, vspace, &plan.segments[i], file);
    }
    return plan.entry;
}

static void give(struct cspace *cspace, cap_slot slot, struct capability value)
{
    value.rights = rights_all;
    cap_insert(&cspace->slots[slot], &value, nullptr);
    cspace_note_filled(cspace, slot);
}

static void give_singletons(struct cspace *cspace)
{
    constexpr uint64_t all_ports = UINT64_C(0xffff) << 16;
    give(cspace, ROOT_SLOT_IRQ_CONTROL, (struct capability){.kind = OBJECT_IRQ_CONTROL});
    give(cspace, ROOT_SLOT_PORTS,
        (struct capability){.kind = OBJECT_PORT_RANGE, .ports = all_ports});
    give(cspace, ROOT_SLOT_CLOCK, (struct capability){.kind = OBJECT_CLOCK});
    give(cspace, ROOT_SLOT_CONSOLE, (struct capability){.kind = OBJECT_CONSOLE});
    if (kernel_state.profile == BOOT_PROFILE_TEST) {
        give(cspace, ROOT_SLOT_TEST, (struct capability){.kind = OBJECT_TEST});
    }
}

static struct thread *make_thread(struct boot_handoff *handoff, struct cspace *cspace,
    struct vspace *vspace, uint64_t buffer_page)
{
    struct thread *thread = kernel_pointer(boot_memory_take(handoff, thread_size_bytes));
    thread_init(thread);
    give(cspace, ROOT_SLOT_CSPACE,
        (struct capability){.kind = OBJECT_CSPACE, .object = &cspace->header});
    give(cspace, ROOT_SLOT_VSPACE,
        (struct capability){.kind = OBJECT_VSPACE, .object = &vspace->header});
    give(cspace, ROOT_SLOT_THREAD,
        (struct capability){.kind = OBJECT_THREAD, .object = &thread->header});
    give(cspace, ROOT_SLOT_IPC_BUFFER,
        (struct capability){.kind = OBJECT_FRAME, .bits = page_bits, .address = buffer_page});
    const cap_slot sources[] = {ROOT_SLOT_CSPACE, ROOT_SLOT_VSPACE, ROOT_SLOT_IPC_BUFFER};
    for (uint32_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        struct capability copy = cspace->slots[sources[i]];
        cap_insert(&thread->caps[i], &copy, &cspace->slots[sources[i]]);
    }
    thread->priority = root_priority;
    thread->priority_ceiling = priority_count - 1;
    return thread;
}

static void map_range(struct boot_handoff *handoff, struct vspace *vspace, uint64_t address,
    uint64_t size_bytes, uint64_t physical, uint16_t rights)
{
    for (uint64_t offset = 0; offset < size_bytes; offset += page_table_size_bytes) {
        map_page(handoff, vspace, address + offset, physical + offset, rights);
    }
}

void root_launch(struct boot_handoff *handoff)
{
    uint64_t free_bytes = boot_memory_free_bytes(handoff);
    uint64_t cspace_bytes = cspace_size_bytes(root_cspace_bits);
    struct cspace *cspace = kernel_pointer(boot_memory_take(handoff, cspace_bytes));
    cspace_init(cspace, root_cspace_bits, 0);
    struct vspace *vspace =
        vspace_init(kernel_pointer(boot_memory_take(handoff, vspace_size_bytes)));
    uint64_t entry = load_image(handoff, vspace);

    uint64_t buffer_page = boot_memory_take(handoff, page_table_size_bytes);
    uint64_t stack = boot_memory_take(handoff, root_stack_bytes);
    uint64_t block = boot_memory_take(handoff, sizeof(struct root_handoff));
    map_page(handoff, vspace, root_ipc_buffer_address, buffer_page, RIGHT_READ | RIGHT_WRITE);
    map_range(handoff, vspace, root_stack_top - root_stack_bytes, root_stack_bytes, stack,
        RIGHT_READ | RIGHT_WRITE);
    map_range(
        handoff, vspace, root_handoff_address, sizeof(struct root_handoff), block, RIGHT_READ);

    struct thread *thread = make_thread(handoff, cspace, vspace, buffer_page);
    give_singletons(cspace);
    struct root_handoff *root_handoff = kernel_pointer(block);
    root_memory_give(handoff, cspace, root_handoff);
    root_handoff->own_bytes = free_bytes - boot_memory_free_bytes(handoff);
    registers_start(&thread->registers, entry, root_stack_top, root_handoff_address);
    kernel_state.root_thread = thread;
    print_marker(MARKER_KERNEL_ROOT_START);
    thread->suspended = false;
    thread_make_ready(thread);
}

void root_died(const struct thread *thread)
{
    print_text("rootd died: operation ");
    print_hex(thread->fault_operation, 0);
    for (uint32_t i = 0; i < 4; i++) {
        print_text(" ");
        print_hex(thread->fault_words[i], 0);
    }
    print_text("\n");
    print_marker_details(MARKER_KERNEL_PANIC, "rootd died");
    arch_exit(EXIT_ROOTD);
}
