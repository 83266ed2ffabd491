/* SPDX-License-Identifier: ISC */
/* An ELF file of one page and one segment, which holds its own header too (ELF-64 2.1, 2.3). */
#include <userlib/child.h>

#include <abi/startup.h>
#include <userlib/slots.h>

#include <string.h>

constexpr uint32_t image_bits = 12;
constexpr uint32_t strings_offset = 2048; /* behind the file */

/* The numbers in child_code.S. */
static_assert(CHILD_READ == 1 && CHILD_WRITE == 2 && CHILD_STAY == 3 && CHILD_DIVIDE == 4 &&
              CHILD_INVALID == 5);
static_assert(SYSCALL_EXIT == 13 && SYSCALL_YIELD == 12);

extern const uint8_t child_code[];
extern const uint8_t child_code_order[];
extern const uint8_t child_code_end[];

/* As the file has them. */
struct file_head {
    uint8_t ident[16];
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint64_t entry;
    uint64_t table_offset;
    uint64_t section_offset;
    uint32_t flags;
    uint16_t header_bytes;
    uint16_t entry_bytes;
    uint16_t entry_count;
    uint16_t sections[3];
    uint32_t segment_type;
    uint32_t segment_flags;
    uint64_t offset;
    uint64_t address;
    uint64_t physical_address;
    uint64_t file_bytes;
    uint64_t memory_bytes;
    uint64_t alignment;
};

static_assert(sizeof(struct file_head) == 64 + 56);

enum status child_maker_init(
    struct child_maker *maker_out, struct process_cap procd, struct vspace_cap vspaced)
{
    maker_out->procd = procd;
    return shared_memory_make(vspaced, image_bits, &maker_out->image);
}

/* Returns how long the file is. */
static uint64_t write_file(uint8_t *image, const struct child_order *order)
{
    const uint64_t code_bytes = (uint64_t)(child_code_end - child_code);
    const uint64_t file_bytes = sizeof(struct file_head) + code_bytes;
    const struct file_head head = {
        .ident = {0x7f, 'E', 'L', 'F', 2 /* 64 bits */, 1 /* little-endian */, 1 /* version */},
        .type = 2,     /* executable */
        .machine = 62, /* x86-64 */
        .version = 1,
        .entry = program_base + sizeof(struct file_head),
        .table_offset = offsetof(struct file_head, segment_type),
        .header_bytes = 64,
        .entry_bytes = 56,
        .entry_count = 1,
        .segment_type = 1,  /* to be loaded */
        .segment_flags = 5, /* readable, executable */
        .address = program_base,
        .physical_address = program_base,
        .file_bytes = file_bytes,
        .memory_bytes = file_bytes,
        .alignment = UINT64_C(1) << page_bits,
    };
    const uint64_t words[] = {order->act, order->address, order->value};
    memcpy(image, &head, sizeof head);
    memcpy(image + sizeof head, child_code, code_bytes);
    memcpy(image + sizeof head + (child_code_order - child_code), words, sizeof words);
    return file_bytes;
}

enum status child_start(
    struct child_maker *maker, const struct child_order *order, struct child *child_out)
{
    const uint32_t name_bytes = (uint32_t)strnlen(order->name, startup_name_bytes - 1);
    memset(maker->image.bytes + strings_offset, 0, startup_name_bytes);
    memcpy(maker->image.bytes + strings_offset, order->name, name_bytes);
    const struct process_launch_request request = {
        .image_bytes = write_file(maker->image.bytes, order),
        .strings_offset = strings_offset,
        .strings_bytes = name_bytes + 1,
        .streams = {STREAM_NONE, STREAM_NONE, STREAM_NONE},
    };
    const struct endpoint_cap none = {maker->procd.slot}; /* of a stream that there is not */
    struct process_launch_reply reply = {};
    struct endpoint_cap handle = {};
    const enum status status = process_launch(
        maker->procd, &request, maker->image.frame, none, none, none, &reply, &handle);
    if (status == STATUS_OK) {
        *child_out = (struct child){.process = reply.process, .handle = {handle.slot}};
    }
    return status;
}

enum status child_wait(struct child *child, struct process_wait_reply *ending_out)
{
    const enum status status = process_wait(child->handle, ending_out);
    slots_delete(child->handle.slot);
    child->handle.slot = slot_null;
    return status;
}
