/* SPDX-License-Identifier: ISC */
/* Verifier: wrong messages to the services that all others stand on. */
#include <protocol/memory.h>
#include <protocol/name.h>
#include <slots/verify-messages-core.h>
#include <userlib/slots.h>
#include <userlib/start.h>
#include <userlib/syscall.h>

#include "samples.h"

/* An address space that nobody runs in. */
static enum status make_space(cap_slot *slot_out)
{
    const struct memory_cap memd = {SLOT_PEER_MEMD};
    constexpr uint32_t block_bits = 13;
    static_assert(vspace_size_bytes == 1U << block_bits);
    struct memory_allocate_reply block;
    struct untyped_cap memory;
    enum status status = memory_allocate(
        memd, &(struct memory_allocate_request){.bits = block_bits}, &block, &memory);
    if (status == STATUS_OK) {
        status = slots_take(slot_out);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return untyped_retype(memory, &(struct untyped_retype){.kind = OBJECT_VSPACE,
                                      .count = 1,
                                      .cspace = SLOT_SELF_CSPACE,
                                      .first_slot = *slot_out});
}

int program_main(const struct startup *startup)
{
    const struct target targets[] = {target_memd, target_vspaced, target_pagerd, target_pagerd_trap,
        target_procd, target_procd_trap, target_rootd, target_rootd_report, target_rootd_event,
        target_named, target_timed, target_logd, target_crashd, target_crashd_event};
    struct attack_means means = {.test = {SLOT_TEST}};
    /* Names are sealed from here on, if they were not. */
    (void)name_seal((struct name_cap){SLOT_PEER_NAMED});
    if (make_space(&means.by_kind[OBJECT_VSPACE]) != STATUS_OK) {
        means.by_kind[OBJECT_VSPACE] = slot_null; /* the first use says so */
    }
    return verify_messages(startup, means, targets, sizeof targets / sizeof targets[0]);
}
