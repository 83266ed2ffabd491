/* SPDX-License-Identifier: ISC */
/* The one way in which a start fails: say who and why, take down what ran, end. */
#pragma once

#include <abi/status.h>
#include <userlib/marker.h>

/* The handoff or the configuration is broken; exit class 0x13 in a test image. */
[[noreturn]] void failure_contract(const char *reason);

/* rootd itself cannot go on; exit class 0x13. */
[[noreturn]] void failure_internal(const char *what, enum status status);

/* A service is missing, cannot be started, refuses or dies; exit class 0x14. `fact` is one of the
 * markers ROOTD_FAIL_. If a program has died without rootd having heard of it yet, that is said
 * instead, here and in what follows. */
[[noreturn]] void failure_service(enum marker fact, const char *service, const char *reason);

/* A program reports that it failed: failure_service if `code` is an enum status that says so. Else
 * the report is of no known class, and nobody knows what it means: exit class 0x13. */
[[noreturn]] void failure_reported(
    enum marker fact, const char *service, int32_t code, const char *reason);

/* What BootConfig promises is not there (disk, mount, shell): exit class 0x13. */
[[noreturn]] void failure_configured(enum marker fact, const char *what, const char *reason);

/* A test image has shown what it was made for; exit class 0x10. Does nothing in a runtime image. */
void failure_none(void);
