/* SPDX-License-Identifier: ISC */
/*
 * Word of ended processes to those that keep something for their clients. Sending never waits: what
 * a subscriber cannot take now is kept in order and tried again when the clock rings.
 */
#pragma once

#include <protocol/event.h>

#include <stdint.h>

constexpr uint32_t event_subscribers_max = 4;
/* For each subscriber. Nobody is started while there might be no room for the word of his end. */
constexpr uint32_t events_kept_max = 192;

/* A ring of what has not been delivered yet. */
struct event_subscriber {
    struct event_cap endpoint;
    uint32_t first;
    uint32_t count;
    struct event_process_ended_request kept[events_kept_max];
};

struct events {
    uint32_t subscriber_count;
    struct event_subscriber subscribers[event_subscribers_max];
};

/* Those of the optional peers that this image has. */
void events_init(struct events *events);

/* Whether `living` processes can end, and one more, without a word being lost. */
bool events_have_room(const struct events *events, uint32_t living);

/* Tell everybody. There is room: events_have_room() was asked before the process was made. */
void events_send(struct events *events, const struct event_process_ended_request *event);

/* The clock rang: try again. */
void events_retry(struct events *events);
