/* SPDX-License-Identifier: ISC */
/* Tests of UTF-8 and columns. */
#include <lib/testing/check.h>
#include <lib/text/text.h>

static void character_is(const char *bytes, uint32_t code_point, uint32_t size, uint32_t columns)
{
    struct text_character character = text_first(bytes, strlen(bytes));
    CHECK_EQUAL(character.code_point, code_point);
    CHECK_EQUAL(character.bytes, size);
    CHECK_EQUAL(character.columns, columns);
}

static void characters(void)
{
    character_is("a", 'a', 1, 1);
    character_is("\xc3\xa9z", 0xe9, 2, 1);
    character_is("\xcc\x81", 0x301, 2, 0);
    character_is("\xe2\x82\xac", 0x20ac, 3, 1);
    character_is("\xe6\xbc\xa2", 0x6f22, 3, 2);
    character_is("\xf0\x9f\x98\x80", 0x1f600, 4, 2);
    character_is("\xf4\x8f\xbf\xbf", 0x10ffff, 4, 1);
    character_is("\x07", 7, 1, 0);
}

static void broken_characters(void)
{
    static const char *const broken[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3",
        "\xe2\x82", "\xe2\x82z", "\xc3z"};
    for (size_t index = 0; index < sizeof(broken) / sizeof(broken[0]); index++) {
        character_is(broken[index], text_replacement, 1, 1);
    }
}

static void all_code_points_come_back(void)
{
    for (uint32_t code_point = 0x800; code_point < 0x10000; code_point++) {
        char bytes[] = {(char)(0xe0 | code_point >> 12), (char)(0x80 | (code_point >> 6 & 0x3f)),
            (char)(0x80 | (code_point & 0x3f))};
        bool surrogate = code_point >= 0xd800 && code_point < 0xe000;
        struct text_character character = text_first(bytes, sizeof(bytes));
        CHECK_EQUAL(character.code_point, surrogate ? text_replacement : code_point);
        CHECK_EQUAL(character.bytes, surrogate ? 1 : 3);
    }
}

static void backwards(void)
{
    CHECK_EQUAL(text_last_bytes("ab", 2), 1);
    CHECK_EQUAL(text_last_bytes("a\xc3\xa9", 3), 2);
    CHECK_EQUAL(text_last_bytes("a\xe2\x82\xac", 4), 3);
    CHECK_EQUAL(text_last_bytes("\xf0\x9f\x98\x80", 4), 4);
    CHECK_EQUAL(text_last_bytes("\x80\x80", 2), 1);
    CHECK_EQUAL(text_last_bytes("\xa9", 1), 1);
}

static void clusters(void)
{
    CHECK_EQUAL(text_first_cluster_bytes("ab", 2), 1);
    CHECK_EQUAL(text_first_cluster_bytes("e\xcc\x81\xcc\x82z", 6), 5);
    CHECK_EQUAL(text_first_cluster_bytes("\xcc\x81z", 3), 2);
    CHECK_EQUAL(text_last_cluster_bytes("ze\xcc\x81\xcc\x82", 6), 5);
    CHECK_EQUAL(text_last_cluster_bytes("\xcc\x81", 2), 2);
    CHECK_EQUAL(text_last_cluster_bytes("e\xcc\x81z", 4), 1);
}

static void columns(void)
{
    CHECK_EQUAL(text_columns("", 0), 0);
    CHECK_EQUAL(text_columns("abc", 3), 3);
    CHECK_EQUAL(text_columns("e\xcc\x81\xe6\xbc\xa2\xff", 7), 4);
}

static void missing(void)
{
    CHECK_EQUAL(text_missing_bytes("a", 1), 0);
    CHECK_EQUAL(text_missing_bytes("\xc3", 1), 1);
    CHECK_EQUAL(text_missing_bytes("\xc3\xa9", 2), 0);
    CHECK_EQUAL(text_missing_bytes("\xf0\x9f", 2), 2);
    CHECK_EQUAL(text_missing_bytes("\xf0z", 2), 0);
    CHECK_EQUAL(text_missing_bytes("\xe0\x80", 2), 0);
    CHECK_EQUAL(text_missing_bytes("\xff", 1), 0);
}

int main(void)
{
    TEST(characters);
    TEST(broken_characters);
    TEST(all_code_points_come_back);
    TEST(backwards);
    TEST(clusters);
    TEST(columns);
    TEST(missing);
    return check_report();
}
