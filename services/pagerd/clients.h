/* SPDX-License-Identifier: ISC */
/* The processes that pagerd serves: regions, memory and address space of each. */
#pragma once

#include <userlib/memory_pool.h>

#include "regions.h"

constexpr uint32_t clients_max = 128;

struct client {
    uint32_t process; /* 0: this entry is free */
    struct regions regions;
    struct address_space_cap space; /* owned */
    struct memory_pool pool;        /* frames and page tables */
    uint64_t resident_bytes;
    uint64_t faults;
};

struct clients {
    struct memory_cap memory; /* borrowed: right allocate */
    struct client table[clients_max];
};

/* Serve a process from now on; takes `space` on success. EXISTS, NO_MEMORY (too many),
 * INVALID_ARGUMENT. */
enum status clients_attach(struct clients *clients, uint32_t process, struct regions regions,
    struct address_space_cap space_take);

/* Give all back; does nothing for a process that is not attached. */
void clients_detach(struct clients *clients, uint32_t process);

/* The process's entry, or nullptr. */
struct client *clients_find(struct clients *clients, uint32_t process);

/* Back the page at `address`. NOT_FOUND outside of the regions; EXISTS if it is backed; NO_MEMORY.
 */
enum status client_back(struct client *client, uint64_t address);
