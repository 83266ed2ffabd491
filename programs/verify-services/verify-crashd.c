/* SPDX-License-Identifier: ISC */
/*
 * Verifier: a sound system has no report; the death of a child is reported once, with its name, its
 * process, and the very address at which it died, which depends on the nonce.
 */
#include <protocol/crash.h>
#include <slots/verify-crashd.h>
#include <userlib/child.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t vector_page_fault = 14;
constexpr uint64_t nowhere_mask = UINT64_C(0xfffffff8);

static const struct crash_cap crashd = {SLOT_PEER_CRASHD};

/* The child dies before this returns. */
static const char *kill_child(const struct child_order *order, uint32_t *process_out)
{
    struct child_maker maker = {};
    struct child child = {};
    struct process_wait_reply ending = {};
    if (child_maker_init(&maker, (struct process_cap){SLOT_PEER_PROCD},
            (struct vspace_cap){SLOT_PEER_VSPACED}) != STATUS_OK ||
        child_start(&maker, order, &child) != STATUS_OK) {
        return "no child can be started";
    }
    *process_out = child.process;
    return child_wait(&child, &ending) == STATUS_OK && ending.reason == process_reason_faulted
               ? nullptr
               : "the child did not die of a fault";
}

static const char *verify(const struct verifier *verifier)
{
    const struct crash_read_request first = {};
    const struct child_order order = {.name = "dying-child",
        .act = CHILD_WRITE,
        .address = mapping_base + (verifier_number(verifier, 0) & nowhere_mask)};
    struct crash_read_reply report = {};
    uint32_t process = 0;
    if (crash_read(crashd, &first, &report) != STATUS_END) {
        return "there is a report of a system that is sound";
    }
    const char *reason = kill_child(&order, &process);
    if (reason != nullptr) {
        return reason;
    }
    if (crash_read(crashd, &first, &report) != STATUS_OK) {
        return "there is no report of the dead child";
    }
    if (report.process != process || report.vector != vector_page_fault || report.time_ns == 0 ||
        strncmp(report.name, order.name, sizeof report.name) != 0) {
        return "the report is about another death";
    }
    if (report.address != order.address) {
        return "the report has another address";
    }
    const struct crash_read_request next = {.cursor = report.next_cursor};
    return crash_read(crashd, &next, &report) == STATUS_END ? nullptr : "one death, two reports";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
