/* SPDX-License-Identifier: ISC */
/*
 * The entry points of libFuzzer. The mutator knows records: it adds, drops, repeats and changes
 * whole ones, and fields of them, so that what an input means does not shift by a byte.
 */
#include "target.h"

#include <stdio.h>
#include <string.h>

constexpr uint32_t base_count_max = 20;
constexpr size_t input_bytes_max = input_header_bytes + record_count_max * record_bytes;

static struct base bases[base_count_max];
static uint32_t base_count;

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size_bytes, size_t size_bytes_max);
size_t LLVMFuzzerCustomMutator(
    uint8_t *bytes, size_t size_bytes, size_t size_bytes_max, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_bytes, const uint8_t *other,
    size_t other_bytes, uint8_t *out, size_t out_bytes, unsigned seed);

/* A kind of part that no base has would never be changed, and nobody would notice. */
static void require_kind(enum part_kind kind)
{
    bool found_one = false;
    for (uint32_t index = 0; index < base_count; index++) {
        found_one |= bases[index].first_part[kind] < bases[index].first_part[kind + 1];
    }
    if (!found_one) {
        (void)fprintf(stderr, "kind %u\n", kind);
        found("no base has parts of it");
    }
}

int LLVMFuzzerInitialize(int *, char ***)
{
    base_count = bases_load(target.bases, bases);
    for (uint32_t index = 0; index < target.kind_count; index++) {
        require_kind(target.kinds[index]);
    }
    for (uint32_t index = 0; target.prepare != nullptr && index < base_count; index++) {
        target.prepare(&bases[index]);
        base_reset(&bases[index]);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct input input = input_parse(bytes, size_bytes);
    struct base *base = &bases[input.base % base_count];
    uint32_t damage_count = damage(base, &input, target.kinds, target.kind_count);
    base->spoiled = target.reads_all ? nullptr : base->spoiled;
    base->device.read_only = !target.operates && (input.flags & input_read_only) != 0;
    target.run(base, &input, damage_count);
    base_reset(base);
    return 0;
}

/* ---- The mutator ----------------------------------------------------------------------------- */

static uint32_t random_state;

static uint32_t next_random(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % limit;
}

/* Values at which code changes its mind. */
static uint32_t likely_value(void)
{
    static const uint32_t values[] = {0, 1, 2, 3, 4, 5, 7, 8, 11, 12, 16, 60, 64, 84, 96, 127, 128,
        255, 256, 340, 341, 511, 512, 1008, 1012, 1016, 1023, 1024, 1025, 4096, 0x7fff, 0x8000,
        0x8001, 0xffff, 0x10000, 0x80000, 0x7fff'ffff, 0x8000'0000, 0xffff'fffe, UINT32_MAX};
    return next_random(2) == 0 ? values[next_random(sizeof values / sizeof values[0])]
                               : next_random(UINT32_MAX) >> next_random(32);
}

static void make_record(uint8_t *record)
{
    bool operation = target.operates && next_random(2) == 0;
    record[0] = (uint8_t)((operation ? record_operation : 0) + next_random(record_operation));
    record[1] = (uint8_t)next_random(256);
    store_le16(record + 2, (uint16_t)next_random(next_random(2) == 0 ? 16 : 4096));
    store_le16(record + 4, (uint16_t)next_random(next_random(3) == 0 ? 4096 : 128));
    store_le32(record + 6, likely_value());
}

static void change_record(uint8_t *record)
{
    switch (next_random(6)) {
    case 0:
        record[0] = (uint8_t)((record[0] & record_operation) + next_random(record_operation));
        return;
    case 1:
        record[1] = (uint8_t)next_random(256);
        return;
    case 2:
        store_le16(record + 2, (uint16_t)(load_le16(record + 2) + next_random(3) - 1));
        return;
    case 3:
        store_le16(record + 4, (uint16_t)(load_le16(record + 4) + 4 * (next_random(9) - 4)));
        return;
    case 4:
        store_le32(record + 6, likely_value());
        return;
    default:
        (void)LLVMFuzzerMutate(record + 6, 4, 4);
        return;
    }
}

size_t LLVMFuzzerCustomMutator(
    uint8_t *bytes, size_t size_bytes, size_t size_bytes_max, unsigned seed)
{
    random_state = seed | 1;
    if (size_bytes_max < input_header_bytes + record_bytes || size_bytes > input_bytes_max) {
        return LLVMFuzzerMutate(bytes, size_bytes, size_bytes_max);
    }
    if (size_bytes < input_header_bytes) {
        memset(bytes, 0, input_header_bytes);
        bytes[0] = (uint8_t)next_random(base_count);
        size_bytes = input_header_bytes;
    }
    uint32_t count = (uint32_t)((size_bytes - input_header_bytes) / record_bytes);
    uint8_t *records = bytes + input_header_bytes;
    uint32_t at = count == 0 ? 0 : next_random(count);
    uint8_t *record = records + at * record_bytes;
    size_t rest_bytes = (count - at) * record_bytes;
    bool room = count < record_count_max &&
                input_header_bytes + (count + 1) * record_bytes <= size_bytes_max;
    uint32_t choice = next_random(16);
    if (choice == 0) {
        bytes[0] = (uint8_t)next_random(base_count);
    } else if (choice == 1) {
        bytes[1] = (uint8_t)(next_random(2) == 0 ? 0 : next_random(16));
    } else if ((choice < 6 || count == 0) && room) {
        memmove(record + record_bytes, record, rest_bytes);
        make_record(record);
        count++;
    } else if (choice < 8 && count > 1) {
        memmove(record, record + record_bytes, rest_bytes - record_bytes);
        count--;
    } else if (choice < 9 && room && count > 0) {
        memmove(record + record_bytes, record, rest_bytes);
        change_record(record);
        count++;
    } else if (count > 0) {
        change_record(record);
    }
    return input_header_bytes + count * record_bytes;
}

/* Records of both, in their order. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_bytes, const uint8_t *other,
    size_t other_bytes, uint8_t *out, size_t out_bytes, unsigned seed)
{
    random_state = seed | 1;
    if (one_bytes < input_header_bytes || other_bytes < input_header_bytes ||
        out_bytes < input_header_bytes) {
        return 0;
    }
    memcpy(out, one, input_header_bytes);
    size_t done_bytes = input_header_bytes;
    size_t one_at = input_header_bytes;
    size_t other_at = input_header_bytes;
    if (out_bytes > input_bytes_max) {
        out_bytes = input_bytes_max;
    }
    while (done_bytes + record_bytes <= out_bytes &&
           (one_at + record_bytes <= one_bytes || other_at + record_bytes <= other_bytes)) {
        bool first = next_random(2) == 0;
        size_t *at = first ? &one_at : &other_at;
        if (*at + record_bytes > (first ? one_bytes : other_bytes)) {
            at = first ? &other_at : &one_at;
            first = !first;
        }
        if (next_random(4) != 0) {
            memcpy(out + done_bytes, (first ? one : other) + *at, record_bytes);
            done_bytes += record_bytes;
        }
        *at += record_bytes;
    }
    return done_bytes;
}
