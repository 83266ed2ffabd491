/* SPDX-License-Identifier: ISC */
/* Cutting a text into tokens. See shellwords.h for the language. */
#include <lib/shellwords/shellwords.h>

struct operator
{
    const char *text;
    enum shellwords_kind kind;
};

/* Longer ones first. */
static const struct operator operators[] = {
    {"2>>", SHELLWORDS_ERROR_APPEND},
    {"2>", SHELLWORDS_ERROR_OUTPUT},
    {"&&", SHELLWORDS_AND},
    {"||", SHELLWORDS_OR},
    {">>", SHELLWORDS_APPEND},
    {">", SHELLWORDS_OUTPUT},
    {"<", SHELLWORDS_INPUT},
    {";", SHELLWORDS_SEPARATOR},
    {"\n", SHELLWORDS_SEPARATOR},
};

static bool is_any(char character, const char *characters)
{
    while (*characters != 0 && *characters != character) {
        characters++;
    }
    return *characters != 0 && character != 0;
}

/* The bytes of `prefix` if the text begins with it, else 0. */
static size_t match(const char *text, const char *prefix)
{
    size_t bytes = 0;
    while (prefix[bytes] != 0) {
        if (text[bytes] != prefix[bytes]) {
            return 0;
        }
        bytes++;
    }
    return bytes;
}

static bool starts_name(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           character == '_';
}

static bool continues_name(char character)
{
    return starts_name(character) || (character >= '0' && character <= '9');
}

bool shellwords_is_name(const char *bytes, size_t count)
{
    if (count == 0 || !starts_name(bytes[0])) {
        return false;
    }
    for (size_t at = 1; at < count; at++) {
        if (!continues_name(bytes[at])) {
            return false;
        }
    }
    return true;
}

static size_t skip_blanks_and_comments(const char *text, size_t at)
{
    while (is_any(text[at], " \t\r") || (text[at] == '\\' && text[at + 1] == '\n')) {
        at += text[at] == '\\' ? 2 : 1;
    }
    if (text[at] == '#') {
        while (text[at] != 0 && text[at] != '\n') {
            at++;
        }
    }
    return at;
}

/* Check what follows a '$' at `*position`, as far as it could end the text too early. */
static enum status check_dollar(const char *text, size_t *position)
{
    size_t at = *position + 1;
    if (text[at] == '(') {
        return STATUS_UNSUPPORTED;
    }
    if (text[at] != '{') {
        return STATUS_OK;
    }
    size_t first = ++at;
    while (text[at] != 0 && text[at] != '}') {
        at++;
    }
    bool special = at == first + 1 && text[first] == '?';
    bool valid = text[at] == '}' && (special || shellwords_is_name(text + first, at - first));
    return valid ? STATUS_OK : STATUS_INVALID_ARGUMENT;
}

/* Move behind a quoted part that begins at `*position`. */
static enum status skip_quoted(const char *text, size_t *position)
{
    char quote = text[*position];
    size_t at = *position + 1;
    for (; text[at] != 0 && text[at] != quote; at++) {
        if (quote == '\'') {
            continue;
        }
        if (text[at] == '\\' && text[at + 1] != 0) {
            at++;
        } else if (text[at] == '`') {
            *position = at;
            return STATUS_UNSUPPORTED;
        } else if (text[at] == '$') {
            enum status status = check_dollar(text, &at);
            if (status != STATUS_OK) {
                *position = at;
                return status;
            }
        }
    }
    if (text[at] == 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    *position = at + 1;
    return STATUS_OK;
}

/* Move behind one part of a word: a quoted part, an escape, or a plain character. */
static enum status skip_part(const char *text, size_t *position)
{
    enum status status = STATUS_OK;
    switch (text[*position]) {
    case '\'':
    case '"':
        return skip_quoted(text, position);
    case '\\':
        if (text[*position + 1] == 0) {
            return STATUS_INVALID_ARGUMENT;
        }
        *position += 2;
        return STATUS_OK;
    case '$':
        status = check_dollar(text, position);
        if (status == STATUS_OK) {
            *position += 1;
        }
        return status;
    default:
        *position += 1;
        return STATUS_OK;
    }
}

enum status shellwords_next(const char *text, size_t *position, struct shellwords_token *token_out)
{
    size_t first = skip_blanks_and_comments(text, *position);
    *position = first;
    if (text[first] == 0) {
        *token_out =
            (struct shellwords_token){.kind = SHELLWORDS_END, .first = first, .end = first};
        return STATUS_OK;
    }
    for (size_t index = 0; index < sizeof(operators) / sizeof(operators[0]); index++) {
        size_t bytes = match(text + first, operators[index].text);
        if (bytes > 0) {
            *position = first + bytes;
            *token_out = (struct shellwords_token){
                .kind = operators[index].kind, .first = first, .end = first + bytes};
            return STATUS_OK;
        }
    }
    while (text[*position] != 0 && !is_any(text[*position], " \t\r\n;<>")) {
        if (is_any(text[*position], "|&()`")) {
            bool operator_follows = *position > first && (match(text + *position, "&&") > 0 ||
                                                             match(text + *position, "||") > 0);
            if (operator_follows) {
                break;
            }
            return STATUS_UNSUPPORTED;
        }
        enum status status = skip_part(text, position);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *token_out =
        (struct shellwords_token){.kind = SHELLWORDS_WORD, .first = first, .end = *position};
    return STATUS_OK;
}

size_t shellwords_assigned_name(const char *text, struct shellwords_token token)
{
    size_t at = token.first;
    while (at < token.end && continues_name(text[at])) {
        at++;
    }
    bool assigned = at < token.end && text[at] == '=';
    size_t bytes = at - token.first;
    return assigned && shellwords_is_name(text + token.first, bytes) ? bytes : 0;
}
