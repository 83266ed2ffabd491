/* SPDX-License-Identifier: ISC */
/*
 * Log records, for people. Appending is one-way: nobody ever waits for the log. Programs that
 * have no peer logd stay silent, unless they set a sink of their own (rootd, before logd runs).
 */
#pragma once

#include <abi/boot_handoff.h>
#include <abi/object.h>

#include <stdarg.h>
#include <stdint.h>

enum log_level : uint8_t {
    LOG_ERROR = 0,
    LOG_WARNING = 1,
    LOG_INFO = 2,
    LOG_DEBUG = 3,
};

/* Longer records are cut. */
constexpr uint32_t log_line_bytes_max = 200;

/* One record or, where is_marker is set, a line for machines. Text without a line end. */
struct log_line {
    enum log_level level;
    bool is_marker;
    uint32_t size_bytes;
    char text[log_line_bytes_max + 1]; /* ends with a zero */
};

/* Called by start.c; logd may be slot_null. `name` must stay valid. */
void log_init(const char *name, enum boot_profile profile, cap_slot logd);

/* Send lines to `sink` instead of logd; nullptr: to logd again. */
void log_set_sink(void (*sink)(const struct log_line *line));

/* Append "NAME: " and the text. Knows %s %c %d %u %x %p with l, ll or z, widths, a leading 0, and
 * %%. */
[[gnu::format(printf, 2, 3)]] void log_write(enum log_level level, const char *format, ...);

/* Add text to a line; knows what log_write knows. */
void log_format(struct log_line *line, const char *format, va_list arguments);

/* Append a line as it is; waits until it was taken if it is a marker, else drops it when nobody is
 * ready. */
void log_append_line(const struct log_line *line);

/* The profile of the image, as start.c told. */
enum boot_profile log_profile(void);
