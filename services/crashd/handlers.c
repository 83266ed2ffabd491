/* SPDX-License-Identifier: ISC */
/* Operations of protocols event and crash. */
#include "crashd.h"

#include <protocol/process.h>
#include <slots/crashd.h>
#include <userlib/log.h>
#include <userlib/syscall.h>

#include <string.h>

static enum status process_ended(
    void *self, struct ipc_caller caller, const struct event_process_ended_request *request)
{
    (void)caller;
    struct crashd *crashd = self;
    if (request->reason != process_reason_faulted) {
        return STATUS_OK;
    }
    struct crash_read_reply *report = &crashd->reports[crashd->next % reports_max];
    crashd->next++;
    *report = (struct crash_read_reply){
        .next_cursor = crashd->next,
        .process = request->process,
        .role = request->role,
        .vector = request->code,
        .address = request->address,
    };
    memcpy(report->name, request->name, sizeof report->name);
    (void)clock_read((struct clock_cap){SLOT_CLOCK}, &report->time_ns); /* 0 if there is no clock */
    log_write(LOG_ERROR, "process %u (%s) died of fault %lld at 0x%llx", request->process,
        request->name, (long long)request->code, (unsigned long long)request->address);
    return STATUS_OK;
}

static enum status read(void *self, struct ipc_caller caller,
    const struct crash_read_request *request, struct crash_read_reply *reply_out)
{
    (void)caller;
    const struct crashd *crashd = self;
    if (request->cursor >= crashd->next) {
        return STATUS_END;
    }
    uint64_t oldest = crashd->next > reports_max ? crashd->next - reports_max : 0;
    uint64_t number = request->cursor < oldest ? oldest : request->cursor;
    *reply_out = crashd->reports[number % reports_max];
    return STATUS_OK;
}

struct crash_server crashd_crash_server(struct crashd *crashd)
{
    return (struct crash_server){.self = crashd, .read = read};
}

struct event_server crashd_event_server(struct crashd *crashd)
{
    return (struct event_server){.self = crashd, .process_ended = process_ended};
}
