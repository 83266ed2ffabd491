/* SPDX-License-Identifier: ISC */
/* An interrupt message: what a device writes, and where. */
#pragma once

#include <stdint.h>

struct message {
    uint64_t address;
    uint32_t data;
};
