/* SPDX-License-Identifier: ISC */
/* Tests of the tables of clients, open files and tickets. */
#include <lib/testing/check.h>

#include "../sessions.h"

static struct sessions sessions;

static void clients_are_told_apart(void)
{
    sessions = (struct sessions){};
    struct session *first;
    struct session *second;
    CHECK_EQUAL(sessions_take(&sessions, 7, &first), STATUS_OK);
    CHECK_EQUAL(sessions_take(&sessions, 8, &second), STATUS_OK);
    CHECK(first != second);
    CHECK(sessions_find(&sessions, 7) == first);
    CHECK(sessions_find(&sessions, 9) == nullptr);
    CHECK(sessions_find(&sessions, 0) == nullptr);
    CHECK_EQUAL(sessions_take(&sessions, 0, &second), STATUS_DENIED);
}

static void too_many_clients_are_refused(void)
{
    sessions = (struct sessions){};
    struct session *session;
    for (uint32_t client = 1; client <= sessions_max; client++) {
        CHECK_EQUAL(sessions_take(&sessions, client, &session), STATUS_OK);
    }
    CHECK_EQUAL(sessions_take(&sessions, sessions_max + 1, &session), STATUS_BUSY);
    sessions_find(&sessions, 3)->client = 0;
    CHECK_EQUAL(sessions_take(&sessions, sessions_max + 1, &session), STATUS_OK);
}

static void handles_are_the_lowest_free(void)
{
    sessions = (struct sessions){};
    struct session *session;
    struct open_file *file;
    uint32_t handle;
    CHECK_EQUAL(sessions_take(&sessions, 7, &session), STATUS_OK);
    for (uint32_t i = 0; i < session_files_max; i++) {
        CHECK_EQUAL(session_find_free(session, &handle), STATUS_OK);
        CHECK_EQUAL(handle, i);
        session->files[handle].used = true;
    }
    CHECK_EQUAL(session_find_free(session, &handle), STATUS_NO_SLOT);
    session->files[5].used = false;
    CHECK_EQUAL(session_find_free(session, &handle), STATUS_OK);
    CHECK_EQUAL(handle, 5);
    CHECK_EQUAL(session_find_file(session, 5, &file), STATUS_INVALID_CAPABILITY);
    CHECK_EQUAL(session_find_file(session, session_files_max, &file), STATUS_INVALID_CAPABILITY);
    CHECK_EQUAL(session_find_file(nullptr, 0, &file), STATUS_INVALID_CAPABILITY);
    CHECK_EQUAL(session_find_file(session, 6, &file), STATUS_OK);
}

static void put_ticket(uint32_t client)
{
    struct ticket *ticket;
    CHECK_EQUAL(sessions_find_ticket_place(&sessions, client, &ticket), STATUS_OK);
    *ticket = (struct ticket){.serial = sessions_next_serial(&sessions), .client = client};
}

static void the_oldest_ticket_of_a_client_gives_way(void)
{
    sessions = (struct sessions){.last_serial = UINT32_MAX - 4}; /* wraps on the way */
    put_ticket(7);
    const uint32_t oldest = sessions.last_serial;
    put_ticket(8);
    const uint32_t other = sessions.last_serial;
    for (uint32_t i = 1; i < session_tickets_max; i++) {
        put_ticket(7);
    }
    CHECK(sessions_find_ticket(&sessions, oldest) != nullptr);
    put_ticket(7);
    CHECK(sessions_find_ticket(&sessions, oldest) == nullptr);
    CHECK(sessions_find_ticket(&sessions, other) != nullptr);
    CHECK(sessions_find_ticket(&sessions, 0) == nullptr);
}

static void a_full_table_takes_only_from_its_owner(void)
{
    sessions = (struct sessions){};
    struct ticket *ticket;
    for (uint32_t i = 0; i < tickets_max; i++) {
        put_ticket(1 + i / session_tickets_max);
    }
    CHECK_EQUAL(sessions_find_ticket_place(&sessions, 99, &ticket), STATUS_NO_SLOT);
    CHECK_EQUAL(sessions_find_ticket_place(&sessions, 2, &ticket), STATUS_OK);
    CHECK_EQUAL(ticket->client, 2);
}

int main(void)
{
    TEST(clients_are_told_apart);
    TEST(too_many_clients_are_refused);
    TEST(handles_are_the_lowest_free);
    TEST(the_oldest_ticket_of_a_client_gives_way);
    TEST(a_full_table_takes_only_from_its_owner);
    return check_report();
}
