/* SPDX-License-Identifier: ISC */
/*
 * The inspection of address spaces: capabilities mark the entries that they stand for, then every
 * entry must be marked, but for those that were made at boot for rootd. So no entry leads to memory
 * that is free or the kernel's.
 */
#include <kernel/object/invariants.h>

#include <kernel/arch/arch.h>
#include <kernel/arch/page_entry.h>
#include <kernel/memory.h>
#include <kernel/object/vspace.h>
#include <kernel/state.h>

constexpr uint64_t entry_mark = 1 << 9;               /* ignored by the processor */
constexpr uint64_t entry_noted_by_processor = 3 << 5; /* accessed, dirty */
constexpr uint32_t top_bits = 39;
constexpr uint32_t directory_bits = 21;
constexpr uint32_t entries_per_table = 512;
constexpr uint32_t levels = 4;

static uint64_t *find_entry(const struct capability *cap, uint32_t bits)
{
    struct vspace *vspace = kernel_state.vspaces[cap->vspace_id % vspaces_max];
    if (vspace == nullptr || vspace->id != cap->vspace_id) {
        return nullptr;
    }
    uint64_t *table = vspace_top_table(vspace);
    for (uint32_t level = top_bits;; level -= 9) {
        uint64_t *entry = &table[cap->address_mapped >> level & (entries_per_table - 1)];
        if (level == bits) {
            return (*entry & entry_address_mask) == cap->address ? entry : nullptr;
        }
        if ((*entry & entry_present) == 0 || (*entry & entry_large) != 0) {
            return nullptr;
        }
        table = kernel_pointer(*entry & entry_address_mask);
    }
}

static void mark_frame(struct inspection *inspection, const struct capability *cap)
{
    bool large = cap->bits == directory_bits;
    uint64_t *entry = find_entry(cap, large ? directory_bits : page_bits);
    uint32_t count = large ? 1 : 1U << (cap->bits - page_bits);
    for (uint32_t i = 0; entry != nullptr && i < count; i++) {
        uint64_t address = cap->address + ((uint64_t)i << page_bits);
        bool whole = (entry[i] & entry_address_mask) == address;
        bool allowed = ((entry[i] & entry_writable) == 0 || (cap->rights & RIGHT_WRITE) != 0) &&
                       ((entry[i] & entry_no_execute) != 0 || (cap->rights & RIGHT_EXECUTE) != 0);
        inspection_expect(inspection, whole, "a frame is mapped as a whole", cap);
        inspection_expect(inspection, allowed, "a mapping is within the frame's rights", cap);
        entry[i] |= entry_mark;
    }
}

static void mark(struct inspection *inspection, struct capability *cap)
{
    if ((cap->flags & CAP_MAPPED) == 0) {
        return;
    }
    if (cap->kind == OBJECT_FRAME) {
        mark_frame(inspection, cap);
        return;
    }
    uint64_t *entry = find_entry(cap, cap->bits);
    if (entry != nullptr) {
        *entry |= entry_mark;
    }
}

/* Only a table can be gone into that a capability stands for, and through one entry only. */
static uint64_t *inspect_entry(struct inspection *inspection, uint64_t *entry, uint32_t bits)
{
    if (*entry == 0) {
        return nullptr;
    }
    bool marked = (*entry & (entry_mark | entry_permanent)) != 0;
    *entry &= ~entry_mark;
    inspection_expect(inspection, marked, "a mapping has a living capability behind it", entry);
    inspection_expect(inspection, (*entry & entry_present) != 0 && (*entry & entry_user) != 0,
        "an entry of the user half is the user's", entry);
    if (bits != page_bits && (*entry & entry_large) == 0) {
        return marked ? kernel_pointer(*entry & entry_address_mask) : nullptr;
    }
    bool writable = (*entry & entry_writable) != 0;
    inspection_expect(inspection, !writable || (*entry & entry_no_execute) != 0,
        "no mapping is writable and executable", entry);
    return nullptr;
}

static void inspect_user_half(struct inspection *inspection, uint64_t *top)
{
    uint64_t *tables[levels] = {top};
    uint32_t next[levels] = {};
    for (uint32_t level = 0;;) {
        uint32_t end = level == 0 ? entries_per_table / 2 : entries_per_table;
        if (next[level] == end) {
            if (level == 0) {
                return;
            }
            level--;
            continue;
        }
        uint64_t *entry = &tables[level][next[level]++];
        uint64_t *below = inspect_entry(inspection, entry, top_bits - 9 * level);
        if (below != nullptr) {
            level++;
            tables[level] = below;
            next[level] = 0;
        }
    }
}

static void inspect_kernel_half(struct inspection *inspection, const uint64_t *top)
{
    const uint64_t *kernel = kernel_pointer(arch_kernel_table());
    bool same = true;
    for (uint32_t i = entries_per_table / 2; i < entries_per_table; i++) {
        same &= ((top[i] ^ kernel[i]) & ~entry_noted_by_processor) == 0;
    }
    inspection_expect(inspection, same, "the kernel's half is the same everywhere", top);
}

void inspect_tables(struct inspection *inspection)
{
    inspection_visit_slots(inspection, mark);
    inspection->space = nullptr;
    inspection->slot = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < vspaces_max; i++) {
        struct vspace *vspace = kernel_state.vspaces[i];
        if (vspace == nullptr) {
            continue;
        }
        count++;
        inspection_expect(inspection,
            vspace->header.kind == OBJECT_VSPACE && vspace->header.reference_count != 0 &&
                vspace->id % vspaces_max == i,
            "a listed address space lives", vspace);
        inspect_user_half(inspection, vspace_top_table(vspace));
        inspect_kernel_half(inspection, vspace_top_table(vspace));
    }
    inspection_expect(inspection, count <= inspection->census.vspaces,
        "a listed address space has a capability", nullptr);
}
