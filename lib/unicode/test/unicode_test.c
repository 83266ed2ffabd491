/* SPDX-License-Identifier: ISC */
/*
 * Every code point and random strings against Python's Unicode tables (expectations.py), what UTF-8
 * is, and the ends of buffers.
 */
#include <lib/unicode/unicode.h>

#include <lib/testing/check.h>
#include <lib/unicode/utf8.h>

#include <unicode_expected.h>

constexpr size_t folded_bytes_max = 1024;

static bool folds_to(const char *string, size_t string_bytes, const char *wanted)
{
    uint8_t folded[folded_bytes_max];
    size_t folded_bytes = 0;
    enum status status = unicode_fold(string, string_bytes, folded, sizeof folded, &folded_bytes);
    return status == STATUS_OK && folded_bytes == strlen(wanted) &&
           memcmp(folded, wanted, folded_bytes) == 0;
}

/* Those that are not listed stand for themselves, assigned or not. */
static void every_code_point(void)
{
    constexpr size_t expected_count = sizeof expected_folds / sizeof expected_folds[0];
    size_t next = 0;
    for (uint32_t code_point = 1; code_point < code_point_limit; code_point++) {
        char string[utf8_bytes_max + 1] = {};
        if (code_point >= 0xd800 && code_point < 0xe000) {
            continue;
        }
        uint32_t length = utf8_encode(code_point, (uint8_t *)string);
        const char *wanted = string;
        if (next < expected_count && expected_folds[next].code_point == code_point) {
            wanted = expected_folds[next++].text;
        }
        if (!folds_to(string, length, wanted)) {
            printf("U+%04X\n", code_point);
            CHECK(false);
        }
    }
    CHECK_EQUAL(next, expected_count);
    CHECK(expected_count > 14'000);
}

static void random_strings(void)
{
    constexpr size_t string_count = sizeof expected_strings / sizeof expected_strings[0];
    for (size_t index = 0; index < string_count; index++) {
        const char *string = expected_strings[index][0];
        const char *folded = expected_strings[index][1];
        bool equal = false;
        CHECK(folds_to(string, strlen(string), folded));
        CHECK_EQUAL(unicode_fold_compare(string, strlen(string), string, strlen(string), &equal),
            STATUS_OK);
        CHECK(equal);
    }
    CHECK(string_count >= 3000);
}

static void compares(void)
{
    static const struct {
        const char *left;
        const char *right;
        bool equal;
    } cases[] = {
        {"", "", true},
        {"Stra\xc3\x9f"
         "e.TXT",
            "STRASSE.txt", true},
        {"A\xc3\x84", "aa\xcc\x88", true},                         /* composed and decomposed */
        {"a\xc2\xad", "A", true},                                  /* a soft hyphen is ignorable */
        {"a\xcc\x80\xcc\x96", "a\xcc\x96\xcc\x80", true},          /* marks of two classes */
        {"a\xcc\x80\xcd\x8f\xcc\x96", "a\xcc\x96\xcc\x80", false}, /* kept apart by a joiner */
        {"a", "ab", false}, {"ab", "a", false}, {"a", "b", false},
        {"\xce\xa3", "\xcf\x82", true},                 /* both small sigmas */
        {"\xf0\x9e\xa4\x80", "\xf0\x9e\xa4\xa2", true}, /* Adlam, beyond the first plane */
        {"\xea\xb0\x81", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", true}, /* Hangul */
    };
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        bool equal = !cases[index].equal;
        const char *left = cases[index].left;
        const char *right = cases[index].right;
        CHECK_EQUAL(
            unicode_fold_compare(left, strlen(left), right, strlen(right), &equal), STATUS_OK);
        CHECK_EQUAL(equal, cases[index].equal);
    }
}

static void refuses_what_is_no_utf_8(void)
{
    static const char *const broken[] = {
        "\x80",                /* begins with a continuation */
        "\xc1\xbf",            /* overlong */
        "\xe0\x9f\xbf",        /* overlong */
        "\xf0\x8f\xbf\xbf",    /* overlong */
        "\xed\xa0\x80",        /* a surrogate */
        "\xf4\x90\x80\x80",    /* above the last code point */
        "\xf8\x88\x80\x80",    /* five bytes */
        "\xff", "a\xc3",       /* cut off */
        "a\xe2\x82", "a\xc3(", /* no continuation */
        "a\xcc\x88\xcc",       /* within a run of marks */
    };
    for (size_t index = 0; index < sizeof broken / sizeof broken[0]; index++) {
        uint8_t folded[folded_bytes_max];
        size_t folded_bytes;
        bool equal;
        size_t length = strlen(broken[index]);
        CHECK(!unicode_valid(broken[index], length));
        CHECK_EQUAL(unicode_fold(broken[index], length, folded, sizeof folded, &folded_bytes),
            STATUS_CORRUPT);
        CHECK_EQUAL(unicode_fold_compare(broken[index], length, "b", 1, &equal), STATUS_CORRUPT);
        CHECK_EQUAL(unicode_fold_compare("b", 1, broken[index], length, &equal), STATUS_CORRUPT);
    }
    CHECK(unicode_valid("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\xc2\x80\xe0\xa0\x80", 15));
}

static void room_is_respected(void)
{
    uint8_t folded[4] = {0, 0, 0, 0xa5};
    size_t folded_bytes = 77;
    CHECK_EQUAL(unicode_fold("AB\xc3\x84", 4, folded, 3, &folded_bytes), STATUS_TOO_LARGE);
    CHECK_EQUAL(folded_bytes, 77);
    CHECK_EQUAL(folded[3], 0xa5);
    CHECK_EQUAL(unicode_fold("ABC", 3, folded, 3, &folded_bytes), STATUS_OK);
    CHECK_EQUAL(folded_bytes, 3);
}

int main(void)
{
    TEST(every_code_point);
    TEST(random_strings);
    TEST(compares);
    TEST(refuses_what_is_no_utf_8);
    TEST(room_is_respected);
    return check_report();
}
