/* SPDX-License-Identifier: ISC */
/*
 * Verifier: memory appears when it is touched. The pager's own count shows that a fault reached it;
 * the contents show that it was answered with a page of zeros which keeps what is written.
 */
#include <protocol/pager.h>
#include <slots/phase0-probe.h>
#include <userlib/marker.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

static enum status count_faults(const struct startup *startup, uint64_t *faults_out)
{
    struct pager_usage_reply usage;
    const enum status status = pager_usage((struct pager_cap){SLOT_PEER_PAGERD},
        &(struct pager_usage_request){.process = startup->process_id}, &usage);
    if (status == STATUS_OK) {
        *faults_out = usage.faults;
    }
    return status;
}

/* The reason why memory on demand does not work, or nullptr. */
static const char *probe(const struct verifier *verifier)
{
    volatile uint64_t *heap = (volatile uint64_t *)heap_base; // NOLINT(performance-no-int-to-ptr)
    uint64_t pattern = 0;
    memcpy(&pattern, verifier->nonce, sizeof pattern);
    uint64_t before = 0;
    uint64_t after = 0;
    if (count_faults(verifier->startup, &before) != STATUS_OK) {
        return "pagerd does not know this process";
    }
    if (heap[0] != 0) {
        return "fresh memory is not zero";
    }
    if (count_faults(verifier->startup, &after) != STATUS_OK || after != before + 1) {
        return "touching memory was not one fault";
    }
    verifier_stage(verifier, MARKER_KERNEL_PHASE0_FAULT_NOTIFY_SENT);
    heap[0] = pattern;
    if (heap[0] != pattern) {
        return "memory does not keep what is written";
    }
    verifier_stage(verifier, MARKER_KERNEL_PHASE0_FAULT_RESOLVED);
    return nullptr;
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, probe);
}
