/* SPDX-License-Identifier: ISC */
/*
 * Verifier: the disk has a size, its first partition table is read by DMA, and the nonce that the
 * host put at the start of erix-data too; blocks behind the end, buffers that are unknown and
 * writing are refused.
 */
#include <protocol/disk.h>
#include <slots/verify-drv-virtio-block.h>
#include <userlib/shared_memory.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t buffer_bits = 12;
constexpr uint32_t entry_bytes = 128; /* UEFI 5.3.3 */
constexpr uint32_t entries_block = 2;
constexpr uint32_t blocks_read = 4;
constexpr uint32_t first_block_at = 32;
constexpr uint32_t name_at = 56;

static const struct disk_cap disk = {SLOT_PEER_DRV_VIRTIO_BLOCK};

static enum status read_blocks(uint32_t buffer, uint64_t first_block, uint32_t count)
{
    const struct disk_read_request request = {.count = 1,
        .segments = {{.first_block = first_block, .buffer = buffer, .block_count = count}}};
    return disk_read(disk, &request);
}

static bool is_named(const uint8_t *entry, const char *name)
{
    for (uint32_t index = 0; name[index] != 0; index++) {
        if (entry[name_at + 2 * index] != (uint8_t)name[index]) {
            return false;
        }
    }
    return true;
}

/* First block of the partition erix-data, or 0. */
static uint64_t find_partition(const uint8_t *entries, uint32_t entries_bytes)
{
    for (uint32_t at = 0; at < entries_bytes; at += entry_bytes) {
        uint64_t first_block = 0;
        memcpy(&first_block, entries + at + first_block_at, sizeof first_block);
        if (is_named(entries + at, "erix-data")) {
            return first_block;
        }
    }
    return 0;
}

static const char *verify_bytes(
    const struct verifier *verifier, uint32_t buffer, const uint8_t *bytes, uint32_t block_bytes)
{
    if (read_blocks(buffer, 1, 1) != STATUS_OK || memcmp(bytes, "EFI PART", 8) != 0) {
        return "block 1 is no partition table";
    }
    if (read_blocks(buffer, entries_block, blocks_read) != STATUS_OK) {
        return "several blocks cannot be read";
    }
    const uint64_t first_block = find_partition(bytes, blocks_read * block_bytes);
    if (first_block == 0 || read_blocks(buffer, first_block, 1) != STATUS_OK ||
        memcmp(bytes, verifier->nonce, root_nonce_bytes) != 0) {
        return "the nonce of the disk is not read";
    }
    return nullptr;
}

static const char *refuse(uint32_t buffer, uint64_t block_count)
{
    if (read_blocks(buffer, block_count, 1) == STATUS_OK ||
        read_blocks(buffer, UINT64_MAX, 2) == STATUS_OK) {
        return "blocks behind the end are read";
    }
    if (read_blocks(buffer + 1000, 0, 1) == STATUS_OK) {
        return "a buffer of nobody is filled";
    }
    const struct disk_write_request write = {
        .count = 1, .segments = {{.buffer = buffer, .block_count = 1}}};
    return disk_write(disk, &write) == STATUS_DENIED ? nullptr : "anybody may write";
}

static const char *verify(const struct verifier *verifier)
{
    struct disk_describe_reply shape = {};
    struct disk_attach_reply attached = {};
    struct shared_memory buffer = {};
    if (disk_describe(disk, &shape) != STATUS_OK || shape.block_bytes != 512 ||
        shape.block_count < entries_block + blocks_read) {
        return "there is no disk";
    }
    if (shared_memory_make((struct vspace_cap){SLOT_PEER_VSPACED}, buffer_bits, &buffer) !=
            STATUS_OK ||
        disk_attach(disk, buffer.frame, &attached) != STATUS_OK) {
        return "the driver takes no buffer";
    }
    const char *reason = verify_bytes(verifier, attached.buffer, buffer.bytes, shape.block_bytes);
    if (reason == nullptr) {
        reason = refuse(attached.buffer, shape.block_count);
    }
    if (reason != nullptr) {
        return reason;
    }
    const struct disk_detach_request detach = {.buffer = attached.buffer};
    return disk_detach(disk, &detach) == STATUS_OK &&
                   read_blocks(attached.buffer, 1, 1) != STATUS_OK
               ? nullptr
               : "a buffer is filled after it was detached";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
