/* SPDX-License-Identifier: ISC */
/* The start-up report of a service or driver to rootd, through SLOT_REPORT. */
#pragma once

#include <abi/status.h>

/* The service serves from now on. Does nothing in a program without SLOT_REPORT. */
void program_ready(void);

/* The service cannot serve; it exits next. `reason` is one line for people. */
void program_failed(enum status status, const char *reason);
