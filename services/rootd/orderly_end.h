/* SPDX-License-Identifier: ISC */
/* Shutdown. */
#pragma once

#include <abi/status.h>

#include <stdint.h>

/* Flush file systems, then switch off or restart (mode of protocol root). Returns only on failure.
 */
enum status orderly_end(uint32_t mode);
