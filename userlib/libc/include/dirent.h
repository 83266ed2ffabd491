/* SPDX-License-Identifier: ISC */
/* Listing of directories. */
#pragma once

#include <sys/types.h>

enum {
    DT_UNKNOWN = 0,
    DT_FIFO = 1,
    DT_CHR = 2,
    DT_DIR = 4,
    DT_BLK = 6,
    DT_REG = 8,
    DT_LNK = 10,
    DT_SOCK = 12
};

struct dirent {
    ino_t d_ino;
    unsigned char d_type; /* one of DT_ */
    char d_name[256];     /* ends with NUL */
};

typedef struct directory_stream DIR;

/* Entries come in the order of the file system; "." and ".." may be among them. */
DIR *opendir(const char *path);
struct dirent *readdir(DIR *directory);
void rewinddir(DIR *directory);
int dirfd(DIR *directory);
int closedir(DIR *directory);

/*
 * List a directory as an array on the heap, of entries on the heap, with those that `select` wants
 * (all if it is a null pointer), in the order of `compare` (unsorted if it is a null pointer). How
 * many, or -1.
 */
int scandir(const char *path, struct dirent ***list_out, int (*select)(const struct dirent *),
    int (*compare)(const struct dirent **, const struct dirent **));
int alphasort(const struct dirent **left, const struct dirent **right);
