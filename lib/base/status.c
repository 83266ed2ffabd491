/* SPDX-License-Identifier: ISC */
/* Texts of the one list of statuses. */
#include <lib/base/base.h>

#define STATUS_TEXT(name, text) [STATUS_##name] = text,
#define STATUS_NAME(name, text) [STATUS_##name] = #name,

static const char *const texts[STATUS_COUNT] = {STATUS_LIST(STATUS_TEXT)};
static const char *const names[STATUS_COUNT] = {STATUS_LIST(STATUS_NAME)};

const char *status_text(enum status status)
{
    if (status < 0 || status >= STATUS_COUNT) {
        return "unknown status";
    }
    return texts[status];
}

const char *status_name(enum status status)
{
    if (status < 0 || status >= STATUS_COUNT) {
        return "UNKNOWN";
    }
    return names[status];
}
