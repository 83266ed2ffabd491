/* SPDX-License-Identifier: ISC */
/*
 * Any bytes: folding ends within its room and agrees with unicode_valid about what UTF-8 is. Once
 * nothing ignorable is left, which is so after the first time, folding again changes nothing.
 */
#include <lib/unicode/unicode.h>

#include <string.h>

constexpr size_t string_bytes_max = 255;
constexpr size_t folded_bytes_max = string_bytes_max * unicode_fold_growth_max;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void require(bool condition)
{
    if (!condition) {
        __builtin_trap();
    }
}

/* The string is replaced by its fold. */
static void fold_again(uint8_t *string, size_t *string_bytes, size_t room_bytes)
{
    uint8_t folded[folded_bytes_max];
    size_t folded_bytes = 0;
    require(unicode_fold(string, *string_bytes, folded, room_bytes, &folded_bytes) == STATUS_OK);
    memcpy(string, folded, folded_bytes);
    *string_bytes = folded_bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    uint8_t folded[folded_bytes_max];
    uint8_t twice[folded_bytes_max];
    size_t folded_bytes = 0;
    bool equal = false;
    if (size_bytes > string_bytes_max) {
        return 0;
    }
    enum status status = unicode_fold(
        bytes, size_bytes, folded, size_bytes * unicode_fold_growth_max, &folded_bytes);
    require(status == (unicode_valid(bytes, size_bytes) ? STATUS_OK : STATUS_CORRUPT));
    if (status != STATUS_OK) {
        return 0;
    }
    require(unicode_fold_compare(bytes, size_bytes, bytes, size_bytes, &equal) == STATUS_OK);
    require(equal);
    fold_again(folded, &folded_bytes, sizeof folded);
    memcpy(twice, folded, folded_bytes);
    size_t twice_bytes = folded_bytes;
    fold_again(folded, &folded_bytes, sizeof folded);
    require(twice_bytes == folded_bytes && memcmp(folded, twice, folded_bytes) == 0);
    return 0;
}
