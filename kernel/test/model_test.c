/* SPDX-License-Identifier: ISC */
/*
 * The kernel against the model: random calls of random threads, in episodes that start in a fresh
 * world. After each call status and registers must be the same, now and then everything.
 *
 * model_test [--seed S] [--steps N]     another seed, more steps. A failure prints the seed and the
 * episode, and the steps that are left after shortening.
 */
#include "world.h"

#include <lib/testing/check.h>

#include <stdlib.h>

constexpr uint32_t episode_steps = 1500;
constexpr uint32_t settling_steps = 80;
constexpr uint32_t compare_every = 25;

static uint64_t random_state;
static uint64_t seed_now;
static uint64_t episode_now;
static uint32_t step_now;
static uint64_t steps_per_seed = 2'600'000;
static uint64_t seed_base = 1;
static struct step steps[episode_steps];

static uint64_t random_word(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static uint32_t random_below(uint32_t limit)
{
    return (uint32_t)((random_word() >> 16) % limit);
}

static bool one_in(uint32_t count)
{
    return random_below(count) == 0;
}

/* Mostly small numbers and powers of two, sometimes anything. */
static uint64_t random_number(void)
{
    switch (random_below(4)) {
    case 0:
        return random_word();
    case 1:
        return UINT64_C(1) << random_below(64);
    default:
        return random_below(40);
    }
}

static uint32_t any_slot(void)
{
    return one_in(20) ? (uint32_t)random_number() : random_below(model_slots_max);
}

/* A slot of the current thread with such a capability, mostly; OBJECT_NONE: an empty one. */
static uint32_t slot_with(enum object_kind kind)
{
    struct mspace *space = model_space(model.current);
    if (space == nullptr || one_in(12)) {
        return any_slot();
    }
    uint32_t start = random_below(space->slot_count);
    for (uint32_t i = 0; i < space->slot_count; i++) {
        uint32_t slot = (start + i) % space->slot_count;
        if (slot != 0 && space->slots[slot].kind == kind) {
            return slot;
        }
    }
    return any_slot();
}

static uint32_t slot_filled(void)
{
    struct mspace *space = model_space(model.current);
    uint32_t slot = any_slot();
    for (uint32_t i = 0; space != nullptr && i < space->slot_count; i++) {
        slot = random_below(space->slot_count);
        if (slot != 0 && space->slots[slot].kind != OBJECT_NONE) {
            return slot;
        }
    }
    return slot;
}

/* Without these not much happens any more. */
static bool is_vital(const struct mcap *cap)
{
    return cap->parent == nullptr || cap->kind == OBJECT_CSPACE || cap->kind == OBJECT_VSPACE;
}

/* A slot of another space. */
static uint32_t target_in(uint32_t space_slot, bool empty)
{
    const bool spare_vital = !one_in(60);
    const struct mcap *cap = model_slot(model_space(model.current), space_slot);
    struct mspace *space =
        cap != nullptr && cap->kind == OBJECT_CSPACE ? cap->object->space : nullptr;
    if (space == nullptr || one_in(12)) {
        return any_slot();
    }
    uint32_t start = random_below(space->slot_count);
    for (uint32_t i = 0; i < space->slot_count; i++) {
        uint32_t slot = (start + i) % space->slot_count;
        const struct mcap *found = &space->slots[slot];
        bool fits = (found->kind == OBJECT_NONE) == empty;
        if (slot != 0 && fits && (empty || !spare_vital || !is_vital(found))) {
            return slot;
        }
    }
    return slot_with(OBJECT_NONE);
}

static uint64_t random_rights(void)
{
    return one_in(2) ? rights_all : random_word() & 0x1ff;
}

/* Places whose indices are small on every level of the tables. */
static uint64_t random_address(uint32_t bits)
{
    uint64_t address = (uint64_t)(random_below(3) / 2) << 39 |
                       (uint64_t)(random_below(3) / 2) << 30 |
                       (uint64_t)(random_below(5) / 2) << 21 | (uint64_t)random_below(8) << 12;
    if (bits > page_bits && !one_in(8)) {
        address &= ~((UINT64_C(1) << bits) - 1);
    }
    return one_in(40) ? random_word() : address;
}

/* What is it that the current thread has in the slot? Never nullptr. */
static const struct mcap *cap_in(uint32_t slot)
{
    static const struct mcap none;
    const struct mcap *cap = model_slot(model_space(model.current), slot);
    return cap == nullptr ? &none : cap;
}

static struct mregisters invoke(uint32_t slot, uint16_t operation)
{
    return (struct mregisters){.rax = SYSCALL_INVOKE,
        .rdi = slot,
        .rsi = operation,
        .rdx = random_number(),
        .r10 = random_number(),
        .r8 = random_number(),
        .r9 = random_number()};
}

static struct mregisters random_retype(void)
{
    static const uint16_t shapes[] = {OBJECT_ENDPOINT, OBJECT_NOTIFICATION, OBJECT_REPLY,
        OBJECT_ENDPOINT, OBJECT_NOTIFICATION, OBJECT_REPLY, OBJECT_THREAD, OBJECT_THREAD,
        OBJECT_VSPACE, OBJECT_PAGE_TABLE, OBJECT_PAGE_TABLE, OBJECT_FRAME | 12 << 8,
        OBJECT_FRAME | 12 << 8, OBJECT_FRAME | 14 << 8, OBJECT_UNTYPED | 13 << 8,
        OBJECT_UNTYPED | 15 << 8, OBJECT_CSPACE | 4 << 8, OBJECT_CSPACE | 5 << 8,
        OBJECT_FRAME | 21 << 8};
    struct mregisters call = invoke(slot_with(OBJECT_UNTYPED), UNTYPED_RETYPE);
    uint64_t count = one_in(4) ? random_below(4) : 1;
    uint32_t space = slot_with(OBJECT_CSPACE);
    uint64_t shape = shapes[random_below(sizeof(shapes) / sizeof(shapes[0]))];
    if (one_in(30)) {
        shape = random_word() & 0xffff;
    }
    call.rdx = shape | count << 16;
    call.r10 = space | (uint64_t)target_in(space, true) << 32;
    call.r8 = random_below(1000);
    if (one_in(100)) {
        call.rdx = random_word();
    }
    return call;
}

static struct mregisters random_cspace(void)
{
    uint32_t space = slot_with(OBJECT_CSPACE);
    uint16_t operation = (uint16_t)(1 + random_below(5));
    if (operation == CSPACE_REVOKE && !one_in(3)) {
        operation = CSPACE_COPY;
    }
    uint32_t empty = target_in(space, true);
    const struct mcap *self = cap_in(space);
    bool full = self->kind == OBJECT_CSPACE && empty < self->object->space->slot_count &&
                self->object->space->slots[empty].kind != OBJECT_NONE;
    if (full && !one_in(4)) {
        operation = CSPACE_DELETE;
    }
    struct mregisters call = invoke(space, operation);
    if (operation == CSPACE_COPY || operation == CSPACE_MOVE) {
        call.rdx =
            operation == CSPACE_MOVE && !one_in(10) ? target_in(space, false) : slot_filled();
        call.r10 = empty;
        call.r8 = random_rights();
        call.r9 = one_in(3) ? random_below(5) : 0;
    } else {
        call.rdx = target_in(space, false);
    }
    return call;
}

static struct mregisters random_memory(void)
{
    if (one_in(3)) {
        struct mregisters call = invoke(slot_with(OBJECT_PAGE_TABLE),
            (uint16_t)(one_in(4) ? PAGE_TABLE_UNMAP : PAGE_TABLE_MAP));
        call.rdx = slot_with(OBJECT_VSPACE);
        call.r10 = random_address(page_bits);
        return call;
    }
    if (one_in(8)) {
        return invoke(slot_with(OBJECT_UNTYPED), UNTYPED_DESCRIBE);
    }
    static const uint16_t rights[] = {1, 3, 5, 7, 1, 3, 5, 2};
    uint16_t operation = (uint16_t)(one_in(3) ? 1 + random_below(3) : FRAME_MAP);
    struct mregisters call = invoke(slot_with(OBJECT_FRAME), operation);
    call.rdx = slot_with(OBJECT_VSPACE);
    call.r10 = random_address(cap_in((uint32_t)call.rdi)->bits);
    call.r8 = rights[random_below(8)] | (uint64_t)(random_below(9) / 2) << 16;
    return call;
}

static struct mregisters random_thread(struct step *step)
{
    struct mregisters call = invoke(slot_with(OBJECT_THREAD), (uint16_t)(1 + random_below(7)));
    const struct mcap *self = cap_in((uint32_t)call.rdi);
    if (self->kind == OBJECT_THREAD && !one_in(4)) {
        const struct mthread *thread = self->object->thread;
        bool configured = thread->caps[CAP_SPACE].kind != OBJECT_NONE;
        call.rsi = !configured ? THREAD_CONFIGURE : thread->suspended ? THREAD_RESUME : call.rsi;
    }
    if (call.rsi == THREAD_CONFIGURE) {
        call.rdx = slot_with(OBJECT_CSPACE);
        call.r10 = slot_with(OBJECT_VSPACE);
        call.r8 = slot_with(OBJECT_FRAME);
        call.r9 = one_in(2) ? slot_with(OBJECT_ENDPOINT) : 0;
        step->argument = one_in(2) ? slot_with(OBJECT_ENDPOINT) : 0;
    } else if (call.rsi == THREAD_SET_PRIORITY) {
        call.rdx = random_below(24);
        call.r10 = random_below(24);
    } else if (call.rsi == THREAD_BIND_NOTIFICATION) {
        call.rdx = one_in(4) ? 0 : slot_with(OBJECT_NOTIFICATION);
    } else if (call.rsi == THREAD_SET_REGISTERS && one_in(2)) {
        call.rdx = 0x4000;
        call.r10 = 0x5000;
    }
    return call;
}

static struct mregisters random_device(void)
{
    struct mregisters call;
    switch (random_below(5)) {
    case 0:
        call = invoke(slot_with(OBJECT_IRQ_CONTROL), (uint16_t)(1 + random_below(2)));
        call.r10 = slot_with(OBJECT_NONE);
        call.rdx = call.rsi == IRQ_CONTROL_CLAIM_LINE ? random_below(28) : call.r10;
        return call;
    case 1:
        call = invoke(slot_with(OBJECT_IRQ), (uint16_t)(1 + random_below(2)));
        call.rdx = slot_with(OBJECT_NOTIFICATION);
        return call;
    case 2:
        call = invoke(slot_with(OBJECT_PORT_RANGE), (uint16_t)(1 + random_below(3)));
        call.rdx = random_below(0x60);
        call.r10 = one_in(2) ? 1 << random_below(4) : random_below(0x60);
        call.r8 = slot_with(OBJECT_NONE);
        return call;
    case 3:
        call = invoke(slot_with(OBJECT_CLOCK), (uint16_t)(1 + random_below(3)));
        call.rdx = model.now_ns + random_below(1000);
        call.r10 = slot_with(OBJECT_NOTIFICATION);
        if (call.rsi == CLOCK_DISARM) {
            call.rdx = call.r10;
        }
        return call;
    default:
        call =
            invoke(slot_with(one_in(2) ? OBJECT_CONSOLE : OBJECT_TEST), (uint16_t)random_below(4));
        return call;
    }
}

/* An episode begins with making and spreading things. */
static struct mregisters settling_call(void)
{
    if (one_in(2)) {
        return random_retype();
    }
    uint32_t space = slot_with(OBJECT_CSPACE);
    struct mregisters call = invoke(space, CSPACE_COPY);
    call.rdx = slot_filled();
    call.r10 = target_in(space, true);
    call.r8 = rights_all;
    call.r9 = one_in(2) ? random_below(5) : 0;
    return call;
}

static uint64_t random_tag(struct step *step)
{
    uint32_t bytes = one_in(4) ? random_below(1100) : random_below(40);
    uint32_t caps = one_in(4) ? random_below(5) : 0;
    uint64_t tag = random_below(65536) | (uint64_t)bytes << 16 | (uint64_t)caps << 27;
    tag |= one_in(3) ? message_tag_move : 0;
    tag |= one_in(2) ? 0 : random_word() << 32;
    for (uint32_t i = 0; i < message_caps_max; i++) {
        step->caps[i] = slot_filled();
        step->receive_slots[i] = one_in(4) ? any_slot() : slot_with(OBJECT_NONE);
    }
    return one_in(50) ? random_word() : tag;
}

static struct mregisters random_message(struct step *step)
{
    static const uint64_t calls[] = {SYSCALL_CALL, SYSCALL_CALL, SYSCALL_SEND, SYSCALL_SEND_NOWAIT,
        SYSCALL_RECEIVE, SYSCALL_RECEIVE, SYSCALL_RECEIVE_NOWAIT, SYSCALL_REPLY,
        SYSCALL_REPLY_RECEIVE, SYSCALL_REPLY_RECEIVE};
    uint64_t number = calls[random_below(sizeof(calls) / sizeof(calls[0]))];
    if (cap_in(slot_with(OBJECT_ENDPOINT))->kind != OBJECT_ENDPOINT && !one_in(10)) {
        return settling_call();
    }
    struct mregisters call = {.rax = number,
        .rdi = slot_with(OBJECT_ENDPOINT),
        .rsi = random_tag(step),
        .rdx = random_word(),
        .r10 = random_word(),
        .r8 = random_word(),
        .r9 = random_word()};
    bool receives =
        number != SYSCALL_CALL && number != SYSCALL_SEND && number != SYSCALL_SEND_NOWAIT;
    if (receives && !one_in(6)) {
        call.rdi |= (uint64_t)slot_with(OBJECT_REPLY) << 32;
    }
    return call;
}

static struct mregisters random_simple(void)
{
    static const uint64_t calls[] = {SYSCALL_SIGNAL, SYSCALL_SIGNAL, SYSCALL_WAIT, SYSCALL_POLL,
        SYSCALL_YIELD, SYSCALL_VERSION, SYSCALL_SIGNAL, SYSCALL_POLL};
    struct mregisters call = {
        .rax = calls[random_below(8)], .rdi = slot_with(OBJECT_NOTIFICATION), .rdx = random_word()};
    if (one_in(300)) {
        call.rax = SYSCALL_EXIT;
    }
    if (one_in(60)) {
        call.rax = random_number();
    }
    return call;
}

static struct mregisters random_call(struct step *step)
{
    uint32_t choice = random_below(100);
    if (choice < 14) {
        return random_retype();
    }
    if (choice < 38) {
        return random_cspace();
    }
    if (choice < 48) {
        return random_memory();
    }
    if (choice < 58) {
        return random_thread(step);
    }
    if (choice < 64) {
        return random_device();
    }
    if (choice < 86) {
        return random_message(step);
    }
    if (choice < 99) {
        return random_simple();
    }
    return invoke(any_slot(), (uint16_t)random_below(10));
}

static void random_step(struct step *step)
{
    *step = (struct step){.kind = STEP_CALL, .word = random_word()};
    if (step_now < settling_steps) {
        step->call = settling_call();
        return;
    }
    uint32_t choice = random_below(200);
    if (choice == 0) {
        step->kind = STEP_FAULT;
        step->fault = one_in(3) ? FAULT_EXCEPTION : FAULT_PAGE;
        step->words[0] = random_word();
        step->words[1] = random_below(32);
    } else if (choice < 7) {
        step->kind = STEP_CLOCK;
        step->time_ns = one_in(4) ? 20'000'000 : random_below(500);
    } else if (choice < 9) {
        step->kind = STEP_DEVICE;
        step->device = random_below(4);
    } else {
        step->interrupted = one_in(2);
        step->call = random_call(step);
        step->writes_buffer = true;
    }
}

/* --- episodes --- */

static const char *replay(const struct step *list, uint32_t count)
{
    world_start();
    for (uint32_t i = 0; i < count; i++) {
        const char *difference = world_step(&list[i]);
        if (difference == nullptr) {
            difference = world_compare();
        }
        if (difference != nullptr) {
            return difference;
        }
    }
    return nullptr;
}

/* Leaves out pieces, larger ones first, as long as something still differs. */
static uint32_t shorten(struct step *list, uint32_t count)
{
    static struct step shorter[episode_steps];
    for (uint32_t piece = count / 2; piece > 0; piece /= 2) {
        for (uint32_t from = 0; from + piece <= count;) {
            memcpy(shorter, list, from * sizeof(*list));
            memcpy(shorter + from, list + from + piece, (count - from - piece) * sizeof(*list));
            if (replay(shorter, count - piece) != nullptr) {
                count -= piece;
                memcpy(list, shorter, count * sizeof(*list));
            } else {
                from += piece;
            }
        }
    }
    return count;
}

static void print_step(const struct step *step)
{
    const struct mregisters *call = &step->call;
    printf("    kind %u thread %#llx rax %llu rdi %#llx rsi %#llx rdx %#llx r10 %#llx r8 %#llx "
           "r9 %#llx caps %u %u into %u %u\n",
        step->kind, (unsigned long long)model.current->address, (unsigned long long)call->rax,
        (unsigned long long)call->rdi, (unsigned long long)call->rsi, (unsigned long long)call->rdx,
        (unsigned long long)call->r10, (unsigned long long)call->r8, (unsigned long long)call->r9,
        step->caps[0], step->caps[1], step->receive_slots[0], step->receive_slots[1]);
}

static void explain(uint32_t count)
{
    if (replay(steps, count) == nullptr) {
        printf("  it does not come again in a world of its own\n");
        return;
    }
    count = shorten(steps, count);
    world_start();
    printf("  %u steps are left:\n", count);
    for (uint32_t i = 0; i < count; i++) {
        print_step(&steps[i]);
        (void)world_step(&steps[i]);
    }
    const char *difference = replay(steps, count);
    printf("  %s\n", difference == nullptr ? "" : difference);
}

static bool episode(uint64_t seed, uint64_t number)
{
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) + number * UINT64_C(0xd1b54a32d192ed03) + 1;
    world_start();
    for (step_now = 0; step_now < episode_steps; step_now++) {
        random_step(&steps[step_now]);
        const char *difference = world_step(&steps[step_now]);
        if (difference == nullptr && step_now % compare_every == compare_every - 1) {
            difference = world_compare();
        }
        if (difference != nullptr) {
            printf("seed %llu episode %llu step %u: %s\n", (unsigned long long)seed,
                (unsigned long long)number, step_now, difference);
            explain(step_now + 1);
            return false;
        }
    }
    return true;
}

static void run_seed(uint64_t seed)
{
    seed_now = seed;
    for (episode_now = 0; episode_now * episode_steps < steps_per_seed; episode_now++) {
        if (!episode(seed, episode_now)) {
            CHECK(false);
            return;
        }
    }
}

static void calls_end_as_the_model_says_first_seed(void)
{
    run_seed(seed_base);
}

static void calls_end_as_the_model_says_second_seed(void)
{
    run_seed(seed_base + 1);
}

static void calls_end_as_the_model_says_third_seed(void)
{
    run_seed(seed_base + 2);
}

static void calls_end_as_the_model_says_fourth_seed(void)
{
    run_seed(seed_base + 3);
}

/* There without the sanitizers, too. */
[[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)(void));

static void say_where(void)
{
    printf("died: seed %llu episode %llu step %u\n", (unsigned long long)seed_now,
        (unsigned long long)episode_now, step_now);
    fflush(stdout);
}

int main(int count, char **words)
{
    for (int i = 1; i + 1 < count; i += 2) {
        if (strcmp(words[i], "--seed") == 0) {
            seed_base = strtoull(words[i + 1], nullptr, 0);
        } else if (strcmp(words[i], "--steps") == 0) {
            steps_per_seed = strtoull(words[i + 1], nullptr, 0) / 4 + 1;
        }
    }
    if (__sanitizer_set_death_callback != nullptr) {
        __sanitizer_set_death_callback(say_where);
    }
    TEST(calls_end_as_the_model_says_first_seed);
    TEST(calls_end_as_the_model_says_second_seed);
    TEST(calls_end_as_the_model_says_third_seed);
    TEST(calls_end_as_the_model_says_fourth_seed);
    world_print_counts();
    return check_report();
}
