/* SPDX-License-Identifier: ISC */
/* What rootd serves: reports of services, word of ended processes, shutdown. */
#pragma once

#include <protocol/event.h>
#include <protocol/report.h>
#include <protocol/root.h>

struct report_server report_handlers(void);
struct root_server root_handlers(void);
struct event_server event_handlers(void);

/* The alarm rang. */
void handle_alarm(void *self, uint64_t bits);
