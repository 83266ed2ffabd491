/* SPDX-License-Identifier: ISC */
/*
 * The table of commands and what `--help` says of them.
 */
#pragma once

#include "commands.h"

#include <stddef.h>

struct command {
    const char *name; /* one word or two */
    const char *arguments;
    const char *summary;
    const char *help;
    const char *flags; /* letters of the options that it has */
    enum volume_access access;
    uint32_t word_count_min; /* behind the image */
    uint32_t word_count_max;
    command_call *run;
};

extern const struct command commands[];
extern const size_t command_count;
extern const char options_help[];
