/* SPDX-License-Identifier: ISC */
/*
 * What all targets on whole volumes share: the entry points of libFuzzer, its mutator, and a life
 * of a volume: damaged, mounted, used by the target, unmounted, checked. Each target defines
 * `target`.
 */
#pragma once

#include "damage.h"

struct target {
    const char *const *bases; /* nullptr behind the last */
    const enum part_kind *kinds;
    uint32_t kind_count;
    bool operates;                      /* records can be operations */
    bool reads_all;                     /* it is judged by what only holds if no read fails */
    void (*prepare)(struct base *base); /* once, with the volume as it was made; or nullptr */
    /* With a volume that is damaged, not yet mounted. */
    void (*run)(struct base *base, const struct input *input, uint32_t damage_count);
};

extern const struct target target;
