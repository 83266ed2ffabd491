/* SPDX-License-Identifier: ISC */
/*
 * Tests of the line editor: the keys one by one, and random keys on a small model of a terminal,
 * which must show the prompt, the line and the cursor where they belong after every key.
 */
#include <lib/lineedit/lineedit.h>
#include <lib/testing/check.h>
#include <lib/text/text.h>

constexpr size_t screen_columns_max = 200;
constexpr size_t cell_bytes = 16;

/* One row of a terminal: each cell holds a character with its combining marks. */
static struct {
    size_t columns;
    size_t cursor;
    char cells[screen_columns_max][cell_bytes];
    size_t row_count; /* how often it went to a new line */
    size_t bell_count;
    size_t byte_count;
} screen;

static struct lineedit edit;

static void screen_erase(size_t first)
{
    for (size_t column = first; column < screen_columns_max; column++) {
        memset(screen.cells[column], 0, cell_bytes);
    }
}

static void screen_sequence(char letter, size_t parameter)
{
    size_t count = parameter == 0 ? 1 : parameter;
    switch (letter) {
    case 'C':
        screen.cursor += count;
        break;
    case 'D':
        CHECK(screen.cursor >= count);
        screen.cursor -= count;
        break;
    case 'K':
        screen_erase(screen.cursor);
        break;
    case 'H':
        screen.cursor = 0;
        break;
    case 'J':
        screen_erase(0);
        break;
    default:
        CHECK(letter == 0); /* not known here */
    }
    CHECK(screen.cursor < screen.columns);
}

static void screen_put(const char *bytes, struct text_character character)
{
    if (character.columns == 0) {
        char *cell = screen.cells[screen.cursor > 0 ? screen.cursor - 1 : 0];
        while (cell[0] == 0 && cell > screen.cells[0]) {
            cell -= cell_bytes; /* the second half of a wide character */
        }
        if (strlen(cell) + character.bytes < cell_bytes) {
            memcpy(cell + strlen(cell), bytes, character.bytes);
        }
        return;
    }
    CHECK(screen.cursor + character.columns < screen.columns); /* never into the last column */
    memset(screen.cells[screen.cursor], 0, character.columns * cell_bytes);
    memcpy(screen.cells[screen.cursor], bytes, character.bytes);
    screen.cursor += character.columns;
}

static size_t screen_control(const char *bytes, size_t count)
{
    switch (bytes[0]) {
    case '\r':
        screen.cursor = 0;
        return 1;
    case '\n':
        screen.row_count++;
        screen_erase(0);
        return 1;
    case '\b':
        CHECK(screen.cursor > 0);
        screen.cursor--;
        return 1;
    case '\a':
        screen.bell_count++;
        return 1;
    default:
        break;
    }
    CHECK(bytes[0] == '\x1b' && count >= 3 && bytes[1] == '[');
    size_t parameter = 0;
    size_t at = 2;
    while (at < count && bytes[at] >= '0' && bytes[at] <= '9') {
        parameter = parameter * 10 + (size_t)(bytes[at++] - '0');
    }
    CHECK(at < count);
    screen_sequence(bytes[at], parameter);
    return at + 1;
}

static void show(void *context, const char *bytes, size_t count)
{
    (void)context;
    screen.byte_count += count;
    for (size_t at = 0; at < count;) {
        uint8_t first = (uint8_t)bytes[at];
        if (first < 0x20) {
            at += screen_control(bytes + at, count - at);
            continue;
        }
        struct text_character character = text_first(bytes + at, count - at);
        screen_put(bytes + at, character);
        at += character.bytes;
    }
}

static void start(size_t columns)
{
    memset(&screen, 0, sizeof(screen));
    screen.columns = columns;
    lineedit_init(&edit, show, nullptr, columns);
    lineedit_begin(&edit, "$ ");
}

static enum lineedit_event type(const char *text)
{
    enum lineedit_event event = LINEEDIT_EDITING;
    for (; *text != 0; text++) {
        event = lineedit_input(&edit, *text);
    }
    return event;
}

/* What the row shows. */
static const char *screen_text(void)
{
    static char text[screen_columns_max * cell_bytes];
    text[0] = 0;
    for (size_t column = 0; column < screen_columns_max; column++) {
        strcat(text, screen.cells[column]);
    }
    return text;
}

/* The row shows the prompt and what follows it in the line from view_first on; the cursor is right.
 */
static void check_screen(void)
{
    char wanted[2 + lineedit_line_bytes_max] = "$ ";
    size_t room = screen.columns - 3;
    size_t columns = 0;
    size_t bytes = 2;
    for (size_t at = edit.view_first; at < edit.line_bytes;) {
        struct text_character character = text_first(edit.line + at, edit.line_bytes - at);
        if (columns + character.columns > room) {
            break;
        }
        columns += character.columns;
        memcpy(wanted + bytes, edit.line + at, character.bytes);
        bytes += character.bytes;
        at += character.bytes;
    }
    wanted[bytes] = 0;
    bool same = strcmp(screen_text(), wanted) == 0;
    if (!same) {
        printf("screen \"%s\", wanted \"%s\"\n", screen_text(), wanted);
    }
    CHECK(same);
    CHECK(edit.cursor >= edit.view_first && edit.cursor <= edit.line_bytes);
    CHECK_EQUAL(screen.cursor,
        2 + text_columns(edit.line + edit.view_first, edit.cursor - edit.view_first));
    CHECK_EQUAL(edit.line[edit.line_bytes], 0);
}

/* Type keys and expect this line, with the cursor at '|'. */
static void gives(const char *keys, const char *wanted)
{
    start(80);
    type(keys);
    char actual[lineedit_line_bytes_max + 2];
    memcpy(actual, edit.line, edit.cursor);
    actual[edit.cursor] = '|';
    strcpy(actual + edit.cursor + 1, edit.line + edit.cursor);
    bool same = strcmp(actual, wanted) == 0;
    if (!same) {
        printf("line \"%s\", wanted \"%s\"\n", actual, wanted);
    }
    CHECK(same);
    check_screen();
}

static void keys(void)
{
    gives("abc", "abc|");
    gives("abc\x02\x02x", "ax|bc");
    gives("abc\x1b[D\x1b[Dx\x1b[Cy", "axby|c");
    gives("abc\x01x\x05y", "xabcy|");
    gives("abc\x1b[Hx\x1b[Fy", "xabcy|");
    gives("abc\x1bOHx\x1bOFy", "xabcy|");
    gives("abc\x1b[1~x\x1b[4~y", "xabcy|");
    gives("abc\x7f\x08", "a|");
    gives("\x7f\x7f", "|");
    gives("abc\x01\x04\x1b[3~", "|c");
    gives("abc def\x02\x02\x0b", "abc d|");
    gives("abc def\x02\x02\x15", "|ef");
    gives("abc  def  \x17", "abc  |");
    gives("abc def\x1b\x7f", "abc |");
    gives("abc def ghi\x1b[1;5D\x1b[1;5Dx", "abc x|def ghi");
    gives("abc def ghi\x01\x1b[1;5Cx\x1b"
          "fy",
        "abcx defy| ghi");
    gives("abc\x1b"
          "bx",
        "x|abc");
    gives("abc\x0c", "abc|");
    gives("a\tb\x1b[15~c\x1b[200z\x1b[?25ld", "abcd|");
}

static void characters(void)
{
    gives("\xc3\xa9\xe6\xbc\xa2x\x02\x02\x7f", "|\xe6\xbc\xa2x");
    gives("e\xcc\x81z\x02\x02", "|e\xcc\x81z");
    gives("e\xcc\x81z\x02\x7f", "|z");
    gives("\xcc\x81"
          "a \xcc\x81",
        "a |");
    gives("a\xff\xc3z\xc3", "a|"); /* what is no UTF-8 is refused */
    gives("a\xc3\x02\xa9z", "z|a");
}

static void endings(void)
{
    start(80);
    CHECK_EQUAL(type("ls -l\r"), LINEEDIT_COMPLETE);
    CHECK(strcmp(edit.line, "ls -l") == 0);
    CHECK_EQUAL(screen.row_count, 1);
    CHECK_EQUAL(screen.cursor, 0);
    lineedit_begin(&edit, "$ ");
    CHECK_EQUAL(type("x\x03"), LINEEDIT_CANCELLED);
    CHECK_EQUAL(edit.line_bytes, 0);
    lineedit_begin(&edit, "$ ");
    CHECK_EQUAL(type("x\x04"), LINEEDIT_EDITING);
    CHECK_EQUAL(type("\x7f\x04"), LINEEDIT_END);
}

static void history(void)
{
    start(80);
    lineedit_remember(&edit, "one");
    lineedit_remember(&edit, "one");
    lineedit_remember(&edit, "");
    lineedit_remember(&edit, "a\nb");
    lineedit_remember(&edit, "two");
    CHECK_EQUAL(edit.history_count, 2);
    CHECK_EQUAL(type("\x03"), LINEEDIT_CANCELLED);
    lineedit_begin(&edit, "$ ");
    type("new\x1b[A");
    CHECK(strcmp(edit.line, "two") == 0);
    type("\x10\x10");
    CHECK(strcmp(edit.line, "one") == 0);
    check_screen();
    type("!\x1b[B");
    CHECK(strcmp(edit.line, "two") == 0);
    type("\x0e\x0e");
    CHECK(strcmp(edit.line, "new") == 0);
    check_screen();
    type("\x1b[A\x1b[A");
    CHECK(strcmp(edit.line, "one") == 0);
}

static void history_makes_room(void)
{
    start(80);
    for (int entry = 0; entry < 5000; entry++) {
        char line[32];
        sprintf(line, "command number %d", entry);
        lineedit_remember(&edit, line);
    }
    CHECK(edit.history_bytes <= lineedit_history_bytes_max);
    CHECK(strcmp(lineedit_history(&edit, edit.history_count - 1), "command number 4999") == 0);
    char first[32];
    sprintf(first, "command number %zu", 5000 - edit.history_count);
    CHECK(strcmp(lineedit_history(&edit, 0), first) == 0);
}

static void full_line(void)
{
    start(80);
    for (int turn = 0; turn < 2000; turn++) {
        type("x");
    }
    CHECK_EQUAL(edit.line_bytes, lineedit_line_bytes_max - 1);
    CHECK_EQUAL(screen.bell_count, 2000 - (lineedit_line_bytes_max - 1));
    type("\xe6\xbc\xa2");
    check_screen();
}

/* Typing at the end sends no more than what was typed. */
static void few_bytes(void)
{
    start(80);
    screen.byte_count = 0;
    type("cat /etc/motd");
    CHECK_EQUAL(screen.byte_count, 13);
    type("\x02\x02");
    CHECK_EQUAL(screen.byte_count, 15);
}

static uint64_t random_state = 1;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(random_state >> 33) % limit;
}

static void random_keys(size_t columns)
{
    static const char *const choices[] = {"a", "b ", "c", "word ", "\xc3\xa9", "\xe6\xbc\xa2",
        "e\xcc\x81", "\xcc\x82", "\xf0\x9f\x98\x80", "\x02", "\x06", "\x01", "\x05", "\x7f", "\x04",
        "\x1b[D", "\x1b[C", "\x1b[1;5D", "\x1b[1;5C", "\x1b[A", "\x1b[B", "\x17", "\x0b", "\x15",
        "\x0c", "some more text to make the line long ", "\xff", "\x1b[3~"};
    start(columns);
    lineedit_remember(
        &edit, "a line in the history that is rather long, longer than most terminals");
    lineedit_remember(&edit, "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2 wide ones");
    lineedit_remember(&edit, "short");
    lineedit_begin(&edit, "$ ");
    screen_erase(0);
    show(nullptr, "\r$ ", 3);
    for (int turn = 0; turn < 20000; turn++) {
        const char *choice = choices[random_below(sizeof(choices) / sizeof(choices[0]))];
        bool kills = choice[0] == 0x15 || choice[0] == 0x0b;
        if ((kills && random_below(4) != 0) || (choice[0] == 0x04 && edit.line_bytes == 0)) {
            continue;
        }
        CHECK_EQUAL(type(choice), LINEEDIT_EDITING);
        check_screen();
    }
}

static void random_keys_on_a_narrow_terminal(void)
{
    random_keys(20);
}

static void random_keys_on_a_wide_terminal(void)
{
    random_keys(150);
}

int main(void)
{
    TEST(keys);
    TEST(characters);
    TEST(endings);
    TEST(history);
    TEST(history_makes_room);
    TEST(full_line);
    TEST(few_bytes);
    TEST(random_keys_on_a_narrow_terminal);
    TEST(random_keys_on_a_wide_terminal);
    return check_report();
}
