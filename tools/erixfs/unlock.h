/* SPDX-License-Identifier: ISC */
/*
 * Words of the command line that say what opens protected files:
 *
 *   --key HEX              a master key, 64 bytes
 *   --trust sha256:HEX     the digest of a sealed file; also sha512
 */
#pragma once

#include "volume.h"

struct trusted_digest {
    enum ext_verity_algorithm algorithm;
    uint8_t bytes[sha512_digest_bytes];
    size_t size_bytes;
};

struct unlock {
    uint8_t keys[ext_master_key_max][ext_key_material_bytes];
    uint32_t key_count;
    struct trusted_digest digests[ext_verity_root_max];
    uint32_t digest_count;
};

/* Takes --key or --trust and its value; false, having said why, if that makes no sense. */
bool unlock_parse(struct unlock *unlock, const char *option, const char *value);

/* Gives a mounted volume all that was parsed. */
enum status unlock_apply(const struct unlock *unlock, struct volume *volume);
