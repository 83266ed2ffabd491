/* SPDX-License-Identifier: ISC */
/*
 * What the loader says: markers on COM1, refusals on the screen too.
 *
 * A release image starts in silence, but which profile an image has is known only once it is
 * verified. So markers are held back until console_speak, and for a release image for good. A
 * refusal is always said, with the markers held back before it.
 *
 * Text goes to COM1's registers and to each screen by itself, never to firmware's combined console,
 * which may write to COM1 too and would then double each line.
 */
#pragma once

#include <markers/markers.h>
#include <stdint.h>

struct efi_system_table;

constexpr uint32_t console_held_max = 4;

struct console {
    uint32_t held_count;
    enum marker held[console_held_max];
    bool speaking;
};

/* Prepares COM1: 115200 baud, 8 data bits, no parity, one stop bit. */
void console_init(struct console *console);

/* Says a marker, with `detail` for people unless it is empty; holds it back (without detail) while
 * the console does not speak. */
void console_marker(struct console *console, enum marker marker, const char *detail);

/* From now on markers are said; those held back come first. */
void console_speak(struct console *console);

/* Says everything held back, then one line that names the refusal. `system` (borrowed for the
 * call) shows it on the screens; nullptr: boot services are gone, COM1 only. */
void console_refusal(struct console *console, enum marker marker, const char *detail,
    const struct efi_system_table *system);
