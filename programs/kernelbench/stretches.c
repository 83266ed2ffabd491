/* SPDX-License-Identifier: ISC */
/*
 * How long the kernel keeps interrupts off. A thread that is more urgent than all others, the
 * watcher, waits for a deadline, again and again at uneven distances, while this thread does one
 * long operation. A figure is the longest time from a deadline to the watcher's first instruction
 * after it: what was left of the stretch in the kernel, the timer interrupt and the way to the
 * watcher. The first figure is that of a processor in user mode: the others are longer by the rest
 * of a stretch.
 */
#include "bench.h"

constexpr uint32_t space_bits = 17;
constexpr uint32_t many = 100'000;
constexpr uint32_t console_bytes = 256;

static struct {
    volatile bool is_on;
    volatile uint64_t due_ticks;
    volatile uint64_t longest;
    volatile uint64_t alarms;
    uint64_t clock_offset; /* ticks when the clock was at zero */
    uint64_t distance_min;
} watch;

static const struct clock_cap clock = {ROOT_SLOT_CLOCK};
static const struct notification_cap alarm = {slot_alarm};
static const struct cspace_cap large_space = {slot_large_space};
static const struct untyped_cap block = {slot_block}; /* given back after each use */

/* Steps of a prime number spread the distances evenly over their range. */
static uint64_t next_distance(void)
{
    constexpr uint64_t range = 10'007;
    constexpr uint64_t step = 6'421;
    static uint64_t at;
    at = (at + step) % range;
    return watch.distance_min + at;
}

static void arm(void)
{
    uint64_t due = ticks() + next_distance();
    watch.due_ticks = due;
    must(clock_arm(clock, due - watch.clock_offset, alarm), "arm");
}

[[noreturn]] static void wait_for_alarms(uint64_t unused)
{
    (void)unused;
    for (;;) {
        uint64_t bits;
        must(notification_wait(alarm, &bits), "alarm");
        uint64_t late = ticks() - watch.due_ticks;
        if (!watch.is_on) {
            continue;
        }
        watch.longest = late > watch.longest ? late : watch.longest;
        watch.alarms++;
        arm();
    }
}

/* One tick is one instruction and one nanosecond: two readings of the counter around one of the
 * clock say where its zero was, as exactly as the system call is short. */
static void find_clock_offset(void)
{
    uint64_t before = ticks();
    uint64_t now_ns = 0;
    must(clock_read(clock, &now_ns), "clock");
    watch.clock_offset = before + (ticks() - before) / 2 - now_ns;
}

static void begin_to_watch(void)
{
    watch.longest = 0;
    watch.alarms = 0;
    watch.is_on = true;
    arm();
}

static void end_to_watch(const char *name, uint32_t alarms_min)
{
    watch.is_on = false;
    must(clock_disarm(clock, alarm), "disarm");
    must(watch.alarms < alarms_min ? STATUS_NOT_FOUND : STATUS_OK, "too few alarms");
    say_figure(name, watch.longest);
}

/* --- long operations --- */

static void stretch_user(void)
{
    begin_to_watch();
    while (watch.alarms < 400) {
    }
    end_to_watch("latency_user", 400);
}

/* One revoke: it must make way, be started again, and come to its end. */
static void stretch_revoke(void)
{
    for (uint32_t i = 1; i <= many; i++) {
        must(cspace_copy(large_space,
                 &(struct cspace_copy){.source = slot_endpoint, .target = i, .rights = rights_all}),
            "descendant");
    }
    begin_to_watch();
    must(cspace_revoke(own_cspace, slot_endpoint), "revoke");
    end_to_watch("latency_revoke_100000", 100);
    say_figure("revoke_100000_interrupted", watch.alarms);
    struct cap_identity identity;
    for (uint32_t i = 1; i <= many; i += many - 1) {
        must(cspace_identify(large_space, i, &identity), "identify");
        must(identity.kind == OBJECT_NONE ? STATUS_OK : STATUS_CORRUPT, "revoked");
    }
}

/* When its first capability has gone, the next one is at its other end. */
static void fill_ends(struct cspace_cap space)
{
    const cap_slot ends[] = {1, (1U << space_bits) - 1};
    for (uint32_t i = 0; i < 2; i++) {
        must(cspace_copy(space,
                 &(struct cspace_copy){
                     .source = slot_endpoint, .target = ends[i], .rights = rights_all}),
            "fill");
    }
}

static void stretch_space(void)
{
    begin_to_watch();
    for (uint32_t i = 0; i < 10; i++) {
        must(untyped_retype(block, &(struct untyped_retype){.kind = OBJECT_CSPACE,
                                       .bits = space_bits,
                                       .count = 1,
                                       .cspace = ROOT_SLOT_CSPACE,
                                       .first_slot = slot_scratch}),
            "space");
        fill_ends((struct cspace_cap){slot_scratch});
        delete_cap(slot_scratch);
    }
    end_to_watch("latency_large_space", 100);
}

struct many_objects {
    const char *name;
    enum object_kind kind;
    uint32_t bits;
    uint32_t count;
};

static void stretch_retype(const struct many_objects *objects)
{
    begin_to_watch();
    while (watch.alarms < 300) {
        must(untyped_retype(block, &(struct untyped_retype){.kind = objects->kind,
                                       .bits = objects->bits,
                                       .count = objects->count,
                                       .cspace = slot_large_space,
                                       .first_slot = 1}),
            objects->name);
        must(cspace_revoke(own_cspace, block.slot), "revoke");
    }
    end_to_watch(objects->name, 300);
}

/* As many pages as a frame of small ones can have. */
static void stretch_unmap(void)
{
    make(OBJECT_FRAME, 20, slot_scratch);
    map(own_vspace, slot_scratch, window, RIGHT_READ | RIGHT_WRITE);
    begin_to_watch();
    while (watch.alarms < 300) {
        must(frame_unmap((struct frame_cap){slot_scratch}), "unmap");
        map(own_vspace, slot_scratch, window, RIGHT_READ | RIGHT_WRITE);
    }
    end_to_watch("latency_map_unmap_256_pages", 300);
    delete_cap(slot_scratch);
}

static void give_children(cap_slot parent, cap_slot first)
{
    for (uint32_t i = 0; i < 256; i++) {
        must(
            cspace_copy(large_space,
                &(struct cspace_copy){.source = parent, .target = first + i, .rights = rights_all}),
            "child");
    }
}

static void move_to_and_fro(void)
{
    must(cspace_move(own_cspace, slot_carried, slot_arrived), "move");
    must(cspace_move(own_cspace, slot_arrived, slot_carried), "move");
}

static void stretch_move(void)
{
    make(OBJECT_ENDPOINT, 0, slot_carried);
    give_children(slot_carried, 1);
    begin_to_watch();
    while (watch.alarms < 300) {
        move_to_and_fro();
    }
    end_to_watch("latency_move_256_children", 300);
    must(cspace_revoke(own_cspace, slot_carried), "revoke");
    delete_cap(slot_carried);
}

static message_tag four_moved(uint32_t operation)
{
    return message_tag_make((uint16_t)operation, message_bytes_max, 4, STATUS_OK) |
           message_tag_move;
}

static void name_slots(cap_slot sent, cap_slot received)
{
    volatile struct ipc_buffer *buffer = syscall_ipc_buffer();
    for (uint32_t i = 0; i < 4; i++) {
        buffer->caps[i] = sent + i;
        buffer->receive_slots[i] = received + i;
    }
}

/* The partner: sends back what comes. */
[[noreturn]] static void carry_back(uint64_t unused)
{
    (void)unused;
    struct syscall_registers registers = {.target = slot_endpoint | (uint64_t)slot_reply << 32};
    name_slots(slot_arrived, slot_arrived);
    (void)syscall_enter(SYSCALL_RECEIVE, &registers);
    for (;;) {
        name_slots(slot_arrived, slot_arrived);
        registers.target = slot_endpoint | (uint64_t)slot_reply << 32;
        registers.tag = four_moved(0);
        (void)syscall_enter(SYSCALL_REPLY_RECEIVE, &registers);
    }
}

/* The longest message, with four capabilities that each have as many children as may be moved. */
static void stretch_transfer(void)
{
    make_many(OBJECT_ENDPOINT, 4, slot_carried);
    for (uint32_t i = 0; i < 4; i++) {
        give_children(slot_carried + i, 1 + 256 * i);
    }
    make_partner(&(struct partner){.entry = carry_back, .priority = 41});
    begin_to_watch();
    while (watch.alarms < 300) {
        name_slots(slot_carried, slot_carried);
        struct syscall_registers registers = {.target = slot_endpoint, .tag = four_moved(1)};
        must(syscall_enter(SYSCALL_CALL, &registers), "transfer");
        must(message_tag_cap_count(registers.tag) == 4 ? STATUS_OK : STATUS_CORRUPT, "carried");
    }
    end_to_watch("latency_message_with_4_capabilities", 300);
    end_partner();
    for (uint32_t i = 0; i < 4; i++) {
        must(cspace_revoke(own_cspace, slot_carried + i), "revoke");
        delete_cap(slot_carried + i);
    }
}

/* All deadlines that there can be at the same time; the watcher's is the last of them. */
static void stretch_deadlines(void)
{
    constexpr uint32_t others = clock_deadlines_max - 1;
    make_many(OBJECT_NOTIFICATION, others, slot_others);
    begin_to_watch();
    must(clock_disarm(clock, alarm), "disarm");
    for (uint32_t round = 0; round < 20; round++) {
        uint64_t due = ticks() + 200'000;
        for (uint32_t i = 0; i < others; i++) {
            must(clock_arm(
                     clock, due - watch.clock_offset, (struct notification_cap){slot_others + i}),
                "arm");
        }
        watch.is_on = true;
        watch.due_ticks = due;
        must(clock_arm(clock, due - watch.clock_offset, alarm), "arm");
        while (watch.alarms == round) {
        }
        must(clock_disarm(clock, alarm), "disarm");
    }
    end_to_watch("latency_64_deadlines", 20);
    for (uint32_t i = 0; i < others; i++) {
        delete_cap(slot_others + i);
    }
}

/* The longest text that the boot console takes at once. */
static void stretch_console(void)
{
    char *words = (char *)syscall_ipc_buffer()->words;
    for (uint32_t i = 0; i < console_bytes; i++) {
        words[i] = i % 64 == 63 ? '\n' : '.';
    }
    begin_to_watch();
    while (watch.alarms < 40) {
        must(console_write_buffer((struct console_cap){ROOT_SLOT_CONSOLE}, console_bytes),
            "console");
    }
    end_to_watch("latency_console_256_bytes", 40);
}

/* Capability spaces, each of which holds the only capability to the next. */
static void stretch_nested_spaces(void)
{
    constexpr uint32_t depth = 2000;
    begin_to_watch();
    for (uint32_t i = 0; i < depth; i++) {
        must(untyped_retype(block, &(struct untyped_retype){.kind = OBJECT_CSPACE,
                                       .bits = cspace_bits_min,
                                       .count = 1,
                                       .cspace = ROOT_SLOT_CSPACE,
                                       .first_slot = slot_scratch}),
            "space");
        if (i != 0) {
            must(cspace_move((struct cspace_cap){slot_scratch}, slot_carried, 1), "nest");
        }
        must(cspace_move(own_cspace, slot_scratch, slot_carried), "nest");
    }
    delete_cap(slot_carried);
    end_to_watch("latency_2000_nested_spaces", 100);
}

void measure_stretches(void)
{
    make(OBJECT_NOTIFICATION, 0, slot_alarm);
    make(OBJECT_CSPACE, space_bits, slot_large_space);
    make(OBJECT_UNTYPED, 24, slot_block);
    find_clock_offset();
    watch.distance_min = 2000;
    make_watcher(wait_for_alarms, 50);
    stretch_user();
    stretch_revoke();
    stretch_space();
    static const struct many_objects many_objects[] = {
        {"latency_clear_2_mib", OBJECT_FRAME, frame_bits_max, 1},
        {"latency_64_endpoints", OBJECT_ENDPOINT, 0, retype_count_max},
        {"latency_64_threads", OBJECT_THREAD, 0, retype_count_max},
        {"latency_64_address_spaces", OBJECT_VSPACE, 0, retype_count_max},
    };
    for (uint32_t i = 0; i < sizeof(many_objects) / sizeof(many_objects[0]); i++) {
        stretch_retype(&many_objects[i]);
    }
    stretch_unmap();
    stretch_move();
    stretch_transfer();
    stretch_deadlines();
    stretch_console();
    stretch_nested_spaces();
    delete_cap(slot_watcher);
    delete_cap(slot_large_space);
    delete_cap(slot_block);
}
