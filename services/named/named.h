/* SPDX-License-Identifier: ISC */
/* State of named. */
#pragma once

#include <protocol/name.h>

#include "names.h"

struct named {
    struct names names;
};

/* The handlers of protocol name over `named`. */
struct name_server named_server(struct named *named);
