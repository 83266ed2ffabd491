/* SPDX-License-Identifier: ISC */
/* Mounting, and keeping inodes open. */
#include "volume.h"

#include <protocol/vspace.h>
#include <slots/e2fsd.h>
#include <userlib/log.h>

#include <lib/base/base.h>

enum status volume_prepare(struct volume *volume)
{
    const struct vspace_cap vspaced = {SLOT_PEER_VSPACED};
    const struct vspace_allocate_request request = {.bits = volume_memory_bits};
    struct vspace_allocate_reply allocated;
    struct frame_cap memory;
    enum status status = vspace_allocate(vspaced, &request, &allocated, &memory);
    if (status != STATUS_OK) {
        return status;
    }
    volume->memory = (uint8_t *)allocated.address;
    return partition_attach(memory.slot, &volume->memory_handle);
}

static void log_refusal(const struct ext_refusal *refusal)
{
    const char *reason = refusal->reason == nullptr ? "not supported" : refusal->reason;
    if (refusal->what == nullptr) {
        return;
    }
    if (refusal->feature_bit == ext_no_feature_bit) {
        log_write(LOG_ERROR, "refused: %s: %s", refusal->what, reason);
        return;
    }
    log_write(LOG_ERROR, "refused: feature %s, bit %u of %s: %s", refusal->what,
        refusal->feature_bit, ext_feature_word_name(refusal->feature_word), reason);
}

enum status volume_note(struct volume *volume, enum status status)
{
    const struct ext_corruption *corruption = &volume->mount.corruption;
    if (status == STATUS_CORRUPT && corruption->what != nullptr) {
        log_write(LOG_ERROR, "corrupt: %s, in block %lu", corruption->what,
            (unsigned long)corruption->block);
    }
    if (status == STATUS_IO) {
        log_write(LOG_ERROR, "the disk failed to read");
    }
    return status;
}

static enum status open_partition(struct volume *volume, const char *name, uint32_t name_bytes)
{
    struct partition_shape shape;
    enum status status = partition_open(name, name_bytes, &volume->number, &shape);
    if (status != STATUS_OK) {
        return status;
    }
    if (shape.block_bytes < partition_alignment_bytes || shape.block_bytes > ext_block_bytes_max ||
        !is_power_of_two(shape.block_bytes)) {
        return STATUS_UNSUPPORTED;
    }
    const uint64_t staging_offset = volume_memory_bytes - volume_staging_bytes;
    volume->partition = (struct partition_device){
        .transport = partition_transport(&volume->number),
        .staging = {.handle = volume->memory_handle,
            .offset_bytes = staging_offset,
            .bytes = volume->memory + staging_offset},
        .staging_bytes = volume_staging_bytes,
    };
    partition_device_init(&volume->partition, shape);
    return STATUS_OK;
}

enum status volume_mount(struct volume *volume, const char *name, uint32_t name_bytes)
{
    if (volume->mounted) {
        return STATUS_BUSY;
    }
    enum status status = open_partition(volume, name, name_bytes);
    if (status != STATUS_OK) {
        log_write(LOG_ERROR, "partition %s: %s", name, status_text(status));
        return status;
    }
    const struct ext_mount_memory memory = {
        .entries = volume->entries,
        .entry_count = volume_cache_entries,
        .buffer = {.handle = volume->memory_handle, .bytes = volume->memory},
        .buffer_bytes = (uint64_t)volume_cache_entries * ext_block_bytes_max,
    };
    const struct ext_mount_options options = {.read_only = true};
    status = ext_mount(&volume->mount, &volume->partition.device, memory, options);
    if (status != STATUS_OK) {
        log_refusal(&volume->mount.refusal);
        return volume_note(volume, status);
    }
    volume->mounted = true;
    log_write(LOG_INFO, "%s: %lu blocks of %u bytes", name,
        (unsigned long)volume->mount.geometry.block_count, volume->mount.geometry.block_bytes);
    return STATUS_OK;
}

void volume_unmount(struct volume *volume)
{
    volume->mounted = false;
    for (uint32_t i = 0; i < volume_files_max; i++) {
        volume->files[i].used_at = 0;
    }
}

enum status volume_open(struct volume *volume, uint64_t number, struct ext_file **file_out)
{
    if (!volume->mounted) {
        return STATUS_NOT_FOUND;
    }
    struct volume_file *oldest = &volume->files[0];
    for (uint32_t i = 0; i < volume_files_max; i++) {
        struct volume_file *entry = &volume->files[i];
        if (entry->used_at != 0 && entry->file.inode.number == number) {
            entry->used_at = ++volume->use_count;
            *file_out = &entry->file;
            return STATUS_OK;
        }
        oldest = entry->used_at < oldest->used_at ? entry : oldest;
    }
    oldest->used_at = 0;
    enum status status = ext_open(&volume->mount, number, &oldest->file);
    if (status == STATUS_INVALID_ARGUMENT) {
        return STATUS_NOT_FOUND; /* a number of no inode is one of no node */
    }
    if (status != STATUS_OK) {
        return volume_note(volume, status);
    }
    oldest->used_at = ++volume->use_count;
    *file_out = &oldest->file;
    return STATUS_OK;
}
