/* SPDX-License-Identifier: ISC */
/*
 * Verifier: partitions are listed and opened by name, the first block of erix-data is the nonce
 * that the host put there; names of nobody, blocks behind the end, foreign buffers and writing are
 * refused.
 */
#include <protocol/block.h>
#include <slots/verify-blockd.h>
#include <userlib/shared_memory.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t buffer_bits = 12;
constexpr uint32_t partitions_max = 128;

static const struct block_cap blockd = {SLOT_PEER_BLOCKD};

static enum status read_block(uint32_t volume, uint32_t buffer, uint64_t block)
{
    const struct block_read_request request = {.volume = volume,
        .count = 1,
        .segments = {{.first_block = block, .buffer = buffer, .block_count = 1}}};
    return block_read(blockd, &request);
}

/* Number of the partition in the list, or partitions_max. */
static uint32_t find(const char *name, uint64_t *block_count_out)
{
    struct block_list_reply entry = {};
    for (uint32_t index = 0; index < partitions_max; index++) {
        if (block_list(blockd, &(struct block_list_request){.index = index}, &entry) != STATUS_OK) {
            return partitions_max;
        }
        if (strncmp(entry.name, name, sizeof entry.name) == 0) {
            *block_count_out = entry.block_count;
            return index;
        }
    }
    return partitions_max;
}

static const char *refuse(uint32_t volume, uint32_t buffer, uint64_t block_count)
{
    struct block_open_reply opened = {};
    const struct block_open_request nobody = {.name = "nobody", .name_bytes = 6};
    if (block_open(blockd, &nobody, &opened) != STATUS_NOT_FOUND) {
        return "a partition of nobody was opened";
    }
    if (read_block(volume, buffer, block_count) == STATUS_OK ||
        read_block(volume, buffer, UINT64_MAX) == STATUS_OK) {
        return "blocks behind the end are read";
    }
    if (read_block(volume, buffer + 1000, 0) == STATUS_OK ||
        read_block(volume + 1000, buffer, 0) == STATUS_OK) {
        return "buffers or volumes of nobody are used";
    }
    const struct block_flush_request flush = {.volume = volume};
    return block_flush(blockd, &flush) == STATUS_DENIED ? nullptr : "anybody may write";
}

static const char *verify(const struct verifier *verifier)
{
    struct block_open_reply volume = {};
    struct block_attach_reply attached = {};
    struct shared_memory buffer = {};
    uint64_t listed_count = 0;
    const struct block_open_request partition = {.name = "erix-data", .name_bytes = 9};
    if (find("erix-data", &listed_count) == partitions_max ||
        block_open(blockd, &partition, &volume) != STATUS_OK ||
        volume.block_count != listed_count) {
        return "there is no partition erix-data";
    }
    if (shared_memory_make((struct vspace_cap){SLOT_PEER_VSPACED}, buffer_bits, &buffer) !=
            STATUS_OK ||
        block_attach(blockd, buffer.frame, &attached) != STATUS_OK) {
        return "blockd takes no buffer";
    }
    if (read_block(volume.volume, attached.buffer, 0) != STATUS_OK ||
        memcmp(buffer.bytes, verifier->nonce, root_nonce_bytes) != 0) {
        return "the nonce of the disk is not read";
    }
    return refuse(volume.volume, attached.buffer, volume.block_count);
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
