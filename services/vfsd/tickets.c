/* SPDX-License-Identifier: ISC */
/*
 * Tickets: capabilities to vfsd's own endpoint whose badge is a serial number. The right in the
 * badge allows no operation, so a ticket is good for one thing only, to be adopted.
 */
#include <slots/roles.h>
#include <slots/vfsd.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

#include "vfsd.h"

constexpr uint32_t ticket_right = UINT32_C(1) << 31;

static enum status mint(uint32_t serial, cap_slot *slot_out)
{
    cap_slot slot;
    enum status status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    const struct cspace_copy request = {
        .source = SLOT_CONTROL,
        .target = slot,
        .rights = RIGHT_SEND,
        .badge = badge_make(serial, ticket_right),
    };
    status = cspace_copy(slots_cspace(), &request);
    if (status != STATUS_OK) {
        slots_give(slot);
        return status;
    }
    *slot_out = slot;
    return STATUS_OK;
}

enum status vfsd_make_ticket(void *self, struct ipc_caller caller,
    const struct vfs_make_ticket_request *request, struct endpoint_cap *ticket_out)
{
    struct vfsd *vfsd = self;
    struct session *session = sessions_find(&vfsd->sessions, caller.client);
    struct open_file *file;
    struct ticket *ticket;
    struct open_file held;
    enum status status = session_find_file(session, request->handle, &file);
    if (status == STATUS_OK) {
        status = sessions_find_ticket_place(&vfsd->sessions, caller.client, &ticket);
    }
    if (status == STATUS_OK) {
        status = vfsd_hold(vfsd, file, &held);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const uint32_t serial = sessions_next_serial(&vfsd->sessions);
    status = mint(serial, &ticket_out->slot);
    if (status != STATUS_OK) {
        vfsd_let_go(vfsd, &held);
        return status;
    }
    if (ticket->serial != 0) {
        vfsd_let_go(vfsd, &ticket->file);
    }
    *ticket = (struct ticket){
        .serial = serial, .client = caller.client, .offset = request->offset, .file = held};
    return STATUS_OK;
}

/* The ticket that a capability stands for: the kernel says what it is. */
static enum status recognise(
    struct vfsd *vfsd, struct endpoint_cap given, struct ticket **ticket_out)
{
    struct cap_identity identity;
    enum status status = cspace_identify(slots_cspace(), given.slot, &identity);
    if (status != STATUS_OK) {
        return status;
    }
    if (identity.label != ROLE_VFSD || badge_rights(identity.badge) != ticket_right) {
        return STATUS_INVALID_CAPABILITY;
    }
    *ticket_out = sessions_find_ticket(&vfsd->sessions, badge_client(identity.badge));
    return *ticket_out == nullptr ? STATUS_NOT_FOUND : STATUS_OK;
}

enum status vfsd_adopt_ticket(void *self, struct ipc_caller caller, struct endpoint_cap ticket,
    struct vfs_adopt_ticket_reply *reply_out)
{
    struct vfsd *vfsd = self;
    struct ticket *found = nullptr;
    struct session *session = nullptr;
    uint32_t handle = 0;
    enum status status = recognise(vfsd, ticket, &found);
    if (status == STATUS_OK) {
        status = sessions_take(&vfsd->sessions, caller.client, &session);
    }
    if (status == STATUS_OK) {
        status = session_find_free(session, &handle);
    }
    struct walk_attributes attributes;
    const struct walk_source *source = &vfsd->mounts.source;
    if (status == STATUS_OK) {
        status = source->stat(source->self, found->file.place, &attributes);
    }
    if (status == STATUS_OK) {
        status = vfsd_hold(vfsd, &found->file, &session->files[handle]);
    }
    if (status != STATUS_OK) {
        return status;
    }
    slots_delete(ticket.slot);
    const bool append = (found->file.flags & vfs_open_append) != 0;
    reply_out->handle = handle;
    reply_out->flags = found->file.flags;
    reply_out->offset = append ? vfs_at_end : found->offset;
    reply_out->found = vfsd_attributes(found->file.place.mount, &attributes);
    return STATUS_OK;
}
