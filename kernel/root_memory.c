/* SPDX-License-Identifier: ISC */
/*
 * Memory for rootd: every region is cut into naturally aligned blocks of powers of two.
 *
 * Device memory is what no region names: the holes below 4 GiB and all above the last RAM, up to
 * the processor's physical address width, without the pages that the kernel keeps for itself.
 */
#include <kernel/root_memory.h>

#include <kernel/arch/arch.h>
#include <kernel/memory.h>
#include <kernel/panic.h>
#include <kernel/print.h>
#include <lib/base/base.h>

constexpr uint64_t device_memory_end = UINT64_C(1) << 46;
constexpr uint32_t ram_bits_min = 14; /* smaller leftovers are not worth a slot */

struct giving {
    struct cspace *cspace;
    struct root_handoff *block;
    cap_slot next_slot;
};

static void give(struct giving *giving, struct capability value)
{
    value.rights = rights_all;
    kassert(giving->next_slot >> giving->cspace->bits == 0);
    cap_insert(&giving->cspace->slots[giving->next_slot], &value, nullptr);
    cspace_note_filled(giving->cspace, giving->next_slot);
    giving->next_slot++;
}

static void give_untyped(
    struct giving *giving, uint64_t address, uint32_t bits, bool device, bool acpi)
{
    struct root_handoff *block = giving->block;
    if (block->untyped_count == root_untyped_max) {
        return; /* The smallest blocks come last: little is lost. */
    }
    block->untyped[block->untyped_count++] = (struct root_untyped){.slot = giving->next_slot,
        .bits = (uint8_t)bits,
        .is_device = device,
        .is_acpi = acpi,
        .address = address};
    give(giving, (struct capability){.kind = OBJECT_UNTYPED,
                     .bits = (uint8_t)bits,
                     .flags = device ? CAP_DEVICE : 0,
                     .address = address});
}

/* Give a block if it is of the wanted size; halve it around pages that the kernel keeps for itself.
 * Depth is at most device_memory_end's bits. */
static void give_block(struct giving *giving, uint64_t address, uint32_t block_bits,
    uint32_t wanted_bits, bool device, bool acpi)
{
    if (block_bits < wanted_bits) {
        return;
    }
    if (!device || !arch_is_reserved(address, UINT64_C(1) << block_bits)) {
        if (block_bits == wanted_bits) {
            give_untyped(giving, address, block_bits, device, acpi);
        }
        return;
    }
    if (block_bits > page_bits) {
        uint64_t half = UINT64_C(1) << (block_bits - 1);
        give_block(giving, address, block_bits - 1, wanted_bits, device, acpi);
        give_block(giving, address + half, block_bits - 1, wanted_bits, device, acpi);
    }
}

/* Cut [address, end) into the largest blocks that fit, and give those of exactly 2^bits bytes. */
static void give_range(
    struct giving *giving, uint64_t address, uint64_t end, uint32_t bits, bool device, bool acpi)
{
    while (address < end) {
        uint32_t by_alignment = address == 0 ? 63 : (uint32_t)__builtin_ctzll(address);
        uint32_t by_size = log2_floor(end - address);
        uint32_t block_bits = by_alignment < by_size ? by_alignment : by_size;
        give_block(giving, address, block_bits, bits, device, acpi);
        address += UINT64_C(1) << block_bits;
    }
}

static void give_device_memory(
    struct giving *giving, const struct boot_handoff *handoff, uint32_t bits)
{
    constexpr uint64_t isa_hole_start = 0xa0000;
    constexpr uint64_t isa_hole_end = 0x100000;
    uint64_t at = isa_hole_end;
    give_range(giving, isa_hole_start, isa_hole_end, bits, true, false);
    for (uint32_t i = 0; i < handoff->region_count; i++) {
        const struct boot_region *region = &handoff->regions[i];
        if (region->kind == BOOT_REGION_DEVICE || region->address + region->size_bytes <= at) {
            continue;
        }
        if (region->address > at) {
            give_range(giving, at, region->address, bits, true, false);
        }
        at = region->address + region->size_bytes;
    }
    give_range(giving, at, device_memory_end, bits, true, false);
}

static void give_modules(struct giving *giving, const struct boot_handoff *handoff)
{
    struct root_handoff *block = giving->block;
    for (uint32_t i = 0; i < handoff->module_count; i++) {
        const struct boot_module *module = &handoff->modules[i];
        uint32_t bits = log2_ceiling(module->size_bytes == 0 ? 1 : module->size_bytes);
        bits = bits < frame_bits_min ? frame_bits_min : bits;
        bits = bits > frame_bits_max ? frame_bits_max : bits;
        struct root_module *given = &block->modules[block->module_count++];
        *given = (struct root_module){.kind = module->kind,
            .size_bytes = module->size_bytes,
            .first_slot = giving->next_slot,
            .frame_bits = bits};
        memcpy(given->name, module->name, sizeof(given->name));
        uint64_t frame_bytes = UINT64_C(1) << bits;
        for (uint64_t at = 0; at < module->size_bytes; at += frame_bytes) {
            given->frame_count++;
            give(giving,
                (struct capability){
                    .kind = OBJECT_FRAME, .bits = (uint8_t)bits, .address = module->address + at});
        }
    }
}

/* Every untyped block of 2^bits bytes, so that the largest come first. */
static void give_blocks(struct giving *giving, const struct boot_handoff *handoff, uint32_t bits)
{
    for (uint32_t i = 0; i < handoff->region_count; i++) {
        const struct boot_region *region = &handoff->regions[i];
        uint64_t end = region->address + region->size_bytes;
        bool ram = region->kind == BOOT_REGION_FREE || region->kind == BOOT_REGION_LOADER;
        if (ram && bits >= ram_bits_min) {
            give_range(giving, region->address, end, bits, false, false);
        }
        if (region->kind == BOOT_REGION_ACPI) {
            give_range(giving, region->address, end, bits, true, true);
        }
    }
    give_device_memory(giving, handoff, bits);
}

void root_memory_give(
    const struct boot_handoff *handoff, struct cspace *cspace, struct root_handoff *block)
{
    *block = (struct root_handoff){.magic = root_handoff_magic,
        .version = root_handoff_version,
        .size_bytes = sizeof(struct root_handoff),
        .profile = handoff->profile,
        .acpi_rsdp = handoff->platform.acpi_rsdp,
        .boot_entry_ns = arch_clock_read(),
        .framebuffer = handoff->framebuffer};
    struct giving giving = {.cspace = cspace, .block = block, .next_slot = ROOT_SLOT_FIRST_DYNAMIC};
    give_modules(&giving, handoff);
    for (uint32_t bits = untyped_bits_max; bits >= untyped_bits_min; bits--) {
        give_blocks(&giving, handoff, bits);
    }
    block->first_free_slot = giving.next_slot;
    block->end_slot = 1U << cspace->bits;
}
