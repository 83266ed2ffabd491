/* SPDX-License-Identifier: ISC */
/* All of it lives as long as the system, so nothing is given back. */
#include "objects.h"

#include <abi/startup.h>
#include <lib/base/base.h>
#include <userlib/slots.h>

#include <slots/roles.h>

#include "failure.h"
#include "grants.h"
#include "rootd.h"

/* The core services with their capability spaces are what needs most of it. */
constexpr uint32_t reserve_bits = 23;

/* Places in rootd's address space. */
constexpr uint64_t window_address = mapping_base;
constexpr uint64_t modules_address = mapping_base + (UINT64_C(1) << 30);

static struct address_space_cap own_space;
static uint64_t next_module_address = modules_address;

struct address_space_cap objects_own_space(void)
{
    return own_space;
}

/* The smallest block of RAM that is large enough. */
static const struct root_untyped *find_reserve(void)
{
    const struct root_untyped *found = nullptr;
    for (uint32_t index = 0; index < rootd.handoff->untyped_count; index++) {
        const struct root_untyped *untyped = &rootd.handoff->untyped[index];
        if (!untyped->is_device && untyped->bits >= reserve_bits &&
            (found == nullptr || untyped->bits < found->bits)) {
            found = untyped;
        }
    }
    return found;
}

enum status objects_make(enum object_kind kind, uint32_t bits, uint32_t label, cap_slot *slot_out)
{
    cap_slot slot = slot_null;
    enum status status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    status = untyped_retype(rootd.reserve, &(struct untyped_retype){.kind = kind,
                                               .bits = bits,
                                               .count = 1,
                                               .cspace = ROOT_SLOT_CSPACE,
                                               .first_slot = slot,
                                               .label = label});
    if (status != STATUS_OK) {
        slots_give(slot);
        return status;
    }
    *slot_out = slot;
    return STATUS_OK;
}

enum status objects_make_there(
    enum object_kind kind, uint32_t count, cap_slot cspace, cap_slot first_slot)
{
    return untyped_retype(rootd.reserve,
        &(struct untyped_retype){
            .kind = kind, .count = count, .cspace = cspace, .first_slot = first_slot});
}

static void require(enum status status, const char *what)
{
    if (status != STATUS_OK) {
        failure_internal(what, status);
    }
}

/* One capability for the program behind the endpoint, and one that all callers' come from. */
static enum status make_endpoint(uint32_t role)
{
    enum status status = objects_make(OBJECT_ENDPOINT, 0, role, &rootd.controls[role].slot);
    if (status == STATUS_OK) {
        status = slots_take(&rootd.endpoints[role].slot);
    }
    if (status == STATUS_OK) {
        status =
            cspace_copy(slots_cspace(), &(struct cspace_copy){.source = rootd.controls[role].slot,
                                            .target = rootd.endpoints[role].slot,
                                            .rights = RIGHT_SEND | RIGHT_GRANT});
    }
    return status;
}

void objects_start(void)
{
    const struct root_untyped *reserve = find_reserve();
    if (reserve == nullptr) {
        failure_internal("memory for rootd", STATUS_NO_MEMORY);
    }
    rootd.reserve = (struct untyped_cap){reserve->slot};
    require(slots_take(&own_space.slot), "slots");
    require(cspace_move(slots_cspace(), ROOT_SLOT_VSPACE, own_space.slot), "own address space");
    require(objects_make_there(OBJECT_REPLY, 1, ROOT_SLOT_CSPACE, SLOT_REPLY), "reply object");
    require(make_endpoint(ROLE_ROOTD), "endpoint");
    require(objects_make(OBJECT_NOTIFICATION, 0, 0, &rootd.alarm.slot), "alarm");
    require(thread_bind_notification((struct thread_cap){ROOT_SLOT_THREAD}, rootd.alarm), "alarm");
    rootd.notifications[ROLE_ROOTD] = rootd.alarm;
}

void objects_make_for_rows(void)
{
    for (uint32_t index = 0; index < rootd.config.launch_count; index++) {
        const struct bootconfig_launch launch = bootconfig_launch(&rootd.config, index);
        const uint32_t role = launch.authority.role;
        if (grants_has_endpoint(&launch)) {
            require(make_endpoint(role), "endpoint");
        }
        require(objects_make(OBJECT_NOTIFICATION, 0, 0, &rootd.notifications[role].slot),
            "notification");
    }
}

void objects_drop_control(uint32_t role)
{
    slots_delete(rootd.controls[role].slot);
    rootd.controls[role].slot = slot_null;
}

void objects_forget_endpoint(uint32_t role)
{
    slots_delete(rootd.endpoints[role].slot);
    rootd.endpoints[role].slot = slot_null;
}

static struct untyped_description describe_reserve(void)
{
    struct untyped_description reserve = {};
    require(untyped_describe(rootd.reserve, &reserve), "reserve");
    return reserve;
}

uint64_t objects_free_bytes(void)
{
    return describe_reserve().free_bytes;
}

uint64_t objects_own_bytes(uint64_t given_bytes)
{
    uint64_t bytes = rootd.handoff->own_bytes + (UINT64_C(1) << describe_reserve().bits);
    for (uint32_t index = 0; index < rootd.handoff->module_count; index++) {
        const struct root_module *module = &rootd.handoff->modules[index];
        bytes += (uint64_t)module->frame_count << module->frame_bits;
    }
    return bytes - given_bytes;
}

static enum status take_table(void *self, struct page_table_cap *table_out)
{
    (void)self;
    return objects_make(OBJECT_PAGE_TABLE, 0, 0, &table_out->slot);
}

struct table_source objects_tables(void)
{
    return (struct table_source){.take = take_table};
}

enum status objects_map_module(const struct root_module *module, const void **bytes_out)
{
    const uint64_t frame_bytes = UINT64_C(1) << module->frame_bits;
    const uint64_t first = align_up(next_module_address, frame_bytes);
    for (uint32_t index = 0; index < module->frame_count; index++) {
        const enum status status = vspace_map_frame((struct frame_cap){module->first_slot + index},
            &(struct frame_map){
                .vspace = own_space, .address = first + index * frame_bytes, .rights = RIGHT_READ},
            objects_tables());
        if (status != STATUS_OK) {
            return status;
        }
    }
    next_module_address = first + module->frame_count * frame_bytes;
    *bytes_out = (const void *)first; // NOLINT(performance-no-int-to-ptr)
    return STATUS_OK;
}

enum status objects_map_window(struct frame_cap frame, uint8_t **memory_out)
{
    const enum status status = vspace_map_frame(frame,
        &(struct frame_map){
            .vspace = own_space, .address = window_address, .rights = RIGHT_READ | RIGHT_WRITE},
        objects_tables());
    if (status == STATUS_OK) {
        *memory_out = (uint8_t *)window_address; // NOLINT(performance-no-int-to-ptr)
    }
    return status;
}
