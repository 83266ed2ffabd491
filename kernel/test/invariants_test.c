/* SPDX-License-Identifier: ISC */
/* The inspection finds what it looks for: one thing is broken at a time, and its rule is named. */
#include <abi/syscall.h>
#include <kernel/arch/cpu.h>
#include <kernel/arch/page_entry.h>
#include <kernel/memory.h>
#include <kernel/object/clock.h>
#include <kernel/object/cspace.h>
#include <kernel/object/invariants.h>
#include <kernel/object/irq.h>
#include <kernel/object/untyped.h>
#include <kernel/object/vspace.h>
#include <kernel/state.h>
#include <lib/testing/check.h>

constexpr uint32_t memory_bits = 20;
constexpr uint32_t space_bits = 6;
constexpr uint64_t place = UINT64_C(0x400000);

enum slot : uint32_t {
    SLOT_SPACE = 1,
    SLOT_MEMORY,
    SLOT_VSPACE,
    SLOT_TABLES, /* three */
    SLOT_FRAME = SLOT_TABLES + 3,
    SLOT_OTHER_FRAME,
    SLOT_ENDPOINT,
    SLOT_COPY,
    SLOT_NOTIFICATION,
    SLOT_REPLY,
    SLOT_THREAD,
};

static alignas(1 << memory_bits) uint8_t memory[1 << memory_bits];
static alignas(64) uint8_t space_memory[64 + (64 << space_bits)];
static struct cspace *const space = (struct cspace *)space_memory;

static struct capability *at(enum slot slot)
{
    return cspace_slot(space, slot);
}

static void make(enum object_kind kind, uint32_t bits, uint64_t count, enum slot slot)
{
    struct untyped_retype_plan plan;
    CHECK_EQUAL(untyped_decode_retype(at(SLOT_MEMORY), space,
                    (uint64_t)kind | (uint64_t)bits << 8 | count << 16, slot, 0, &plan),
        STATUS_OK);
    while (!untyped_clear_step(&plan)) {
    }
    untyped_commit_retype(&plan);
}

static void put(enum slot slot, struct capability value)
{
    value.rights = rights_all;
    cap_insert(at(slot), &value, nullptr);
}

static void map_all(void)
{
    struct vspace *vspace = (struct vspace *)at(SLOT_VSPACE)->object;
    struct vspace_map_plan plan;
    uint64_t missing_bits;
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_EQUAL(vspace_decode_map_table(vspace, at(SLOT_TABLES + i), place, &plan), STATUS_OK);
        vspace_commit_map_table(&plan);
    }
    CHECK_EQUAL(vspace_decode_map_frame(
                    vspace, at(SLOT_FRAME), place, RIGHT_READ | RIGHT_WRITE, &plan, &missing_bits),
        STATUS_OK);
    vspace_commit_map_frame(&plan);
}

static void start(void)
{
    memset(&kernel_state, 0, sizeof(kernel_state));
    memset(space_memory, 0, sizeof(space_memory));
    memset(memory, 0, sizeof(memory));
    cpu_boot = (struct cpu){};
    kernel_state.vspace_next_id = 1;
    cspace_init(space, space_bits, 7);
    space->first_hint = 1;
    put(SLOT_SPACE, (struct capability){.kind = OBJECT_CSPACE, .object = &space->header});
    put(SLOT_MEMORY,
        (struct capability){
            .kind = OBJECT_UNTYPED, .bits = memory_bits, .address = physical_address(memory)});
    make(OBJECT_VSPACE, 0, 1, SLOT_VSPACE);
    make(OBJECT_PAGE_TABLE, 0, 3, SLOT_TABLES);
    make(OBJECT_FRAME, 12, 2, SLOT_FRAME);
    make(OBJECT_ENDPOINT, 0, 1, SLOT_ENDPOINT);
    make(OBJECT_NOTIFICATION, 0, 1, SLOT_NOTIFICATION);
    make(OBJECT_REPLY, 0, 1, SLOT_REPLY);
    make(OBJECT_THREAD, 0, 1, SLOT_THREAD);
    struct capability copy;
    CHECK_EQUAL(cap_decode_copy(at(SLOT_ENDPOINT), at(SLOT_COPY), RIGHT_SEND, 5, &copy), STATUS_OK);
    cap_insert(at(SLOT_COPY), &copy, at(SLOT_ENDPOINT));
    map_all();
}

static uint64_t *entries(void)
{
    return kernel_pointer(at(SLOT_TABLES + 2)->address);
}

static struct thread *thread(void)
{
    return (struct thread *)at(SLOT_THREAD)->object;
}

static struct notification *notification(void)
{
    return (struct notification *)at(SLOT_NOTIFICATION)->object;
}

static struct reply *reply(void)
{
    return (struct reply *)at(SLOT_REPLY)->object;
}

static void more_rights(void)
{
    at(SLOT_COPY)->rights = RIGHT_SEND | RIGHT_RECEIVE;
    at(SLOT_ENDPOINT)->rights = RIGHT_SEND;
}

static void another_badge(void)
{
    at(SLOT_ENDPOINT)->badge = 4;
}

static void wrong_parent(void)
{
    at(SLOT_COPY)->parent = at(SLOT_FRAME);
}

static void parent_in_a_circle(void)
{
    at(SLOT_ENDPOINT)->depth = at(SLOT_COPY)->depth;
}

static void lost_child(void)
{
    at(SLOT_ENDPOINT)->first_child = nullptr;
    at(SLOT_COPY)->previous = at(SLOT_COPY);
    at(SLOT_COPY)->next = at(SLOT_COPY);
}

static void count_too_high(void)
{
    at(SLOT_ENDPOINT)->object->reference_count++;
}

static void count_too_low(void)
{
    at(SLOT_ENDPOINT)->object->reference_count--;
}

static void memory_twice(void)
{
    at(SLOT_OTHER_FRAME)->address = at(SLOT_FRAME)->address & ~UINT64_C(0x1fff);
    at(SLOT_OTHER_FRAME)->bits = 13;
}

static void memory_outside(void)
{
    at(SLOT_OTHER_FRAME)->address = physical_address(memory) + sizeof(memory);
}

static void used_too_much(void)
{
    at(SLOT_MEMORY)->used_bytes = sizeof(memory) + 64;
}

static void device_of_memory(void)
{
    at(SLOT_OTHER_FRAME)->flags = CAP_DEVICE;
}

static void mapping_of_free_memory(void)
{
    entries()[9] = (physical_address(memory) + sizeof(memory) - 4096) | entry_present | entry_user |
                   entry_no_execute;
}

static void mapping_of_nobody(void)
{
    at(SLOT_FRAME)->flags = 0;
}

static void writable_and_executable(void)
{
    entries()[0] &= ~entry_no_execute;
}

static void mapping_beyond_rights(void)
{
    at(SLOT_FRAME)->rights = RIGHT_READ;
}

static void kernel_entry_in_user_half(void)
{
    entries()[0] &= ~entry_user;
}

static void another_kernel_half(void)
{
    vspace_top_table((struct vspace *)at(SLOT_VSPACE)->object)[300] ^= entry_writable;
}

static void space_of_the_dead(void)
{
    kernel_state.vspaces[9] = (struct vspace *)at(SLOT_VSPACE)->object;
}

static void ready_in_no_queue(void)
{
    thread()->suspended = false;
    thread()->state = THREAD_READY;
}

static void ready_though_suspended(void)
{
    thread()->state = THREAD_READY;
}

static void queue_of_the_idle(void)
{
    kernel_state.ready[3] = (struct thread_queue){thread(), thread()};
    kernel_state.ready_mask = 1 << 3;
}

static void mask_without_queue(void)
{
    kernel_state.ready_mask = 1;
}

static void blocked_nowhere(void)
{
    thread()->state = THREAD_SENDING;
}

static void blocked_in_no_queue(void)
{
    thread()->state = THREAD_SENDING;
    thread()->blocked_on = (struct endpoint *)at(SLOT_ENDPOINT)->object;
}

static void endpoint_of_another_kind(void)
{
    ((struct endpoint *)at(SLOT_ENDPOINT)->object)->state = ENDPOINT_SENDERS;
}

static void caller_that_is_gone(void)
{
    reply()->caller = thread();
}

static void caller_without_reply(void)
{
    thread()->state = THREAD_REPLY;
}

static void reply_of_who_goes_on(void)
{
    thread()->reply = reply();
}

static void reply_for_two(void)
{
    thread()->state = THREAD_REPLY;
    thread()->reply = reply();
    reply()->caller = thread();
    reply()->receiver = thread();
}

static void bound_on_one_side(void)
{
    notification()->bound = thread();
}

static void armed_in_no_list(void)
{
    notification()->deadline_armed = true;
}

static void deadline_of_nobody(void)
{
    kernel_state.deadlines[0] = notification();
    kernel_state.deadline_count = 1;
}

static void interrupt_of_nobody(void)
{
    kernel_state.irqs[4].in_use = true;
}

static void thread_in_kernel_mode(void)
{
    thread()->registers.cs = selector_kernel_code;
}

static void thread_on_a_wrong_thing(void)
{
    struct capability copy;
    CHECK_EQUAL(
        cap_decode_copy(at(SLOT_FRAME), &thread()->caps[0], rights_all, 0, &copy), STATUS_OK);
    cap_insert(&thread()->caps[0], &copy, at(SLOT_FRAME));
}

static void hint_too_high(void)
{
    space->first_hint = 2;
}

static const struct {
    void (*breaks)(void);
    const char *rule;
} cases[] = {
    {more_rights, "rights are within the parent's"},
    {another_badge, "a copy names what its parent names"},
    {wrong_parent, "a list of children holds the children"},
    {parent_in_a_circle, "links of derivation fit together"},
    {lost_child, "every child is in its parent's list"},
    {count_too_high, "a reference count is the number of capabilities"},
    {count_too_low, "a reference count is the number of capabilities"},
    {memory_twice, "memory is handed out once"},
    {memory_outside, "memory lies in what it was made of"},
    {used_too_much, "a block hands out what it has"},
    {device_of_memory, "devices stay devices"},
    {mapping_of_free_memory, "a mapping has a living capability behind it"},
    {mapping_of_nobody, "a mapping has a living capability behind it"},
    {writable_and_executable, "no mapping is writable and executable"},
    {mapping_beyond_rights, "a mapping is within the frame's rights"},
    {kernel_entry_in_user_half, "an entry of the user half is the user's"},
    {another_kernel_half, "the kernel's half is the same everywhere"},
    {space_of_the_dead, "a listed address space lives"},
    {ready_in_no_queue, "every ready thread is queued"},
    {ready_though_suspended, "a thread that runs may run"},
    {queue_of_the_idle, "who queues to run is ready"},
    {mask_without_queue, "the mask shows the queues"},
    {blocked_nowhere, "a thread is blocked on an endpoint if its state says so"},
    {blocked_in_no_queue, "every blocked thread is queued"},
    {endpoint_of_another_kind, "an idle endpoint has no queue"},
    {caller_that_is_gone, "a caller waits for the reply"},
    {caller_without_reply, "the reply object of a caller points back"},
    {reply_of_who_goes_on, "a thread that goes on has no reply object"},
    {reply_for_two, "a reply object serves one thread"},
    {bound_on_one_side, "a bound notification is bound"},
    {armed_in_no_list, "deadlines are listed"},
    {deadline_of_nobody, "deadlines are armed and in order"},
    {interrupt_of_nobody, "an interrupt is in use while there is a capability to it"},
    {thread_in_kernel_mode, "a thread runs in user mode"},
    {thread_on_a_wrong_thing, "a thread runs on what it was given"},
    {hint_too_high, "a capability space is sound"},
};

static void what_is_sound_passes(void)
{
    struct broken_invariant broken = {};
    start();
    const bool sound = invariants_hold(&broken);
    if (!sound) {
        printf("%s\n", broken.rule);
    }
    CHECK(sound);
    CHECK_EQUAL(entries()[0] & entry_address_mask, at(SLOT_FRAME)->address);
    CHECK_EQUAL(at(SLOT_ENDPOINT)->object->reference_count, 2);
    CHECK(invariants_hold(&broken));
}

static void each_broken_rule_is_named(void)
{
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct broken_invariant broken = {.rule = "none"};
        start();
        cases[i].breaks();
        CHECK(!invariants_hold(&broken));
        if (strcmp(broken.rule, cases[i].rule) != 0) {
            printf("case %u: `%s`, wanted `%s`\n", i, broken.rule, cases[i].rule);
        }
        CHECK(strcmp(broken.rule, cases[i].rule) == 0);
    }
}

int main(void)
{
    TEST(what_is_sound_passes);
    TEST(each_broken_rule_is_named);
    return check_report();
}
