/* SPDX-License-Identifier: ISC */
/*
 * The one list of outcomes for the whole system: system calls, messages and libraries.
 *
 * Four of them are kept apart because tests of refusal depend on it:
 *   CORRUPT      the bytes lie: they contradict their own format;
 *   UNSUPPORTED  the bytes are honest, but ask for what this system does not do;
 *   DENIED       the caller holds no right for it;
 *   IO           the device failed.
 */
#pragma once

#include <stdint.h>

/* name, text for people */
#define STATUS_LIST(X)                                                                             \
    X(OK, "ok")                                                                                    \
    X(INVALID_ARGUMENT, "invalid argument")                                                        \
    X(INVALID_CAPABILITY, "no capability of that kind in the slot")                                \
    X(DENIED, "permission denied")                                                                 \
    X(NOT_FOUND, "not found")                                                                      \
    X(EXISTS, "already exists")                                                                    \
    X(NO_MEMORY, "out of memory")                                                                  \
    X(NO_SLOT, "no free capability slot")                                                          \
    X(BUSY, "busy")                                                                                \
    X(WOULD_BLOCK, "would block")                                                                  \
    X(CANCELLED, "cancelled")                                                                      \
    X(TIMED_OUT, "timed out")                                                                      \
    X(PEER_LOST, "the other side is gone")                                                         \
    X(UNKNOWN_OPERATION, "unknown operation")                                                      \
    X(CONTRACT_INVALID, "start-up contract broken")                                                \
    X(UNSUPPORTED, "not supported")                                                                \
    X(CORRUPT, "corrupt data")                                                                     \
    X(UNTRUSTED, "signature or digest does not match")                                             \
    X(NO_KEY, "key is not available")                                                              \
    X(IO, "input/output error")                                                                    \
    X(NO_SPACE, "no space left on device")                                                         \
    X(READ_ONLY, "read-only")                                                                      \
    X(NOT_DIRECTORY, "not a directory")                                                            \
    X(IS_DIRECTORY, "is a directory")                                                              \
    X(NOT_EMPTY, "directory not empty")                                                            \
    X(NAME_TOO_LONG, "name too long")                                                              \
    X(TOO_LARGE, "too large")                                                                      \
    X(LOOP, "too many symbolic links")                                                             \
    X(CROSS_DEVICE, "on another file system")                                                      \
    X(MISSING_TABLE, "a page table is missing")                                                    \
    X(END, "end of data")                                                                          \
    X(INTERNAL, "internal error")

#define STATUS_ENUMERATOR(name, text) STATUS_##name,

enum [[nodiscard]] status : int32_t {
    STATUS_LIST(STATUS_ENUMERATOR) STATUS_COUNT
};

#undef STATUS_ENUMERATOR

static_assert(STATUS_OK == 0);
