/* SPDX-License-Identifier: ISC */
/* What READY means beyond reports: files can be read; then the first program or the verifiers. */
#pragma once

#include <abi/status.h>
#include <protocol/event.h>
#include <protocol/root.h>

#include <stdint.h>

/* All required rows are ready. */
void finish_start(void);

/* A verifier has spoken. */
enum status finish_verdict(uint32_t process, const struct root_verdict_request *verdict);

/* The verifier of that row has ended: the next one is due, or the test image has shown all. */
void finish_verifier_ended(uint32_t row, const struct event_process_ended_request *event);

/* A process of the disk has ended: the first program is started again. */
void finish_process_ended(uint32_t process);
