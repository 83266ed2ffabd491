/* SPDX-License-Identifier: ISC */
/* The memory behind the device's base address registers, claimed from deviced and mapped. */
#pragma once

#include <abi/status.h>
#include <lib/virtio/virtio.h>

#include <stdint.h>

constexpr uint32_t windows_max = 4;

/* One part of a register's memory. */
struct window {
    uint32_t bar;
    uint32_t part;
    uint64_t size_bytes;
    volatile uint8_t *base; /* owned for ever */
};

struct windows {
    uint32_t count;
    struct window windows[windows_max];
};

/*
 * Where `region` is mapped; it must lie within one part. UNSUPPORTED if it does not, or lies
 * behind the end of the register's memory; else what deviced or vspaced said.
 */
enum status windows_map(
    struct windows *windows, const struct virtio_region *region, volatile uint8_t **base_out);
