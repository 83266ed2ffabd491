/* SPDX-License-Identifier: ISC */
/*
 * Verifier: the death of verify-crash-victim is reported once, with its name, its role and the very
 * address, which depends on the nonce.
 */
#include <protocol/crash.h>
#include <protocol/time.h>
#include <slots/roles.h>
#include <slots/verify-crashd.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t vector_page_fault = 14;
constexpr uint32_t waits_max = 200;
constexpr uint64_t wait_ns = 10'000'000;

static const struct crash_cap crashd = {SLOT_PEER_CRASHD};
static const struct time_cap timed = {SLOT_PEER_TIMED};

/* As verify-crash-victim has it. */
static uint64_t address_of(const char *nonce)
{
    uint64_t address = 0x1000;
    for (uint32_t index = 0; index < root_nonce_bytes; index++) {
        address += (uint64_t)(uint8_t)nonce[index] << (index % 8);
    }
    return address;
}

/* The victim dies while this runs. */
static enum status await_report(struct crash_read_reply *report_out)
{
    const struct crash_read_request first = {};
    enum status status = crash_read(crashd, &first, report_out);
    for (uint32_t count = 0; count < waits_max && status == STATUS_END; count++) {
        struct time_now_monotonic_reply now = {};
        status = time_now_monotonic(timed, &now);
        if (status == STATUS_OK) {
            status = time_wait_until(
                timed, &(struct time_wait_until_request){.deadline_ns = now.nanoseconds + wait_ns});
        }
        if (status == STATUS_OK) {
            status = crash_read(crashd, &first, report_out);
        }
    }
    return status;
}

static const char *verify(const struct verifier *verifier)
{
    struct crash_read_reply report = {};
    if (await_report(&report) != STATUS_OK) {
        return "there is no report of the dead program";
    }
    if (report.role != ROLE_VERIFY_CRASH_VICTIM ||
        strncmp(report.name, "verify-crash-victim", sizeof report.name) != 0 ||
        report.vector != vector_page_fault || report.time_ns == 0) {
        return "the report is about another death";
    }
    if (report.address != address_of(verifier->nonce)) {
        return "the report has another address";
    }
    const struct crash_read_request next = {.cursor = report.next_cursor};
    return crash_read(crashd, &next, &report) == STATUS_END ? nullptr : "one death, two reports";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
