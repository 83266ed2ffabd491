/* SPDX-License-Identifier: ISC */
/*
 * The capability core on the host: single rules, and a long random run with a checker that walks
 * all slots.
 *
 * The checker knows the invariants from the headers, not from the code: rights of children, links,
 * counts of references, memory of children within their parent and apart from each other.
 */
#include <abi/syscall.h>
#include <kernel/memory.h>
#include <kernel/object/cspace.h>
#include <kernel/object/untyped.h>
#include <kernel/object/vspace.h>
#include <kernel/state.h>
#include <lib/testing/check.h>

#include <stdlib.h>

constexpr uint32_t memory_bits = 22;
constexpr uint32_t space_bits = 8;
constexpr uint32_t slots = 1U << space_bits;
constexpr uint32_t spaces = 3;

static alignas(1 << 22) uint8_t memory[1 << 22];
static alignas(64) uint8_t space_memory[spaces][sizeof(struct cspace) + slots * 64];
static struct cspace *space[spaces];
static struct capability *root;

static void start(void)
{
    memset(&kernel_state, 0, sizeof kernel_state);
    kernel_state.vspace_next_id = 1;
    for (uint32_t i = 0; i < spaces; i++) {
        memset(space_memory[i], 0, sizeof space_memory[i]);
        space[i] = (struct cspace *)space_memory[i];
        cspace_init(space[i], space_bits, i);
    }
    root = cspace_slot(space[0], 1);
    const struct capability value = {.kind = OBJECT_UNTYPED,
        .bits = memory_bits,
        .rights = rights_all,
        .address = physical_address(memory)};
    cap_insert(root, &value, nullptr);
}

static enum status retype(struct capability *source, uint32_t space_index, uint32_t slot,
    enum object_kind kind, uint32_t bits, uint32_t count)
{
    struct untyped_retype_plan plan;
    enum status status = untyped_decode_retype(source, space[space_index],
        (uint64_t)kind | (uint64_t)bits << 8 | (uint64_t)count << 16, slot, 0, &plan);
    if (status != STATUS_OK) {
        return status;
    }
    while (!untyped_clear_step(&plan)) {
    }
    untyped_commit_retype(&plan);
    return STATUS_OK;
}

static enum status copy(
    struct capability *source, struct capability *target, uint16_t rights, uint64_t badge)
{
    struct capability value;
    enum status status = cap_decode_copy(source, target, rights, badge, &value);
    if (status == STATUS_OK) {
        cap_insert(target, &value, source);
        for (uint32_t i = 0; i < spaces; i++) {
            if (target >= space[i]->slots && target < space[i]->slots + slots) {
                cspace_note_filled(space[i], (uint64_t)(target - space[i]->slots));
            }
        }
    }
    return status;
}

static void remove_cap(struct capability *cap)
{
    while (!cap_delete_step(cap)) {
    }
}

static void revoke(struct capability *cap)
{
    while (!cap_revoke_step(cap)) {
    }
}

/* --- the checker --- */

static uint64_t size_of(const struct capability *cap)
{
    return cap->kind == OBJECT_UNTYPED || cap->kind == OBJECT_FRAME ? UINT64_C(1) << cap->bits : 0;
}

static void check_links(const struct capability *cap)
{
    CHECK(cap->next == nullptr || cap->next->previous == cap);
    CHECK(cap->previous == nullptr || cap->previous->next == cap);
    CHECK(cap->previous != nullptr || cap->parent == nullptr || cap->parent->first_child == cap);
    CHECK(cap->first_child == nullptr || cap->first_child->parent == cap);
    CHECK(cap->depth <= derivation_depth_max);
}

static void check_against_parent(const struct capability *cap)
{
    const struct capability *parent = cap->parent;
    if (parent == nullptr) {
        return;
    }
    CHECK(parent->kind != OBJECT_NONE);
    if (parent->kind != OBJECT_UNTYPED) {
        CHECK_EQUAL(cap->kind, parent->kind);
        CHECK_EQUAL(cap->rights & ~parent->rights, 0);
        return;
    }
    const uint64_t address =
        cap_kind_counts_references(cap->kind) ? physical_address(cap->object) : cap->address;
    CHECK(address >= parent->address);
    CHECK(address + size_of(cap) <= parent->address + size_of(parent));
    CHECK(cap->kind == OBJECT_NONE || parent->used_bytes != 0);
}

static void check_counts(const struct capability *cap)
{
    if (!cap_kind_counts_references(cap->kind)) {
        return;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < spaces; i++) {
        for (uint32_t slot = 1; slot < slots; slot++) {
            const struct capability *other = &space[i]->slots[slot];
            count += other->kind == cap->kind && other->object == cap->object;
        }
    }
    CHECK_EQUAL(cap->object->reference_count, count);
}

/* No two frames or untyped blocks overlap unless one was made of the other or they are copies. */
static void check_overlaps(void)
{
    for (uint32_t a = 1; a < slots; a++) {
        for (uint32_t b = a + 1; b < slots; b++) {
            const struct capability *one = &space[0]->slots[a];
            const struct capability *two = &space[0]->slots[b];
            if (one->kind != OBJECT_FRAME || two->kind != OBJECT_FRAME ||
                one->address == two->address) {
                continue;
            }
            CHECK(one->address + size_of(one) <= two->address ||
                  two->address + size_of(two) <= one->address);
        }
    }
}

static void check_all(void)
{
    for (uint32_t i = 0; i < spaces; i++) {
        for (uint32_t slot = 1; slot < slots; slot++) {
            const struct capability *cap = &space[i]->slots[slot];
            if (cap->kind != OBJECT_NONE) {
                check_links(cap);
                check_against_parent(cap);
                check_counts(cap);
            }
        }
    }
    check_overlaps();
}

/* --- single rules --- */

static void retype_fills_slots_and_uses_memory(void)
{
    start();
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_ENDPOINT, 0, 3), STATUS_OK);
    CHECK_EQUAL(untyped_free_bytes(root), sizeof memory - 3 * endpoint_size_bytes);
    CHECK_EQUAL(cspace_slot(space[0], 12)->kind, OBJECT_ENDPOINT);
    CHECK_EQUAL(retype(root, 0, 12, OBJECT_ENDPOINT, 0, 1), STATUS_EXISTS);
    check_all();
}

static void retype_refuses_what_does_not_fit(void)
{
    start();
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_UNTYPED, memory_bits + 1, 1), STATUS_NO_MEMORY);
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_FRAME, 11, 1), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_FRAME, 22, 1), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_CLOCK, 0, 1), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_ENDPOINT, 0, 0), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(retype(root, 0, 0, OBJECT_ENDPOINT, 0, 1), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(retype(root, 0, slots - 1, OBJECT_ENDPOINT, 0, 2), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_UNTYPED, memory_bits, 1), STATUS_OK);
    CHECK_EQUAL(retype(root, 0, 11, OBJECT_ENDPOINT, 0, 1), STATUS_NO_MEMORY);
    check_all();
}

static void device_memory_gives_only_memory(void)
{
    start();
    root->flags = CAP_DEVICE;
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_ENDPOINT, 0, 1), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_FRAME, 12, 1), STATUS_OK);
    CHECK_EQUAL(cspace_slot(space[0], 10)->flags & CAP_DEVICE, CAP_DEVICE);
}

static void memory_is_cleared_again(void)
{
    start();
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_FRAME, 12, 1), STATUS_OK);
    memset(kernel_pointer(cspace_slot(space[0], 10)->address), 0xff, 4096);
    remove_cap(cspace_slot(space[0], 10));
    CHECK_EQUAL(untyped_free_bytes(root), sizeof memory);
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_FRAME, 12, 1), STATUS_OK);
    const uint8_t *bytes = kernel_pointer(cspace_slot(space[0], 10)->address);
    for (uint32_t i = 0; i < 4096; i++) {
        CHECK(bytes[i] == 0);
    }
}

/* What was handed out before is dirty, even if an untyped block, which needs no clearing, is the
 * first thing that is made of the memory now. */
static void memory_is_cleared_again_behind_an_untyped_block(void)
{
    start();
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_FRAME, 12, 2), STATUS_OK);
    memset(memory, 0xff, 2 * 4096);
    revoke(root);
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_UNTYPED, 12, 1), STATUS_OK);
    CHECK_EQUAL(retype(root, 0, 11, OBJECT_CSPACE, 4, 1), STATUS_OK);
    const struct cspace *made = (const struct cspace *)cspace_slot(space[0], 11)->object;
    for (uint32_t slot = 0; slot < 1U << made->bits; slot++) {
        CHECK_EQUAL(made->slots[slot].kind, OBJECT_NONE);
    }
}

static enum status map_table(struct vspace *vspace, uint32_t slot, uint64_t address)
{
    struct vspace_map_plan plan;
    enum status status =
        vspace_decode_map_table(vspace, cspace_slot(space[0], slot), address, &plan);
    if (status == STATUS_OK) {
        vspace_commit_map_table(&plan);
    }
    return status;
}

static enum status map_frame(struct vspace *vspace, uint32_t slot, uint64_t address)
{
    struct vspace_map_plan plan;
    uint64_t missing_bits;
    enum status status = vspace_decode_map_frame(vspace, cspace_slot(space[0], slot), address,
        RIGHT_READ | RIGHT_WRITE, &plan, &missing_bits);
    if (status == STATUS_OK) {
        vspace_commit_map_frame(&plan);
    }
    return status;
}

static void copies_never_gain_rights(void)
{
    start();
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_ENDPOINT, 0, 1), STATUS_OK);
    struct capability *first = cspace_slot(space[0], 10);
    struct capability *weak = cspace_slot(space[1], 5);
    struct capability *again = cspace_slot(space[2], 5);
    CHECK_EQUAL(copy(first, weak, RIGHT_SEND, 7), STATUS_OK);
    CHECK_EQUAL(copy(weak, again, rights_all, 0), STATUS_OK);
    CHECK_EQUAL(again->rights, RIGHT_SEND);
    CHECK_EQUAL(again->badge, 7);
    CHECK_EQUAL(copy(weak, cspace_slot(space[2], 6), rights_all, 8), STATUS_DENIED);
    CHECK_EQUAL(copy(root, cspace_slot(space[2], 6), rights_all, 0), STATUS_INVALID_CAPABILITY);
    check_all();
}

static void revoke_takes_all_descendants(void)
{
    start();
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_ENDPOINT, 0, 1), STATUS_OK);
    struct capability *first = cspace_slot(space[0], 10);
    CHECK_EQUAL(copy(first, cspace_slot(space[1], 5), rights_all, 1), STATUS_OK);
    CHECK_EQUAL(copy(cspace_slot(space[1], 5), cspace_slot(space[2], 5), rights_all, 0), STATUS_OK);
    revoke(first);
    CHECK_EQUAL(cspace_slot(space[1], 5)->kind, OBJECT_NONE);
    CHECK_EQUAL(cspace_slot(space[2], 5)->kind, OBJECT_NONE);
    CHECK_EQUAL(first->kind, OBJECT_ENDPOINT);
    revoke(root);
    CHECK_EQUAL(first->kind, OBJECT_NONE);
    CHECK_EQUAL(untyped_free_bytes(root), sizeof memory);
}

static void children_of_a_deleted_copy_stay(void)
{
    start();
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_ENDPOINT, 0, 1), STATUS_OK);
    CHECK_EQUAL(
        copy(cspace_slot(space[0], 10), cspace_slot(space[1], 5), rights_all, 1), STATUS_OK);
    CHECK_EQUAL(copy(cspace_slot(space[1], 5), cspace_slot(space[2], 5), rights_all, 0), STATUS_OK);
    remove_cap(cspace_slot(space[1], 5));
    CHECK(cspace_slot(space[2], 5)->parent == cspace_slot(space[0], 10));
    check_all();
}

static void a_dying_space_gives_everything_back(void)
{
    start();
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_CSPACE, 6, 1), STATUS_OK);
    struct cspace *inner = (struct cspace *)cspace_slot(space[0], 10)->object;
    CHECK_EQUAL(retype(root, 0, 11, OBJECT_ENDPOINT, 0, 1), STATUS_OK);
    struct capability value;
    CHECK_EQUAL(
        cap_decode_copy(cspace_slot(space[0], 11), cspace_slot(inner, 7), rights_all, 0, &value),
        STATUS_OK);
    cap_insert(cspace_slot(inner, 7), &value, cspace_slot(space[0], 11));
    cspace_note_filled(inner, 7);
    CHECK_EQUAL(cspace_slot(space[0], 11)->object->reference_count, 2);
    remove_cap(cspace_slot(space[0], 10));
    CHECK_EQUAL(cspace_slot(space[0], 11)->object->reference_count, 1);
    check_all();
}

static struct cspace *space_of(const struct capability *cap)
{
    return (struct cspace *)cap->object;
}

static void move_cap(uint32_t slot, struct cspace *target, uint32_t target_slot)
{
    struct capability *source = cspace_slot(space[0], slot);
    CHECK_EQUAL(cap_decode_move(source, cspace_slot(target, target_slot)), STATUS_OK);
    cap_move(source, cspace_slot(target, target_slot));
    cspace_note_filled(target, target_slot);
}

static void everything_is_back(void)
{
    CHECK_EQUAL(kernel_state.parked.kind, OBJECT_NONE);
    CHECK(root->first_child == nullptr);
    CHECK_EQUAL(untyped_free_bytes(root), sizeof memory);
    CHECK(kernel_state.cspaces == space[2]);
}

/* The capability `levels` below the one in `cap`, each in slot 1 of the space above. */
static struct capability *nested(struct capability *cap, uint32_t levels)
{
    for (uint32_t i = 0; i < levels; i++) {
        cap = cspace_slot(space_of(cap), 1);
    }
    return cap;
}

/* Deeper than one step looks. What a step remembers does not go if somebody took it out meanwhile,
 * with all that is around it. */
static void nested_spaces_are_walked_in_steps(void)
{
    constexpr uint32_t depth = 100;
    start();
    for (uint32_t i = 0; i < depth; i++) {
        CHECK_EQUAL(retype(root, 0, 10, OBJECT_CSPACE, cspace_bits_min, 1), STATUS_OK);
        if (i != 0) {
            move_cap(11, space_of(cspace_slot(space[0], 10)), 1);
        }
        move_cap(10, space[0], 11);
    }
    struct capability *outermost = cspace_slot(space[0], 11);
    struct capability *taken_out = cspace_slot(space[0], 20);
    CHECK(!cap_delete_step(outermost));
    CHECK(kernel_state.walk.from == outermost);
    CHECK(kernel_state.walk.at != nested(outermost, 10));
    cap_move(nested(outermost, 10), taken_out);
    remove_cap(outermost);
    CHECK_EQUAL(nested(taken_out, depth - 11)->kind, OBJECT_CSPACE);
    remove_cap(taken_out);
    everything_is_back();
}

static void spaces_that_hold_themselves_die(void)
{
    start();
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_CSPACE, 4, 3), STATUS_OK);
    CHECK_EQUAL(retype(root, 0, 13, OBJECT_ENDPOINT, 0, 1), STATUS_OK);
    struct cspace *first = space_of(cspace_slot(space[0], 10));
    struct cspace *second = space_of(cspace_slot(space[0], 11));
    struct cspace *lonely = space_of(cspace_slot(space[0], 12));
    move_cap(11, first, 3);
    move_cap(10, second, 4);
    move_cap(13, second, 5);
    move_cap(12, lonely, 1);
    remove_cap(cspace_slot(first, 3));
    remove_cap(cspace_slot(lonely, 1));
    everything_is_back();
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_CSPACE, 4, 1), STATUS_OK);
    lonely = space_of(cspace_slot(space[0], 10));
    move_cap(10, lonely, 1);
    revoke(root);
    everything_is_back();
}

static void revoking_what_lies_in_its_own_child_takes_both(void)
{
    start();
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_UNTYPED, 16, 1), STATUS_OK);
    CHECK_EQUAL(retype(cspace_slot(space[0], 10), 0, 11, OBJECT_CSPACE, 4, 1), STATUS_OK);
    struct cspace *inner = space_of(cspace_slot(space[0], 11));
    move_cap(10, inner, 2);
    revoke(cspace_slot(inner, 2));
    CHECK_EQUAL(cspace_slot(space[0], 11)->kind, OBJECT_NONE);
    everything_is_back();
}

/* Between two steps of a deletion others run. */
static void memory_is_not_given_twice_during_a_deletion(void)
{
    start();
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_UNTYPED, 16, 1), STATUS_OK);
    struct capability *block = cspace_slot(space[0], 10);
    CHECK_EQUAL(retype(block, 0, 11, OBJECT_CSPACE, 4, 1), STATUS_OK);
    CHECK(!cap_delete_step(block));
    CHECK(block->first_child == nullptr);
    CHECK(cspace_slot(space[0], 11)->parent == root);
    CHECK_EQUAL(untyped_free_bytes(block), 0);
    CHECK_EQUAL(retype(block, 0, 12, OBJECT_FRAME, 12, 1), STATUS_NO_MEMORY);
    remove_cap(block);
    revoke(root);
    everything_is_back();
}

static void depth_is_bounded(void)
{
    start();
    CHECK_EQUAL(retype(root, 0, 2, OBJECT_ENDPOINT, 0, 1), STATUS_OK);
    enum status status = STATUS_OK;
    uint32_t slot = 2;
    while (status == STATUS_OK && slot + 1 < slots) {
        status = copy(cspace_slot(space[0], slot), cspace_slot(space[0], slot + 1), rights_all, 0);
        slot++;
    }
    CHECK_EQUAL(status, STATUS_TOO_LARGE);
    revoke(root);
    check_all();
}

static void an_unmapped_table_forgets_its_frames(void)
{
    constexpr uint64_t first_place = UINT64_C(0x400000);
    constexpr uint64_t second_place = UINT64_C(0x800000);
    start();
    CHECK_EQUAL(retype(root, 0, 10, OBJECT_VSPACE, 0, 1), STATUS_OK);
    CHECK_EQUAL(retype(root, 0, 11, OBJECT_PAGE_TABLE, 0, 3), STATUS_OK);
    CHECK_EQUAL(retype(root, 0, 14, OBJECT_FRAME, 12, 1), STATUS_OK);
    struct vspace *vspace = (struct vspace *)cspace_slot(space[0], 10)->object;
    for (uint32_t slot = 11; slot < 14; slot++) {
        CHECK_EQUAL(map_table(vspace, slot, first_place), STATUS_OK);
    }
    struct capability *table = cspace_slot(space[0], 13);
    const uint64_t *entries = kernel_pointer(table->address);
    CHECK_EQUAL(map_frame(vspace, 14, first_place), STATUS_OK);
    CHECK(entries[0] != 0);
    vspace_unmap_table(table);
    CHECK_EQUAL(map_table(vspace, 13, second_place), STATUS_OK);
    CHECK_EQUAL(entries[0], 0);
    remove_cap(cspace_slot(space[0], 14));
}

/* --- the random run --- */

static uint64_t random_state = 88172645463325252;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 20) % limit;
}

static struct capability *random_slot(void)
{
    return &space[random_below(spaces)]->slots[1 + random_below(slots - 1)];
}

static void random_retype(void)
{
    static const struct {
        enum object_kind kind;
        uint32_t bits;
    } kinds[] = {{OBJECT_ENDPOINT, 0}, {OBJECT_NOTIFICATION, 0}, {OBJECT_REPLY, 0},
        {OBJECT_FRAME, 12}, {OBJECT_FRAME, 14}, {OBJECT_UNTYPED, 13}, {OBJECT_UNTYPED, 16},
        {OBJECT_THREAD, 0}, {OBJECT_VSPACE, 0}, {OBJECT_PAGE_TABLE, 0}};
    struct capability *source = random_below(3) == 0 ? random_slot() : root;
    if (source->kind != OBJECT_UNTYPED) {
        return;
    }
    uint32_t choice = random_below(sizeof kinds / sizeof kinds[0]);
    (void)retype(source, random_below(spaces), 2 + random_below(slots - 2), kinds[choice].kind,
        kinds[choice].bits, 1 + random_below(3));
}

static void random_step(void)
{
    struct capability *one = random_slot();
    struct capability *two = random_slot();
    switch (random_below(8)) {
    case 0:
    case 1:
        random_retype();
        break;
    case 2:
    case 3:
    case 4:
        (void)copy(one, two, (uint16_t)random_below(256), random_below(2) * random_below(9));
        break;
    case 5:
        if (one != root && cap_decode_move(one, two) == STATUS_OK) {
            cap_move(one, two);
        }
        break;
    case 6:
        if (one != root) {
            remove_cap(one);
        }
        break;
    default:
        if (one->kind != OBJECT_NONE && one != root && random_below(4) == 0) {
            revoke(one);
        }
        break;
    }
}

static void random_operations_keep_the_invariants(void)
{
    constexpr uint32_t operations = 400'000;
    constexpr uint32_t check_every = 500;
    start();
    for (uint32_t i = 0; i < operations; i++) {
        random_step();
        if (i % check_every == 0) {
            check_all();
        }
    }
    revoke(root);
    CHECK_EQUAL(untyped_free_bytes(root), sizeof memory);
    for (uint32_t i = 0; i < spaces; i++) {
        for (uint32_t slot = 1; slot < slots; slot++) {
            CHECK(&space[i]->slots[slot] == root || space[i]->slots[slot].kind == OBJECT_NONE);
        }
    }
}

int main(void)
{
    TEST(retype_fills_slots_and_uses_memory);
    TEST(retype_refuses_what_does_not_fit);
    TEST(device_memory_gives_only_memory);
    TEST(memory_is_cleared_again);
    TEST(memory_is_cleared_again_behind_an_untyped_block);
    TEST(copies_never_gain_rights);
    TEST(revoke_takes_all_descendants);
    TEST(children_of_a_deleted_copy_stay);
    TEST(a_dying_space_gives_everything_back);
    TEST(nested_spaces_are_walked_in_steps);
    TEST(spaces_that_hold_themselves_die);
    TEST(revoking_what_lies_in_its_own_child_takes_both);
    TEST(memory_is_not_given_twice_during_a_deletion);
    TEST(depth_is_bounded);
    TEST(an_unmapped_table_forgets_its_frames);
    TEST(random_operations_keep_the_invariants);
    return check_report();
}
