/* SPDX-License-Identifier: ISC */
/*
 * Who attached which buffer. Numbers are the driver's, from 1; it gives a number again only when
 * its frame is gone, so what it says last holds. Pure.
 */
#pragma once

#include <abi/status.h>

#include <stdint.h>

constexpr uint32_t owners_max = 64;

struct owners {
    uint32_t clients[owners_max]; /* by number - 1; 0: nobody */
};

/* NO_SPACE if the number is greater than there is room for. */
enum status owners_set(struct owners *owners, uint32_t buffer, uint32_t client);

/* Whether the client, which is not 0, attached the buffer. */
bool owners_has(const struct owners *owners, uint32_t buffer, uint32_t client);

/* The buffer, which somebody has, is nobody's. */
void owners_clear(struct owners *owners, uint32_t buffer);
