/* SPDX-License-Identifier: ISC */
/*
 * Streams, as the stdio files share them.
 *
 * Invariants:
 *   1. A stream is idle, reading or writing. Idle: next = end = 0.
 *   2. Reading: bytes next..end of the buffer were read from the descriptor and not yet delivered.
 *   3. Writing: bytes 0..end of the buffer were accepted and not yet written; next is 0.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

enum stream_state : uint8_t {
    STREAM_IDLE,
    STREAM_READING,
    STREAM_WRITING
};

/* Room in front of the buffer, so that one ungetc() is always possible. */
constexpr size_t stream_unget_bytes = 8;

struct stream {
    int fd;
    enum stream_state state;
    bool readable;
    bool writable;
    bool ended;      /* feof() */
    bool failed;     /* ferror() */
    bool mode_known; /* mode is set; else it is settled at the first use */
    bool owns_buffer;
    bool flush_wanted; /* line mode: a newline waits in the buffer */
    int mode;          /* _IOFBF, _IOLBF or _IONBF (which flushes after each call) */
    uint8_t *buffer;   /* a null pointer before the first use */
    size_t capacity_bytes;
    size_t next;
    size_t end;
    int unget_count; /* characters pushed back, delivered before the buffer */
    uint8_t unget[stream_unget_bytes];
    FILE *following; /* in the list of all streams from fopen() */
};

/* Accept bytes for output; false if the stream failed. stream_settle() ends each public call. */
bool stream_put(FILE *stream, const void *bytes, size_t count);
int stream_settle(FILE *stream);

/* The next byte or EOF. */
int stream_get(FILE *stream);

/* Deliver from the buffer up to `bytes` bytes that are there without reading; how many. */
size_t stream_take(FILE *stream, void *target, size_t bytes);

/* Read more into the empty buffer; false at the end or on failure, which the stream then says. */
bool stream_fill(FILE *stream);
