/* SPDX-License-Identifier: ISC */
/* Opening of files. */
#pragma once

#include <sys/types.h>

#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_ACCMODE 3
#define O_CREAT 0100
#define O_EXCL 0200
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_DIRECTORY 0200000
#define O_NOFOLLOW 0400000
#define O_CLOEXEC 02000000 /* always so: a child gets the three streams it is given and no more */

#define AT_FDCWD (-100)

/* The mode, a mode_t, is read only with O_CREAT. */
int open(const char *path, int flags, ...);
int creat(const char *path, mode_t mode);
