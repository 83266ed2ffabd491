/* SPDX-License-Identifier: ISC */
/*
 * Editing of one line on a terminal: bytes from the terminal in raw mode go in, bytes for the
 * terminal come out, and at some point there is a line. A pure state machine without allocation.
 *
 *     Left Right Home End ^B ^F ^A ^E      move the cursor; with Ctrl or Alt-b, Alt-f by words
 *     Backspace ^H Delete ^D               delete a character
 *     ^K ^U ^W                             delete to the end, to the start, a word
 *     Up Down ^P ^N                        walk through the history
 *     ^L                                   clear the screen
 *     Enter                                the line is complete
 *     ^C                                   the line is given up
 *     ^D on an empty line                  end of input
 *
 * A line that is wider than the terminal is shown in a window that follows the cursor. The line is
 * always UTF-8 without control characters: anything else, and what does not fit, is refused with
 * BEL.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

constexpr size_t lineedit_line_bytes_max = 1024; /* with NUL */
constexpr size_t lineedit_history_bytes_max = 8192;
constexpr size_t lineedit_columns_min = 20;

enum lineedit_event {
    LINEEDIT_EDITING,
    LINEEDIT_COMPLETE,  /* `line` is the line */
    LINEEDIT_CANCELLED, /* by ^C; `line` is empty */
    LINEEDIT_END        /* by ^D; `line` is empty */
};

/* Sends bytes to the terminal. */
typedef void lineedit_emit(void *context, const char *bytes, size_t count);

/* State of an escape sequence that is coming in. */
enum lineedit_escape {
    LINEEDIT_ESCAPE_NONE,
    LINEEDIT_ESCAPE_STARTED,  /* after ESC */
    LINEEDIT_ESCAPE_CONTROL,  /* after ESC [ */
    LINEEDIT_ESCAPE_FUNCTION, /* after ESC O */
};

struct lineedit {
    lineedit_emit *emit;
    void *emit_context; /* borrowed, for the life of the editor */
    size_t columns;     /* of the terminal */
    const char *prompt; /* borrowed, from lineedit_begin() until the line is complete */

    /* The line. It ends with NUL. */
    size_t line_bytes;
    size_t cursor; /* in bytes, always between characters */
    char line[lineedit_line_bytes_max];

    /* What the terminal shows, in columns behind the prompt. */
    size_t view_first;     /* the first byte of the line that is shown */
    size_t screen_column;  /* where the terminal's cursor stands */
    size_t screen_columns; /* how far text has been painted */

    /* Input that is not complete. */
    enum lineedit_escape escape;
    uint32_t parameters[2]; /* of an escape sequence */
    uint32_t parameter_index;
    size_t pending_bytes; /* of a character in several bytes */
    char pending[4];

    /* Earlier lines, oldest first, each with its NUL. */
    size_t history_count;
    size_t history_bytes;
    size_t history_index; /* the entry that is shown; history_count: a new line */
    char history[lineedit_history_bytes_max];
    char new_line[lineedit_line_bytes_max]; /* the new line while an entry is shown */
};

/* An editor with an empty history, for a terminal of at least lineedit_columns_min columns. */
void lineedit_init(struct lineedit *edit, lineedit_emit *emit, void *emit_context, size_t columns);

/* Show the prompt and begin a new line. */
void lineedit_begin(struct lineedit *edit, const char *prompt);

/* One byte from the terminal. After anything but LINEEDIT_EDITING, begin again. */
enum lineedit_event lineedit_input(struct lineedit *edit, char byte);

/*
 * Remember a line; not an empty one, the same as the last, or one that could not have been typed.
 * The oldest make room.
 */
void lineedit_remember(struct lineedit *edit, const char *line);

/* An entry of the history, 0 the oldest; index < history_count. Borrowed until the next change. */
const char *lineedit_history(const struct lineedit *edit, size_t index);
