/* SPDX-License-Identifier: ISC */
/* Any bytes: either a refusal with a reason, or a plan that keeps every promise of elf.h. */
#include <lib/elf/elf.h>

#include <lib/base/base.h>

static void promise(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static void plan_check(const struct elf_plan *plan, size_t size_bytes, struct elf_limits limits)
{
    uint64_t free_address = limits.first_address;
    bool entry_found = false;
    promise(plan->segment_count >= 1 && plan->segment_count <= elf_segments_max);
    for (uint32_t index = 0; index < plan->segment_count; index++) {
        const struct elf_segment *segment = &plan->segments[index];
        promise(segment->file_offset <= size_bytes);
        promise(segment->file_bytes <= size_bytes - segment->file_offset);
        promise(segment->memory_bytes > 0 && segment->file_bytes <= segment->memory_bytes);
        promise(align_down(segment->address, elf_page_bytes) >= free_address);
        promise(segment->memory_bytes <= limits.end_address - segment->address);
        promise(segment->readable && !(segment->writable && segment->executable));
        promise(is_aligned(segment->address - segment->file_offset, elf_page_bytes));
        free_address = align_up(segment->address + segment->memory_bytes, elf_page_bytes);
        entry_found |= segment->executable && plan->entry >= segment->address &&
                       plan->entry - segment->address < segment->memory_bytes;
    }
    promise(entry_found);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct elf_limits limits = {
        .first_address = 0x10000, .end_address = 0x40000000, .memory_bytes_max = 0x4000000};
    struct elf_plan plan = {};
    struct elf_refusal refusal = {};
    enum status status = elf_plan_parse(bytes, size_bytes, limits, &plan, &refusal);
    promise((status == STATUS_OK) == (refusal.reason == ELF_NONE));
    if (status == STATUS_OK) {
        plan_check(&plan, size_bytes, limits);
    }
    return 0;
}
