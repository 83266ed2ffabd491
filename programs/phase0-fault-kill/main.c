/* SPDX-License-Identifier: ISC */
/*
 * Verifier: a process that faults where nobody answers is killed, gives everything back, and crashd
 * knows of it. The address is the nonce's.
 */
#include <protocol/crash.h>
#include <slots/phase0-fault-kill.h>
#include <userlib/child.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint64_t vector_divide = 0;
constexpr uint64_t vector_invalid = 6;
constexpr uint64_t vector_page = 14;

/* Where nothing is mapped in a child, and nothing would be on demand. */
constexpr uint64_t nowhere_mask = UINT64_C(0xfffffff8);
static_assert(mapping_base + nowhere_mask < mapping_end);

static const struct process_cap procd = {SLOT_PEER_PROCD};

/* The report of the process that ended last; *cursor goes behind it. */
static const char *verify_report(uint64_t *cursor, const struct child *child,
    const struct child_order *order, const struct process_wait_reply *ending)
{
    struct crash_read_reply report = {};
    const struct crash_read_request request = {.cursor = *cursor};
    if (crash_read((struct crash_cap){SLOT_PEER_CRASHD}, &request, &report) != STATUS_OK) {
        return "crashd has no report";
    }
    *cursor = report.next_cursor;
    if (report.process != child->process || report.vector != (uint64_t)ending->code ||
        report.address != ending->address || report.error_code != ending->error_code ||
        strncmp(report.name, order->name, sizeof report.name) != 0) {
        return "crashd reports something else";
    }
    const struct crash_read_request next = {.cursor = *cursor};
    return crash_read((struct crash_cap){SLOT_PEER_CRASHD}, &next, &report) == STATUS_END
               ? nullptr
               : "crashd has a report too many";
}

static const char *verify_death(
    struct child_maker *maker, uint64_t *cursor, const struct child_order *order, uint64_t vector)
{
    struct child child = {};
    struct process_wait_reply ending = {};
    if (child_start(maker, order, &child) != STATUS_OK) {
        return "a process cannot be started";
    }
    const uint32_t process = child.process;
    if (child_wait(&child, &ending) != STATUS_OK || ending.reason != process_reason_faulted) {
        return "a process that faults lives on, or exits";
    }
    if (ending.code != (int64_t)vector ||
        (vector == vector_page && ending.address != order->address)) {
        return "the fault is not told as it was";
    }
    child.process = process;
    return verify_report(cursor, &child, order, &ending);
}

static const char *verify(const struct verifier *verifier)
{
    const uint64_t nowhere = mapping_base + (verifier_number(verifier, 0) & nowhere_mask);
    const struct {
        struct child_order order;
        uint64_t vector;
    } deaths[] = {
        {{.name = "reader", .act = CHILD_READ, .address = nowhere}, vector_page},
        {{.name = "writer", .act = CHILD_WRITE, .address = nowhere}, vector_page},
        {{.name = "text-writer", .act = CHILD_WRITE, .address = program_base}, vector_page},
        {{.name = "null-reader", .act = CHILD_READ, .address = 8}, vector_page},
        {{.name = "divider", .act = CHILD_DIVIDE}, vector_divide},
        {{.name = "invalid", .act = CHILD_INVALID}, vector_invalid},
    };
    struct child_maker maker = {};
    struct process_snapshot_resource_counts_reply before = {};
    struct process_snapshot_resource_counts_reply after = {};
    uint64_t cursor = 0;
    if (child_maker_init(&maker, procd, (struct vspace_cap){SLOT_PEER_VSPACED}) != STATUS_OK ||
        process_snapshot_resource_counts(procd, &before) != STATUS_OK) {
        return "no child can be made";
    }
    const char *reason = nullptr;
    for (uint32_t i = 0; i < sizeof deaths / sizeof deaths[0] && reason == nullptr; i++) {
        reason = verify_death(&maker, &cursor, &deaths[i].order, deaths[i].vector);
    }
    if (reason == nullptr && (process_snapshot_resource_counts(procd, &after) != STATUS_OK ||
                                 memcmp(&before, &after, sizeof before) != 0)) {
        reason = "procd holds something of the dead";
    }
    return reason;
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
