/* SPDX-License-Identifier: ISC */
/*
 * The test object, in test images only: exit classes, the capability graph as the kernel's own
 * objects show it, resource counts, and the invariants of the capability core.
 */
#include <kernel/syscall/invoke.h>

#include <abi/exit.h>
#include <abi/syscall.h>
#include <kernel/arch/arch.h>
#include <kernel/arch/cpu.h>
#include <kernel/arch/nonce.h>
#include <kernel/arch/test.h>
#include <kernel/object/cspace.h>
#include <kernel/object/invariants.h>
#include <kernel/object/untyped.h>
#include <kernel/print.h>

/* One line a capability: space slot kind rights badge label-or-value. Read by the harness. */
static void print_cap(const struct cspace *cspace, uint32_t slot)
{
    const struct capability *cap = &cspace->slots[slot];
    uint64_t value = cap->kind == OBJECT_PORT_RANGE ? cap->ports : cap->bits;
    if (cap->kind == OBJECT_ENDPOINT) {
        value = ((const struct endpoint *)cap->object)->label;
    } else if (cap->kind == OBJECT_CSPACE) {
        value = ((const struct cspace *)cap->object)->label;
    }
    bool has_badge = cap->kind == OBJECT_ENDPOINT || cap->kind == OBJECT_NOTIFICATION;
    print_text("ERIX_KERNEL:GRAPH ");
    print_hex(cspace->label, 0);
    print_text(" ");
    print_decimal(slot);
    print_text(" ");
    print_decimal(cap->kind);
    print_text(" ");
    print_hex(cap->rights, 0);
    print_text(" ");
    print_hex(has_badge ? cap->badge : 0, 0);
    print_text(" ");
    print_hex(value, 0);
    print_text(" ");
    print_hex(cap_kind_counts_references(cap->kind) ? (uint64_t)cap->object : 0, 0);
    print_text("\n");
}

static void print_graph(void)
{
    arch_console_unsilence(); /* The driver of the line runs; nothing else does while we print. */
    for (const struct cspace *cspace = cspace_list_first(); cspace != nullptr;
        cspace = cspace->next) {
        for (uint32_t slot = 1; slot >> cspace->bits == 0; slot++) {
            if (cspace->slots[slot].kind != OBJECT_NONE) {
                print_cap(cspace, slot);
            }
        }
    }
    print_text("ERIX_KERNEL:GRAPH end\n");
    arch_console_silence();
}

static void count_resources(uint64_t results[4])
{
    for (const struct cspace *cspace = cspace_list_first(); cspace != nullptr;
        cspace = cspace->next) {
        for (uint32_t slot = 1; slot >> cspace->bits == 0; slot++) {
            const struct capability *cap = &cspace->slots[slot];
            results[0] += cap->kind != OBJECT_NONE;
            results[1] += cap->kind == OBJECT_THREAD;
            results[2] += cap->kind == OBJECT_VSPACE;
            if (cap->kind == OBJECT_UNTYPED && (cap->flags & CAP_DEVICE) == 0) {
                results[3] += untyped_free_bytes(cap);
            }
        }
    }
}

/* For people: the status alone does not say which. */
static void print_broken(const struct broken_invariant *broken)
{
    print_text("kernel: broken invariant: ");
    print_text(broken->rule);
    print_text(", space ");
    print_hex(broken->space, 0);
    print_text(" slot ");
    print_decimal(broken->slot);
    print_text(" object ");
    print_hex((uint64_t)broken->object, 0);
    print_text("\n");
}

static enum status check_invariants(void)
{
    struct broken_invariant broken = {.rule = "the kernel's half of the tables is protected"};
    if (arch_check_memory() == 0 && invariants_hold(&broken)) {
        return STATUS_OK;
    }
    arch_console_unsilence(); /* And so it stays: nothing can be relied on now. */
    print_broken(&broken);
    return STATUS_CORRUPT;
}

static enum status read_nonce(uint64_t results[4])
{
    uint8_t text[nonce_text_bytes];
    static_assert(sizeof text == 2 * sizeof results[0]);
    enum status status = arch_read_nonce(text);
    if (status == STATUS_OK) {
        for (uint32_t i = 0; i < sizeof text; i++) {
            results[i / 8] |= (uint64_t)text[i] << i % 8 * 8;
        }
    }
    return status;
}

enum status invoke_test(struct invocation *invocation)
{
    switch (invocation->operation) {
    case TEST_EXIT:
        arch_exit((enum exit_class)invocation->arguments[0]);
    case TEST_PRINT_GRAPH:
        print_graph();
        return STATUS_OK;
    case TEST_RESOURCE_COUNTS:
        count_resources(invocation->results);
        return STATUS_OK;
    case TEST_CHECK_INVARIANTS:
        return check_invariants();
    case TEST_PROVOKE:
        arch_provoke((enum provocation)invocation->arguments[0], invocation->arguments[1]);
        return STATUS_INVALID_ARGUMENT; /* Nothing happened: the number or the protection is wrong.
                                         */
    case TEST_NONCE:
        return read_nonce(invocation->results);
    case TEST_TABLE_LOADS:
        invocation->results[0] = cpu_this()->table_loads;
        return STATUS_OK;
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}
