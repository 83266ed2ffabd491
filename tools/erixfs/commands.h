/* SPDX-License-Identifier: ISC */
/*
 * What erixfs can do with a volume. Each returns whether it went well; if not, it has said why.
 */
#pragma once

#include "volume.h"

constexpr uint32_t words_max = 3;

/* What the command line says behind the image. */
struct words {
    uint32_t count;
    const char *at[words_max];
    bool recursive;   /* -r */
    bool symbolic;    /* -s */
    bool exact;       /* -T */
    bool foreground;  /* -f */
    bool allow_other; /* -o allow_other */
};

typedef bool command_call(struct volume *volume, const struct words *words);

/* ---- commands.c: looking --------------------------------------------------------------------- */

command_call command_info;
command_call command_list;
command_call command_cat;
command_call command_tree;
command_call command_stat;

/* ---- check.c: all that is wrong ---------------------------------------------------------------
 */

command_call command_check;

/* ---- change.c: contents and attributes ------------------------------------------------------- */

command_call command_write;
command_call command_truncate;
command_call command_chmod;
command_call command_chown;
command_call command_touch;
command_call command_xattr_list;
command_call command_xattr_get;
command_call command_xattr_set;
command_call command_xattr_remove;
command_call command_replay;

/* ---- protect.c: how a directory keeps what is in it -------------------------------------------
 */

command_call command_encrypt;
command_call command_fold;

/* ---- put.c ----------------------------------------------------------------------------------- */

command_call command_put;

/* ---- names.c --------------------------------------------------------------------------------- */

command_call command_mkdir;
command_call command_rm;
command_call command_mv;
command_call command_ln;

/* ---- fuse/session.c -------------------------------------------------------------------------- */

command_call command_mount;

/* A number in the decimal, or octal after 0, digits of all of `text`; says so if it is none. */
bool parse_number(const char *text, uint64_t max, const char *what, uint64_t *number_out);

/* Says what is wrong with a path unless the status is OK; returns whether it is. */
bool report(const struct volume *volume, const char *path, enum status status);

/* Bytes of a name from an image, which are foreign: what a terminal would act on becomes '?'. */
void print_foreign(const char *bytes, uint32_t size_bytes);

/* Needs no image. */
void print_features(void);
