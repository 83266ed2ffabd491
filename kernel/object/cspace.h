/* SPDX-License-Identifier: ISC */
/* Capability spaces: flat tables of slots. Slot 0 stays empty for ever. */
#pragma once

#include <kernel/object/cap.h>

struct cspace {
    struct object header;
    uint32_t bits;       /* 2^bits slots follow this header */
    uint32_t label;      /* chosen by its creator; names the space in the capability graph */
    uint32_t first_hint; /* no slot below it is in use */
    uint32_t reserved;
    struct cspace *next; /* list of all spaces, for the capability graph */
    struct cspace *previous;
    uint64_t padding[3];
    struct capability slots[];
};

static_assert(sizeof(struct cspace) == cspace_header_bytes);

/* Bytes of memory that a space of 2^bits slots takes. */
static inline uint64_t cspace_size_bytes(uint32_t bits)
{
    return cspace_header_bytes + ((uint64_t)capability_size_bytes << bits);
}

void cspace_init(struct cspace *cspace, uint32_t bits, uint32_t label);
void cspace_destroy(struct cspace *cspace);

/* The slot, or nullptr for slot 0 and for numbers beyond the table. */
static inline struct capability *cspace_slot(struct cspace *cspace, uint64_t slot)
{
    if (slot == 0 || slot >> cspace->bits != 0) {
        return nullptr;
    }
    return &cspace->slots[slot];
}

/* The first slot in use, or nullptr, in *cap_out; after a look at a bounded number of slots. False:
 * there are more to look at, go on later. */
bool cspace_find_first_cap(struct cspace *cspace, struct capability **cap_out);

/* Called for each slot that is filled, so that cspace_find_first_cap stays quick. */
static inline void cspace_note_filled(struct cspace *cspace, uint64_t slot)
{
    if (slot < cspace->first_hint) {
        cspace->first_hint = (uint32_t)slot;
    }
}

/* First of the list of all capability spaces. */
struct cspace *cspace_list_first(void);
