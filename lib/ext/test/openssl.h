/* SPDX-License-Identifier: ISC */
/* Keys and ciphers of fscrypt by OpenSSL, as its description says, step by step. */
#pragma once

#include <lib/ext/ext.h>

#include <lib/testing/check.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

/* HKDF-SHA512 without salt; the info is "fscrypt", a NUL, the purpose, and the nonce if there is
 * one. */
static inline void openssl_derive(const uint8_t material[static ext_key_material_bytes],
    const uint8_t *nonce, uint8_t purpose, uint8_t *key, size_t key_bytes)
{
    uint8_t info[9 + ext_nonce_bytes] = "fscrypt";
    info[8] = purpose;
    if (nonce != nullptr) {
        memcpy(info + 9, nonce, ext_nonce_bytes);
    }
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr);
    CHECK(EVP_PKEY_derive_init(context) == 1);
    CHECK(EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha512()) == 1);
    CHECK(EVP_PKEY_CTX_set1_hkdf_key(context, material, ext_key_material_bytes) == 1);
    CHECK(EVP_PKEY_CTX_add1_hkdf_info(context, info, nonce == nullptr ? 9 : sizeof info) == 1);
    CHECK(EVP_PKEY_derive(context, key, &key_bytes) == 1);
    EVP_PKEY_CTX_free(context);
}

static inline void openssl_encrypt(const char *name, const uint8_t *key, const uint8_t *vector,
    uint8_t *bytes, uint32_t size_bytes)
{
    char mode[] = "CS3";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_CIPHER_PARAM_CTS_MODE, mode, 0),
        OSSL_PARAM_construct_end(),
    };
    bool stealing = strcmp(name, "AES-256-CBC-CTS") == 0;
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int done = 0;
    CHECK(EVP_EncryptInit_ex2(context, cipher, key, vector, stealing ? parameters : nullptr) == 1);
    CHECK(EVP_EncryptUpdate(context, bytes, &done, bytes, (int)size_bytes) == 1);
    CHECK_EQUAL(done, size_bytes);
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
}

/* A block of contents, by its number in the file. */
static inline void openssl_encrypt_block(
    const uint8_t *key, uint64_t block, uint8_t *bytes, uint32_t block_bytes)
{
    uint8_t tweak[aes_block_bytes] = {};
    for (uint32_t index = 0; index < 8; index++) {
        tweak[index] = (uint8_t)(block >> 8 * index);
    }
    openssl_encrypt("AES-256-XTS", key, tweak, bytes, block_bytes);
}
