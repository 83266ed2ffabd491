/* SPDX-License-Identifier: ISC */
/* The line discipline. See tty.h for its rules. */
#include <lib/text/text.h>
#include <lib/tty/tty.h>

#include <string.h>

enum control : uint8_t {
    INTERRUPT = 0x03,    /* ^C */
    END_OF_INPUT = 0x04, /* ^D */
    BELL = 0x07,
    BACKSPACE = 0x08,
    TAB = 0x09,
    NEWLINE = 0x0a,
    RETURN = 0x0d,
    KILL_LINE = 0x15, /* ^U */
    KILL_WORD = 0x17, /* ^W */
    DELETE = 0x7f
};

void tty_init(struct tty *tty, tty_emit *emit, void *emit_context)
{
    *tty = (struct tty){.emit = emit, .emit_context = emit_context, .mode = TTY_LINE};
}

static void echo(struct tty *tty, const char *text)
{
    tty->emit(tty->emit_context, (const uint8_t *)text, strlen(text));
}

/* Append to the ring; the caller has checked that there is room. */
static void queue_append(struct tty *tty, const uint8_t *bytes, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        tty->queue[(tty->queue_first + tty->queue_bytes + at) % tty_queue_bytes_max] = bytes[at];
    }
    tty->queue_bytes += count;
}

/* Put back at the front; there is room, because at least as many bytes were taken from there. */
static void queue_prepend(struct tty *tty, const uint8_t *bytes, size_t count)
{
    tty->queue_first = (tty->queue_first + tty_queue_bytes_max - count) % tty_queue_bytes_max;
    for (size_t at = 0; at < count; at++) {
        tty->queue[(tty->queue_first + at) % tty_queue_bytes_max] = bytes[at];
    }
    tty->queue_bytes += count;
}

static uint8_t queue_take(struct tty *tty)
{
    uint8_t byte = tty->queue[tty->queue_first];
    tty->queue_first = (tty->queue_first + 1) % tty_queue_bytes_max;
    tty->queue_bytes--;
    return byte;
}

static uint16_t *record_at(struct tty *tty, size_t index)
{
    return &tty->record_bytes[(tty->first_record + index) % tty_record_count_max];
}

static bool has_room(const struct tty *tty, size_t bytes)
{
    return tty->record_count < tty_record_count_max &&
           tty_queue_bytes_max - tty->queue_bytes >= bytes;
}

/*
 * Deliver the line being edited as one record; false if there is no room for it. If raw bytes wait,
 * the line was made from the first of them and there are no records before it.
 */
static bool deliver_line(struct tty *tty)
{
    if (!has_room(tty, tty->line_bytes)) {
        echo(tty, "\a");
        return false;
    }
    if (tty->raw_bytes > 0) {
        queue_prepend(tty, tty->line, tty->line_bytes);
    } else {
        queue_append(tty, tty->line, tty->line_bytes);
    }
    *record_at(tty, tty->record_count) = (uint16_t)tty->line_bytes;
    tty->record_count++;
    tty->line_bytes = 0;
    return true;
}

static enum tty_event input_raw(struct tty *tty, uint8_t byte)
{
    if (tty->queue_bytes == tty_queue_bytes_max) {
        echo(tty, "\a");
        return TTY_NOTHING;
    }
    queue_append(tty, &byte, 1);
    tty->raw_bytes++;
    return TTY_READABLE;
}

/* Columns of the echo of a character: controls are shown as two, such as "^A". */
static size_t echo_columns(const uint8_t *bytes, size_t count)
{
    bool is_control = count == 1 && (bytes[0] < 0x20 || bytes[0] == DELETE);
    if (is_control) {
        return bytes[0] == TAB ? 1 : 2;
    }
    return text_columns((const char *)bytes, count);
}

static void erase_character(struct tty *tty)
{
    size_t bytes = text_last_bytes((const char *)tty->line, tty->line_bytes);
    tty->line_bytes -= bytes;
    size_t columns = echo_columns(tty->line + tty->line_bytes, bytes);
    for (size_t column = 0; column < columns; column++) {
        echo(tty, "\b \b");
    }
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == TAB;
}

static void erase_word(struct tty *tty)
{
    while (tty->line_bytes > 0 && is_blank(tty->line[tty->line_bytes - 1])) {
        erase_character(tty);
    }
    while (tty->line_bytes > 0 && !is_blank(tty->line[tty->line_bytes - 1])) {
        erase_character(tty);
    }
}

/* A character other than the editing ones: into the line, and shown. */
static void append_character(struct tty *tty, uint8_t byte)
{
    /* One byte is kept for the NL that completes the line. */
    if (tty->line_bytes >= tty_line_bytes_max - 1) {
        echo(tty, "\a");
        return;
    }
    tty->line[tty->line_bytes++] = byte;
    if (byte == TAB) {
        echo(tty, " ");
    } else if (byte < 0x20 || byte == DELETE) {
        const uint8_t shown[] = {'^', byte ^ 0x40};
        tty->emit(tty->emit_context, shown, sizeof(shown));
    } else {
        tty->emit(tty->emit_context, &byte, 1);
    }
}

static enum tty_event interrupt(struct tty *tty)
{
    echo(tty, "^C\r\n");
    tty->line_bytes = 0;
    tty->record_count = 0;
    tty->queue_bytes = 0;
    tty->raw_bytes = 0;
    return TTY_INTERRUPT;
}

static enum tty_event complete_line(struct tty *tty)
{
    tty->line[tty->line_bytes++] = NEWLINE;
    if (!deliver_line(tty)) {
        tty->line_bytes--;
        return TTY_NOTHING;
    }
    echo(tty, "\r\n");
    return TTY_READABLE;
}

static enum tty_event input_line(struct tty *tty, uint8_t byte)
{
    switch (byte) {
    case INTERRUPT:
        return interrupt(tty);
    case END_OF_INPUT:
        return deliver_line(tty) ? TTY_READABLE : TTY_NOTHING;
    case NEWLINE:
    case RETURN:
        return complete_line(tty);
    case BACKSPACE:
    case DELETE:
        if (tty->line_bytes > 0) {
            erase_character(tty);
        }
        return TTY_NOTHING;
    case KILL_WORD:
        erase_word(tty);
        return TTY_NOTHING;
    case KILL_LINE:
        while (tty->line_bytes > 0) {
            erase_character(tty);
        }
        return TTY_NOTHING;
    default:
        append_character(tty, byte);
        return TTY_NOTHING;
    }
}

enum tty_event tty_input(struct tty *tty, uint8_t byte)
{
    if (tty->mode == TTY_LINE && byte == INTERRUPT) {
        return interrupt(tty);
    }
    bool behind_raw = tty->mode == TTY_RAW || tty->raw_bytes > 0;
    return behind_raw ? input_raw(tty, byte) : input_line(tty, byte);
}

/* Type raw bytes again, now into lines, until one is complete. */
static void retype(struct tty *tty)
{
    while (tty->raw_bytes > 0 && tty->record_count == 0) {
        uint8_t byte = queue_take(tty);
        tty->raw_bytes--;
        if (byte == INTERRUPT) {
            echo(tty, "^C\r\n");
            tty->line_bytes = 0;
        } else {
            (void)input_line(tty, byte); /* its effect is seen in record_count */
        }
    }
}

enum tty_event tty_set_mode(struct tty *tty, enum tty_mode mode)
{
    if (mode == TTY_RAW && tty->mode == TTY_LINE) {
        if (tty->line_bytes > 0) {
            (void)deliver_line(tty); /* without room the terminal has said so */
        }
        tty->line_bytes = 0;
        tty->record_count = 0;
        tty->raw_bytes = tty->queue_bytes;
    }
    tty->mode = mode;
    return tty->queue_bytes > 0 ? TTY_READABLE : TTY_NOTHING;
}

void tty_output(struct tty *tty, const uint8_t *bytes, size_t count)
{
    size_t first = 0;
    for (size_t at = 0; at < count; at++) {
        if (bytes[at] == NEWLINE && !tty->after_return) {
            tty->emit(tty->emit_context, bytes + first, at - first);
            echo(tty, "\r\n");
            first = at + 1;
        }
        tty->after_return = bytes[at] == RETURN;
    }
    if (first < count) {
        tty->emit(tty->emit_context, bytes + first, count - first);
    }
}

bool tty_is_readable(struct tty *tty)
{
    if (tty->mode == TTY_RAW) {
        return tty->raw_bytes > 0;
    }
    retype(tty);
    return tty->record_count > 0;
}

static size_t take_all(struct tty *tty, uint8_t *buffer, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        buffer[at] = queue_take(tty);
    }
    return count;
}

size_t tty_read(struct tty *tty, uint8_t *buffer, size_t bytes)
{
    if (tty->mode == TTY_RAW) {
        size_t count = tty->raw_bytes < bytes ? tty->raw_bytes : bytes;
        tty->raw_bytes -= count;
        return take_all(tty, buffer, count);
    }
    uint16_t *record = record_at(tty, 0);
    size_t count = *record < bytes ? *record : bytes;
    *record = (uint16_t)(*record - count);
    if (*record == 0) {
        tty->first_record = (tty->first_record + 1) % tty_record_count_max;
        tty->record_count--;
    }
    return take_all(tty, buffer, count);
}
