/* SPDX-License-Identifier: ISC */
/* Expanding the words of a command: quotes are removed, variables replaced, values split. */
#include <lib/shellwords/shellwords.h>

/* The word that is being built. */
struct expansion {
    const char *text;
    size_t at;
    size_t end;
    bool split;
    bool quoted;  /* inside "..." */
    bool started; /* there is a word, though perhaps an empty one */
    bool full;    /* there was no room */
    const struct shellwords_variables *variables;
    struct shellwords_words *words;
};

static void put_byte(struct expansion *expansion, char byte)
{
    struct shellwords_words *words = expansion->words;
    if (!expansion->started) {
        if (words->count == words->count_max) {
            expansion->full = true;
            return;
        }
        words->words[words->count] = words->bytes + words->used_bytes;
        expansion->started = true;
    }
    if (words->used_bytes == words->bytes_max) {
        expansion->full = true;
        return;
    }
    words->bytes[words->used_bytes++] = byte;
}

/* There is a word now, even if nothing is put into it. */
static void start_word(struct expansion *expansion)
{
    if (!expansion->started) {
        put_byte(expansion, 0);
        expansion->words->used_bytes -= !expansion->full;
    }
}

static void end_word(struct expansion *expansion)
{
    if (expansion->started) {
        put_byte(expansion, 0);
        expansion->words->count += !expansion->full;
        expansion->started = false;
    }
}

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\n';
}

static void put_value(struct expansion *expansion, const char *value)
{
    bool splits = expansion->split && !expansion->quoted;
    for (; *value != 0 && !expansion->full; value++) {
        if (splits && is_blank(*value)) {
            end_word(expansion);
        } else {
            put_byte(expansion, *value);
        }
    }
}

/* The bytes of the name at `at`, which is behind '$' or '${'; 0 if none stands there. */
static size_t name_bytes_at(const struct expansion *expansion, size_t at)
{
    size_t bytes = 0;
    if (at < expansion->end && expansion->text[at] == '?') {
        return 1;
    }
    while (at + bytes < expansion->end && shellwords_is_name(expansion->text + at, bytes + 1)) {
        bytes++;
    }
    return bytes;
}

/* At '$': a variable, or the character itself. */
static void expand_dollar(struct expansion *expansion)
{
    bool braces = expansion->at + 1 < expansion->end && expansion->text[expansion->at + 1] == '{';
    size_t first = expansion->at + (braces ? 2 : 1);
    size_t bytes = name_bytes_at(expansion, first);
    if (bytes == 0) {
        put_byte(expansion, '$');
        expansion->at++;
        return;
    }
    const char *value =
        expansion->variables->lookup(expansion->variables->context, expansion->text + first, bytes);
    expansion->at = first + bytes + braces;
    if (value != nullptr) {
        put_value(expansion, value);
    }
}

/* At '\': the next character as it stands; inside "..." only before some. */
static void expand_escape(struct expansion *expansion)
{
    char next = expansion->text[expansion->at + 1];
    bool special = next == '$' || next == '"' || next == '\\' || next == '`' || next == '\n';
    if (expansion->quoted && !special) {
        put_byte(expansion, '\\');
        expansion->at++;
        return;
    }
    if (next != '\n') {
        put_byte(expansion, next);
    }
    expansion->at += 2;
}

/* At "'": everything up to the next one. */
static void expand_literal(struct expansion *expansion)
{
    start_word(expansion);
    for (expansion->at++; expansion->text[expansion->at] != '\''; expansion->at++) {
        put_byte(expansion, expansion->text[expansion->at]);
    }
    expansion->at++;
}

static void expand_part(struct expansion *expansion)
{
    char character = expansion->text[expansion->at];
    if (character == '\'' && !expansion->quoted) {
        expand_literal(expansion);
    } else if (character == '"') {
        start_word(expansion);
        expansion->quoted = !expansion->quoted;
        expansion->at++;
    } else if (character == '\\') {
        expand_escape(expansion);
    } else if (character == '$') {
        expand_dollar(expansion);
    } else {
        put_byte(expansion, character);
        expansion->at++;
    }
}

enum status shellwords_expand(const char *text, struct shellwords_token token, bool split,
    const struct shellwords_variables *variables, struct shellwords_words *words)
{
    struct expansion expansion = {.text = text,
        .at = token.first,
        .end = token.end,
        .split = split,
        .variables = variables,
        .words = words};
    if (!split) {
        start_word(&expansion);
    }
    while (expansion.at < expansion.end && !expansion.full) {
        expand_part(&expansion);
    }
    end_word(&expansion);
    return expansion.full ? STATUS_TOO_LARGE : STATUS_OK;
}
