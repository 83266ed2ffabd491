/* SPDX-License-Identifier: ISC */
/* Tests of the strings of a launch. */
#include <lib/testing/check.h>

#include "../strings.h"

static uint32_t path_bytes;

static enum status check(
    const char *bytes, uint32_t size_bytes, uint32_t arguments, uint32_t environment)
{
    const struct strings strings = {bytes, size_bytes, arguments, environment};
    return strings_check(&strings, &path_bytes);
}

static void counts_must_agree(void)
{
    static const char text[] = "/bin/ls\0ls\0-l\0HOME=/";
    CHECK_EQUAL(check(text, sizeof text, 2, 1), STATUS_OK);
    CHECK_EQUAL(path_bytes, 7);
    CHECK_EQUAL(check(text, sizeof text, 3, 0), STATUS_OK);
    CHECK_EQUAL(check(text, sizeof text, 2, 0), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(check(text, sizeof text, 2, 2), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(check(text, sizeof text, UINT32_MAX, UINT32_MAX), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(check(text, sizeof text - 1, 2, 0), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(check(text, 0, 0, 0), STATUS_INVALID_ARGUMENT);
}

static void paths_must_be_canonical(void)
{
    static const char *const wrong[] = {
        "", "/", "bin/ls", "/bin//ls", "/bin/ls/", "/bin/./ls", "/bin/../ls", "/..", "/.", "//"};
    static const char *const right[] = {"/a", "/bin/ls", "/...", "/.a/..b"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_EQUAL(check(wrong[i], (uint32_t)strlen(wrong[i]) + 1, 0, 0), STATUS_INVALID_ARGUMENT);
    }
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        CHECK_EQUAL(check(right[i], (uint32_t)strlen(right[i]) + 1, 0, 0), STATUS_OK);
    }
}

static void long_paths_are_refused(void)
{
    char path[1000];
    memset(path, 'a', sizeof path);
    path[0] = '/';
    path[900] = 0;
    CHECK_EQUAL(check(path, 901, 0, 0), STATUS_OK);
    path[900] = 'a';
    path[901] = 0;
    CHECK_EQUAL(check(path, 902, 0, 0), STATUS_NAME_TOO_LONG);
}

int main(void)
{
    TEST(counts_must_agree);
    TEST(paths_must_be_canonical);
    TEST(long_paths_are_refused);
    return check_report();
}
