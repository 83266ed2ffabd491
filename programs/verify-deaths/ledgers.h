/* SPDX-License-Identifier: ISC */
/* What everybody has in their books: the kernel, and the services that keep something for programs.
 */
#pragma once

#include <abi/status.h>

#include <stdint.h>

enum ledger {
    LEDGER_CAPABILITIES, /* of the kernel, like the next three */
    LEDGER_THREADS,
    LEDGER_ADDRESS_SPACES,
    LEDGER_FREE_UNTYPED_BYTES,
    LEDGER_FREE_MEMORY_BYTES, /* of memd */
    LEDGER_PROCESSES,         /* of procd: how many, and which */
    LEDGER_PROCESS_IDS,
    LEDGER_SESSIONS, /* of vfsd, like the next two */
    LEDGER_OPEN_FILES,
    LEDGER_TICKETS,
    LEDGER_FREE_BLOCKS, /* of ramfsd, as vfsd tells it; like the next */
    LEDGER_FREE_NODES,
    LEDGER_WAITING, /* of timed */
    LEDGER_READING, /* of seriald */
    LEDGER_COUNT
};

struct ledgers {
    uint64_t values[LEDGER_COUNT];
};

enum status ledgers_read(struct ledgers *ledgers_out);

/* The first that differs, or LEDGER_COUNT. */
enum ledger ledgers_compare(const struct ledgers *before, const struct ledgers *after);

const char *ledger_name(enum ledger ledger);
