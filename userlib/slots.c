/* SPDX-License-Identifier: ISC */
/*
 * Free slots. A set bit of `used` is a slot that must not be handed out; bits outside of the
 * managed range are always set.
 */
#include <userlib/slots.h>

#include <userlib/assert.h>

#include <string.h>

constexpr uint32_t slots_max = 1 << cspace_bits_max;
constexpr uint32_t word_bits = 64;

static struct {
    uint64_t used[slots_max / word_bits];
    cap_slot first;
    cap_slot end;
    cap_slot next; /* where the search begins */
    uint32_t free_count;
} slots;

static bool is_used(cap_slot slot)
{
    return (slots.used[slot / word_bits] >> slot % word_bits & 1) != 0;
}

static void mark(cap_slot slot)
{
    slots.used[slot / word_bits] |= UINT64_C(1) << slot % word_bits;
    slots.free_count--;
}

void slots_init(cap_slot first, cap_slot end)
{
    assert(first > slot_null && first <= end);
    assert(end <= slots_max);
    memset(slots.used, 0, (end + 7) / 8);
    slots.first = first;
    slots.end = end;
    slots.next = first;
    slots.free_count = end - first;
}

static bool run_is_free(cap_slot first, uint32_t count)
{
    for (cap_slot slot = first; slot < first + count; slot++) {
        if (is_used(slot)) {
            return false;
        }
    }
    return true;
}

/* The first free run that starts in [from, end), or slot_null. */
static cap_slot find_run(cap_slot from, cap_slot end, uint32_t count)
{
    for (cap_slot slot = from; slot < end && slot + count <= slots.end; slot++) {
        if (slots.used[slot / word_bits] == UINT64_MAX) {
            slot |= word_bits - 1;
        } else if (run_is_free(slot, count)) {
            return slot;
        }
    }
    return slot_null;
}

enum status slots_take_run(uint32_t count, cap_slot *first_out)
{
    assert(count > 0 && count <= retype_count_max);
    cap_slot found = find_run(slots.next, slots.end, count);
    if (found == slot_null) {
        found = find_run(slots.first, slots.next, count);
    }
    if (found == slot_null) {
        return STATUS_NO_SLOT;
    }
    for (uint32_t index = 0; index < count; index++) {
        mark(found + index);
    }
    slots.next = found + count;
    *first_out = found;
    return STATUS_OK;
}

enum status slots_take(cap_slot *slot_out)
{
    return slots_take_run(1, slot_out);
}

void slots_give(cap_slot slot)
{
    if (slot < slots.first || slot >= slots.end) {
        return;
    }
    assert(is_used(slot));
    slots.used[slot / word_bits] &= ~(UINT64_C(1) << slot % word_bits);
    slots.free_count++;
    if (slot < slots.next) {
        slots.next = slot;
    }
}

void slots_delete(cap_slot slot)
{
    if (slot == slot_null) {
        return;
    }
    const enum status status = cspace_delete(slots_cspace(), slot);
    assert(status == STATUS_OK);
    slots_give(slot);
}

uint32_t slots_free_count(void)
{
    return slots.free_count;
}
