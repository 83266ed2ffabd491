/* SPDX-License-Identifier: ISC */
/* Markers are log lines with a flag. */
#include <userlib/marker.h>

#include <userlib/log.h>

#include <string.h>

static bool is_said(enum marker marker)
{
    return log_profile() != BOOT_PROFILE_RELEASE || marker_in_release(marker);
}

static void start_line(struct log_line *line, enum marker marker)
{
    const char *text = marker_text(marker);
    *line = (struct log_line){.level = LOG_INFO, .is_marker = true};
    line->size_bytes = (uint32_t)strnlen(text, log_line_bytes_max);
    memcpy(line->text, text, line->size_bytes);
}

void marker(enum marker marker)
{
    if (is_said(marker)) {
        struct log_line line;
        start_line(&line, marker);
        log_append_line(&line);
    }
}

void marker_details(enum marker marker, const char *format, ...)
{
    if (!is_said(marker)) {
        return;
    }
    struct log_line line;
    start_line(&line, marker);
    line.text[line.size_bytes++] = ' ';
    va_list arguments;
    va_start(arguments, format);
    log_format(&line, format, arguments);
    va_end(arguments);
    log_append_line(&line);
}
