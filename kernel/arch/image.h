/* SPDX-License-Identifier: ISC */
/* Where the parts of the kernel's image begin, by the linker script; the last ends at image_end. */
#pragma once

extern const char image_begin[]; /* text */
extern const char image_read_only_begin[];
extern const char image_data_begin[];
extern const char image_end[];
