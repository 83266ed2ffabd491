/* SPDX-License-Identifier: ISC */
/*
 * Shows the registry of features of lib/ext: one line for each bit of the three words.
 */
#include <stdio.h>

#include <lib/ext/ext.h>

#include "commands.h"

constexpr uint32_t word_bit_count = 32;

static const char *const verdict_names[] = {
    [EXT_ACCEPTED] = "accepted",
    [EXT_ACCEPTED_READ_ONLY] = "read-only",
    [EXT_REFUSED] = "refused",
};

void print_features(void)
{
    for (uint32_t word = 0; word < EXT_FEATURE_WORD_COUNT; word++) {
        for (uint32_t bit = 0; bit < word_bit_count; bit++) {
            const struct ext_feature *feature = ext_feature_find((enum ext_feature_word)word, bit);
            bool known = feature->bit != ext_no_feature_bit;
            printf("%s\t%u\t%s\t%s\t%s\n", ext_feature_word_name((enum ext_feature_word)word), bit,
                verdict_names[feature->verdict], known ? feature->name : "-",
                feature->reason != nullptr ? feature->reason : "-");
        }
    }
}
