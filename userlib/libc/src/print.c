/* SPDX-License-Identifier: ISC */
/* The printf family into streams, descriptors and memory of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "library.h"
#include "stream.h"

struct stream_sink {
    struct format_sink sink;
    FILE *stream; /* borrowed from the caller of vfprintf */
    bool failed;
};

static void put_to_stream(struct format_sink *sink, const char *bytes, size_t count)
{
    struct stream_sink *self = (struct stream_sink *)(void *)sink;
    self->failed |= !stream_put(self->stream, bytes, count);
}

int vfprintf(FILE *restrict stream, const char *restrict format, va_list arguments)
{
    struct stream_sink self = {.sink.put = put_to_stream, .stream = stream};
    int count = format_text(&self.sink, format, arguments);
    return stream_settle(stream) < 0 || self.failed ? -1 : count;
}

int vprintf(const char *restrict format, va_list arguments)
{
    return vfprintf(stdout, format, arguments);
}

/* Collects small pieces, so that a message is one write. */
struct descriptor_sink {
    struct format_sink sink;
    int fd;
    bool failed;
    size_t used_bytes;
    char pending[256];
};

static void flush_pending(struct descriptor_sink *self)
{
    const char *at = self->pending;
    while (self->used_bytes > 0 && !self->failed) {
        ssize_t written = write(self->fd, at, self->used_bytes);
        self->failed |= written <= 0;
        if (written > 0) {
            at += written;
            self->used_bytes -= (size_t)written;
        }
    }
    self->used_bytes = 0;
}

static void put_to_descriptor(struct format_sink *sink, const char *bytes, size_t count)
{
    struct descriptor_sink *self = (struct descriptor_sink *)(void *)sink;
    while (count > 0 && !self->failed) {
        size_t room_bytes = sizeof(self->pending) - self->used_bytes;
        size_t part_bytes = count < room_bytes ? count : room_bytes;
        memcpy(self->pending + self->used_bytes, bytes, part_bytes);
        self->used_bytes += part_bytes;
        bytes += part_bytes;
        count -= part_bytes;
        if (self->used_bytes == sizeof(self->pending)) {
            flush_pending(self);
        }
    }
}

int vdprintf(int fd, const char *restrict format, va_list arguments)
{
    struct descriptor_sink self;
    self.sink.put = put_to_descriptor;
    self.fd = fd;
    self.failed = false;
    self.used_bytes = 0;
    int count = format_text(&self.sink, format, arguments);
    flush_pending(&self);
    return self.failed ? -1 : count;
}

int vasprintf(char **restrict text_out, const char *restrict format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int count = vsnprintf(nullptr, 0, format, arguments);
    char *text = count < 0 ? nullptr : malloc((size_t)count + 1);
    if (text != nullptr) {
        (void)vsnprintf(text, (size_t)count + 1, format, again);
        *text_out = text;
    }
    va_end(again);
    return text == nullptr ? -1 : count;
}

int printf(const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vfprintf(stdout, format, arguments);
    va_end(arguments);
    return count;
}

int fprintf(FILE *restrict stream, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vfprintf(stream, format, arguments);
    va_end(arguments);
    return count;
}

int dprintf(int fd, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vdprintf(fd, format, arguments);
    va_end(arguments);
    return count;
}

int asprintf(char **restrict text_out, const char *restrict format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vasprintf(text_out, format, arguments);
    va_end(arguments);
    return count;
}
