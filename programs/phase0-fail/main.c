/* SPDX-License-Identifier: ISC */
/*
 * Verifier: succeeds, unless its parameter asks it to report in the start-up handshake that it has
 * failed. Then it stays until somebody takes it down.
 */
#include <slots/phase0-fail.h>
#include <userlib/report.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

static const char *verify(const struct verifier *verifier)
{
    volatile char *heap = (volatile char *)heap_base; // NOLINT(performance-no-int-to-ptr)
    heap[0] = verifier->nonce[0];                     /* something that must be given back */
    if (verifier->parameter != 0) {
        program_failed(STATUS_IO, "as it was asked to");
    }
    return heap[0] == verifier->nonce[0] ? nullptr : "memory does not keep what is written";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
