/* SPDX-License-Identifier: ISC */
/*
 * Verifier: what a capability does not allow is DENIED, and what it allows works. Ports beside the
 * granted range, and pages that would be writable and executable at once. What the processor itself
 * must stop is tried by tests/ports/violate.c.
 */
#include <protocol/memory.h>
#include <slots/verify-protection.h>
#include <userlib/slots.h>
#include <userlib/start.h>
#include <userlib/syscall.h>
#include <userlib/verifier.h>

/* The range of the manifest: 0x80 to 0x83, where nothing of the machine listens. */
constexpr uint16_t port_first = 0x80;
constexpr uint16_t port_last = 0x83;
constexpr uint32_t block_bits = 16;
constexpr uint64_t map_address = UINT64_C(0x400000);

static enum status read_ports(uint16_t port, uint32_t width_bytes)
{
    uint32_t value = 0;
    return port_range_read((struct port_range_cap){SLOT_PORTS_SCRATCH}, port, width_bytes, &value);
}

static const char *verify_ports(void)
{
    static const struct {
        uint16_t port;
        uint32_t width_bytes;
        enum status status;
    } cases[] = {
        {port_first, 1, STATUS_OK},
        {port_first, 4, STATUS_OK},
        {port_last, 1, STATUS_OK},
        {port_first - 1, 1, STATUS_DENIED},
        {port_last + 1, 1, STATUS_DENIED},
        {port_last, 2, STATUS_DENIED},
        {port_first + 1, 4, STATUS_DENIED},
        {0x3f8, 1, STATUS_DENIED},
        {0x21, 1, STATUS_DENIED},
        {UINT16_MAX, 4, STATUS_DENIED},
        {port_first, 3, STATUS_INVALID_ARGUMENT},
    };
    const struct port_range_cap ports = {SLOT_PORTS_SCRATCH};
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (read_ports(cases[i].port, cases[i].width_bytes) != cases[i].status) {
            return "reading ports: not the status that the range demands";
        }
        if (cases[i].status == STATUS_DENIED &&
            port_range_write(ports, cases[i].port, cases[i].width_bytes, 0) != STATUS_DENIED) {
            return "writing ports beside the range is not denied";
        }
    }
    cap_slot slot = slot_null;
    if (slots_take(&slot) != STATUS_OK ||
        port_range_narrow(ports, port_first, port_last + 1, slot) != STATUS_DENIED) {
        return "a range can be made wider";
    }
    return port_range_narrow(ports, port_last, port_last, slot) == STATUS_OK
               ? nullptr
               : "a range cannot be made narrower";
}

/* The objects of an address space of its own, made of one block of memory. */
struct space {
    struct address_space_cap vspace;
    struct frame_cap frame;
};

static enum status make_space(struct space *space_out)
{
    struct memory_allocate_reply reply = {};
    struct untyped_cap memory = {};
    cap_slot first = slot_null;
    enum status status = memory_allocate((struct memory_cap){SLOT_PEER_MEMD},
        &(struct memory_allocate_request){.bits = block_bits}, &reply, &memory);
    if (status == STATUS_OK) {
        status = slots_take_run(5, &first);
    }
    static const struct {
        enum object_kind kind;
        uint32_t bits;
        uint32_t count;
    } objects[] = {{OBJECT_VSPACE, 0, 1}, {OBJECT_FRAME, 12, 1}, {OBJECT_PAGE_TABLE, 0, 3}};
    cap_slot slot = first;
    for (uint32_t i = 0; status == STATUS_OK && i < sizeof objects / sizeof objects[0]; i++) {
        status = untyped_retype(memory, &(struct untyped_retype){.kind = objects[i].kind,
                                            .bits = objects[i].bits,
                                            .count = objects[i].count,
                                            .cspace = SLOT_SELF_CSPACE,
                                            .first_slot = slot});
        slot += objects[i].count;
    }
    *space_out = (struct space){{first}, {first + 1}};
    for (cap_slot table = first + 2; status == STATUS_OK && table < slot; table++) {
        status = page_table_map((struct page_table_cap){table}, space_out->vspace, map_address);
    }
    return status;
}

static enum status map_with(const struct space *space, uint16_t rights)
{
    uint32_t missing_bits = 0;
    return frame_map(space->frame,
        &(struct frame_map){.vspace = space->vspace, .address = map_address, .rights = rights},
        &missing_bits);
}

static const char *verify_mappings(void)
{
    struct space space = {};
    if (make_space(&space) != STATUS_OK) {
        return "no address space to try";
    }
    if (map_with(&space, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE) != STATUS_DENIED) {
        return "a page can be writable and executable";
    }
    static const uint16_t allowed[] = {
        RIGHT_READ, RIGHT_READ | RIGHT_WRITE, RIGHT_READ | RIGHT_EXECUTE};
    for (uint32_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        if (map_with(&space, allowed[i]) != STATUS_OK || frame_unmap(space.frame) != STATUS_OK) {
            return "a page cannot be mapped at all";
        }
    }
    return nullptr;
}

static const char *verify(const struct verifier *verifier)
{
    (void)verifier;
    const char *reason = verify_ports();
    return reason == nullptr ? verify_mappings() : reason;
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
