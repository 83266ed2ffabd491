/* SPDX-License-Identifier: ISC */
/* The printf family into memory; apart from the streams, because this part needs no system. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "library.h"

struct buffer_sink {
    struct format_sink sink;
    char *buffer; /* borrowed from the caller of vsnprintf */
    size_t room_bytes;
};

static void put_to_buffer(struct format_sink *sink, const char *bytes, size_t count)
{
    struct buffer_sink *self = (struct buffer_sink *)(void *)sink;
    if (sink->total < self->room_bytes) {
        size_t left_bytes = self->room_bytes - sink->total;
        memcpy(self->buffer + sink->total, bytes, count < left_bytes ? count : left_bytes);
    }
}

int vsnprintf(char *restrict buffer, size_t bytes, const char *restrict format, va_list arguments)
{
    struct buffer_sink self = {
        .sink.put = put_to_buffer, .buffer = buffer, .room_bytes = bytes == 0 ? 0 : bytes - 1};
    int count = format_text(&self.sink, format, arguments);
    if (bytes > 0) {
        size_t end = self.sink.total < self.room_bytes ? self.sink.total : self.room_bytes;
        buffer[end] = 0;
    }
    return count;
}

int vsprintf(char *restrict buffer, const char *restrict format, va_list arguments)
{
    return vsnprintf(buffer, SIZE_MAX, format, arguments);
}

int sprintf(char *restrict buffer, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vsprintf(buffer, format, arguments);
    va_end(arguments);
    return count;
}

int snprintf(char *restrict buffer, size_t bytes, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(buffer, bytes, format, arguments);
    va_end(arguments);
    return count;
}
