/* SPDX-License-Identifier: ISC */
/* Lists of places, linked by index. */
#include "layout.h"

#include <abi/startup.h>
#include <lib/base/base.h>

static uint32_t pop(struct layout_pool *pool, uint32_t *first)
{
    const uint32_t place = *first;
    *first = pool->places[place].next;
    return place;
}

static void push(struct layout_pool *pool, uint32_t *first, uint32_t place)
{
    pool->places[place].next = *first;
    *first = place;
}

void layout_pool_init(struct layout_pool *pool)
{
    pool->unused_first = layout_no_place;
    for (uint32_t place = layout_places_max; place > 0; place--) {
        push(pool, &pool->unused_first, place - 1);
    }
}

void layout_init(struct layout *layout, struct layout_pool *pool)
{
    *layout =
        (struct layout){.pool = pool, .next_address = mapping_base, .taken_first = layout_no_place};
    for (uint32_t size = 0; size < layout_size_count; size++) {
        layout->given_first[size] = layout_no_place;
    }
}

static enum status take_fresh(struct layout *layout, uint32_t bits, uint32_t *place_out)
{
    const uint64_t size_bytes = UINT64_C(1) << bits;
    const uint64_t address = align_up(layout->next_address, size_bytes);
    if (mapping_end - address < size_bytes) {
        return STATUS_NO_SPACE;
    }
    const enum status status = layout_take_fixed(layout, address, place_out);
    if (status == STATUS_OK) {
        layout->pool->places[*place_out].fixed = false;
        layout->pool->places[*place_out].bits = (uint8_t)bits;
        layout->next_address = address + size_bytes;
    }
    return status;
}

enum status layout_take(struct layout *layout, uint32_t bits, uint32_t *place_out)
{
    if (bits < frame_bits_min || bits > frame_bits_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    uint32_t *given = &layout->given_first[bits - frame_bits_min];
    if (*given == layout_no_place) {
        return take_fresh(layout, bits, place_out);
    }
    const uint32_t place = pop(layout->pool, given);
    push(layout->pool, &layout->taken_first, place);
    *place_out = place;
    return STATUS_OK;
}

enum status layout_take_fixed(struct layout *layout, uint64_t address, uint32_t *place_out)
{
    struct layout_pool *pool = layout->pool;
    if (pool->unused_first == layout_no_place) {
        return STATUS_NO_SLOT;
    }
    const uint32_t place = pop(pool, &pool->unused_first);
    pool->places[place] = (struct layout_place){.address = address, .fixed = true};
    push(pool, &layout->taken_first, place);
    *place_out = place;
    return STATUS_OK;
}

uint32_t layout_find(const struct layout *layout, uint64_t address)
{
    const struct layout_place *places = layout->pool->places;
    uint32_t place = layout->taken_first;
    while (place != layout_no_place && (places[place].fixed || places[place].address != address)) {
        place = places[place].next;
    }
    return place;
}

void layout_give(struct layout *layout, uint32_t place)
{
    struct layout_place *places = layout->pool->places;
    uint32_t *link = &layout->taken_first;
    while (*link != place) {
        link = &places[*link].next;
    }
    *link = places[place].next;
    const struct layout_place given = places[place];
    places[place] = (struct layout_place){.address = given.address, .bits = given.bits};
    push(layout->pool,
        given.fixed ? &layout->pool->unused_first
                    : &layout->given_first[given.bits - frame_bits_min],
        place);
}

void layout_destroy(struct layout *layout)
{
    for (uint32_t size = 0; size < layout_size_count; size++) {
        while (layout->given_first[size] != layout_no_place) {
            const uint32_t place = pop(layout->pool, &layout->given_first[size]);
            push(layout->pool, &layout->pool->unused_first, place);
        }
    }
}
