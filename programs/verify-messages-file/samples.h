/* SPDX-License-Identifier: ISC */
/* Good requests to partitions, file systems and the loader, and how to take them back. */
#pragma once

#include <protocol/vfs.h>
#include <userlib/attack/tables.h>
#include <userlib/attack/verify.h>

#include <string.h>

/* disk_parts.c */
extern const struct target target_blockd;
extern const struct target target_loaderd;

/* providers.c */
extern const struct target target_ramfsd;
extern const struct target target_e2fsd;

/* Find the nodes that the samples are about; before all others. */
enum status providers_prepare(void);

/* vfsd: the samples on paths are in names.c, those on open files in open_files.c. */
constexpr uint32_t vfs_name_samples_count = 14;
constexpr uint32_t vfs_file_samples_count = 9;
extern const struct sample vfs_name_samples[vfs_name_samples_count];
extern const struct sample vfs_file_samples[vfs_file_samples_count];
extern const struct target target_vfsd_event;
struct target vfsd_target(void);

static inline struct vfs_cap vfsd(void)
{
    return (struct vfs_cap){attack_peer("vfsd")};
}

/* A text into a request: its bytes, and how many. */
static inline void put_text(char *target, uint32_t *bytes, const char *text)
{
    *bytes = (uint32_t)strlen(text);
    memcpy(target, text, *bytes);
}
