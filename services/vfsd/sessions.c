/* SPDX-License-Identifier: ISC */
/* Tables of clients, open files and tickets. */
#include "sessions.h"

struct session *sessions_find(struct sessions *sessions, uint32_t client)
{
    for (uint32_t i = 0; client != 0 && i < sessions_max; i++) {
        if (sessions->list[i].client == client) {
            return &sessions->list[i];
        }
    }
    return nullptr;
}

enum status sessions_take(struct sessions *sessions, uint32_t client, struct session **session_out)
{
    if (client == 0) {
        return STATUS_DENIED;
    }
    struct session *session = sessions_find(sessions, client);
    for (uint32_t i = 0; session == nullptr && i < sessions_max; i++) {
        if (sessions->list[i].client == 0) {
            session = &sessions->list[i];
            *session = (struct session){.client = client};
        }
    }
    if (session == nullptr) {
        return STATUS_BUSY;
    }
    *session_out = session;
    return STATUS_OK;
}

enum status session_find_free(const struct session *session, uint32_t *handle_out)
{
    for (uint32_t handle = 0; handle < session_files_max; handle++) {
        if (!session->files[handle].used) {
            *handle_out = handle;
            return STATUS_OK;
        }
    }
    return STATUS_NO_SLOT;
}

enum status session_find_file(struct session *session, uint32_t handle, struct open_file **file_out)
{
    if (session == nullptr || handle >= session_files_max || !session->files[handle].used) {
        return STATUS_INVALID_CAPABILITY;
    }
    *file_out = &session->files[handle];
    return STATUS_OK;
}

enum status sessions_find_ticket_place(
    struct sessions *sessions, uint32_t client, struct ticket **ticket_out)
{
    struct ticket *unused = nullptr;
    struct ticket *oldest = nullptr;
    uint32_t count = 0;
    for (uint32_t i = 0; i < tickets_max; i++) {
        struct ticket *ticket = &sessions->tickets[i];
        if (ticket->serial == 0) {
            unused = unused == nullptr ? ticket : unused;
            continue;
        }
        if (ticket->client == client) {
            count++;
            const uint32_t age = sessions->last_serial - ticket->serial;
            const bool older = oldest == nullptr || age > sessions->last_serial - oldest->serial;
            oldest = older ? ticket : oldest;
        }
    }
    struct ticket *place = count >= session_tickets_max || unused == nullptr ? oldest : unused;
    if (place == nullptr) {
        return STATUS_NO_SLOT;
    }
    *ticket_out = place;
    return STATUS_OK;
}

uint32_t sessions_next_serial(struct sessions *sessions)
{
    sessions->last_serial = sessions->last_serial == UINT32_MAX ? 1 : sessions->last_serial + 1;
    return sessions->last_serial;
}

struct ticket *sessions_find_ticket(struct sessions *sessions, uint32_t serial)
{
    for (uint32_t i = 0; serial != 0 && i < tickets_max; i++) {
        if (sessions->tickets[i].serial == serial) {
            return &sessions->tickets[i];
        }
    }
    return nullptr;
}
