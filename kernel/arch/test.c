/* SPDX-License-Identifier: ISC */
/*
 * The protections of kernel/arch, checked in its tables and provoked on the processor. In test
 * images only.
 */
#include <kernel/arch/test.h>

#include <kernel/arch/arch.h>
#include <kernel/arch/image.h>
#include <kernel/arch/page_entry.h>
#include <kernel/arch/stack.h>
#include <kernel/memory.h>
#include <kernel/panic.h>

constexpr uint64_t sign_extension = UINT64_C(0xffff000000000000);

/* A leaf of the tables: 2^bits bytes at `address` are mapped by `entry`. */
struct mapping {
    uint64_t address;
    uint64_t entry;
    uint32_t bits;
};

static bool overlaps(const struct mapping *mapping, uint64_t address, uint64_t size_bytes)
{
    return mapping->address < address + size_bytes &&
           address < mapping->address + (UINT64_C(1) << mapping->bits);
}

static bool is_wrong(const struct mapping *mapping, uint64_t kernel_address)
{
    bool writable = (mapping->entry & entry_writable) != 0;
    bool executable = (mapping->entry & entry_no_execute) == 0;
    uint64_t text_bytes = (uint64_t)(image_read_only_begin - image_begin);
    uint64_t fixed_bytes = (uint64_t)(image_data_begin - image_begin);
    bool wrong = (mapping->entry & entry_user) != 0 || (mapping->entry & entry_global) == 0;
    wrong |= writable && executable;
    wrong |= executable && !overlaps(mapping, (uint64_t)image_begin, text_bytes);
    wrong |= writable && overlaps(mapping, (uint64_t)image_begin, fixed_bytes);
    wrong |= writable && overlaps(mapping, kernel_address + direct_map_base, fixed_bytes);
    for (uint32_t use = 0; use < STACK_COUNT; use++) {
        wrong |= overlaps(mapping, (uint64_t)stacks[use].guard, stack_page_bytes);
    }
    return wrong;
}

/* Where the tables say that the image begins. */
static uint64_t find_kernel_address(void)
{
    const uint64_t *table = kernel_pointer(arch_kernel_table());
    for (uint32_t bits = top_entry_bits; bits > small_page_bits; bits -= index_bits) {
        uint64_t entry = table[(uint64_t)image_begin >> bits & (table_entries - 1)];
        table = kernel_pointer(entry & entry_address_mask);
    }
    return table[(uint64_t)image_begin >> small_page_bits & (table_entries - 1)] &
           entry_address_mask;
}

/* The tables below one entry of the top table, without recursion: the kernel's stack is small. */
static uint32_t count_wrong_below(uint64_t top_entry, uint64_t base, uint64_t kernel_address)
{
    const uint64_t *tables[3] = {kernel_pointer(top_entry & entry_address_mask)};
    uint32_t indices[3] = {};
    uint32_t depth = 0;
    uint64_t address = base;
    uint32_t wrong = 0;
    for (;;) {
        if (indices[depth] == table_entries) {
            if (depth == 0) {
                return wrong;
            }
            depth--;
            indices[depth]++;
            continue;
        }
        uint32_t bits = top_entry_bits - index_bits * (depth + 1);
        uint64_t entry = tables[depth][indices[depth]];
        uint64_t inner_mask = (UINT64_C(1) << (bits + index_bits)) - 1;
        address = (address & ~inner_mask) | (uint64_t)indices[depth] << bits;
        if ((entry & entry_present) == 0) {
            indices[depth]++;
        } else if (bits == small_page_bits || (entry & entry_large) != 0) {
            wrong += is_wrong(&(struct mapping){address, entry, bits}, kernel_address);
            indices[depth]++;
        } else {
            depth++;
            tables[depth] = kernel_pointer(entry & entry_address_mask);
            indices[depth] = 0;
        }
    }
}

uint32_t arch_check_memory(void)
{
    const uint64_t *top_table = kernel_pointer(arch_kernel_table());
    uint64_t kernel_address = find_kernel_address();
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < table_entries; i++) {
        if ((top_table[i] & entry_present) == 0) {
            continue;
        }
        if (i < table_entries / 2) {
            wrong++; /* the user half of the kernel's own table is empty */
            continue;
        }
        uint64_t base = sign_extension | (uint64_t)i << top_entry_bits;
        wrong += count_wrong_below(top_table[i], base, kernel_address);
    }
    return wrong;
}

/* --- provocations --- */

/* One `ret`, in data. */
static uint8_t code_in_data[] = {0xc3};

static void provoke_panic(uint64_t)
{
    panic("PROVOKED");
}

static void provoke_divide(uint64_t)
{
    __asm__ volatile("divl %0" : : "r"(0), "a"(1), "d"(0) : "cc");
}

static void provoke_invalid_opcode(uint64_t)
{
    __asm__ volatile("ud2");
}

static void read_from(uint64_t address)
{
    __asm__ volatile("movb (%0), %%al" : : "r"(address) : "rax");
}

static void write_to(uint64_t address)
{
    __asm__ volatile("orb $0, (%0)" : : "r"(address) : "memory", "cc");
}

static void jump_to(uint64_t address)
{
    __asm__ volatile("call *%0" : : "r"(address) : "memory", "cc");
}

static void provoke_non_canonical(uint64_t)
{
    read_from(UINT64_C(1) << 63);
}

static void provoke_read_null(uint64_t)
{
    read_from(0);
}

static void provoke_write_text(uint64_t)
{
    write_to((uint64_t)image_begin);
}

static void provoke_write_read_only(uint64_t)
{
    write_to((uint64_t)image_read_only_begin);
}

static void provoke_write_text_direct(uint64_t)
{
    write_to(find_kernel_address() + direct_map_base);
}

static void provoke_jump_to_data(uint64_t)
{
    jump_to((uint64_t)code_in_data);
}

static void provoke_overflow_stack(uint64_t)
{
    __asm__ volatile("1: pushq $0; jmp 1b" ::: "memory");
}

/* Writes past its array, in a way that no compiler sees through. */
static void provoke_overwrite_canary(uint64_t)
{
    uint8_t array[16];
    uint8_t *at = array;
    __asm__ volatile("" : "+r"(at));
    for (uint32_t i = 0; i < 2 * sizeof array; i++) {
        ((volatile uint8_t *)at)[i] = 0xff;
    }
}

void arch_provoke(enum provocation provocation, uint64_t address)
{
    static void (*const provocations[PROVOKE_COUNT])(uint64_t address) = {
        [PROVOKE_PANIC] = provoke_panic,
        [PROVOKE_DIVIDE] = provoke_divide,
        [PROVOKE_INVALID_OPCODE] = provoke_invalid_opcode,
        [PROVOKE_NON_CANONICAL] = provoke_non_canonical,
        [PROVOKE_READ_NULL] = provoke_read_null,
        [PROVOKE_READ_USER] = read_from,
        [PROVOKE_JUMP_TO_USER] = jump_to,
        [PROVOKE_WRITE_TEXT] = provoke_write_text,
        [PROVOKE_WRITE_READ_ONLY] = provoke_write_read_only,
        [PROVOKE_WRITE_TEXT_DIRECT] = provoke_write_text_direct,
        [PROVOKE_JUMP_TO_DATA] = provoke_jump_to_data,
        [PROVOKE_OVERFLOW_STACK] = provoke_overflow_stack,
        [PROVOKE_OVERWRITE_CANARY] = provoke_overwrite_canary,
    };
    if (provocation < PROVOKE_COUNT) {
        provocations[provocation](address);
    }
}
