/* SPDX-License-Identifier: ISC */
/*
 * The whole test framework. A test program is one main() that runs TEST(name) for each of its test
 * functions and returns check_report(). Each test prints one line, "ok NAME" or "FAIL NAME ...":
 * the harness counts these lines. With CHECK_ONLY=NAME in the environment the others are left out.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned check_passed_count;
static unsigned check_failed_count;
static bool check_failing;

#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)
#define CHECK_EQUAL(actual, wanted)                                                                \
    check_equal(                                                                                   \
        (long long)(actual), (long long)(wanted), #actual " == " #wanted, __FILE__, __LINE__)
#define TEST(function) check_run(function, #function)

static inline void check_that(bool holds, const char *text, const char *file, int line)
{
    if (!holds) {
        check_failing = true;
        printf("%s:%d: does not hold: %s\n", file, line, text);
    }
}

static inline void check_equal(
    long long actual, long long wanted, const char *text, const char *file, int line)
{
    if (actual != wanted) {
        check_failing = true;
        printf("%s:%d: %s: is %lld, wanted %lld\n", file, line, text, actual, wanted);
    }
}

static inline void check_run(void (*function)(void), const char *name)
{
    const char *only = getenv("CHECK_ONLY");
    if (only != nullptr && strcmp(only, name) != 0) {
        return;
    }
    check_failing = false;
    function();
    if (check_failing) {
        check_failed_count++;
        printf("FAIL %s\n", name);
        return;
    }
    check_passed_count++;
    printf("ok %s\n", name);
}

/* The exit status of main(): 0 only if at least one test ran and none failed. */
static inline int check_report(void)
{
    return check_failed_count == 0 && check_passed_count > 0 ? 0 : 1;
}
