/* SPDX-License-Identifier: ISC */
/* rootd behind its entry point. */
#pragma once

#include <abi/root_handoff.h>

/* The whole life of rootd; never returns. */
[[noreturn]] void rootd_main(const struct root_handoff *handoff);
