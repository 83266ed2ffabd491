/* SPDX-License-Identifier: ISC */
/* Verifier: the first bytes of partition erix-data, which the host wrote, are the nonce. */
#include <protocol/block.h>
#include <slots/verify-block.h>
#include <userlib/shared_memory.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t buffer_bits = 12;

static const struct block_cap blockd = {SLOT_PEER_BLOCKD};

static const char *verify(const struct verifier *verifier)
{
    struct shared_memory buffer = {};
    struct block_open_reply volume = {};
    struct block_attach_reply attached = {};
    const struct block_open_request partition = {.name = "erix-data", .name_bytes = 9};
    if (block_open(blockd, &partition, &volume) != STATUS_OK) {
        return "there is no partition erix-data";
    }
    if (shared_memory_make((struct vspace_cap){SLOT_PEER_VSPACED}, buffer_bits, &buffer) !=
            STATUS_OK ||
        block_attach(blockd, buffer.frame, &attached) != STATUS_OK) {
        return "blockd takes no buffer";
    }
    const struct block_read_request request = {.volume = volume.volume,
        .count = 1,
        .segments = {{.buffer = attached.buffer, .block_count = 1}}};
    if (block_read(blockd, &request) != STATUS_OK) {
        return "the first block cannot be read";
    }
    return memcmp(buffer.bytes, verifier->nonce, root_nonce_bytes) == 0
               ? nullptr
               : "the first block does not hold the nonce";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
