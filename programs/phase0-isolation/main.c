/* SPDX-License-Identifier: ISC */
/*
 * Verifier: two processes and this program cannot see or touch each other's memory. The same
 * address is another memory in each, what one has mapped is not there for another, and the kernel's
 * half is nobody's.
 */
#include <slots/phase0-isolation.h>
#include <userlib/child.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint64_t vector_page = 14;
constexpr uint64_t kernel_half = UINT64_C(0xffff800000000000);

static struct child_maker maker;

/* Run a child to its end. */
static enum status run(const struct child_order *order, struct process_wait_reply *ending_out)
{
    struct child child = {};
    const enum status status = child_start(&maker, order, &child);
    return status == STATUS_OK ? child_wait(&child, ending_out) : status;
}

static bool dies_at(const struct child_order *order)
{
    struct process_wait_reply ending = {};
    return run(order, &ending) == STATUS_OK && ending.reason == process_reason_faulted &&
           ending.code == (int64_t)vector_page && ending.address == order->address;
}

static bool reads(const struct child_order *order, uint64_t value)
{
    struct process_wait_reply ending = {};
    return run(order, &ending) == STATUS_OK && ending.reason == process_reason_exited &&
           ending.code == (int64_t)value;
}

/* a holds a secret at the start of its heap and lives; b looks there, and this program has another
 * secret there. */
static const char *verify_same_address(const struct verifier *verifier)
{
    volatile uint64_t *own = (volatile uint64_t *)heap_base; // NOLINT(performance-no-int-to-ptr)
    const uint64_t own_secret = verifier_number(verifier, 0);
    const struct child_order holds = {.name = "phase0-isolation-a",
        .act = CHILD_STAY,
        .address = heap_base,
        .value = verifier_number(verifier, 1)};
    const struct child_order looks = {
        .name = "phase0-isolation-b", .act = CHILD_READ, .address = heap_base};
    struct child holder = {};
    struct process_wait_reply ending = {};
    *own = own_secret;
    if (child_start(&maker, &holds, &holder) != STATUS_OK) {
        return "a process cannot be started";
    }
    const bool apart = reads(&looks, 0) && *own == own_secret;
    if (process_kill(holder.handle) != STATUS_OK || child_wait(&holder, &ending) != STATUS_OK) {
        return "a process cannot be killed";
    }
    return apart ? nullptr : "memory of one process shows in another";
}

/* A child itself reads and writes its memory: it is the address, not the act, of which others die.
 */
static const char *verify_acts(const struct verifier *verifier)
{
    const uint64_t value = verifier_number(verifier, 2);
    const struct child_order writes = {
        .name = "phase0-isolation-a", .act = CHILD_WRITE, .address = heap_base, .value = value};
    return reads(&writes, value) ? nullptr : "a process cannot use its own memory";
}

static const char *verify_mapping(const struct verifier *verifier)
{
    const uint64_t address = (uintptr_t)maker.image.bytes;
    const struct child_order readers[] = {
        {.name = "phase0-isolation-a", .act = CHILD_READ, .address = address},
        {.name = "phase0-isolation-a", .act = CHILD_READ, .address = kernel_half},
        {.name = "phase0-isolation-a", .act = CHILD_READ, .address = startup_address - 8},
    };
    const struct child_order writer = {.name = "phase0-isolation-b",
        .act = CHILD_WRITE,
        .address = address,
        .value = verifier_number(verifier, 3)};
    for (uint32_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (!dies_at(&readers[i])) {
            return "a process reads what it does not have";
        }
    }
    return dies_at(&writer) && memcmp(maker.image.bytes, "\177ELF", 4) == 0
               ? nullptr
               : "a process writes what it does not have";
}

static const char *verify(const struct verifier *verifier)
{
    if (child_maker_init(&maker, (struct process_cap){SLOT_PEER_PROCD},
            (struct vspace_cap){SLOT_PEER_VSPACED}) != STATUS_OK) {
        return "no child can be made";
    }
    const char *reason = verify_acts(verifier);
    reason = reason == nullptr ? verify_same_address(verifier) : reason;
    return reason == nullptr ? verify_mapping(verifier) : reason;
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
