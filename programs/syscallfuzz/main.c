/* SPDX-License-Identifier: ISC */
/*
 * The kernel under random calls. It stands in rootd's place in a boot image. Five workers run in an
 * arena that they may destroy; this thread, the least urgent one, takes their faults. After about
 * every thousand calls, when nobody else can run, the kernel inspects itself. An episode ends when
 * the workers have lost themselves; then all that they had is revoked, and what the kernel counts
 * must be what it was before.
 *
 * The last line holds the nonce of the run backwards, and is printed only if all was well.
 */
#include "fuzz.h"

constexpr uint64_t calls_wanted = 1'000'000;
constexpr uint32_t rounds_max = 10; /* of an episode */
constexpr uint32_t reply_count = worker_count + 1;

static struct test_cap test = {ROOT_SLOT_TEST};
static uint64_t checks;
static uint64_t episodes;

/* What is known of a worker. */
struct watch {
    cap_slot reply; /* it waits at a checkpoint for this; 0: it does not */
    uint32_t faults;
    bool odd; /* which of its two places is mapped */
};

volatile uint64_t checkpoint_places[worker_count];
static struct watch watches[worker_count];

static void aim_checkpoint(uint32_t worker)
{
    checkpoint_places[worker] =
        checkpoints_address + (2 * worker + !watches[worker].odd) * UINT64_C(4096);
}

static void map_other_place(uint32_t worker)
{
    const struct frame_cap page = {OWN_CHECKPOINT + worker};
    uint32_t missing_bits;
    must(frame_unmap(page), "unmapping a checkpoint");
    must(frame_map(page,
             &(struct frame_map){.vspace = {ROOT_SLOT_VSPACE},
                 .address = checkpoint_places[worker],
                 .rights = RIGHT_READ},
             &missing_bits),
        "mapping a checkpoint");
    watches[worker].odd = !watches[worker].odd;
    aim_checkpoint(worker);
}

static void answer(cap_slot reply, enum status status)
{
    struct syscall_registers registers = {
        .target = (uint64_t)reply << 32, .tag = message_tag_make(0, 0, 0, status)};
    const enum status result = syscall_enter(SYSCALL_REPLY, &registers);
    if (result != STATUS_OK && result != STATUS_NOT_FOUND) {
        fail("answering a fault", (uint64_t)result);
    }
}

static cap_slot free_reply(void)
{
    for (cap_slot slot = OWN_REPLY; slot < OWN_REPLY + reply_count; slot++) {
        bool taken = false;
        for (uint32_t i = 0; i < worker_count; i++) {
            taken |= watches[i].reply == slot;
        }
        if (!taken) {
            return slot;
        }
    }
    fail("no reply object is free", 0);
}

/* A fault that is not a checkpoint: tried again once, then given up. */
static void take_fault(uint32_t worker, uint16_t operation, cap_slot reply)
{
    if (operation == FAULT_EXIT) {
        table_count(SYSCALL_EXIT, OBJECT_NONE, 0, STATUS_OK);
    }
    const bool again = watches[worker].faults++ == 0;
    answer(reply, again ? STATUS_OK : STATUS_INVALID_ARGUMENT);
}

/* False if nobody wants anything. */
static bool take_message(void)
{
    const cap_slot reply = free_reply();
    struct syscall_registers registers = {.target = OWN_ENDPOINT | (uint64_t)reply << 32};
    const enum status status = syscall_enter(SYSCALL_RECEIVE_NOWAIT, &registers);
    if (status == STATUS_WOULD_BLOCK) {
        return false;
    }
    must(status, "receiving a fault");
    const uint64_t badge = registers.target - 1;
    const uint32_t worker = (uint32_t)(badge % worker_count);
    const uint16_t operation = message_tag_operation(registers.tag);
    if (badge >= 2 * worker_count) {
        fail("a badge that nobody has", badge);
    }
    if (operation == FAULT_PAGE && registers.words[0] == checkpoint_places[worker]) {
        watches[worker].reply = reply;
    } else {
        take_fault(worker, operation, reply);
    }
    return true;
}

/* Until nobody can run but this thread. */
static void wait_for_workers(void)
{
    uint32_t quiet = 0;
    while (quiet < 3) {
        quiet = take_message() ? 0 : quiet + 1;
        thread_yield();
    }
}

static void check(void)
{
    const enum status status = test_check_invariants(test);
    table_count(SYSCALL_INVOKE, OBJECT_TEST, TEST_CHECK_INVARIANTS, status);
    must(status, "the kernel's inspection of itself");
    checks++;
}

/* Lets those go on that wait at a checkpoint; false if there are none. */
static bool release(void)
{
    bool any = false;
    for (uint32_t i = 0; i < worker_count; i++) {
        if (watches[i].reply != 0) {
            any = true;
            map_other_place(i);
            answer(watches[i].reply, STATUS_OK);
            watches[i].reply = 0;
        }
    }
    return any;
}

static void episode(void)
{
    for (uint32_t i = 0; i < worker_count; i++) {
        watches[i].reply = 0;
        watches[i].faults = 0;
        aim_checkpoint(i);
    }
    arena_build();
    for (uint32_t round = 0; round < rounds_max && table_calls() < calls_wanted; round++) {
        wait_for_workers();
        check();
        if (!release()) {
            break;
        }
    }
    wait_for_workers();
    arena_destroy();
    check();
    episodes++;
}

static void run(void)
{
    struct test_counts before;
    struct test_counts after;
    must(test_resource_counts(test, &before), "counting");
    while (table_calls() < calls_wanted) {
        episode();
        must(test_resource_counts(test, &after), "counting");
        if (after.capabilities != before.capabilities || after.threads != before.threads ||
            after.vspaces != before.vspaces ||
            after.free_untyped_bytes != before.free_untyped_bytes) {
            fail("resources are missing after episode", episodes);
        }
    }
}

static uint64_t seed_of(const uint8_t *nonce)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (uint32_t i = 0; i < test_nonce_bytes; i++) {
        hash = (hash ^ nonce[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void print_outcome(const uint8_t *nonce)
{
    char backwards[test_nonce_bytes + 1] = {};
    for (uint32_t i = 0; i < test_nonce_bytes; i++) {
        backwards[i] = (char)nonce[test_nonce_bytes - 1 - i];
    }
    print_text("syscallfuzz: all well: ");
    print_number(table_calls());
    print_text(" calls, ");
    print_number(checks);
    print_text(" inspections, ");
    print_number(episodes);
    print_text(" episodes: ");
    print_text(backwards);
    print_line();
}

[[noreturn]] void syscallfuzz_main(const struct root_handoff *handoff);

void syscallfuzz_main(const struct root_handoff *handoff)
{
    uint8_t nonce[test_nonce_bytes];
    must(test_nonce(test, nonce), "the nonce");
    must(thread_set_priority((struct thread_cap){ROOT_SLOT_THREAD}, 0, 63), "being patient");
    arena_prepare(handoff);
    for (uint32_t i = 0; i < worker_count; i++) {
        watches[i].odd = true;
    }
    calls_seed(seed_of(nonce));
    run();
    if (!table_print()) {
        fail("an operation never went well", 0);
    }
    print_outcome(nonce);
    const enum status status = object_command(ROOT_SLOT_CONSOLE, CONSOLE_SILENCE, 0, 0, 0, 0);
    (void)object_command(
        ROOT_SLOT_TEST, TEST_EXIT, status == STATUS_OK ? EXIT_SUCCESS_CLASS : EXIT_ROOTD, 0, 0, 0);
    for (;;) {
    }
}
