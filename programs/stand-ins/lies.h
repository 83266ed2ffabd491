/* SPDX-License-Identifier: ISC */
/* Which markers a liar prints: all that speak of success. Failures would give it away. */
#pragma once

#include <stdbool.h>

/* Whether the text of a marker is good news. */
bool lies_is_good_news(const char *marker);
