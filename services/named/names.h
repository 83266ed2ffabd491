/* SPDX-License-Identifier: ISC */
/* The table of names: filled, then sealed. */
#pragma once

#include <abi/status.h>

#include <stdint.h>

constexpr uint32_t names_max = 64;
constexpr uint32_t names_bytes_max = 31;

struct names_entry {
    uint32_t role;
    uint32_t name_bytes;
    char name[names_bytes_max];
};

struct names {
    uint32_t count;
    bool sealed;
    struct names_entry entries[names_max];
};

struct names_key {
    const char *name; /* borrowed for the call */
    uint32_t name_bytes;
};

/* DENIED after the seal, EXISTS, NO_SPACE, INVALID_ARGUMENT for an empty or too long name. */
enum status names_seed(struct names *names, struct names_key key, uint32_t role);

/* DENIED if it is sealed already. */
enum status names_seal(struct names *names);

/* NOT_FOUND; also for every name before the seal. */
enum status names_lookup(const struct names *names, struct names_key key, uint32_t *role_out);
