/* SPDX-License-Identifier: ISC */
/* What every file system is asked to do. */
#pragma once

#include "subject.h"

constexpr uint32_t workload_piece_bytes = 128 << 10;
constexpr uint32_t workload_page_bytes = 4 << 10;

/* Parts of the workload. Each returns false after what failed was told. */

/* A new file `big`, from front to back in pieces; each page begins with its number. */
bool workload_write(const struct subject *subject, uint64_t size_bytes);

/* The same read again and compared. */
bool workload_read(const struct subject *subject, uint64_t size_bytes);

/* Pages of it at random places, compared. */
bool workload_read_randomly(const struct subject *subject, uint64_t size_bytes, uint32_t count);

/* `call` for each of `file_count` names. */
bool workload_each_file(bool (*call)(const char *name), uint32_t file_count);

/* A number from the sequence that all random parts use; `state` begins as anything but 0. */
uint64_t workload_random(uint64_t *state);
