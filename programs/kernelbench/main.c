/* SPDX-License-Identifier: ISC */
/*
 * Cost of the kernel's operations. It stands in rootd's place in a boot image, so that nothing else
 * runs; with one tick an instruction (icount shift=0) the figures are exact and repeat. One line
 * each:
 *
 *     ERIX_KERNEL:BENCH NAME minimum median maximum
 *
 * Sixty-four rounds warm up; then fifteen batches are timed, the loop around them is subtracted.
 */
#include <abi/exit.h>
#include <abi/root_handoff.h>
#include <userlib/syscall.h>

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t batches = 15;
constexpr uint32_t warm_up_rounds = 64;

constexpr cap_slot slot_base = 7000;
constexpr cap_slot slot_endpoint = slot_base + 1;
constexpr cap_slot slot_reply = slot_base + 2;
constexpr cap_slot slot_vspace = slot_base + 3;
constexpr cap_slot slot_thread = slot_base + 4;
constexpr cap_slot slot_notification = slot_base + 5;
constexpr cap_slot slot_pager = slot_base + 6;
constexpr cap_slot slot_scratch = slot_base + 7;
constexpr cap_slot slot_frames = slot_base + 16;
constexpr cap_slot slot_tables = slot_base + 128;
constexpr cap_slot slot_small_untyped = slot_base + 200;

constexpr uint64_t partner_stack = UINT64_C(0x20000000);
constexpr uint64_t partner_buffer = ipc_buffer_address;
constexpr uint64_t fault_address_area = UINT64_C(0x30000000);
constexpr uint64_t copy_window = UINT64_C(0x40000000);
constexpr uint64_t window = UINT64_C(0x50000000);
constexpr uint32_t message_words_long = 64;

extern const char image_constants_begin[];
extern const char image_end[];

static struct untyped_cap memory;
static struct untyped_cap small_memory;
static cap_slot next_frame = slot_frames;
static cap_slot next_table = slot_tables;

static const struct cspace_cap own_cspace = {ROOT_SLOT_CSPACE};
static const struct address_space_cap own_vspace = {ROOT_SLOT_VSPACE};

/* --- output --- */

struct line {
    char text[200];
    uint32_t bytes;
};

static void line_text(struct line *line, const char *text)
{
    while (*text != 0 && line->bytes < sizeof(line->text)) {
        line->text[line->bytes++] = *text++;
    }
}

static void line_number(struct line *line, uint64_t value)
{
    char digits[24];
    uint32_t at = sizeof(digits);
    digits[--at] = 0;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    line_text(line, " ");
    line_text(line, &digits[at]);
}

static void line_print(struct line *line)
{
    line_text(line, "\n");
    char *words = (char *)syscall_ipc_buffer()->words;
    for (uint32_t i = 0; i < line->bytes; i++) {
        words[i] = line->text[i];
    }
    (void)object_command(ROOT_SLOT_CONSOLE, CONSOLE_WRITE, line->bytes, 0, 0, 0);
    line->bytes = 0;
}

[[noreturn]] static void finish(enum exit_class exit_class)
{
    (void)object_command(ROOT_SLOT_TEST, TEST_EXIT, exit_class, 0, 0, 0);
    for (;;) {
    }
}

static void must(enum status status, const char *what)
{
    if (status == STATUS_OK) {
        return;
    }
    struct line line = {};
    line_text(&line, "kernelbench: failed: ");
    line_text(&line, what);
    line_number(&line, (uint64_t)status);
    line_print(&line);
    finish(EXIT_ROOTD);
}

/* --- objects --- */

static void make(enum object_kind kind, uint32_t bits, cap_slot slot)
{
    must(untyped_retype(memory, &(struct untyped_retype){.kind = kind,
                                    .bits = bits,
                                    .count = 1,
                                    .cspace = ROOT_SLOT_CSPACE,
                                    .first_slot = slot}),
        "retype");
}

static void map(struct address_space_cap vspace, cap_slot frame, uint64_t address, uint16_t rights)
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

/* The partner's own address space: a copy of this image, and a stack. */
static void make_partner_space(void)
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
    for (uint32_t i = 0; i < 4; i++) {
        give_page(vspace, partner_stack + i * 4096UL, 0, RIGHT_READ | RIGHT_WRITE);
    }
    give_page(vspace, partner_buffer, 0, RIGHT_READ | RIGHT_WRITE);
}

/* --- the partner's programs --- */

[[noreturn]] static void serve(uint64_t unused)
{
    (void)unused;
    struct syscall_registers registers = {.target = slot_endpoint | (uint64_t)slot_reply << 32};
    (void)syscall_enter(SYSCALL_RECEIVE, &registers);
    for (;;) {
        registers.target = slot_endpoint | (uint64_t)slot_reply << 32;
        registers.tag = message_tag_make(0, message_tag_size_bytes(registers.tag), 0, STATUS_OK);
        (void)syscall_enter(SYSCALL_REPLY_RECEIVE, &registers);
    }
}

[[noreturn]] static void wait_for_signals(uint64_t unused)
{
    (void)unused;
    for (;;) {
        struct syscall_registers registers = {.target = slot_notification};
        (void)syscall_enter(SYSCALL_WAIT, &registers);
    }
}

[[noreturn]] static void touch_pages(uint64_t unused)
{
    (void)unused;
    for (;;) {
        *(volatile uint8_t *)fault_address_area = 1; // NOLINT(performance-no-int-to-ptr)
    }
}

static void make_partner(void (*entry)(uint64_t), uint32_t priority, bool has_pager)
{
    make(OBJECT_THREAD, 0, slot_thread);
    const struct thread_cap thread = {slot_thread};
    must(thread_configure(thread, &(struct thread_configure){.cspace = own_cspace,
                                      .vspace = {slot_vspace},
                                      .ipc_buffer = {next_frame - 1},
                                      .pager = {has_pager ? slot_pager : 0}}),
        "configure");
    must(thread_set_registers(
             thread, &(struct thread_registers){.instruction_pointer = (uint64_t)entry,
                         .stack_pointer = partner_stack + 4 * 4096 - 8}),
        "registers");
    must(thread_set_priority(thread, priority, priority), "priority");
    must(thread_resume(thread), "resume");
}

static void end_partner(void)
{
    must(cspace_delete(own_cspace, slot_thread), "delete thread");
}

/* --- measuring --- */

static uint64_t ticks(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static uint64_t time_batch(void (*operation)(void), uint32_t rounds)
{
    uint64_t start = ticks();
    for (uint32_t i = 0; i < rounds; i++) {
        operation();
    }
    return ticks() - start;
}

static void nothing(void)
{
    __asm__ volatile("");
}

static void measure(const char *name, void (*operation)(void), uint32_t rounds)
{
    uint64_t results[batches];
    (void)time_batch(operation, warm_up_rounds);
    uint64_t empty = time_batch(nothing, rounds);
    for (uint32_t i = 0; i < batches; i++) {
        uint64_t result = (time_batch(operation, rounds) - empty + rounds / 2) / rounds;
        uint32_t at = i;
        for (; at > 0 && results[at - 1] > result; at--) {
            results[at] = results[at - 1];
        }
        results[at] = result;
    }
    struct line line = {};
    line_text(&line, "ERIX_KERNEL:BENCH ");
    line_text(&line, name);
    line_number(&line, results[0]);
    line_number(&line, results[batches / 2]);
    line_number(&line, results[batches - 1]);
    line_print(&line);
}

static void null_syscall(void)
{
    (void)syscall_version();
}

static void call_bytes(uint32_t bytes)
{
    struct syscall_registers registers = {
        .target = slot_endpoint, .tag = message_tag_make(1, bytes, 0, STATUS_OK)};
    (void)syscall_enter(SYSCALL_CALL, &registers);
}

static void call_reply_0(void)
{
    call_bytes(0);
}

static void call_reply_4(void)
{
    call_bytes(32);
}

static void call_reply_64(void)
{
    call_bytes(message_words_long * 8);
}

static void signal_wait(void)
{
    (void)notification_signal((struct notification_cap){slot_notification});
}

/* One fault: receive it, answer it; the partner faults again at once. */
static void fault(void)
{
    struct syscall_registers registers = {.target = slot_pager | (uint64_t)slot_reply << 32,
        .tag = message_tag_make(0, 0, 0, STATUS_OK)};
    (void)syscall_enter(SYSCALL_REPLY_RECEIVE, &registers);
}

static void map_unmap(void)
{
    uint32_t missing_bits;
    (void)frame_map((struct frame_cap){slot_scratch},
        &(struct frame_map){
            .vspace = own_vspace, .address = window, .rights = RIGHT_READ | RIGHT_WRITE},
        &missing_bits);
    (void)frame_unmap((struct frame_cap){slot_scratch});
}

static void create_delete(enum object_kind kind)
{
    (void)untyped_retype(small_memory,
        &(struct untyped_retype){
            .kind = kind, .count = 1, .cspace = ROOT_SLOT_CSPACE, .first_slot = slot_scratch});
    (void)cspace_delete(own_cspace, slot_scratch);
}

static void endpoint_create_delete(void)
{
    create_delete(OBJECT_ENDPOINT);
}

/* Made, configured, started, run until its first system call, and deleted. */
static void thread_create_delete(void)
{
    make_partner(wait_for_signals, 41, false);
    end_partner();
}

static void measure_messages(void)
{
    make_partner(serve, 40, false);
    thread_yield();
    measure("call_reply_0", call_reply_0, 1000);
    measure("call_reply_4", call_reply_4, 1000);
    measure("call_reply_64", call_reply_64, 500);
    end_partner();
}

static void measure_faults(void)
{
    make_partner(touch_pages, 40, true);
    struct syscall_registers registers = {.target = slot_pager | (uint64_t)slot_reply << 32};
    must(syscall_enter(SYSCALL_RECEIVE, &registers), "first fault");
    measure("fault", fault, 500);
    end_partner();
}

static void find_memory(const struct root_handoff *handoff)
{
    for (uint32_t i = 0; i < handoff->untyped_count; i++) {
        const struct root_untyped *untyped = &handoff->untyped[i];
        if (!untyped->is_device && untyped->bits >= 22 && memory.slot == 0) {
            memory = (struct untyped_cap){untyped->slot};
        }
    }
    must(memory.slot == 0 ? STATUS_NO_MEMORY : STATUS_OK, "memory");
    make(OBJECT_UNTYPED, 16, slot_small_untyped);
    small_memory = (struct untyped_cap){slot_small_untyped};
}

[[noreturn]] void kernelbench_main(const struct root_handoff *handoff);

void kernelbench_main(const struct root_handoff *handoff)
{
    find_memory(handoff);
    make(OBJECT_ENDPOINT, 0, slot_endpoint);
    make(OBJECT_ENDPOINT, 0, slot_pager);
    make(OBJECT_REPLY, 0, slot_reply);
    make(OBJECT_NOTIFICATION, 0, slot_notification);
    must(cspace_copy(own_cspace, &(struct cspace_copy){.source = slot_notification,
                                     .target = slot_notification + 100,
                                     .rights = rights_all,
                                     .badge = 1}),
        "badge");
    must(cspace_delete(own_cspace, slot_notification), "delete");
    must(cspace_move(own_cspace, slot_notification + 100, slot_notification), "move");
    make_partner_space();

    measure("null_syscall", null_syscall, 1000);
    measure_messages();
    make_partner(wait_for_signals, 41, false);
    measure("signal_wait", signal_wait, 1000);
    end_partner();
    measure_faults();
    make(OBJECT_FRAME, page_bits, slot_scratch);
    map(own_vspace, slot_scratch, window, RIGHT_READ | RIGHT_WRITE);
    (void)frame_unmap((struct frame_cap){slot_scratch});
    measure("map_unmap", map_unmap, 500);
    must(cspace_delete(own_cspace, slot_scratch), "delete frame");
    measure("endpoint_create_delete", endpoint_create_delete, 500);
    memory = small_memory;
    measure("thread_create_delete", thread_create_delete, 200);
    must(object_command(ROOT_SLOT_TEST, TEST_CHECK_INVARIANTS, 0, 0, 0, 0), "invariants");
    finish(EXIT_SUCCESS_CLASS);
}
