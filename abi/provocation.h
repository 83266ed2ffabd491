/* SPDX-License-Identifier: ISC */
/* Test images: argument of TEST_PROVOKE. */
#pragma once

#include <stdint.h>

/* What the kernel does wrong on request. Each must end in the named way, and none may return. */
enum provocation : uint32_t {
    PROVOKE_PANIC = 0,          /* PANIC */
    PROVOKE_DIVIDE = 1,         /* EXCEPTION DIVIDE */
    PROVOKE_INVALID_OPCODE = 2, /* EXCEPTION INVALID_OPCODE */
    PROVOKE_NON_CANONICAL = 3,  /* EXCEPTION GENERAL_PROTECTION */
    PROVOKE_READ_NULL = 4,      /* EXCEPTION PAGE, as all down to JUMP_TO_DATA */
    PROVOKE_READ_USER = 5,      /* SMAP; `address` is mapped in the caller's address space */
    PROVOKE_JUMP_TO_USER = 6,   /* SMEP; the same */
    PROVOKE_WRITE_TEXT = 7,     /* W^X and write protection */
    PROVOKE_WRITE_READ_ONLY = 8,
    PROVOKE_WRITE_TEXT_DIRECT = 9, /* through the direct map */
    PROVOKE_JUMP_TO_DATA = 10,     /* NX */
    PROVOKE_OVERFLOW_STACK = 11,   /* EXCEPTION DOUBLE_FAULT: the guard page */
    PROVOKE_OVERWRITE_CANARY = 12, /* PANIC STACK_CANARY */
    PROVOKE_COUNT
};
