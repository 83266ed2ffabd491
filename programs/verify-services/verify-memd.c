/* SPDX-License-Identifier: ISC */
/*
 * Verifier: a block of memory is given, counted, usable, and taken back with all that was made of
 * it; sizes that do not exist and blocks of nobody are refused.
 */
#include <protocol/memory.h>
#include <slots/verify-memd.h>
#include <userlib/shared_memory.h>
#include <userlib/slots.h>
#include <userlib/start.h>
#include <userlib/syscall.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t block_bits = 12;
constexpr uint64_t block_bytes = UINT64_C(1) << block_bits;

static const struct memory_cap memd = {SLOT_PEER_MEMD};
static const struct vspace_cap vspaced = {SLOT_PEER_VSPACED};

static uint64_t used_bytes(const struct verifier *verifier)
{
    struct memory_usage_reply reply = {};
    const struct memory_usage_request own = {.client = verifier->startup->process_id};
    return memory_usage(memd, &own, &reply) == STATUS_OK ? reply.used_bytes : UINT64_MAX;
}

static uint64_t free_bytes(void)
{
    struct memory_totals_reply reply = {};
    return memory_totals(memd, &reply) == STATUS_OK && reply.free_bytes < reply.total_bytes
               ? reply.free_bytes
               : UINT64_MAX;
}

/* The nonce through a frame that is made of the block. */
static const char *use(const struct verifier *verifier, struct untyped_cap block, cap_slot frame)
{
    const struct untyped_retype request = {.kind = OBJECT_FRAME,
        .bits = block_bits,
        .count = 1,
        .cspace = SLOT_SELF_CSPACE,
        .first_slot = frame};
    if (untyped_retype(block, &request) != STATUS_OK) {
        return "the block is no memory";
    }
    struct shared_memory memory = {};
    if (shared_memory_map(vspaced, (struct frame_cap){frame}, vspace_map_read | vspace_map_write,
            &memory) != STATUS_OK) {
        return "the memory cannot be mapped";
    }
    memcpy(memory.bytes, verifier->nonce, root_nonce_bytes);
    return memcmp(memory.bytes, verifier->nonce, root_nonce_bytes) == 0 ? nullptr
                                                                        : "the memory forgets";
}

static bool is_gone(cap_slot slot)
{
    struct cap_identity identity = {};
    return cspace_identify(slots_cspace(), slot, &identity) == STATUS_OK &&
           identity.kind == OBJECT_NONE;
}

static const char *refuse(void)
{
    struct memory_allocate_reply reply = {};
    struct untyped_cap memory = {};
    const struct memory_allocate_request small = {.bits = block_bits - 1};
    const struct memory_allocate_request large = {.bits = 31};
    if (memory_allocate(memd, &small, &reply, &memory) != STATUS_INVALID_ARGUMENT ||
        memory_allocate(memd, &large, &reply, &memory) != STATUS_INVALID_ARGUMENT) {
        return "a block of a size that does not exist was given";
    }
    return memory_free(memd, &(struct memory_free_request){.block = UINT32_MAX}) == STATUS_NOT_FOUND
               ? nullptr
               : "a block of nobody was taken back";
}

static const char *verify(const struct verifier *verifier)
{
    const uint64_t used_before = used_bytes(verifier);
    const uint64_t free_before = free_bytes();
    struct memory_allocate_reply reply = {};
    struct untyped_cap block = {};
    cap_slot frame = slot_null;
    if (memory_allocate(memd, &(struct memory_allocate_request){.bits = block_bits}, &reply,
            &block) != STATUS_OK ||
        slots_take(&frame) != STATUS_OK) {
        return "no memory is given";
    }
    if (used_bytes(verifier) != used_before + block_bytes ||
        free_bytes() != free_before - block_bytes) {
        return "the block is not counted";
    }
    const char *reason = use(verifier, block, frame);
    if (reason != nullptr) {
        return reason;
    }
    if (memory_free(memd, &(struct memory_free_request){.block = reply.block}) != STATUS_OK ||
        !is_gone(frame) || !is_gone(block.slot)) {
        return "the block was not taken back with all that was made of it";
    }
    if (used_bytes(verifier) != used_before || free_bytes() != free_before) {
        return "memory was lost";
    }
    return refuse();
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
