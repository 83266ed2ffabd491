/* SPDX-License-Identifier: ISC */
/*
 * Device memory as a tree of untyped capabilities: the kernel hands out large aligned blocks, which
 * are halved until a block is exactly the wanted frame.
 */
#pragma once

#include <abi/status.h>
#include <userlib/capability.h>

#include <stdint.h>

constexpr uint32_t device_memory_blocks_max = 900;

struct device_memory_block {
    uint64_t address;
    cap_slot slot;
    uint8_t bits;
    bool used; /* halved, or given away */
};

struct device_memory {
    uint32_t count;
    struct device_memory_block blocks[device_memory_blocks_max];
};

/* Adds an untyped capability of device memory; owned from now on. */
enum status device_memory_add(struct device_memory *memory, struct untyped_cap untyped);

/* The frame of 2^bits bytes at `address`, once: BUSY if it or a part of it was taken, NOT_FOUND if
 * it is no device memory. The caller owns the frame. */
enum status device_memory_take(
    struct device_memory *memory, uint64_t address, uint32_t bits, struct frame_cap *frame_out);
