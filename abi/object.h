/* SPDX-License-Identifier: ISC */
/*
 * Kinds of kernel objects and the rights that a capability to them may carry.
 *
 * A capability is an entry of a capability space (a flat table of slots, owned by the kernel). A
 * program names one by its slot number in its own capability space. Copying may only remove rights.
 */
#pragma once

#include <stdint.h>

enum object_kind : uint8_t {
    OBJECT_NONE = 0,         /* an empty slot */
    OBJECT_UNTYPED = 1,      /* memory that has no purpose yet: RAM or device; cannot be copied */
    OBJECT_FRAME = 2,        /* 2^n bytes of memory that can be mapped, n from 12 to 21 */
    OBJECT_PAGE_TABLE = 3,   /* an inner table of an address space */
    OBJECT_VSPACE = 4,       /* an address space */
    OBJECT_CSPACE = 5,       /* a capability space of 2^n slots */
    OBJECT_THREAD = 6,       /* a thread of execution */
    OBJECT_ENDPOINT = 7,     /* a rendezvous for messages */
    OBJECT_NOTIFICATION = 8, /* a word of sticky bits that can be waited for */
    OBJECT_REPLY = 9,        /* the right to answer one caller, once */
    OBJECT_IRQ_CONTROL = 10, /* the right to create interrupt capabilities */
    OBJECT_IRQ = 11,         /* one interrupt source: an I/O APIC line or a message vector */
    OBJECT_PORT_RANGE = 12,  /* x86 I/O ports first..last */
    OBJECT_CLOCK = 13,       /* monotonic time and one-shot deadlines */
    OBJECT_CONSOLE = 14,     /* the boot console: text on COM1 until a driver takes over */
    OBJECT_TEST = 15,        /* test images only: exit class, capability graph, resource counts */
    OBJECT_KIND_COUNT
};

/* Rights. Each object kind gives them the meaning of its column. */
enum rights : uint16_t {
    RIGHT_READ = 1 << 0,    /* frame: map readable; clock: read */
    RIGHT_WRITE = 1 << 1,   /* frame: map writable; clock: arm deadlines; console: write */
    RIGHT_EXECUTE = 1 << 2, /* frame: map executable */
    RIGHT_SEND = 1 << 3,    /* endpoint: send and call; notification: signal */
    RIGHT_RECEIVE = 1 << 4, /* endpoint: receive; notification: wait, poll and bind */
    RIGHT_GRANT = 1 << 5,   /* endpoint: messages may carry capabilities */
    RIGHT_CONTROL = 1 << 6, /* change or configure the object itself */
    RIGHT_DMA = 1 << 7,     /* frame: learn the physical address */
};

constexpr uint16_t rights_all = 0xff;

constexpr uint32_t page_bits = 12;
constexpr uint32_t frame_bits_min = 12;
constexpr uint32_t frame_bits_max = 21; /* one 2 MiB page of the processor */
constexpr uint32_t cspace_bits_min = 4;
constexpr uint32_t cspace_bits_max = 17;
constexpr uint32_t untyped_bits_min = 12;
constexpr uint32_t untyped_bits_max = 46;

/* Bytes of untyped memory that one object of a fixed-size kind takes (also its alignment). */
constexpr uint32_t endpoint_size_bytes = 64;
constexpr uint32_t notification_size_bytes = 128;
constexpr uint32_t reply_size_bytes = 64;
constexpr uint32_t thread_size_bytes = 2048;
constexpr uint32_t vspace_size_bytes = 8192;
constexpr uint32_t page_table_size_bytes = 4096;
constexpr uint32_t capability_size_bytes = 64; /* one slot of a capability space */
constexpr uint32_t cspace_header_bytes = 64;   /* before the slots: 2^n * 64 + 64, aligned to 64 */

/* A slot number in the caller's own capability space. Slot 0 is never used. */
typedef uint32_t cap_slot;

constexpr cap_slot slot_null = 0;
