/* SPDX-License-Identifier: ISC */
/* Formatting of log records and their way to logd. A record that nobody takes is counted as lost.
 */
#include <userlib/log.h>

#include <protocol/log.h>

#include <stddef.h>
#include <string.h>

static_assert(log_line_bytes_max == log_text_bytes_max);
static_assert((uint32_t)LOG_ERROR == log_level_error && (uint32_t)LOG_DEBUG == log_level_debug);

constexpr uint32_t digits_max = 20; /* of a 64-bit number in base 10 */
constexpr uint32_t width_max = 64;

static struct {
    const char *name;
    enum boot_profile profile;
    struct log_cap logd;
    uint32_t lost_count;
    void (*sink)(const struct log_line *line);
} state = {.name = "?", .profile = BOOT_PROFILE_RELEASE};

void log_init(const char *name, enum boot_profile profile, cap_slot logd)
{
    state.name = name;
    state.profile = profile;
    state.logd = (struct log_cap){logd};
}

void log_set_sink(void (*sink)(const struct log_line *line))
{
    state.sink = sink;
}

enum boot_profile log_profile(void)
{
    return state.profile;
}

/* --- formatting --- */

static void put_bytes(struct log_line *line, const char *bytes, size_t size_bytes)
{
    const size_t room_bytes = log_line_bytes_max - line->size_bytes;
    const size_t taken_bytes = size_bytes < room_bytes ? size_bytes : room_bytes;
    memcpy(line->text + line->size_bytes, bytes, taken_bytes);
    line->size_bytes += (uint32_t)taken_bytes;
}

static void put_text(struct log_line *line, const char *text)
{
    put_bytes(line, text, strnlen(text, log_line_bytes_max));
}

/* How a number is to be shown. */
struct number_form {
    uint32_t base;
    uint32_t width;
    char padding;
};

static void put_number(
    struct log_line *line, uint64_t value, bool negative, struct number_form form)
{
    char digits[digits_max + width_max + 1];
    uint32_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[value % form.base];
        value /= form.base;
    } while (value != 0);
    const uint32_t first =
        (uint32_t)sizeof digits - (form.width < width_max ? form.width : width_max);
    while (at > first) {
        digits[--at] = form.padding;
    }
    if (negative) {
        digits[--at] = '-';
    }
    put_bytes(line, digits + at, sizeof digits - at);
}

/* The next integer argument: `size` is the number of l, or 2 for z. */
static uint64_t take_unsigned(va_list arguments, uint32_t size)
{
    return size == 0 ? va_arg(arguments, unsigned) : va_arg(arguments, unsigned long);
}

static int64_t take_signed(va_list arguments, uint32_t size)
{
    return size == 0 ? va_arg(arguments, int) : va_arg(arguments, long);
}

/* Puts one conversion, whose text after '%' begins at `at`; returns where it ends. */
static const char *put_conversion(struct log_line *line, const char *at, va_list arguments)
{
    struct number_form form = {.base = 10, .padding = ' '};
    uint32_t size = 0;
    if (*at == '0') {
        form.padding = '0';
        at++;
    }
    for (; *at >= '0' && *at <= '9' && form.width < width_max; at++) {
        form.width = form.width * 10 + (uint32_t)(*at - '0');
    }
    for (; *at == 'l' || *at == 'z'; at++) {
        size++;
    }
    switch (*at) {
    case 's':
        put_text(line, va_arg(arguments, const char *));
        break;
    case 'c':
        put_bytes(line, &(char){(char)va_arg(arguments, int)}, 1);
        break;
    case 'd': {
        const int64_t value = take_signed(arguments, size);
        put_number(line, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0, form);
        break;
    }
    case 'u':
        put_number(line, take_unsigned(arguments, size), false, form);
        break;
    case 'x':
        form.base = 16;
        put_number(line, take_unsigned(arguments, size), false, form);
        break;
    case 'p':
        form.base = 16;
        put_number(line, (uintptr_t)va_arg(arguments, const void *), false, form);
        break;
    default:
        put_bytes(line, "%", 1);
        break;
    }
    return *at == 0 ? at : at + 1;
}

void log_format(struct log_line *line, const char *format, va_list arguments)
{
    while (*format != 0) {
        const size_t plain_bytes = strcspn(format, "%");
        put_bytes(line, format, plain_bytes);
        format += plain_bytes;
        if (*format == '%') {
            format = put_conversion(line, format + 1, arguments);
        }
    }
}

void log_write(enum log_level level, const char *format, ...)
{
    struct log_line line = {.level = level};
    put_text(&line, state.name);
    put_bytes(&line, ": ", 2);
    va_list arguments;
    va_start(arguments, format);
    log_format(&line, format, arguments);
    va_end(arguments);
    log_append_line(&line);
}

/* --- sending --- */

void log_append_line(const struct log_line *line)
{
    if (state.sink != nullptr) {
        state.sink(line);
        return;
    }
    if (state.logd.slot == slot_null) {
        return;
    }
    struct log_append_request request = {
        .level = (uint8_t)line->level,
        .is_marker = line->is_marker,
        .lost_count = state.lost_count,
        .line_bytes = line->size_bytes,
    };
    memcpy(request.line, line->text, line->size_bytes);
    const enum status status = line->is_marker ? log_append(state.logd, &request)
                                               : log_append_nowait(state.logd, &request);
    state.lost_count = status == STATUS_OK ? 0 : state.lost_count + 1;
}
