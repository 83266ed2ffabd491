/* SPDX-License-Identifier: ISC */
/*
 * Verifier: not one of crashd, but one for it: tells its proof, then dies of a page fault at an
 * address that depends on the nonce. verify-crashd looks for the report.
 */
#include <protocol/root.h>
#include <slots/verify-crash-victim.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

/* Somewhere below the first page of programs, where nothing is ever mapped. */
static uintptr_t address_of(const char *nonce)
{
    uintptr_t address = 0x1000;
    for (uint32_t index = 0; index < root_nonce_bytes; index++) {
        address += (uintptr_t)(uint8_t)nonce[index] << (index % 8);
    }
    return address;
}

static char nonce[root_nonce_bytes + 1];

static const char *verify(const struct verifier *verifier)
{
    for (uint32_t index = 0; index < root_nonce_bytes; index++) {
        nonce[index] = verifier->nonce[index];
    }
    return nullptr;
}

int program_main(const struct startup *startup)
{
    if (verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify) == 0) {
        *(volatile char *)address_of(nonce) = 1; // NOLINT(performance-no-int-to-ptr)
    }
    return 1;
}
