/* SPDX-License-Identifier: ISC */
/*
 * How the messages of a protocol look, and which numbers they take, as tools/protogen derives it
 * from protocol/NAME.proto for those who mean to break it. Services never see this table: they
 * check with what userlib/service.h declares.
 */
#pragma once

#include <abi/object.h>
#include <abi/status.h>
#include <abi/syscall.h>

#include <stdint.h>

/* Bytes of a request that must be zero. */
struct table_range {
    uint16_t offset;
    uint16_t bytes;
};

/* A number of a request that can be out of range, and what it gets then. */
struct table_number {
    uint16_t offset;
    uint8_t width; /* bytes: 1, 2, 4 or 8 */
    bool has_last;
    uint64_t last;        /* the greatest that makes sense, where that is a constant */
    enum status all_bits; /* for the number with all bits set, and for last + 1 */
    enum status high_bit; /* for the number with its highest bit alone */
};

struct table_operation {
    const char *name;
    uint16_t number;
    bool oneway;
    bool is_text;
    uint32_t rights; /* all of them are needed */
    uint16_t fixed_bytes;
    uint16_t variable_bytes_max; /* 0: the length is fixed */
    uint16_t length_offset;
    uint8_t cap_count;
    enum object_kind cap_kinds[message_caps_max]; /* OBJECT_NONE: any kind */
    uint16_t reserved_count;
    uint16_t number_count;
    const struct table_range *reserved;
    const struct table_number *numbers;
};

struct table_right {
    const char *name;
    uint32_t bit;
};

struct table {
    const char *name;
    uint8_t id;
    uint8_t right_count;
    uint8_t operation_count;
    const struct table_right *rights;
    const struct table_operation *operations;
};
