/* SPDX-License-Identifier: ISC */
/*
 * The load plan of a static ELF64 executable (System V gABI, chapters 4 and 5; AMD64 psABI).
 *
 * Order of work: file header, then each program header by itself, then what holds between them. The
 * plan is built in a local copy and handed out only when everything holds.
 */
#include <lib/elf/elf.h>

#include <lib/base/base.h>

#include <stdckdint.h>
#include <string.h>

constexpr size_t file_header_bytes = 64;
constexpr size_t program_header_bytes = 56;

constexpr uint8_t ident_class_64 = 2;
constexpr uint8_t ident_little_endian = 1;
constexpr uint8_t ident_version = 1;
constexpr uint8_t ident_system_v = 0;
constexpr uint8_t ident_gnu = 3;
constexpr size_t ident_padding_bytes = 8; /* EI_ABIVERSION and EI_PAD */

constexpr uint16_t type_executable = 2;
constexpr uint16_t machine_x86_64 = 62;

constexpr uint32_t flag_executable = 1;
constexpr uint32_t flag_writable = 2;
constexpr uint32_t flag_readable = 4;
constexpr uint32_t flags_known = flag_executable | flag_writable | flag_readable;

constexpr uint32_t header_load = 1;
constexpr uint32_t header_gnu_stack = 0x6474e551;

struct file_header {
    uint64_t entry;
    uint64_t table_offset;
    uint16_t header_count;
};

struct program_header {
    uint32_t type;
    uint32_t flags;
    uint64_t file_offset;
    uint64_t address;
    uint64_t file_bytes;
    uint64_t memory_bytes;
    uint64_t alignment;
};

/* Every known type of program header that is not loaded, with its verdict. */
static const struct {
    uint32_t type;
    enum elf_reason verdict;
} other_types[] = {
    {0, ELF_NONE},                /* PT_NULL */
    {2, ELF_DYNAMIC},             /* PT_DYNAMIC */
    {3, ELF_INTERPRETER},         /* PT_INTERP */
    {4, ELF_NONE},                /* PT_NOTE */
    {6, ELF_NONE},                /* PT_PHDR: the table itself */
    {7, ELF_THREAD_LOCAL},        /* PT_TLS */
    {0x6474e550, ELF_NONE},       /* PT_GNU_EH_FRAME */
    {header_gnu_stack, ELF_NONE}, /* its flags are judged apart */
    {0x6474e552, ELF_NONE},       /* PT_GNU_RELRO: nothing is relocated */
    {0x6474e553, ELF_NONE},       /* PT_GNU_PROPERTY */
};

#define REASON_STATUS(name, status, text) [ELF_##name] = STATUS_##status,
#define REASON_NAME(name, status, text) [ELF_##name] = #name,
#define REASON_TEXT(name, status, text) [ELF_##name] = text,

static const enum status statuses[ELF_REASON_COUNT] = {ELF_REASON_LIST(REASON_STATUS)};
static const char *const names[ELF_REASON_COUNT] = {ELF_REASON_LIST(REASON_NAME)};
static const char *const texts[ELF_REASON_COUNT] = {ELF_REASON_LIST(REASON_TEXT)};

static enum elf_reason plan_build(struct reader file, struct elf_limits limits,
    struct elf_plan *plan, uint32_t *header_index_out);
static enum elf_reason file_header_read(struct reader file, struct file_header *header_out);
static enum elf_reason ident_check(struct reader *reader);
static struct program_header program_header_read(struct reader *table);
static enum elf_reason other_header_check(const struct program_header *header);
static enum elf_reason segment_check(const struct program_header *header, uint64_t file_bytes);
static enum elf_reason segment_add(
    const struct program_header *header, struct elf_limits limits, struct elf_plan *plan);
static bool entry_is_executable(const struct elf_plan *plan);
static uint64_t pages_end(const struct elf_segment *segment);

enum status elf_plan_parse(const void *file, uint64_t size_bytes, struct elf_limits limits,
    struct elf_plan *plan_out, struct elf_refusal *refusal_out)
{
    struct elf_plan plan = {};
    uint32_t header_index = elf_no_program_header;
    enum elf_reason reason =
        plan_build(reader_init(file, size_bytes), limits, &plan, &header_index);
    if (refusal_out != nullptr) {
        *refusal_out = (struct elf_refusal){.reason = reason, .header_index = header_index};
    }
    if (reason == ELF_NONE) {
        *plan_out = plan;
    }
    return statuses[reason];
}

const char *elf_reason_name(enum elf_reason reason)
{
    return reason < ELF_REASON_COUNT ? names[reason] : "UNKNOWN";
}

const char *elf_reason_text(enum elf_reason reason)
{
    return reason < ELF_REASON_COUNT ? texts[reason] : "unknown reason";
}

static enum elf_reason plan_build(
    struct reader file, struct elf_limits limits, struct elf_plan *plan, uint32_t *header_index_out)
{
    struct file_header header = {};
    enum elf_reason reason = file_header_read(file, &header);
    if (reason != ELF_NONE) {
        return reason;
    }
    struct reader table = file;
    reader_skip(&table, header.table_offset);
    for (uint32_t index = 0; index < header.header_count; index++) {
        struct program_header entry = program_header_read(&table);
        *header_index_out = index;
        if (entry.type != header_load) {
            reason = other_header_check(&entry);
        } else {
            reason = segment_check(&entry, file.left_bytes);
            reason = reason == ELF_NONE ? segment_add(&entry, limits, plan) : reason;
        }
        if (reason != ELF_NONE) {
            return reason;
        }
    }
    *header_index_out = elf_no_program_header;
    if (plan->segment_count == 0) {
        return ELF_SEGMENT_NONE;
    }
    plan->entry = header.entry;
    return entry_is_executable(plan) ? ELF_NONE : ELF_ENTRY;
}

static enum elf_reason file_header_read(struct reader file, struct file_header *header_out)
{
    struct reader reader = file;
    if (file.left_bytes < file_header_bytes) {
        return ELF_TRUNCATED;
    }
    enum elf_reason reason = ident_check(&reader);
    if (reason != ELF_NONE) {
        return reason;
    }
    uint16_t type = reader_le16(&reader);
    uint16_t machine = reader_le16(&reader);
    uint32_t version = reader_le32(&reader);
    uint64_t entry = reader_le64(&reader);
    uint64_t table_offset = reader_le64(&reader);
    reader_skip(&reader, 8); /* e_shoff: sections do not matter for loading */
    uint32_t flags = reader_le32(&reader);
    uint16_t header_bytes = reader_le16(&reader);
    uint16_t entry_bytes = reader_le16(&reader);
    uint16_t count = reader_le16(&reader);
    const struct {
        bool holds;
        enum elf_reason otherwise;
    } checks[] = {
        {type == type_executable, ELF_TYPE},
        {machine == machine_x86_64, ELF_MACHINE},
        {version == ident_version, ELF_VERSION},
        {flags == 0, ELF_FLAGS},
        {header_bytes == file_header_bytes, ELF_HEADER_SIZE},
        {entry_bytes == program_header_bytes, ELF_TABLE_ENTRY_SIZE},
        {count >= 1 && count <= elf_program_headers_max, ELF_TABLE_COUNT},
        {table_offset >= file_header_bytes && table_offset <= file.left_bytes &&
                count * program_header_bytes <= file.left_bytes - table_offset,
            ELF_TABLE_BOUNDS},
    };
    for (size_t index = 0; index < sizeof(checks) / sizeof(checks[0]); index++) {
        if (!checks[index].holds) {
            return checks[index].otherwise;
        }
    }
    *header_out =
        (struct file_header){.entry = entry, .table_offset = table_offset, .header_count = count};
    return ELF_NONE;
}

static enum elf_reason ident_check(struct reader *reader)
{
    static const uint8_t padding[ident_padding_bytes] = {};
    const uint8_t *magic = reader_take(reader, 4);
    if (magic == nullptr || memcmp(magic, "\177ELF", 4) != 0) {
        return ELF_MAGIC;
    }
    if (reader_u8(reader) != ident_class_64) {
        return ELF_CLASS;
    }
    if (reader_u8(reader) != ident_little_endian) {
        return ELF_BYTE_ORDER;
    }
    if (reader_u8(reader) != ident_version) {
        return ELF_VERSION;
    }
    uint8_t system = reader_u8(reader);
    if (system != ident_system_v && system != ident_gnu) {
        return ELF_SYSTEM;
    }
    const uint8_t *rest = reader_take(reader, ident_padding_bytes);
    return rest != nullptr && memcmp(rest, padding, sizeof(padding)) == 0 ? ELF_NONE : ELF_PADDING;
}

static struct program_header program_header_read(struct reader *table)
{
    struct program_header header = {};
    header.type = reader_le32(table);
    header.flags = reader_le32(table);
    header.file_offset = reader_le64(table);
    header.address = reader_le64(table);
    reader_skip(table, 8); /* p_paddr: means nothing here */
    header.file_bytes = reader_le64(table);
    header.memory_bytes = reader_le64(table);
    header.alignment = reader_le64(table);
    return header;
}

static enum elf_reason other_header_check(const struct program_header *header)
{
    if (header->type == header_gnu_stack && (header->flags & flag_executable) != 0) {
        return ELF_STACK_EXECUTABLE;
    }
    for (size_t index = 0; index < sizeof(other_types) / sizeof(other_types[0]); index++) {
        if (other_types[index].type == header->type) {
            return other_types[index].verdict;
        }
    }
    return ELF_HEADER_TYPE;
}

/* What holds for a loadable segment by itself. */
static enum elf_reason segment_check(const struct program_header *header, uint64_t file_bytes)
{
    if ((header->flags & ~flags_known) != 0 || (header->flags & flag_readable) == 0) {
        return ELF_SEGMENT_FLAGS;
    }
    if ((header->flags & flag_writable) != 0 && (header->flags & flag_executable) != 0) {
        return ELF_SEGMENT_WRITABLE_CODE;
    }
    if (header->memory_bytes == 0) {
        return ELF_SEGMENT_EMPTY;
    }
    if (header->file_bytes > header->memory_bytes) {
        return ELF_SEGMENT_FILE_SIZE;
    }
    uint64_t file_end = 0;
    if (ckd_add(&file_end, header->file_offset, header->file_bytes) || file_end > file_bytes) {
        return ELF_SEGMENT_FILE_BOUNDS;
    }
    if (!is_power_of_two(header->alignment) || header->alignment < elf_page_bytes) {
        return ELF_SEGMENT_ALIGNMENT;
    }
    if (!is_aligned(header->address - header->file_offset, header->alignment)) {
        return ELF_SEGMENT_CONGRUENCE;
    }
    return ELF_NONE;
}

/* What holds between a segment, those before it and the limits; then it joins the plan. */
static enum elf_reason segment_add(
    const struct program_header *header, struct elf_limits limits, struct elf_plan *plan)
{
    if (plan->segment_count == elf_segments_max) {
        return ELF_SEGMENT_COUNT;
    }
    uint64_t end = 0;
    if (ckd_add(&end, header->address, header->memory_bytes) ||
        align_down(header->address, elf_page_bytes) < limits.first_address ||
        end > align_down(limits.end_address, elf_page_bytes)) {
        return ELF_SEGMENT_WINDOW;
    }
    uint64_t memory_bytes = 0;
    for (uint32_t index = 0; index < plan->segment_count; index++) {
        const struct elf_segment *before = &plan->segments[index];
        memory_bytes += pages_end(before) - align_down(before->address, elf_page_bytes);
    }
    if (plan->segment_count > 0 && align_down(header->address, elf_page_bytes) <
                                       pages_end(&plan->segments[plan->segment_count - 1])) {
        return ELF_SEGMENT_ORDER;
    }
    struct elf_segment *segment = &plan->segments[plan->segment_count];
    *segment = (struct elf_segment){
        .file_offset = header->file_offset,
        .file_bytes = header->file_bytes,
        .address = header->address,
        .memory_bytes = header->memory_bytes,
        .readable = true,
        .writable = (header->flags & flag_writable) != 0,
        .executable = (header->flags & flag_executable) != 0,
    };
    memory_bytes += pages_end(segment) - align_down(segment->address, elf_page_bytes);
    if (memory_bytes > limits.memory_bytes_max) {
        return ELF_SEGMENT_MEMORY;
    }
    plan->segment_count++;
    return ELF_NONE;
}

static bool entry_is_executable(const struct elf_plan *plan)
{
    for (uint32_t index = 0; index < plan->segment_count; index++) {
        const struct elf_segment *segment = &plan->segments[index];
        if (segment->executable && plan->entry >= segment->address &&
            plan->entry - segment->address < segment->file_bytes) {
            return true;
        }
    }
    return false;
}

/*
 * One past the segment's last page. The sum cannot wrap: it was checked not to pass the
 * page-aligned end of the window.
 */
static uint64_t pages_end(const struct elf_segment *segment)
{
    return align_up(segment->address + segment->memory_bytes, elf_page_bytes);
}
