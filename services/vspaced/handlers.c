/* SPDX-License-Identifier: ISC */
/* One function for each operation of protocol vspace, in its order. */
#include "handlers.h"

static enum status handle_adopt(void *self, struct ipc_caller caller,
    const struct vspace_adopt_request *request, struct address_space_cap space)
{
    (void)caller;
    return spaces_adopt(self, request, space);
}

static enum status handle_release(
    void *self, struct ipc_caller caller, const struct vspace_release_request *request)
{
    (void)caller;
    spaces_release(self, request->process);
    return STATUS_OK;
}

/* nullptr also for client 0, whom no launcher makes. */
static struct space *find(void *self, uint32_t process)
{
    return process == 0 ? nullptr : spaces_find(self, process);
}

static enum status handle_map_fixed(void *self, struct ipc_caller caller,
    const struct vspace_map_fixed_request *request, struct frame_cap memory)
{
    (void)caller;
    struct space *space = find(self, request->process);
    if (space == nullptr) {
        return STATUS_NOT_FOUND;
    }
    return space_map_fixed(space, request->address, request->flags, memory);
}

static enum status handle_map(void *self, struct ipc_caller caller,
    const struct vspace_map_request *request, struct frame_cap memory,
    struct vspace_map_reply *reply_out)
{
    struct space *space = find(self, caller.client);
    if (space == nullptr) {
        return STATUS_NOT_FOUND;
    }
    return space_map(space, request->flags, memory, &reply_out->address);
}

static enum status handle_unmap(
    void *self, struct ipc_caller caller, const struct vspace_unmap_request *request)
{
    struct space *space = find(self, caller.client);
    if (space == nullptr) {
        return STATUS_NOT_FOUND;
    }
    return space_unmap(space, request->address);
}

static enum status handle_allocate(void *self, struct ipc_caller caller,
    const struct vspace_allocate_request *request, struct vspace_allocate_reply *reply_out,
    struct frame_cap *memory_out)
{
    struct space *space = find(self, caller.client);
    if (space == nullptr) {
        return STATUS_NOT_FOUND;
    }
    const uint16_t dma = (caller.rights & VSPACE_RIGHT_DMA) != 0 ? RIGHT_DMA : 0;
    return space_allocate(
        space, request->bits, RIGHT_READ | RIGHT_WRITE | dma, &reply_out->address, memory_out);
}

struct vspace_server vspace_handlers(struct spaces *spaces)
{
    return (struct vspace_server){
        .self = spaces,
        .adopt = handle_adopt,
        .release = handle_release,
        .map_fixed = handle_map_fixed,
        .map = handle_map,
        .unmap = handle_unmap,
        .allocate = handle_allocate,
    };
}
