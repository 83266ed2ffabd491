/* SPDX-License-Identifier: ISC */
/* State of loaderd. */
#pragma once

#include <protocol/loader.h>

#include "image.h"

struct loaderd {
    struct image image;
    char strings[strings_bytes_max];
};

/* The handlers of protocol loader over `loaderd`. */
struct loader_server loaderd_server(struct loaderd *loaderd);
