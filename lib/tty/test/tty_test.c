/* SPDX-License-Identifier: ISC */
/* Tests of the line discipline: what is delivered, what is echoed, and when. */
#include <lib/testing/check.h>
#include <lib/tty/tty.h>

static struct tty tty;
static char shown[16384];
static size_t shown_bytes;

static void collect(void *context, const uint8_t *bytes, size_t count)
{
    (void)context;
    for (size_t at = 0; at < count && shown_bytes < sizeof(shown) - 1; at++) {
        shown[shown_bytes++] = (char)bytes[at];
    }
    shown[shown_bytes] = 0;
}

static void start(void)
{
    tty_init(&tty, collect, nullptr);
    shown_bytes = 0;
    shown[0] = 0;
}

/* Type a text; the event of its last byte. */
static enum tty_event type(const char *text)
{
    enum tty_event event = TTY_NOTHING;
    for (; *text != 0; text++) {
        event = tty_input(&tty, (uint8_t)*text);
    }
    return event;
}

/* The terminal has shown exactly this since the last time. */
static void shows(const char *wanted)
{
    bool same = strcmp(shown, wanted) == 0;
    if (!same) {
        printf("shown \"%s\", wanted \"%s\"\n", shown, wanted);
    }
    CHECK(same);
    shown_bytes = 0;
    shown[0] = 0;
}

static void reads(size_t bytes, const char *wanted)
{
    uint8_t buffer[tty_queue_bytes_max] = {};
    CHECK(tty_is_readable(&tty));
    size_t count = tty_read(&tty, buffer, bytes);
    CHECK_EQUAL(count, strlen(wanted));
    CHECK(memcmp(buffer, wanted, strlen(wanted)) == 0);
}

static void lines(void)
{
    start();
    CHECK_EQUAL(type("hello"), TTY_NOTHING);
    CHECK(!tty_is_readable(&tty));
    shows("hello");
    CHECK_EQUAL(type("\r"), TTY_READABLE);
    shows("\r\n");
    type("two\n");
    reads(100, "hello\n");
    reads(2, "tw");
    reads(100, "o\n");
    CHECK(!tty_is_readable(&tty));
}

static void erasing(void)
{
    start();
    type("ab\x7f\bc\n");
    shows("ab\b \b\b \bc\r\n");
    reads(100, "c\n");
    type("\x7f\x15\x17");
    shows("");
    type("one  two \x17x\n");
    shows("one  two \b \b\b \b\b \b\b \bx\r\n");
    reads(100, "one  x\n");
    type("abc\x15z\n");
    shows("abc\b \b\b \b\b \bz\r\n");
    reads(100, "z\n");
}

static void erasing_of_wide_characters(void)
{
    start();
    type("\xc3\xa9\x7f");
    shows("\xc3\xa9\b \b");
    type("\xe6\xbc\xa2\x7f");
    shows("\xe6\xbc\xa2\b \b\b \b");
    type("\x01\x7f");
    shows("^A\b \b\b \b");
    type("x\n");
    reads(100, "x\n");
}

static void end_of_input(void)
{
    start();
    CHECK_EQUAL(type("\x04"), TTY_READABLE);
    reads(100, "");
    CHECK(!tty_is_readable(&tty));
    type("part\x04");
    reads(100, "part");
    type("a\n\x04");
    reads(100, "a\n");
    reads(100, "");
}

static void interrupts(void)
{
    start();
    type("typed ahead\nhalf");
    shows("typed ahead\r\nhalf");
    CHECK_EQUAL(type("\x03"), TTY_INTERRUPT);
    shows("^C\r\n");
    CHECK(!tty_is_readable(&tty));
    type("x\n");
    reads(100, "x\n");
}

static void raw(void)
{
    start();
    CHECK_EQUAL(tty_set_mode(&tty, TTY_RAW), TTY_NOTHING);
    CHECK_EQUAL(type("a\r\x03\x04\x7f"), TTY_READABLE);
    shows("");
    reads(2, "a\r");
    reads(100, "\x03\x04\x7f");
    CHECK(!tty_is_readable(&tty));
}

static void typed_ahead_for_raw(void)
{
    start();
    type("one\ntw");
    CHECK_EQUAL(tty_set_mode(&tty, TTY_RAW), TTY_READABLE);
    type("o\r");
    reads(100, "one\ntwo\r");
}

static void typed_ahead_for_lines(void)
{
    start();
    tty_set_mode(&tty, TTY_RAW);
    type("first\rsecond\rthi");
    reads(6, "first\r");
    CHECK_EQUAL(tty_set_mode(&tty, TTY_LINE), TTY_READABLE);
    type("rd\r");
    shows(""); /* nobody reads: the shell may come back and edit these lines itself */
    reads(100, "second\n");
    shows("second\r\n");
    reads(100, "third\n");
    shows("third\r\n");
    CHECK(!tty_is_readable(&tty));
    type("x");
    shows("x");
}

static void typed_ahead_and_back(void)
{
    start();
    tty_set_mode(&tty, TTY_RAW);
    type("a\rb\rc\r");
    reads(2, "a\r");
    tty_set_mode(&tty, TTY_LINE);
    reads(100, "b\n");
    tty_set_mode(&tty, TTY_RAW);
    reads(100, "c\r");
    type("x\x03y\r");
    tty_set_mode(&tty, TTY_LINE);
    reads(100, "y\n");
    tty_set_mode(&tty, TTY_RAW);
    type("never read");
    tty_set_mode(&tty, TTY_LINE);
    CHECK_EQUAL(type("\x03"), TTY_INTERRUPT);
    CHECK(!tty_is_readable(&tty));
}

static void output(void)
{
    start();
    tty_output(&tty, (const uint8_t *)"a\nb\r\nc\n\n", 8);
    shows("a\r\nb\r\nc\r\n\r\n");
    tty_output(&tty, (const uint8_t *)"x\r", 2);
    tty_output(&tty, (const uint8_t *)"\ny", 2);
    shows("x\r\ny");
}

static void bounds(void)
{
    start();
    for (size_t at = 0; at < tty_line_bytes_max + 10; at++) {
        type("l");
    }
    CHECK_EQUAL(shown[shown_bytes - 1], '\a');
    CHECK_EQUAL(type("\n"), TTY_READABLE);
    for (size_t line = 0; line < tty_record_count_max + 10; line++) {
        type("\n");
    }
    CHECK_EQUAL(type("\n"), TTY_NOTHING);
    uint8_t buffer[tty_line_bytes_max + 1];
    CHECK_EQUAL(tty_read(&tty, buffer, sizeof(buffer)), tty_line_bytes_max);
    CHECK_EQUAL(type("\n"), TTY_READABLE);
    tty_set_mode(&tty, TTY_RAW);
    for (size_t at = 0; at < tty_queue_bytes_max; at++) {
        type("r");
    }
    CHECK_EQUAL(type("r"), TTY_NOTHING);
    tty_set_mode(&tty, TTY_LINE);
    reads(1, "\n");
}

int main(void)
{
    TEST(lines);
    TEST(erasing);
    TEST(erasing_of_wide_characters);
    TEST(end_of_input);
    TEST(interrupts);
    TEST(raw);
    TEST(typed_ahead_for_raw);
    TEST(typed_ahead_for_lines);
    TEST(typed_ahead_and_back);
    TEST(output);
    TEST(bounds);
    return check_report();
}
