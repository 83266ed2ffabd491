/* SPDX-License-Identifier: ISC */
/* A badge says who calls and what it may ask for; only procd and rootd hold endpoints without one.
 */
#include "authority.h"

#include <protocol/report.h>
#include <userlib/slots.h>

#include <slots/roles.h>

#include "build.h"

static enum status mint(
    const struct procd *procd, uint32_t role, uint16_t rights, uint64_t badge, cap_slot *slot_out)
{
    if (role > bootconfig_roles_max || procd->services[role] == slot_null) {
        return STATUS_NOT_FOUND;
    }
    cap_slot slot = slot_null;
    enum status status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    status = cspace_copy(slots_cspace(),
        &(struct cspace_copy){
            .source = procd->services[role], .target = slot, .rights = rights, .badge = badge});
    if (status != STATUS_OK) {
        slots_give(slot);
        return status;
    }
    *slot_out = slot;
    return STATUS_OK;
}

enum status authority_mint_handle(
    const struct procd *procd, uint32_t process, uint32_t rights, struct endpoint_cap *handle_out)
{
    return mint(procd, ROLE_PROCD, RIGHT_SEND | RIGHT_GRANT, badge_make(process, rights),
        &handle_out->slot);
}

/* The object's first capability goes; what is left has just the rights of the grant. */
static enum status make_notification(
    const struct process *process, uint16_t rights, cap_slot *slot_out)
{
    cap_slot first = slot_null;
    enum status status = slots_take_run(2, &first);
    if (status != STATUS_OK) {
        return status;
    }
    status = untyped_retype(
        (struct untyped_cap){process->memory}, &(struct untyped_retype){.kind = OBJECT_NOTIFICATION,
                                                   .count = 1,
                                                   .cspace = SLOT_SELF_CSPACE,
                                                   .first_slot = first});
    if (status == STATUS_OK) {
        status = cspace_copy(slots_cspace(),
            &(struct cspace_copy){.source = first, .target = first + 1, .rights = rights});
    }
    slots_delete(first);
    if (status != STATUS_OK) {
        slots_give(first + 1);
        return status;
    }
    *slot_out = first + 1;
    return STATUS_OK;
}

/* The capability for one grant, in a fresh slot; slot_null where build_process() has filled it. */
static enum status obtain(const struct procd *procd, const struct process *process,
    const struct bootconfig_grant *grant, cap_slot *slot_out)
{
    switch (grant->kind) {
    case GRANT_SELF_CSPACE:
    case GRANT_REPLY:
    case GRANT_DEFERRED:
    case GRANT_ABSENT:
        *slot_out = slot_null;
        return STATUS_OK;
    case GRANT_NOTIFICATION:
        return make_notification(process, grant->rights, slot_out);
    case GRANT_PEER:
    case GRANT_REPORT:
        return mint(procd, grant->source_role, grant->rights,
            badge_make(process->id, grant->protocol_rights), slot_out);
    default:
        return STATUS_UNSUPPORTED;
    }
}

/* A notification of a program is all its own, with all rights that its row names. */
static enum status grant_one(
    const struct procd *procd, struct process *process, const struct bootconfig_grant *grant)
{
    cap_slot slot = slot_null;
    enum status status = obtain(procd, process, grant, &slot);
    if (status != STATUS_OK || slot == slot_null) {
        return status;
    }
    status = build_install(process, grant, slot);
    if (status != STATUS_OK) {
        slots_delete(slot);
    }
    return status;
}

enum status authority_grant_row(const struct procd *procd, struct process *process)
{
    enum status status = STATUS_OK;
    for (uint32_t index = 0; index < process->grant_count && status == STATUS_OK; index++) {
        const struct bootconfig_grant grant =
            bootconfig_grant(&procd->config, process->first_grant + index);
        status = grant_one(procd, process, &grant);
    }
    return status;
}
