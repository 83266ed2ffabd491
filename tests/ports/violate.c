/* SPDX-License-Identifier: ISC */
/*
 * violate: does one thing that no program may do. First it says which instruction will be at fault
 * and which address it is about; then, if the system is what it claims to be, it dies. It never
 * runs on an appliance: scenarios bring it on their disk and judge what the shell reports.
 */
#include <abi/startup.h>
#include <abi/syscall.h>
#include <protocol/vspace.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <userlib/start.h>
#include <userlib/syscall.h>

constexpr uint64_t kernel_text = UINT64_C(0xffffffff80000000);
constexpr uint64_t kernel_direct_map = UINT64_C(0xffff800001000000); /* RAM for certain */
constexpr uint64_t not_canonical = UINT64_C(1) << 63;
constexpr int exit_not_stopped = 3;

/* violations.S */
extern void violation_read(uint64_t address);
extern void violation_write(uint64_t address);
extern void violation_jump(uint64_t address);
extern void violation_overflow_stack(uint64_t address);
extern void violation_sgdt(uint64_t address);
extern void violation_sidt(uint64_t address);
extern void violation_sldt(uint64_t address);
extern void violation_str(uint64_t address);
extern void violation_smsw(uint64_t address);
extern void violation_in8(uint64_t address);
extern void violation_out8(uint64_t address);
extern void violation_in32(uint64_t address);
extern void violation_out32(uint64_t address);
extern void violation_out_exit(uint64_t address);
extern void violation_rdmsr(uint64_t address);
extern void violation_wrmsr(uint64_t address);
extern void violation_rdpmc(uint64_t address);
extern void violation_read_cr0(uint64_t address);
extern void violation_write_cr0(uint64_t address);
extern void violation_write_cr3(uint64_t address);
extern void violation_write_cr4(uint64_t address);
extern void violation_write_dr7(uint64_t address);
extern void violation_lgdt(uint64_t address);
extern void violation_lidt(uint64_t address);
extern void violation_ltr(uint64_t address);
extern void violation_invlpg(uint64_t address);
extern void violation_wbinvd(uint64_t address);
extern void violation_clts(uint64_t address);
extern void violation_swapgs(uint64_t address);
extern void violation_cli(uint64_t address);
extern void violation_sti(uint64_t address);
extern void violation_hlt(uint64_t address);
extern void violation_int_syscall(uint64_t address);
extern void violation_int_timer(uint64_t address);
extern void violation_int_page_fault(uint64_t address);
extern void violation_sysenter(uint64_t address);
extern void violation_sysret(uint64_t address);
extern void violation_invalid(uint64_t address);
extern void violation_divide(uint64_t address);

extern void __stack_chk_fail(void);

static const uint8_t constant = 0xc3;
static uint8_t code_in_data[] = {0xc3}; /* ret */

static uint64_t address_null(void)
{
    return 0;
}

static uint64_t address_text(void)
{
    return (uint64_t)violation_read;
}

static uint64_t address_constant(void)
{
    return (uint64_t)&constant;
}

static uint64_t address_data(void)
{
    return (uint64_t)code_in_data;
}

/* A `ret` below what the stack is used for from here on. */
static uint64_t address_stack(void)
{
    constexpr uint32_t unused_bytes = 1024;
    uint8_t *code = (uint8_t *)__builtin_frame_address(0) - unused_bytes;
    *code = code_in_data[0];
    return (uint64_t)code;
}

static uint64_t address_heap(void)
{
    uint8_t *code = malloc(1);
    if (code == nullptr) {
        return 0;
    }
    *code = code_in_data[0];
    return (uint64_t)code;
}

static uint64_t address_stack_guard(void)
{
    return stack_top - program_startup()->stack_bytes - sizeof(uint64_t);
}

static uint64_t address_heap_end(void)
{
    return heap_base + program_startup()->heap_bytes;
}

static uint64_t address_startup(void)
{
    return startup_address;
}

static uint64_t address_kernel(void)
{
    return kernel_text;
}

static uint64_t address_direct_map(void)
{
    return kernel_direct_map;
}

static uint64_t address_not_canonical(void)
{
    return not_canonical;
}

static const struct violation {
    const char *name;
    void (*function)(uint64_t address);
    uint64_t (*address)(void);
} violations[] = {
    {"read-null", violation_read, address_null},
    {"write-null", violation_write, address_null},
    {"execute-null", violation_jump, address_null},
    {"write-text", violation_write, address_text},
    {"write-constant", violation_write, address_constant},
    {"execute-constant", violation_jump, address_constant},
    {"execute-data", violation_jump, address_data},
    {"execute-stack", violation_jump, address_stack},
    {"execute-heap", violation_jump, address_heap},
    {"write-startup", violation_write, address_startup},
    {"overflow-stack", violation_overflow_stack, address_stack_guard},
    {"read-heap-end", violation_read, address_heap_end},
    {"read-kernel", violation_read, address_kernel},
    {"write-kernel", violation_write, address_kernel},
    {"execute-kernel", violation_jump, address_kernel},
    {"read-direct-map", violation_read, address_direct_map},
    {"write-direct-map", violation_write, address_direct_map},
    {"read-not-canonical", violation_read, address_not_canonical},
    {"sgdt", violation_sgdt, address_null},
    {"sidt", violation_sidt, address_null},
    {"sldt", violation_sldt, address_null},
    {"str", violation_str, address_null},
    {"smsw", violation_smsw, address_null},
    {"in8", violation_in8, address_null},
    {"out8", violation_out8, address_null},
    {"in32", violation_in32, address_null},
    {"out32", violation_out32, address_null},
    {"out-exit", violation_out_exit, address_null},
    {"rdmsr", violation_rdmsr, address_null},
    {"wrmsr", violation_wrmsr, address_null},
    {"rdpmc", violation_rdpmc, address_null},
    {"read-cr0", violation_read_cr0, address_null},
    {"write-cr0", violation_write_cr0, address_null},
    {"write-cr3", violation_write_cr3, address_null},
    {"write-cr4", violation_write_cr4, address_null},
    {"write-dr7", violation_write_dr7, address_null},
    {"lgdt", violation_lgdt, address_data},
    {"lidt", violation_lidt, address_data},
    {"ltr", violation_ltr, address_null},
    {"invlpg", violation_invlpg, address_text},
    {"wbinvd", violation_wbinvd, address_null},
    {"clts", violation_clts, address_null},
    {"swapgs", violation_swapgs, address_null},
    {"cli", violation_cli, address_null},
    {"sti", violation_sti, address_null},
    {"hlt", violation_hlt, address_null},
    {"int-syscall", violation_int_syscall, address_null},
    {"int-timer", violation_int_timer, address_null},
    {"int-page-fault", violation_int_page_fault, address_null},
    {"sysenter", violation_sysenter, address_null},
    {"sysret", violation_sysret, address_null},
    {"invalid", violation_invalid, address_null},
    {"divide", violation_divide, address_null},
};

static void announce(const char *name, uint64_t instruction, uint64_t address)
{
    (void)printf("%s: instruction 0x%llx, address 0x%llx\n", name, (unsigned long long)instruction,
        (unsigned long long)address);
    (void)fflush(stdout);
}

static int violate(const struct violation *violation)
{
    uint64_t address = violation->address();
    bool jumps = violation->function == violation_jump;
    announce(violation->name, jumps ? address : (uint64_t)violation->function, address);
    violation->function(address);
    return exit_not_stopped;
}

/* Writes past its array, in a way that no compiler sees through. */
[[gnu::noinline]] static int overwrite_canary(void)
{
    uint8_t array[16];
    uint8_t *at = array;
    announce("overwrite-canary", (uint64_t)__stack_chk_fail, 0);
    __asm__ volatile("" : "+r"(at));
    for (uint32_t i = 0; i < 2 * sizeof array; i++) {
        ((volatile uint8_t *)at)[i] = 0xff;
    }
    return exit_not_stopped;
}

/* No slot of this program is good for a port, the test object, or anything else of the kernel that
 * a manifest must grant. */
static int use_foreign_objects(void)
{
    static const struct {
        uint16_t operation;
        uint64_t argument;
        uint64_t width;
    } operations[] = {
        {PORT_RANGE_READ, 0x3f8, 1},
        {PORT_RANGE_READ, 0xcf8, 4},
    };
    uint32_t granted = 0;
    for (cap_slot slot = 0; slot < program_startup()->end_slot; slot++) {
        struct cap_identity identity = {};
        const enum status status =
            cspace_identify((struct cspace_cap){SLOT_SELF_CSPACE}, slot, &identity);
        if (slot != 0 && (status != STATUS_OK || identity.kind == OBJECT_CSPACE)) {
            continue; /* its own space answers to other operations of these numbers */
        }
        for (uint32_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
            granted += object_command(slot, operations[i].operation, operations[i].argument,
                           operations[i].width, 0, 0) == STATUS_OK;
        }
    }
    (void)printf("foreign-objects: %u granted\n", granted);
    return granted == 0 ? 0 : exit_not_stopped;
}

static enum status map_with(uint32_t flags)
{
    const struct startup_slot *vspaced = program_startup_slot("vspaced");
    const struct vspace_cap space = {vspaced == nullptr ? slot_null : vspaced->slot};
    struct vspace_allocate_reply fresh = {};
    struct frame_cap frame = {};
    struct vspace_map_reply mapped = {};
    const enum status status =
        vspace_allocate(space, &(struct vspace_allocate_request){.bits = 12}, &fresh, &frame);
    if (status != STATUS_OK) {
        return status;
    }
    return vspace_map(space, &(struct vspace_map_request){.flags = flags}, frame, &mapped);
}

/* Writable and executable at once; the twin is the same frame without execution. */
static int map_executable(void)
{
    const enum status twin = map_with(vspace_map_read | vspace_map_write);
    const enum status both = map_with(vspace_map_read | vspace_map_write | vspace_map_execute);
    (void)printf("map-executable: writable %d, writable and executable %d\n", (int)twin, (int)both);
    return both == STATUS_OK ? exit_not_stopped : 0;
}

int main(int argc, char **argv)
{
    const char *name = argc == 2 ? argv[1] : "";
    for (size_t i = 0; i < sizeof violations / sizeof violations[0]; i++) {
        if (strcmp(violations[i].name, name) == 0) {
            return violate(&violations[i]);
        }
    }
    if (strcmp(name, "overwrite-canary") == 0) {
        return overwrite_canary();
    }
    if (strcmp(name, "foreign-objects") == 0) {
        return use_foreign_objects();
    }
    if (strcmp(name, "map-executable") == 0) {
        return map_executable();
    }
    (void)fprintf(stderr, "violate: no case `%s`\n", name);
    return 2;
}
