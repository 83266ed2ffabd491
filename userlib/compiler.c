/* SPDX-License-Identifier: ISC */
/* Functions that the compiler calls by itself and that no header declares. */
#include <string.h>

int bcmp(const void *left, const void *right, size_t bytes);

/* A memcmp() whose result is only compared with 0. */
[[clang::no_builtin("memcmp")]] int bcmp(const void *left, const void *right, size_t bytes)
{
    return memcmp(left, right, bytes);
}
