/* SPDX-License-Identifier: ISC */
/*
 * The check of a program's start-up block. The block is written by a launcher that was checked in
 * the same way, but a broken or misrouted launch must end here, with a reason, and not in the
 * middle of work: nothing of it is believed before it was compared with the contract and with the
 * kernel.
 */
#include <userlib/contract.h>

#include <userlib/slots.h>
#include <userlib/start.h>

#include <stddef.h>
#include <string.h>

static bool is_stream_slot(cap_slot slot)
{
    return slot >= SLOT_STANDARD_INPUT && slot <= SLOT_STANDARD_ERROR;
}

static bool block_is_valid(const struct startup *startup)
{
    if (startup->magic != startup_magic || startup->version != startup_version) {
        return false;
    }
    if (startup->size_bytes < sizeof *startup || startup->size_bytes > startup_bytes_max) {
        return false;
    }
    if (startup->strings_offset > startup->size_bytes ||
        startup->strings_bytes > startup->size_bytes - startup->strings_offset) {
        return false;
    }
    if (startup->slot_count > startup_slots_max || startup->profile < BOOT_PROFILE_DEV ||
        startup->profile > BOOT_PROFILE_TEST) {
        return false;
    }
    if (memchr(startup->name, 0, sizeof startup->name) == nullptr) {
        return false;
    }
    return startup->first_free_slot >= program_contract.first_free_slot &&
           startup->first_free_slot <= startup->end_slot &&
           startup->end_slot <= 1U << cspace_bits_max;
}

/* `size_bytes` bytes at `name` hold exactly the string `wanted`. */
static bool name_is(const char name[startup_name_bytes], const char *wanted)
{
    return strncmp(name, wanted, startup_name_bytes) == 0;
}

static const struct startup_slot *find_row(const struct startup *startup, cap_slot slot)
{
    for (uint32_t index = 0; index < startup->slot_count; index++) {
        if (startup->slots[index].slot == slot) {
            return &startup->slots[index];
        }
    }
    return nullptr;
}

static const struct contract_slot *find_declared(cap_slot slot)
{
    for (uint32_t index = 0; index < program_contract.slot_count; index++) {
        const struct contract_slot *declared = &program_contract.slots[index];
        if (slot >= declared->slot && slot - declared->slot < declared->slot_count) {
            return declared;
        }
    }
    return nullptr;
}

/* The launcher says that this image does not have the peer; an omitted row says nothing. */
static bool is_absent(const struct startup_slot *row, const struct contract_slot *declared)
{
    return declared->optional && row->kind == OBJECT_NONE && row->rights == 0 &&
           row->label == declared->label && name_is(row->name, declared->name);
}

static bool row_matches(const struct startup_slot *row, const struct contract_slot *declared)
{
    if (is_absent(row, declared)) {
        return true;
    }
    return row->kind == declared->kind && row->rights == declared->rights &&
           row->label == declared->label && name_is(row->name, declared->name) &&
           (declared->slot_count == 1 || row->parameter <= declared->slot_count);
}

static bool cap_matches(const struct cap_identity *identity, const struct contract_slot *declared)
{
    if (identity->kind != declared->kind ||
        (declared->rights != 0 && identity->rights != declared->rights)) {
        return false;
    }
    if (identity->kind != OBJECT_ENDPOINT) {
        return true;
    }
    return identity->label == declared->label &&
           ((identity->rights & RIGHT_SEND) == 0 ||
               badge_rights(identity->badge) == declared->protocol_rights);
}

/* What is declared is in the block. */
static const char *check_rows(const struct startup *startup)
{
    for (uint32_t index = 0; index < program_contract.slot_count; index++) {
        const struct contract_slot *declared = &program_contract.slots[index];
        const struct startup_slot *row = find_row(startup, declared->slot);
        if (row == nullptr || !row_matches(row, declared)) {
            return declared->name;
        }
    }
    for (uint32_t index = 0; index < startup->slot_count; index++) {
        const cap_slot slot = startup->slots[index].slot;
        const struct contract_slot *declared = find_declared(slot);
        if (!is_stream_slot(slot) && (declared == nullptr || declared->slot != slot)) {
            return "undeclared capability announced";
        }
    }
    return nullptr;
}

/* What the kernel has in each slot is what is declared, and nothing else. */
static const char *check_caps(const struct startup *startup)
{
    for (cap_slot slot = 1; slot < startup->first_free_slot; slot++) {
        const struct contract_slot *declared = find_declared(slot);
        struct cap_identity identity = {};
        if (is_stream_slot(slot)) {
            continue;
        }
        if (cspace_identify(slots_cspace(), slot, &identity) != STATUS_OK) {
            return "own capability space";
        }
        if (declared == nullptr) {
            if (identity.kind != OBJECT_NONE) {
                return "undeclared capability";
            }
            continue;
        }
        const struct startup_slot *row = find_row(startup, declared->slot);
        const bool must_be_empty =
            row == nullptr || row->kind == OBJECT_NONE ||
            (declared->slot_count > 1 && slot - declared->slot >= row->parameter);
        if (must_be_empty ? identity.kind != OBJECT_NONE : !cap_matches(&identity, declared)) {
            return declared->name;
        }
    }
    return nullptr;
}

enum status program_check_contract(const struct startup *startup, const char **reason_out)
{
    if (!block_is_valid(startup)) {
        *reason_out = "start-up block";
        return STATUS_CONTRACT_INVALID;
    }
    if (startup->role != program_contract.role) {
        *reason_out = "role";
        return STATUS_CONTRACT_INVALID;
    }
    const char *reason = check_rows(startup);
    if (reason == nullptr) {
        reason = check_caps(startup);
    }
    if (reason != nullptr) {
        *reason_out = reason;
        return STATUS_CONTRACT_INVALID;
    }
    return STATUS_OK;
}
