/* SPDX-License-Identifier: ISC */
/*
 * The fast path against the general path. Both begin in the same state of the kernel, and must end
 * in states that are the same byte by byte: threads, queues, objects, buffers, the scheduler's
 * state, and all that the processor was told.
 *
 * First each condition of kernel/syscall/fast.h alone: a call and an answer that take the fast
 * path, and the same with that one condition broken, which must not take it. Then a long random
 * run, in which every system call is done in both ways.
 */
#include <kernel/syscall/fast.h>

#include <abi/syscall.h>
#include <kernel/arch/cpu.h>
#include <kernel/ipc/buffer.h>
#include <kernel/ipc/message.h>
#include <kernel/memory.h>
#include <kernel/object/cspace.h>
#include <kernel/object/notification.h>
#include <kernel/object/vspace.h>
#include <kernel/scheduler.h>
#include <kernel/state.h>
#include <kernel/syscall/invoke.h>
#include <lib/testing/check.h>

#include <stdlib.h>

constexpr uint32_t threads = 4;
constexpr uint32_t objects = 2; /* of each kind */
constexpr uint32_t space_bits = 6;

enum slot : cap_slot {
    SLOT_ENDPOINT = 1, /* all rights */
    SLOT_BADGED = SLOT_ENDPOINT + objects,
    SLOT_ONLY_SEND = SLOT_BADGED + objects,
    SLOT_ONLY_RECEIVE = SLOT_ONLY_SEND + objects,
    SLOT_REPLY = SLOT_ONLY_RECEIVE + objects,
    SLOT_NOTIFICATION = SLOT_REPLY + objects,
    SLOT_EMPTY = SLOT_NOTIFICATION + objects, /* and all behind it */
};

/* Everything that a system call may change beside kernel_state, cpu_boot and the processor. */
static struct world {
    struct thread threads[threads];
    struct vspace vspaces[objects];
    struct endpoint endpoints[objects];
    struct reply replies[objects];
    struct notification notifications[objects];
    struct ipc_buffer buffers[threads];
    alignas(64) uint8_t spaces[objects][sizeof(struct cspace) + (64U << space_bits)];
} world;

static struct capability thread_caps[threads]; /* in no space: threads do not die here */

struct snapshot {
    struct world world;
    struct kernel_state kernel_state;
    struct cpu cpu;
    struct processor processor;
    struct thread *next;
};

static uint32_t dispatched; /* how often the general path was taken */

struct thread *__real_syscall_dispatch(
    struct thread *thread); // NOLINT(bugprone-reserved-identifier)
struct thread *__wrap_syscall_dispatch(
    struct thread *thread); // NOLINT(bugprone-reserved-identifier)

struct thread *__wrap_syscall_dispatch(
    struct thread *thread) // NOLINT(bugprone-reserved-identifier)
{
    dispatched++;
    return __real_syscall_dispatch(thread);
}

/* Operations of objects are no part of this. */
enum status invoke(struct invocation *invocation)
{
    (void)invocation;
    return STATUS_UNKNOWN_OPERATION;
}

/* --- the world --- */

static struct cspace *space(uint32_t index)
{
    return (struct cspace *)world.spaces[index];
}

static void put(uint32_t space_index, cap_slot slot, struct capability value)
{
    cap_insert(&space(space_index)->slots[slot], &value, nullptr);
    cspace_note_filled(space(space_index), slot);
}

static void fill_space(uint32_t index)
{
    cspace_init(space(index), space_bits, index);
    for (uint32_t i = 0; i < objects; i++) {
        struct object *endpoint = &world.endpoints[i].header;
        const struct capability all = {
            .kind = OBJECT_ENDPOINT, .rights = rights_all, .object = endpoint};
        struct capability badged = all;
        struct capability sends = all;
        struct capability receives = all;
        badged.badge = 70 + index * objects + i;
        sends.rights = RIGHT_SEND;
        receives.rights = RIGHT_RECEIVE;
        put(index, SLOT_ENDPOINT + i, all);
        put(index, SLOT_BADGED + i, badged);
        put(index, SLOT_ONLY_SEND + i, sends);
        put(index, SLOT_ONLY_RECEIVE + i, receives);
        put(index, SLOT_REPLY + i,
            (struct capability){.kind = OBJECT_REPLY,
                .rights = rights_all,
                .object = &world.replies[(i + index) % objects].header});
        put(index, SLOT_NOTIFICATION + i,
            (struct capability){.kind = OBJECT_NOTIFICATION,
                .rights = rights_all,
                .object = &world.notifications[i].header});
    }
}

static void fill_thread(uint32_t index)
{
    struct thread *thread = &world.threads[index];
    thread_init(thread);
    thread->suspended = false;
    thread->priority = 20;
    const uint32_t group = index % objects;
    const struct capability values[THREAD_CAP_COUNT] = {
        [THREAD_CAP_CSPACE] = {.kind = OBJECT_CSPACE, .object = &space(group)->header},
        [THREAD_CAP_VSPACE] = {.kind = OBJECT_VSPACE, .object = &world.vspaces[group].header},
        [THREAD_CAP_BUFFER] = {.kind = OBJECT_FRAME,
            .address = physical_address(&world.buffers[index])},
        [THREAD_CAP_PAGER] = {.kind = OBJECT_ENDPOINT,
            .rights = RIGHT_SEND,
            .badge = 90 + index,
            .object = &world.endpoints[0].header},
    };
    for (uint32_t i = 0; i <= THREAD_CAP_PAGER; i++) {
        cap_insert(&thread->caps[i], &values[i], nullptr);
    }
    for (uint32_t i = 0; i < message_words_max; i++) {
        world.buffers[index].words[i] = index * 1000 + i;
    }
    cap_insert(&thread_caps[index],
        &(struct capability){.kind = OBJECT_THREAD, .object = &thread->header}, nullptr);
}

/* Thread 0 runs, the others wait for nothing and are in no queue. */
static void start(void)
{
    memset(&world, 0, sizeof world);
    memset(&kernel_state, 0, sizeof kernel_state);
    memset(&cpu_boot, 0, sizeof cpu_boot);
    memset(&processor, 0, sizeof processor);
    memset(thread_caps, 0, sizeof thread_caps);
    kernel_state.slice_end_ns = UINT64_MAX;
    kernel_state.programmed_ns = UINT64_MAX;
    for (uint32_t i = 0; i < objects; i++) {
        world.vspaces[i].header.kind = OBJECT_VSPACE;
        endpoint_init(&world.endpoints[i], i);
        reply_init(&world.replies[i]);
        notification_init(&world.notifications[i]);
    }
    for (uint32_t i = 0; i < objects; i++) {
        fill_space(i);
    }
    for (uint32_t i = 0; i < threads; i++) {
        fill_thread(i);
    }
    struct thread *first = &world.threads[0];
    first->state = THREAD_READY;
    cpu_boot.current = first;
    cpu_boot.fpu_owner = first;
    cpu_boot.vspace = &world.vspaces[0];
    processor.ticks = 1000;
}

static void save(struct snapshot *snapshot_out, struct thread *next)
{
    snapshot_out->world = world;
    snapshot_out->kernel_state = kernel_state;
    snapshot_out->cpu = cpu_boot;
    snapshot_out->processor = processor;
    snapshot_out->next = next;
}

static void restore(const struct snapshot *snapshot)
{
    world = snapshot->world;
    kernel_state = snapshot->kernel_state;
    cpu_boot = snapshot->cpu;
    processor = snapshot->processor;
}

/* The system call of the current thread in both ways, from the same state; that of the fast path
 * stays. True if it was the fast path that did it. */
static bool same_in_both_ways(void)
{
    static struct snapshot before;
    static struct snapshot general;
    processor.record_count = 0;
    memset(processor.records, 0, sizeof processor.records);
    processor.ticks += 77;
    save(&before, nullptr);
    struct thread *after_general = __real_syscall_dispatch(cpu_boot.current);
    save(&general, after_general);
    restore(&before);
    dispatched = 0;
    const struct thread *next = kernel_handle_syscall();
    CHECK(next == general.next);
    CHECK(next == cpu_boot.current);
    CHECK(memcmp(&world, &general.world, sizeof world) == 0);
    CHECK(memcmp(&kernel_state, &general.kernel_state, sizeof kernel_state) == 0);
    CHECK(memcmp(&cpu_boot, &general.cpu, sizeof cpu_boot) == 0);
    CHECK(memcmp(&processor, &general.processor, sizeof processor) == 0);
    return dispatched == 0;
}

/* --- each condition alone --- */

static void say(struct thread *thread, enum syscall number, uint64_t slots, message_tag tag)
{
    thread->registers.rax = number;
    thread->registers.rdi = slots;
    thread->registers.rsi = tag;
    thread->registers.rdx = 11;
    thread->registers.r10 = 12;
    thread->registers.r8 = 13;
    thread->registers.r9 = 14;
}

static struct thread *const self = &world.threads[0];
static struct thread *const peer = &world.threads[1];
static struct thread *const third = &world.threads[2];

constexpr message_tag short_tag = UINT64_C(0x20'0005);
constexpr message_tag long_tag = UINT64_C(0x400'0005); /* 1024 bytes */

/* Thread 0 calls, thread 1 waits for it. */
static void prepare_call(void)
{
    start();
    message_receive(peer, &world.endpoints[0], &world.replies[0], MESSAGE_WAIT);
    say(self, SYSCALL_CALL, SLOT_BADGED, short_tag);
}

/* Thread 0 answers the call of thread 1. */
static void prepare_answer(void)
{
    start();
    peer->state = THREAD_REPLY;
    peer->reply = &world.replies[0];
    world.replies[0].caller = peer;
    say(self, SYSCALL_REPLY_RECEIVE, SLOT_ENDPOINT | (uint64_t)SLOT_REPLY << 32, short_tag);
}

static void drop(struct thread *thread, enum thread_cap which)
{
    thread->caps[which] = (struct capability){};
}

static void set_slots(uint32_t low, uint32_t high)
{
    self->registers.rdi = low | (uint64_t)high << 32;
}

static void keep(void)
{
}

static void lose_cspace(void)
{
    drop(self, THREAD_CAP_CSPACE);
}

static void name_empty_slot(void)
{
    set_slots(SLOT_EMPTY, SLOT_REPLY);
}

static void name_slot_0(void)
{
    set_slots(0, SLOT_REPLY);
}

static void name_slot_beyond(void)
{
    set_slots(1U << space_bits, SLOT_REPLY);
}

static void name_notification(void)
{
    set_slots(SLOT_NOTIFICATION, SLOT_REPLY);
}

static void lack_send(void)
{
    set_slots(SLOT_ONLY_RECEIVE, 0);
}

static void lack_receive(void)
{
    set_slots(SLOT_ONLY_SEND, SLOT_REPLY);
}

static void name_no_reply(void)
{
    set_slots(SLOT_ENDPOINT, 0);
}

static void name_endpoint_as_reply(void)
{
    set_slots(SLOT_ENDPOINT, SLOT_ENDPOINT + 1);
}

static void name_reply_beyond(void)
{
    set_slots(SLOT_ENDPOINT, 1U << space_bits);
}

static void carry_a_cap(void)
{
    self->registers.rsi = short_tag | UINT64_C(1) << 27;
    world.buffers[0].caps[0] = SLOT_NOTIFICATION;
    world.buffers[1].receive_slots[0] = SLOT_EMPTY;
}

static void be_too_long(void)
{
    self->registers.rsi = message_tag_make(5, message_bytes_max + 1, 0, STATUS_OK);
}

static void be_long(void)
{
    self->registers.rsi = long_tag;
}

static void be_long_by_a_byte(void)
{
    self->registers.rsi = message_tag_make(5, 33, 0, STATUS_OK);
}

static void be_long_without_own_buffer(void)
{
    be_long_by_a_byte();
    drop(self, THREAD_CAP_BUFFER);
}

static void be_long_without_its_buffer(void)
{
    be_long_by_a_byte();
    drop(peer, THREAD_CAP_BUFFER);
}

static void be_short_without_buffers(void)
{
    drop(self, THREAD_CAP_BUFFER);
    drop(peer, THREAD_CAP_BUFFER);
}

static void forge_flags(void)
{
    self->registers.rsi =
        short_tag | message_tag_move | message_tag_notification | (uint64_t)STATUS_DENIED << 32;
}

static void suspend_peer(void)
{
    peer->suspended = true;
}

static void make_third_ready(uint8_t priority)
{
    third->priority = priority;
    third->state = THREAD_READY;
    scheduler_add(third);
}

static void third_is_as_urgent(void)
{
    make_third_ready(peer->priority);
}

static void third_is_more_urgent(void)
{
    make_third_ready(63);
}

static void third_is_less_urgent(void)
{
    make_third_ready(peer->priority - 1);
}

static void peer_loses_tables(void)
{
    drop(peer, THREAD_CAP_VSPACE);
}

static void peer_shares_tables(void)
{
    peer->caps[THREAD_CAP_VSPACE].object = &world.vspaces[0].header;
}

static void arm(uint64_t deadline_ns)
{
    clock_commit_arm(&world.notifications[1], deadline_ns, 1);
}

static void deadline_is_not_programmed(void)
{
    arm(5000);
}

static void deadline_is_programmed(void)
{
    arm(5000);
    kernel_state.programmed_ns = 5000;
}

static void turn_is_counted(void)
{
    kernel_state.slice_end_ns = 4000;
    kernel_state.programmed_ns = 4000;
}

static void nobody_receives(void)
{
    thread_cancel(peer);
}

static void peer_takes_no_calls(void)
{
    thread_cancel(peer);
    message_receive(peer, &world.endpoints[0], nullptr, MESSAGE_WAIT);
}

static void third_receives_too(void)
{
    message_receive(third, &world.endpoints[0], &world.replies[1], MESSAGE_WAIT);
}

static void third_sends(void)
{
    third->state = THREAD_INACTIVE;
    say(third, SYSCALL_SEND, SLOT_BADGED, short_tag);
    message_send(third, &space(0)->slots[SLOT_BADGED], false, MESSAGE_WAIT);
}

static void nobody_called(void)
{
    thread_cancel(peer);
}

static void fail_with(enum fault_operation operation, enum status answer_status)
{
    peer->fault_operation = operation;
    self->registers.rsi = message_tag_make(0, 0, 0, answer_status);
}

static void page_fault_is_answered(void)
{
    fail_with(FAULT_PAGE, STATUS_OK);
}

static void exception_is_answered(void)
{
    fail_with(FAULT_EXCEPTION, STATUS_OK);
}

static void page_fault_is_refused(void)
{
    fail_with(FAULT_PAGE, STATUS_DENIED);
}

static void exit_is_answered(void)
{
    fail_with(FAULT_EXIT, STATUS_OK);
}

static void bind(uint64_t bits)
{
    notification_bind(&world.notifications[0], self);
    world.notifications[0].bits = bits;
}

static void bound_without_bits(void)
{
    bind(0);
}

static void bound_with_bits(void)
{
    bind(8);
}

struct variant {
    const char *name;
    void (*change)(void);
    bool is_fast;
};

static const struct variant calls[] = {
    {"as it is", keep, true},
    {"1: no capability space", lose_cspace, false},
    {"1: empty slot", name_empty_slot, false},
    {"1: slot 0", name_slot_0, false},
    {"1: slot beyond the table", name_slot_beyond, false},
    {"1: no endpoint", name_notification, false},
    {"1: no right to send", lack_send, false},
    {"2: carries a capability", carry_a_cap, false},
    {"2: too long", be_too_long, false},
    {"2: as long as can be", be_long, true},
    {"2: forged flags", forge_flags, true},
    {"3: sender without buffer", be_long_without_own_buffer, false},
    {"3: receiver without buffer", be_long_without_its_buffer, false},
    {"3: a byte more than registers", be_long_by_a_byte, true},
    {"3: short, and no buffers", be_short_without_buffers, true},
    {"4: receiver suspended", suspend_peer, false},
    {"5: somebody is as urgent", third_is_as_urgent, false},
    {"5: somebody is more urgent", third_is_more_urgent, false},
    {"5: somebody is less urgent", third_is_less_urgent, true},
    {"6: receiver without tables", peer_loses_tables, false},
    {"6: the same tables", peer_shares_tables, true},
    {"7: deadline not programmed", deadline_is_not_programmed, false},
    {"7: deadline programmed", deadline_is_programmed, true},
    {"7: a turn is counted", turn_is_counted, false},
    {"8: nobody receives", nobody_receives, false},
    {"8: receiver takes no calls", peer_takes_no_calls, false},
    {"8: another receives too", third_receives_too, true},
};

static const struct variant answers[] = {
    {"as it is", keep, true},
    {"1: no capability space", lose_cspace, false},
    {"1: empty slot", name_empty_slot, false},
    {"1: slot 0", name_slot_0, false},
    {"1: slot beyond the table", name_slot_beyond, false},
    {"1: no endpoint", name_notification, false},
    {"1: no right to receive", lack_receive, false},
    {"1: reply slot 0", name_no_reply, false},
    {"1: no reply object", name_endpoint_as_reply, false},
    {"1: reply slot beyond the table", name_reply_beyond, false},
    {"2: carries a capability", carry_a_cap, false},
    {"2: too long", be_too_long, false},
    {"2: as long as can be", be_long, true},
    {"2: flags and status", forge_flags, true},
    {"3: sender without buffer", be_long_without_own_buffer, false},
    {"3: receiver without buffer", be_long_without_its_buffer, false},
    {"3: a byte more than registers", be_long_by_a_byte, true},
    {"3: short, and no buffers", be_short_without_buffers, true},
    {"4: caller suspended", suspend_peer, false},
    {"5: somebody is as urgent", third_is_as_urgent, false},
    {"5: somebody is more urgent", third_is_more_urgent, false},
    {"5: somebody is less urgent", third_is_less_urgent, true},
    {"6: caller without tables", peer_loses_tables, false},
    {"6: the same tables", peer_shares_tables, true},
    {"7: deadline not programmed", deadline_is_not_programmed, false},
    {"7: deadline programmed", deadline_is_programmed, true},
    {"7: a turn is counted", turn_is_counted, false},
    {"9: nobody called", nobody_called, false},
    {"9: page fault answered", page_fault_is_answered, true},
    {"9: exception answered", exception_is_answered, true},
    {"9: page fault refused", page_fault_is_refused, false},
    {"9: exit answered", exit_is_answered, false},
    {"10: bound, no bits", bound_without_bits, true},
    {"10: bound, bits", bound_with_bits, false},
    {"11: somebody sends", third_sends, false},
    {"11: another receives too", third_receives_too, true},
};

static void check_variant(const struct variant *variant, void (*prepare)(void))
{
    prepare();
    variant->change();
    const bool is_fast = same_in_both_ways();
    if (is_fast != variant->is_fast) {
        printf("%s: went the %s way\n", variant->name, is_fast ? "fast" : "general");
    }
    CHECK_EQUAL(is_fast, variant->is_fast);
}

static void wake_third(void)
{
    third->state = THREAD_INACTIVE;
    thread_make_ready(third);
}

static void every_condition_of_a_call_counts(void)
{
    processor_when_idle = wake_third;
    for (uint32_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        check_variant(&calls[i], prepare_call);
    }
}

static void every_condition_of_an_answer_counts(void)
{
    processor_when_idle = wake_third;
    for (uint32_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        check_variant(&answers[i], prepare_answer);
    }
}

/* Somebody more urgent turns out to be unable to run: the current thread goes on, and waits in no
 * queue meanwhile. */
static void who_cannot_run_takes_nobody_s_place(void)
{
    start();
    drop(third, THREAD_CAP_VSPACE);
    third_is_more_urgent();
    CHECK(kernel_leave() == self);
    CHECK(cpu_boot.current == self);
    CHECK_EQUAL(third->state, THREAD_FAULTED);
    CHECK_EQUAL(kernel_state.ready_mask, 0);
    CHECK(kernel_state.ready[self->priority].head == nullptr);
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

static void give_back(struct thread *thread)
{
    const uint32_t index = (uint32_t)(thread - world.threads);
    thread->caps[THREAD_CAP_CSPACE] =
        (struct capability){.kind = OBJECT_CSPACE, .object = &space(index % objects)->header};
    thread->caps[THREAD_CAP_VSPACE] = (struct capability){
        .kind = OBJECT_VSPACE, .object = &world.vspaces[index % objects].header};
    thread->caps[THREAD_CAP_BUFFER] = (struct capability){
        .kind = OBJECT_FRAME, .address = physical_address(&world.buffers[index])};
}

/* It goes on as if what it waited for were lost. */
static void revive(struct thread *thread)
{
    if (thread->state != THREAD_READY) {
        thread_cancel(thread);
        thread->suspended = false;
        thread->fault_operation = 0;
        thread->registers.rax = (uint64_t)STATUS_PEER_LOST;
        give_back(thread);
        thread_make_ready(thread);
    }
}

/* Nobody is ready. */
static void wake_all(void)
{
    for (uint32_t i = 0; i < threads; i++) {
        revive(&world.threads[i]);
    }
}

static void suspend_or_resume(struct thread *thread)
{
    if (!thread->suspended) {
        thread->suspended = true;
        if (thread->state == THREAD_READY) {
            scheduler_remove(thread);
            scheduler_forget(thread);
            thread->state = THREAD_INACTIVE;
        }
        return;
    }
    thread->suspended = false;
    if (thread->state == THREAD_INACTIVE && thread->fault_operation == 0) {
        thread_make_ready(thread);
    }
}

static void change_priority(struct thread *thread)
{
    const bool queued = thread->state == THREAD_READY && thread != cpu_boot.current;
    if (queued) {
        scheduler_remove(thread);
    }
    thread->priority = (uint8_t)(16 + random_below(8));
    if (queued) {
        scheduler_add(thread);
    }
}

static void bind_or_unbind(struct thread *thread)
{
    struct notification *notification = &world.notifications[random_below(objects)];
    if (thread->bound != nullptr) {
        notification_unbind(thread->bound);
    } else if (notification->bound == nullptr) {
        notification_bind(notification, thread);
    }
}

static void change_deadline(void)
{
    struct notification *notification = &world.notifications[random_below(objects)];
    if (random_below(2) == 0) {
        clock_disarm(notification);
    } else {
        clock_commit_arm(notification, processor.now_ns + random_below(100), 1U << random_below(8));
    }
}

/* What other threads, devices and the clock do between two system calls. */
static void something_else_happens(void)
{
    const uint64_t words[4] = {1, 2, 3, 4};
    struct thread *thread = &world.threads[random_below(threads)];
    switch (random_below(11)) {
    case 0:
        suspend_or_resume(thread);
        break;
    case 1:
        change_priority(thread);
        break;
    case 2:
        bind_or_unbind(thread);
        break;
    case 3:
        change_deadline();
        break;
    case 4:
        notification_signal(&world.notifications[random_below(objects)], 1U << random_below(8));
        break;
    case 5:
        processor.now_ns += random_below(2) * slice_ns + random_below(50);
        kernel_handle_interrupt(vector_timer);
        break;
    case 6:
        thread->caps[random_below(THREAD_CAP_PAGER)] = (struct capability){};
        break;
    case 7:
    case 8:
    case 9:
        revive(thread);
        break;
    default:
        thread_raise_fault(cpu_boot.current, FAULT_PAGE, words);
        break;
    }
}

static message_tag random_tag(void)
{
    static const uint16_t sizes[] = {0, 8, 32, 33, 64, 1024, 1025, 2047};
    const uint32_t caps = random_below(8) == 0 ? random_below(6) : 0;
    return message_tag_make((uint16_t)random_below(9), sizes[random_below(8)], caps,
               random_below(4) == 0 ? STATUS_DENIED : STATUS_OK) |
           (uint64_t)random_below(2) << 30 | (uint64_t)random_below(2) << 31;
}

static uint32_t random_slot(cap_slot first, uint32_t count)
{
    return random_below(20) == 0 ? random_below(70) : first + random_below(count);
}

static void choose_system_call(struct thread *thread)
{
    static const enum syscall numbers[] = {SYSCALL_CALL, SYSCALL_CALL, SYSCALL_CALL,
        SYSCALL_REPLY_RECEIVE, SYSCALL_REPLY_RECEIVE, SYSCALL_REPLY_RECEIVE, SYSCALL_VERSION,
        SYSCALL_RECEIVE, SYSCALL_RECEIVE, SYSCALL_SEND, SYSCALL_SEND_NOWAIT, SYSCALL_RECEIVE_NOWAIT,
        SYSCALL_REPLY, SYSCALL_SIGNAL, SYSCALL_WAIT, SYSCALL_POLL, SYSCALL_YIELD};
    const enum syscall number = numbers[random_below(sizeof numbers / sizeof numbers[0])];
    const bool on_notification =
        number == SYSCALL_SIGNAL || number == SYSCALL_WAIT || number == SYSCALL_POLL;
    const uint32_t low = on_notification ? random_slot(SLOT_NOTIFICATION, objects)
                                         : random_slot(SLOT_ENDPOINT, 2 * objects);
    const uint64_t high = random_slot(SLOT_REPLY, objects);
    say(thread, number, low | high << 32, random_tag());
    thread->registers.rdx = random_below(1000);
    struct ipc_buffer *buffer = &world.buffers[thread - world.threads];
    buffer->words[4 + random_below(60)] = random_below(1000);
    buffer->caps[0] = random_slot(SLOT_ENDPOINT, SLOT_EMPTY);
    buffer->receive_slots[0] = random_slot(SLOT_EMPTY, 40);
}

static void random_system_calls_end_alike(void)
{
    constexpr uint32_t system_calls = 120'000;
    uint32_t tried[SYSCALL_COUNT] = {};
    uint32_t fast[SYSCALL_COUNT] = {};
    processor_when_idle = wake_all;
    for (uint32_t i = 0; i < system_calls; i++) {
        if (i % 2000 == 0) { /* capabilities that were sent fill the spaces */
            start();
            for (uint32_t t = 0; t < threads; t++) {
                change_priority(&world.threads[t]);
            }
            wake_all();
            (void)kernel_leave();
        }
        while (random_below(5) == 0) {
            something_else_happens();
            (void)kernel_leave();
        }
        choose_system_call(cpu_boot.current);
        const uint64_t number = cpu_boot.current->registers.rax;
        tried[number]++;
        fast[number] += same_in_both_ways();
        if (check_failing) {
            printf("system call %u, number %u\n", i, (unsigned)number);
            return;
        }
    }
    printf("fast: %u of %u calls, %u of %u answers\n", fast[SYSCALL_CALL], tried[SYSCALL_CALL],
        fast[SYSCALL_REPLY_RECEIVE], tried[SYSCALL_REPLY_RECEIVE]);
    CHECK(fast[SYSCALL_CALL] > 500 && fast[SYSCALL_CALL] < tried[SYSCALL_CALL] / 2);
    CHECK(fast[SYSCALL_REPLY_RECEIVE] > 500);
    CHECK(fast[SYSCALL_REPLY_RECEIVE] < tried[SYSCALL_REPLY_RECEIVE] / 2);
}

int main(void)
{
    TEST(every_condition_of_a_call_counts);
    TEST(every_condition_of_an_answer_counts);
    TEST(who_cannot_run_takes_nobody_s_place);
    TEST(random_system_calls_end_alike);
    return check_report();
}
