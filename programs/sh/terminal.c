/* SPDX-License-Identifier: ISC */
/*
 * Commands from a person. The terminal is raw while a line is edited and in line mode while a
 * program runs. Bytes are read one by one: what was typed ahead belongs to whoever reads next.
 */
#include <erix/terminal.h>
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <lib/lineedit/lineedit.h>

#include "sh.h"

constexpr size_t columns_default = 80;

static struct lineedit edit;

static void show(void *context, const char *bytes, size_t count)
{
    (void)context;
    (void)fwrite(bytes, 1, count, stdout); /* a terminal that is gone is noticed by read() */
}

static const char *make_prompt(void)
{
    static char prompt[PATH_MAX + 16];
    static char path[PATH_MAX];
    bool known = getcwd(path, sizeof(path)) != nullptr;
    (void)snprintf(prompt, sizeof(prompt), "erix:%s$ ", known ? path : "?");
    return prompt;
}

/* Edit one line; how it ended. */
static enum lineedit_event read_line(void)
{
    enum lineedit_event event = LINEEDIT_EDITING;
    (void)terminal_set_mode(STDIN_FILENO, TERMINAL_RAW); /* if not, the line comes at once: fine */
    lineedit_begin(&edit, make_prompt());
    while (event == LINEEDIT_EDITING) {
        char byte;
        (void)fflush(stdout);
        if (read(STDIN_FILENO, &byte, 1) != 1) {
            event = LINEEDIT_END;
            break;
        }
        event = lineedit_input(&edit, byte);
    }
    (void)fflush(stdout);
    (void)terminal_set_mode(STDIN_FILENO, TERMINAL_LINE);
    return event;
}

void terminal_print_history(FILE *out)
{
    for (size_t index = 0; index < edit.history_count; index++) {
        (void)fprintf(out, "%4zu  %s\n", index + 1, lineedit_history(&edit, index));
    }
}

void terminal_run(struct shell *shell)
{
    static char line[lineedit_line_bytes_max];
    const char *columns = getenv("COLUMNS");
    size_t column_count = columns == nullptr ? 0 : strtoul(columns, nullptr, 10);
    lineedit_init(&edit, show, nullptr, column_count == 0 ? columns_default : column_count);
    while (!shell->exiting) {
        enum lineedit_event event = read_line();
        if (event == LINEEDIT_END) {
            return;
        }
        if (event == LINEEDIT_CANCELLED) {
            shell->status = EXIT_STATUS_INTERRUPTED;
            continue;
        }
        lineedit_remember(&edit, edit.line);
        (void)snprintf(line, sizeof(line), "%s", edit.line);
        run_text(shell, line);
    }
}
