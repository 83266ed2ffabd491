/* SPDX-License-Identifier: ISC */
/* Operations of protocol terminal. */
#include <protocol/process.h>
#include <protocol/serial.h>
#include <slots/seriald.h>
#include <userlib/slots.h>

#include <string.h>

#include "seriald.h"

static const struct serial_cap line = {SLOT_PEER_DRV_SERIAL};

void seriald_emit(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    while (count > 0) {
        struct serial_write_request request;
        size_t piece = count < sizeof request.data ? count : sizeof request.data;
        request.data_bytes = (uint32_t)piece;
        memcpy(request.data, bytes, piece);
        if (serial_write(line, &request) != STATUS_OK) {
            return; /* The line is gone: there is nobody to tell. */
        }
        bytes += piece;
        count -= piece;
    }
}

/* A reader that was ended while it waited takes nothing with it. */
static void answer_first_reader(struct seriald *seriald)
{
    static struct tty before;
    struct terminal_read_reply reply = {};
    struct reader_waiting *first = &seriald->readers[0];
    before = seriald->tty;
    reply.data_bytes = (uint32_t)tty_read(&seriald->tty, reply.data, first->max_bytes);
    if (terminal_answer_read(&first->caller, STATUS_OK, &reply) != STATUS_OK) {
        seriald->tty = before;
    }
    seriald->reader_count--;
    for (uint32_t i = 0; i < seriald->reader_count; i++) {
        seriald->readers[i] = seriald->readers[i + 1];
    }
}

static void serve_readers(struct seriald *seriald)
{
    while (seriald->reader_count > 0 && tty_is_readable(&seriald->tty)) {
        answer_first_reader(seriald);
    }
}

/* Whoever has died does not read any more. */
static void drop_lost(struct seriald *seriald)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < seriald->reader_count; i++) {
        struct reader_waiting reader = seriald->readers[i];
        if (service_has_caller(&reader.caller)) {
            seriald->readers[kept++] = reader;
        } else {
            (void)terminal_answer_read(&reader.caller, STATUS_PEER_LOST, nullptr); /* to nobody */
        }
    }
    seriald->reader_count = kept;
}

static void drop_foreground(struct seriald *seriald)
{
    slots_delete(seriald->foreground.slot);
    seriald->foreground.slot = slot_null;
}

static void interrupt_foreground(struct seriald *seriald)
{
    if (seriald->foreground.slot == slot_null) {
        return;
    }
    (void)process_kill((struct process_cap){seriald->foreground.slot}); /* it may have ended */
    drop_foreground(seriald);
}

void seriald_take_input(struct seriald *seriald)
{
    struct serial_read_reply received;
    while (serial_read(line, &received) == STATUS_OK) {
        for (uint32_t i = 0; i < received.data_bytes; i++) {
            if (tty_input(&seriald->tty, received.data[i]) == TTY_INTERRUPT) {
                interrupt_foreground(seriald);
            }
        }
    }
    serve_readers(seriald);
}

static enum status write(
    void *self, struct ipc_caller caller, const struct terminal_write_request *request)
{
    (void)caller;
    struct seriald *seriald = self;
    tty_output(&seriald->tty, request->data, request->data_bytes);
    return STATUS_OK;
}

static enum status read(void *self, struct ipc_caller caller,
    const struct terminal_read_request *request, struct terminal_read_reply *reply_out)
{
    (void)caller;
    struct seriald *seriald = self;
    if (request->max_bytes == 0 || request->max_bytes > sizeof reply_out->data) {
        return STATUS_INVALID_ARGUMENT;
    }
    seriald->in_use = true;
    if (seriald->reader_count == 0 && tty_is_readable(&seriald->tty)) {
        reply_out->data_bytes =
            (uint32_t)tty_read(&seriald->tty, reply_out->data, request->max_bytes);
        return STATUS_OK;
    }
    if (seriald->reader_count == readers_max) {
        drop_lost(seriald);
    }
    if (seriald->reader_count == readers_max) {
        return STATUS_BUSY;
    }
    struct reader_waiting *reader = &seriald->readers[seriald->reader_count];
    enum status status = service_defer(&reader->caller);
    if (service_is_deferred(status)) {
        reader->max_bytes = request->max_bytes;
        seriald->reader_count++;
    }
    return status;
}

static enum status set_mode(
    void *self, struct ipc_caller caller, const struct terminal_set_mode_request *request)
{
    (void)caller;
    struct seriald *seriald = self;
    if (request->mode != terminal_mode_line && request->mode != terminal_mode_raw) {
        return STATUS_INVALID_ARGUMENT;
    }
    (void)tty_set_mode(&seriald->tty, request->mode == terminal_mode_raw ? TTY_RAW : TTY_LINE);
    serve_readers(seriald);
    return STATUS_OK;
}

static enum status set_foreground(void *self, struct ipc_caller caller, struct endpoint_cap handle)
{
    (void)caller;
    struct seriald *seriald = self;
    drop_foreground(seriald);
    seriald->foreground = handle;
    return STATUS_OK;
}

static enum status clear_foreground(void *self, struct ipc_caller caller)
{
    (void)caller;
    struct seriald *seriald = self;
    drop_foreground(seriald);
    return STATUS_OK;
}

static enum status drain(void *self, struct ipc_caller caller)
{
    (void)caller;
    seriald_mirror_log(self);
    return serial_drain(line);
}

static enum status usage(
    void *self, struct ipc_caller caller, struct terminal_usage_reply *reply_out)
{
    (void)caller;
    struct seriald *seriald = self;
    drop_lost(seriald);
    reply_out->reading = seriald->reader_count;
    return STATUS_OK;
}

struct terminal_server seriald_server(struct seriald *seriald)
{
    return (struct terminal_server){.self = seriald,
        .write = write,
        .read = read,
        .set_mode = set_mode,
        .set_foreground = set_foreground,
        .clear_foreground = clear_foreground,
        .drain = drain,
        .usage = usage};
}
