/* SPDX-License-Identifier: ISC */
/* Operations of protocol log. */
#include "logd.h"

#include <slots/logd.h>
#include <userlib/syscall.h>

#include <string.h>

static enum status append(
    void *self, struct ipc_caller caller, const struct log_append_request *request)
{
    struct logd *logd = self;
    struct ring_record record = {
        .process = caller.client,
        .lost_count = request->lost_count,
        .text_bytes = request->line_bytes,
        .level = request->level,
        .is_marker = request->is_marker != 0,
    };
    (void)clock_read((struct clock_cap){SLOT_CLOCK}, &record.time_ns); /* 0 if there is no clock */
    memcpy(record.text, request->line, request->line_bytes);
    logd->lost_count += request->lost_count;
    ring_append(&logd->ring, &record);
    (void)notification_signal((struct notification_cap){SLOT_SIGNAL_SERIALD}); /* it may be gone */
    return STATUS_OK;
}

static enum status read(void *self, struct ipc_caller caller,
    const struct log_read_request *request, struct log_read_reply *reply_out)
{
    (void)caller;
    const struct logd *logd = self;
    const struct ring_record *record;
    uint64_t next_cursor;
    uint64_t lost;
    enum status status = ring_read(&logd->ring, request->cursor, &record, &next_cursor, &lost);
    if (status != STATUS_OK) {
        return status;
    }
    reply_out->next_cursor = next_cursor;
    reply_out->time_ns = record->time_ns;
    reply_out->lost = lost + record->lost_count;
    reply_out->process = record->process;
    reply_out->level = record->level;
    reply_out->is_marker = record->is_marker;
    reply_out->line_bytes = record->text_bytes;
    memcpy(reply_out->line, record->text, record->text_bytes);
    return STATUS_OK;
}

struct log_server logd_server(struct logd *logd)
{
    return (struct log_server){.self = logd, .append = append, .read = read};
}
