/* SPDX-License-Identifier: ISC */
/* Checks of the program's own mistakes. A false one prints where it stands and aborts. */

/* No #pragma once: the standard lets a program include this again with NDEBUG changed. */
#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition)                                                                          \
    ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__, __func__))
#endif

#ifndef ERIX_ASSERT_DECLARED
#define ERIX_ASSERT_DECLARED
_Noreturn void assert_failed(
    const char *condition, const char *file, int line, const char *function);
#endif
