/* SPDX-License-Identifier: ISC */
/*
 * Tests of the load plan. Each refusal is a table line: one change to an accepted file, the wanted
 * reason and the header named. The unchanged file is the accepted twin of all of them.
 */
#include <lib/elf/elf.h>

#include <lib/base/base.h>
#include <lib/testing/check.h>

#include <stdlib.h>

constexpr size_t file_bytes = 0x3100;
constexpr uint64_t window_start = 0x400000;
constexpr uint64_t window_end = 0x500000;

/* Offsets of fields in the file header and in program header number `index`. */
constexpr size_t at_entry = 24;
constexpr size_t at_table = 64;
constexpr size_t header_bytes = 56;
constexpr uint32_t header_count = 5;

enum field {
    TYPE = 0,
    FLAGS = 4,
    OFFSET = 8,
    ADDRESS = 16,
    FILESZ = 32,
    MEMSZ = 40,
    ALIGN = 48
};

static const struct elf_limits limits = {
    .first_address = window_start,
    .end_address = window_end,
    .memory_bytes_max = 0x20000,
};

static size_t header_at(uint32_t index, enum field field)
{
    return at_table + index * header_bytes + field;
}

static void segment_write(uint8_t *file, uint32_t index, uint32_t type, const uint64_t values[6])
{
    store_le32(file + header_at(index, TYPE), type);
    store_le32(file + header_at(index, FLAGS), (uint32_t)values[0]);
    store_le64(file + header_at(index, OFFSET), values[1]);
    store_le64(file + header_at(index, ADDRESS), values[2]);
    store_le64(file + header_at(index, FILESZ), values[3]);
    store_le64(file + header_at(index, MEMSZ), values[4]);
    store_le64(file + header_at(index, ALIGN), values[5]);
}

/* A file as lld makes it: rodata, text, data with bss, a note-like header and the stack's. */
static void file_make(uint8_t *file)
{
    memset(file, 0, file_bytes);
    memcpy(file, "\177ELF\2\1\1", 7);
    store_le16(file + 16, 2);
    store_le16(file + 18, 62);
    store_le32(file + 20, 1);
    store_le64(file + at_entry, 0x401010);
    store_le64(file + 32, at_table);
    store_le16(file + 52, 64);
    store_le16(file + 54, 56);
    store_le16(file + 56, header_count);
    segment_write(file, 0, 1, (const uint64_t[]){4, 0, 0x400000, 0x800, 0x800, 4096});
    segment_write(file, 1, 1, (const uint64_t[]){5, 0x1000, 0x401000, 0x100, 0x100, 4096});
    segment_write(file, 2, 1, (const uint64_t[]){6, 0x2010, 0x403010, 0x10, 0x3000, 4096});
    segment_write(file, 3, 4, (const uint64_t[]){4, 0, 0, 0, 0, 4});
    segment_write(file, 4, 0x6474e551, (const uint64_t[]){6, 0, 0, 0, 0, 0});
}

static void accepts_a_sound_file(void)
{
    uint8_t file[file_bytes];
    file_make(file);
    struct elf_plan plan = {};
    struct elf_refusal refusal = {};
    CHECK_EQUAL(elf_plan_parse(file, file_bytes, limits, &plan, &refusal), STATUS_OK);
    CHECK_EQUAL(refusal.reason, ELF_NONE);
    CHECK_EQUAL(plan.entry, 0x401010);
    CHECK_EQUAL(plan.segment_count, 3);
    CHECK_EQUAL(plan.segments[2].file_offset, 0x2010);
    CHECK_EQUAL(plan.segments[2].file_bytes, 0x10);
    CHECK_EQUAL(plan.segments[2].address, 0x403010);
    CHECK_EQUAL(plan.segments[2].memory_bytes, 0x3000);
    CHECK(plan.segments[0].readable && !plan.segments[0].writable && !plan.segments[0].executable);
    CHECK(plan.segments[1].executable && !plan.segments[1].writable);
    CHECK(plan.segments[2].writable && !plan.segments[2].executable);
    CHECK_EQUAL(elf_plan_parse(file, file_bytes, limits, &plan, nullptr), STATUS_OK);
}

static void accepts_the_gnu_os_abi(void)
{
    uint8_t file[file_bytes];
    file_make(file);
    file[7] = 3;
    struct elf_plan plan = {};
    CHECK_EQUAL(elf_plan_parse(file, file_bytes, limits, &plan, nullptr), STATUS_OK);
}

struct change {
    size_t offset;
    uint32_t width_bytes;
    uint64_t value;
    enum elf_reason reason;
    enum status status;
    uint32_t header_index;
};

static const struct change changes[] = {
    {0, 1, 'E', ELF_MAGIC, STATUS_CORRUPT, elf_no_program_header},
    {4, 1, 1, ELF_CLASS, STATUS_UNSUPPORTED, elf_no_program_header},
    {5, 1, 2, ELF_BYTE_ORDER, STATUS_UNSUPPORTED, elf_no_program_header},
    {6, 1, 0, ELF_VERSION, STATUS_UNSUPPORTED, elf_no_program_header},
    {7, 1, 9, ELF_SYSTEM, STATUS_UNSUPPORTED, elf_no_program_header},
    {8, 1, 1, ELF_PADDING, STATUS_CORRUPT, elf_no_program_header},
    {15, 1, 1, ELF_PADDING, STATUS_CORRUPT, elf_no_program_header},
    {16, 2, 3, ELF_TYPE, STATUS_UNSUPPORTED, elf_no_program_header},
    {16, 2, 1, ELF_TYPE, STATUS_UNSUPPORTED, elf_no_program_header},
    {18, 2, 183, ELF_MACHINE, STATUS_UNSUPPORTED, elf_no_program_header},
    {20, 4, 2, ELF_VERSION, STATUS_UNSUPPORTED, elf_no_program_header},
    {48, 4, 1, ELF_FLAGS, STATUS_UNSUPPORTED, elf_no_program_header},
    {52, 2, 63, ELF_HEADER_SIZE, STATUS_CORRUPT, elf_no_program_header},
    {54, 2, 57, ELF_TABLE_ENTRY_SIZE, STATUS_CORRUPT, elf_no_program_header},
    {56, 2, 0, ELF_TABLE_COUNT, STATUS_UNSUPPORTED, elf_no_program_header},
    {56, 2, 33, ELF_TABLE_COUNT, STATUS_UNSUPPORTED, elf_no_program_header},
    {56, 2, 0xffff, ELF_TABLE_COUNT, STATUS_UNSUPPORTED, elf_no_program_header},
    {32, 8, 63, ELF_TABLE_BOUNDS, STATUS_CORRUPT, elf_no_program_header},
    {32, 8, file_bytes - header_count *header_bytes + 1, ELF_TABLE_BOUNDS, STATUS_CORRUPT,
        elf_no_program_header},
    {32, 8, UINT64_MAX, ELF_TABLE_BOUNDS, STATUS_CORRUPT, elf_no_program_header},
    {at_table + 3 * header_bytes, 4, 3, ELF_INTERPRETER, STATUS_UNSUPPORTED, 3},
    {at_table + 3 * header_bytes, 4, 2, ELF_DYNAMIC, STATUS_UNSUPPORTED, 3},
    {at_table + 3 * header_bytes, 4, 7, ELF_THREAD_LOCAL, STATUS_UNSUPPORTED, 3},
    {at_table + 3 * header_bytes, 4, 5, ELF_HEADER_TYPE, STATUS_UNSUPPORTED, 3},
    {at_table + 4 * header_bytes + FLAGS, 4, 7, ELF_STACK_EXECUTABLE, STATUS_UNSUPPORTED, 4},
    {at_table + 1 * header_bytes + FLAGS, 4, 1, ELF_SEGMENT_FLAGS, STATUS_UNSUPPORTED, 1},
    {at_table + 1 * header_bytes + FLAGS, 4, 13, ELF_SEGMENT_FLAGS, STATUS_UNSUPPORTED, 1},
    {at_table + 1 * header_bytes + FLAGS, 4, 7, ELF_SEGMENT_WRITABLE_CODE, STATUS_UNSUPPORTED, 1},
    {at_table + 0 * header_bytes + MEMSZ, 8, 0, ELF_SEGMENT_EMPTY, STATUS_CORRUPT, 0},
    {at_table + 1 * header_bytes + FILESZ, 8, 0x101, ELF_SEGMENT_FILE_SIZE, STATUS_CORRUPT, 1},
    {at_table + 2 * header_bytes + OFFSET, 8, 0x3100, ELF_SEGMENT_FILE_BOUNDS, STATUS_CORRUPT, 2},
    {at_table + 2 * header_bytes + FILESZ, 8, 0x10f1, ELF_SEGMENT_FILE_BOUNDS, STATUS_CORRUPT, 2},
    {at_table + 2 * header_bytes + OFFSET, 8, UINT64_MAX, ELF_SEGMENT_FILE_BOUNDS, STATUS_CORRUPT,
        2},
    {at_table + 1 * header_bytes + ALIGN, 8, 0, ELF_SEGMENT_ALIGNMENT, STATUS_CORRUPT, 1},
    {at_table + 1 * header_bytes + ALIGN, 8, 16, ELF_SEGMENT_ALIGNMENT, STATUS_CORRUPT, 1},
    {at_table + 1 * header_bytes + ALIGN, 8, 0x1800, ELF_SEGMENT_ALIGNMENT, STATUS_CORRUPT, 1},
    {at_table + 2 * header_bytes + ALIGN, 8, 0x2000, ELF_SEGMENT_CONGRUENCE, STATUS_CORRUPT, 2},
    {at_table + 2 * header_bytes + OFFSET, 8, 0x2011, ELF_SEGMENT_CONGRUENCE, STATUS_CORRUPT, 2},
    {at_table + 2 * header_bytes + ADDRESS, 8, 0x401010, ELF_SEGMENT_ORDER, STATUS_CORRUPT, 2},
    {at_table + 0 * header_bytes + MEMSZ, 8, 0x1001, ELF_SEGMENT_ORDER, STATUS_CORRUPT, 1},
    {at_table + 0 * header_bytes + ADDRESS, 8, 0x3ff000, ELF_SEGMENT_WINDOW, STATUS_UNSUPPORTED, 0},
    {at_table + 2 * header_bytes + MEMSZ, 8, 0xfcff1, ELF_SEGMENT_WINDOW, STATUS_UNSUPPORTED, 2},
    {at_table + 2 * header_bytes + MEMSZ, 8, UINT64_MAX, ELF_SEGMENT_WINDOW, STATUS_UNSUPPORTED, 2},
    {at_table + 2 * header_bytes + MEMSZ, 8, 0x1dff1, ELF_SEGMENT_MEMORY, STATUS_UNSUPPORTED, 2},
    {at_entry, 8, 0x401100, ELF_ENTRY, STATUS_CORRUPT, elf_no_program_header},
    {at_entry, 8, 0x400fff, ELF_ENTRY, STATUS_CORRUPT, elf_no_program_header},
    {at_entry, 8, 0x403010, ELF_ENTRY, STATUS_CORRUPT, elf_no_program_header},
    {at_entry, 8, 0, ELF_ENTRY, STATUS_CORRUPT, elf_no_program_header},
};

static void refuses_each_single_fault(void)
{
    bool seen[ELF_REASON_COUNT] = {};
    for (size_t index = 0; index < sizeof(changes) / sizeof(changes[0]); index++) {
        const struct change *change = &changes[index];
        uint8_t file[file_bytes];
        file_make(file);
        for (uint32_t byte = 0; byte < change->width_bytes; byte++) {
            file[change->offset + byte] = (uint8_t)(change->value >> (8 * byte));
        }
        struct elf_plan plan = {.entry = 7};
        struct elf_refusal refusal = {};
        CHECK_EQUAL(elf_plan_parse(file, file_bytes, limits, &plan, &refusal), change->status);
        CHECK_EQUAL(refusal.reason, change->reason);
        CHECK_EQUAL(refusal.header_index, change->header_index);
        CHECK_EQUAL(plan.entry, 7);
        seen[refusal.reason] = true;
        if (refusal.reason != change->reason) {
            printf("change %zu: %s\n", index, elf_reason_name(refusal.reason));
        }
    }
    /* Three reasons need more than one field, and have tests of their own. */
    seen[ELF_TRUNCATED] = seen[ELF_SEGMENT_COUNT] = seen[ELF_SEGMENT_NONE] = true;
    for (enum elf_reason reason = ELF_NONE + 1; reason < ELF_REASON_COUNT; reason++) {
        if (!seen[reason]) {
            printf("no test for %s\n", elf_reason_name(reason));
        }
        CHECK(seen[reason]);
    }
}

/* Limits are exact: one byte less is refused, the exact value accepted. */
static void limits_are_exact(void)
{
    uint8_t file[file_bytes];
    file_make(file);
    struct elf_plan plan = {};
    struct elf_limits exact = {
        .first_address = 0x400000, .end_address = 0x407000, .memory_bytes_max = 0x6000};
    CHECK_EQUAL(elf_plan_parse(file, file_bytes, exact, &plan, nullptr), STATUS_OK);
    struct elf_refusal refusal = {};
    struct elf_limits less = exact;
    less.memory_bytes_max--;
    CHECK_EQUAL(elf_plan_parse(file, file_bytes, less, &plan, &refusal), STATUS_UNSUPPORTED);
    CHECK_EQUAL(refusal.reason, ELF_SEGMENT_MEMORY);
    less = exact;
    less.end_address -= 0x1000;
    CHECK_EQUAL(elf_plan_parse(file, file_bytes, less, &plan, &refusal), STATUS_UNSUPPORTED);
    CHECK_EQUAL(refusal.reason, ELF_SEGMENT_WINDOW);
}

/* The kernel's window ends with the address space: sums must not wrap there. */
static void the_top_of_the_address_space(void)
{
    uint8_t file[file_bytes];
    file_make(file);
    constexpr uint64_t base = UINT64_C(0xffffffffffff8000);
    store_le64(file + header_at(0, ADDRESS), base);
    store_le64(file + header_at(1, ADDRESS), base + 0x1000);
    store_le64(file + header_at(2, ADDRESS), base + 0x3010);
    store_le64(file + at_entry, base + 0x1000);
    struct elf_limits top = {
        .first_address = base, .end_address = UINT64_MAX, .memory_bytes_max = UINT64_MAX};
    struct elf_plan plan = {};
    struct elf_refusal refusal = {};
    CHECK_EQUAL(elf_plan_parse(file, file_bytes, top, &plan, &refusal), STATUS_OK);
    store_le64(file + header_at(2, MEMSZ), 0x3ff1);
    CHECK_EQUAL(elf_plan_parse(file, file_bytes, top, &plan, &refusal), STATUS_UNSUPPORTED);
    CHECK_EQUAL(refusal.reason, ELF_SEGMENT_WINDOW);
}

static void counts_of_segments(void)
{
    uint8_t file[file_bytes];
    struct elf_plan plan = {};
    struct elf_refusal refusal = {};
    for (uint32_t count = elf_segments_max; count <= elf_segments_max + 1; count++) {
        file_make(file);
        store_le16(file + 56, (uint16_t)count);
        for (uint32_t index = 0; index < count; index++) {
            uint64_t address = window_start + index * 4096;
            segment_write(file, index, 1, (const uint64_t[]){5, 0, address, 16, 16, 4096});
        }
        enum status wanted = count <= elf_segments_max ? STATUS_OK : STATUS_UNSUPPORTED;
        store_le64(file + at_entry, window_start);
        CHECK_EQUAL(elf_plan_parse(file, file_bytes, limits, &plan, &refusal), wanted);
    }
    CHECK_EQUAL(refusal.reason, ELF_SEGMENT_COUNT);
    CHECK_EQUAL(refusal.header_index, elf_segments_max);
    file_make(file);
    store_le64(file + 32, header_at(3, TYPE));
    store_le16(file + 56, 2);
    CHECK_EQUAL(elf_plan_parse(file, file_bytes, limits, &plan, &refusal), STATUS_CORRUPT);
    CHECK_EQUAL(refusal.reason, ELF_SEGMENT_NONE);
}

/* Exact-sized heap copies, so that the sanitizer sees any read past the end. */
static void every_truncation(void)
{
    uint8_t file[file_bytes];
    file_make(file);
    constexpr size_t needed = 0x2020; /* the last byte that a segment wants */
    for (size_t size = 0; size <= file_bytes; size++) {
        uint8_t *copy = malloc(size + 1);
        CHECK(copy != nullptr);
        memcpy(copy + 1, file, size);
        struct elf_plan plan = {};
        struct elf_refusal refusal = {};
        enum status status = elf_plan_parse(copy + 1, size, limits, &plan, &refusal);
        CHECK_EQUAL(status, size < needed ? STATUS_CORRUPT : STATUS_OK);
        CHECK_EQUAL(refusal.reason == ELF_TRUNCATED, size < 64);
        free(copy);
    }
}

static void reasons_have_texts(void)
{
    for (enum elf_reason reason = 0; reason <= ELF_REASON_COUNT; reason++) {
        CHECK(strlen(elf_reason_name(reason)) > 0);
        CHECK(strlen(elf_reason_text(reason)) > 0);
    }
}

int main(void)
{
    TEST(accepts_a_sound_file);
    TEST(accepts_the_gnu_os_abi);
    TEST(refuses_each_single_fault);
    TEST(limits_are_exact);
    TEST(the_top_of_the_address_space);
    TEST(counts_of_segments);
    TEST(every_truncation);
    TEST(reasons_have_texts);
    return check_report();
}
