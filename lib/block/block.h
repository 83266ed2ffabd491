/* SPDX-License-Identifier: ISC */
/*
 * Block devices that stack: the one interface between a file-system library and whatever holds its
 * blocks. A RAM device, a cache and a fault-injecting wrapper live here; a service adds a device
 * that talks to a driver, the host adds one over a file.
 *
 * Data never needs to be copied on its way: a transfer names its memory by `struct block_buffer`,
 * which a device that moves data by DMA reads as (handle, offset) and a device in this address
 * space reads as a pointer. Each layer hands the reference down as it came.
 *
 * Nothing here allocates, logs or keeps globals. A device and all that is stacked on it belong to
 * one thread.
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

/* Transfers in one call; a longer vector is refused with INVALID_ARGUMENT. */
constexpr uint32_t block_transfer_count_max = 64;

/* The handle of memory that no device has been told of. */
constexpr uint32_t block_handle_none = 0;

/*
 * Memory for a transfer, seen from both sides. `handle` and `offset_bytes` name it to a device that
 * was told of the region beforehand; `bytes` is where this program sees the same bytes. Either side
 * may be missing: handle block_handle_none is plain memory, `bytes` nullptr is memory that only the
 * device can reach. A device that cannot serve the side it is given returns INVALID_ARGUMENT.
 */
struct block_buffer {
    uint32_t handle;
    uint64_t offset_bytes;
    void *bytes; /* borrowed until the call returns */
};

/* Plain memory as a buffer. */
static inline struct block_buffer block_buffer_plain(void *bytes)
{
    return (struct block_buffer){.handle = block_handle_none, .bytes = bytes};
}

/* The same buffer without its first `skipped_bytes`; the caller keeps inside the memory. */
static inline struct block_buffer block_buffer_skip(
    struct block_buffer buffer, uint64_t skipped_bytes)
{
    buffer.offset_bytes += skipped_bytes;
    if (buffer.bytes != nullptr) {
        buffer.bytes = (uint8_t *)buffer.bytes + skipped_bytes;
    }
    return buffer;
}

/* `block_count` blocks of the device from `first_block`, to or from the start of `buffer`. */
struct block_transfer {
    uint64_t first_block;
    uint32_t block_count;
    struct block_buffer buffer;
};

struct block_device;

/*
 * What a device does. It is called only through block_read, block_write and block_flush, so its
 * arguments are within the device and at least one transfer of at least one block is asked for.
 * A call is finished when it returns; it may fail after it has done a part.
 */
struct block_device_operations {
    enum status (*read)(struct block_device *device, const struct block_transfer *transfers,
        uint32_t transfer_count);
    enum status (*write)(struct block_device *device, const struct block_transfer *transfers,
        uint32_t transfer_count);
    /* What was written before is on the medium when this returns OK. */
    enum status (*flush)(struct block_device *device);
};

struct block_device {
    const struct block_device_operations *operations; /* borrowed for the life of the device */
    void *context;                                    /* the operations' own */
    uint32_t block_bytes;                             /* a power of two, 512 or more */
    uint64_t block_count;
    bool read_only;
};

/*
 * Reads all transfers. INVALID_ARGUMENT if the vector is empty or too long, or if a transfer is
 * empty or leaves the device; else what the device says. On failure the buffers hold anything.
 */
enum status block_read(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count);

/* As block_read, in the other direction; READ_ONLY on a device that is. */
enum status block_write(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count);

/* All writes that returned OK reach the medium before this returns OK. A no-op if read-only. */
enum status block_flush(struct block_device *device);

/* ---- A device in memory ------------------------------------------------------------------- */

struct block_memory {
    struct block_device device; /* use this; it points into this struct, which must not move */
    uint8_t *bytes;             /* borrowed from the caller for the life of the device */
};

/* A device over `size_bytes` at `bytes`; a last part of a block is out of reach. */
void block_memory_init(
    struct block_memory *memory, void *bytes, uint64_t size_bytes, uint32_t block_bytes);

/* ---- A device that fails on purpose -------------------------------------------------------- */

/* Which operations a fault counts, or-ed together. */
enum block_fault_kind : uint32_t {
    BLOCK_FAULT_READ = 1,
    BLOCK_FAULT_WRITE = 2,
    BLOCK_FAULT_FLUSH = 4,
};

enum block_fault_effect : uint32_t {
    BLOCK_FAULT_FAIL, /* nothing is done, `status` is returned */
    BLOCK_FAULT_TEAR, /* only the first half of a write's blocks, rounded down, is done; `status` */
    BLOCK_FAULT_DROP, /* nothing is done, OK is returned: a device that lies */
    BLOCK_FAULT_SPOIL, /* as FAIL, and no read of what was to be read succeeds any more */
};

/* Operations of `kinds` are numbered from 0; those from `first` on, `count` of them, are struck. */
struct block_fault_plan {
    uint32_t kinds;
    enum block_fault_effect effect;
    enum status status; /* returned by all but DROP */
    uint64_t first;
    uint64_t count; /* 0: none; UINT64_MAX: all from `first` on */
};

struct block_fault {
    struct block_device device; /* use this; it points into this struct, which must not move */
    struct block_device *below; /* borrowed */
    struct block_fault_plan plan;
    uint64_t operation_count; /* operations of the plan's kinds so far */
    uint64_t hit_count;       /* of those, how many were struck: a test asserts it is not 0 */
    uint64_t spoiled_first;   /* the blocks no read of which succeeds, up to before the end */
    uint64_t spoiled_end;
};

void block_fault_init(struct block_fault *fault, struct block_device *below);

/* Starts counting anew under `plan`. */
void block_fault_arm(struct block_fault *fault, struct block_fault_plan plan);

/* ---- A device that can be made to have lost power ------------------------------------------- */

/* A flush, or one transfer of a write: transfers of one vector are separate events. */
struct block_record_event {
    bool flush;
    uint32_t block_count;
    uint64_t first_block;
    uint64_t at_bytes; /* of the contents, in the record's data */
};

/* What a record is kept in; borrowed for its life. */
struct block_record_memory {
    struct block_record_event *events;
    uint32_t event_count_max;
    uint8_t *data; /* what was written */
    uint64_t data_bytes;
};

struct block_record {
    struct block_device device; /* use this; it points into this struct, which must not move */
    struct block_device *below; /* borrowed; it gets all that is written, too */
    struct block_record_memory memory;
    uint32_t event_count;
    uint64_t used_bytes;
    bool overflowed; /* an event had no room and failed with NO_MEMORY: a test asserts it is not */
};

/* Blocks of a write: of those after `skipped_blocks`, at most `block_count`. */
struct block_record_part {
    uint32_t skipped_blocks;
    uint32_t block_count;
};

constexpr struct block_record_part block_record_all = {0, UINT32_MAX};
constexpr struct block_record_part block_record_nothing = {0, 0};

/* What became of the writes after the last flush. */
enum block_record_kind : uint32_t {
    BLOCK_RECORD_PREFIX, /* all are there */
    BLOCK_RECORD_OMIT,   /* all but event `index` */
    BLOCK_RECORD_TEAR,   /* of event `index` only `part`, else all */
    BLOCK_RECORD_RANDOM, /* each at random by `seed`: there, missing, beginning or end missing */
};

/* A loss of power after the first `event_count` events. */
struct block_record_crash {
    uint32_t event_count;
    enum block_record_kind kind;
    uint32_t index;
    struct block_record_part part;
    uint64_t seed;
};

void block_record_init(
    struct block_record *record, struct block_device *below, struct block_record_memory memory);

/* Forgets all events. */
void block_record_restart(struct block_record *record);

/* Of the first `event_count` events, the index of the first that no flush follows. */
uint32_t block_record_first_unflushed(const struct block_record *record, uint32_t event_count);

/* Writes a part of event `index` to `target`; nothing for a flush. */
enum status block_record_apply(const struct block_record *record, uint32_t index,
    struct block_record_part part, struct block_device *target);

/* Makes of `target`, which holds what was there when the record began, what the crash leaves. */
enum status block_record_rebuild(const struct block_record *record, struct block_record_crash crash,
    struct block_device *target);

/* ---- A cache ------------------------------------------------------------------------------- */

/*
 * A bounded write-back cache of blocks, which may be larger than the device's. Contents stay in
 * place while at least one reference is held ("pinned"); the least recently used of the others
 * makes room. A dirty block is written when it must make room or when its class is written back,
 * but never while it is held: a file system holds what belongs to a change that is not committed.
 *
 * Invariants:
 *   1. An entry is in the table if and only if it is valid, and in the list by age if and only if
 *      its pin_count is 0.
 *   2. At most one entry is valid for a block.
 *   3. Only a valid entry is dirty or held. It is in the list of its class while it is dirty, and
 *      in the list of held ones, in the order in which they were, while it is held.
 *   4. A held entry is pinned.
 */

/* What an entry waits for to be written as. Classes are written back one by one. */
enum block_cache_class : uint8_t {
    BLOCK_CACHE_DATA,     /* contents of files */
    BLOCK_CACHE_METADATA, /* all that tells where contents are */
    BLOCK_CACHE_CLASS_COUNT,
};

/* Places in a list, by index; block_cache_no_entry ends it. Private to the cache. */
struct block_cache_link {
    uint32_t previous;
    uint32_t next;
};

enum block_cache_link_kind : uint32_t {
    BLOCK_CACHE_LINK_AGE,
    BLOCK_CACHE_LINK_DIRTY,
    BLOCK_CACHE_LINK_HELD,
    BLOCK_CACHE_LINK_COUNT,
};

struct block_cache_entry {
    uint64_t block;
    struct block_buffer buffer; /* where the contents are; buffer.bytes is never nullptr */
    uint32_t pin_count;
    /* The file system's own, both 0 whenever contents were just read: what it has verified or made
     * the block to be, and the seed of its checksum. */
    uint32_t owner_seed;
    uint64_t owner_mark;
    uint32_t owner_stamp; /* the file system's own, never touched here; starts as 0 */
    bool owner_fresh;     /* likewise */
    bool valid;
    bool dirty;
    bool held;
    enum block_cache_class dirty_class; /* means something while dirty */
    /* Private to the cache. Indices of entries; block_cache_no_entry ends a list. */
    uint32_t table_first;
    uint32_t table_next;
    uint32_t sorted_next;
    struct block_cache_link links[BLOCK_CACHE_LINK_COUNT];
};

constexpr uint32_t block_cache_no_entry = UINT32_MAX;

struct block_cache_counters {
    uint64_t hit_count;
    uint64_t miss_count;
    uint64_t ahead_count; /* blocks read before they were asked for */
    uint64_t eviction_count;
    uint64_t written_count; /* blocks */
};

struct block_cache_list {
    uint32_t first;
    uint32_t last;
    uint32_t count;
};

struct block_cache {
    struct block_device *device; /* borrowed */
    struct block_cache_entry *entries;
    uint32_t entry_count;
    uint32_t block_bytes;
    uint32_t device_blocks; /* of the device in one of ours */
    uint64_t block_count;
    struct block_cache_list ages; /* the oldest first */
    struct block_cache_list dirty[BLOCK_CACHE_CLASS_COUNT];
    struct block_cache_list held;
    struct block_cache_counters counters;
    bool frozen;
};

/* What a cache is made of; all memory is borrowed for the life of the cache. */
struct block_cache_memory {
    struct block_cache_entry *entries; /* `entry_count` of them, contents irrelevant */
    uint32_t entry_count;
    struct block_buffer buffer; /* entry_count * block_bytes bytes; buffer.bytes not nullptr */
};

struct block_cache_run {
    uint64_t first;
    uint64_t count;
};

/*
 * INVALID_ARGUMENT if there are no entries, or if `block_bytes` is not the device's block size
 * times a power of two.
 */
enum status block_cache_init(struct block_cache *cache, struct block_device *device,
    uint32_t block_bytes, struct block_cache_memory memory);

/*
 * The block, read if it was absent, pinned: give it back with block_cache_put.
 * INVALID_ARGUMENT beyond the device; NO_MEMORY if every entry is pinned; or what the device says.
 */
enum status block_cache_get(
    struct block_cache *cache, uint64_t block, struct block_cache_entry **entry_out);

/* As many blocks as are read ahead at once. */
constexpr uint32_t block_cache_ahead_max = 16;

/*
 * As block_cache_get; if the block is absent, the run of blocks from `first` that it is in is read
 * with one request, as far as it is absent, because it will be asked for next. That is a hint: at
 * most block_cache_ahead_max blocks and a quarter of the cache are read, blocks that are clean
 * alone make room, and if the device fails the block alone is asked for.
 */
enum status block_cache_get_ahead(struct block_cache *cache, uint64_t block,
    struct block_cache_run ahead, struct block_cache_entry **entry_out);

/* As block_cache_get, for a block about to be overwritten whole: zeroed instead of read. */
enum status block_cache_get_blank(
    struct block_cache *cache, uint64_t block, struct block_cache_entry **entry_out);

/* The entry of a block if it is present, not pinned by this; else nullptr. */
struct block_cache_entry *block_cache_peek(const struct block_cache *cache, uint64_t block);

/* One more reference to an entry that is pinned already. */
void block_cache_pin(struct block_cache_entry *entry);

/* Gives one reference back. */
void block_cache_put(struct block_cache *cache, struct block_cache_entry *entry);

/*
 * The contents of a pinned entry were changed and must reach the device some day. One that is dirty
 * already moves to the class.
 */
void block_cache_mark_dirty(
    struct block_cache *cache, struct block_cache_entry *entry, enum block_cache_class class);

/* Keeps a pinned entry, which is not held, from being written; it is pinned once more. */
void block_cache_hold(struct block_cache *cache, struct block_cache_entry *entry);

/* Undoes block_cache_hold. */
void block_cache_release(struct block_cache *cache, struct block_cache_entry *entry);

/*
 * From now on nothing is written through the cache: what is dirty keeps its entry, so that it can
 * still be read, and clean entries alone make room.
 */
void block_cache_freeze(struct block_cache *cache);

/*
 * Writes the dirty blocks of a class that are not held, in ascending order, pinned ones too, and
 * leaves them clean. On failure those that may not have been written stay dirty. No barrier: see
 * block_flush. READ_ONLY if the cache is frozen.
 */
enum status block_cache_write_back(struct block_cache *cache, enum block_cache_class class);

/*
 * Forgets blocks, dirty or not, because their bytes are changed by another way or are free now.
 * BUSY, with nothing forgotten, if one of them is pinned.
 */
enum status block_cache_discard(
    struct block_cache *cache, uint64_t first_block, uint64_t block_count);
