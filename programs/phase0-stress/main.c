/* SPDX-License-Identifier: ISC */
/*
 * Verifier: a thousand processes come and go, each ends with the code that it was given, and
 * everybody who counts counts afterwards what he counted before: procd, memd and the kernel.
 * With a parameter somebody is in the image who never hears that a process has ended: procd keeps
 * the words for him, and refuses to start the one whose end it might have no room for.
 */
#include <protocol/memory.h>
#include <slots/phase0-stress.h>
#include <userlib/child.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t process_count = 1000;

/* procd's first process id, and how many words of ends it keeps. */
constexpr uint32_t first_process = 256;
constexpr uint32_t words_kept_max = 192;

/* What everybody counts. */
struct census {
    struct process_snapshot_resource_counts_reply procd;
    struct memory_totals_reply memd;
    struct test_counts kernel;
};

static enum status take_census(struct census *census_out)
{
    memset(census_out, 0, sizeof *census_out);
    enum status status =
        process_snapshot_resource_counts((struct process_cap){SLOT_PEER_PROCD}, &census_out->procd);
    if (status == STATUS_OK) {
        status = memory_totals((struct memory_cap){SLOT_PEER_MEMD}, &census_out->memd);
    }
    if (status == STATUS_OK) {
        status = test_resource_counts((struct test_cap){SLOT_TEST}, &census_out->kernel);
    }
    return status;
}

/* A process that ends with the number of that index. *started_out is whether it could be started,
 * and its id. */
static const char *live_and_die(struct child_maker *maker, const struct verifier *verifier,
    uint32_t index, enum status *started_out, uint32_t *process_out)
{
    const struct child_order order = {
        .name = "child", .act = CHILD_EXIT, .value = verifier_number(verifier, index) >> 1};
    struct child child = {};
    struct process_wait_reply ending = {};
    *started_out = child_start(maker, &order, &child);
    if (*started_out != STATUS_OK) {
        return "a process cannot be started";
    }
    *process_out = child.process;
    if (child_wait(&child, &ending) != STATUS_OK || ending.reason != process_reason_exited) {
        return "a process did not exit";
    }
    return ending.code == (int64_t)order.value ? nullptr : "a process has another exit code";
}

/* A process that lives is counted, or the comparison at the end means nothing. */
static const char *verify_counts(struct child_maker *maker, const struct census *at_rest)
{
    static const struct child_order order = {
        .name = "child", .act = CHILD_STAY, .address = heap_base};
    struct child child = {};
    struct process_wait_reply ending = {};
    struct census census = {};
    if (child_start(maker, &order, &child) != STATUS_OK || take_census(&census) != STATUS_OK) {
        return "nothing can be counted";
    }
    const bool counted = census.procd.processes == at_rest->procd.processes + 1 &&
                         census.procd.threads == at_rest->procd.threads + 1 &&
                         census.procd.memory_bytes > at_rest->procd.memory_bytes &&
                         census.memd.free_bytes < at_rest->memd.free_bytes &&
                         census.kernel.threads > at_rest->kernel.threads &&
                         census.kernel.capabilities > at_rest->kernel.capabilities;
    if (process_kill(child.handle) != STATUS_OK || child_wait(&child, &ending) != STATUS_OK ||
        ending.reason != process_reason_killed) {
        return "a process cannot be killed";
    }
    return counted ? nullptr : "a living process is not counted";
}

static const char *compare(const struct census *before, const struct census *after)
{
    if (memcmp(&before->procd, &after->procd, sizeof before->procd) != 0) {
        return "procd holds something that it did not hold before";
    }
    if (memcmp(&before->memd, &after->memd, sizeof before->memd) != 0) {
        return "memd has not got all memory back";
    }
    return memcmp(&before->kernel, &after->kernel, sizeof before->kernel) == 0
               ? nullptr
               : "the kernel has objects that it did not have before";
}

/* Nobody has forgotten an end: those of all processes that ever were have room, of one more not. */
static const char *verify_refusal(struct child_maker *maker, const struct verifier *verifier)
{
    enum status started = STATUS_OK;
    uint32_t process = 0;
    uint32_t index = 0;
    const char *reason = nullptr;
    while (index <= words_kept_max && reason == nullptr) {
        reason = live_and_die(maker, verifier, index++, &started, &process);
    }
    if (started == STATUS_OK) {
        return reason == nullptr ? "more processes can be started than have room to end" : reason;
    }
    if (started != STATUS_BUSY) {
        return reason;
    }
    return process + 1 - first_process == words_kept_max
               ? nullptr
               : "a process is refused whose end has room";
}

static const char *verify(const struct verifier *verifier)
{
    static struct census before;
    static struct census after;
    struct child_maker maker = {};
    if (child_maker_init(&maker, (struct process_cap){SLOT_PEER_PROCD},
            (struct vspace_cap){SLOT_PEER_VSPACED}) != STATUS_OK ||
        take_census(&before) != STATUS_OK) {
        return "nothing can be counted";
    }
    if (verifier->parameter != 0) {
        return verify_refusal(&maker, verifier);
    }
    enum status started = STATUS_OK;
    uint32_t process = 0;
    const char *reason = verify_counts(&maker, &before);
    for (uint32_t index = 0; index < process_count && reason == nullptr; index++) {
        reason = live_and_die(&maker, verifier, index, &started, &process);
    }
    if (reason == nullptr && take_census(&after) != STATUS_OK) {
        reason = "nothing can be counted";
    }
    if (reason == nullptr && test_check_invariants((struct test_cap){SLOT_TEST}) != STATUS_OK) {
        reason = "the kernel's invariants do not hold";
    }
    return reason == nullptr ? compare(&before, &after) : reason;
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
