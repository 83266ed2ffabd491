/* SPDX-License-Identifier: ISC */
/*
 * Random calls of a worker. It guesses what is in which slot from what IDENTIFY told it last; the
 * guess only makes it likelier that a call goes well. Before an operation it identifies what it
 * invokes, so that the table is exact; those calls are not counted.
 */
#include "fuzz.h"

struct worker {
    uint64_t random;
    uint64_t owed;  /* endpoint | reply object << 32 of the last message that it got; 0: none */
    uint32_t space; /* index of the space that it runs on */
};

/* Written by the first program: where the next checkpoint is. */
extern volatile uint64_t checkpoint_places[worker_count];

static struct worker workers[worker_count];
static uint8_t guesses[arena_space_count][arena_slot_count];

void calls_seed(uint64_t seed)
{
    for (uint32_t i = 0; i < worker_count; i++) {
        workers[i].random = (seed | 1) * (UINT64_C(0x9e3779b97f4a7c15) + 2 * i);
        workers[i].space = i % arena_space_count;
        workers[i].owed = 0;
    }
}

void calls_forget(void)
{
    for (uint32_t i = 0; i < arena_space_count * arena_slot_count; i++) {
        guesses[i / arena_slot_count][i % arena_slot_count] = OBJECT_NONE;
    }
    for (uint32_t i = 0; i < arena_space_count; i++) {
        static const uint8_t first[] = {OBJECT_NONE, OBJECT_CSPACE, OBJECT_CSPACE, OBJECT_CSPACE,
            OBJECT_UNTYPED, OBJECT_VSPACE, OBJECT_IRQ_CONTROL, OBJECT_PORT_RANGE, OBJECT_CLOCK,
            OBJECT_CONSOLE, OBJECT_PORT_RANGE};
        for (uint32_t slot = 0; slot < sizeof(first); slot++) {
            guesses[i][slot] = first[slot];
        }
    }
}

static uint64_t random_word(struct worker *self)
{
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    return self->random;
}

static uint32_t below(struct worker *self, uint32_t limit)
{
    return (uint32_t)((random_word(self) >> 16) % limit);
}

static bool one_in(struct worker *self, uint32_t count)
{
    return below(self, count) == 0;
}

static uint64_t number(struct worker *self)
{
    switch (below(self, 4)) {
    case 0:
        return random_word(self);
    case 1:
        return UINT64_C(1) << below(self, 64);
    default:
        return below(self, 80);
    }
}

static cap_slot any_slot(struct worker *self)
{
    return one_in(self, 20) ? (cap_slot)number(self) : below(self, arena_slot_count);
}

/* A slot of space `index` that is guessed to hold `kind`. */
static cap_slot slot_in(struct worker *self, uint32_t index, enum object_kind kind)
{
    const uint32_t start = below(self, arena_slot_count);
    for (uint32_t i = 0; i < arena_slot_count; i++) {
        const cap_slot slot = (start + i) % arena_slot_count;
        if (slot != 0 && guesses[index][slot] == kind) {
            return slot;
        }
    }
    return any_slot(self);
}

static cap_slot slot_with(struct worker *self, enum object_kind kind)
{
    return one_in(self, 12) ? any_slot(self) : slot_in(self, self->space, kind);
}

static cap_slot slot_filled(struct worker *self, uint32_t index)
{
    cap_slot slot = any_slot(self);
    for (uint32_t i = 0; i < 8; i++) {
        slot = below(self, arena_slot_count);
        if (guesses[index][slot] != OBJECT_NONE) {
            break;
        }
    }
    return slot;
}

static void guess(uint32_t space, uint64_t slot, enum object_kind kind)
{
    if (space < arena_space_count && slot < arena_slot_count) {
        guesses[space][slot] = kind;
    }
}

/* What is in a slot of a space of the arena; its capability is in the worker's own. */
static enum object_kind identify(uint32_t space, uint64_t slot)
{
    struct syscall_registers registers = {.words = {slot}};
    const enum status status = object_invoke(ARENA_SPACES + space, CSPACE_IDENTIFY, &registers);
    const enum object_kind kind =
        status == STATUS_OK ? (enum object_kind)(registers.words[0] & 0xff) : OBJECT_NONE;
    if (kind >= OBJECT_KIND_COUNT) {
        return OBJECT_NONE; /* Another kind of operation has this number there. */
    }
    guess(space, slot, kind);
    return kind;
}

/* The first worker never waits and never faults: it wakes the others. */
static bool never_waits(const struct worker *self)
{
    return self == &workers[0];
}

static uint64_t without_waiting(uint64_t call)
{
    switch (call) {
    case SYSCALL_CALL:
    case SYSCALL_SEND:
        return SYSCALL_SEND_NOWAIT;
    case SYSCALL_RECEIVE:
        return SYSCALL_RECEIVE_NOWAIT;
    case SYSCALL_REPLY_RECEIVE:
        return SYSCALL_REPLY;
    case SYSCALL_WAIT:
        return SYSCALL_POLL;
    case SYSCALL_EXIT:
        return SYSCALL_YIELD;
    default:
        return call;
    }
}

static enum status enter(struct worker *self, uint64_t call, struct syscall_registers *registers)
{
    call = never_waits(self) ? without_waiting(call) : call;
    enum object_kind kind = OBJECT_NONE;
    const uint64_t operation = registers->tag;
    if (call == SYSCALL_INVOKE) {
        kind = identify(self->space, (uint32_t)registers->target);
    }
    const enum status status = syscall_enter((enum syscall)call, registers);
    table_count(call, kind, operation, status);
    return status;
}

static void invoke(struct worker *self, cap_slot slot, uint16_t operation, const uint64_t words[4])
{
    struct syscall_registers registers = {
        .target = slot, .tag = operation, .words = {words[0], words[1], words[2], words[3]}};
    (void)enter(self, SYSCALL_INVOKE, &registers);
}

static void call_retype(struct worker *self)
{
    static const uint16_t shapes[] = {OBJECT_ENDPOINT, OBJECT_NOTIFICATION, OBJECT_REPLY,
        OBJECT_ENDPOINT, OBJECT_NOTIFICATION, OBJECT_REPLY, OBJECT_THREAD, OBJECT_THREAD,
        OBJECT_VSPACE, OBJECT_PAGE_TABLE, OBJECT_PAGE_TABLE, OBJECT_FRAME | 12 << 8,
        OBJECT_FRAME | 12 << 8, OBJECT_FRAME | 14 << 8, OBJECT_FRAME | 21 << 8,
        OBJECT_UNTYPED | 13 << 8, OBJECT_UNTYPED | 15 << 8, OBJECT_CSPACE | 4 << 8,
        OBJECT_CSPACE | 5 << 8};
    const uint32_t space = below(self, arena_space_count);
    const cap_slot target = slot_in(self, space, OBJECT_NONE);
    uint64_t shape = shapes[below(self, sizeof(shapes) / sizeof(shapes[0]))];
    if (one_in(self, 30)) {
        shape = random_word(self) & 0xffff;
    }
    uint64_t what = shape | (uint64_t)(one_in(self, 4) ? below(self, 4) : 1) << 16;
    if (one_in(self, 100)) {
        what = random_word(self);
    }
    const cap_slot into = one_in(self, 10) ? slot_with(self, OBJECT_CSPACE) : ARENA_SPACES + space;
    invoke(self, slot_with(self, OBJECT_UNTYPED), one_in(self, 10) ? 2 : UNTYPED_RETYPE,
        (const uint64_t[]){what, into | (uint64_t)target << 32, below(self, 1000), 0});
    (void)identify(space, target);
}

/* What the arena had at first is mostly left alone, or not much happens any more. */
static cap_slot slot_to_remove(struct worker *self, uint32_t space)
{
    const cap_slot slot = slot_filled(self, space);
    return slot >= ARENA_FIRST_OTHER || one_in(self, 200)
               ? slot
               : ARENA_FIRST_OTHER + below(self, arena_slot_count - ARENA_FIRST_OTHER);
}

static void call_cspace(struct worker *self)
{
    const uint32_t space = below(self, arena_space_count);
    const cap_slot own = one_in(self, 20) ? any_slot(self) : ARENA_SPACES + space;
    uint16_t operation = (uint16_t)(1 + below(self, 6));
    const cap_slot empty = slot_in(self, space, OBJECT_NONE);
    if (empty < arena_slot_count && guesses[space][empty] != OBJECT_NONE) {
        operation = CSPACE_DELETE;
    } else if (operation == CSPACE_REVOKE && !one_in(self, 3)) {
        operation = CSPACE_COPY;
    }
    const bool takes_two = operation == CSPACE_COPY || operation == CSPACE_MOVE;
    const cap_slot source =
        operation == CSPACE_COPY ? slot_filled(self, self->space) : slot_to_remove(self, space);
    invoke(self, own, operation,
        (const uint64_t[]){source, empty, one_in(self, 2) ? rights_all : random_word(self) & 0x1ff,
            one_in(self, 3) ? below(self, 5) : 0});
    (void)identify(space, takes_two ? empty : source);
}

static uint64_t address(struct worker *self)
{
    uint64_t value = (uint64_t)(below(self, 10) / 9) << 30 | (uint64_t)(below(self, 6) / 4) << 21 |
                     (uint64_t)(1 + below(self, 30)) << 12;
    if (one_in(self, 3)) {
        value &= ~UINT64_C(0x3fff);
    }
    if (one_in(self, 5)) {
        value &= ~UINT64_C(0x1fffff);
    }
    return one_in(self, 40) ? random_word(self) : value;
}

static void call_memory(struct worker *self)
{
    static const uint8_t rights[] = {1, 3, 5, 7, 1, 3, 5, 2};
    const uint64_t words[] = {one_in(self, 8) ? slot_with(self, OBJECT_VSPACE) : ARENA_VSPACE,
        address(self), rights[below(self, 8)] | (uint64_t)(below(self, 9) / 2) << 16, number(self)};
    if (one_in(self, 2)) {
        invoke(self, slot_with(self, OBJECT_PAGE_TABLE), one_in(self, 6) ? 2 : 1, words);
    } else {
        invoke(self, slot_with(self, OBJECT_FRAME),
            (uint16_t)(one_in(self, 2) ? FRAME_MAP : 2 + below(self, 3)), words);
    }
}

static void call_thread(struct worker *self, struct ipc_buffer *buffer)
{
    const uint16_t operation = (uint16_t)(1 + below(self, 8));
    cap_slot thread = slot_with(self, OBJECT_THREAD);
    /* Workers are left to run, mostly. */
    if (operation == THREAD_SUSPEND && !one_in(self, 20) && thread < ARENA_FIRST_OTHER) {
        thread = slot_in(self, self->space, OBJECT_THREAD);
    }
    uint64_t words[4] = {number(self), number(self), number(self), number(self)};
    if (operation == THREAD_CONFIGURE) {
        words[0] = slot_with(self, OBJECT_CSPACE);
        words[1] = slot_with(self, OBJECT_VSPACE);
        words[2] = slot_with(self, OBJECT_FRAME);
        words[3] = one_in(self, 2) ? slot_with(self, OBJECT_ENDPOINT) : 0;
        buffer->arguments[4] = one_in(self, 2) ? slot_with(self, OBJECT_ENDPOINT) : 0;
    } else if (operation == THREAD_SET_PRIORITY) {
        words[0] = below(self, 22);
        words[1] = below(self, 22);
    } else if (operation == THREAD_BIND_NOTIFICATION) {
        words[0] = one_in(self, 3) ? 0 : slot_with(self, OBJECT_NOTIFICATION);
    } else if (operation == THREAD_SET_REGISTERS) {
        words[0] = one_in(self, 2) ? below(self, 4096) : words[0] | UINT64_C(1) << 46;
    }
    invoke(self, thread, operation, words);
}

static void call_device(struct worker *self)
{
    const cap_slot empty = slot_in(self, self->space, OBJECT_NONE);
    uint64_t now;
    switch (below(self, 5)) {
    case 0: {
        const uint16_t operation = (uint16_t)(1 + below(self, 3));
        const uint64_t line = below(self, 28) | (uint64_t)below(self, 5) << 32;
        invoke(self, slot_with(self, OBJECT_IRQ_CONTROL), operation,
            (const uint64_t[]){operation == 1 ? line : empty, empty, 0, 0});
        break;
    }
    case 1:
        invoke(self, slot_with(self, OBJECT_IRQ), (uint16_t)(1 + below(self, 3)),
            (const uint64_t[]){slot_with(self, OBJECT_NOTIFICATION), 0, 0, 0});
        break;
    case 2:
        invoke(self, slot_with(self, OBJECT_PORT_RANGE), (uint16_t)(1 + below(self, 4)),
            (const uint64_t[]){one_in(self, 3) ? 0x3a + below(self, 12) : 0x7e + below(self, 20),
                one_in(self, 2) ? UINT64_C(1) << below(self, 4) : 0x7e + below(self, 20), empty,
                0});
        break;
    case 3:
        now = clock_read((struct clock_cap){ARENA_CLOCK}, &now) == STATUS_OK ? now : 0;
        const uint16_t operation = (uint16_t)(1 + below(self, 4));
        const cap_slot notification = slot_with(self, OBJECT_NOTIFICATION);
        invoke(self, slot_with(self, OBJECT_CLOCK), operation,
            (const uint64_t[]){
                operation == CLOCK_DISARM ? notification : now + below(self, 100'000), notification,
                0, 0});
        break;
    default:
        invoke(self, slot_with(self, OBJECT_CONSOLE), (uint16_t)below(self, 4),
            (const uint64_t[]){number(self), 0, 0, 0});
        break;
    }
    (void)identify(self->space, empty);
}

static uint64_t random_tag(struct worker *self)
{
    uint64_t tag = below(self, 65536);
    tag |= (uint64_t)(one_in(self, 4) ? below(self, 1100) : below(self, 40)) << 16;
    tag |= (uint64_t)(one_in(self, 4) ? below(self, 5) : 0) << 27;
    tag |= one_in(self, 3) ? message_tag_move : 0;
    tag |= one_in(self, 2) ? 0 : random_word(self) << 32;
    return one_in(self, 50) ? random_word(self) : tag;
}

static void call_message(struct worker *self, struct ipc_buffer *buffer)
{
    static const uint8_t numbers[] = {SYSCALL_CALL, SYSCALL_CALL, SYSCALL_SEND, SYSCALL_SEND_NOWAIT,
        SYSCALL_SEND_NOWAIT, SYSCALL_RECEIVE, SYSCALL_RECEIVE, SYSCALL_RECEIVE_NOWAIT,
        SYSCALL_RECEIVE_NOWAIT, SYSCALL_REPLY, SYSCALL_REPLY, SYSCALL_REPLY_RECEIVE};
    uint8_t call = numbers[below(self, sizeof(numbers))];
    const bool pays = self->owed != 0 && one_in(self, 2);
    if (pays) {
        call = one_in(self, 3) ? SYSCALL_REPLY : SYSCALL_REPLY_RECEIVE;
    }
    for (uint32_t i = 0; i < message_caps_max; i++) {
        buffer->caps[i] = slot_to_remove(self, self->space);
        buffer->receive_slots[i] = one_in(self, 4) ? any_slot(self) : slot_with(self, OBJECT_NONE);
    }
    struct syscall_registers registers = {.target = slot_with(self, OBJECT_ENDPOINT),
        .tag = random_tag(self),
        .words = {random_word(self), number(self), random_word(self), number(self)}};
    const bool receives =
        call != SYSCALL_CALL && call != SYSCALL_SEND && call != SYSCALL_SEND_NOWAIT;
    if (receives && !one_in(self, 6)) {
        registers.target |= (uint64_t)slot_with(self, OBJECT_REPLY) << 32;
    }
    const uint64_t slots = pays ? self->owed : registers.target;
    registers.target = slots;
    const enum status status = enter(self, call, &registers);
    self->owed = receives && status == STATUS_OK && call != SYSCALL_REPLY ? slots : 0;
}

static void call_simple(struct worker *self)
{
    static const uint8_t numbers[] = {SYSCALL_SIGNAL, SYSCALL_SIGNAL, SYSCALL_SIGNAL, SYSCALL_WAIT,
        SYSCALL_POLL, SYSCALL_YIELD, SYSCALL_VERSION, SYSCALL_SIGNAL};
    struct syscall_registers registers = {
        .target = slot_with(self, OBJECT_NOTIFICATION), .words = {random_word(self)}};
    uint64_t call = numbers[below(self, sizeof(numbers))];
    if (one_in(self, 20)) {
        call = number(self);
    }
    if (one_in(self, 1000)) {
        call = SYSCALL_EXIT;
    }
    (void)enter(self, call, &registers);
}

/* The worker does not come back from these. */
static void fault(struct worker *self)
{
    switch (below(self, 4)) {
    case 0:
        (void)*(volatile uint8_t *)(random_word(self) | 1); // NOLINT(performance-no-int-to-ptr)
        break;
    case 1:
        __asm__ volatile("ud2");
        break;
    case 2:
        __asm__ volatile("hlt");
        break;
    default:
        *(volatile uint64_t *)(UINT64_C(1) << 46) = 1; // NOLINT(performance-no-int-to-ptr)
        break;
    }
}

static void any_registers(struct worker *self)
{
    struct syscall_registers registers = {.target = number(self),
        .tag = number(self),
        .words = {number(self), number(self), number(self), number(self)}};
    const uint64_t call = one_in(self, 2) ? number(self) : below(self, SYSCALL_EXIT);
    if (call != SYSCALL_EXIT) {
        (void)enter(self, call, &registers);
    }
}

static void one_call(struct worker *self, struct ipc_buffer *buffer)
{
    const uint32_t choice = below(self, 100);
    if (choice < 14) {
        call_retype(self);
    } else if (choice < 38) {
        call_cspace(self);
    } else if (choice < 48) {
        call_memory(self);
    } else if (choice < 58) {
        call_thread(self, buffer);
    } else if (choice < 65) {
        call_device(self);
    } else if (choice < 85) {
        call_message(self, buffer);
    } else if (choice < 97) {
        call_simple(self);
    } else if (!never_waits(self) && one_in(self, 60)) {
        fault(self);
    } else {
        any_registers(self);
    }
}

void worker_main(uint64_t worker)
{
    struct worker *self = &workers[worker];
    struct ipc_buffer *buffer =
        (struct ipc_buffer *)(buffers_address + worker * 4096); // NOLINT(performance-no-int-to-ptr)
    for (;;) {
        const uint64_t end = table_calls() + calls_between_checkpoints;
        while (table_calls() < end) {
            one_call(self, buffer);
        }
        (void)*(volatile uint64_t *)checkpoint_places[worker]; // NOLINT(performance-no-int-to-ptr)
    }
}
