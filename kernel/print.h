/* SPDX-License-Identifier: ISC */
/* Text, numbers and markers on the boot console. No buffer: what was printed is out. */
#pragma once

#include <markers/markers.h>

#include <stdint.h>

void print_text(const char *text);

/* 0x and exactly `digits` (1 to 16) hexadecimal digits, or as many as the value needs if 0. */
void print_hex(uint64_t value, uint32_t digits);

void print_decimal(uint64_t value);

/* From here on only the markers that a release image shows (failures) are printed. */
void print_for_release(void);

/* The marker on a line of its own. */
void print_marker(enum marker marker);

/* The marker, a space, `details` for people, and the end of the line. */
void print_marker_details(enum marker marker, const char *details);
