/* SPDX-License-Identifier: ISC */
/* Firmware's memory map, read into the loader's own buffer, as the list of regions. */
#pragma once

#include <stddef.h>

#include "loader.h"
#include "regions.h"

/* Reads the map as firmware has it now, and its key. Nothing is allocated, so the key stays valid.
 */
enum status map_read(struct loader *loader, struct region_list *list, size_t *map_key_out);

/* Marks in the list what the loader handed to the kernel or still uses, and leaves the first MiB,
 * where firmware's real-mode data lies, alone. */
enum status map_claim(struct loader *loader, struct region_list *list);
