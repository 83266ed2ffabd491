/* SPDX-License-Identifier: ISC */
/* The mount table: which provider serves what below which path. Filled once, from BootConfig. */
#pragma once

#include <lib/bootconfig/bootconfig.h>
#include <protocol/filesystem.h>

#include "walk.h"

constexpr uint32_t mounts_max = bootconfig_mounts_max;

struct mount {
    struct filesystem_cap provider;
    uint64_t root;
    bool read_only;
    const char *path; /* borrowed from BootConfig; "" for the root */
    uint32_t path_bytes;
    const char *source; /* borrowed likewise */
};

struct mounts {
    uint32_t count;
    struct mount list[mounts_max];
    struct walk_source source; /* asks the providers of this table */
};

/*
 * Mount everything that BootConfig lists. On failure *failed_path_out and *failed_source_out name
 * the row at fault ("" and "" if it is BootConfig itself).
 */
enum status mounts_open(
    struct mounts *mounts, const char **failed_path_out, const char **failed_source_out);

/* What was written is on the medium. All are asked; the first failure is returned. */
enum status mounts_sync(const struct mounts *mounts);

/* Whether something is mounted below this path. */
bool mounts_has_below(const struct mounts *mounts, struct walk_name path);

struct walk_attributes mounts_attributes(const struct filesystem_attributes *found);
