/* SPDX-License-Identifier: ISC */
/*
 * Address spaces.
 *
 * Invariant: every taken place of a layout holds a frame capability of ours, which is mapped there
 * unless the memory behind it was revoked.
 */
#include "spaces.h"

#include <userlib/assert.h>
#include <userlib/slots.h>

constexpr uint32_t process_none = 0;
constexpr uint32_t table_block_bits = 15;

static_assert(vspace_map_read == RIGHT_READ);
static_assert(vspace_map_write == RIGHT_WRITE);
static_assert(vspace_map_execute == RIGHT_EXECUTE);

constexpr uint32_t flags_access = vspace_map_read | vspace_map_write | vspace_map_execute;
constexpr uint32_t flags_known = flags_access | vspace_map_uncached | vspace_map_write_combining;

void spaces_init(struct spaces *spaces, struct memory_cap memory, struct pager_cap pager)
{
    spaces->memory = memory;
    spaces->pager = pager;
    layout_pool_init(&spaces->pool);
}

struct space *spaces_find(struct spaces *spaces, uint32_t process)
{
    for (uint32_t index = 0; index < spaces_max; index++) {
        if (spaces->table[index].process == process) {
            return &spaces->table[index];
        }
    }
    return nullptr;
}

enum status spaces_adopt(struct spaces *spaces, const struct vspace_adopt_request *request,
    struct address_space_cap vspace_take)
{
    if (request->process == process_none) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (spaces_find(spaces, request->process) != nullptr) {
        return STATUS_EXISTS;
    }
    struct space *space = spaces_find(spaces, process_none);
    if (space == nullptr) {
        return STATUS_NO_MEMORY;
    }
    const bool is_paged = request->heap_bytes != 0 || request->stack_bytes != 0;
    if (is_paged) {
        const enum status status = pager_attach(spaces->pager,
            &(struct pager_attach_request){.process = request->process,
                .heap_bytes = request->heap_bytes,
                .stack_bytes = request->stack_bytes},
            vspace_take);
        if (status != STATUS_OK) {
            return status;
        }
    }
    space->process = request->process;
    space->vspace = vspace_take;
    space->is_paged = is_paged;
    space->tables = (struct memory_pool){.memory = spaces->memory, .first_bits = table_block_bits};
    layout_init(&space->layout, &spaces->pool);
    return STATUS_OK;
}

/* The mapping disappears with the capability. */
static void undo_place(struct space *space, uint32_t index)
{
    const struct layout_place place = space->layout.pool->places[index];
    if (place.has_block) {
        const enum status status =
            memory_free(space->tables.memory, &(struct memory_free_request){.block = place.block});
        assert(status == STATUS_OK);
    }
    slots_delete(place.frame);
    layout_give(&space->layout, index);
}

void spaces_release(struct spaces *spaces, uint32_t process)
{
    struct space *space = process == process_none ? nullptr : spaces_find(spaces, process);
    if (space == nullptr) {
        return;
    }
    while (layout_any(&space->layout) != layout_no_place) {
        undo_place(space, layout_any(&space->layout));
    }
    layout_destroy(&space->layout);
    memory_pool_release(&space->tables);
    if (space->is_paged) {
        const enum status status =
            pager_detach(spaces->pager, &(struct pager_detach_request){.process = process});
        assert(status == STATUS_OK);
    }
    slots_delete(space->vspace.slot);
    space->process = process_none;
}

static enum frame_attribute attribute_of(uint32_t flags)
{
    if ((flags & vspace_map_uncached) != 0) {
        return FRAME_UNCACHED;
    }
    return (flags & vspace_map_write_combining) != 0 ? FRAME_WRITE_COMBINING : FRAME_CACHED;
}

/* Map the frame at the place, which is given back on failure. */
static enum status fill_place(
    struct space *space, uint32_t place, uint32_t flags, struct frame_cap frame)
{
    const enum status status = vspace_map_frame(frame,
        &(struct frame_map){
            .vspace = space->vspace,
            .address = space->layout.pool->places[place].address,
            .rights = (uint16_t)(flags & flags_access),
            .attribute = attribute_of(flags),
        },
        memory_pool_tables(&space->tables));
    if (status != STATUS_OK) {
        layout_give(&space->layout, place);
        return status;
    }
    space->layout.pool->places[place].frame = frame.slot;
    return STATUS_OK;
}

enum status space_map_fixed(
    struct space *space, uint64_t address, uint32_t flags, struct frame_cap frame_take)
{
    if ((flags & ~flags_known) != 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    uint32_t place = layout_no_place;
    const enum status status = layout_take_fixed(&space->layout, address, &place);
    if (status != STATUS_OK) {
        return status;
    }
    return fill_place(space, place, flags, frame_take);
}

enum status space_map(
    struct space *space, uint32_t flags, struct frame_cap frame_take, uint64_t *address_out)
{
    if ((flags & ~flags_known) != 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct cap_identity identity = {};
    enum status status = cspace_identify(slots_cspace(), frame_take.slot, &identity);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t place = layout_no_place;
    status = layout_take(&space->layout, (uint32_t)identity.value, &place);
    if (status != STATUS_OK) {
        return status;
    }
    const uint64_t address = space->layout.pool->places[place].address;
    status = fill_place(space, place, flags, frame_take);
    if (status == STATUS_OK) {
        *address_out = address;
    }
    return status;
}

/* A frame with just `rights` that fills `memory`, which is deleted: memd's own capability of the
 * block remains its ancestor. */
static enum status make_frame(
    struct untyped_cap memory, uint32_t bits, uint16_t rights, struct frame_cap *frame_out)
{
    cap_slot slots[2] = {};
    enum status status = slots_take_run(2, slots);
    if (status != STATUS_OK) {
        return status;
    }
    slots[1] = slots[0] + 1;
    status = untyped_retype(memory, &(struct untyped_retype){.kind = OBJECT_FRAME,
                                        .bits = bits,
                                        .count = 1,
                                        .cspace = SLOT_SELF_CSPACE,
                                        .first_slot = slots[0]});
    if (status == STATUS_OK) {
        status = cspace_copy(slots_cspace(),
            &(struct cspace_copy){.source = slots[0], .target = slots[1], .rights = rights});
    }
    slots_delete(slots[0]);
    if (status != STATUS_OK) {
        slots_delete(slots[1]);
        return status;
    }
    *frame_out = (struct frame_cap){slots[1]};
    return STATUS_OK;
}

enum status space_allocate(struct space *space, uint32_t bits, uint16_t rights,
    uint64_t *address_out, struct frame_cap *frame_out)
{
    if (bits < frame_bits_min || bits > frame_bits_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    const struct memory_cap memd = space->tables.memory;
    struct memory_allocate_reply block = {};
    struct untyped_cap memory = {};
    enum status status =
        memory_allocate(memd, &(struct memory_allocate_request){.bits = bits}, &block, &memory);
    if (status != STATUS_OK) {
        return status;
    }
    struct frame_cap frame = {};
    status = make_frame(memory, bits, rights, &frame);
    slots_delete(memory.slot);
    if (status == STATUS_OK) {
        status = space_map(space, vspace_map_read | vspace_map_write, frame, address_out);
    }
    if (status != STATUS_OK) {
        const enum status freed =
            memory_free(memd, &(struct memory_free_request){.block = block.block});
        assert(freed == STATUS_OK);
        slots_delete(frame.slot);
        return status;
    }
    struct layout_place *place =
        &space->layout.pool->places[layout_find(&space->layout, *address_out)];
    place->block = block.block;
    place->has_block = true;
    *frame_out = frame;
    return STATUS_OK;
}

enum status space_unmap(struct space *space, uint64_t address)
{
    const uint32_t place = layout_find(&space->layout, address);
    if (place == layout_no_place) {
        return STATUS_NOT_FOUND;
    }
    undo_place(space, place);
    return STATUS_OK;
}
