/* SPDX-License-Identifier: ISC */
/* Keys and what they do to the line. See lineedit.h. */
#include <lib/lineedit/lineedit.h>
#include <lib/text/text.h>

#include <string.h>

#include "display.h"

enum key : uint8_t {
    KEY_NONE,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_WORD_LEFT,
    KEY_WORD_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_UP,
    KEY_DOWN,
    KEY_BACKSPACE,
    KEY_DELETE,
    KEY_KILL_TO_END,
    KEY_KILL_TO_START,
    KEY_KILL_WORD,
    KEY_CLEAR,
    KEY_ENTER,
    KEY_CANCEL,
    KEY_DELETE_OR_END
};

static const enum key control_keys[32] = {
    [0x01] = KEY_HOME,          /* ^A */
    [0x02] = KEY_LEFT,          /* ^B */
    [0x03] = KEY_CANCEL,        /* ^C */
    [0x04] = KEY_DELETE_OR_END, /* ^D */
    [0x05] = KEY_END,           /* ^E */
    [0x06] = KEY_RIGHT,         /* ^F */
    [0x08] = KEY_BACKSPACE,     /* ^H */
    [0x0a] = KEY_ENTER,         /* NL */
    [0x0b] = KEY_KILL_TO_END,   /* ^K */
    [0x0c] = KEY_CLEAR,         /* ^L */
    [0x0d] = KEY_ENTER,         /* CR */
    [0x0e] = KEY_DOWN,          /* ^N */
    [0x10] = KEY_UP,            /* ^P */
    [0x15] = KEY_KILL_TO_START, /* ^U */
    [0x17] = KEY_KILL_WORD,     /* ^W */
};

/* Keys that end their sequence with a letter, by the letter. */
static const enum key letter_keys[128] = {
    ['A'] = KEY_UP,
    ['B'] = KEY_DOWN,
    ['C'] = KEY_RIGHT,
    ['D'] = KEY_LEFT,
    ['F'] = KEY_END,
    ['H'] = KEY_HOME,
};

/* Keys that end their sequence with '~', by the number before it. */
static const enum key number_keys[9] = {
    [1] = KEY_HOME,
    [3] = KEY_DELETE,
    [4] = KEY_END,
    [7] = KEY_HOME,
    [8] = KEY_END,
};

/* Keys after ESC alone, which is how terminals send Alt. */
static const enum key alternate_keys[128] = {
    ['b'] = KEY_WORD_LEFT,
    ['f'] = KEY_WORD_RIGHT,
    [0x7f] = KEY_KILL_WORD,
};

void lineedit_init(struct lineedit *edit, lineedit_emit *emit, void *emit_context, size_t columns)
{
    *edit = (struct lineedit){.emit = emit,
        .emit_context = emit_context,
        .columns = columns < lineedit_columns_min ? lineedit_columns_min : columns,
        .prompt = ""};
}

void lineedit_begin(struct lineedit *edit, const char *prompt)
{
    edit->prompt = prompt;
    edit->line_bytes = 0;
    edit->cursor = 0;
    edit->line[0] = 0;
    edit->history_index = edit->history_count;
    edit->escape = LINEEDIT_ESCAPE_NONE;
    edit->pending_bytes = 0;
    display_begin(edit);
}

/*
 * Whether bytes may stand in a line behind `previous`, which is 0 at its start: UTF-8 without
 * control characters; and what takes no column stands behind a character that it can join.
 */
static bool is_typable(const char *bytes, size_t count, char previous)
{
    for (size_t at = 0; at < count;) {
        struct text_character character = text_first(bytes + at, count - at);
        bool broken = character.code_point == text_replacement && character.bytes == 1;
        bool joins = character.columns > 0 || (previous != 0 && previous != ' ');
        bool control = character.code_point < 0x20 ||
                       (character.code_point >= 0x7f && character.code_point < 0xa0);
        if (broken || control || !joins) {
            return false;
        }
        at += character.bytes;
        previous = bytes[at - 1];
    }
    return true;
}

/* History. */

const char *lineedit_history(const struct lineedit *edit, size_t index)
{
    const char *entry = edit->history;
    for (size_t before = 0; before < index; before++) {
        entry += strlen(entry) + 1;
    }
    return entry;
}

static void forget_oldest(struct lineedit *edit)
{
    size_t bytes = strlen(edit->history) + 1;
    memmove(edit->history, edit->history + bytes, edit->history_bytes - bytes);
    edit->history_bytes -= bytes;
    edit->history_count--;
}

void lineedit_remember(struct lineedit *edit, const char *line)
{
    size_t bytes = strlen(line) + 1;
    bool repeated = edit->history_count > 0 &&
                    strcmp(lineedit_history(edit, edit->history_count - 1), line) == 0;
    if (*line == 0 || repeated || bytes > lineedit_line_bytes_max ||
        !is_typable(line, bytes - 1, 0)) {
        return;
    }
    while (edit->history_bytes + bytes > lineedit_history_bytes_max) {
        forget_oldest(edit);
    }
    memcpy(edit->history + edit->history_bytes, line, bytes);
    edit->history_bytes += bytes;
    edit->history_count++;
}

/* Replace the whole line, with the cursor at its end. */
static void set_line(struct lineedit *edit, const char *text)
{
    edit->line_bytes = strlen(text);
    memcpy(edit->line, text, edit->line_bytes + 1);
    edit->cursor = edit->line_bytes;
    edit->view_first = 0;
    display_update(edit, 0);
}

static void show_entry(struct lineedit *edit, size_t index)
{
    if (edit->history_index == edit->history_count) {
        memcpy(edit->new_line, edit->line, edit->line_bytes + 1);
    }
    edit->history_index = index;
    set_line(edit, index == edit->history_count ? edit->new_line : lineedit_history(edit, index));
}

/* Changes of the line. */

static void remove_range(struct lineedit *edit, size_t first, size_t end)
{
    memmove(edit->line + first, edit->line + end, edit->line_bytes - end + 1);
    edit->line_bytes -= end - first;
    edit->cursor = first;
    display_update(edit, first);
}

static void insert(struct lineedit *edit, const char *bytes, size_t count)
{
    size_t from = edit->cursor;
    char previous = from > 0 ? edit->line[from - 1] : 0;
    if (edit->line_bytes + count >= lineedit_line_bytes_max ||
        !is_typable(bytes, count, previous)) {
        display_bell(edit);
        return;
    }
    memmove(edit->line + from + count, edit->line + from, edit->line_bytes - from + 1);
    memcpy(edit->line + from, bytes, count);
    edit->line_bytes += count;
    edit->cursor += count;
    display_update(edit, from);
}

static void move_cursor(struct lineedit *edit, size_t cursor)
{
    edit->cursor = cursor;
    display_update(edit, edit->line_bytes);
}

/* Places in the line. */

static size_t place_left(const struct lineedit *edit)
{
    return edit->cursor == 0 ? 0 : edit->cursor - text_last_cluster_bytes(edit->line, edit->cursor);
}

static size_t place_right(const struct lineedit *edit)
{
    size_t left_bytes = edit->line_bytes - edit->cursor;
    return left_bytes == 0
               ? edit->cursor
               : edit->cursor + text_first_cluster_bytes(edit->line + edit->cursor, left_bytes);
}

/* Words are what blanks separate; a blank is never part of a longer character. */
static size_t place_word_left(const struct lineedit *edit)
{
    size_t place = edit->cursor;
    while (place > 0 && edit->line[place - 1] == ' ') {
        place--;
    }
    while (place > 0 && edit->line[place - 1] != ' ') {
        place--;
    }
    return place;
}

static size_t place_word_right(const struct lineedit *edit)
{
    size_t place = edit->cursor;
    while (place < edit->line_bytes && edit->line[place] == ' ') {
        place++;
    }
    while (place < edit->line_bytes && edit->line[place] != ' ') {
        place++;
    }
    return place;
}

/* The line ends; the event that it ends with. */
static enum lineedit_event end_line(
    struct lineedit *edit, enum lineedit_event event, const char *note)
{
    display_end(edit, note);
    if (event != LINEEDIT_COMPLETE) {
        edit->line_bytes = 0;
        edit->line[0] = 0;
    }
    return event;
}

static enum lineedit_event press_delete_or_end(struct lineedit *edit)
{
    if (edit->line_bytes == 0) {
        return end_line(edit, LINEEDIT_END, "");
    }
    remove_range(edit, edit->cursor, place_right(edit));
    return LINEEDIT_EDITING;
}

static enum lineedit_event press(struct lineedit *edit, enum key key)
{
    switch (key) {
    case KEY_NONE:
        return LINEEDIT_EDITING;
    case KEY_LEFT:
        move_cursor(edit, place_left(edit));
        return LINEEDIT_EDITING;
    case KEY_RIGHT:
        move_cursor(edit, place_right(edit));
        return LINEEDIT_EDITING;
    case KEY_WORD_LEFT:
        move_cursor(edit, place_word_left(edit));
        return LINEEDIT_EDITING;
    case KEY_WORD_RIGHT:
        move_cursor(edit, place_word_right(edit));
        return LINEEDIT_EDITING;
    case KEY_HOME:
        move_cursor(edit, 0);
        return LINEEDIT_EDITING;
    case KEY_END:
        move_cursor(edit, edit->line_bytes);
        return LINEEDIT_EDITING;
    case KEY_UP:
        if (edit->history_index > 0) {
            show_entry(edit, edit->history_index - 1);
        }
        return LINEEDIT_EDITING;
    case KEY_DOWN:
        if (edit->history_index < edit->history_count) {
            show_entry(edit, edit->history_index + 1);
        }
        return LINEEDIT_EDITING;
    case KEY_BACKSPACE:
        remove_range(edit, place_left(edit), edit->cursor);
        return LINEEDIT_EDITING;
    case KEY_DELETE:
        remove_range(edit, edit->cursor, place_right(edit));
        return LINEEDIT_EDITING;
    case KEY_KILL_TO_END:
        remove_range(edit, edit->cursor, edit->line_bytes);
        return LINEEDIT_EDITING;
    case KEY_KILL_TO_START:
        remove_range(edit, 0, edit->cursor);
        return LINEEDIT_EDITING;
    case KEY_KILL_WORD:
        remove_range(edit, place_word_left(edit), edit->cursor);
        return LINEEDIT_EDITING;
    case KEY_CLEAR:
        display_clear_screen(edit);
        return LINEEDIT_EDITING;
    case KEY_ENTER:
        return end_line(edit, LINEEDIT_COMPLETE, "");
    case KEY_CANCEL:
        return end_line(edit, LINEEDIT_CANCELLED, "^C");
    case KEY_DELETE_OR_END:
        return press_delete_or_end(edit);
    }
    return LINEEDIT_EDITING;
}

/* Input. */

/* Collect the parameters of an escape sequence; at its last byte, the key. */
static enum key continue_control(struct lineedit *edit, uint8_t byte)
{
    constexpr uint32_t parameter_max = 99;
    constexpr uint32_t with_control = 5; /* xterm's number for the key Ctrl beside a cursor key */
    uint32_t *parameter = &edit->parameters[edit->parameter_index];
    if (byte >= '0' && byte <= '9') {
        uint32_t value = *parameter * 10 + (byte - '0');
        *parameter = value > parameter_max ? parameter_max : value;
        return KEY_NONE;
    }
    if (byte == ';') {
        edit->parameter_index = 1;
        return KEY_NONE;
    }
    if (byte < 0x40 || byte > 0x7e) {
        edit->escape = byte >= 0x20 && byte < 0x40 ? edit->escape : LINEEDIT_ESCAPE_NONE;
        return KEY_NONE;
    }
    edit->escape = LINEEDIT_ESCAPE_NONE;
    if (byte == '~') {
        constexpr uint32_t count = sizeof(number_keys) / sizeof(number_keys[0]);
        return edit->parameters[0] < count ? number_keys[edit->parameters[0]] : KEY_NONE;
    }
    enum key key = letter_keys[byte];
    if (edit->parameters[1] == with_control && (key == KEY_LEFT || key == KEY_RIGHT)) {
        return key == KEY_LEFT ? KEY_WORD_LEFT : KEY_WORD_RIGHT;
    }
    return key;
}

static enum key continue_escape(struct lineedit *edit, uint8_t byte)
{
    switch (edit->escape) {
    case LINEEDIT_ESCAPE_STARTED:
        edit->parameters[0] = 0;
        edit->parameters[1] = 0;
        edit->parameter_index = 0;
        edit->escape = byte == '['   ? LINEEDIT_ESCAPE_CONTROL
                       : byte == 'O' ? LINEEDIT_ESCAPE_FUNCTION
                                     : LINEEDIT_ESCAPE_NONE;
        return byte < 0x80 ? alternate_keys[byte] : KEY_NONE;
    case LINEEDIT_ESCAPE_FUNCTION:
        edit->escape = LINEEDIT_ESCAPE_NONE;
        return byte < 0x80 ? letter_keys[byte] : KEY_NONE;
    default:
        return continue_control(edit, byte);
    }
}

/* A byte of text: a character is inserted when its last byte has come. */
static void input_text(struct lineedit *edit, char byte)
{
    edit->pending[edit->pending_bytes++] = byte;
    if (text_missing_bytes(edit->pending, edit->pending_bytes) > 0) {
        return;
    }
    size_t count = edit->pending_bytes;
    edit->pending_bytes = 0;
    insert(edit, edit->pending, count);
}

enum lineedit_event lineedit_input(struct lineedit *edit, char byte)
{
    constexpr uint8_t escape = 0x1b;
    constexpr uint8_t delete = 0x7f;
    uint8_t value = (uint8_t)byte;
    if (edit->escape != LINEEDIT_ESCAPE_NONE) {
        return press(edit, continue_escape(edit, value));
    }
    if (value >= 0x20 && value != delete) {
        input_text(edit, byte);
        return LINEEDIT_EDITING;
    }
    edit->pending_bytes = 0; /* a character that is not completed is dropped */
    if (value == escape) {
        edit->escape = LINEEDIT_ESCAPE_STARTED;
        return LINEEDIT_EDITING;
    }
    return press(edit, value == delete ? KEY_BACKSPACE : control_keys[value]);
}
