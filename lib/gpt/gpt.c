/* SPDX-License-Identifier: ISC */
/*
 * Reads a disk's partition table: protective MBR, both headers, both entry arrays, in this order,
 * and stops at the first fault. Nothing that one copy tells is used before the other has confirmed
 * it.
 */
#include <lib/gpt/gpt.h>

#include <lib/base/base.h>
#include <lib/crc/crc.h>

#include <string.h>

#include "entries.h"
#include "header.h"

constexpr size_t mbr_entries_at = 446;
constexpr size_t mbr_entry_bytes = 16;
constexpr uint32_t mbr_entry_count = 4;
constexpr size_t mbr_signature_at = 510;
constexpr uint8_t mbr_type_protective = 0xee;

/* MBR, two headers, two entry arrays of a block each, and one usable block. */
constexpr uint64_t disk_blocks_min = 6;

#define REASON_STATUS(name, status, text) [GPT_##name] = STATUS_##status,
#define REASON_NAME(name, status, text) [GPT_##name] = #name,
#define REASON_TEXT(name, status, text) [GPT_##name] = text,

static const enum status statuses[GPT_REASON_COUNT] = {GPT_REASON_LIST(REASON_STATUS)};
static const char *const names[GPT_REASON_COUNT] = {GPT_REASON_LIST(REASON_NAME)};
static const char *const texts[GPT_REASON_COUNT] = {GPT_REASON_LIST(REASON_TEXT)};
static const char *const copy_names[] = {
    [GPT_COPY_NONE] = "disk", [GPT_COPY_PRIMARY] = "primary", [GPT_COPY_BACKUP] = "backup"};

static enum status table_read(const struct gpt_source *source, struct gpt_workspace *workspace,
    struct gpt_table *table, struct gpt_refusal *refusal);
static enum status mbr_read(
    const struct gpt_source *source, uint8_t *block, struct gpt_refusal *refusal);
static enum gpt_reason mbr_check(const uint8_t *block, uint64_t block_count);
static enum status header_read(const struct gpt_source *source, uint8_t *block,
    struct gpt_header *header_out, struct gpt_refusal *refusal);
static enum status entries_read(const struct gpt_source *source, const struct gpt_header *header,
    uint8_t *entries, struct gpt_refusal *refusal);
static bool headers_agree(const struct gpt_header *primary, const struct gpt_header *backup);
static enum status refuse(struct gpt_refusal *refusal, enum gpt_reason reason);

enum status gpt_read(const struct gpt_source *source, struct gpt_workspace *workspace,
    struct gpt_table *table_out, struct gpt_refusal *refusal_out)
{
    *refusal_out = (struct gpt_refusal){};
    table_out->partition_count = 0;
    enum status status = table_read(source, workspace, table_out, refusal_out);
    if (status != STATUS_OK) {
        table_out->partition_count = 0;
    }
    return status;
}

const char *gpt_reason_name(enum gpt_reason reason)
{
    return reason < GPT_REASON_COUNT ? names[reason] : "UNKNOWN";
}

const char *gpt_reason_text(enum gpt_reason reason)
{
    return reason < GPT_REASON_COUNT ? texts[reason] : "unknown reason";
}

const char *gpt_copy_name(enum gpt_copy copy)
{
    return copy < sizeof(copy_names) / sizeof(copy_names[0]) ? copy_names[copy] : "unknown";
}

/* The first three fields are numbers stored little-endian, the last two are bytes (RFC 4122; UEFI
 * A). */
void gpt_guid_text(struct gpt_guid guid, char text_out[static gpt_guid_text_bytes])
{
    static const uint8_t order[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    static const char digits[] = "0123456789ABCDEF";
    for (size_t index = 0; index < sizeof(order); index++) {
        if (index == 4 || index == 6 || index == 8 || index == 10) {
            *text_out++ = '-';
        }
        *text_out++ = digits[guid.bytes[order[index]] >> 4];
        *text_out++ = digits[guid.bytes[order[index]] & 15];
    }
    *text_out = '\0';
}

static enum status table_read(const struct gpt_source *source, struct gpt_workspace *workspace,
    struct gpt_table *table, struct gpt_refusal *refusal)
{
    if (source->block_bytes != gpt_block_bytes_min && source->block_bytes != gpt_block_bytes_max) {
        return refuse(refusal, GPT_BLOCK_SIZE);
    }
    if (source->block_count < disk_blocks_min) {
        return refuse(refusal, GPT_DISK_SIZE);
    }
    enum status status = mbr_read(source, workspace->block, refusal);
    if (status != STATUS_OK) {
        return status;
    }
    struct gpt_header primary;
    struct gpt_header backup;
    refusal->copy = GPT_COPY_PRIMARY;
    status = header_read(source, workspace->block, &primary, refusal);
    if (status != STATUS_OK) {
        return status;
    }
    refusal->copy = GPT_COPY_BACKUP;
    status = header_read(source, workspace->block, &backup, refusal);
    if (status != STATUS_OK) {
        return status;
    }
    refusal->copy = GPT_COPY_NONE;
    if (!headers_agree(&primary, &backup)) {
        return refuse(refusal, GPT_HEADERS_DIFFER);
    }
    refusal->copy = GPT_COPY_PRIMARY;
    status = entries_read(source, &primary, workspace->primary_entries, refusal);
    if (status != STATUS_OK) {
        return status;
    }
    refusal->copy = GPT_COPY_BACKUP;
    status = entries_read(source, &backup, workspace->backup_entries, refusal);
    if (status != STATUS_OK) {
        return status;
    }
    refusal->copy = GPT_COPY_NONE;
    if (memcmp(workspace->primary_entries, workspace->backup_entries,
            primary.entry_count * gpt_entry_bytes) != 0) {
        return refuse(refusal, GPT_ENTRIES_DIFFER);
    }
    table->disk = primary.disk;
    table->first_usable_block = primary.first_usable_block;
    table->last_usable_block = primary.last_usable_block;
    enum gpt_reason reason = entries_decode(
        workspace->primary_entries, primary.entry_count, table, &refusal->partition_number);
    return refuse(refusal, reason);
}

static enum status mbr_read(
    const struct gpt_source *source, uint8_t *block, struct gpt_refusal *refusal)
{
    enum status status = source->read(source->context, 0, 1, block);
    if (status != STATUS_OK) {
        refusal->reason = GPT_READ;
        return status;
    }
    return refuse(refusal, mbr_check(block, source->block_count));
}

/*
 * UEFI 5.2.3: one entry of type 0xEE from block 1 on, which covers the disk or as much as 32 bits
 * can tell; some tools always write 0xFFFFFFFF. Any other entry would give a second opinion.
 */
static enum gpt_reason mbr_check(const uint8_t *block, uint64_t block_count)
{
    static const uint8_t unused[mbr_entry_bytes] = {};
    if (load_le16(block + mbr_signature_at) != 0xaa55) {
        return GPT_MBR_SIGNATURE;
    }
    uint32_t protective_count = 0;
    for (uint32_t index = 0; index < mbr_entry_count; index++) {
        const uint8_t *entry = block + mbr_entries_at + index * mbr_entry_bytes;
        uint32_t entry_blocks = load_le32(entry + 12);
        if (memcmp(entry, unused, sizeof(unused)) == 0) {
            continue;
        }
        if (entry[4] != mbr_type_protective || load_le32(entry + 8) != 1 ||
            (entry_blocks != block_count - 1 && entry_blocks != UINT32_MAX)) {
            return GPT_MBR_PROTECTIVE;
        }
        protective_count++;
    }
    return protective_count == 1 ? GPT_NONE : GPT_MBR_PROTECTIVE;
}

/* The copy that refusal->copy names. */
static enum status header_read(const struct gpt_source *source, uint8_t *block,
    struct gpt_header *header_out, struct gpt_refusal *refusal)
{
    const uint64_t last_block = source->block_count - 1;
    const bool primary = refusal->copy == GPT_COPY_PRIMARY;
    struct gpt_place place = {
        .copy = refusal->copy,
        .own_block = primary ? 1 : last_block,
        .other_block = primary ? last_block : 1,
        .block_bytes = source->block_bytes,
        .block_count = source->block_count,
    };
    enum status status = source->read(source->context, place.own_block, 1, block);
    if (status != STATUS_OK) {
        refusal->reason = GPT_READ;
        return status;
    }
    return refuse(refusal, header_decode(block, place, header_out));
}

static enum status entries_read(const struct gpt_source *source, const struct gpt_header *header,
    uint8_t *entries, struct gpt_refusal *refusal)
{
    enum status status = source->read(
        source->context, header->entries_block, (uint32_t)header->entries_block_count, entries);
    if (status != STATUS_OK) {
        refusal->reason = GPT_READ;
        return status;
    }
    uint32_t crc = crc32(entries, header->entry_count * gpt_entry_bytes);
    return refuse(refusal, crc == header->entries_crc ? GPT_NONE : GPT_ENTRIES_CRC);
}

/* The arrays' checksums are not compared here: the arrays themselves are. */
static bool headers_agree(const struct gpt_header *primary, const struct gpt_header *backup)
{
    return primary->first_usable_block == backup->first_usable_block &&
           primary->last_usable_block == backup->last_usable_block &&
           primary->entry_count == backup->entry_count &&
           memcmp(&primary->disk, &backup->disk, sizeof(primary->disk)) == 0;
}

static enum status refuse(struct gpt_refusal *refusal, enum gpt_reason reason)
{
    refusal->reason = reason;
    return statuses[reason];
}
