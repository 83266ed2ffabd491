/* SPDX-License-Identifier: ISC */
/* The table of owners. */
#include "owners.h"

enum status owners_set(struct owners *owners, uint32_t buffer, uint32_t client)
{
    if (buffer == 0 || buffer > owners_max) {
        return STATUS_NO_SPACE;
    }
    owners->clients[buffer - 1] = client;
    return STATUS_OK;
}

bool owners_has(const struct owners *owners, uint32_t buffer, uint32_t client)
{
    return client != 0 && buffer != 0 && buffer <= owners_max &&
           owners->clients[buffer - 1] == client;
}

void owners_clear(struct owners *owners, uint32_t buffer)
{
    owners->clients[buffer - 1] = 0;
}
