/* SPDX-License-Identifier: ISC */
/* Leaves the terminal as no program should: raw, by dying. */
#include <erix/terminal.h>
#include <unistd.h>

int main(void)
{
    if (terminal_set_mode(STDIN_FILENO, TERMINAL_RAW) != 0) {
        return 1;
    }
    __builtin_trap();
}
