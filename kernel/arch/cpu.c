/* SPDX-License-Identifier: ISC */
/*
 * What the boot processor is set up with: required features, descriptor tables, system call
 * registers, control registers, SSE state. It owns the three descriptor tables.
 *
 * Numbers of registers and bits are those of the Intel SDM, volumes 3 (2.5, 3.4, 6.14, 7.7, 11.12)
 * and 4.
 */
#include <kernel/arch/arch.h>
#include <kernel/arch/cpu.h>
#include <kernel/arch/entry.h>
#include <kernel/arch/stack.h>
#include <kernel/panic.h>

constexpr uint64_t cr0_protection = 1 << 0;
constexpr uint64_t cr0_monitor_coprocessor = 1 << 1;
constexpr uint64_t cr0_extension_type = 1 << 4;
constexpr uint64_t cr0_numeric_error = 1 << 5;
constexpr uint64_t cr0_write_protect = 1 << 16;
constexpr uint64_t cr0_paging = UINT64_C(1) << 31;

constexpr uint64_t cr4_physical_extension = 1 << 5;
constexpr uint64_t cr4_machine_check = 1 << 6;
constexpr uint64_t cr4_global_pages = 1 << 7;
constexpr uint64_t cr4_fxsave = 1 << 9;
constexpr uint64_t cr4_simd_exceptions = 1 << 10;
constexpr uint64_t cr4_umip = 1 << 11;
constexpr uint64_t cr4_five_levels = 1 << 12;
constexpr uint64_t cr4_smep = 1 << 20;
constexpr uint64_t cr4_smap = 1 << 21;

constexpr uint32_t msr_sysenter_cs = 0x174;
constexpr uint32_t msr_pat = 0x277;
constexpr uint32_t msr_efer = 0xc0000080;
constexpr uint32_t msr_star = 0xc0000081;
constexpr uint32_t msr_lstar = 0xc0000082;
constexpr uint32_t msr_flag_mask = 0xc0000084;
constexpr uint32_t msr_fs_base = 0xc0000100;
constexpr uint32_t msr_gs_base = 0xc0000101;
constexpr uint32_t msr_kernel_gs_base = 0xc0000102;

constexpr uint64_t efer_syscall = 1 << 0;
constexpr uint64_t efer_long_mode = 1 << 8;
constexpr uint64_t efer_no_execute = 1 << 11;

/* Memory types by the page bits PWT (1) and PCD (2): write-back, write-combining, uncached unless
 * an MTRR says write-combining, uncached. The upper four, which need the PAT bit of an entry,
 * repeat them. */
constexpr uint64_t pat_types = UINT64_C(0x0007010600070106);

constexpr uint64_t debug_control_off = 0x400;

/* --- required features --- */

enum cpuid_register : uint8_t {
    CPUID_EBX,
    CPUID_ECX,
    CPUID_EDX,
};

struct feature {
    const char *name;
    uint32_t leaf;
    enum cpuid_register where;
    uint8_t bit;
};

static const struct feature required_features[] = {
    {"APIC", 1, CPUID_EDX, 9},
    {"PGE", 1, CPUID_EDX, 13},
    {"PAT", 1, CPUID_EDX, 16},
    {"FXSR", 1, CPUID_EDX, 24},
    {"SSE", 1, CPUID_EDX, 25},
    {"SSE2", 1, CPUID_EDX, 26},
    {"SMEP", 7, CPUID_EBX, 7},
    {"SMAP", 7, CPUID_EBX, 20},
    {"UMIP", 7, CPUID_ECX, 2},
    {"SYSCALL", 0x80000001, CPUID_EDX, 11},
    {"NX", 0x80000001, CPUID_EDX, 20},
};

static bool has_feature(const struct feature *feature)
{
    if (cpu_read_cpuid(feature->leaf & 0x80000000, 0).eax < feature->leaf) {
        return false;
    }
    struct cpuid cpuid = cpu_read_cpuid(feature->leaf, 0);
    uint32_t value = feature->where == CPUID_EBX   ? cpuid.ebx
                     : feature->where == CPUID_ECX ? cpuid.ecx
                                                   : cpuid.edx;
    return (value >> feature->bit & 1) != 0;
}

static void check_features(void)
{
    for (uint32_t i = 0; i < sizeof required_features / sizeof required_features[0]; i++) {
        if (!has_feature(&required_features[i])) {
            panic_refuse(MARKER_KERNEL_REFUSED_CPU, required_features[i].name);
        }
    }
    if ((cpu_read_cr4() & cr4_five_levels) != 0) {
        panic_refuse(MARKER_KERNEL_REFUSED_CPU, "LA57 is on");
    }
}

/* --- descriptor tables --- */

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t interrupt_stack;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

static_assert(sizeof(struct gate) == 16);

constexpr uint32_t gate_count = 256;
constexpr uint8_t gate_interrupt = 0x8e;
constexpr uint8_t gate_for_users = 0x60;
constexpr uint32_t vector_nmi = 2;
constexpr uint32_t vector_breakpoint = 3;
constexpr uint32_t vector_double_fault = 8;
constexpr uint32_t vector_machine_check = 18;

constexpr uint64_t segment_kernel_code = UINT64_C(0x00209b0000000000);
constexpr uint64_t segment_kernel_data = UINT64_C(0x0000930000000000);
constexpr uint64_t segment_user_code = UINT64_C(0x0020fb0000000000);
constexpr uint64_t segment_user_data = UINT64_C(0x0000f30000000000);
constexpr uint64_t segment_task = UINT64_C(0x0000890000000000);

/* There is no 32-bit code segment at selector_user_code - 16, where `sysret` would look for it. */
static uint64_t segments[8] = {
    [selector_kernel_code / 8] = segment_kernel_code,
    [selector_kernel_data / 8] = segment_kernel_data,
    [selector_user_data / 8] = segment_user_data,
    [selector_user_code / 8] = segment_user_code,
};
static_assert(selector_kernel_data == selector_kernel_code + 8);
static_assert(selector_user_code == selector_user_data + 8);

static struct gate gates[gate_count];

/* What lgdt and lidt load: 16 bits of limit, 64 of address. */
struct table_pointer {
    uint16_t padding[3];
    uint16_t limit;
    uint64_t address;
};

static void load_segments(void)
{
    struct task_segment *task = &cpu_boot.task;
    uint64_t base = (uint64_t)&task->reserved_0;
    constexpr uint64_t limit = task_segment_bytes - 1;
    segments[selector_task / 8] =
        segment_task | limit | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
    segments[selector_task / 8 + 1] = base >> 32;

    task->interrupt_stacks[STACK_NMI - 1] = stack_top(STACK_NMI);
    task->interrupt_stacks[STACK_DOUBLE_FAULT - 1] = stack_top(STACK_DOUBLE_FAULT);
    task->interrupt_stacks[STACK_MACHINE_CHECK - 1] = stack_top(STACK_MACHINE_CHECK);
    task->port_map_offset = task_segment_bytes;

    struct table_pointer pointer = {.limit = sizeof segments - 1, .address = (uint64_t)segments};
    __asm__ volatile("lgdt (%0)" : : "r"(&pointer.limit), "m"(pointer), "m"(segments));
    __asm__ volatile("pushq %0\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "movl %1, %%ss\n\t"
                     "movl %2, %%ds\n\t"
                     "movl %2, %%es\n\t"
                     "movl %2, %%fs\n\t"
                     "movl %2, %%gs"
        :
        : "i"((uint64_t)selector_kernel_code), "r"((uint32_t)selector_kernel_data), "r"(0)
        : "rax", "memory");
    __asm__ volatile("lldt %w0" : : "r"(0));
    __asm__ volatile("ltr %w0" : : "r"((uint32_t)selector_task));
}

static void load_gates(void)
{
    for (uint32_t vector = 0; vector < gate_count; vector++) {
        uint64_t stub = (uint64_t)entry_stubs + (uint64_t)vector * entry_stub_bytes;
        gates[vector] = (struct gate){
            .offset_low = (uint16_t)stub,
            .selector = selector_kernel_code,
            .type = gate_interrupt,
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
    gates[vector_nmi].interrupt_stack = STACK_NMI;
    gates[vector_double_fault].interrupt_stack = STACK_DOUBLE_FAULT;
    gates[vector_machine_check].interrupt_stack = STACK_MACHINE_CHECK;
    gates[vector_breakpoint].type |= gate_for_users;

    struct table_pointer pointer = {.limit = sizeof gates - 1, .address = (uint64_t)gates};
    __asm__ volatile("lidt (%0)" : : "r"(&pointer.limit), "m"(pointer), "m"(gates));
}

/* --- the rest --- */

static void set_system_registers(void)
{
    cpu_write_msr(msr_efer, efer_syscall | efer_long_mode | efer_no_execute);
    cpu_write_msr(
        msr_star, (uint64_t)selector_kernel_code << 32 | (uint64_t)(selector_user_code - 16) << 48);
    cpu_write_msr(msr_lstar, (uint64_t)entry_syscall);
    cpu_write_msr(msr_flag_mask, rflags_trap | rflags_interrupts | rflags_direction |
                                     rflags_port_level | rflags_nested_task | rflags_resume |
                                     rflags_alignment_check);
    cpu_write_msr(msr_sysenter_cs, 0); /* `sysenter` of a program faults */
    cpu_write_msr(msr_fs_base, 0);
    cpu_write_msr(msr_gs_base, (uint64_t)&cpu_boot);
    cpu_write_msr(msr_kernel_gs_base, 0); /* what user mode sees */

    cpu_write_cr0(cr0_protection | cr0_monitor_coprocessor | cr0_extension_type |
                  cr0_numeric_error | cr0_write_protect | cr0_paging);
    cpu_write_cr4(cr4_physical_extension | cr4_machine_check | cr4_global_pages | cr4_fxsave |
                  cr4_simd_exceptions | cr4_umip | cr4_smep | cr4_smap);
    __asm__ volatile("mov %0, %%dr7" : : "r"(debug_control_off));
    __asm__ volatile("clac" ::: "cc");

    __asm__ volatile("wbinvd" ::: "memory"); /* nothing cached under an old memory type */
    cpu_write_msr(msr_pat, pat_types);
    cpu_write_cr3(cpu_read_cr3());
}

void arch_init_cpu(void)
{
    load_segments();
    load_gates();
    check_features();
    set_system_registers();
}

/* The part of an FXSAVE area that is not zero in a fresh state (volume 1, 10.5.1): no exception is
 * unmasked. */
constexpr uint32_t fpu_mxcsr_offset = 24;
constexpr uint8_t fpu_control_word[2] = {0x7f, 0x03};
constexpr uint8_t fpu_mxcsr[2] = {0x80, 0x1f};

void arch_fpu_init(void *state)
{
    uint8_t *bytes = state;
    bytes[0] = fpu_control_word[0];
    bytes[1] = fpu_control_word[1];
    bytes[fpu_mxcsr_offset] = fpu_mxcsr[0];
    bytes[fpu_mxcsr_offset + 1] = fpu_mxcsr[1];
}
