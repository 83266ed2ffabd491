/* SPDX-License-Identifier: ISC */
/* The table of names. */
#include "names.h"

#include <string.h>

static const struct names_entry *find(const struct names *names, struct names_key key)
{
    for (uint32_t i = 0; i < names->count; i++) {
        const struct names_entry *entry = &names->entries[i];
        if (entry->name_bytes == key.name_bytes &&
            memcmp(entry->name, key.name, key.name_bytes) == 0) {
            return entry;
        }
    }
    return nullptr;
}

enum status names_seed(struct names *names, struct names_key key, uint32_t role)
{
    if (names->sealed) {
        return STATUS_DENIED;
    }
    if (key.name_bytes == 0 || key.name_bytes > names_bytes_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (find(names, key) != nullptr) {
        return STATUS_EXISTS;
    }
    if (names->count == names_max) {
        return STATUS_NO_SPACE;
    }
    struct names_entry *entry = &names->entries[names->count++];
    entry->role = role;
    entry->name_bytes = key.name_bytes;
    memcpy(entry->name, key.name, key.name_bytes);
    return STATUS_OK;
}

enum status names_seal(struct names *names)
{
    if (names->sealed) {
        return STATUS_DENIED;
    }
    names->sealed = true;
    return STATUS_OK;
}

enum status names_lookup(const struct names *names, struct names_key key, uint32_t *role_out)
{
    const struct names_entry *entry = names->sealed ? find(names, key) : nullptr;
    if (entry == nullptr) {
        return STATUS_NOT_FOUND;
    }
    *role_out = entry->role;
    return STATUS_OK;
}
