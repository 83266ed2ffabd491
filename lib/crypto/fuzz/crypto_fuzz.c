/* SPDX-License-Identifier: ISC */
/*
 * Any key, signature and message: the verifier stays within its memory and repeats its verdict. The
 * hashes give one digest however the message is cut.
 */
#include <lib/crypto/crypto.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    constexpr size_t head_bytes = ed25519_public_key_bytes + ed25519_signature_bytes + 1;
    if (size_bytes < head_bytes) {
        return 0;
    }
    const uint8_t *signature = bytes + ed25519_public_key_bytes;
    const uint8_t *message = bytes + head_bytes;
    size_t message_bytes = size_bytes - head_bytes;
    enum status first = ed25519_verify(bytes, signature, message, message_bytes);
    enum status second = ed25519_verify(bytes, signature, message, message_bytes);
    size_t cut = message_bytes == 0 ? 0 : bytes[head_bytes - 1] % message_bytes;
    uint8_t digests[2][sha256_digest_bytes];
    struct sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, message, cut);
    sha256_update(&hash, message + cut, message_bytes - cut);
    sha256_final(&hash, digests[0]);
    sha256_hash(message, message_bytes, digests[1]);
    if (first != second || memcmp(digests[0], digests[1], sizeof(digests[0])) != 0) {
        __builtin_trap();
    }
    return 0;
}
