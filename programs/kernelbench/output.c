/* SPDX-License-Identifier: ISC */
/* Lines on the boot console, and the end of the machine. */
#include "bench.h"

struct line {
    char text[200];
    uint32_t bytes;
};

static void line_text(struct line *line, const char *text)
{
    while (*text != 0 && line->bytes < sizeof(line->text)) {
        line->text[line->bytes++] = *text++;
    }
}

static void line_number(struct line *line, uint64_t value)
{
    char digits[24];
    uint32_t at = sizeof(digits);
    digits[--at] = 0;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    line_text(line, " ");
    line_text(line, &digits[at]);
}

static void line_print(struct line *line)
{
    line_text(line, "\n");
    char *words = (char *)syscall_ipc_buffer()->words;
    for (uint32_t i = 0; i < line->bytes; i++) {
        words[i] = line->text[i];
    }
    (void)object_command(ROOT_SLOT_CONSOLE, CONSOLE_WRITE, line->bytes, 0, 0, 0);
    line->bytes = 0;
}

void say_figures(const char *name, const uint64_t *figures, uint32_t count)
{
    struct line line = {};
    line_text(&line, "ERIX_KERNEL:BENCH ");
    line_text(&line, name);
    for (uint32_t i = 0; i < count; i++) {
        line_number(&line, figures[i]);
    }
    line_print(&line);
}

void say_figure(const char *name, uint64_t figure)
{
    say_figures(name, &figure, 1);
}

[[noreturn]] void finish(enum exit_class exit_class)
{
    (void)object_command(ROOT_SLOT_TEST, TEST_EXIT, exit_class, 0, 0, 0);
    for (;;) {
    }
}

void must(enum status status, const char *what)
{
    if (status == STATUS_OK) {
        return;
    }
    struct line line = {};
    line_text(&line, "kernelbench: failed: ");
    line_text(&line, what);
    line_number(&line, (uint64_t)status);
    line_print(&line);
    finish(EXIT_ROOTD);
}
