/* SPDX-License-Identifier: ISC */
/* The transfer buffer of loaderd, into which the files of programs are read. */
#pragma once

#include <userlib/capability.h>

#include "strings.h"

#include <stdint.h>

constexpr uint32_t image_bits = 21;
constexpr uint64_t image_bytes_max = UINT64_C(1) << image_bits;

struct image {
    uint8_t *memory; /* image_bytes_max bytes, the buffer of our session with vfsd */
    struct frame_cap frame;
    uint64_t file_bytes; /* of the file that is in it */
};

/* Opens the session. Once. */
enum status image_open(struct image *image);

/* Reads the file, of which `behind_bytes` must fit behind its last page. What changed while it was
 * read is refused with BUSY. */
enum status image_read(
    struct image *image, const char *path, uint32_t path_bytes, uint32_t behind_bytes);

/* OK if the file in the image is a program that may be loaded; else the log says why not. */
enum status image_check(const struct image *image, const char *path);

/* Puts the strings behind the file, at the next page; everything else behind it is zero. */
uint32_t image_append(struct image *image, const struct strings *strings);
