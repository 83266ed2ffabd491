/* SPDX-License-Identifier: ISC */
/*
 * For verifiers, the programs that show in a test image that others do what they promise. A
 * verifier is given a text that differs in every run, lets it go through what it verifies where it
 * can, and answers with a proof that only a judge who knows the text can compute: so a program that
 * merely says "well done" proves nothing. Link with lib/crypto.
 */
#pragma once

#include <abi/startup.h>
#include <abi/status.h>
#include <protocol/root.h>

#include <stdint.h>

struct verifier {
    const struct startup *startup;
    struct root_cap rootd;            /* with the right verify */
    char nonce[root_nonce_bytes + 1]; /* ends with a zero */
    uint32_t parameter;               /* of this verifier's row of BootConfig */
};

/* The whole life of a verifier: asks rootd for the challenge, calls `verify`, which returns nullptr
 * for success or the reason of the failure, and tells the verdict; success carries the proof.
 * Returns the exit code of the program. */
int verifier_run(const struct startup *startup, struct root_cap rootd,
    const char *(*verify)(const struct verifier *verifier));

/* A number that nobody knows who does not know the nonce; another one for each index. */
uint64_t verifier_number(const struct verifier *verifier, uint64_t index);

/* Tell that a stage of abi/markers.toml was shown. */
void verifier_stage(const struct verifier *verifier, uint32_t marker);
