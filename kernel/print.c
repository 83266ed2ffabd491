/* SPDX-License-Identifier: ISC */
/* Formatting for the boot console: just what the kernel has to say, hence no format strings. */
#include <kernel/print.h>

#include <kernel/arch/arch.h>

constexpr uint32_t decimal_digits_max = 20;
constexpr uint32_t hex_digits_max = 16;

static bool release_only; /* markers that a release image does not show are dropped */

void print_text(const char *text)
{
    size_t bytes = 0;
    while (text[bytes] != '\0') {
        bytes++;
    }
    arch_console_write(text, bytes);
}

void print_hex(uint64_t value, uint32_t digits)
{
    char text[2 + hex_digits_max];
    uint32_t needed = digits;
    if (needed == 0) {
        needed = value == 0 ? 1 : (67 - (uint32_t)__builtin_clzll(value)) / 4;
    }
    if (needed > hex_digits_max) {
        needed = hex_digits_max;
    }
    text[0] = '0';
    text[1] = 'x';
    for (uint32_t i = 0; i < needed; i++) {
        text[2 + i] = "0123456789abcdef"[value >> 4 * (needed - 1 - i) & 15];
    }
    arch_console_write(text, 2 + needed);
}

void print_decimal(uint64_t value)
{
    char text[decimal_digits_max];
    uint32_t at = decimal_digits_max;
    do {
        at--;
        text[at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    arch_console_write(&text[at], decimal_digits_max - at);
}

void print_for_release(void)
{
    release_only = true;
}

void print_marker(enum marker marker)
{
    if (release_only && !marker_in_release(marker)) {
        return;
    }
    print_text(marker_text(marker));
    print_text("\n");
}

void print_marker_details(enum marker marker, const char *details)
{
    print_text(marker_text(marker));
    print_text(" ");
    print_text(details);
    print_text("\n");
}
