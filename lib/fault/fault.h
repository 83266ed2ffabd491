/* SPDX-License-Identifier: ISC */
/*
 * Words for the faults by which a process can die: names of the processor's exceptions, and what a
 * page fault was about (Intel SDM volume 3, 6.15 and 4.7). For people; the numbers are printed with
 * them, so that nothing is lost.
 */
#pragma once

#include <stdint.h>

constexpr uint32_t fault_vector_page = 14;

/* The name of an exception, in small letters: "page fault". "unknown fault" for a vector that the
 * processor never raises. Lives for ever. */
const char *fault_name(uint64_t vector);

/* What was tried, by the error code of a page fault: "read of", "write to", "execution at". */
const char *fault_access(uint64_t error_code);
