/* SPDX-License-Identifier: ISC */
/* Counts of statuses by system call and by operation, and text on the console. */
#include "fuzz.h"

constexpr uint32_t operations_max = 8;

static uint64_t calls;
static uint64_t by_call[SYSCALL_COUNT + 1][STATUS_COUNT];
static uint64_t by_operation[OBJECT_KIND_COUNT][operations_max][STATUS_COUNT];

static struct ipc_buffer *const buffer = (struct ipc_buffer *)ipc_buffer_address; // NOLINT
static uint32_t line_bytes;

static const char *const call_names[SYSCALL_COUNT + 1] = {"version", "call", "reply_receive",
    "send", "send_nowait", "receive", "receive_nowait", "reply", "signal", "wait", "poll", "invoke",
    "yield", "exit", "unknown"};
static const char *const kind_names[OBJECT_KIND_COUNT] = {"none", "untyped", "frame", "page_table",
    "vspace", "cspace", "thread", "endpoint", "notification", "reply", "irq_control", "irq",
    "port_range", "clock", "console", "test"};

/* Operations of each kind, from 1 on. */
static const uint32_t operation_counts[OBJECT_KIND_COUNT] = {[OBJECT_UNTYPED] = UNTYPED_DESCRIBE,
    [OBJECT_FRAME] = FRAME_ADDRESS,
    [OBJECT_PAGE_TABLE] = PAGE_TABLE_UNMAP,
    [OBJECT_CSPACE] = CSPACE_IDENTIFY,
    [OBJECT_THREAD] = THREAD_DESCRIBE,
    [OBJECT_IRQ_CONTROL] = IRQ_CONTROL_CLAIM_MESSAGE,
    [OBJECT_IRQ] = IRQ_ACKNOWLEDGE,
    [OBJECT_PORT_RANGE] = PORT_RANGE_NARROW,
    [OBJECT_CLOCK] = CLOCK_DISARM,
    [OBJECT_CONSOLE] = CONSOLE_WRITE};

void print_text(const char *text)
{
    char *words = (char *)buffer->words;
    while (*text != 0 && line_bytes < 250) {
        words[line_bytes++] = *text++;
    }
}

void print_number(uint64_t value)
{
    char digits[24];
    uint32_t at = sizeof(digits);
    digits[--at] = 0;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    print_text(&digits[at]);
}

void print_line(void)
{
    print_text("\n");
    enum status status = object_command(ROOT_SLOT_CONSOLE, CONSOLE_WRITE, line_bytes, 0, 0, 0);
    table_count(SYSCALL_INVOKE, OBJECT_CONSOLE, CONSOLE_WRITE, status);
    line_bytes = 0;
}

void table_count(uint64_t number, enum object_kind kind, uint64_t operation, enum status status)
{
    if ((uint32_t)status >= STATUS_COUNT) {
        fail("a status that is none", (uint64_t)status);
    }
    calls++;
    by_call[number < SYSCALL_COUNT ? number : SYSCALL_COUNT][status]++;
    if (number == SYSCALL_INVOKE && operation < operations_max) {
        by_operation[kind][operation][status]++;
    }
}

uint64_t table_calls(void)
{
    return calls;
}

static void print_row(const uint64_t counts[STATUS_COUNT])
{
    for (uint32_t status = 0; status < STATUS_COUNT; status++) {
        if (counts[status] != 0) {
            print_text(" ");
            print_number(status);
            print_text("=");
            print_number(counts[status]);
        }
    }
    print_line();
}

/* A call that is unknown cannot end well. SYSCALL_EXIT, which does not return, is counted by who
 * takes the fault. */
static bool call_is_missing(uint32_t number)
{
    return by_call[number][STATUS_OK] == 0 && number != SYSCALL_COUNT;
}

bool table_print(void)
{
    bool whole = true;
    print_text("syscallfuzz: status=count, status 0 is success");
    print_line();
    for (uint32_t number = 0; number <= SYSCALL_COUNT; number++) {
        const bool missing = call_is_missing(number);
        print_text("syscallfuzz: ");
        print_text(missing ? "NEVER WELL: " : "");
        print_text(call_names[number]);
        print_row(by_call[number]);
        whole &= !missing;
    }
    for (uint32_t kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
        for (uint32_t operation = 1; operation <= operation_counts[kind]; operation++) {
            const bool missing = by_operation[kind][operation][STATUS_OK] == 0;
            print_text("syscallfuzz: ");
            print_text(missing ? "NEVER WELL: " : "");
            print_text(kind_names[kind]);
            print_text(" ");
            print_number(operation);
            print_row(by_operation[kind][operation]);
            whole &= !missing;
        }
    }
    return whole;
}
