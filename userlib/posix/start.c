/* SPDX-License-Identifier: ISC */
/*
 * The life of a program that has a main(): its strings become argv and the environment, its streams
 * become descriptors. A program that has a program_main() of its own does not take this file.
 */
#include <stdlib.h>
#include <string.h>
#include <userlib/start.h>

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

/* The start-up block is mapped read-only, but a program may write to its arguments. */
static char *copy_strings(const struct startup *startup)
{
    char *copy = malloc(startup->strings_bytes + 1);
    if (copy == nullptr) {
        system_abort();
    }
    memcpy(copy, (const char *)startup + startup->strings_offset, startup->strings_bytes);
    return copy;
}

int program_main(const struct startup *startup)
{
    char *at = copy_strings(startup);
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
