/* SPDX-License-Identifier: ISC */
/*
 * The life of a program that has a main(): its strings become argv and the environment, its streams
 * become descriptors. A program that has a program_main() of its own does not take this file.
 */
#include <userlib/start.h>
#include <userlib/syscall.h>

#include <string.h>

#include <userlib/libc/src/system.h>

#include "posix.h"

constexpr size_t strings_max = 2048; /* arguments and environment together */

static char *pointers[strings_max + 2]; /* both lists end with a null pointer */

/* Point `list` at `count` strings from *at on, which then is behind them; false if they are not
 * there. */
static bool point(char **list, uint32_t count, char **at, const char *end)
{
    for (uint32_t index = 0; index < count; index++) {
        char *zero = memchr(*at, 0, (size_t)(end - *at));
        if (zero == nullptr) {
            return false;
        }
        list[index] = *at;
        *at = zero + 1;
    }
    list[count] = nullptr;
    return true;
}

/* The start-up block is mapped read-only: writing to an argument is a fault, as if it were a
 * constant. */
int program_main(const struct startup *startup)
{
    char *at = (char *)startup + startup->strings_offset;
    const char *end = at + startup->strings_bytes;
    const uint32_t count = startup->argument_count;
    char **environment = &pointers[count <= strings_max ? count + 1 : 0];
    if (count > strings_max || startup->environment_count > strings_max - count ||
        !point(pointers, count, &at, end) ||
        !point(environment, startup->environment_count, &at, end)) {
        system_abort();
    }
    streams_open(startup);
    library_start((int)count, pointers, environment);
}
