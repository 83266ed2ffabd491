/* SPDX-License-Identifier: ISC */
/* Good requests to the services that all others stand on, and how to take them back. */
#pragma once

#include <userlib/attack/tables.h>
#include <userlib/attack/verify.h>

/* memory.c */
extern const struct target target_memd;
extern const struct target target_vspaced;
extern const struct target target_pagerd;
extern const struct target target_pagerd_trap;

/* processes.c */
extern const struct target target_procd;
extern const struct target target_procd_trap;
extern const struct target target_rootd;
extern const struct target target_rootd_report;
extern const struct target target_rootd_event;

/* records.c */
extern const struct target target_named;
extern const struct target target_timed;
extern const struct target target_logd;
extern const struct target target_crashd;
extern const struct target target_crashd_event;
