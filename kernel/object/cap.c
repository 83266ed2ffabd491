/* SPDX-License-Identifier: ISC */
/*
 * The derivation forest, and deletion in bounded steps.
 *
 * Deleting the last capability to a container (a capability space, or a thread with its own few
 * slots) first empties the container. Containers nest, so each step walks down to the innermost
 * thing that can go and removes just that. It only enters objects with a single capability, which
 * is the one it came by; so the one thing that it can come back to is where it began. Its length is
 * bounded by the memory that was spent on nested containers; it is done in steps too, and remembers
 * in kernel_state.walk how far it is. Every change of a slot makes it forget, so that what it
 * remembers is there.
 *
 * A container may hold its own last capability, directly or through others, and what is revoked may
 * lie in a container that was derived from it. The capability where the walk began is then parked
 * outside of all containers, in kernel_state.parked, and goes before anything else.
 */
#include <kernel/object/cap.h>

#include <kernel/object/object.h>
#include <kernel/panic.h>
#include <kernel/state.h>

struct kind_facts {
    bool counts_references;
    bool copies;
};

static const struct kind_facts facts[OBJECT_KIND_COUNT] = {
    [OBJECT_FRAME] = {.copies = true},
    [OBJECT_VSPACE] = {.counts_references = true, .copies = true},
    [OBJECT_CSPACE] = {.counts_references = true, .copies = true},
    [OBJECT_THREAD] = {.counts_references = true, .copies = true},
    [OBJECT_ENDPOINT] = {.counts_references = true, .copies = true},
    [OBJECT_NOTIFICATION] = {.counts_references = true, .copies = true},
    [OBJECT_REPLY] = {.counts_references = true},
    [OBJECT_IRQ] = {.counts_references = true},
    [OBJECT_IRQ_CONTROL] = {.copies = true},
    [OBJECT_PORT_RANGE] = {.copies = true},
    [OBJECT_CLOCK] = {.copies = true},
    [OBJECT_CONSOLE] = {.copies = true},
    [OBJECT_TEST] = {.copies = true},
};

static void unlink_from_siblings(struct capability *cap);
static void give_child_to_grandparent(struct capability *cap);
static bool delete_or_park(struct capability *cap, const struct capability *revoked);
static bool delete_parked(void);
static bool find_innermost(
    struct capability *cap, const struct capability *revoked, struct capability **innermost_out);
static void clear_slot(struct capability *cap);

bool cap_kind_counts_references(enum object_kind kind)
{
    return facts[kind].counts_references;
}

bool cap_kind_copies(enum object_kind kind)
{
    return facts[kind].copies;
}

static void forget_walk(void)
{
    kernel_state.walk.from = nullptr;
}

static void link_under(struct capability *cap, struct capability *parent)
{
    cap->parent = parent;
    cap->previous = nullptr;
    cap->next = parent == nullptr ? nullptr : parent->first_child;
    if (cap->next != nullptr) {
        cap->next->previous = cap;
    }
    if (parent != nullptr) {
        parent->first_child = cap;
    }
}

void cap_insert(struct capability *slot, const struct capability *value, struct capability *parent)
{
    kassert(slot->kind == OBJECT_NONE);
    kassert(parent == nullptr || parent->depth < derivation_depth_max);
    forget_walk();
    *slot = *value;
    slot->depth = parent == nullptr ? 0 : (uint16_t)(parent->depth + 1);
    slot->first_child = nullptr;
    link_under(slot, parent);
    if (cap_kind_counts_references(slot->kind)) {
        slot->object->reference_count++;
    }
}

enum status cap_decode_copy(const struct capability *source, const struct capability *target,
    uint16_t rights, uint64_t badge, struct capability *copy_out)
{
    if (source->kind == OBJECT_NONE || !cap_kind_copies(source->kind)) {
        return STATUS_INVALID_CAPABILITY;
    }
    if (target->kind != OBJECT_NONE) {
        return STATUS_EXISTS;
    }
    if (source->depth >= derivation_depth_max) {
        return STATUS_TOO_LARGE;
    }
    bool can_have_badge = source->kind == OBJECT_ENDPOINT || source->kind == OBJECT_NOTIFICATION;
    if (badge != 0 && (!can_have_badge || source->badge != 0)) {
        return STATUS_DENIED;
    }
    struct capability copy = *source;
    copy.rights &= rights;
    copy.flags &= (uint16_t)~CAP_MAPPED;
    if (source->kind == OBJECT_FRAME) {
        copy.address_mapped = 0;
        copy.vspace_id = 0;
    }
    if (badge != 0) {
        copy.badge = badge;
    }
    *copy_out = copy;
    return STATUS_OK;
}

enum status cap_decode_move(const struct capability *source, const struct capability *target)
{
    constexpr uint32_t children_max = 256;
    if (source->kind == OBJECT_NONE) {
        return STATUS_INVALID_CAPABILITY;
    }
    if (target->kind != OBJECT_NONE) {
        return STATUS_EXISTS;
    }
    uint32_t count = 0;
    for (const struct capability *child = source->first_child; child != nullptr;
        child = child->next) {
        if (++count > children_max) {
            return STATUS_TOO_LARGE;
        }
    }
    return STATUS_OK;
}

void cap_move(struct capability *source, struct capability *target)
{
    kassert(source->kind != OBJECT_NONE && target->kind == OBJECT_NONE);
    forget_walk();
    *target = *source;
    if (target->next != nullptr) {
        target->next->previous = target;
    }
    if (target->previous != nullptr) {
        target->previous->next = target;
    } else if (target->parent != nullptr) {
        target->parent->first_child = target;
    }
    /* Children point at their parent: bounded steps are impossible here, so a capability with many
     * children pays for its move. cap_decode_move limits how many. */
    for (struct capability *child = target->first_child; child != nullptr; child = child->next) {
        child->parent = target;
    }
    *source = (struct capability){};
}

bool cap_delete_step(struct capability *cap)
{
    if (delete_parked()) {
        return false;
    }
    return cap->kind == OBJECT_NONE || delete_or_park(cap, nullptr);
}

bool cap_revoke_step(struct capability *cap)
{
    if (delete_parked()) {
        return false;
    }
    if (cap->first_child == nullptr) {
        return true;
    }
    struct capability *leaf = cap->first_child;
    for (uint32_t depth = 0; leaf->first_child != nullptr; depth++) {
        kassert(depth <= derivation_depth_max);
        leaf = leaf->first_child;
    }
    (void)delete_or_park(leaf, cap);    /* Progress either way; the loop is the caller's. */
    return cap->first_child == nullptr; /* What is parked is still a child. */
}

/* One step on the parked capability; false if there is none. */
static bool delete_parked(void)
{
    if (kernel_state.parked.kind == OBJECT_NONE) {
        return false;
    }
    (void)delete_or_park(&kernel_state.parked, nullptr);
    return true;
}

/* One step towards an empty slot, for the sake of deleting it or of revoking `revoked`. True when
 * it is empty. */
static bool delete_or_park(struct capability *cap, const struct capability *revoked)
{
    struct capability *victim;
    if (!find_innermost(cap, revoked, &victim)) {
        return false;
    }
    if (victim == nullptr) {
        kassert(cap->first_child == nullptr); /* There would be a second capability. */
        cap_move(cap, &kernel_state.parked);
        return false;
    }
    if (victim->first_child != nullptr) {
        give_child_to_grandparent(victim);
        return false;
    }
    if (cap_kind_counts_references(victim->kind) && victim->object->reference_count == 1 &&
        !object_destroy_step(victim->object)) {
        return false;
    }
    clear_slot(victim);
    return victim == cap;
}

/* From `cap` down through containers that would die with their last capability, to the one that can
 * go. nullptr where that leads to `cap` again or to what is revoked. False where it is not known
 * yet: the walk goes on from where it is, unless a slot changes meanwhile. */
static bool find_innermost(
    struct capability *cap, const struct capability *revoked, struct capability **innermost_out)
{
    constexpr uint32_t levels_at_once = 32;
    struct cap_walk *walk = &kernel_state.walk;
    const bool goes_on = walk->from == cap && walk->revoked == revoked;
    struct capability *victim = goes_on ? walk->at : cap;
    uint32_t levels = 0;
    forget_walk();
    while (cap_kind_counts_references(victim->kind) && victim->object->reference_count == 1) {
        struct capability *inner;
        if (levels++ == levels_at_once || !object_find_inner_cap(victim->object, &inner)) {
            *walk = (struct cap_walk){.from = cap, .revoked = revoked, .at = victim};
            return false;
        }
        if (inner == nullptr) {
            break;
        }
        if (inner == cap || inner == revoked) {
            *innermost_out = nullptr;
            return true;
        }
        victim = inner;
    }
    *innermost_out = victim;
    return true;
}

/* The memory of an untyped capability goes to the grandparent with the first child that does: it
 * must never be handed out twice, whatever becomes of the rest of the deletion. */
static void give_child_to_grandparent(struct capability *cap)
{
    struct capability *child = cap->first_child;
    if (cap->kind == OBJECT_UNTYPED) {
        cap->flags |= CAP_SPENT;
    }
    unlink_from_siblings(child);
    link_under(child, cap->parent);
}

static void unlink_from_siblings(struct capability *cap)
{
    if (cap->next != nullptr) {
        cap->next->previous = cap->previous;
    }
    if (cap->previous != nullptr) {
        cap->previous->next = cap->next;
    } else if (cap->parent != nullptr) {
        cap->parent->first_child = cap->next;
    }
}

static void clear_slot(struct capability *cap)
{
    kassert(cap->first_child == nullptr);
    forget_walk();
    object_unmap(cap);
    if (cap_kind_counts_references(cap->kind)) {
        cap->object->reference_count--;
    }
    unlink_from_siblings(cap);
    *cap = (struct capability){};
}
