/* SPDX-License-Identifier: ISC */
/*
 * Verifier: memory appears when it is touched. The pager's own count shows that a fault reached it;
 * the contents show that it was answered with a page of zeros which keeps what is written.
 */
#include <protocol/pager.h>
#include <protocol/root.h>
#include <slots/phase0-probe.h>
#include <userlib/marker.h>
#include <userlib/start.h>

static const struct root_cap rootd = {SLOT_PEER_ROOTD};

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
static const char *probe(const struct startup *startup)
{
    volatile uint64_t *heap = (volatile uint64_t *)heap_base; // NOLINT(performance-no-int-to-ptr)
    constexpr uint64_t pattern = UINT64_C(0x5eed5eed5eed5eed);
    uint64_t before = 0;
    uint64_t after = 0;
    if (count_faults(startup, &before) != STATUS_OK) {
        return "pagerd does not know this process";
    }
    if (heap[0] != 0) {
        return "fresh memory is not zero";
    }
    if (count_faults(startup, &after) != STATUS_OK || after != before + 1) {
        return "touching memory was not one fault";
    }
    (void)root_stage(
        rootd, &(struct root_stage_request){.number = MARKER_KERNEL_PHASE0_FAULT_NOTIFY_SENT});
    heap[0] = pattern;
    if (heap[0] != pattern) {
        return "memory does not keep what is written";
    }
    (void)root_stage(
        rootd, &(struct root_stage_request){.number = MARKER_KERNEL_PHASE0_FAULT_RESOLVED});
    return nullptr;
}

int program_main(const struct startup *startup)
{
    const char *reason = probe(startup);
    struct root_verdict_request verdict = {
        .status_code = reason == nullptr ? STATUS_OK : STATUS_CORRUPT};
    while (reason != nullptr && reason[verdict.detail_bytes] != 0) {
        verdict.detail[verdict.detail_bytes] = reason[verdict.detail_bytes];
        verdict.detail_bytes++;
    }
    return root_verdict(rootd, &verdict) == STATUS_OK ? 0 : 1;
}
