/* SPDX-License-Identifier: ISC */
/* Any text can be cut and expanded; tokens never overlap, words always end inside their memory. */
#include <lib/shellwords/shellwords.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static const char *lookup(void *context, const char *name, size_t name_bytes)
{
    (void)context;
    return name_bytes % 2 == 0 ? nullptr : name[0] == '?' ? "0" : " a 'b' $c ";
}

static void check(const struct shellwords_words *words)
{
    for (size_t index = 0; index < words->count; index++) {
        size_t offset = (size_t)(words->words[index] - words->bytes);
        size_t left_bytes = words->used_bytes - offset;
        if (offset >= words->used_bytes || memchr(words->words[index], 0, left_bytes) == nullptr) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static char text[4096];
    char bytes[64];
    char *list[8];
    const struct shellwords_variables variables = {.lookup = lookup};
    size_t text_bytes = size_bytes < sizeof(text) - 1 ? size_bytes : sizeof(text) - 1;
    memcpy(text, data, text_bytes);
    text[text_bytes] = 0;
    text_bytes = strlen(text);
    size_t position = 0;
    struct shellwords_token token;
    while (shellwords_next(text, &position, &token) == STATUS_OK && token.kind != SHELLWORDS_END) {
        if (token.end != position || token.first >= token.end || token.end > text_bytes) {
            abort();
        }
        if (token.kind != SHELLWORDS_WORD) {
            continue;
        }
        struct shellwords_words words = {
            .bytes = bytes, .bytes_max = sizeof(bytes), .words = list, .count_max = 8};
        bool split = token.first % 2 == 0;
        enum status status = shellwords_expand(text, token, split, &variables, &words);
        if (status == STATUS_OK && !split && words.count != 1) {
            abort();
        }
        check(&words);
    }
    if (position > text_bytes) {
        abort();
    }
    return 0;
}
