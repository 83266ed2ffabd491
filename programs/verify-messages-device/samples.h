/* SPDX-License-Identifier: ISC */
/* Good requests to devices, their drivers and the terminal, and how to take them back. */
#pragma once

#include <userlib/attack/tables.h>
#include <userlib/attack/verify.h>

/* devices.c */
extern const struct target target_irqd;
extern const struct target target_deviced;
extern const struct target target_probed;
extern const struct target target_acpi;

/* lines.c */
extern const struct target target_serial;
extern const struct target target_terminal;
extern const struct target target_disk;
