/* SPDX-License-Identifier: ISC */
/* Painting of the line being edited, with as few bytes as the change needs. */
#pragma once

#include <lib/lineedit/lineedit.h>

/* Start on a fresh terminal line: the prompt, then the whole line. */
void display_begin(struct lineedit *edit);

/* The line has changed from byte `from` on, or only the cursor has moved: `from` = line_bytes. */
void display_update(struct lineedit *edit, size_t from);

void display_clear_screen(struct lineedit *edit);
void display_bell(struct lineedit *edit);

/* Leave the line as it is, show what ended it if anything did, and go to the next line. */
void display_end(struct lineedit *edit, const char *note);
