/* SPDX-License-Identifier: ISC */
/* Where rootd's lines go: the boot console, and from seriald on logd. */
#pragma once

/* Lines go to the boot console. */
void console_start(void);

/* seriald prints now: lines go to logd, the boot console is silenced. */
void console_hand_over(void);

/* The way over logd and seriald has failed: what follows are last words, on the boot console. */
void console_take_back(void);
