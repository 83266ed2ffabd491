/* SPDX-License-Identifier: ISC */
/* What only test images contain: the nonce that the harness gives to a run. */
#pragma once

#include <abi/status.h>

#include <stdint.h>

constexpr uint32_t nonce_text_bytes = 16;

/* The text that the virtual machine's firmware configuration holds as opt/erix/nonce. NOT_FOUND if
 * this is another machine, or if it has no such item of that size. */
enum status arch_read_nonce(uint8_t text_out[static nonce_text_bytes]);
