/* SPDX-License-Identifier: ISC */
/* Operations of protocols event and crash. */
#include "crashd.h"

#include <lib/fault/fault.h>
#include <protocol/process.h>
#include <slots/crashd.h>
#include <userlib/log.h>
#include <userlib/syscall.h>

#include <string.h>

static void log_report(const struct crash_read_reply *report)
{
    const char *fault = fault_name(report->vector);
    const unsigned long long instruction = report->instruction_pointer;
    if (report->vector == fault_vector_page) {
        log_write(LOG_ERROR, "process %u (%s): %s, error 0x%x, at instruction 0x%llx: %s 0x%llx",
            report->process, report->name, fault, report->error_code, instruction,
            fault_access(report->error_code), (unsigned long long)report->address);
    } else {
        log_write(LOG_ERROR, "process %u (%s): %s (vector %u), error 0x%x, at instruction 0x%llx",
            report->process, report->name, fault, report->vector, report->error_code, instruction);
    }
}

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
        .vector = (uint32_t)request->code,
        .error_code = request->error_code,
        .address = request->address,
        .instruction_pointer = request->instruction_pointer,
    };
    memcpy(report->name, request->name, sizeof report->name);
    (void)clock_read((struct clock_cap){SLOT_CLOCK}, &report->time_ns); /* 0 if there is no clock */
    log_report(report);
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
