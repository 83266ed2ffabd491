/* SPDX-License-Identifier: ISC */
/*
 * Verifier: the process itself is in the list, with its authority row by row as the start-up block
 * has it; a child ends with the exit status that it was told, which is the nonce's; there is an
 * end, nobody else, and no order without the right.
 */
#include <protocol/process.h>
#include <slots/roles.h>
#include <slots/verify-procd.h>
#include <userlib/child.h>
#include <userlib/slots.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

static const struct process_cap procd = {SLOT_PEER_PROCD};

static const char *verify_authority(const struct startup *startup)
{
    struct process_authority_reply row = {};
    struct process_authority_request request = {.process = startup->process_id};
    for (; request.index < startup->slot_count; request.index++) {
        const struct startup_slot *own = &startup->slots[request.index];
        if (process_authority(procd, &request, &row) != STATUS_OK || row.slot != own->slot ||
            row.kind != own->kind || row.rights != own->rights ||
            memcmp(row.name, own->name, sizeof row.name) != 0) {
            return "procd tells another authority than the start-up block";
        }
    }
    return process_authority(procd, &request, &row) == STATUS_END ? nullptr
                                                                  : "authority has no end";
}

/* A child ends with the exit status that it was told. */
static const char *verify_child(const struct verifier *verifier)
{
    const struct child_order order = {
        .name = "child", .act = CHILD_EXIT, .value = verifier_number(verifier, 0)};
    struct child_maker maker = {};
    struct child child = {};
    struct process_wait_reply ending = {};
    if (child_maker_init(&maker, procd, (struct vspace_cap){SLOT_PEER_VSPACED}) != STATUS_OK ||
        child_start(&maker, &order, &child) != STATUS_OK) {
        return "no child can be started";
    }
    return child_wait(&child, &ending) == STATUS_OK && ending.reason == process_reason_exited &&
                   ending.code == (int64_t)order.value
               ? nullptr
               : "the child's end is not told as it was";
}

static const char *refuse(void)
{
    struct process_list_reply entry = {};
    struct process_authority_reply row = {};
    const struct process_list_request behind = {.cursor = UINT32_MAX};
    const struct process_authority_request nobody = {.process = UINT32_MAX};
    if (process_list(procd, &behind, &entry) != STATUS_END ||
        process_authority(procd, &nobody, &row) != STATUS_NOT_FOUND) {
        return "procd knows a process that does not exist";
    }
    return process_kill(procd) == STATUS_DENIED ? nullptr : "procd takes orders from anybody";
}

static const char *verify(const struct verifier *verifier)
{
    const struct startup *startup = verifier->startup;
    struct process_list_reply entry = {};
    const struct process_list_request own = {.cursor = startup->process_id};
    if (process_list(procd, &own, &entry) != STATUS_OK || entry.process != startup->process_id ||
        entry.role != ROLE_VERIFY_PROCD || entry.resident_bytes == 0 ||
        strncmp(entry.name, startup->name, sizeof entry.name) != 0) {
        return "procd does not know this process";
    }
    const char *reason = verify_authority(startup);
    reason = reason == nullptr ? verify_child(verifier) : reason;
    return reason == nullptr ? refuse() : reason;
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
