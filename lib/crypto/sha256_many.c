/* SPDX-License-Identifier: ISC */
/*
 * SHA-256 of several messages at once, four side by side in the lanes of SSE2 registers: every
 * x86-64 machine has them, and firmware enables them before any loader runs. One instruction then
 * serves four messages, which costs 20 instructions a byte instead of 49.
 *
 * Each lane works through one message: its whole blocks where they are, then one or two blocks of
 * padding in the lane's own buffer. A lane that is done takes the longest message left, so that all
 * lanes end at about the same time. A message that remains alone goes on without lanes.
 */
#include <lib/crypto/crypto.h>

#include <lib/base/base.h>

#include <string.h>

#include "sha256_internal.h"

constexpr uint32_t lane_count = 4;
constexpr uint32_t nothing_left = UINT32_MAX;

typedef uint32_t vector __attribute__((vector_size(16)));

struct lane {
    const uint8_t *at;   /* the next block */
    size_t block_count;  /* blocks from there on, in the message or in the padding */
    uint32_t tail_count; /* blocks of padding that follow these */
    uint32_t message;    /* its number, or nothing_left: the lane is idle */
    uint8_t tail[2 * sha256_block_bytes];
};

struct lanes {
    vector state[8]; /* word w of lane l is state[w][l] */
    struct lane lane[lane_count];
    uint64_t waiting; /* bit n: message n was not begun */
};

static void lane_begin(struct lanes *lanes, uint32_t index, const struct sha256_batch *batch);
static uint32_t longest_take(uint64_t *waiting, const struct sha256_batch *batch);
static void lane_advance(
    struct lanes *lanes, uint32_t index, size_t block_count, const struct sha256_batch *batch);
static void lane_finish_alone(
    struct lanes *lanes, uint32_t index, const struct sha256_batch *batch);
static void digest_give(
    const struct lanes *lanes, uint32_t index, const struct sha256_batch *batch);
static uint32_t active_count(const struct lanes *lanes, uint32_t *last_out);
static size_t common_block_count(const struct lanes *lanes);
/* Its locals do not fit into the caller's frame as well: stacks of the loader and of services are
 * small. */
[[gnu::noinline]] static void blocks_absorb_4(vector state[static 8],
    const uint8_t *const at[static lane_count], const size_t stride_bytes[static lane_count],
    size_t block_count);

void sha256_hash_many(const struct sha256_batch *batch)
{
    static const uint8_t idle_block[sha256_block_bytes] = {};
    struct lanes lanes = {
        .waiting = batch->count == 0 ? 0 : UINT64_MAX >> (sha256_messages_max - batch->count)};
    for (uint32_t index = 0; index < lane_count; index++) {
        lane_begin(&lanes, index, batch);
    }
    uint32_t last = 0;
    while (active_count(&lanes, &last) > 1) {
        const uint8_t *at[lane_count];
        size_t stride_bytes[lane_count];
        size_t block_count = common_block_count(&lanes);
        for (uint32_t index = 0; index < lane_count; index++) {
            bool idle = lanes.lane[index].message == nothing_left;
            at[index] = idle ? idle_block : lanes.lane[index].at;
            stride_bytes[index] = idle ? 0 : sha256_block_bytes;
        }
        blocks_absorb_4(lanes.state, at, stride_bytes, block_count);
        for (uint32_t index = 0; index < lane_count; index++) {
            lane_advance(&lanes, index, block_count, batch);
        }
    }
    if (active_count(&lanes, &last) == 1) {
        lane_finish_alone(&lanes, last, batch);
    }
}

/* Gives the lane the longest message that waits, or leaves it idle. */
static void lane_begin(struct lanes *lanes, uint32_t index, const struct sha256_batch *batch)
{
    struct lane *lane = &lanes->lane[index];
    uint32_t number = longest_take(&lanes->waiting, batch);
    lane->message = number;
    if (number == nothing_left) {
        return;
    }
    struct sha256_message message = batch->message_at(batch->context, number);
    size_t rest_bytes = message.size_bytes % sha256_block_bytes;
    uint32_t tail_count = rest_bytes < sha256_length_at ? 1 : 2;
    memset(lane->tail, 0, sizeof(lane->tail));
    if (rest_bytes > 0) {
        memcpy(lane->tail, (const uint8_t *)message.bytes + (message.size_bytes - rest_bytes),
            rest_bytes);
    }
    lane->tail[rest_bytes] = 0x80;
    store_be64(lane->tail + tail_count * sha256_block_bytes - 8, (uint64_t)message.size_bytes * 8);
    lane->at = message.bytes;
    lane->block_count = message.size_bytes / sha256_block_bytes;
    lane->tail_count = tail_count;
    if (lane->block_count == 0) {
        lane->at = lane->tail;
        lane->block_count = tail_count;
        lane->tail_count = 0;
    }
    for (uint32_t word = 0; word < 8; word++) {
        lanes->state[word][index] = sha256_initial_state[word];
    }
}

static uint32_t longest_take(uint64_t *waiting, const struct sha256_batch *batch)
{
    uint32_t longest = nothing_left;
    size_t longest_bytes = 0;
    for (uint64_t left = *waiting; left != 0; left &= left - 1) {
        uint32_t number = (uint32_t)__builtin_ctzll(left);
        size_t size_bytes = batch->message_at(batch->context, number).size_bytes;
        if (longest == nothing_left || size_bytes > longest_bytes) {
            longest = number;
            longest_bytes = size_bytes;
        }
    }
    if (longest != nothing_left) {
        *waiting &= ~(UINT64_C(1) << longest);
    }
    return longest;
}

/* Counts blocks as done; goes over to the padding, or gives the digest and begins the next message.
 */
static void lane_advance(
    struct lanes *lanes, uint32_t index, size_t block_count, const struct sha256_batch *batch)
{
    struct lane *lane = &lanes->lane[index];
    if (lane->message == nothing_left) {
        return;
    }
    lane->at += block_count * sha256_block_bytes;
    lane->block_count -= block_count;
    if (lane->block_count > 0) {
        return;
    }
    if (lane->tail_count > 0) {
        lane->at = lane->tail;
        lane->block_count = lane->tail_count;
        lane->tail_count = 0;
        return;
    }
    digest_give(lanes, index, batch);
    lane_begin(lanes, index, batch);
}

static void lane_finish_alone(struct lanes *lanes, uint32_t index, const struct sha256_batch *batch)
{
    struct lane *lane = &lanes->lane[index];
    uint32_t state[8];
    for (uint32_t word = 0; word < 8; word++) {
        state[word] = lanes->state[word][index];
    }
    sha256_blocks_absorb(state, lane->at, lane->block_count);
    sha256_blocks_absorb(state, lane->tail, lane->tail_count);
    for (uint32_t word = 0; word < 8; word++) {
        lanes->state[word][index] = state[word];
    }
    digest_give(lanes, index, batch);
}

static void digest_give(const struct lanes *lanes, uint32_t index, const struct sha256_batch *batch)
{
    uint8_t digest[sha256_digest_bytes];
    for (uint32_t word = 0; word < 8; word++) {
        store_be32(digest + 4 * word, lanes->state[word][index]);
    }
    batch->digest_take(batch->context, lanes->lane[index].message, digest);
}

static uint32_t active_count(const struct lanes *lanes, uint32_t *last_out)
{
    uint32_t count = 0;
    for (uint32_t index = 0; index < lane_count; index++) {
        if (lanes->lane[index].message != nothing_left) {
            count++;
            *last_out = index;
        }
    }
    return count;
}

/* As many blocks as every active lane has in one run. */
static size_t common_block_count(const struct lanes *lanes)
{
    size_t least = SIZE_MAX;
    for (uint32_t index = 0; index < lane_count; index++) {
        const struct lane *lane = &lanes->lane[index];
        if (lane->message != nothing_left && lane->block_count < least) {
            least = lane->block_count;
        }
    }
    return least;
}

#define WITH_VECTORS [[gnu::always_inline, gnu::target("sse2")]] static inline

WITH_VECTORS vector rotate_right_4(vector value, uint32_t count)
{
    return value >> count | value << (32 - count);
}

/* As round_step of sha256.c. */
WITH_VECTORS void round_step_4(
    vector working[static 8], uint32_t index, vector addend, vector *b_xor_c)
{
    vector a = working[(0 - index) % 8];
    vector b = working[(1 - index) % 8];
    vector e = working[(4 - index) % 8];
    vector f = working[(5 - index) % 8];
    vector g = working[(6 - index) % 8];
    vector *d = &working[(3 - index) % 8];
    vector *h = &working[(7 - index) % 8];
    vector sum_e = rotate_right_4(rotate_right_4(rotate_right_4(e, 14) ^ e, 5) ^ e, 6);
    vector sum_a = rotate_right_4(rotate_right_4(rotate_right_4(a, 9) ^ a, 11) ^ a, 2);
    vector a_xor_b = a ^ b;
    vector majority = b ^ (a_xor_b & *b_xor_c);
    vector choice = g ^ (e & (f ^ g));
    vector temporary = *h + addend + sum_e + choice;
    *d += temporary;
    *h = temporary + sum_a + majority;
    *b_xor_c = a_xor_b;
}

/* As schedule_step of sha256.c. */
WITH_VECTORS vector schedule_step_4(vector words[static 16], uint32_t index)
{
    vector before_15 = words[(index + 1) % 16];
    vector before_2 = words[(index + 14) % 16];
    vector sum_15 = rotate_right_4(rotate_right_4(before_15, 11) ^ before_15, 7) ^ before_15 >> 3;
    vector sum_2 = rotate_right_4(rotate_right_4(before_2, 2) ^ before_2, 17) ^ before_2 >> 10;
    words[index] += sum_15 + words[(index + 9) % 16] + sum_2;
    return words[index];
}

WITH_VECTORS vector broadcast(uint32_t value)
{
    return (vector){value, value, value, value};
}

[[gnu::target("sse2")]] static void blocks_absorb_4(vector state[static 8],
    const uint8_t *const at[static lane_count], const size_t stride_bytes[static lane_count],
    size_t block_count)
{
    for (size_t block = 0; block < block_count; block++) {
        vector working[8];
        vector words[16];
        memcpy(working, state, sizeof(working));
        vector b_xor_c = working[1] ^ working[2];
#pragma clang loop unroll(full)
        for (uint32_t index = 0; index < 16; index++) {
            size_t offset = index * 4;
            words[index] = (vector){
                load_be32(at[0] + block * stride_bytes[0] + offset),
                load_be32(at[1] + block * stride_bytes[1] + offset),
                load_be32(at[2] + block * stride_bytes[2] + offset),
                load_be32(at[3] + block * stride_bytes[3] + offset),
            };
            round_step_4(
                working, index, words[index] + broadcast(sha256_round_constants[index]), &b_xor_c);
        }
#pragma clang loop unroll(disable)
        for (uint32_t first = 16; first < 64; first += 16) {
#pragma clang loop unroll(full)
            for (uint32_t index = 0; index < 16; index++) {
                vector word = schedule_step_4(words, index);
                round_step_4(working, index,
                    word + broadcast(sha256_round_constants[first + index]), &b_xor_c);
            }
        }
        for (size_t word = 0; word < 8; word++) {
            state[word] += working[word];
        }
    }
}
