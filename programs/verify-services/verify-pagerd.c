/* SPDX-License-Identifier: ISC */
/*
 * Verifier: pages of the heap come when they are touched, zeroed and counted; the pager tells
 * nothing of processes that do not exist and takes no orders without the right.
 */
#include <protocol/pager.h>
#include <slots/verify-pagerd.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t pages = 4;
constexpr uint64_t page_bytes = 4096;
constexpr uint64_t distance_bytes = UINT64_C(1) << 20; /* no frame of the pager is so large */

static const struct pager_cap pagerd = {SLOT_PEER_PAGERD};

static enum status usage(const struct verifier *verifier, struct pager_usage_reply *reply_out)
{
    const struct pager_usage_request own = {.process = verifier->startup->process_id};
    return pager_usage(pagerd, &own, reply_out);
}

static const char *verify(const struct verifier *verifier)
{
    char *heap = (char *)heap_base; // NOLINT(performance-no-int-to-ptr)
    struct pager_usage_reply before = {};
    struct pager_usage_reply after = {};
    if (usage(verifier, &before) != STATUS_OK) {
        return "pagerd does not know this process";
    }
    for (uint32_t page = 0; page < pages; page++) {
        char *at = heap + page * distance_bytes;
        if (*(volatile char *)at != 0) {
            return "fresh memory is not zero";
        }
        memcpy(at, verifier->nonce, root_nonce_bytes);
    }
    if (usage(verifier, &after) != STATUS_OK || after.faults != before.faults + pages ||
        after.resident_bytes < before.resident_bytes + pages * page_bytes ||
        after.resident_bytes > before.resident_bytes + pages * distance_bytes) {
        return "pages are not counted";
    }
    if (memcmp(heap + (pages - 1) * distance_bytes, verifier->nonce, root_nonce_bytes) != 0) {
        return "memory forgets";
    }
    const struct pager_usage_request nobody = {.process = UINT32_MAX};
    if (pager_usage(pagerd, &nobody, &after) != STATUS_NOT_FOUND) {
        return "pagerd knows a process that does not exist";
    }
    const struct pager_detach_request detach = {.process = verifier->startup->process_id};
    return pager_detach(pagerd, &detach) == STATUS_DENIED ? nullptr
                                                          : "pagerd takes orders from anybody";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
