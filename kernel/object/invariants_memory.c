/* SPDX-License-Identifier: ISC */
/* The inspection of one capability: rights, identity and memory against its parent and siblings. */
#include <kernel/object/invariants.h>

#include <kernel/memory.h>
#include <kernel/object/vspace.h>

struct extent {
    uint64_t first;
    uint64_t bytes; /* 0: no memory that is accounted for */
};

static struct extent extent_of(const struct capability *cap)
{
    switch (cap->kind) {
    case OBJECT_UNTYPED:
    case OBJECT_FRAME:
        return (struct extent){cap->address, UINT64_C(1) << cap->bits};
    case OBJECT_PAGE_TABLE:
        return (struct extent){cap->address, page_table_size_bytes};
    case OBJECT_VSPACE:
        return (struct extent){
            physical_address(cap->object) - page_table_size_bytes, vspace_size_bytes};
    case OBJECT_CSPACE:
        return (struct extent){physical_address(cap->object),
            cspace_size_bytes(((const struct cspace *)cap->object)->bits)};
    case OBJECT_THREAD:
        return (struct extent){physical_address(cap->object), thread_size_bytes};
    case OBJECT_ENDPOINT:
        return (struct extent){physical_address(cap->object), endpoint_size_bytes};
    case OBJECT_NOTIFICATION:
        return (struct extent){physical_address(cap->object), notification_size_bytes};
    case OBJECT_REPLY:
        return (struct extent){physical_address(cap->object), reply_size_bytes};
    default:
        return (struct extent){};
    }
}

static bool overlap(struct extent one, struct extent two)
{
    return one.first < two.first + two.bytes && two.first < one.first + one.bytes;
}

/* Copies of one object lie at one place. What is left of a spent block lies in it no more. */
static bool may_share(const struct capability *one, const struct capability *two)
{
    bool spent = ((one->flags | two->flags) & CAP_SPENT) != 0;
    bool copies = one->kind == two->kind && one->kind != OBJECT_UNTYPED &&
                  one->address == two->address && one->bits == two->bits;
    return spent || copies;
}

static void inspect_siblings(struct inspection *inspection, const struct capability *cap)
{
    constexpr uint32_t siblings_max = 256;
    struct extent own = extent_of(cap);
    const struct capability *other = cap->next;
    for (uint32_t i = 0; i < siblings_max && other != nullptr; i++, other = other->next) {
        if (overlap(own, extent_of(other)) && !inspection_expect(inspection, may_share(cap, other),
                                                  "memory is handed out once", cap)) {
            return;
        }
    }
}

static void inspect_made(struct inspection *inspection, const struct capability *cap)
{
    const struct capability *untyped = cap->parent;
    struct extent own = extent_of(cap);
    bool spent = (untyped->flags & CAP_SPENT) != 0;
    uint64_t used_bytes = spent ? UINT64_C(1) << untyped->bits : untyped->used_bytes;
    bool inside = own.bytes != 0 && own.first >= untyped->address &&
                  own.first - untyped->address + own.bytes <= used_bytes;
    inspection_expect(inspection, inside, "memory lies in what it was made of", cap);
    bool memory_only = cap->kind == OBJECT_UNTYPED || cap->kind == OBJECT_FRAME;
    bool same_kind = (cap->flags & CAP_DEVICE) == (untyped->flags & CAP_DEVICE);
    inspection_expect(inspection, same_kind && (memory_only || (cap->flags & CAP_DEVICE) == 0),
        "devices stay devices", cap);
    inspect_siblings(inspection, cap);
}

static bool is_copy_of(const struct capability *cap, const struct capability *parent)
{
    if (cap->kind == OBJECT_IRQ) {
        return parent->kind == OBJECT_IRQ_CONTROL;
    }
    if (cap->kind != parent->kind || !cap_kind_copies(cap->kind)) {
        return false;
    }
    switch (cap->kind) {
    case OBJECT_PORT_RANGE:
        return (cap->ports & 0xffff) >= (parent->ports & 0xffff) &&
               cap->ports >> 16 <= parent->ports >> 16;
    case OBJECT_ENDPOINT:
    case OBJECT_NOTIFICATION:
        return cap->object == parent->object && (parent->badge == 0 || cap->badge == parent->badge);
    default:
        return cap->address == parent->address &&
               (cap->kind != OBJECT_FRAME || cap->bits == parent->bits);
    }
}

void inspect_memory(struct inspection *inspection, const struct capability *cap)
{
    if (cap->kind == OBJECT_UNTYPED) {
        uint64_t bytes = UINT64_C(1) << cap->bits;
        inspection_expect(inspection, cap->used_bytes <= bytes && cap->cleared_bytes <= bytes,
            "a block hands out what it has", cap);
    }
    const struct capability *parent = cap->parent;
    if (parent == nullptr) {
        return;
    }
    if (parent->kind == OBJECT_UNTYPED) {
        inspect_made(inspection, cap);
        return;
    }
    inspection_expect(
        inspection, is_copy_of(cap, parent), "a copy names what its parent names", cap);
    inspection_expect(inspection, cap->kind == OBJECT_IRQ || (cap->rights & ~parent->rights) == 0,
        "rights are within the parent's", cap);
}
