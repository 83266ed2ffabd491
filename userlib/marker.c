/* SPDX-License-Identifier: ISC */
/* Markers are log lines with a flag. */
#include <userlib/marker.h>

#include <userlib/log.h>

#include <string.h>

void marker(enum marker marker)
{
    if (log_profile() == BOOT_PROFILE_RELEASE && !marker_in_release(marker)) {
        return;
    }
    struct log_line line = {.level = LOG_INFO, .is_marker = true};
    const char *text = marker_text(marker);
    line.size_bytes = (uint32_t)strnlen(text, log_line_bytes_max);
    memcpy(line.text, text, line.size_bytes);
    log_append_line(&line);
}
