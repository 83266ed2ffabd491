/* SPDX-License-Identifier: ISC */
/* One way for each kind of grant to obtain a capability; a table says which. */
#include "grants.h"

#include <abi/startup.h>
#include <userlib/slots.h>

#include <slots/roles.h>

#include <string.h>

#include "handoff.h"
#include "rootd.h"

/* All of a grant that is being fulfilled. */
struct fulfilment {
    const struct grant_target *target;
    uint32_t index;
    const struct bootconfig_grant *grant;
    grant_taker *taker;
    void *self;
};

static enum status pass_on(const struct fulfilment *fulfilment, cap_slot given)
{
    const enum status status =
        fulfilment->taker(fulfilment->self, fulfilment->index, fulfilment->grant, given);
    if (status != STATUS_OK) {
        slots_delete(given);
    }
    return status;
}

static enum status pass_copy(const struct fulfilment *fulfilment, cap_slot source, uint64_t badge)
{
    if (source == slot_null) {
        return STATUS_NOT_FOUND;
    }
    cap_slot slot = slot_null;
    enum status status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    const uint16_t rights = fulfilment->grant->rights;
    status = cspace_copy(slots_cspace(), &(struct cspace_copy){.source = source,
                                             .target = slot,
                                             .rights = rights == 0 ? (uint16_t)rights_all : rights,
                                             .badge = badge});
    if (status != STATUS_OK) {
        slots_give(slot);
        return status;
    }
    return pass_on(fulfilment, slot);
}

/* A peer that this image does not have gives nothing, and the control of a program that has it
 * already cannot receive: who needs it, finds out and says so. */
static enum status give_endpoint(const struct fulfilment *fulfilment)
{
    const struct bootconfig_grant *grant = fulfilment->grant;
    const bool serves = grant->kind == GRANT_CONTROL;
    const cap_slot control = serves ? rootd.controls[grant->source_role].slot : slot_null;
    const cap_slot source =
        control == slot_null ? rootd.endpoints[grant->source_role].slot : control;
    const uint64_t badge =
        serves ? 0 : badge_make(fulfilment->target->process, grant->protocol_rights);
    return source == slot_null ? STATUS_OK : pass_copy(fulfilment, source, badge);
}

static enum status give_notification(const struct fulfilment *fulfilment)
{
    return pass_copy(fulfilment, rootd.notifications[fulfilment->target->role].slot, 0);
}

static enum status give_signal(const struct fulfilment *fulfilment)
{
    const struct bootconfig_grant *grant = fulfilment->grant;
    const cap_slot source = rootd.notifications[grant->source_role].slot;
    const uint64_t badge = UINT64_C(1) << (grant->parameters[0] & 63);
    return source == slot_null ? STATUS_OK : pass_copy(fulfilment, source, badge);
}

static enum status give_singleton(const struct fulfilment *fulfilment)
{
    static const cap_slot sources[GRANT_KIND_END] = {
        [GRANT_CLOCK] = ROOT_SLOT_CLOCK,
        [GRANT_CONSOLE] = ROOT_SLOT_CONSOLE,
        [GRANT_IRQ_CONTROL] = ROOT_SLOT_IRQ_CONTROL,
    };
    return pass_copy(fulfilment, sources[fulfilment->grant->kind], 0);
}

static enum status give_test(const struct fulfilment *fulfilment)
{
    return rootd.handoff->profile == BOOT_PROFILE_TEST ? pass_copy(fulfilment, ROOT_SLOT_TEST, 0)
                                                       : STATUS_OK;
}

static enum status give_ports(const struct fulfilment *fulfilment)
{
    cap_slot slot = slot_null;
    enum status status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    const uint64_t *range = fulfilment->grant->parameters;
    status = port_range_narrow(
        (struct port_range_cap){ROOT_SLOT_PORTS}, (uint16_t)range[0], (uint16_t)range[1], slot);
    if (status != STATUS_OK) {
        slots_give(slot);
        return status;
    }
    return pass_on(fulfilment, slot);
}

static bool is_meant(const struct root_untyped *block, enum bootconfig_grant_kind kind)
{
    if (block->slot == rootd.reserve.slot) {
        return false;
    }
    if (kind == GRANT_RAM) {
        return !block->is_device;
    }
    return block->is_device && (block->is_acpi != 0) == (kind == GRANT_ACPI_MEMORY);
}

/* Blocks go for good. There are no copies of them, so nobody else can have them. */
static enum status give_memory(const struct fulfilment *fulfilment)
{
    uint32_t given = 0;
    enum status status = STATUS_OK;
    for (uint32_t index = 0; index < rootd.handoff->untyped_count && status == STATUS_OK; index++) {
        const struct root_untyped *block = &rootd.handoff->untyped[index];
        if (is_meant(block, fulfilment->grant->kind) && given < fulfilment->grant->slot_count) {
            given++;
            status = pass_on(fulfilment, block->slot);
        }
    }
    return status;
}

static enum status give_boot_config(const struct fulfilment *fulfilment)
{
    return pass_copy(fulfilment, rootd.config_module->first_slot, 0);
}

static enum status give_blob(const struct fulfilment *fulfilment)
{
    constexpr size_t prefix_bytes = sizeof "blob-" - 1;
    const struct root_module *module =
        handoff_find_module(BOOT_MODULE_BLOB, fulfilment->grant->name + prefix_bytes);
    if (module == nullptr) {
        return STATUS_NOT_FOUND;
    }
    enum status status = STATUS_OK;
    for (uint32_t index = 0; index < module->frame_count && status == STATUS_OK; index++) {
        status = pass_copy(fulfilment, module->first_slot + index, 0);
    }
    return status;
}

/* What the launcher makes by itself has no entry. */
static enum status (*const givers[GRANT_KIND_END])(const struct fulfilment *) = {
    [GRANT_CONTROL] = give_endpoint,
    [GRANT_NOTIFICATION] = give_notification,
    [GRANT_REPORT] = give_endpoint,
    [GRANT_PEER] = give_endpoint,
    [GRANT_SIGNAL] = give_signal,
    [GRANT_CLOCK] = give_singleton,
    [GRANT_CONSOLE] = give_singleton,
    [GRANT_IRQ_CONTROL] = give_singleton,
    [GRANT_PORTS] = give_ports,
    [GRANT_TEST] = give_test,
    [GRANT_RAM] = give_memory,
    [GRANT_DEVICE_MEMORY] = give_memory,
    [GRANT_ACPI_MEMORY] = give_memory,
    [GRANT_BOOT_CONFIG] = give_boot_config,
    [GRANT_BLOB] = give_blob,
};

enum status grants_fulfil(const struct grant_target *target, uint32_t grant_index,
    const struct bootconfig_grant *grant, grant_taker *taker, void *self)
{
    const struct fulfilment fulfilment = {
        .target = target, .index = grant_index, .grant = grant, .taker = taker, .self = self};
    return givers[grant->kind] == nullptr ? STATUS_OK : givers[grant->kind](&fulfilment);
}

bool grants_has_endpoint(const struct bootconfig_launch *launch)
{
    const struct bootconfig_authority *authority = &launch->authority;
    bool has = !launch->verifier;
    for (uint32_t index = 0; index < authority->grant_count && !has; index++) {
        has = bootconfig_grant(&rootd.config, authority->first_grant + index).kind == GRANT_CONTROL;
    }
    return has;
}

enum status grants_mint_for_self(uint32_t role, uint32_t protocol_rights, struct endpoint_cap *out)
{
    const cap_slot source = rootd.endpoints[role].slot;
    if (source == slot_null) {
        return STATUS_NOT_FOUND;
    }
    cap_slot slot = slot_null;
    enum status status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    status = cspace_copy(slots_cspace(), &(struct cspace_copy){.source = source,
                                             .target = slot,
                                             .rights = RIGHT_SEND | RIGHT_GRANT,
                                             .badge = badge_make(ROLE_ROOTD, protocol_rights)});
    if (status != STATUS_OK) {
        slots_give(slot);
        return status;
    }
    out->slot = slot;
    return STATUS_OK;
}
