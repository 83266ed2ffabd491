/* SPDX-License-Identifier: ISC */
/* What the attack needs, and what becomes of it. */
#include <userlib/attack/verify.h>

#include <userlib/contract.h>
#include <userlib/marker.h>
#include <userlib/shared_memory.h>
#include <userlib/slots.h>
#include <userlib/verifier.h>

static struct shared_memory page;

uint8_t *verify_page(void)
{
    return page.bytes;
}

static enum status complete(struct attack_means *means)
{
    enum status status =
        shared_memory_make((struct vspace_cap){attack_peer("vspaced")}, page_bits, &page);
    if (status == STATUS_OK) {
        status = slots_take_run(message_caps_max, &means->scratch);
    }
    if (status != STATUS_OK) {
        return status;
    }
    means->by_kind[OBJECT_FRAME] = page.frame.slot;
    means->by_kind[OBJECT_ENDPOINT] = attack_peer("rootd");
    means->by_kind[OBJECT_NOTIFICATION] = SLOT_NOTIFICATION;
    means->by_kind[OBJECT_CSPACE] = SLOT_SELF_CSPACE;
    return STATUS_OK;
}

static struct {
    struct attack_means means;
    const struct target *targets;
    uint32_t count;
} plan;

static void tell_counts(void)
{
    const struct attack_counts counts = attack_total();
    marker_details(MARKER_VERIFIER_MESSAGES, "%s refused=%u accepted=%u unsent=%u",
        program_contract.name, counts.refused, counts.accepted, counts.unsent);
}

static const char *attack_all(const struct verifier *verifier)
{
    (void)verifier;
    if (complete(&plan.means) != STATUS_OK) {
        return "the verifier cannot get what it needs";
    }
    attack_init(&plan.means);
    bool passed = true;
    for (uint32_t index = 0; index < plan.count; index++) {
        passed = attack_target(&plan.targets[index]) && passed;
    }
    tell_counts();
    if (!passed) {
        return attack_reason();
    }
    return test_check_invariants(plan.means.test) == STATUS_OK ? nullptr
                                                               : "the kernel's invariants";
}

int verify_messages(const struct startup *startup, struct attack_means means,
    const struct target *targets, uint32_t count)
{
    plan.means = means;
    plan.targets = targets;
    plan.count = count;
    return verifier_run(startup, (struct root_cap){attack_peer("rootd")}, attack_all);
}
