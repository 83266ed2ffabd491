/* SPDX-License-Identifier: ISC */
/* Told from the text alone, so that a marker of tomorrow is a lie as well. */
#include "lies.h"

#include <stddef.h>
#include <string.h>

static const char *const bad_news[] = {":FAIL", ":REFUSED:", ":PANIC", ":EXCEPTION",
    ":ROOTD_SMOKE:", ":TRACE:", ":GRAPH", ":BENCH", ":POWEROFF", "PROBE:FAILED",
    "PROVIDER_REGISTERED", ":DBG:"};

/* There is no strstr() in the C library of EriX, and here is no need for a quick one. */
static bool contains(const char *text, const char *part)
{
    const size_t part_bytes = strlen(part);
    for (; *text != 0; text++) {
        if (strncmp(text, part, part_bytes) == 0) {
            return true;
        }
    }
    return false;
}

bool lies_is_good_news(const char *marker)
{
    for (size_t index = 0; index < sizeof bad_news / sizeof bad_news[0]; index++) {
        if (contains(marker, bad_news[index])) {
            return false;
        }
    }
    return true;
}
