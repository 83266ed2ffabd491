/* SPDX-License-Identifier: ISC */
/* Markers are log lines with a flag. */
#include <userlib/marker.h>

#include <userlib/log.h>

#include <string.h>

static void put(struct log_line *line, const char *text)
{
    const uint32_t room_bytes = log_line_bytes_max - line->size_bytes;
    const uint32_t size_bytes = (uint32_t)strnlen(text, room_bytes);
    memcpy(line->text + line->size_bytes, text, size_bytes);
    line->size_bytes += size_bytes;
}

void marker_details(enum marker marker, const char *details)
{
    if (log_profile() == BOOT_PROFILE_RELEASE && !marker_in_release(marker)) {
        return;
    }
    struct log_line line = {.level = LOG_INFO, .is_marker = true};
    put(&line, marker_text(marker));
    if (details[0] != 0) {
        put(&line, " ");
        put(&line, details);
    }
    log_append_line(&line);
}

void marker(enum marker marker)
{
    marker_details(marker, "");
}
