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
    kassert(cspace_first_cap(cspace) == nullptr);
    if (cspace->next != nullptr) {
        cspace->next->previous = cspace->previous;
    }
    if (cspace->previous != nullptr) {
        cspace->previous->next = cspace->next;
    } else {
        kernel_state.cspaces = cspace->next;
    }
}

struct capability *cspace_first_cap(struct cspace *cspace)
{
    uint32_t end = 1U << cspace->bits;
    while (cspace->first_hint < end && cspace->slots[cspace->first_hint].kind == OBJECT_NONE) {
        cspace->first_hint++;
    }
    return cspace->first_hint < end ? &cspace->slots[cspace->first_hint] : nullptr;
}

struct cspace *cspace_list_first(void)
{
    return kernel_state.cspaces;
}
