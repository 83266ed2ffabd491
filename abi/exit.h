/* SPDX-License-Identifier: ISC */
/* Exit classes of test images, written to the debug-exit device by loader or kernel. */
#pragma once

#include <stdint.h>

enum exit_class : uint8_t {
    EXIT_SUCCESS_CLASS = 0x10,
    EXIT_BOOTLOADER = 0x11,
    EXIT_KERNEL = 0x12,
    EXIT_ROOTD = 0x13,
    EXIT_SERVICE = 0x14,
};

constexpr uint16_t debug_exit_port = 0xf4;
