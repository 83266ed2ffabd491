/* SPDX-License-Identifier: ISC */
/* Keys and digests on the command line. */
#include "unlock.h"

#include <stdio.h>
#include <string.h>

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Exactly `size_bytes` bytes, in small hexadecimal digits. */
static bool parse_hex(const char *text, uint8_t *bytes, size_t size_bytes)
{
    if (strlen(text) != 2 * size_bytes) {
        return false;
    }
    for (size_t index = 0; index < size_bytes; index++) {
        int high = digit_value(text[2 * index]);
        int low = digit_value(text[2 * index + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        bytes[index] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static bool complain(const char *option, const char *wanted)
{
    (void)fprintf(stderr, "erixfs: %s: %s\n", option, wanted);
    return false;
}

static bool parse_key(struct unlock *unlock, const char *text)
{
    if (unlock->key_count == ext_master_key_max) {
        return complain("--key", "too many of them");
    }
    if (!parse_hex(text, unlock->keys[unlock->key_count], ext_key_material_bytes)) {
        return complain("--key", "a key is 128 hexadecimal digits");
    }
    unlock->key_count++;
    return true;
}

static bool parse_trust(struct unlock *unlock, const char *text)
{
    static const struct {
        const char *prefix;
        enum ext_verity_algorithm algorithm;
        size_t size_bytes;
    } algorithms[] = {
        {"sha256:", EXT_VERITY_SHA256, sha256_digest_bytes},
        {"sha512:", EXT_VERITY_SHA512, sha512_digest_bytes},
    };
    if (unlock->digest_count == ext_verity_root_max) {
        return complain("--trust", "too many of them");
    }
    struct trusted_digest *digest = &unlock->digests[unlock->digest_count];
    for (uint32_t index = 0; index < 2; index++) {
        size_t prefix_bytes = strlen(algorithms[index].prefix);
        if (strncmp(text, algorithms[index].prefix, prefix_bytes) == 0 &&
            parse_hex(text + prefix_bytes, digest->bytes, algorithms[index].size_bytes)) {
            digest->algorithm = algorithms[index].algorithm;
            digest->size_bytes = algorithms[index].size_bytes;
            unlock->digest_count++;
            return true;
        }
    }
    return complain("--trust", "a digest is sha256: or sha512: and its hexadecimal digits");
}

bool unlock_parse(struct unlock *unlock, const char *option, const char *value)
{
    return strcmp(option, "--key") == 0 ? parse_key(unlock, value) : parse_trust(unlock, value);
}

enum status unlock_apply(const struct unlock *unlock, struct volume *volume)
{
    enum status status = STATUS_OK;
    struct ext_mount *mount = &volume->mount;
    volume->key_given = unlock->key_count > 0;
    for (uint32_t index = unlock->key_count; index > 0 && status == STATUS_OK; index--) {
        status = ext_key_add(
            mount, unlock->keys[index - 1], ext_key_material_bytes, volume->key_identifier);
    }
    for (uint32_t index = 0; index < unlock->digest_count && status == STATUS_OK; index++) {
        const struct trusted_digest *digest = &unlock->digests[index];
        status = ext_verity_trust(mount, digest->algorithm, digest->bytes, digest->size_bytes);
    }
    return status;
}
