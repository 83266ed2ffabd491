/* SPDX-License-Identifier: ISC */
/* The boot console, inside kernel/arch. */
#pragma once

/* Sets the port up, after what the loader wrote has left it. */
void console_init(void);
