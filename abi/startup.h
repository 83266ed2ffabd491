/* SPDX-License-Identifier: ISC */
/*
 * What a program finds when it starts: one read-only block at startup_address, written by its
 * launcher (rootd for the first four services, procd for all others), and capabilities in the slots
 * that its manifest declares. userlib checks all of it against the manifest before main() runs.
 */
#pragma once

#include <abi/boot_handoff.h>
#include <abi/object.h>

#include <stdint.h>

constexpr uint64_t startup_magic = UINT64_C(0x5045545358495245);
constexpr uint32_t startup_version = 1;

/* The fixed address-space plan of every program. */
constexpr uint64_t startup_address = UINT64_C(0x0000000010000000);
constexpr uint32_t startup_bytes_max = 65536;
constexpr uint64_t ipc_buffer_address = UINT64_C(0x0000000010100000);
constexpr uint64_t stack_top = UINT64_C(0x0000000018000000);    /* grows down */
constexpr uint64_t heap_base = UINT64_C(0x0000000100000000);    /* demand-zero up to its ceiling */
constexpr uint64_t mapping_base = UINT64_C(0x0000001000000000); /* vspaced places mappings here */
constexpr uint64_t mapping_end = UINT64_C(0x0000700000000000);
constexpr uint64_t program_base = UINT64_C(0x0000000000400000); /* where ELF files are linked */
constexpr uint64_t program_end = UINT64_C(0x0000000010000000);

/* Slots that mean the same in every program. */
enum standard_slot : cap_slot {
    SLOT_SELF_CSPACE = 1,    /* cspace, CONTROL: to copy, move and delete its own capabilities */
    SLOT_REPLY = 2,          /* reply object of the service loop */
    SLOT_CONTROL = 3,        /* endpoint that it serves, RECEIVE; empty if it serves nothing */
    SLOT_NOTIFICATION = 4,   /* its own notification, RECEIVE, bound to its thread */
    SLOT_REPORT = 5,         /* endpoint: start-up report to rootd (services and drivers only) */
    SLOT_STANDARD_INPUT = 6, /* programs: seriald session or vfsd ticket */
    SLOT_STANDARD_OUTPUT = 7,
    SLOT_STANDARD_ERROR = 8,
    SLOT_FIRST_DECLARED = 16, /* peers, kernel objects, in the order of the manifest */
};

constexpr uint32_t startup_slots_max = 48;
constexpr uint32_t startup_name_bytes = 32;

/* One capability that was given. */
struct startup_slot {
    cap_slot slot;
    enum object_kind kind; /* OBJECT_NONE: an optional peer that this image does not have */
    uint8_t reserved;
    uint16_t rights;
    uint32_t label; /* endpoints: role of the program that serves it */
    uint32_t parameter;
    char name[startup_name_bytes]; /* of the peer or the resource, as in the manifest */
};

enum standard_stream : uint8_t {
    STREAM_NONE = 0,
    STREAM_TERMINAL = 1, /* the slot is a seriald session */
    STREAM_FILE = 2,     /* the slot is a vfsd ticket, to be adopted */
};

struct startup {
    uint64_t magic;
    uint32_t version;
    uint32_t size_bytes; /* of this structure with what follows it */
    enum boot_profile profile;
    uint32_t role;       /* 0 for programs without a role of their own */
    uint32_t process_id; /* what rootd starts itself has its role here */
    uint32_t slot_count;
    cap_slot first_free_slot;
    cap_slot end_slot; /* one past the last slot of its capability space */
    uint64_t heap_bytes;
    uint64_t stack_bytes;
    enum standard_stream streams[3];
    uint8_t reserved[5];
    /* Argument and environment strings: offsets from the start of this block; each string ends with
     * a zero byte, arguments first, then environment. */
    uint32_t argument_count;
    uint32_t environment_count;
    uint32_t strings_offset;
    uint32_t strings_bytes;
    char name[startup_name_bytes];
    struct startup_slot slots[startup_slots_max];
};

/*
 * A badge of an endpoint that serves a protocol: who calls, and which rights of the protocol it
 * has. Bits 0-31 client (process id), bits 32-63 protocol rights.
 */
static inline uint64_t badge_make(uint32_t client, uint32_t protocol_rights)
{
    return (uint64_t)protocol_rights << 32 | client;
}

static inline uint32_t badge_client(uint64_t badge)
{
    return (uint32_t)badge;
}

static inline uint32_t badge_rights(uint64_t badge)
{
    return (uint32_t)(badge >> 32);
}
