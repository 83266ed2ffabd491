/* SPDX-License-Identifier: ISC */
/*
 * Verifier: how a process ends is told as it was, to those who wait for it before and after its
 * end; and one that is ended by another is gone.
 */
#include <slots/phase0-exit.h>
#include <userlib/child.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

static const struct process_cap procd = {SLOT_PEER_PROCD};

static bool is_listed(uint32_t process)
{
    struct process_list_reply found = {};
    const struct process_list_request request = {.cursor = process};
    return process_list(procd, &request, &found) == STATUS_OK && found.process == process;
}

/* Asks twice: the second answer is remembered. */
static const char *verify_exit(struct child_maker *maker, uint64_t code)
{
    const struct child_order order = {.name = "child", .act = CHILD_EXIT, .value = code};
    struct child child = {};
    struct process_wait_reply ending = {};
    if (child_start(maker, &order, &child) != STATUS_OK) {
        return "a process cannot be started";
    }
    if (process_wait(child.handle, &ending) != STATUS_OK ||
        ending.reason != process_reason_exited || ending.code != (int64_t)code) {
        return "the end is not told as it was";
    }
    if (is_listed(child.process)) {
        return "an ended process is listed";
    }
    ending = (struct process_wait_reply){};
    if (child_wait(&child, &ending) != STATUS_OK || ending.code != (int64_t)code) {
        return "the end is not told a second time";
    }
    return nullptr;
}

static const char *verify_kill(struct child_maker *maker)
{
    static const struct child_order order = {
        .name = "child", .act = CHILD_STAY, .address = heap_base};
    struct child child = {};
    struct process_wait_reply ending = {};
    if (child_start(maker, &order, &child) != STATUS_OK || !is_listed(child.process)) {
        return "a process that stays does not run";
    }
    if (process_kill(child.handle) != STATUS_OK || is_listed(child.process)) {
        return "a process that is killed lives on";
    }
    if (process_kill(child.handle) != STATUS_NOT_FOUND) {
        return "a process can be killed twice";
    }
    return child_wait(&child, &ending) == STATUS_OK && ending.reason == process_reason_killed
               ? nullptr
               : "it is not told that a process was killed";
}

static const char *verify(const struct verifier *verifier)
{
    struct child_maker maker = {};
    if (child_maker_init(&maker, procd, (struct vspace_cap){SLOT_PEER_VSPACED}) != STATUS_OK) {
        return "no child can be made";
    }
    const char *reason = verify_exit(&maker, 0);
    reason = reason == nullptr ? verify_exit(&maker, verifier_number(verifier, 0)) : reason;
    return reason == nullptr ? verify_kill(&maker) : reason;
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
