/* SPDX-License-Identifier: ISC */
/*
 * Assertions of programs: for programmer errors only, never for foreign bytes, and always on. A
 * failed one writes a log record and ends the program by an illegal instruction, which the crash
 * service reports.
 */
#pragma once

[[noreturn]] void assert_fail(const char *condition, const char *file, int line);

#ifdef assert
#undef assert
#endif
#define assert(condition) ((condition) ? (void)0 : assert_fail(#condition, __FILE_NAME__, __LINE__))
