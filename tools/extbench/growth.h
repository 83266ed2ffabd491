/* SPDX-License-Identifier: ISC */
/*
 * How costs grow: lines of numbers, the first of which is the size that the others belong to. Each
 * returns false after what failed was told.
 */
#pragma once

#include <stdint.h>

/* Files made and found in one directory: entries, cache requests to make one, to find one. */
bool growth_directory(const char *path, uint32_t entry_count);

/*
 * Pages written all over a file of 1 TiB in random order: extents, cache requests to write one and
 * to read one.
 */
bool growth_file(const char *path, uint32_t page_count);

/* One mount, one new file of 1 MiB, unmount: operations and KiB of the device for each of them. */
bool growth_volume(const char *path);
