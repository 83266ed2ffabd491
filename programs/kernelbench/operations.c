/* SPDX-License-Identifier: ISC */
/*
 * The cost of each operation, stubs of both sides included: 64 rounds to warm up, the cheapest of
 * 32 single shots, then fifteen batches of which the empty loop is subtracted. With exact counts
 * all of them agree.
 */
#include "bench.h"

constexpr uint32_t batches = 15;
constexpr uint32_t singles = 32;
constexpr uint32_t warm_up_rounds = 64;
constexpr uint32_t message_words_long = 64;
constexpr uint32_t descendants = 1000;

struct operation {
    const char *name;
    void (*once)(void);
    uint32_t rounds; /* in a batch */
};

static struct untyped_cap small_memory;

/* --- measuring --- */

static uint64_t time_batch(void (*once)(void), uint32_t rounds)
{
    uint64_t start = ticks();
    for (uint32_t i = 0; i < rounds; i++) {
        once();
    }
    return ticks() - start;
}

static void nothing(void)
{
    __asm__ volatile("");
}

static uint64_t cheapest_single(void (*once)(void))
{
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < singles; i++) {
        uint64_t taken = time_batch(once, 1);
        least = taken < least ? taken : least;
    }
    return least;
}

static uint64_t table_loads(void)
{
    struct syscall_registers registers = {};
    must(object_invoke((cap_slot)ROOT_SLOT_TEST, TEST_TABLE_LOADS, &registers), "table loads");
    return registers.words[0];
}

static void measure(const struct operation *operation)
{
    uint64_t results[batches];
    uint64_t loads = table_loads();
    (void)time_batch(operation->once, warm_up_rounds);
    loads = table_loads() - loads;
    uint64_t single = cheapest_single(operation->once) - cheapest_single(nothing);
    uint64_t empty = time_batch(nothing, operation->rounds);
    for (uint32_t i = 0; i < batches; i++) {
        uint64_t taken = time_batch(operation->once, operation->rounds) - empty;
        uint64_t result = (taken + operation->rounds / 2) / operation->rounds;
        uint32_t at = i;
        for (; at > 0 && results[at - 1] > result; at--) {
            results[at] = results[at - 1];
        }
        results[at] = result;
    }
    const uint64_t figures[] = {
        results[0], results[batches / 2], results[batches - 1], single, loads / warm_up_rounds};
    say_figures(operation->name, figures, sizeof(figures) / sizeof(figures[0]));
}

/* --- the partner's programs --- */

[[noreturn]] static void serve(uint64_t unused)
{
    (void)unused;
    struct syscall_registers registers = {.target = slot_endpoint | (uint64_t)slot_reply << 32};
    (void)syscall_enter(SYSCALL_RECEIVE, &registers);
    for (;;) {
        registers.target = slot_endpoint | (uint64_t)slot_reply << 32;
        registers.tag = message_tag_make(0, message_tag_size_bytes(registers.tag), 0, STATUS_OK);
        (void)syscall_enter(SYSCALL_REPLY_RECEIVE, &registers);
    }
}

[[noreturn]] static void wait_for_signals(uint64_t unused)
{
    (void)unused;
    for (;;) {
        struct syscall_registers registers = {.target = slot_notification};
        (void)syscall_enter(SYSCALL_WAIT, &registers);
    }
}

[[noreturn]] static void touch_pages(uint64_t unused)
{
    (void)unused;
    for (;;) {
        *(volatile uint8_t *)fault_address_area = 1; // NOLINT(performance-no-int-to-ptr)
    }
}

/* Always ready, and as urgent as all that is measured. */
[[noreturn]] static void compete(uint64_t unused)
{
    (void)unused;
    for (;;) {
    }
}

/* --- operations --- */

static void null_syscall(void)
{
    (void)syscall_version();
}

static void call_bytes(uint32_t bytes)
{
    struct syscall_registers registers = {
        .target = slot_endpoint, .tag = message_tag_make(1, bytes, 0, STATUS_OK)};
    (void)syscall_enter(SYSCALL_CALL, &registers);
}

static void call_reply_0(void)
{
    call_bytes(0);
}

static void call_reply_4(void)
{
    call_bytes(32);
}

static void call_reply_64(void)
{
    call_bytes(message_words_long * 8);
}

static void call_reply_120(void)
{
    call_bytes(120 * 8);
}

static void signal_wait(void)
{
    (void)notification_signal((struct notification_cap){slot_notification});
}

/* One fault: receive it, answer it; the partner faults again at once. */
static void fault(void)
{
    struct syscall_registers registers = {.target = slot_pager | (uint64_t)slot_reply << 32,
        .tag = message_tag_make(0, 0, 0, STATUS_OK)};
    (void)syscall_enter(SYSCALL_REPLY_RECEIVE, &registers);
}

static void map_unmap(void)
{
    uint32_t missing_bits;
    (void)frame_map((struct frame_cap){slot_scratch},
        &(struct frame_map){
            .vspace = own_vspace, .address = window, .rights = RIGHT_READ | RIGHT_WRITE},
        &missing_bits);
    (void)frame_unmap((struct frame_cap){slot_scratch});
}

static void create_delete(enum object_kind kind)
{
    (void)untyped_retype(small_memory,
        &(struct untyped_retype){
            .kind = kind, .count = 1, .cspace = ROOT_SLOT_CSPACE, .first_slot = slot_scratch});
    (void)cspace_delete(own_cspace, slot_scratch);
}

static void endpoint_create_delete(void)
{
    create_delete(OBJECT_ENDPOINT);
}

static void notification_create_delete(void)
{
    create_delete(OBJECT_NOTIFICATION);
}

static void address_space_create_delete(void)
{
    create_delete(OBJECT_VSPACE);
}

static void cap_copy_delete(void)
{
    (void)cspace_copy(
        own_cspace, &(struct cspace_copy){
                        .source = slot_endpoint, .target = slot_scratch, .rights = rights_all});
    (void)cspace_delete(own_cspace, slot_scratch);
}

/* Made, configured, started, run until its first system call, and deleted. */
static void thread_create_delete(void)
{
    make_partner(&(struct partner){.entry = wait_for_signals, .priority = 41});
    end_partner();
}

/* --- in groups that need the same partner --- */

static void measure_messages(void)
{
    make_partner(&(struct partner){.entry = serve, .priority = 40});
    thread_yield();
    measure(&(struct operation){"call_reply_0", call_reply_0, 1000});
    measure(&(struct operation){"call_reply_4", call_reply_4, 1000});
    measure(&(struct operation){"call_reply_64", call_reply_64, 500});
    measure(&(struct operation){"call_reply_120", call_reply_120, 500});
    make_watcher(compete, 40);
    measure(&(struct operation){"call_reply_0_contended", call_reply_0, 500});
    delete_cap(slot_watcher);
    end_partner();
    make_partner(&(struct partner){.entry = serve, .priority = 40, .is_here = true});
    thread_yield();
    measure(&(struct operation){"call_reply_0_same_space", call_reply_0, 1000});
    measure(&(struct operation){"call_reply_4_same_space", call_reply_4, 1000});
    end_partner();
}

static void measure_signals(void)
{
    make_partner(&(struct partner){.entry = wait_for_signals, .priority = 41});
    measure(&(struct operation){"signal_wait", signal_wait, 1000});
    end_partner();
}

static void measure_faults(void)
{
    make_partner(&(struct partner){.entry = touch_pages, .priority = 40, .has_pager = true});
    struct syscall_registers registers = {.target = slot_pager | (uint64_t)slot_reply << 32};
    must(syscall_enter(SYSCALL_RECEIVE, &registers), "first fault");
    measure(&(struct operation){"fault", fault, 500});
    end_partner();
}

static void measure_mapping(void)
{
    make(OBJECT_FRAME, page_bits, slot_scratch);
    map(own_vspace, slot_scratch, window, RIGHT_READ | RIGHT_WRITE);
    (void)frame_unmap((struct frame_cap){slot_scratch});
    measure(&(struct operation){"map_unmap", map_unmap, 500});
    delete_cap(slot_scratch);
}

/* The time for each of many copies of one capability that go together. */
static void measure_revoke(void)
{
    constexpr uint32_t space_bits = 11;
    make(OBJECT_CSPACE, space_bits, slot_large_space);
    const struct cspace_cap space = {slot_large_space};
    for (uint32_t i = 1; i <= descendants; i++) {
        must(cspace_copy(space,
                 &(struct cspace_copy){.source = slot_endpoint, .target = i, .rights = rights_all}),
            "descendant");
    }
    uint64_t start = ticks();
    must(cspace_revoke(own_cspace, slot_endpoint), "revoke");
    say_figure("revoke_1000_per_descendant", (ticks() - start + descendants / 2) / descendants);
    delete_cap(slot_large_space);
}

static void make_objects(void)
{
    make(OBJECT_UNTYPED, 16, slot_small_untyped);
    small_memory = (struct untyped_cap){slot_small_untyped};
    make(OBJECT_ENDPOINT, 0, slot_endpoint);
    make(OBJECT_ENDPOINT, 0, slot_pager);
    make(OBJECT_REPLY, 0, slot_reply);
    make(OBJECT_NOTIFICATION, 0, slot_notification);
}

void measure_operations(void)
{
    make_objects();
    measure(&(struct operation){"null_syscall", null_syscall, 1000});
    measure_messages();
    measure_signals();
    measure_faults();
    measure_mapping();
    measure(&(struct operation){"cap_copy_delete", cap_copy_delete, 500});
    measure(&(struct operation){"endpoint_create_delete", endpoint_create_delete, 500});
    measure(&(struct operation){"notification_create_delete", notification_create_delete, 500});
    measure(&(struct operation){"address_space_create_delete", address_space_create_delete, 100});
    const struct untyped_cap large_memory = memory;
    memory = small_memory;
    measure(&(struct operation){"thread_create_delete", thread_create_delete, 200});
    memory = large_memory;
    measure_revoke();
}
