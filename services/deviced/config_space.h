/* SPDX-License-Identifier: ISC */
/* PCI configuration space (PCI Express 4.0, 7.2.2): windows that are mapped here, and shared with
 * probed. */
#pragma once

#include <abi/status.h>
#include <userlib/capability.h>

#include <stdint.h>

#include "device_memory.h"

constexpr uint32_t config_windows_max = 16;
constexpr uint32_t config_window_bits = 20; /* one bus */

struct config_window {
    uint64_t address;       /* physical */
    struct frame_cap frame; /* owned */
    volatile uint32_t *registers;
};

struct config_space {
    uint32_t count;
    struct config_window windows[config_windows_max];
};

/* The window at `address`, opened if it is new. The frame stays ours: give copies. */
enum status config_space_open(struct config_space *space, struct device_memory *memory,
    uint64_t address, struct frame_cap *frame_out);

/* The registers of the function at `config_address`, or nullptr if its window was never opened. */
volatile uint32_t *config_space_function(const struct config_space *space, uint64_t config_address);
