/* SPDX-License-Identifier: ISC */
/* named, timed, logd, crashd. */
#include <protocol/crash.h>
#include <protocol/event.h>
#include <protocol/log.h>
#include <protocol/name.h>
#include <protocol/time.h>
#include <slots/verify-messages-core.h>

#include <string.h>

#include "samples.h"

/* --- named --- */

constexpr char nobodys_name[] = "nobody";

static enum status observe_names(struct digest *digest_out)
{
    struct name_lookup_request request = {.name_bytes = sizeof nobodys_name - 1};
    struct name_lookup_reply reply;
    memcpy(request.name, nobodys_name, request.name_bytes);
    digest_out->words[0] =
        (uint64_t)name_lookup((struct name_cap){SLOT_PEER_NAMED}, &request, &reply);
    return digest_out->words[0] == STATUS_NOT_FOUND ? STATUS_OK : STATUS_INTERNAL;
}

static enum status fill_seed(struct message *message)
{
    struct name_seed_request *request = request_of(message);
    request->name_bytes = sizeof nobodys_name - 1;
    memcpy(request->name, nobodys_name, request->name_bytes);
    return STATUS_OK;
}

static enum status fill_lookup(struct message *message)
{
    struct name_lookup_request *request = request_of(message);
    request->name_bytes = sizeof nobodys_name - 1;
    memcpy(request->name, nobodys_name, request->name_bytes);
    return STATUS_OK;
}

static const struct sample name_samples[] = {
    {.number = NAME_SEED, .expected = STATUS_DENIED, .prepare = fill_seed}, /* sealed */
    {.number = NAME_SEAL, .expected = STATUS_DENIED},
    {.number = NAME_LOOKUP, .expected = STATUS_NOT_FOUND, .prepare = fill_lookup},
};

const struct target target_named = {
    .name = "named",
    .table = &name_table,
    .samples = {{name_samples, sizeof name_samples / sizeof name_samples[0]}},
    .observe = observe_names,
};

/* --- timed --- */

static enum status observe_time(struct digest *digest_out)
{
    struct time_usage_reply usage;
    const enum status status = time_usage((struct time_cap){SLOT_PEER_TIMED}, &usage);
    if (status == STATUS_OK) {
        digest_out->words[0] = usage.waiting;
    }
    return status;
}

static const struct sample time_samples[] = {
    {.number = TIME_NOW_MONOTONIC},
    {.number = TIME_NOW_WALL},
    {.number = TIME_WAIT_UNTIL}, /* 0: long ago */
    {.number = TIME_USAGE},
};

const struct target target_timed = {
    .name = "timed",
    .table = &time_table,
    .samples = {{time_samples, sizeof time_samples / sizeof time_samples[0]}},
    .observe = observe_time,
};

/* --- logd --- */

/* How many records there are. */
static enum status observe_log(struct digest *digest_out)
{
    static struct log_read_request end;
    struct log_read_reply record;
    enum status status = log_read((struct log_cap){SLOT_PEER_LOGD}, &end, &record);
    while (status == STATUS_OK) {
        end.cursor = record.next_cursor;
        status = log_read((struct log_cap){SLOT_PEER_LOGD}, &end, &record);
    }
    digest_out->words[0] = end.cursor;
    return status == STATUS_END ? STATUS_OK : status;
}

static enum status fill_append(struct message *message)
{
    struct log_append_request *request = request_of(message);
    static const char line[] = "a record of the verifier";
    request->level = log_level_debug;
    request->line_bytes = sizeof line - 1;
    memcpy(request->line, line, request->line_bytes);
    return STATUS_OK;
}

static const struct sample log_samples[] = {
    {.number = LOG_APPEND, .lasting = true, .prepare = fill_append},
    {.number = LOG_READ},
};

const struct target target_logd = {
    .name = "logd",
    .table = &log_table,
    .samples = {{log_samples, sizeof log_samples / sizeof log_samples[0]}},
    .observe = observe_log,
};

/* --- crashd --- */

/* Whether there are reports. */
static enum status observe_crashes(struct digest *digest_out)
{
    struct crash_read_reply report;
    digest_out->words[0] = (uint64_t)crash_read(
        (struct crash_cap){SLOT_PEER_CRASHD}, &(struct crash_read_request){}, &report);
    return digest_out->words[0] == STATUS_END ? STATUS_OK : STATUS_INTERNAL;
}

static enum status fill_process_ended(struct message *message)
{
    struct event_process_ended_request *request = request_of(message);
    request->process = UINT32_MAX; /* which nobody was; it did not end by a fault */
    return STATUS_OK;
}

static const struct sample crash_samples[] = {
    {.number = CRASH_READ, .expected = STATUS_END},
};

const struct target target_crashd = {
    .name = "crashd",
    .table = &crash_table,
    .samples = {{crash_samples, sizeof crash_samples / sizeof crash_samples[0]}},
    .observe = observe_crashes,
};

static const struct sample event_samples[] = {
    {.number = EVENT_PROCESS_ENDED, .prepare = fill_process_ended},
};

const struct target target_crashd_event = {
    .name = "crashd-event",
    .table = &event_table,
    .samples = {{event_samples, sizeof event_samples / sizeof event_samples[0]}},
    .observe = observe_crashes,
};
