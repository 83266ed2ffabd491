/* SPDX-License-Identifier: ISC */
/* Mapping and finding attached memory. */
#include "attached.h"

#include "slots.h"
#include "syscall.h"

enum status attached_add(
    struct attached *attached, struct vspace_cap vspace, struct frame_cap memory, uint32_t *id_out)
{
    uint32_t id = 0;
    while (id < attached_count_max && attached->list[id].bytes != nullptr) {
        id++;
    }
    if (id == attached_count_max) {
        return STATUS_NO_SPACE;
    }
    struct cap_identity identity;
    enum status status = cspace_identify(slots_cspace(), memory.slot, &identity);
    if (status != STATUS_OK) {
        return status;
    }
    const struct vspace_map_request request = {.flags = vspace_map_read | vspace_map_write};
    struct vspace_map_reply mapped;
    status = vspace_map(vspace, &request, memory, &mapped);
    if (status != STATUS_OK) {
        return status;
    }
    attached->list[id] = (struct attached_memory){
        .bytes = (uint8_t *)mapped.address, .size_bytes = UINT64_C(1) << identity.value};
    *id_out = id;
    return STATUS_OK;
}

bool attached_has(const struct attached *attached, uint32_t id)
{
    return id < attached_count_max && attached->list[id].bytes != nullptr;
}

enum status attached_remove(struct attached *attached, struct vspace_cap vspace, uint32_t id)
{
    if (!attached_has(attached, id)) {
        return STATUS_NOT_FOUND;
    }
    const struct vspace_unmap_request request = {.address = (uint64_t)attached->list[id].bytes};
    attached->list[id] = (struct attached_memory){};
    return vspace_unmap(vspace, &request);
}

enum status attached_find(
    const struct attached *attached, struct attached_place place, uint8_t **bytes_out)
{
    if (!attached_has(attached, place.id)) {
        return STATUS_INVALID_ARGUMENT;
    }
    const struct attached_memory *memory = &attached->list[place.id];
    if ((uint64_t)place.offset_bytes + place.length_bytes > memory->size_bytes) {
        return STATUS_INVALID_ARGUMENT;
    }
    *bytes_out = memory->bytes + place.offset_bytes;
    return STATUS_OK;
}
