/* SPDX-License-Identifier: ISC */
/* Between vfsd's form of paths and attributes and that of C. */
#pragma once

#include <protocol/vfs.h>
#include <sys/stat.h>

/* A path as the text of a request, whose field has room for vfs_path_bytes_max; -ENAMETOOLONG. */
long attributes_put_path(const char *path, char *text_out, uint32_t *bytes_out);

/* Two texts, one behind the other; *first_bytes_out is the length of the first. */
long attributes_put_pair(const char *first, const char *second, char *text_out,
    uint32_t *first_bytes_out, uint32_t *bytes_out);

bool attributes_is_directory(const struct vfs_attributes *found);

/* One of DT_. */
unsigned char attributes_entry_type(uint32_t kind);

void attributes_to_stat(const struct vfs_attributes *found, struct stat *stat_out);
