/* SPDX-License-Identifier: ISC */
/* Everybody is asked in turn; nothing is derived from anything else. */
#include "ledgers.h"

#include <protocol/memory.h>
#include <protocol/process.h>
#include <protocol/terminal.h>
#include <protocol/time.h>
#include <protocol/vfs.h>
#include <slots/verify-deaths.h>
#include <userlib/syscall.h>

#include <string.h>

static const char *const names[LEDGER_COUNT] = {
    [LEDGER_CAPABILITIES] = "capabilities",
    [LEDGER_THREADS] = "threads",
    [LEDGER_ADDRESS_SPACES] = "address spaces",
    [LEDGER_FREE_UNTYPED_BYTES] = "free untyped bytes",
    [LEDGER_FREE_MEMORY_BYTES] = "free bytes of memd",
    [LEDGER_PROCESSES] = "processes",
    [LEDGER_PROCESS_IDS] = "process ids",
    [LEDGER_SESSIONS] = "sessions of vfsd",
    [LEDGER_OPEN_FILES] = "open files of vfsd",
    [LEDGER_TICKETS] = "tickets of vfsd",
    [LEDGER_FREE_BLOCKS] = "free blocks of ramfsd",
    [LEDGER_FREE_NODES] = "free nodes of ramfsd",
    [LEDGER_WAITING] = "callers that wait for time",
    [LEDGER_READING] = "callers that wait for a key",
};

const char *ledger_name(enum ledger ledger)
{
    return ledger < LEDGER_COUNT ? names[ledger] : "nothing";
}

static enum status read_kernel(uint64_t *values)
{
    struct test_counts counts = {};
    const enum status status = test_resource_counts((struct test_cap){SLOT_TEST}, &counts);
    values[LEDGER_CAPABILITIES] = counts.capabilities;
    values[LEDGER_THREADS] = counts.threads;
    values[LEDGER_ADDRESS_SPACES] = counts.vspaces;
    values[LEDGER_FREE_UNTYPED_BYTES] = counts.free_untyped_bytes;
    return status;
}

static enum status read_processes(uint64_t *values)
{
    struct process_list_request next = {};
    struct process_list_reply process;
    enum status status = process_list((struct process_cap){SLOT_PEER_PROCD}, &next, &process);
    while (status == STATUS_OK) {
        values[LEDGER_PROCESSES]++;
        values[LEDGER_PROCESS_IDS] += process.process;
        next.cursor = process.process + 1;
        status = process_list((struct process_cap){SLOT_PEER_PROCD}, &next, &process);
    }
    return status == STATUS_END ? STATUS_OK : status;
}

static enum status read_files(uint64_t *values)
{
    const struct vfs_cap vfsd = {SLOT_PEER_VFSD};
    struct vfs_usage_reply usage;
    enum status status = vfs_usage(vfsd, &usage);
    if (status == STATUS_OK) {
        values[LEDGER_SESSIONS] = usage.sessions;
        values[LEDGER_OPEN_FILES] = usage.open_files;
        values[LEDGER_TICKETS] = usage.tickets;
    }
    struct vfs_mounts_reply mount = {};
    for (uint32_t index = 0; status == STATUS_OK && strcmp(mount.path, "/tmp") != 0; index++) {
        status = vfs_mounts(vfsd, &(struct vfs_mounts_request){.index = index}, &mount);
    }
    values[LEDGER_FREE_BLOCKS] = mount.free_blocks;
    values[LEDGER_FREE_NODES] = mount.free_nodes;
    return status;
}

static enum status read_waits(uint64_t *values)
{
    struct time_usage_reply times = {};
    struct terminal_usage_reply terminal = {};
    enum status status = time_usage((struct time_cap){SLOT_PEER_TIMED}, &times);
    if (status == STATUS_OK) {
        status = terminal_usage((struct terminal_cap){SLOT_PEER_SERIALD}, &terminal);
    }
    values[LEDGER_WAITING] = times.waiting;
    values[LEDGER_READING] = terminal.reading;
    return status;
}

enum status ledgers_read(struct ledgers *ledgers_out)
{
    *ledgers_out = (struct ledgers){};
    struct memory_totals_reply memory = {};
    enum status status = memory_totals((struct memory_cap){SLOT_PEER_MEMD}, &memory);
    ledgers_out->values[LEDGER_FREE_MEMORY_BYTES] = memory.free_bytes;
    if (status == STATUS_OK) {
        status = read_kernel(ledgers_out->values);
    }
    if (status == STATUS_OK) {
        status = read_processes(ledgers_out->values);
    }
    if (status == STATUS_OK) {
        status = read_files(ledgers_out->values);
    }
    return status == STATUS_OK ? read_waits(ledgers_out->values) : status;
}

enum ledger ledgers_compare(const struct ledgers *before, const struct ledgers *after)
{
    uint32_t ledger = 0;
    while (ledger < LEDGER_COUNT && before->values[ledger] == after->values[ledger]) {
        ledger++;
    }
    return (enum ledger)ledger;
}
