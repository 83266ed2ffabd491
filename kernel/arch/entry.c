/* SPDX-License-Identifier: ISC */
/*
 * The C side of entry.S: the first code of the kernel, and the fork between exceptions and
 * interrupts. It owns the boot processor's state, its stacks and the stack canary.
 */
#include <kernel/arch/entry.h>

#include <kernel/arch/arch.h>
#include <kernel/arch/console.h>
#include <kernel/arch/cpu.h>
#include <kernel/arch/stack.h>
#include <kernel/panic.h>

#include "entry_offsets.h"

static_assert(OFFSET_CPU_CURRENT == offsetof(struct cpu, current));
static_assert(OFFSET_CPU_KERNEL_STACK == offsetof(struct cpu, kernel_stack));
static_assert(OFFSET_CPU_SCRATCH == offsetof(struct cpu, scratch));
static_assert(OFFSET_THREAD_REGISTERS == thread_registers_offset);
static_assert(OFFSET_R15 == offsetof(struct registers, r15));
static_assert(OFFSET_R14 == offsetof(struct registers, r14));
static_assert(OFFSET_R13 == offsetof(struct registers, r13));
static_assert(OFFSET_R12 == offsetof(struct registers, r12));
static_assert(OFFSET_RBP == offsetof(struct registers, rbp));
static_assert(OFFSET_RBX == offsetof(struct registers, rbx));
static_assert(OFFSET_R10 == offsetof(struct registers, r10));
static_assert(OFFSET_R9 == offsetof(struct registers, r9));
static_assert(OFFSET_R8 == offsetof(struct registers, r8));
static_assert(OFFSET_RAX == offsetof(struct registers, rax));
static_assert(OFFSET_RDX == offsetof(struct registers, rdx));
static_assert(OFFSET_RSI == offsetof(struct registers, rsi));
static_assert(OFFSET_RDI == offsetof(struct registers, rdi));
static_assert(OFFSET_VECTOR == offsetof(struct registers, vector));
static_assert(OFFSET_RIP == offsetof(struct registers, rip));
static_assert(OFFSET_CS == offsetof(struct registers, cs));
static_assert(OFFSET_RFLAGS == offsetof(struct registers, rflags));
static_assert(OFFSET_RSP == offsetof(struct registers, rsp));
static_assert(ENTRY_VECTOR_SYSCALL == vector_syscall);
static_assert(ENTRY_STUB_BYTES == entry_stub_bytes);
static_assert(ENTRY_GUARDED_STACK_BYTES == sizeof(struct guarded_stack));

/* The processor aligns the stack to 16 before it pushes: the block must end aligned, or it would be
 * missed. */
static_assert((thread_registers_offset + sizeof(struct registers)) % 16 == 0);

constexpr uint32_t cpuid_features = 1;
constexpr uint32_t cpuid_features_ecx_rdrand = 1U << 30;
constexpr uint32_t rdrand_tries_max = 10;

struct cpu cpu_boot = {.self = &cpu_boot};
struct guarded_stack stacks[STACK_COUNT];

/* The compiler's name for the canary that every guarded function checks. */
extern uintptr_t __stack_chk_guard;
extern void __stack_chk_fail(void);
uintptr_t __stack_chk_guard;

[[noreturn]] void __stack_chk_fail(void)
{
    panic("STACK_CANARY");
}

/* Random if the processor can, else the tick counter, which nobody outside knows exactly either.
 * Its lowest byte is zero, so that no overflow by text can rewrite it. */
static uintptr_t random_canary(void)
{
    uint64_t value = 0;
    bool filled = false;
    if ((cpu_read_cpuid(cpuid_features, 0).ecx & cpuid_features_ecx_rdrand) != 0) {
        for (uint32_t tries = 0; tries < rdrand_tries_max && !filled; tries++) {
            __asm__ volatile("rdrand %0" : "=r"(value), "=@ccc"(filled));
        }
    }
    if (!filled) {
        value = cpu_read_ticks() * UINT64_C(0x9e3779b97f4a7c15); /* spreads the low bits over all */
    }
    return value & ~UINT64_C(0xff);
}

/* Not guarded itself: it changes the canary while it runs. */
[[noreturn, gnu::no_stack_protector]] void entry_start(struct boot_handoff *handoff)
{
    __stack_chk_guard = random_canary();
    cpu_boot.kernel_stack = stack_top(STACK_KERNEL);
    console_init();
    kernel_main(handoff);
}

void entry_handle_user_trap(void)
{
    const struct registers *registers =
        (const struct registers *)((const uint8_t *)cpu_this()->current + thread_registers_offset);
    uint32_t vector = (uint32_t)registers->vector;
    if (vector < vector_exception_end) {
        kernel_handle_fault(
            vector, registers->error, vector == vector_page_fault ? cpu_read_cr2() : 0);
    } else if (vector < vector_ignored) {
        kernel_handle_interrupt(vector);
    }
}

void entry_handle_kernel_trap(const struct registers *registers)
{
    uint32_t vector = (uint32_t)registers->vector;
    if (vector < vector_exception_end) {
        panic_exception(registers, cpu_read_cr2());
    }
    if (vector < vector_ignored) {
        kernel_handle_interrupt(vector);
    }
}

bool stack_holds(uint64_t address, uint64_t size_bytes)
{
    if (address % sizeof(uint64_t) != 0) {
        return false;
    }
    for (uint32_t use = 0; use < STACK_COUNT; use++) {
        uint64_t begin = (uint64_t)stacks[use].bytes;
        if (address >= begin && address - begin <= stack_bytes - size_bytes) {
            return true;
        }
    }
    return false;
}
