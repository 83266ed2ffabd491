/* SPDX-License-Identifier: ISC */
/* Tests of the table of names. */
#include <lib/testing/check.h>

#include "../names.h"

static struct names_key key(const char *name)
{
    return (struct names_key){.name = name, .name_bytes = (uint32_t)strlen(name)};
}

static void seeded_names_are_found_after_the_seal(void)
{
    struct names names = {};
    uint32_t role = 0;
    CHECK_EQUAL(names_seed(&names, key("vfsd"), 7), STATUS_OK);
    CHECK_EQUAL(names_lookup(&names, key("vfsd"), &role), STATUS_NOT_FOUND);
    CHECK_EQUAL(names_seal(&names), STATUS_OK);
    CHECK_EQUAL(names_lookup(&names, key("vfsd"), &role), STATUS_OK);
    CHECK_EQUAL(role, 7);
    CHECK_EQUAL(names_lookup(&names, key("vfs"), &role), STATUS_NOT_FOUND);
}

static void nothing_changes_after_the_seal(void)
{
    struct names names = {};
    CHECK_EQUAL(names_seal(&names), STATUS_OK);
    CHECK_EQUAL(names_seed(&names, key("late"), 1), STATUS_DENIED);
    CHECK_EQUAL(names_seal(&names), STATUS_DENIED);
}

static void wrong_names_are_refused(void)
{
    struct names names = {};
    CHECK_EQUAL(names_seed(&names, key(""), 1), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(names_seed(&names, key("0123456789012345678901234567890"), 1), STATUS_OK);
    CHECK_EQUAL(
        names_seed(&names, key("01234567890123456789012345678901"), 1), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(names_seed(&names, key("0123456789012345678901234567890"), 2), STATUS_EXISTS);
}

static void the_table_is_bounded(void)
{
    struct names names = {};
    char name[] = "name-0";
    for (uint32_t i = 0; i < names_max; i++) {
        name[5] = (char)('0' + i);
        CHECK_EQUAL(names_seed(&names, key(name), i), STATUS_OK);
    }
    CHECK_EQUAL(names_seed(&names, key("one more"), 1), STATUS_NO_SPACE);
}

int main(void)
{
    TEST(seeded_names_are_found_after_the_seal);
    TEST(nothing_changes_after_the_seal);
    TEST(wrong_names_are_refused);
    TEST(the_table_is_bounded);
    return check_report();
}
