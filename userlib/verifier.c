/* SPDX-License-Identifier: ISC */
/* The proof is made here and nowhere else. */
#include <userlib/verifier.h>

#include <lib/crypto/crypto.h>
#include <userlib/contract.h>

#include <string.h>

constexpr uint32_t detail_bytes_max = 160; /* of root.verdict */

static_assert(root_proof_bytes == sha256_digest_bytes);

static void make_proof(const struct verifier *verifier, uint8_t proof_out[static root_proof_bytes])
{
    struct sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, verifier->nonce, root_nonce_bytes);
    sha256_update(&hash, " ", 1);
    sha256_update(&hash, program_contract.name, strlen(program_contract.name));
    sha256_final(&hash, proof_out);
}

static enum status tell_success(const struct verifier *verifier)
{
    struct root_verdict_request verdict = {.status_code = STATUS_OK};
    make_proof(verifier, verdict.proof);
    return root_verdict(verifier->rootd, &verdict);
}

static enum status tell_failure(const struct verifier *verifier, const char *reason)
{
    struct root_verdict_request verdict = {.status_code = STATUS_CORRUPT};
    verdict.detail_bytes = (uint32_t)strnlen(reason, detail_bytes_max);
    memcpy(verdict.detail, reason, verdict.detail_bytes);
    return root_verdict(verifier->rootd, &verdict);
}

int verifier_run(const struct startup *startup, struct root_cap rootd,
    const char *(*verify)(const struct verifier *verifier))
{
    struct verifier verifier = {.startup = startup, .rootd = rootd};
    struct root_challenge_reply challenge = {};
    const char *reason = "rootd gave no challenge";
    if (root_challenge(rootd, &challenge) == STATUS_OK) {
        memcpy(verifier.nonce, challenge.nonce, root_nonce_bytes);
        verifier.parameter = challenge.parameter;
        reason = verify(&verifier);
    }
    const enum status told =
        reason == nullptr ? tell_success(&verifier) : tell_failure(&verifier, reason);
    return told == STATUS_OK && reason == nullptr ? 0 : 1;
}

uint64_t verifier_number(const struct verifier *verifier, uint64_t index)
{
    uint8_t digest[sha256_digest_bytes];
    struct sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, verifier->nonce, root_nonce_bytes);
    sha256_update(&hash, &index, sizeof index);
    sha256_final(&hash, digest);
    uint64_t number = 0;
    memcpy(&number, digest, sizeof number);
    return number;
}

void verifier_stage(const struct verifier *verifier, uint32_t marker)
{
    /* A stage that does not come is missed by those who judge. */
    (void)root_stage(verifier->rootd, &(struct root_stage_request){.number = marker});
}
