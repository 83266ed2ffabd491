/* SPDX-License-Identifier: ISC */
/* Capability spaces. */
#include <kernel/object/cspace.h>

#include <kernel/panic.h>
#include <kernel/state.h>

void cspace_init(struct cspace *cspace, uint32_t bits, uint32_t label)
{
    cspace->header = (struct object){.kind = OBJECT_CSPACE};
    cspace->bits = bits;
    cspace->label = label;
    cspace->first_hint = 1U << bits;
    cspace->previous = nullptr;
    cspace->next = kernel_state.cspaces;
    if (cspace->next != nullptr) {
        cspace->next->previous = cspace;
    }
    kernel_state.cspaces = cspace;
}

void cspace_destroy(struct cspace *cspace)
{
    kassert(cspace->first_hint == 1U << cspace->bits); /* searched to its end, and empty */
    if (cspace->next != nullptr) {
        cspace->next->previous = cspace->previous;
    }
    if (cspace->previous != nullptr) {
        cspace->previous->next = cspace->next;
    } else {
        kernel_state.cspaces = cspace->next;
    }
}

bool cspace_find_first_cap(struct cspace *cspace, struct capability **cap_out)
{
    constexpr uint32_t slots_at_once = 128;
    const uint32_t end = 1U << cspace->bits;
    for (uint32_t looked_at = 0; cspace->first_hint < end; looked_at++) {
        struct capability *cap = &cspace->slots[cspace->first_hint];
        if (cap->kind != OBJECT_NONE) {
            *cap_out = cap;
            return true;
        }
        if (looked_at == slots_at_once) {
            return false;
        }
        cspace->first_hint++;
    }
    *cap_out = nullptr;
    return true;
}

struct cspace *cspace_list_first(void)
{
    return kernel_state.cspaces;
}
