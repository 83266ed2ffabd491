/* SPDX-License-Identifier: ISC */
/*
 * Firmware memory for tests: a few kilobytes from firmware_base on. `map` gives a fresh copy of
 * exactly the bytes asked for and frees the one before, so that the sanitizer sees any use of a
 * loan after its end, and any read beyond it.
 */
#pragma once

#include <lib/acpi/acpi.h>
#include <lib/base/base.h>

#include <stdlib.h>
#include <string.h>

constexpr uint64_t firmware_base = 0x7f000;
constexpr size_t firmware_bytes = 0x8000;

struct firmware {
    uint8_t bytes[firmware_bytes];
    size_t size_bytes;
    bool repairs_sums; /* makes every checksum right as it is mapped */
    uint8_t *loan;
    uint32_t map_count;
    uint32_t map_count_max; /* further calls are refused; 0: no limit */
};

/* Makes the `size_bytes` bytes sum to zero by the byte at `sum_at`. */
static inline void firmware_sum(uint8_t *bytes, size_t size_bytes, size_t sum_at)
{
    uint8_t sum = 0;
    bytes[sum_at] = 0;
    for (size_t index = 0; index < size_bytes; index++) {
        sum = (uint8_t)(sum + bytes[index]);
    }
    bytes[sum_at] = (uint8_t)(0 - sum);
}

static inline const void *firmware_map(void *context, uint64_t address, uint64_t size_bytes)
{
    struct firmware *firmware = context;
    free(firmware->loan);
    firmware->loan = nullptr;
    firmware->map_count++;
    if ((firmware->map_count_max != 0 && firmware->map_count > firmware->map_count_max) ||
        address < firmware_base || address - firmware_base > firmware->size_bytes ||
        size_bytes > firmware->size_bytes - (address - firmware_base)) {
        return nullptr;
    }
    firmware->loan = malloc(size_bytes);
    memcpy(firmware->loan, firmware->bytes + (address - firmware_base), size_bytes);
    if (firmware->repairs_sums && size_bytes == 20) {
        firmware_sum(firmware->loan, 20, 8);
    } else if (firmware->repairs_sums && size_bytes == 36) {
        firmware_sum(firmware->loan, 20, 8);
        firmware_sum(firmware->loan, 36, 32);
    } else if (firmware->repairs_sums && size_bytes > 36) {
        firmware_sum(firmware->loan, size_bytes, 9);
    }
    return firmware->loan;
}

static inline void firmware_destroy(struct firmware *firmware)
{
    free(firmware->loan);
    firmware->loan = nullptr;
}
