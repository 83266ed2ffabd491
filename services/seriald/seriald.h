/* SPDX-License-Identifier: ISC */
/* State of seriald. */
#pragma once

#include <lib/tty/tty.h>
#include <protocol/terminal.h>
#include <userlib/service.h>

constexpr uint32_t readers_max = 8;

struct reader_waiting {
    struct service_deferred caller;
    uint32_t max_bytes;
};

struct seriald {
    struct tty tty;
    struct endpoint_cap foreground; /* owned; slot_null: nobody */
    bool in_use;                    /* somebody has read from the terminal */
    uint64_t log_cursor;
    uint32_t reader_count; /* in order of arrival */
    struct reader_waiting readers[readers_max];
};

/* The handlers of protocol terminal over `seriald`. */
struct terminal_server seriald_server(struct seriald *seriald);

/* Take what the driver received and hand it to readers. */
void seriald_take_input(struct seriald *seriald);

/* Sends bytes to the driver (a tty_emit). */
void seriald_emit(void *context, const uint8_t *bytes, size_t count);

/* Write new log records to the terminal (mirror.c). */
void seriald_mirror_log(struct seriald *seriald);
