/* SPDX-License-Identifier: ISC */
/*
 * The privileged and the special instructions of x86-64. Tests on a host put another file of this
 * name before it, and so another processor.
 */
#pragma once

#include <kernel/arch/registers.h>

#include <stdint.h>

static inline void cpu_interrupts_enable_and_halt(void)
{
    __asm__ volatile("sti; hlt; cli" ::: "memory");
}

static inline uint64_t cpu_read_ticks(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline uint64_t cpu_read_cr0(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

static inline void cpu_write_cr0(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

static inline uint64_t cpu_read_cr4(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static inline void cpu_write_cr4(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

static inline uint64_t cpu_read_cr2(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t cpu_read_cr3(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

static inline void cpu_write_cr3(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline void cpu_invalidate_page(uint64_t address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* SSE state of a thread: 512 bytes aligned to 16. */
static inline void cpu_save_fpu(void *state_out)
{
    __asm__ volatile("fxsave64 (%0)" : : "r"(state_out) : "memory");
}

static inline void cpu_load_fpu(const void *state)
{
    __asm__ volatile("fxrstor64 (%0)" : : "r"(state) : "memory");
}

/* String instructions count once for each repetition; no call is needed around this one. */
static inline void cpu_copy_words(
    volatile uint64_t *target, const volatile uint64_t *source, uint64_t count)
{
    __asm__ volatile("rep movsq" : "+D"(target), "+S"(source), "+c"(count) : : "memory");
}

static inline uint64_t cpu_read_msr(uint32_t msr)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void cpu_write_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static inline void port_write8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void port_write16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void port_write32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t port_read8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint16_t port_read16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t port_read32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpu_read_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid result;
    __asm__ volatile("cpuid"
        : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
        : "a"(leaf), "c"(subleaf));
    return result;
}

/* The caller's registers, as far as they still hold what they held; cs to ss as they are. */
[[gnu::always_inline]] static inline void cpu_capture_registers(struct registers *registers_out)
{
    __asm__ volatile("mov %%r15, 0(%0)\n\t"
                     "mov %%r14, 8(%0)\n\t"
                     "mov %%r13, 16(%0)\n\t"
                     "mov %%r12, 24(%0)\n\t"
                     "mov %%rbp, 32(%0)\n\t"
                     "mov %%rbx, 40(%0)\n\t"
                     "mov %%r11, 48(%0)\n\t"
                     "mov %%r10, 56(%0)\n\t"
                     "mov %%r9, 64(%0)\n\t"
                     "mov %%r8, 72(%0)\n\t"
                     "mov %%rax, 80(%0)\n\t"
                     "mov %%rcx, 88(%0)\n\t"
                     "mov %%rdx, 96(%0)\n\t"
                     "mov %%rsi, 104(%0)\n\t"
                     "mov %%rdi, 112(%0)\n\t"
                     "movq $0, 120(%0)\n\t"
                     "movq $0, 128(%0)\n\t"
                     "lea 0(%%rip), %%rcx\n\t"
                     "mov %%rcx, 136(%0)\n\t"
                     "mov %%cs, %%rcx\n\t"
                     "mov %%rcx, 144(%0)\n\t"
                     "pushfq\n\t"
                     "popq 152(%0)\n\t"
                     "mov %%rsp, 160(%0)\n\t"
                     "mov %%ss, %%rcx\n\t"
                     "mov %%rcx, 168(%0)"
        :
        : "D"(registers_out)
        : "rcx", "memory");
}
