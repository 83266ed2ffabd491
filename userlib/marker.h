/* SPDX-License-Identifier: ISC */
/* Markers, for machines: the lines of abi/markers.toml. */
#pragma once

#include <markers/markers.h>

/*
 * Say that a fact of the list is now true. In a release image only the markers whose column
 * `release` says so are sent. Waits until the log has taken it, so that markers keep their order.
 */
void marker(enum marker marker);

/* The same with a space and details behind the marker, in the words of log_write. */
[[gnu::format(printf, 2, 3)]] void marker_details(enum marker marker, const char *format, ...);
