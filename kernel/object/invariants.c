/* SPDX-License-Identifier: ISC */
/*
 * The inspection of the kernel's state: walks, links and counts of references.
 *
 * Counts are checked without memory for counting: every capability takes one off the count of its
 * object; then all must be zero; then every capability puts one back. The capability that brings a
 * count to zero is the last one to its object, so there the object itself is inspected, once.
 */
#include <kernel/object/invariants.h>

#include <kernel/object/irq.h>
#include <kernel/state.h>

static void count_down(struct inspection *inspection, struct capability *cap);
static void expect_zero(struct inspection *inspection, struct capability *cap);
static void count_up(struct inspection *inspection, struct capability *cap);
static void inspect_spaces(struct inspection *inspection);

bool invariants_hold(struct broken_invariant *broken_out)
{
    struct inspection inspection = {};
    inspection_visit_slots(&inspection, count_down);
    inspection_visit_slots(&inspection, expect_zero);
    inspection_visit_slots(&inspection, count_up);
    inspection.space = nullptr;
    inspection.slot = 0;
    const struct census *census = &inspection.census;
    inspection_expect(&inspection, census->children_named == census->children_listed,
        "every child is in its parent's list", nullptr);
    inspect_spaces(&inspection);
    inspect_threads_together(&inspection);
    if (!inspection.broken) {
        inspect_tables(&inspection);
    }
    if (inspection.broken) {
        *broken_out = inspection.first;
    }
    return !inspection.broken;
}

bool inspection_expect(
    struct inspection *inspection, bool holds, const char *rule, const void *object)
{
    if (!holds && !inspection->broken) {
        inspection->broken = true;
        inspection->first = (struct broken_invariant){.rule = rule,
            .space = inspection->space == nullptr ? 0 : inspection->space->label,
            .slot = inspection->slot,
            .object = object};
    }
    return holds;
}

void inspection_visit_slots(struct inspection *inspection,
    void (*visit)(struct inspection *inspection, struct capability *cap))
{
    for (struct cspace *cspace = kernel_state.cspaces; cspace != nullptr; cspace = cspace->next) {
        inspection->space = cspace;
        for (uint32_t slot = 1; slot >> cspace->bits == 0; slot++) {
            inspection->slot = slot;
            if (cspace->slots[slot].kind != OBJECT_NONE) {
                visit(inspection, &cspace->slots[slot]);
            }
        }
    }
    inspection->space = nullptr;
    inspection->slot = 0;
    if (kernel_state.parked.kind != OBJECT_NONE) {
        visit(inspection, &kernel_state.parked);
    }
    for (uint32_t i = 0; i < irq_count; i++) {
        if (kernel_state.irqs[i].target.kind != OBJECT_NONE) {
            visit(inspection, &kernel_state.irqs[i].target);
        }
    }
}

static void inspect_links(struct inspection *inspection, const struct capability *cap)
{
    const struct capability *parent = cap->parent;
    bool sound = cap->kind < OBJECT_KIND_COUNT && cap->depth <= derivation_depth_max;
    sound &= cap->next == nullptr || (cap->next->previous == cap && cap->next->parent == parent);
    sound &= cap->previous == nullptr || cap->previous->next == cap;
    if (parent == nullptr) {
        sound &= cap->next == nullptr && cap->previous == nullptr;
    } else {
        sound &= parent->kind != OBJECT_NONE && parent->depth < cap->depth;
        sound &= cap->previous != nullptr || parent->first_child == cap;
        inspection->census.children_named++;
    }
    inspection_expect(inspection, sound, "links of derivation fit together", cap);
}

/* Every step checks the way back, so a list that runs in a circle ends the walk, too. */
static void inspect_children(struct inspection *inspection, const struct capability *cap)
{
    const struct capability *previous = nullptr;
    for (const struct capability *child = cap->first_child; child != nullptr; child = child->next) {
        if (!inspection_expect(inspection, child->parent == cap && child->previous == previous,
                "a list of children holds the children", cap)) {
            return;
        }
        inspection->census.children_listed++;
        previous = child;
    }
}

/* The last capability to it was met. */
static void inspect_object(struct inspection *inspection, const struct object *object)
{
    switch (object->kind) {
    case OBJECT_CSPACE:
        inspection->census.cspaces++;
        break;
    case OBJECT_VSPACE:
        inspection->census.vspaces++;
        break;
    case OBJECT_IRQ:
        inspection->census.irqs++;
        break;
    case OBJECT_THREAD:
        inspect_thread(inspection, (const struct thread *)object);
        break;
    case OBJECT_ENDPOINT:
        inspect_endpoint(inspection, (const struct endpoint *)object);
        break;
    case OBJECT_NOTIFICATION:
        inspect_notification(inspection, (const struct notification *)object);
        break;
    case OBJECT_REPLY:
        inspect_reply(inspection, (const struct reply *)object);
        break;
    default:
        inspection_expect(inspection, false, "an object has a kind", object);
        break;
    }
}

/* True if this was the last capability to a thread: its own capabilities follow. */
static bool count_down_one(struct inspection *inspection, struct capability *cap)
{
    inspect_links(inspection, cap);
    inspect_children(inspection, cap);
    inspect_memory(inspection, cap);
    if (!cap_kind_counts_references(cap->kind)) {
        return false;
    }
    inspection_expect(
        inspection, cap->object->kind == cap->kind, "a capability names its kind", cap);
    cap->object->reference_count--;
    if (cap->object->reference_count != 0) {
        return false;
    }
    inspect_object(inspection, cap->object);
    return cap->kind == OBJECT_THREAD;
}

static void count_down(struct inspection *inspection, struct capability *cap)
{
    if (!count_down_one(inspection, cap)) {
        return;
    }
    struct thread *thread = (struct thread *)cap->object;
    for (uint32_t i = 0; i < THREAD_CAP_COUNT; i++) {
        if (thread->caps[i].kind != OBJECT_NONE) {
            (void)count_down_one(inspection, &thread->caps[i]);
        }
    }
}

static void expect_zero(struct inspection *inspection, struct capability *cap)
{
    if (cap_kind_counts_references(cap->kind)) {
        inspection_expect(inspection, cap->object->reference_count == 0,
            "a reference count is the number of capabilities", cap);
    }
}

static void count_up(struct inspection *inspection, struct capability *cap)
{
    (void)inspection;
    if (!cap_kind_counts_references(cap->kind)) {
        return;
    }
    if (cap->kind == OBJECT_THREAD && cap->object->reference_count == 0) {
        struct thread *thread = (struct thread *)cap->object;
        for (uint32_t i = 0; i < THREAD_CAP_COUNT; i++) {
            if (cap_kind_counts_references(thread->caps[i].kind)) {
                thread->caps[i].object->reference_count++;
            }
        }
    }
    cap->object->reference_count++;
}

/* The lists and tables of the kernel hold what there are capabilities to, and nothing else. */
static void inspect_spaces(struct inspection *inspection)
{
    uint32_t cspaces = 0;
    const struct cspace *previous = nullptr;
    for (const struct cspace *cspace = kernel_state.cspaces; cspace != nullptr;
        cspace = cspace->next) {
        cspaces++;
        bool sound = cspace->previous == previous && cspace->slots[0].kind == OBJECT_NONE;
        for (uint32_t slot = 0; slot < cspace->first_hint && slot >> cspace->bits == 0; slot++) {
            sound &= cspace->slots[slot].kind == OBJECT_NONE;
        }
        inspection_expect(inspection, sound, "a capability space is sound", cspace);
        previous = cspace;
    }
    inspection_expect(inspection, cspaces == inspection->census.cspaces,
        "the list of spaces holds all living ones", nullptr);
    uint32_t irqs = 0;
    for (uint32_t i = 0; i < irq_count; i++) {
        const struct irq *irq = &kernel_state.irqs[i];
        irqs += irq->in_use;
        bool sound = irq->target.kind == OBJECT_NONE ||
                     (irq->in_use && irq->target.kind == OBJECT_NOTIFICATION);
        inspection_expect(inspection, sound, "an interrupt signals a notification", irq);
    }
    inspection_expect(inspection, irqs == inspection->census.irqs,
        "an interrupt is in use while there is a capability to it", nullptr);
}
