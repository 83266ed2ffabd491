/* SPDX-License-Identifier: ISC */
/*
 * What vfsd keeps for its clients: open files and transfer buffers; and tickets. Tables only:
 * whoever changes them also tells the file systems.
 *
 * Invariants
 *  1. A session belongs to one living process; process id 0 is nobody's.
 *  2. Each open file and each ticket stands for one hold on its node.
 *  3. Serial numbers of tickets are not used again before 2^32 others were.
 */
#pragma once

#include <abi/status.h>

#include <stdint.h>

#include "walk.h"

constexpr uint32_t sessions_max = 64;
constexpr uint32_t session_files_max = 64;
constexpr uint32_t session_tickets_max = 16;
constexpr uint32_t tickets_max = 128;
constexpr uint32_t session_mounts_max = 16;

struct open_file {
    bool used;
    uint32_t flags; /* vfs_open_ */
    uint32_t kind;
    struct walk_place place;
};

/* The transfer buffer; size_bytes 0: none. */
struct session_buffer {
    uint64_t address;
    uint64_t size_bytes;
    uint32_t frame_slot;              /* ours, for providers */
    uint32_t client_slot;             /* the copy that the client gets */
    uint32_t attached_mounts;         /* bit n: provider of mount n knows it ... */
    uint32_t ids[session_mounts_max]; /* ... by this number */
};

struct session {
    uint32_t client; /* 0: not in use */
    struct session_buffer buffer;
    struct open_file files[session_files_max];
};

struct ticket {
    uint32_t serial; /* 0: not in use */
    uint32_t client; /* who made it */
    uint64_t offset; /* where its user begins */
    struct open_file file;
};

struct sessions {
    struct session list[sessions_max];
    uint32_t last_serial;
    struct ticket tickets[tickets_max];
};

/* nullptr if the client has none. */
struct session *sessions_find(struct sessions *sessions, uint32_t client);

/* The client's session, made if it has none. BUSY if there are too many clients, DENIED for client
 * 0. */
enum status sessions_take(struct sessions *sessions, uint32_t client, struct session **session_out);

/* The lowest free handle. NO_SLOT if all are in use. */
enum status session_find_free(const struct session *session, uint32_t *handle_out);

/* INVALID_CAPABILITY if the handle is not open; also if session is nullptr. */
enum status session_find_file(
    struct session *session, uint32_t handle, struct open_file **file_out);

/* A place for one more ticket of the client: a free one, else its own oldest if it has
 * session_tickets_max; the caller must first release what is in there. NO_SLOT. */
enum status sessions_find_ticket_place(
    struct sessions *sessions, uint32_t client, struct ticket **ticket_out);

/* A serial number for a ticket. */
uint32_t sessions_next_serial(struct sessions *sessions);

/* nullptr if there is none, or no more. */
struct ticket *sessions_find_ticket(struct sessions *sessions, uint32_t serial);
