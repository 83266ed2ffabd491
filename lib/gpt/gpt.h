/* SPDX-License-Identifier: ISC */
/*
 * The GUID partition table (UEFI 2.10, chapter 5), read only and fail closed.
 *
 * A disk is accepted only if the protective MBR, both headers and both entry arrays are whole and
 * tell the same. Whatever is damaged refuses the disk as a whole, with the copy and field at fault;
 * no partition of such a disk is ever published. The library reads the disk by a callback and works
 * in memory that the caller lends.
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t gpt_entries_max = 128; /* more are refused */
constexpr uint32_t gpt_entry_bytes = 128; /* no other size is accepted */
constexpr uint32_t gpt_block_bytes_min = 512;
constexpr uint32_t gpt_block_bytes_max = 4096;
constexpr uint32_t gpt_name_units = 36;                     /* UTF-16 code units on disk */
constexpr uint32_t gpt_name_bytes = 3 * gpt_name_units + 1; /* as UTF-8, with the final zero */

/* A disk. `read` fills bytes_out with block_count whole blocks; any failure ends the parse with it.
 */
struct gpt_source {
    void *context;
    uint32_t block_bytes; /* 512 or 4096 */
    uint64_t block_count;
    enum status (*read)(void *context, uint64_t first_block, uint32_t block_count, void *bytes_out);
};

/* In the order of the bytes on the disk; use gpt_guid_text for people. */
struct gpt_guid {
    uint8_t bytes[16];
};

struct gpt_partition {
    uint32_t number; /* from 1, the place in the entry array, as other tools count */
    struct gpt_guid type;
    struct gpt_guid unique;
    uint64_t first_block;
    uint64_t block_count; /* at least 1 */
    uint64_t attributes;
    char name[gpt_name_bytes]; /* UTF-8 without control characters, may be empty */
};

/* Partitions ascend by number; none overlaps another, no unique GUID comes twice. */
struct gpt_table {
    struct gpt_guid disk;
    uint64_t first_usable_block;
    uint64_t last_usable_block;
    uint32_t partition_count;
    struct gpt_partition partitions[gpt_entries_max];
};

/* Memory that gpt_read works in; its contents mean nothing before and after. */
struct gpt_workspace {
    uint8_t block[gpt_block_bytes_max];
    uint8_t primary_entries[gpt_entries_max * gpt_entry_bytes];
    uint8_t backup_entries[gpt_entries_max * gpt_entry_bytes];
};

/* name, status that comes with it, text for people */
#define GPT_REASON_LIST(X)                                                                         \
    X(NONE, OK, "accepted")                                                                        \
    X(BLOCK_SIZE, UNSUPPORTED, "the block size is neither 512 nor 4096 bytes")                     \
    X(DISK_SIZE, CORRUPT, "the disk is too small for a partition table")                           \
    X(READ, IO, "the disk could not be read")                                                      \
    X(MBR_SIGNATURE, CORRUPT, "no MBR signature in the first block")                               \
    X(MBR_PROTECTIVE, CORRUPT, "the MBR has not exactly one entry, of type 0xEE, from block 1 on") \
    X(HEADER_SIGNATURE, CORRUPT, "no \"EFI PART\" at the header's place")                          \
    X(HEADER_REVISION, UNSUPPORTED, "the revision is not 1.0")                                     \
    X(HEADER_SIZE, UNSUPPORTED, "the header's size is not 92")                                     \
    X(HEADER_CRC, CORRUPT, "the header's checksum does not match")                                 \
    X(HEADER_RESERVED, CORRUPT, "reserved bytes of the header's block are not zero")               \
    X(HEADER_MY_BLOCK, CORRUPT, "the header does not name its own block")                          \
    X(HEADER_OTHER_BLOCK, CORRUPT, "the header does not name the other header's block")            \
    X(HEADER_USABLE, CORRUPT, "the usable range is empty, or meets a header or an entry array")    \
    X(HEADER_ENTRIES_BLOCK, CORRUPT, "the entry array is not where there is room for it")          \
    X(HEADER_ENTRY_SIZE, UNSUPPORTED, "entries are not 128 bytes long")                            \
    X(HEADER_ENTRY_COUNT, UNSUPPORTED, "there are no entries, or more than 128")                   \
    X(HEADERS_DIFFER, CORRUPT, "the two headers tell different things")                            \
    X(ENTRIES_CRC, CORRUPT, "the entry array's checksum does not match")                           \
    X(ENTRIES_DIFFER, CORRUPT, "the two entry arrays are not equal")                               \
    X(ENTRY_UNUSED, CORRUPT, "an unused entry is not all zero")                                    \
    X(ENTRY_GUID, CORRUPT, "a partition's unique GUID is zero or used twice")                      \
    X(ENTRY_RANGE, CORRUPT, "a partition is empty or outside the usable range")                    \
    X(ENTRY_OVERLAP, CORRUPT, "two partitions overlap")                                            \
    X(ENTRY_ATTRIBUTES, UNSUPPORTED, "reserved attribute bits are set")                            \
    X(ENTRY_NAME, CORRUPT, "a partition's name is not clean UTF-16")

#define GPT_REASON_ENUMERATOR(name, status, text) GPT_##name,

enum gpt_reason : uint32_t {
    GPT_REASON_LIST(GPT_REASON_ENUMERATOR) GPT_REASON_COUNT
};

#undef GPT_REASON_ENUMERATOR

enum gpt_copy : uint32_t {
    GPT_COPY_NONE = 0, /* the disk or its MBR, or both copies alike */
    GPT_COPY_PRIMARY = 1,
    GPT_COPY_BACKUP = 2,
};

/* Why a disk was refused, and where. */
struct gpt_refusal {
    enum gpt_reason reason;
    enum gpt_copy copy;
    uint32_t partition_number; /* of the entry at fault, or 0 */
};

/*
 * Reads and checks the whole partition table.
 * OK: *table_out is filled.
 * CORRUPT, UNSUPPORTED, or what source->read returned: *table_out means nothing (it is too large
 * for a second copy) and its partition_count is 0; *refusal_out says why.
 */
enum status gpt_read(const struct gpt_source *source, struct gpt_workspace *workspace,
    struct gpt_table *table_out, struct gpt_refusal *refusal_out);

/* Name of a reason for machines, such as "HEADER_CRC"; never nullptr. */
const char *gpt_reason_name(enum gpt_reason reason);

/* Text of a reason for people; never nullptr. */
const char *gpt_reason_text(enum gpt_reason reason);

/* "disk", "primary" or "backup"; never nullptr. */
const char *gpt_copy_name(enum gpt_copy copy);

constexpr size_t gpt_guid_text_bytes = 37; /* with the final zero */

/* The usual text, such as "C12A7328-F81F-11D2-BA4B-00A0C93EC93B". */
void gpt_guid_text(struct gpt_guid guid, char text_out[static gpt_guid_text_bytes]);
