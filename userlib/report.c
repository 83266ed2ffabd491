/* SPDX-License-Identifier: ISC */
/* Reports of start-up. They work before anything else of the program does, and need no memory. */
#include <userlib/report.h>

#include <abi/startup.h>
#include <protocol/report.h>

#include <string.h>

static const struct report_cap rootd = {SLOT_REPORT};

void program_ready(void)
{
    (void)report_ready(rootd); /* without SLOT_REPORT nobody wants to know */
}

void program_failed(enum status status, const char *reason)
{
    struct report_failed_request request = {.status_code = status};
    const size_t length = strnlen(reason, report_failed_reason_bytes_max);
    request.reason_bytes = (uint32_t)length;
    memcpy(request.reason, reason, length);
    (void)report_failed(rootd, &request); /* the same */
}
