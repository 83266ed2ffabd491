/* SPDX-License-Identifier: ISC */
/* What READY means beyond reports: files can be read; then the first program or the verifiers. */
#pragma once

#include <abi/status.h>
#include <protocol/root.h>

#include <stdint.h>

/* All required rows are ready. */
void finish_start(void);

/* A verifier has spoken, or ended without a word. */
enum status finish_verdict(uint32_t process, const struct root_verdict_request *verdict);

/* A process of the disk has ended: the first program is started again. */
void finish_process_ended(uint32_t process);
