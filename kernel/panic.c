/* SPDX-License-Identifier: ISC */
/*
 * The kernel's last words. It owns nothing but the flag that they are being said, trusts nothing
 * but the console and its own stack, and never returns.
 */
#include <kernel/panic.h>

#include <kernel/arch/arch.h>
#include <kernel/arch/cpu.h>
#include <kernel/arch/stack.h>
#include <kernel/print.h>

constexpr uint32_t backtrace_depth_max = 32;
constexpr uint32_t exception_count = 32;

static const char *const exception_names[exception_count] = {
    [0] = "DIVIDE",
    [1] = "DEBUG",
    [2] = "NMI",
    [3] = "BREAKPOINT",
    [4] = "OVERFLOW",
    [5] = "BOUND",
    [6] = "INVALID_OPCODE",
    [7] = "DEVICE_NOT_AVAILABLE",
    [8] = "DOUBLE_FAULT",
    [10] = "INVALID_TSS",
    [11] = "SEGMENT_NOT_PRESENT",
    [12] = "STACK",
    [13] = "GENERAL_PROTECTION",
    [14] = "PAGE",
    [16] = "FLOATING_POINT",
    [17] = "ALIGNMENT",
    [18] = "MACHINE_CHECK",
    [19] = "SIMD",
    [20] = "VIRTUALIZATION",
    [21] = "CONTROL_PROTECTION",
};

static bool panicking;

/* From here on the console speaks even if it was silenced, and a second panic ends at once. */
static void begin(void)
{
    if (panicking) {
        arch_exit(EXIT_KERNEL);
    }
    panicking = true;
    arch_console_unsilence();
    print_text("\n"); /* the marker starts a line, whatever was being printed */
}

static void print_register(const char *name, uint64_t value)
{
    print_text(name);
    print_text("=");
    print_hex(value, 16);
}

static void print_registers(const struct registers *registers, uint64_t fault_address)
{
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"rip", registers->rip},
        {" rsp", registers->rsp},
        {" rflags", registers->rflags},
        {"\nrax", registers->rax},
        {" rbx", registers->rbx},
        {" rcx", registers->rcx},
        {"\nrdx", registers->rdx},
        {" rsi", registers->rsi},
        {" rdi", registers->rdi},
        {"\nrbp", registers->rbp},
        {" r8", registers->r8},
        {" r9", registers->r9},
        {"\nr10", registers->r10},
        {" r11", registers->r11},
        {" r12", registers->r12},
        {"\nr13", registers->r13},
        {" r14", registers->r14},
        {" r15", registers->r15},
        {"\ncr2", fault_address},
        {" cr3", cpu_read_cr3()},
        {" error", registers->error},
        {"\ncs", registers->cs},
        {" ss", registers->ss},
        {" thread", (uint64_t)cpu_boot.current},
    };
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        print_register(rows[i].name, rows[i].value);
    }
    print_text("\n");
}

/* Frames are a chain through rbp: [0] the caller's rbp, [1] the return address. Callers lie at
 * higher addresses. */
static void print_backtrace(uint64_t frame_address)
{
    for (uint32_t depth = 0; depth < backtrace_depth_max; depth++) {
        if (!stack_holds(frame_address, 2 * sizeof(uint64_t))) {
            return;
        }
        const uint64_t *frame = (const uint64_t *)frame_address;
        print_text("from ");
        print_hex(frame[1], 16);
        print_text("\n");
        if (frame[0] <= frame_address) {
            return;
        }
        frame_address = frame[0];
    }
}

[[noreturn]] void panic_at(const char *what, const char *file, int line)
{
    struct registers registers;
    cpu_capture_registers(&registers);
    begin();
    print_marker_details(MARKER_KERNEL_PANIC, what);
    print_text("at ");
    print_text(file);
    print_text(":");
    print_decimal((uint64_t)line);
    print_text("\n");
    print_registers(&registers, cpu_read_cr2());
    print_backtrace(registers.rbp);
    arch_exit(EXIT_KERNEL);
}

[[noreturn]] void panic_exception(const struct registers *registers, uint64_t fault_address)
{
    const char *name = nullptr;
    if (registers->vector < exception_count) {
        name = exception_names[registers->vector];
    }
    begin();
    print_text(marker_text(MARKER_KERNEL_EXCEPTION));
    print_text(" ");
    print_text(name == nullptr ? "RESERVED" : name);
    print_text(" vector=");
    print_decimal(registers->vector);
    print_text(" error=");
    print_hex(registers->error, 0);
    print_text("\n");
    print_registers(registers, fault_address);
    print_backtrace(registers->rbp);
    arch_exit(EXIT_KERNEL);
}

[[noreturn]] void panic_refuse(enum marker marker, const char *detail)
{
    begin();
    print_marker_details(marker, detail);
    arch_exit(EXIT_KERNEL);
}
