/* SPDX-License-Identifier: ISC */
/* Reading and writing through streams: bytes, characters, lines. */
#include <errno.h>
#include <stdckdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "library.h"
#include "stream.h"

constexpr size_t line_bytes_first = 128;

size_t fread(void *restrict buffer, size_t size, size_t count, FILE *restrict stream)
{
    size_t bytes;
    if (size == 0 || count == 0 || ckd_mul(&bytes, size, count)) {
        return 0;
    }
    uint8_t *at = buffer;
    size_t done = 0;
    while (done < bytes) {
        done += stream_take(stream, at + done, bytes - done);
        if (done < bytes && !stream_fill(stream)) {
            break;
        }
    }
    return done / size;
}

size_t fwrite(const void *restrict buffer, size_t size, size_t count, FILE *restrict stream)
{
    size_t bytes;
    if (size == 0 || count == 0 || ckd_mul(&bytes, size, count)) {
        return 0;
    }
    bool accepted = stream_put(stream, buffer, bytes);
    return stream_settle(stream) == 0 && accepted ? count : 0;
}

int fgetc(FILE *stream)
{
    return stream_get(stream);
}

int getc(FILE *stream)
{
    return stream_get(stream);
}

int getchar(void)
{
    return stream_get(stdin);
}

int fputc(int character, FILE *stream)
{
    uint8_t byte = (uint8_t)character;
    return fwrite(&byte, 1, 1, stream) == 1 ? byte : EOF;
}

int putc(int character, FILE *stream)
{
    return fputc(character, stream);
}

int putchar(int character)
{
    return fputc(character, stdout);
}

int fputs(const char *restrict text, FILE *restrict stream)
{
    size_t bytes = strlen(text);
    return fwrite(text, 1, bytes, stream) == bytes ? 0 : EOF;
}

int puts(const char *text)
{
    bool accepted = stream_put(stdout, text, strlen(text)) && stream_put(stdout, "\n", 1);
    return stream_settle(stdout) == 0 && accepted ? 0 : EOF;
}

/* Take bytes that are in the buffer, up to `bytes` and up to the delimiter; how many. */
static size_t take_until(FILE *stream, char *target, size_t bytes, int delimiter)
{
    if (stream->unget_count > 0) {
        return stream_take(stream, target, 1);
    }
    size_t left_bytes = stream->state == STREAM_READING ? stream->end - stream->next : 0;
    size_t part_bytes = left_bytes < bytes ? left_bytes : bytes;
    if (part_bytes == 0) {
        return 0;
    }
    const uint8_t *first = stream->buffer + stream->next;
    const uint8_t *found = memchr(first, delimiter, part_bytes);
    return stream_take(stream, target, found == nullptr ? part_bytes : (size_t)(found + 1 - first));
}

char *fgets(char *restrict buffer, int bytes, FILE *restrict stream)
{
    if (bytes <= 0) {
        return nullptr;
    }
    size_t room_bytes = (size_t)bytes - 1;
    size_t used_bytes = 0;
    while (used_bytes < room_bytes && (used_bytes == 0 || buffer[used_bytes - 1] != '\n')) {
        size_t taken = take_until(stream, buffer + used_bytes, room_bytes - used_bytes, '\n');
        used_bytes += taken;
        if (taken == 0 && !stream_fill(stream)) {
            break;
        }
    }
    bool nothing = used_bytes == 0 && room_bytes > 0;
    if (nothing || (stream->failed && !stream->ended)) {
        return nullptr;
    }
    buffer[used_bytes] = 0;
    return buffer;
}

/* Make room for at least `bytes` in the caller's line. */
static bool grow_line(char **line, size_t *capacity_bytes, size_t bytes)
{
    if (*line != nullptr && *capacity_bytes >= bytes) {
        return true;
    }
    size_t grown_bytes = *line == nullptr ? line_bytes_first : *capacity_bytes * 2;
    grown_bytes = grown_bytes < bytes ? bytes : grown_bytes;
    char *grown = realloc(*line, grown_bytes);
    if (grown == nullptr) {
        return false;
    }
    *line = grown;
    *capacity_bytes = grown_bytes;
    return true;
}

ssize_t getdelim(char **restrict line, size_t *restrict bytes, int delimiter, FILE *restrict stream)
{
    size_t used_bytes = 0;
    for (;;) {
        if (!grow_line(line, bytes, used_bytes + 2)) {
            stream->failed = true;
            return -1;
        }
        size_t taken = take_until(stream, *line + used_bytes, *bytes - used_bytes - 1, delimiter);
        used_bytes += taken;
        bool complete = taken > 0 && (*line)[used_bytes - 1] == (char)delimiter;
        if (complete || (taken == 0 && !stream_fill(stream))) {
            break;
        }
    }
    (*line)[used_bytes] = 0;
    return used_bytes == 0 || stream->failed ? -1 : (ssize_t)used_bytes;
}

ssize_t getline(char **restrict line, size_t *restrict bytes, FILE *restrict stream)
{
    return getdelim(line, bytes, '\n', stream);
}

void perror(const char *text)
{
    const char *reason = strerror(errno);
    if (text != nullptr && *text != 0) {
        (void)dprintf(STDERR_FILENO, "%s: %s\n", text, reason);
    } else {
        (void)dprintf(STDERR_FILENO, "%s\n", reason);
    }
}
