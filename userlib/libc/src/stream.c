/* SPDX-License-Identifier: ISC */
/* Streams: opening, buffering, moving, closing. What is in the buffer, and when, is settled here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "library.h"
#include "stream.h"

static struct stream standard_input = {.fd = STDIN_FILENO, .readable = true};
static struct stream standard_output = {.fd = STDOUT_FILENO, .writable = true};
static struct stream standard_error = {
    .fd = STDERR_FILENO, .writable = true, .mode = _IONBF, .mode_known = true};

FILE *const stdin = &standard_input;
FILE *const stdout = &standard_output;
FILE *const stderr = &standard_error;

static FILE *opened; /* owned: all streams from fopen() and fdopen() */

/* What a mode string asks for; false if it is no such string. */
static bool parse_mode(const char *mode, int *flags_out)
{
    int flags;
    switch (*mode) {
    case 'r':
        flags = O_RDONLY;
        break;
    case 'w':
        flags = O_WRONLY | O_CREAT | O_TRUNC;
        break;
    case 'a':
        flags = O_WRONLY | O_CREAT | O_APPEND;
        break;
    default:
        errno = EINVAL;
        return false;
    }
    for (mode++; *mode != 0; mode++) {
        if (*mode == '+') {
            flags = (flags & ~O_ACCMODE) | O_RDWR;
        } else if (*mode == 'x') {
            flags |= O_EXCL;
        } else if (*mode != 'b' && *mode != 'e' && *mode != 't') {
            errno = EINVAL;
            return false;
        }
    }
    *flags_out = flags;
    return true;
}

static FILE *make_stream(int fd, int flags)
{
    FILE *stream = calloc(1, sizeof(*stream));
    if (stream == nullptr) {
        return nullptr;
    }
    int access_mode = flags & O_ACCMODE;
    stream->fd = fd;
    stream->readable = access_mode != O_WRONLY;
    stream->writable = access_mode != O_RDONLY;
    stream->following = opened;
    opened = stream;
    return stream;
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
    int flags;
    if (!parse_mode(mode, &flags)) {
        return nullptr;
    }
    int fd = open(path, flags, 0666);
    if (fd < 0) {
        return nullptr;
    }
    FILE *stream = make_stream(fd, flags);
    if (stream == nullptr) {
        (void)close(fd); /* errno is that of calloc */
    }
    return stream;
}

FILE *fdopen(int fd, const char *mode)
{
    int flags;
    return parse_mode(mode, &flags) ? make_stream(fd, flags) : nullptr;
}

int fileno(FILE *stream)
{
    return stream->fd;
}

int setvbuf(FILE *restrict stream, char *restrict buffer, int mode, size_t bytes)
{
    if (stream->state != STREAM_IDLE || mode < _IOFBF || mode > _IONBF) {
        errno = EINVAL;
        return -1;
    }
    stream->mode = mode;
    stream->mode_known = true;
    if (buffer != nullptr && bytes > 0 && stream->buffer == nullptr) {
        stream->buffer = (uint8_t *)buffer;
        stream->capacity_bytes = bytes;
    }
    return 0;
}

void setbuf(FILE *restrict stream, char *restrict buffer)
{
    (void)setvbuf(stream, buffer, buffer == nullptr ? _IONBF : _IOFBF, BUFSIZ);
}

/* Give the stream a buffer and a mode if it has none. */
static bool prepare(FILE *stream)
{
    if (!stream->mode_known) {
        stream->mode = system_is_terminal(stream->fd) ? _IOLBF : _IOFBF;
        stream->mode_known = true;
    }
    if (stream->buffer == nullptr) {
        stream->buffer = malloc(BUFSIZ);
        stream->capacity_bytes = BUFSIZ;
        stream->owns_buffer = true;
        if (stream->buffer == nullptr) {
            stream->failed = true;
            return false;
        }
    }
    return true;
}

/* Write all of it, in as many parts as the system takes. */
static bool write_all(FILE *stream, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(stream->fd, bytes, count);
        if (written <= 0) {
            stream->failed = true;
            return false;
        }
        bytes += written;
        count -= (size_t)written;
    }
    return true;
}

/* Leave the writing state; the bytes are gone even if they could not be written. */
static bool finish_writing(FILE *stream)
{
    size_t count = stream->end;
    stream->end = 0;
    stream->state = STREAM_IDLE;
    stream->flush_wanted = false;
    return write_all(stream, stream->buffer, count);
}

/* Leave the reading state: the descriptor goes back to where the program thinks that it is. */
static void finish_reading(FILE *stream)
{
    off_t ahead_bytes = (off_t)(stream->end - stream->next) + stream->unget_count;
    int saved = errno;
    if (ahead_bytes > 0) {
        (void)lseek(stream->fd, -ahead_bytes, SEEK_CUR); /* a terminal cannot, and need not */
    }
    errno = saved;
    stream->next = 0;
    stream->end = 0;
    stream->unget_count = 0;
    stream->state = STREAM_IDLE;
}

static bool start_writing(FILE *stream)
{
    if (stream->state == STREAM_WRITING) {
        return true;
    }
    if (!stream->writable) {
        errno = EBADF;
        stream->failed = true;
        return false;
    }
    if (stream->state == STREAM_READING) {
        finish_reading(stream);
    }
    if (!prepare(stream)) {
        return false;
    }
    stream->state = STREAM_WRITING;
    return true;
}

bool stream_put(FILE *stream, const void *bytes, size_t count)
{
    if (!start_writing(stream)) {
        return false;
    }
    if (count > stream->capacity_bytes - stream->end) {
        if (!finish_writing(stream)) {
            return false;
        }
        if (count >= stream->capacity_bytes) {
            return write_all(stream, bytes, count);
        }
        stream->state = STREAM_WRITING;
    }
    memcpy(stream->buffer + stream->end, bytes, count);
    stream->end += count;
    if (stream->mode == _IOLBF && memchr(bytes, '\n', count) != nullptr) {
        stream->flush_wanted = true;
    }
    return true;
}

int stream_settle(FILE *stream)
{
    bool flush = stream->flush_wanted || stream->mode == _IONBF;
    if (stream->state == STREAM_WRITING && flush && !finish_writing(stream)) {
        return EOF;
    }
    return 0;
}

static bool start_reading(FILE *stream)
{
    if (stream->state == STREAM_READING) {
        return true;
    }
    if (!stream->readable) {
        errno = EBADF;
        stream->failed = true;
        return false;
    }
    if (stream->state == STREAM_WRITING && !finish_writing(stream)) {
        return false;
    }
    if (!prepare(stream)) {
        return false;
    }
    stream->state = STREAM_READING;
    return true;
}

bool stream_fill(FILE *stream)
{
    if (!start_reading(stream)) {
        return false;
    }
    if (stream->mode == _IOLBF && stdout->state == STREAM_WRITING) {
        (void)fflush(
            stdout); /* a prompt is seen before its answer is awaited; stdout keeps errors */
    }
    size_t wanted_bytes = stream->mode == _IONBF ? 1 : stream->capacity_bytes;
    ssize_t count = read(stream->fd, stream->buffer, wanted_bytes);
    stream->next = 0;
    stream->end = count > 0 ? (size_t)count : 0;
    stream->ended |= count == 0;
    stream->failed |= count < 0;
    return count > 0;
}

size_t stream_take(FILE *stream, void *target, size_t bytes)
{
    uint8_t *at = target;
    size_t taken = 0;
    while (taken < bytes && stream->unget_count > 0) {
        at[taken++] = stream->unget[--stream->unget_count];
    }
    size_t left_bytes = stream->state == STREAM_READING ? stream->end - stream->next : 0;
    size_t part_bytes = bytes - taken < left_bytes ? bytes - taken : left_bytes;
    if (part_bytes > 0) {
        memcpy(at + taken, stream->buffer + stream->next, part_bytes);
        stream->next += part_bytes;
    }
    return taken + part_bytes;
}

int stream_get(FILE *stream)
{
    uint8_t byte;
    if (stream_take(stream, &byte, 1) == 1) {
        return byte;
    }
    return stream_fill(stream) ? stream->buffer[stream->next++] : EOF;
}

int ungetc(int character, FILE *stream)
{
    if (character == EOF || stream->unget_count == (int)stream_unget_bytes ||
        !start_reading(stream)) {
        return EOF;
    }
    stream->unget[stream->unget_count++] = (uint8_t)character;
    stream->ended = false;
    return (uint8_t)character;
}

static bool flush_one(FILE *stream)
{
    if (stream->state == STREAM_WRITING) {
        return finish_writing(stream);
    }
    if (stream->state == STREAM_READING) {
        finish_reading(stream);
    }
    return true;
}

/* Write what all streams hold; streams that are read keep what they have. */
static bool flush_writers(void)
{
    bool complete = true;
    if (stdout->state == STREAM_WRITING) {
        complete &= finish_writing(stdout);
    }
    for (FILE *stream = opened; stream != nullptr; stream = stream->following) {
        if (stream->state == STREAM_WRITING) {
            complete &= finish_writing(stream);
        }
    }
    return complete;
}

int fflush(FILE *stream)
{
    bool complete = stream == nullptr ? flush_writers() : flush_one(stream);
    return complete ? 0 : EOF;
}

void stream_flush_all(void)
{
    (void)flush_writers(); /* exit() has no way to report */
    if (stdin->state == STREAM_READING) {
        finish_reading(stdin); /* whoever reads next goes on where this program stopped */
    }
}

static void unlink_stream(FILE *stream)
{
    for (FILE **link = &opened; *link != nullptr; link = &(*link)->following) {
        if (*link == stream) {
            *link = stream->following;
            return;
        }
    }
}

int fclose(FILE *stream)
{
    bool standard = stream == stdin || stream == stdout || stream == stderr;
    bool complete = flush_one(stream);
    complete &= close(stream->fd) == 0;
    if (stream->owns_buffer) {
        free(stream->buffer);
    }
    if (standard) {
        *stream = (struct stream){.fd = -1};
    } else {
        unlink_stream(stream);
        free(stream);
    }
    return complete ? 0 : EOF;
}

int fseeko(FILE *stream, off_t offset, int whence)
{
    if (!flush_one(stream) || lseek(stream->fd, offset, whence) < 0) {
        return -1;
    }
    stream->ended = false;
    return 0;
}

int fseek(FILE *stream, long offset, int whence)
{
    return fseeko(stream, offset, whence);
}

off_t ftello(FILE *stream)
{
    /* An appending stream is at the end of the file only once its bytes are there. */
    if (stream->state == STREAM_WRITING && !finish_writing(stream)) {
        return -1;
    }
    off_t offset = lseek(stream->fd, 0, SEEK_CUR);
    if (offset < 0) {
        return -1;
    }
    off_t ahead_bytes = (off_t)(stream->end - stream->next) + stream->unget_count;
    return offset - ahead_bytes;
}

long ftell(FILE *stream)
{
    return ftello(stream);
}

void rewind(FILE *stream)
{
    (void)fseeko(stream, 0, SEEK_SET); /* C gives rewind() no way to report */
    stream->failed = false;
}

int feof(FILE *stream)
{
    return stream->ended;
}

int ferror(FILE *stream)
{
    return stream->failed;
}

void clearerr(FILE *stream)
{
    stream->ended = false;
    stream->failed = false;
}
