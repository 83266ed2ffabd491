/* SPDX-License-Identifier: ISC */
/* The strings of a launch: path, arguments, environment, each ending with a zero byte. Pure. */
#pragma once

#include <abi/status.h>

#include <stdint.h>

constexpr uint32_t strings_bytes_max = 32 * 1024;
constexpr uint32_t strings_path_bytes_max = 900;

struct strings {
    const char *bytes; /* borrowed */
    uint32_t size_bytes;
    uint32_t argument_count;
    uint32_t environment_count;
};

/*
 * INVALID_ARGUMENT unless there are exactly as many strings as the counts say, after a path that is
 * absolute and canonical: no empty, "." or ".." part and no slash at the end. NAME_TOO_LONG for a
 * longer path. `*path_bytes_out` is without the zero byte.
 */
enum status strings_check(const struct strings *strings, uint32_t *path_bytes_out);
