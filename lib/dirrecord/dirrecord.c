/* SPDX-License-Identifier: ISC */
/* Writing and reading directory records. */
#include <lib/dirrecord/dirrecord.h>

#include <lib/base/base.h>

#include <string.h>

static size_t record_bytes(size_t name_bytes)
{
    return (dirrecord_head_bytes + name_bytes + 7) & ~(size_t)7;
}

bool dirrecord_put(struct dirrecord_writer *writer, const struct dirrecord *record)
{
    const size_t bytes = record_bytes(record->name_bytes);
    if (record->name_bytes > dirrecord_name_bytes_max ||
        bytes > writer->room_bytes - writer->done_bytes) {
        return false;
    }
    uint8_t *at = writer->bytes + writer->done_bytes;
    memset(at, 0, bytes);
    store_le64(at, record->node);
    store_le64(at + 8, record->next_cursor);
    store_le32(at + 16, record->kind);
    store_le32(at + 20, record->name_bytes);
    memcpy(at + dirrecord_head_bytes, record->name, record->name_bytes);
    writer->done_bytes += bytes;
    return true;
}

bool dirrecord_next(struct dirrecord_reader *reader, struct dirrecord *record_out)
{
    const size_t left = reader->size_bytes - reader->at;
    if (left < dirrecord_head_bytes) {
        return false;
    }
    const uint8_t *at = reader->bytes + reader->at;
    const uint32_t name_bytes = load_le32(at + 20);
    if (name_bytes > dirrecord_name_bytes_max || record_bytes(name_bytes) > left) {
        return false;
    }
    *record_out = (struct dirrecord){
        .node = load_le64(at),
        .next_cursor = load_le64(at + 8),
        .kind = load_le32(at + 16),
        .name_bytes = name_bytes,
        .name = (const char *)at + dirrecord_head_bytes,
    };
    reader->at += record_bytes(name_bytes);
    return true;
}
