/* SPDX-License-Identifier: ISC */
/*
 * Tests of the partition table. Every refusal is one change to a disk that is accepted without it,
 * and the checksums are made right again unless they are what is tested. sgdisk makes the disks for
 * the tests that ask whether other tools' tables are understood.
 */
#define _POSIX_C_SOURCE 200809L /* mkstemp, ftruncate, pread */

#include <lib/gpt/gpt.h>

#include <lib/testing/check.h>

#include <stdlib.h>
#include <unistd.h>

#include "../entries.h"
#include "disk_builder.h"

static struct disk disk;
static struct gpt_workspace workspace;
static struct gpt_table table;
static struct gpt_refusal refusal;

static enum status judge(void)
{
    struct gpt_source source = disk_source(&disk);
    memset(&workspace, 0xa5, sizeof(workspace));
    return gpt_read(&source, &workspace, &table, &refusal);
}

static void reads_a_sound_disk(void)
{
    static const uint32_t block_sizes[] = {512, 4096};
    for (size_t index = 0; index < 2; index++) {
        disk_make(&disk, block_sizes[index], block_sizes[index] == 512 ? 200 : 100);
        CHECK_EQUAL(judge(), STATUS_OK);
        CHECK_EQUAL(refusal.reason, GPT_NONE);
        CHECK_EQUAL(table.partition_count, 3);
        CHECK_EQUAL(table.disk.bytes[0], 0xd1);
        CHECK_EQUAL(table.partitions[0].number, 1);
        CHECK_EQUAL(table.partitions[0].first_block, 40);
        CHECK_EQUAL(table.partitions[0].block_count, 10);
        CHECK(strcmp(table.partitions[0].name, "erix-esp") == 0);
        CHECK(strcmp(table.partitions[1].name, "erix-data") == 0);
        CHECK_EQUAL(table.partitions[2].number, 5);
        CHECK_EQUAL(table.partitions[2].block_count, 1);
        CHECK(strcmp(table.partitions[2].name, "") == 0);
        CHECK_EQUAL(table.first_usable_block, block_sizes[index] == 512 ? 34 : 6);
        CHECK_EQUAL(table.last_usable_block, block_sizes[index] == 512 ? 166 : 94);
    }
}

enum place {
    MBR,
    PRIMARY,
    BACKUP,
    BOTH,
    PRIMARY_ENTRIES,
    BACKUP_ENTRIES,
    BOTH_ENTRIES
};
enum repair {
    SUMS_STALE,
    SUMS_RIGHT
};

struct change {
    enum place place;
    uint32_t offset;
    uint32_t width_bytes;
    uint64_t value;
    enum repair repair;
    enum gpt_reason reason;
    enum gpt_copy copy;
    uint32_t partition_number;
};

static const struct change changes[] = {
    {MBR, 510, 1, 0, SUMS_RIGHT, GPT_MBR_SIGNATURE, GPT_COPY_NONE, 0},
    {MBR, 511, 1, 0, SUMS_RIGHT, GPT_MBR_SIGNATURE, GPT_COPY_NONE, 0},
    {MBR, 450, 1, 0x83, SUMS_RIGHT, GPT_MBR_PROTECTIVE, GPT_COPY_NONE, 0},
    {MBR, 454, 4, 2, SUMS_RIGHT, GPT_MBR_PROTECTIVE, GPT_COPY_NONE, 0},
    {MBR, 458, 4, 198, SUMS_RIGHT, GPT_MBR_PROTECTIVE, GPT_COPY_NONE, 0},
    {MBR, 450 + 16, 1, 0x83, SUMS_RIGHT, GPT_MBR_PROTECTIVE, GPT_COPY_NONE, 0},
    {MBR, 446 + 48, 1, 0x80, SUMS_RIGHT, GPT_MBR_PROTECTIVE, GPT_COPY_NONE, 0},
    {PRIMARY, 0, 1, 'e', SUMS_RIGHT, GPT_HEADER_SIGNATURE, GPT_COPY_PRIMARY, 0},
    {BACKUP, 7, 1, 'X', SUMS_RIGHT, GPT_HEADER_SIGNATURE, GPT_COPY_BACKUP, 0},
    {PRIMARY, 8, 4, 0x00010001, SUMS_RIGHT, GPT_HEADER_REVISION, GPT_COPY_PRIMARY, 0},
    {BACKUP, 8, 4, 0x00020000, SUMS_RIGHT, GPT_HEADER_REVISION, GPT_COPY_BACKUP, 0},
    {PRIMARY, 12, 4, 96, SUMS_RIGHT, GPT_HEADER_SIZE, GPT_COPY_PRIMARY, 0},
    {PRIMARY, 12, 4, UINT32_MAX, SUMS_RIGHT, GPT_HEADER_SIZE, GPT_COPY_PRIMARY, 0},
    {BACKUP, 12, 4, 0, SUMS_RIGHT, GPT_HEADER_SIZE, GPT_COPY_BACKUP, 0},
    {PRIMARY, 56, 1, 0, SUMS_STALE, GPT_HEADER_CRC, GPT_COPY_PRIMARY, 0},
    {BACKUP, 56, 1, 0, SUMS_STALE, GPT_HEADER_CRC, GPT_COPY_BACKUP, 0},
    {PRIMARY, 16, 4, 0, SUMS_STALE, GPT_HEADER_CRC, GPT_COPY_PRIMARY, 0},
    {PRIMARY, 20, 4, 1, SUMS_RIGHT, GPT_HEADER_RESERVED, GPT_COPY_PRIMARY, 0},
    {PRIMARY, 92, 1, 1, SUMS_RIGHT, GPT_HEADER_RESERVED, GPT_COPY_PRIMARY, 0},
    {BACKUP, 511, 1, 1, SUMS_RIGHT, GPT_HEADER_RESERVED, GPT_COPY_BACKUP, 0},
    {PRIMARY, 24, 8, 2, SUMS_RIGHT, GPT_HEADER_MY_BLOCK, GPT_COPY_PRIMARY, 0},
    {BACKUP, 24, 8, 1, SUMS_RIGHT, GPT_HEADER_MY_BLOCK, GPT_COPY_BACKUP, 0},
    {PRIMARY, 32, 8, 198, SUMS_RIGHT, GPT_HEADER_OTHER_BLOCK, GPT_COPY_PRIMARY, 0},
    {BACKUP, 32, 8, 0, SUMS_RIGHT, GPT_HEADER_OTHER_BLOCK, GPT_COPY_BACKUP, 0},
    {PRIMARY, 40, 8, 1, SUMS_RIGHT, GPT_HEADER_USABLE, GPT_COPY_PRIMARY, 0},
    {PRIMARY, 40, 8, 167, SUMS_RIGHT, GPT_HEADER_USABLE, GPT_COPY_PRIMARY, 0},
    {PRIMARY, 48, 8, 199, SUMS_RIGHT, GPT_HEADER_USABLE, GPT_COPY_PRIMARY, 0},
    {BACKUP, 48, 8, UINT64_MAX, SUMS_RIGHT, GPT_HEADER_USABLE, GPT_COPY_BACKUP, 0},
    {PRIMARY, 40, 8, 33, SUMS_RIGHT, GPT_HEADER_ENTRIES_BLOCK, GPT_COPY_PRIMARY, 0},
    {PRIMARY, 72, 8, 1, SUMS_RIGHT, GPT_HEADER_ENTRIES_BLOCK, GPT_COPY_PRIMARY, 0},
    {PRIMARY, 72, 8, 3, SUMS_RIGHT, GPT_HEADER_ENTRIES_BLOCK, GPT_COPY_PRIMARY, 0},
    {PRIMARY, 72, 8, UINT64_MAX, SUMS_RIGHT, GPT_HEADER_ENTRIES_BLOCK, GPT_COPY_PRIMARY, 0},
    {BACKUP, 72, 8, 166, SUMS_RIGHT, GPT_HEADER_ENTRIES_BLOCK, GPT_COPY_BACKUP, 0},
    {BACKUP, 72, 8, 168, SUMS_RIGHT, GPT_HEADER_ENTRIES_BLOCK, GPT_COPY_BACKUP, 0},
    {BACKUP, 48, 8, 167, SUMS_RIGHT, GPT_HEADER_ENTRIES_BLOCK, GPT_COPY_BACKUP, 0},
    {BOTH, 84, 4, 256, SUMS_RIGHT, GPT_HEADER_ENTRY_SIZE, GPT_COPY_PRIMARY, 0},
    {BACKUP, 84, 4, 64, SUMS_RIGHT, GPT_HEADER_ENTRY_SIZE, GPT_COPY_BACKUP, 0},
    {BOTH, 80, 4, 129, SUMS_RIGHT, GPT_HEADER_ENTRY_COUNT, GPT_COPY_PRIMARY, 0},
    {BOTH, 80, 4, 0, SUMS_RIGHT, GPT_HEADER_ENTRY_COUNT, GPT_COPY_PRIMARY, 0},
    {BACKUP, 80, 4, UINT32_MAX, SUMS_RIGHT, GPT_HEADER_ENTRY_COUNT, GPT_COPY_BACKUP, 0},
    {BACKUP, 56, 1, 0, SUMS_RIGHT, GPT_HEADERS_DIFFER, GPT_COPY_NONE, 0},
    {PRIMARY, 40, 8, 35, SUMS_RIGHT, GPT_HEADERS_DIFFER, GPT_COPY_NONE, 0},
    {PRIMARY, 48, 8, 165, SUMS_RIGHT, GPT_HEADERS_DIFFER, GPT_COPY_NONE, 0},
    {BACKUP, 80, 4, 127, SUMS_RIGHT, GPT_HEADERS_DIFFER, GPT_COPY_NONE, 0},
    {PRIMARY_ENTRIES, 56, 1, 'E', SUMS_STALE, GPT_ENTRIES_CRC, GPT_COPY_PRIMARY, 0},
    {BACKUP_ENTRIES, 127 * 128, 1, 1, SUMS_STALE, GPT_ENTRIES_CRC, GPT_COPY_BACKUP, 0},
    {BACKUP_ENTRIES, 56, 1, 'E', SUMS_RIGHT, GPT_ENTRIES_DIFFER, GPT_COPY_NONE, 0},
    {BOTH_ENTRIES, 2 * 128 + 16, 1, 1, SUMS_RIGHT, GPT_ENTRY_UNUSED, GPT_COPY_NONE, 3},
    {BOTH_ENTRIES, 127 * 128 + 127, 1, 1, SUMS_RIGHT, GPT_ENTRY_UNUSED, GPT_COPY_NONE, 128},
    {BOTH_ENTRIES, 32, 8, 33, SUMS_RIGHT, GPT_ENTRY_RANGE, GPT_COPY_NONE, 1},
    {BOTH_ENTRIES, 32, 8, 0, SUMS_RIGHT, GPT_ENTRY_RANGE, GPT_COPY_NONE, 1},
    {BOTH_ENTRIES, 32, 8, 50, SUMS_RIGHT, GPT_ENTRY_RANGE, GPT_COPY_NONE, 1},
    {BOTH_ENTRIES, 40, 8, 167, SUMS_RIGHT, GPT_ENTRY_RANGE, GPT_COPY_NONE, 1},
    {BOTH_ENTRIES, 40, 8, UINT64_MAX, SUMS_RIGHT, GPT_ENTRY_RANGE, GPT_COPY_NONE, 1},
    {BOTH_ENTRIES, 40, 8, 50, SUMS_RIGHT, GPT_ENTRY_OVERLAP, GPT_COPY_NONE, 2},
    {BOTH_ENTRIES, 4 * 128 + 32, 8, 59, SUMS_RIGHT, GPT_ENTRY_OVERLAP, GPT_COPY_NONE, 5},
    {BOTH_ENTRIES, 4 * 128 + 32, 8, 36, SUMS_RIGHT, GPT_ENTRY_OVERLAP, GPT_COPY_NONE, 5},
    {BOTH_ENTRIES, 48, 8, 8, SUMS_RIGHT, GPT_ENTRY_ATTRIBUTES, GPT_COPY_NONE, 1},
    {BOTH_ENTRIES, 48, 8, UINT64_C(1) << 47, SUMS_RIGHT, GPT_ENTRY_ATTRIBUTES, GPT_COPY_NONE, 1},
    {BOTH_ENTRIES, 56, 2, 0x1b, SUMS_RIGHT, GPT_ENTRY_NAME, GPT_COPY_NONE, 1},
    {BOTH_ENTRIES, 128 + 56, 2, 0xdc00, SUMS_RIGHT, GPT_ENTRY_NAME, GPT_COPY_NONE, 2},
    {BOTH_ENTRIES, 128 + 56 + 70, 2, 'x', SUMS_RIGHT, GPT_ENTRY_NAME, GPT_COPY_NONE, 2},
};

static void change_write(uint8_t *at, const struct change *change)
{
    for (uint32_t byte = 0; byte < change->width_bytes; byte++) {
        at[change->offset + byte] = (uint8_t)(change->value >> (8 * byte));
    }
}

static void change_apply(const struct change *change)
{
    enum place place = change->place;
    if (place == MBR) {
        change_write(disk.bytes, change);
    }
    if (place == PRIMARY || place == BOTH) {
        change_write(disk_header(&disk, GPT_COPY_PRIMARY), change);
    }
    if (place == BACKUP || place == BOTH) {
        change_write(disk_header(&disk, GPT_COPY_BACKUP), change);
    }
    if (place == PRIMARY_ENTRIES || place == BOTH_ENTRIES) {
        change_write(disk_entries(&disk, GPT_COPY_PRIMARY), change);
    }
    if (place == BACKUP_ENTRIES || place == BOTH_ENTRIES) {
        change_write(disk_entries(&disk, GPT_COPY_BACKUP), change);
    }
    if (change->repair == SUMS_RIGHT) {
        disk_sum(&disk);
    }
}

static bool reason_is_of_the_disk(enum gpt_reason reason)
{
    return reason == GPT_NONE || reason == GPT_BLOCK_SIZE || reason == GPT_DISK_SIZE ||
           reason == GPT_READ || reason == GPT_ENTRY_GUID;
}

static void refuses_each_single_fault(void)
{
    bool seen[GPT_REASON_COUNT] = {};
    for (size_t index = 0; index < sizeof(changes) / sizeof(changes[0]); index++) {
        const struct change *change = &changes[index];
        disk_make(&disk, 512, 200);
        CHECK_EQUAL(judge(), STATUS_OK);
        change_apply(change);
        enum status status = judge();
        CHECK(status == STATUS_CORRUPT || status == STATUS_UNSUPPORTED);
        CHECK_EQUAL(table.partition_count, 0);
        CHECK_EQUAL(refusal.reason, change->reason);
        CHECK_EQUAL(refusal.copy, change->copy);
        CHECK_EQUAL(refusal.partition_number, change->partition_number);
        seen[refusal.reason] = true;
        if (refusal.reason != change->reason) {
            printf("change %zu: %s\n", index, gpt_reason_name(refusal.reason));
        }
    }
    for (enum gpt_reason reason = 0; reason < GPT_REASON_COUNT; reason++) {
        CHECK(seen[reason] || reason_is_of_the_disk(reason)); /* those have tests of their own */
    }
}

/* Next to each refusal by a boundary: the last value that is still right. */
static void accepts_boundary_values(void)
{
    static const struct change accepted[] = {
        {MBR, 458, 4, UINT32_MAX, SUMS_RIGHT, GPT_NONE, GPT_COPY_NONE, 0},
        {BOTH_ENTRIES, 32, 8, 34, SUMS_RIGHT, GPT_NONE, GPT_COPY_NONE, 0},
        {BOTH_ENTRIES, 4 * 128 + 40, 8, 166, SUMS_RIGHT, GPT_NONE, GPT_COPY_NONE, 0},
        {BOTH, 40, 8, 40, SUMS_RIGHT, GPT_NONE, GPT_COPY_NONE, 0},
        {BOTH, 48, 8, 60, SUMS_RIGHT, GPT_NONE, GPT_COPY_NONE, 0},
        {BOTH, 80, 4, 5, SUMS_RIGHT, GPT_NONE, GPT_COPY_NONE, 0},
        {BOTH_ENTRIES, 48, 8, 0xffff000000000007, SUMS_RIGHT, GPT_NONE, GPT_COPY_NONE, 0},
    };
    for (size_t index = 0; index < sizeof(accepted) / sizeof(accepted[0]); index++) {
        disk_make(&disk, 512, 200);
        change_apply(&accepted[index]);
        CHECK_EQUAL(judge(), STATUS_OK);
        CHECK_EQUAL(table.partition_count, 3);
    }
}

static void refuses_guids_used_twice_or_zero(void)
{
    for (uint32_t value = 0; value <= 1; value++) {
        disk_make(&disk, 512, 200);
        for (enum gpt_copy copy = GPT_COPY_PRIMARY; copy <= GPT_COPY_BACKUP; copy++) {
            memset(disk_entries(&disk, copy) + 128 + 16, (uint8_t)value, 16);
        }
        disk_sum(&disk);
        CHECK_EQUAL(judge(), STATUS_CORRUPT);
        CHECK_EQUAL(refusal.reason, GPT_ENTRY_GUID);
        CHECK_EQUAL(refusal.partition_number, 2);
    }
}

static void refuses_other_block_sizes_and_tiny_disks(void)
{
    disk_make(&disk, 512, 200);
    struct gpt_source source = disk_source(&disk);
    source.block_bytes = 1024;
    CHECK_EQUAL(gpt_read(&source, &workspace, &table, &refusal), STATUS_UNSUPPORTED);
    CHECK_EQUAL(refusal.reason, GPT_BLOCK_SIZE);
    source = disk_source(&disk);
    for (uint64_t count = 0; count < 6; count++) {
        source.block_count = count;
        CHECK_EQUAL(gpt_read(&source, &workspace, &table, &refusal), STATUS_CORRUPT);
        CHECK_EQUAL(refusal.reason, GPT_DISK_SIZE);
    }
    CHECK_EQUAL(disk.read_count, 0);
    /* A disk that was cut or grown: the backup is not where the primary says. */
    for (uint64_t count = 199; count <= 201; count += 2) {
        source.block_count = count;
        store_le32(disk.bytes + 458, UINT32_MAX);
        CHECK_EQUAL(gpt_read(&source, &workspace, &table, &refusal), STATUS_CORRUPT);
        CHECK_EQUAL(refusal.reason, GPT_HEADER_OTHER_BLOCK);
    }
}

static void read_failures_are_passed_on(void)
{
    constexpr uint32_t reads = 5; /* MBR, two headers, two arrays */
    for (uint32_t allowed = 0; allowed < reads; allowed++) {
        disk_make(&disk, 512, 200);
        disk.read_count = 100;
        disk.read_count_max = 100 + allowed;
        CHECK_EQUAL(judge(), STATUS_PEER_LOST);
        CHECK_EQUAL(refusal.reason, GPT_READ);
        CHECK_EQUAL(table.partition_count, 0);
    }
    disk_make(&disk, 512, 200);
    disk.read_count_max = reads;
    CHECK_EQUAL(judge(), STATUS_OK);
    CHECK_EQUAL(disk.read_count, reads);
}

/* Every bit of MBR entries, headers and arrays, checksums not repaired: none is overlooked. */
static void refuses_every_flipped_bit(void)
{
    disk_make(&disk, 512, 200);
    const size_t starts[] = {446, 512, 1024, 167 * 512, 199 * 512};
    const size_t ends[] = {512, 1024, 1024 + 6 * 128, 167 * 512 + 6 * 128, 200 * 512};
    for (size_t range = 0; range < sizeof(starts) / sizeof(starts[0]); range++) {
        for (size_t bit = starts[range] * 8; bit < ends[range] * 8; bit++) {
            bool cylinder_address = bit / 8 >= 447 && bit / 8 < 454 && bit / 8 != 450;
            bool boot_flag = bit / 8 == 446;
            disk.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK_EQUAL(judge() == STATUS_OK, cylinder_address || boot_flag);
            disk.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    CHECK_EQUAL(judge(), STATUS_OK);
}

static void names_become_utf8(void)
{
    static const struct {
        uint16_t units[gpt_name_units];
        const char *text; /* nullptr: refused */
    } cases[] = {
        {{'a', '-', '1'}, "a-1"},
        {{0}, ""},
        {{0xe4, 0x20ac}, "\xc3\xa4\xe2\x82\xac"},
        {{0xd83d, 0xde00, '!'}, "\xf0\x9f\x98\x80!"},
        {{0xdbff, 0xdfff}, "\xf4\x8f\xbf\xbf"},
        {{0xd800, 0xdc00}, "\xf0\x90\x80\x80"},
        {{0xd7ff, 0xe000}, "\xed\x9f\xbf\xee\x80\x80"},
        {{0xd800}, nullptr},
        {{0xd800, 'x'}, nullptr},
        {{0xd800, 0xd800, 0xdc00}, nullptr},
        {{0xdc00, 0xd800}, nullptr},
        {{'a', '\n'}, nullptr},
        {{0x7f}, nullptr},
        {{0x9b}, nullptr},
        {{'a', 0, 'b'}, nullptr},
        {{[gpt_name_units - 1] = 'b'}, nullptr},
    };
    for (size_t index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
        uint8_t units[2 * gpt_name_units];
        char text[gpt_name_bytes];
        for (size_t unit = 0; unit < gpt_name_units; unit++) {
            store_le16(units + 2 * unit, cases[index].units[unit]);
        }
        CHECK_EQUAL(name_decode(units, text), cases[index].text != nullptr);
        CHECK(cases[index].text == nullptr || strcmp(text, cases[index].text) == 0);
    }
    /* The longest text: 36 units of 3 bytes; and a pair cut off by the field's end. */
    uint8_t units[2 * gpt_name_units];
    char text[gpt_name_bytes];
    for (size_t unit = 0; unit < gpt_name_units; unit++) {
        store_le16(units + 2 * unit, 0xffee);
    }
    CHECK(name_decode(units, text));
    CHECK_EQUAL(strlen(text), gpt_name_bytes - 1);
    store_le16(units + 2 * (gpt_name_units - 1), 0xd83d);
    CHECK(!name_decode(units, text));
}

/* Runs sgdisk on a new file of that size and loads what it wrote. */
static bool sgdisk_make(const char *options, size_t size_bytes)
{
    char path[] = "/tmp/erix-gpt-test-XXXXXX";
    char command[512];
    int file = mkstemp(path);
    bool made = file >= 0 && ftruncate(file, (off_t)size_bytes) == 0;
    (void)snprintf(command, sizeof(command), "PATH=$PATH:/sbin:/usr/sbin sgdisk %s %s >/dev/null",
        options, path);
    made = made && system(command) == 0;
    memset(&disk, 0, sizeof(disk));
    disk.block_bytes = 512;
    disk.block_count = size_bytes / 512;
    made = made && pread(file, disk.bytes, size_bytes, 0) == (ssize_t)size_bytes;
    (void)close(file);
    (void)unlink(path);
    return made;
}

static void reads_what_sgdisk_writes(void)
{
    CHECK(
        sgdisk_make("-a 1 -U 11111111-2222-3333-4444-555555555555"
                    " -n 1:40:99 -t 1:ef00 -c 1:erix-esp -u 1:C0DEC0DE-0001-4000-8000-00000000000A"
                    " -n 2:100:500 -t 2:8300 -c 2:'Größe €' -A 2:set:2 -A 2:set:60"
                    " -n 7:600:600 -t 7:8300 -c 7:abcdefghijklmnopqrstuvwxyz0123456789",
            disk_bytes_max));
    CHECK_EQUAL(judge(), STATUS_OK);
    CHECK_EQUAL(refusal.reason, GPT_NONE);
    CHECK_EQUAL(table.partition_count, 3);
    char text[gpt_guid_text_bytes];
    gpt_guid_text(table.disk, text);
    CHECK(strcmp(text, "11111111-2222-3333-4444-555555555555") == 0);
    gpt_guid_text(table.partitions[0].type, text);
    CHECK(strcmp(text, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B") == 0);
    gpt_guid_text(table.partitions[0].unique, text);
    CHECK(strcmp(text, "C0DEC0DE-0001-4000-8000-00000000000A") == 0);
    CHECK_EQUAL(table.partitions[0].first_block, 40);
    CHECK_EQUAL(table.partitions[0].block_count, 60);
    CHECK(strcmp(table.partitions[1].name, "Größe €") == 0);
    CHECK_EQUAL(table.partitions[1].attributes, UINT64_C(1) << 60 | 4);
    CHECK_EQUAL(table.partitions[2].number, 7);
    CHECK(strcmp(table.partitions[2].name, "abcdefghijklmnopqrstuvwxyz0123456789") == 0);
}

static void reads_all_entries_and_refuses_larger_arrays(void)
{
    CHECK(sgdisk_make("-a 1 -o", disk_bytes_max));
    CHECK_EQUAL(judge(), STATUS_OK);
    CHECK_EQUAL(table.partition_count, 0);
    CHECK(sgdisk_make("-S 256", disk_bytes_max));
    CHECK_EQUAL(judge(), STATUS_UNSUPPORTED);
    CHECK_EQUAL(refusal.reason, GPT_HEADER_ENTRY_COUNT);
    disk_make(&disk, 512, 1000);
    for (uint32_t number = 1; number <= gpt_entries_max; number++) {
        disk_put_entry(&disk, number, 100 + number, 100 + number, "");
    }
    disk_sum(&disk);
    CHECK_EQUAL(judge(), STATUS_OK);
    CHECK_EQUAL(table.partition_count, gpt_entries_max);
    CHECK_EQUAL(table.partitions[127].first_block, 228);
}

static void a_hybrid_mbr_is_refused(void)
{
    CHECK(sgdisk_make("-a 1 -n 1:40:99 -h 1", disk_bytes_max));
    CHECK_EQUAL(judge(), STATUS_CORRUPT);
    CHECK_EQUAL(refusal.reason, GPT_MBR_PROTECTIVE);
    CHECK(sgdisk_make("-a 1 -n 1:40:99", disk_bytes_max));
    CHECK_EQUAL(judge(), STATUS_OK);
}

static void reasons_have_texts(void)
{
    for (enum gpt_reason reason = 0; reason <= GPT_REASON_COUNT; reason++) {
        CHECK(strlen(gpt_reason_name(reason)) > 0);
        CHECK(strlen(gpt_reason_text(reason)) > 0);
    }
    CHECK(strcmp(gpt_copy_name(GPT_COPY_BACKUP), "backup") == 0);
    CHECK(strlen(gpt_copy_name((enum gpt_copy)9)) > 0);
}

int main(void)
{
    TEST(reads_a_sound_disk);
    TEST(refuses_each_single_fault);
    TEST(accepts_boundary_values);
    TEST(refuses_guids_used_twice_or_zero);
    TEST(refuses_other_block_sizes_and_tiny_disks);
    TEST(read_failures_are_passed_on);
    TEST(refuses_every_flipped_bit);
    TEST(names_become_utf8);
    TEST(reads_what_sgdisk_writes);
    TEST(reads_all_entries_and_refuses_larger_arrays);
    TEST(a_hybrid_mbr_is_refused);
    TEST(reasons_have_texts);
    return check_report();
}
