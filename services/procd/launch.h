/* SPDX-License-Identifier: ISC */
/* Starting a program of the disk. */
#pragma once

#include "procd.h"

constexpr uint32_t launch_streams_count = 3;

/* Copies of all capabilities are made; the caller keeps its own. */
struct launch {
    const struct process_launch_request *request;
    struct frame_cap image;
    cap_slot streams[launch_streams_count];
};

/* The process runs on OK; on failure nothing is left of it. INVALID_ARGUMENT: sizes or strings
 * contradict each other; else as build_process() and authority_grant_row(). */
enum status launch_program(
    struct procd *procd, const struct launch *launch, struct process **process_out);
