/* SPDX-License-Identifier: ISC */
/*
 * The volumes that targets begin with, made by bases.sh when a target starts, and what lies where
 * in each of them. An input only says how they are changed, so it is short, and a change is one of
 * a field of a structure instead of one of any byte.
 */
#pragma once

#include <lib/ext/ext.h>

#include "../internal.h"

/* What can be changed, those first whose checksums others cover. */
enum part_kind : uint8_t {
    PART_DIRECTORY,
    PART_INDEX, /* below the root of a hash tree, which is PART_DIRECTORY */
    PART_EXTENTS,
    PART_POINTERS,
    PART_ATTRIBUTES,
    PART_QUOTA,
    PART_ORPHANS,
    PART_MMP,
    PART_LOG, /* the first and the last blocks of the journal */
    PART_BITMAP,
    PART_INODE,
    PART_DESCRIPTOR,
    PART_SUPERBLOCK,
    PART_KIND_COUNT,
};

struct part {
    enum part_kind kind;
    uint64_t offset_bytes;
    uint32_t size_bytes;
    uint32_t number; /* of the inode or group that it belongs to; of the block in the journal */
    uint64_t mark;   /* ext_mark of blocks that lib/ext seals */
};

constexpr uint32_t part_count_max = 2048;
constexpr uint32_t journal_count_max = 1100;
constexpr uint32_t base_page_bytes = 4096;

struct base {
    const char *name;
    uint8_t *pristine;
    uint8_t *bytes; /* what a target works on */
    size_t size_bytes;
    size_t volume_bytes; /* what is behind them is the device of an external journal */
    struct part parts[part_count_max];
    uint32_t part_count;
    uint32_t first_part[PART_KIND_COUNT + 1]; /* of each kind, and the end */
    struct ext_mount mount; /* geometry, features, seeds; not for calls with a cache */
    uint32_t journal_places[journal_count_max]; /* where its blocks are */
    uint32_t journal_blocks;
    uint32_t journal_superblock; /* which of them that is */
    struct block_device device;  /* over `bytes` */
    struct block_device outside; /* over the rest; without blocks if there is none */
    uint8_t *dirty;              /* for each page: it may differ from `pristine` */
    void *context;               /* the target's own */
    uint64_t read_count;         /* of blocks, since the last reset */
    uint64_t write_count;        /* of transfers */
    const struct part *spoiled;  /* what a read of fails, or nullptr */
    const enum status
        *failure; /* of the mount in use: after one it writes its super block at most */
};

/* The end of a target that found something. */
[[noreturn]] void found(const char *what);

static inline void require(bool condition, const char *what)
{
    if (!condition) {
        found(what);
    }
}

/* Makes and loads the named volumes, nullptr behind the last; how many. */
uint32_t bases_load(const char *const *names, struct base *bases);

/* Reads all of a volume and takes down where its parts are; parts.c. */
void base_index(struct base *base);

/* The volume is as it was made. */
void base_reset(struct base *base);

/* The device of a base's external journal, or nullptr. */
static inline struct block_device *base_outside(struct base *base)
{
    return base->outside.block_count > 0 ? &base->outside : nullptr;
}

/* The bytes of a part, of which some will be changed. */
uint8_t *base_touch(struct base *base, const struct part *part);
