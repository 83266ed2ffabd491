/* SPDX-License-Identifier: ISC */
/*
 * Inputs, and how they change a volume.
 *
 * An input is two bytes, which base and how, and then records of ten bytes. A record whose first
 * byte is below record_operation changes a part of the volume, or lets no read of it succeed; the
 * others are operations, whose meaning is the target's. All changes are made first. Then the
 * checksums of everything that was changed are put right, unless the input says no: a volume that
 * only lies about a checksum is refused at once, and nothing behind it is ever tried.
 */
#pragma once

#include "base.h"

constexpr size_t input_header_bytes = 2;
constexpr size_t record_bytes = 10;
constexpr uint32_t record_count_max = 24;
constexpr uint8_t record_spoil = 0x7f;
constexpr uint8_t record_operation = 0x80;

/* What a change does: the first byte of its record, modulo VERB_COUNT. */
enum verb : uint8_t {
    VERB_SET_8,
    VERB_SET_16,
    VERB_SET_32,
    VERB_ADD_16,
    VERB_ADD_32,
    VERB_FLIP_BIT,
    VERB_COPY, /* 16 bytes of another part of the same kind, or of the same one */
    VERB_FILL,
    VERB_SET_32_BIG, /* fields of the journal */
    VERB_ADD_32_BIG,
    VERB_MOVE,  /* what follows, by some bytes */
    VERB_PLANT, /* a block or a tag that the log knows */
    VERB_COUNT,
};

/* Bits of the second byte of an input. */
constexpr uint8_t input_unrepaired = 0x01;
constexpr uint8_t input_read_only = 0x02;
constexpr uint8_t input_little_cache = 0x04;
constexpr uint8_t input_no_device = 0x08; /* an external journal is missing */

struct record {
    uint8_t verb;
    uint8_t which;   /* the kind of part, or what an operation is about */
    uint16_t index;  /* among the parts of its kind */
    uint16_t offset; /* in the part */
    uint32_t value;
};

struct input {
    uint8_t base;
    uint8_t flags;
    struct record records[record_count_max];
    uint32_t record_count;
};

/* Any bytes are an input; what is too much is left out. */
struct input input_parse(const uint8_t *bytes, size_t size_bytes);

/* Changes the base as the input says, in parts of these kinds; how many changes there were. */
uint32_t damage(
    struct base *base, const struct input *input, const enum part_kind *kinds, uint32_t kind_count);
