/* SPDX-License-Identifier: ISC */
/*
 * The words of a shell's command language, in two steps: a text is cut into tokens, and when a
 * command is about to run, its words are expanded, because an earlier command may have changed a
 * variable.
 *
 *     '...'            as it stands
 *     "..."            as it stands but for $ and \ before $ " \ or newline
 *     \c               c as it stands; before a newline: nothing
 *     $NAME ${NAME} $? the value of a variable; outside "..." it is split at blanks
 *     # ...            a comment, where a word could begin
 *     ; newline && ||  separate commands
 *     < > >> 2> 2>>    redirect input, output and error output
 *
 * Other forms of the shells that people know, such as pipes and patterns, are refused (UNSUPPORTED)
 * and never taken for something else; * ? [ ] stand for themselves.
 *
 * Pure, without allocation; a text has no NUL inside.
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

enum shellwords_kind {
    SHELLWORDS_END, /* of the text */
    SHELLWORDS_WORD,
    SHELLWORDS_SEPARATOR, /* ; or newline */
    SHELLWORDS_AND,
    SHELLWORDS_OR,
    SHELLWORDS_INPUT,        /* < */
    SHELLWORDS_OUTPUT,       /* > */
    SHELLWORDS_APPEND,       /* >> */
    SHELLWORDS_ERROR_OUTPUT, /* 2> */
    SHELLWORDS_ERROR_APPEND  /* 2>> */
};

/* A token and where it stands in the text, quotes and all. */
struct shellwords_token {
    enum shellwords_kind kind;
    size_t first;
    size_t end;
};

/*
 * The token at or after `*position`, which moves behind it. At SHELLWORDS_END it stays.
 *
 * INVALID_ARGUMENT: a quote or ${ is not closed; UNSUPPORTED: | & ( ) ` or $(. In both cases
 * `*position` is that of the offending character.
 */
enum status shellwords_next(const char *text, size_t *position, struct shellwords_token *token_out);

/* Where values come from. */
struct shellwords_variables {
    /*
     * The value of a variable, or nullptr if it is not set. Names are letters, digits and '_', or
     * "?". The value is used at once.
     */
    const char *(*lookup)(void *context, const char *name, size_t name_bytes);
    void *context; /* borrowed, for the call */
};

/* Expanded words, as a program takes them; memory from the caller. */
struct shellwords_words {
    char *bytes; /* where the words are put one after the other, each with NUL */
    size_t bytes_max;
    size_t used_bytes;
    char **words; /* the words so far, in `bytes` */
    size_t count_max;
    size_t count;
};

/*
 * Expand one WORD token of a text and append what comes of it to `words`: any number of words if
 * `split`, else exactly one. TOO_LARGE, with some words perhaps appended, if there is no room.
 */
enum status shellwords_expand(const char *text, struct shellwords_token token, bool split,
    const struct shellwords_variables *variables, struct shellwords_words *words);

/* If a WORD token is an assignment NAME=VALUE, the bytes of NAME; else 0. */
size_t shellwords_assigned_name(const char *text, struct shellwords_token token);

/* Whether the bytes are the name of a variable. */
bool shellwords_is_name(const char *bytes, size_t count);
