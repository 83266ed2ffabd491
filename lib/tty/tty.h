/* SPDX-License-Identifier: ISC */
/*
 * The line discipline of a terminal: what lies between the bytes of the line and the bytes that
 * programs read and write.
 *
 * Line mode: input is collected into lines, which can be edited and are echoed; a line is delivered
 * when it is complete. Raw mode: each byte is delivered as it came, without echo.
 *     CR, NL       complete the line; it ends with NL
 *     BS, DEL      erase the last character
 *     ^W, ^U       erase the last word, the line
 *     ^D           deliver the line as it is; on an empty line: end of input, a read of 0 bytes
 *     ^C           discard the line and everything typed ahead; an interrupt
 *
 * What was typed ahead in one mode is not lost in the other. Unread lines are delivered in raw mode
 * as their bytes. Unread raw bytes are kept as they are until a program reads in line mode; only
 * then are they edited and echoed, as if they were typed at that moment (a ^C among them discards
 * what is before it). Until then further input queues up behind them; but a ^C interrupts at once
 * in line mode, always.
 *
 * Output: NL becomes CR NL, in both modes, unless a CR came just before it.
 *
 * All bytes for the terminal go to the `emit` callback. No allocation; sizes are bounded, input
 * that does not fit is refused with BEL.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

constexpr size_t tty_line_bytes_max = 1024;
constexpr size_t tty_queue_bytes_max = 4096;
constexpr size_t tty_record_count_max = 128;

enum tty_mode {
    TTY_LINE,
    TTY_RAW
};

/* What one byte of input caused. */
enum tty_event {
    TTY_NOTHING,  /* nothing that a reader or another program would see */
    TTY_READABLE, /* tty_is_readable() may have become true */
    TTY_INTERRUPT /* ^C: whoever owns the terminal's programs ends the one in the foreground */
};

/* Sends bytes to the terminal; must not call back into the tty. */
typedef void tty_emit(void *context, const uint8_t *bytes, size_t count);

struct tty {
    tty_emit *emit;
    void *emit_context; /* borrowed, for the life of the tty */
    enum tty_mode mode;
    bool after_return; /* the last byte of output was CR */

    /* The line being edited. */
    size_t line_bytes;
    uint8_t line[tty_line_bytes_max];

    /*
     * Not yet read, in a ring: first the records, which are complete lines (0 bytes: end of input),
     * then raw bytes. In raw mode there are no records. If there are raw bytes, `line` is empty.
     */
    size_t record_count;
    size_t first_record;
    uint16_t record_bytes[tty_record_count_max];
    size_t raw_bytes;
    size_t queue_first;
    size_t queue_bytes;
    uint8_t queue[tty_queue_bytes_max];
};

/* A tty in line mode. */
void tty_init(struct tty *tty, tty_emit *emit, void *emit_context);

/* Change the mode; TTY_READABLE if there is anything that was typed ahead. */
enum tty_event tty_set_mode(struct tty *tty, enum tty_mode mode);

/* One byte from the terminal. */
enum tty_event tty_input(struct tty *tty, uint8_t byte);

/* Bytes from a program for the terminal. */
void tty_output(struct tty *tty, const uint8_t *bytes, size_t count);

/*
 * Whether tty_read() has an answer, be it the end of input. For a reader who waits: in line mode
 * this is when raw bytes that were typed ahead are edited and echoed.
 */
bool tty_is_readable(struct tty *tty);

/*
 * Read at most `bytes` (at least 1) of the first line, or of what was typed in raw mode. 0 means
 * end of input. Only when tty_is_readable().
 */
size_t tty_read(struct tty *tty, uint8_t *buffer, size_t bytes);
