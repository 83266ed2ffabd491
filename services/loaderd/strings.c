/* SPDX-License-Identifier: ISC */
/* Checking the strings of a launch. */
#include "strings.h"

#include <string.h>

static bool is_plain_part(const char *part, uint32_t bytes)
{
    return bytes > 0 && !(bytes == 1 && part[0] == '.') &&
           !(bytes == 2 && part[0] == '.' && part[1] == '.');
}

static bool is_canonical(const char *path, uint32_t bytes)
{
    if (bytes < 2 || path[0] != '/') {
        return false;
    }
    uint32_t part = 1;
    for (uint32_t i = 1; i <= bytes; i++) {
        if (i == bytes || path[i] == '/') {
            if (!is_plain_part(path + part, i - part)) {
                return false;
            }
            part = i + 1;
        }
    }
    return true;
}

enum status strings_check(const struct strings *strings, uint32_t *path_bytes_out)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < strings->size_bytes; i++) {
        count += strings->bytes[i] == 0 ? 1 : 0;
    }
    const uint64_t wanted = UINT64_C(1) + strings->argument_count + strings->environment_count;
    if (count != wanted || strings->bytes[strings->size_bytes - 1] != 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    const size_t path_bytes = strlen(strings->bytes);
    if (path_bytes > strings_path_bytes_max) {
        return STATUS_NAME_TOO_LONG;
    }
    if (!is_canonical(strings->bytes, (uint32_t)path_bytes)) {
        return STATUS_INVALID_ARGUMENT;
    }
    *path_bytes_out = (uint32_t)path_bytes;
    return STATUS_OK;
}
