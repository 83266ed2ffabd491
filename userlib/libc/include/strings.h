/* SPDX-License-Identifier: ISC */
/* Comparison without regard to the case of ASCII letters, and the lowest set bit. */
#pragma once

#include <stddef.h>

int strcasecmp(const char *left, const char *right);
int strncasecmp(const char *left, const char *right, size_t bytes);
int ffs(int value);
