/* SPDX-License-Identifier: ISC */
/* What targets with journals that wait have in common. */
#pragma once

#include "damage.h"

/*
 * Mounts, which recovers, and walks. What the mount made of it can be checked, mounted once more
 * and walked; without damage it is sound.
 */
void recovery_run(struct base *base, const struct input *input, uint32_t damage_count);
