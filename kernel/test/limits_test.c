/* SPDX-License-Identifier: ISC */
/* Where the kernel's tables, sizes and depths end: what random calls hardly ever reach. */
#include <abi/syscall.h>
#include <kernel/arch/cpu.h>
#include <kernel/memory.h>
#include <kernel/object/clock.h>
#include <kernel/object/cspace.h>
#include <kernel/object/irq.h>
#include <kernel/object/reply.h>
#include <kernel/object/untyped.h>
#include <kernel/object/vspace.h>
#include <kernel/state.h>
#include <lib/testing/check.h>

constexpr uint32_t memory_bits = 20;
constexpr uint32_t space_bits = 10;
constexpr uint64_t low_page = UINT64_C(0x400000);

static alignas(1 << memory_bits) uint8_t memory[1 << memory_bits];
static alignas(64) uint8_t space_memory[64 + (64 << space_bits)];
static struct cspace *const space = (struct cspace *)space_memory;
static struct capability *root;

static void start(void)
{
    memset(&kernel_state, 0, sizeof(kernel_state));
    memset(space_memory, 0, sizeof(space_memory));
    memset(memory, 0, sizeof(memory));
    cpu_boot = (struct cpu){};
    kernel_state.vspace_next_id = 1;
    cspace_init(space, space_bits, 0);
    root = cspace_slot(space, 1);
    const struct capability value = {.kind = OBJECT_UNTYPED,
        .bits = memory_bits,
        .rights = rights_all,
        .address = physical_address(memory)};
    cap_insert(root, &value, nullptr);
}

static struct capability *at(uint32_t slot)
{
    return cspace_slot(space, slot);
}

static enum status plan(enum object_kind kind, uint32_t bits, uint64_t count, uint32_t slot,
    struct untyped_retype_plan *plan_out)
{
    return untyped_decode_retype(
        root, space, (uint64_t)kind | (uint64_t)bits << 8 | count << 16, slot, 0, plan_out);
}

static enum status make(enum object_kind kind, uint32_t bits, uint32_t count, uint32_t slot)
{
    struct untyped_retype_plan made;
    enum status status = plan(kind, bits, count, slot, &made);
    if (status == STATUS_OK) {
        while (!untyped_clear_step(&made)) {
        }
        untyped_commit_retype(&made);
    }
    return status;
}

static void remove_cap(uint32_t slot)
{
    while (!cap_delete_step(at(slot))) {
    }
}

static void sizes_have_two_ends(void)
{
    struct untyped_retype_plan unused;
    start();
    CHECK_EQUAL(plan(OBJECT_UNTYPED, untyped_bits_min - 1, 1, 2, &unused), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(plan(OBJECT_UNTYPED, untyped_bits_max + 1, 1, 2, &unused), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(plan(OBJECT_FRAME, frame_bits_min - 1, 1, 2, &unused), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(plan(OBJECT_FRAME, frame_bits_max + 1, 1, 2, &unused), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(plan(OBJECT_CSPACE, cspace_bits_min - 1, 1, 2, &unused), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(plan(OBJECT_CSPACE, cspace_bits_max + 1, 1, 2, &unused), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(
        plan(OBJECT_ENDPOINT, 0, retype_count_max + 1, 2, &unused), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(plan(OBJECT_ENDPOINT, 0, retype_count_max, 2, &unused), STATUS_OK);
    CHECK_EQUAL(plan(OBJECT_ENDPOINT, 0, 1, UINT32_MAX, &unused), STATUS_INVALID_ARGUMENT);
    root->depth = derivation_depth_max;
    CHECK_EQUAL(plan(OBJECT_ENDPOINT, 0, 1, 2, &unused), STATUS_TOO_LARGE);
}

static void cleared_memory_is_not_cleared_again(void)
{
    struct untyped_retype_plan large;
    start();
    CHECK_EQUAL(plan(OBJECT_FRAME, 14, 1, 2, &large), STATUS_OK);
    while (!untyped_clear_step(&large)) {
    }
    memory[0] = 1; /* Nobody has this memory yet: were it cleared again, this would go. */
    CHECK_EQUAL(make(OBJECT_FRAME, 12, 1, 2), STATUS_OK);
    CHECK_EQUAL(memory[0], 1);
}

static void a_capability_with_many_children_stays_where_it_is(void)
{
    constexpr uint32_t children = 257;
    start();
    CHECK_EQUAL(make(OBJECT_ENDPOINT, 0, 1, 2), STATUS_OK);
    for (uint32_t i = 0; i < children; i++) {
        struct capability copy;
        CHECK_EQUAL(cap_decode_move(at(2), at(1000)), STATUS_OK);
        CHECK_EQUAL(cap_decode_copy(at(2), at(10 + i), rights_all, 0, &copy), STATUS_OK);
        cap_insert(at(10 + i), &copy, at(2));
    }
    CHECK_EQUAL(cap_decode_move(at(2), at(1000)), STATUS_TOO_LARGE);
}

static void deadlines_are_limited(void)
{
    start();
    CHECK_EQUAL(make(OBJECT_NOTIFICATION, 0, clock_deadlines_max, 2), STATUS_OK);
    CHECK_EQUAL(make(OBJECT_NOTIFICATION, 0, 1, 2 + clock_deadlines_max), STATUS_OK);
    for (uint32_t i = 0; i < clock_deadlines_max; i++) {
        struct notification *notification = (struct notification *)at(2 + i)->object;
        CHECK_EQUAL(clock_decode_arm(notification), STATUS_OK);
        clock_commit_arm(notification, 1000 - i, 1);
    }
    struct notification *last = (struct notification *)at(2 + clock_deadlines_max)->object;
    CHECK_EQUAL(clock_decode_arm(last), STATUS_NO_SPACE);
    CHECK_EQUAL(clock_decode_arm((struct notification *)at(2)->object), STATUS_OK);
    clock_disarm((struct notification *)at(30)->object);
    CHECK_EQUAL(clock_decode_arm(last), STATUS_OK);
}

static void interrupts_are_limited(void)
{
    start();
    struct irq *irq = nullptr;
    for (uint32_t i = 0; i < irq_count; i++) {
        uint64_t address;
        uint32_t data;
        irq = irq_find_free();
        CHECK(irq != nullptr);
        irq_commit_claim_message(irq, &address, &data);
    }
    CHECK(irq_find_free() == nullptr);
    struct irq *unused;
    CHECK_EQUAL(irq_decode_claim_line(3, &unused), STATUS_NO_SPACE);
    CHECK_EQUAL(make(OBJECT_NOTIFICATION, 0, 1, 2), STATUS_OK);
    CHECK_EQUAL(irq_decode_bind(irq, at(2)), STATUS_OK);
    at(2)->depth = derivation_depth_max;
    CHECK_EQUAL(irq_decode_bind(irq, at(2)), STATUS_TOO_LARGE);
}

static void the_last_space_of_the_list_can_go(void)
{
    start();
    kernel_state.cspaces = nullptr;
    CHECK_EQUAL(make(OBJECT_CSPACE, 4, 1, 2), STATUS_OK);
    remove_cap(2);
    CHECK(kernel_state.cspaces == nullptr);
}

static enum status map_frame(struct vspace *vspace, uint32_t slot, uint64_t address)
{
    struct vspace_map_plan made;
    uint64_t missing_bits;
    enum status status = vspace_decode_map_frame(
        vspace, at(slot), address, RIGHT_READ | RIGHT_WRITE, &made, &missing_bits);
    if (status == STATUS_OK) {
        vspace_commit_map_frame(&made);
    }
    return status;
}

static enum status map_table(struct vspace *vspace, uint32_t slot, uint64_t address)
{
    struct vspace_map_plan made;
    enum status status = vspace_decode_map_table(vspace, at(slot), address, &made);
    if (status == STATUS_OK) {
        vspace_commit_map_table(&made);
    }
    return status;
}

/* An address space in slot 2, three tables for low_page in 3 to 5, a frame in 6. */
static struct vspace *start_with_space(void)
{
    start();
    CHECK_EQUAL(make(OBJECT_VSPACE, 0, 1, 2), STATUS_OK);
    CHECK_EQUAL(make(OBJECT_PAGE_TABLE, 0, 3, 3), STATUS_OK);
    CHECK_EQUAL(make(OBJECT_FRAME, 14, 1, 6), STATUS_OK);
    struct vspace *vspace = (struct vspace *)at(2)->object;
    for (uint32_t slot = 3; slot < 6; slot++) {
        CHECK_EQUAL(map_table(vspace, slot, low_page), STATUS_OK);
    }
    return vspace;
}

static void addresses_end_before_the_hole(void)
{
    struct vspace *vspace = start_with_space();
    CHECK_EQUAL(map_frame(vspace, 6, UINT64_C(0x800000000000)), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(map_frame(vspace, 6, UINT64_C(0x7fffffffc000)), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(map_frame(vspace, 6, UINT64_C(0x7fffffff8000)), STATUS_MISSING_TABLE);
    CHECK_EQUAL(map_frame(vspace, 6, low_page), STATUS_OK);
}

static void a_space_without_a_place_in_the_table_maps_nothing(void)
{
    static struct vspace other;
    start();
    for (uint32_t i = 0; i < vspaces_max; i++) {
        kernel_state.vspaces[i] = &other;
    }
    kernel_state.vspace_places_begun = vspaces_max;
    CHECK_EQUAL(make(OBJECT_VSPACE, 0, 1, 2), STATUS_OK);
    CHECK_EQUAL(make(OBJECT_PAGE_TABLE, 0, 1, 3), STATUS_OK);
    CHECK_EQUAL(make(OBJECT_FRAME, 12, 1, 6), STATUS_OK);
    struct vspace *vspace = (struct vspace *)at(2)->object;
    CHECK_EQUAL(map_frame(vspace, 6, low_page), STATUS_NO_SPACE);
    CHECK_EQUAL(map_table(vspace, 3, low_page), STATUS_NO_SPACE);
    remove_cap(2);
    CHECK(kernel_state.vspaces[0] == &other);
}

static void what_was_mapped_in_a_dead_space_is_mapped_nowhere(void)
{
    struct vspace *vspace = start_with_space();
    CHECK_EQUAL(map_frame(vspace, 6, low_page), STATUS_OK);
    cpu_boot.vspace = vspace;
    remove_cap(2);
    CHECK(cpu_boot.vspace == nullptr);
    kernel_state.vspace_next_id = 1 + vspaces_max; /* the same place in the table */
    CHECK_EQUAL(make(OBJECT_VSPACE, 0, 1, 2), STATUS_OK);
    const uint64_t *entries = kernel_pointer(at(5)->address);
    CHECK(entries[0] != 0);
    vspace_unmap_frame(at(6));
    CHECK_EQUAL(at(6)->flags & CAP_MAPPED, 0);
    for (uint32_t slot = 3; slot < 6; slot++) {
        vspace_unmap_table(at(slot));
    }
    CHECK_EQUAL(entries[0], 0);
}

static void who_faulted_stops_when_the_reply_object_goes(void)
{
    start();
    CHECK_EQUAL(make(OBJECT_THREAD, 0, 1, 2), STATUS_OK);
    CHECK_EQUAL(make(OBJECT_REPLY, 0, 1, 3), STATUS_OK);
    struct thread *thread = (struct thread *)at(2)->object;
    struct reply *reply = (struct reply *)at(3)->object;
    thread->state = THREAD_REPLY;
    thread->fault_operation = FAULT_EXCEPTION;
    thread->reply = reply;
    reply->caller = thread;
    remove_cap(3);
    CHECK_EQUAL(thread->state, THREAD_FAULTED);
    CHECK(thread->reply == nullptr);
}

int main(void)
{
    TEST(sizes_have_two_ends);
    TEST(cleared_memory_is_not_cleared_again);
    TEST(a_capability_with_many_children_stays_where_it_is);
    TEST(deadlines_are_limited);
    TEST(interrupts_are_limited);
    TEST(the_last_space_of_the_list_can_go);
    TEST(addresses_end_before_the_hole);
    TEST(a_space_without_a_place_in_the_table_maps_nothing);
    TEST(what_was_mapped_in_a_dead_space_is_mapped_nowhere);
    TEST(who_faulted_stops_when_the_reply_object_goes);
    return check_report();
}
