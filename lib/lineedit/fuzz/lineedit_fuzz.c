/* SPDX-License-Identifier: ISC */
/* Any bytes keep the line a string of UTF-8 with the cursor between two characters. */
#include <lib/lineedit/lineedit.h>
#include <lib/text/text.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void discard(void *context, const char *bytes, size_t count)
{
    volatile char last = count > 0 ? bytes[count - 1] : 0;
    (void)last;
    (void)context;
}

static void check(const struct lineedit *edit)
{
    bool at_boundary = edit->cursor == 0;
    for (size_t at = 0; at < edit->line_bytes;) {
        struct text_character character = text_first(edit->line + at, edit->line_bytes - at);
        if (character.code_point == text_replacement && character.bytes == 1) {
            abort();
        }
        at += character.bytes;
        at_boundary |= at == edit->cursor;
    }
    if (!at_boundary || strlen(edit->line) != edit->line_bytes ||
        edit->history_bytes > lineedit_history_bytes_max || edit->view_first > edit->cursor) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static struct lineedit edit;
    lineedit_init(&edit, discard, nullptr, size_bytes > 0 ? data[0] : 0);
    lineedit_begin(&edit, "erix:/$ ");
    for (size_t at = 0; at < size_bytes; at++) {
        enum lineedit_event event = lineedit_input(&edit, (char)data[at]);
        if (event == LINEEDIT_COMPLETE) {
            lineedit_remember(&edit, edit.line);
        }
        if (event != LINEEDIT_EDITING) {
            lineedit_begin(&edit, "erix:/tmp$ ");
        }
        check(&edit);
    }
    return 0;
}
