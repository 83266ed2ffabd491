/* SPDX-License-Identifier: ISC */
/* Copies of strings on the heap; apart from the other functions, which need no system. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

char *strndup(const char *text, size_t bytes)
{
    size_t copied_bytes = strnlen(text, bytes);
    char *copy = malloc(copied_bytes + 1);
    if (copy != nullptr) {
        memcpy(copy, text, copied_bytes);
        copy[copied_bytes] = 0;
    }
    return copy;
}

char *strdup(const char *text)
{
    return strndup(text, SIZE_MAX);
}
