/* SPDX-License-Identifier: ISC */
/*
 * Painting. Invariant between calls: the terminal shows the prompt and behind it the characters
 * from view_first on, as many as fit; its cursor stands where the cursor of the line is;
 * screen_column and screen_columns describe that.
 */
#include <lib/lineedit/lineedit.h>
#include <lib/text/text.h>

#include <string.h>

#include "display.h"

static void emit_text(struct lineedit *edit, const char *text)
{
    edit->emit(edit->emit_context, text, strlen(text));
}

/* Columns behind the prompt that may be painted; the last one of the terminal stays free. */
static size_t room_columns(const struct lineedit *edit)
{
    constexpr size_t columns_min = 8;
    size_t prompt_columns = text_columns(edit->prompt, strlen(edit->prompt));
    size_t used_columns = prompt_columns + 1;
    return edit->columns > used_columns + columns_min ? edit->columns - used_columns : columns_min;
}

static size_t columns_between(const struct lineedit *edit, size_t first, size_t end)
{
    return text_columns(edit->line + first, end - first);
}

/* Emit ESC [ count letter. */
static void emit_move(struct lineedit *edit, size_t count, char letter)
{
    char sequence[24];
    size_t at = sizeof(sequence);
    sequence[--at] = letter;
    for (; count > 0; count /= 10) {
        sequence[--at] = (char)('0' + count % 10);
    }
    sequence[--at] = '[';
    sequence[--at] = '\x1b';
    edit->emit(edit->emit_context, sequence + at, sizeof(sequence) - at);
}

static void move_to(struct lineedit *edit, size_t column)
{
    if (column + 1 == edit->screen_column) {
        emit_text(edit, "\b");
    } else if (column < edit->screen_column) {
        emit_move(edit, edit->screen_column - column, 'D');
    } else if (column > edit->screen_column) {
        emit_move(edit, column - edit->screen_column, 'C');
    }
    edit->screen_column = column;
}

/* Paint the characters from byte `from` on, as many as fit; the terminal's cursor is there. */
static void paint(struct lineedit *edit, size_t from)
{
    size_t room = room_columns(edit);
    size_t at = from;
    while (at < edit->line_bytes) {
        struct text_character character = text_first(edit->line + at, edit->line_bytes - at);
        if (edit->screen_column + character.columns > room) {
            break;
        }
        edit->emit(edit->emit_context, edit->line + at, character.bytes);
        edit->screen_column += character.columns;
        at += character.bytes;
    }
    if (edit->screen_column < edit->screen_columns) {
        emit_text(edit, "\x1b[K");
    }
    edit->screen_columns = edit->screen_column;
}

/* Move the window so that the cursor is in it; whether it moved. */
static bool follow_cursor(struct lineedit *edit)
{
    size_t room = room_columns(edit);
    bool inside = edit->cursor >= edit->view_first &&
                  columns_between(edit, edit->view_first, edit->cursor) <= room;
    if (inside) {
        return false;
    }
    /* The cursor comes into the middle, so that the window does not move at each key. */
    size_t first = edit->cursor;
    while (first > 0) {
        size_t previous = first - text_last_cluster_bytes(edit->line, first);
        if (columns_between(edit, previous, edit->cursor) > room / 2) {
            break;
        }
        first = previous;
    }
    edit->view_first = first;
    return true;
}

static void paint_all(struct lineedit *edit)
{
    emit_text(edit, "\r");
    emit_text(edit, edit->prompt);
    edit->screen_column = 0;
    paint(edit, edit->view_first);
    move_to(edit, columns_between(edit, edit->view_first, edit->cursor));
}

void display_begin(struct lineedit *edit)
{
    edit->view_first = 0;
    edit->screen_columns = 0;
    edit->screen_column = 0;
    emit_text(edit, edit->prompt);
    (void)follow_cursor(edit);
    paint(edit, edit->view_first);
    move_to(edit, columns_between(edit, edit->view_first, edit->cursor));
}

void display_update(struct lineedit *edit, size_t from)
{
    if (follow_cursor(edit)) {
        paint_all(edit);
        return;
    }
    size_t first = from < edit->view_first ? edit->view_first : from;
    bool visible = first <= edit->line_bytes &&
                   columns_between(edit, edit->view_first, first) <= room_columns(edit);
    bool moved_only = from == edit->line_bytes &&
                      columns_between(edit, edit->view_first, from) >= edit->screen_columns;
    if (visible && !moved_only) {
        move_to(edit, columns_between(edit, edit->view_first, first));
        paint(edit, first);
    }
    move_to(edit, columns_between(edit, edit->view_first, edit->cursor));
}

void display_clear_screen(struct lineedit *edit)
{
    emit_text(edit, "\x1b[H\x1b[2J");
    edit->screen_columns = 0;
    paint_all(edit);
}

void display_bell(struct lineedit *edit)
{
    emit_text(edit, "\a");
}

void display_end(struct lineedit *edit, const char *note)
{
    move_to(edit, edit->screen_columns);
    emit_text(edit, note);
    emit_text(edit, "\r\n");
}
