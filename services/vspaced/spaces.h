/* SPDX-License-Identifier: ISC */
/* The address spaces that vspaced looks after, and what is mapped in them. */
#pragma once

#include <protocol/pager.h>
#include <protocol/vspace.h>
#include <userlib/memory_pool.h>

#include "layout.h"

constexpr uint32_t spaces_max = 128;

struct space {
    uint32_t process;                /* 0: this entry is free */
    struct address_space_cap vspace; /* owned */
    struct layout layout;
    struct memory_pool tables;
    bool is_paged; /* pagerd knows it */
};

struct spaces {
    struct memory_cap memory; /* borrowed: right allocate */
    struct pager_cap pager;   /* borrowed: right manage */
    struct layout_pool pool;
    struct space table[spaces_max];
};

void spaces_init(struct spaces *spaces, struct memory_cap memory, struct pager_cap pager);

/* The space of a process, or nullptr. */
struct space *spaces_find(struct spaces *spaces, uint32_t process);

/* Look after a new process; takes `vspace_take` on success. EXISTS, NO_MEMORY (too many), and what
 * pagerd says. */
enum status spaces_adopt(struct spaces *spaces, const struct vspace_adopt_request *request,
    struct address_space_cap vspace_take);

/* Forget a process and give all back. */
void spaces_release(struct spaces *spaces, uint32_t process);

/* Map a frame at an address of the launcher's choice; takes it on success. */
enum status space_map_fixed(
    struct space *space, uint64_t address, uint32_t flags, struct frame_cap frame_take);

/* Map a frame where there is room; takes it on success. */
enum status space_map(
    struct space *space, uint32_t flags, struct frame_cap frame_take, uint64_t *address_out);

/* Map fresh memory. *frame_out is the mapped frame and stays the space's. */
enum status space_allocate(struct space *space, uint32_t bits, uint16_t rights,
    uint64_t *address_out, struct frame_cap *frame_out);

/* Undo space_map() or space_allocate(). NOT_FOUND. */
enum status space_unmap(struct space *space, uint64_t address);
