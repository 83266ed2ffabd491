/* SPDX-License-Identifier: ISC */
/* The handlers of protocol disk. */
#pragma once

#include "requests.h"

struct disk_server disk_handlers(struct requests *requests);
