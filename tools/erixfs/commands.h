/* SPDX-License-Identifier: ISC */
/*
 * What erixfs can do with a volume. Each returns whether it went well; if not, it has said why.
 */
#pragma once

#include "volume.h"

bool command_info(struct volume *volume, const char *path);
bool command_list(struct volume *volume, const char *path);
bool command_cat(struct volume *volume, const char *path);
bool command_tree(struct volume *volume, const char *path);
bool command_stat(struct volume *volume, const char *path);
