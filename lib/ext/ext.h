/* SPDX-License-Identifier: ISC */
/*
 * ext2, ext3 and ext4, read from any block device. Bytes on the medium are foreign: whatever they
 * are, no call crashes, reads outside its memory or fails to end.
 *
 * There are no paths here: nodes are inode numbers, names are looked up in one directory. All state
 * is in a `struct ext_mount` and in memory that the caller gives; one mount belongs to one thread.
 *
 * Statuses, alike for all calls unless said otherwise:
 *   CORRUPT      the medium contradicts its format; `mount->corruption` says what and where; a
 *                mount that could be written has noted it on the medium and writes no more;
 *   UNSUPPORTED  the medium is honest but asks for what we refuse; `mount->refusal` says what;
 *   NO_KEY       names, contents or a target are encrypted, and the key was not given;
 *   UNTRUSTED    a sealed file is none that the caller trusts;
 *   IO, ...      what the device said;
 *   NO_MEMORY    every block of the cache is in use (fewer than ext_cache_block_count_min).
 */
#pragma once

#include <lib/block/block.h>
#include <lib/ext/protection.h>

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t ext_name_bytes_max = 255;
constexpr uint32_t ext_link_bytes_max = 4096;
constexpr uint64_t ext_root_number = 2;

/* Blocks of the greatest size (4 KiB) that a mount needs room for in its cache. */
constexpr uint32_t ext_cache_block_count_min = 16;
constexpr uint32_t ext_block_bytes_max = 4096;

/* ---- Features ------------------------------------------------------------------------------- */

/* The three feature words of the super block. */
enum ext_feature_word : uint32_t {
    EXT_COMPAT,
    EXT_INCOMPAT,
    EXT_RO_COMPAT,
    EXT_FEATURE_WORD_COUNT,
};

enum ext_verdict : uint32_t {
    EXT_ACCEPTED,
    EXT_ACCEPTED_READ_ONLY, /* may be read, must not be written */
    EXT_REFUSED,
};

/* One bit of a feature word. */
struct ext_feature {
    enum ext_feature_word word;
    uint32_t bit;
    enum ext_verdict verdict;
    const char *name;   /* as the tools for this format call it */
    const char *reason; /* why it is not simply accepted; nullptr if it is */
};

/* The verdict on one bit; never nullptr: a bit that nobody knows is refused. */
const struct ext_feature *ext_feature_find(enum ext_feature_word word, uint32_t bit);

/* "compat", "incompat" or "ro_compat". */
const char *ext_feature_word_name(enum ext_feature_word word);

/* ---- A mount -------------------------------------------------------------------------------- */

/* What was found to lie, and in which block; `what` is nullptr if nothing was. */
struct ext_corruption {
    const char *what;
    uint64_t block;
};

/*
 * What a mount was refused for. For a feature, `feature_word` and `feature_bit` say which (the name
 * alone does not tell unknown bits apart); else feature_bit is ext_no_feature_bit.
 */
struct ext_refusal {
    const char *what;
    const char *reason;
    enum ext_feature_word feature_word;
    uint32_t feature_bit;
};

constexpr uint32_t ext_no_feature_bit = UINT32_MAX;

struct ext_time {
    int64_t seconds; /* since 1970 */
    uint32_t nanoseconds;
};

constexpr uint32_t ext_hash_seed_words = 4;

/* Whose use of a volume is counted. */
enum ext_quota_type : uint32_t {
    EXT_QUOTA_USER,
    EXT_QUOTA_GROUP,
    EXT_QUOTA_PROJECT,
};

constexpr uint32_t ext_quota_type_count = 3;

/* The validated shape of the volume. */
struct ext_geometry {
    uint64_t block_count;
    uint64_t reserved_block_count;
    uint32_t inode_count;
    uint32_t block_bytes;
    uint32_t block_shift;   /* block_bytes == 1 << block_shift */
    uint32_t cluster_shift; /* blocks in a cluster == 1 << cluster_shift */
    uint32_t first_data_block;
    uint32_t blocks_per_group;
    uint32_t inodes_per_group;
    uint32_t inode_bytes;
    uint32_t inode_table_blocks; /* in one group */
    uint32_t first_inode;        /* the first that is not reserved */
    uint32_t group_count;
    uint32_t descriptor_bytes;
    uint32_t first_meta_group;           /* in descriptor blocks; UINT32_MAX without meta_bg */
    uint32_t plain_descriptor_blocks;    /* those that are not in meta block groups */
    uint32_t reserved_descriptor_blocks; /* for growing, behind each copy of the above */
    uint32_t log_groups_per_flex;
    uint32_t wanted_extra_bytes; /* of a new inode, past the first 128 */
    uint32_t backup_groups[2];   /* with sparse_super2 */
    uint32_t checksum_seed;
    uint64_t mmp_block; /* with mmp */
    uint32_t mmp_update_seconds;
    uint32_t quota_inodes[ext_quota_type_count]; /* with quota; 0: none of this type */
    uint32_t orphan_file_inode;                  /* with orphan_file */
    uint32_t revision;
    uint32_t hash_seed[ext_hash_seed_words];
    uint8_t hash_version; /* of the index of a directory that gets one */
    bool hash_unsigned;   /* bytes of names are hashed as unsigned numbers */
};

/* Numbers that change with every allocation. */
struct ext_counts {
    uint64_t free_block_count;    /* that can be allocated now */
    uint64_t pending_block_count; /* freed, to be allocated after the next commit */
    uint32_t free_inode_count;
    uint32_t pending_inode_count;
    uint32_t pending_metadata_count; /* of the pending blocks, those that must be revoked */
    bool misstated;                  /* the super block said otherwise when it was mounted */
};

enum ext_pending_kind : uint32_t {
    EXT_PENDING_BLOCKS,
    EXT_PENDING_METADATA_BLOCKS, /* the journal must not bring back what they held */
    EXT_PENDING_INODES,
    EXT_PENDING_DIRECTORY_INODES,
};

/* Something freed that nobody gets before the transaction is committed. Private to lib/ext. */
struct ext_pending {
    uint64_t first; /* block or inode number */
    uint32_t count;
    enum ext_pending_kind kind;
};

/* A block as it was before the change that runs. Private to lib/ext. */
struct ext_undo {
    uint32_t entry_index;
    uint32_t seed;
    uint64_t mark;
    bool joined; /* the change brought it into the transaction */
    bool saved;  /* the contents are in undo_memory */
    bool fresh;  /* the block was free before */
};

/* The blocks that one change may touch. */
constexpr uint32_t ext_change_block_max = 64;

/* Changes that are not committed, and the one that runs. Private to lib/ext. */
struct ext_transaction {
    uint32_t stamp; /* of the running change; entries that it has seen have it */
    bool open;
    bool in_use_marked; /* the medium says that the volume is in use */
    uint32_t undo_count;
    struct ext_undo undo[ext_change_block_max];
    uint8_t *undo_memory; /* a block for each of undo */
    struct ext_pending *pending;
    uint32_t pending_capacity;
    uint32_t pending_count;
    uint32_t pending_count_before; /* the running change */
    struct ext_counts counts_before;
    enum status failure; /* of a commit, or CORRUPT: nothing is written any more */
};

/* Blocks of the journal that follow each other on its device. */
struct ext_journal_run {
    uint32_t first_block; /* in the journal */
    uint32_t block_count;
    uint64_t place; /* on the device, in blocks of the journal's size */
};

/* Blocks that go to the journal in one call of its device. */
constexpr uint32_t ext_journal_transfer_count = 16;

/* The journal of a volume, validated. All but error_code is the library's own. */
struct ext_journal {
    struct block_device *device;  /* that holds it, borrowed; nullptr: the volume has no journal */
    struct ext_journal_run *runs; /* in the mount's memory, ascending, without gaps */
    uint32_t run_count;
    uint32_t run_count_max;
    struct block_buffer scratch; /* a block of the mount's memory */
    bool external;
    uint32_t inode_number;   /* of a journal inside the volume */
    uint8_t device_uuid[16]; /* of the device of an external one */
    uint32_t features[EXT_FEATURE_WORD_COUNT];
    int32_t error_code; /* that a file system recorded before it stopped; 0: none */
    uint32_t block_bytes;
    uint32_t block_count;
    uint32_t superblock_block;
    uint32_t first_block;      /* of the log, which is a ring */
    uint32_t end_block;        /* the first block after the log */
    uint32_t fast_first_block; /* of the area for fast commits */
    uint32_t fast_end_block;   /* equal to fast_first_block if there is none */
    uint32_t start_block;      /* where the first transaction begins; 0: there is none */
    uint32_t sequence;         /* of that transaction, or of the next one to be written */
    uint32_t checksum_seed;
    uint32_t tag_bytes;
    uint32_t tail_bytes;       /* at the end of descriptor and revoke blocks */
    uint32_t revocation_bytes; /* one block number in a revoke block */
    uint32_t version;          /* of its super block; 1 knows no features */
    uint8_t uuid[16];
    /* For writing. */
    struct block_buffer escape; /* as scratch, for a block that must not look like the log's own */
    uint32_t head_block;        /* where the next transaction goes */
    uint32_t used_count;        /* blocks from start_block to head_block */
    struct block_transfer transfers[ext_journal_transfer_count];
    struct ext_fast_replay *fast; /* while fast commits are replayed; else nullptr */
};

/*
 * `count` groups from `first` on that had nothing free when a search passed over them. The next one
 * that starts there begins behind them, and comes to them in the end.
 */
struct ext_full_groups {
    uint32_t first;
    uint32_t count;
};

constexpr uint32_t ext_window_count = 16;

/* Blocks [first, end) are left to the file that goes on at the first of them. */
struct ext_window {
    uint64_t first;
    uint64_t end;
    uint32_t reach_blocks; /* so many were left last; 0: there is no window */
};

struct ext_windows {
    struct ext_window rows[ext_window_count];
    uint32_t oldest; /* the row to take next */
};

struct ext_mount {
    struct block_cache cache;
    struct ext_geometry geometry;
    struct ext_journal journal;
    struct ext_counts counts;
    struct ext_transaction transaction;
    struct ext_time now; /* what changes are stamped with; see ext_set_time */
    struct block_cache_entry *superblock_entry; /* pinned while the volume can be written */
    uint64_t change_count;                      /* tells an ext_file that it is out of date */
    uint32_t orphan_block;                      /* of their file, where the last search ended */
    uint32_t mmp_sequence;                      /* that we have written; 0: none */
    bool superblock_doubtful;                   /* until the journal is replayed */
    uint32_t directory_group;                   /* where the last directory of the root went */
    struct ext_full_groups without_inodes;
    struct ext_full_groups without_blocks;
    struct ext_windows windows;
    uint32_t features[EXT_FEATURE_WORD_COUNT];
    uint32_t replayed_count; /* transactions of the journal, when it was mounted */
    bool read_only;          /* some feature, the device or an option forbids writing */
    bool writable;           /* it can be written: nothing forbids it, and what it needs is there */
    bool mounted;            /* ext_mount has returned OK */
    bool clean;              /* unmounted in order and without known errors */
    bool strict_names;       /* in directories that ignore case, names are UTF-8 */
    uint8_t uuid[16];
    char label[17]; /* ends with NUL */
    struct ext_corruption corruption;
    struct ext_refusal refusal;
    struct ext_keys keys;
    struct ext_nonce_source nonces;
    struct ext_verity verity;
    uint8_t protected_unit[ext_block_bytes_max]; /* part of which was asked for */
};

/* What the cache of a mount is made of; borrowed for the life of the mount. */
struct ext_mount_memory {
    struct block_cache_entry *entries;
    uint32_t entry_count;
    /* buffer.bytes must not be nullptr; a handle lets the device fill the cache directly. */
    struct block_buffer buffer;
    uint64_t buffer_bytes;
    /* Only to write: ext_undo_bytes bytes, and ext_pending_count_min elements or more. */
    uint8_t *undo;
    struct ext_pending *pending;
    uint32_t pending_count;
};

constexpr uint32_t ext_undo_bytes = ext_change_block_max * ext_block_bytes_max;
constexpr uint32_t ext_pending_count_min = 64;

/* As ext_cache_block_count_min, for a mount that can be written. */
constexpr uint32_t ext_cache_block_count_min_writable = 256;

struct ext_mount_options {
    bool read_only; /* nothing is written, whatever the volume and the device would allow */
    /* Where a journal that is not inside the volume is; borrowed for the life of the mount. */
    struct block_device *journal_device; /* nullptr: there is none */
    struct ext_time now;                 /* of this mount, for the super block */
    struct ext_nonce_source nonces;      /* draw nullptr: nothing encrypted can be made */
};

/*
 * Validates the volume (super block, features, journal, every group descriptor, root directory's
 * inode) and makes it readable. Writes nothing, unless the journal must be replayed: that is done
 * first, and refused by UNSUPPORTED if nothing may be written. INVALID_ARGUMENT if the memory is
 * less than ext_cache_block_count_min blocks of ext_block_bytes_max. After a failure only
 * corruption and refusal mean anything. There is nothing to undo: forget the struct to unmount.
 */
enum status ext_mount(struct ext_mount *mount, struct block_device *device,
    struct ext_mount_memory memory, struct ext_mount_options options);

struct ext_statistics {
    uint64_t block_count;
    uint64_t free_block_count;
    uint64_t available_block_count; /* free ones that are not reserved */
    uint64_t inode_count;
    uint64_t free_inode_count;
    uint32_t block_bytes;
    uint32_t name_bytes_max;
};

/* The size and free space of the volume, as its super block states them. */
struct ext_statistics ext_statfs(const struct ext_mount *mount);

/* ---- Inodes --------------------------------------------------------------------------------- */

/* The numbers are those of directory entries. */
enum ext_type : uint8_t {
    EXT_TYPE_UNKNOWN,
    EXT_TYPE_FILE,
    EXT_TYPE_DIRECTORY,
    EXT_TYPE_CHARACTER_DEVICE,
    EXT_TYPE_BLOCK_DEVICE,
    EXT_TYPE_FIFO,
    EXT_TYPE_SOCKET,
    EXT_TYPE_LINK,
    EXT_TYPE_COUNT,
};

/* Bits of an inode's flags that matter to those who show names and contents. */
constexpr uint32_t ext_flag_encrypted = 0x0000'0800;
constexpr uint32_t ext_flag_casefold = 0x4000'0000; /* case of names in it does not matter */

constexpr uint32_t ext_block_area_bytes = 60;

struct ext_inode {
    uint64_t number;
    uint64_t size_bytes;
    uint64_t sector_count; /* of 512 bytes, data and what maps it */
    uint64_t attribute_block;
    struct ext_time accessed;
    struct ext_time modified;
    struct ext_time changed;
    struct ext_time created; /* 0 if the inode is too small to tell */
    uint32_t user_id;
    uint32_t group_id;
    uint32_t project_id;
    uint32_t flags;
    uint32_t generation;
    uint32_t deleted;      /* when, in seconds; of an orphan, the number of the next one */
    uint32_t device_major; /* of devices */
    uint32_t device_minor;
    uint32_t checksum_seed; /* of what belongs to this inode */
    uint16_t mode;          /* type and permissions, POSIX values */
    uint16_t link_count;
    enum ext_type type;
    uint8_t block_area[ext_block_area_bytes];
};

/*
 * The inode, its checksum and its fields verified. INVALID_ARGUMENT if there is no such number, or
 * it is that of a reserved inode other than the root directory; NOT_FOUND if the inode is free.
 */
enum status ext_read_inode(struct ext_mount *mount, uint64_t number, struct ext_inode *inode_out);

enum ext_run_kind : uint32_t {
    EXT_RUN_DATA,
    EXT_RUN_HOLE,      /* never allocated: reads as zero */
    EXT_RUN_UNWRITTEN, /* allocated, never written: reads as zero */
};

/* Blocks of a file that follow each other on the medium, or none of which are there. */
struct ext_run {
    uint64_t logical_block;
    uint64_t physical_block; /* 0 for a hole */
    uint64_t block_count;
    enum ext_run_kind kind;
};

/*
 * An open file or directory: its inode and the run found last, which makes the next mapping cheap.
 * The caller owns it; it may be copied and forgotten at any time.
 */
struct ext_file {
    struct ext_inode inode;
    struct ext_run last_run; /* block_count 0 if there is none */
    uint64_t change_count;   /* of the mount when `inode` was read */
    uint64_t read_end_bytes; /* where the last ext_read ended */
    bool reads_on;           /* the last ext_read began where the one before it ended */
};

/* As ext_read_inode, ready for the calls below. */
enum status ext_open(struct ext_mount *mount, uint64_t number, struct ext_file *file_out);

/*
 * Reads the inode of a file anew if anything was changed since; so all copies of it agree. Other
 * than ext_open it serves a file without a name that is kept until ext_forget.
 */
enum status ext_refresh(struct ext_mount *mount, struct ext_file *file);

/* ---- Contents ------------------------------------------------------------------------------- */

/*
 * The longest known run that begins with `logical_block`; it may reach past the end of the file.
 * UNSUPPORTED for a file whose bytes are inside its inode; INVALID_ARGUMENT for what has no blocks.
 */
enum status ext_map(struct ext_mount *mount, struct ext_file *file, uint64_t logical_block,
    struct ext_run *run_out);

struct ext_read_request {
    uint64_t offset_bytes;
    uint64_t size_bytes;
    struct block_buffer buffer; /* size_bytes of room */
};

/*
 * Reads from a file; short only at the end of the file, 0 bytes beyond it. Whole blocks go from the
 * device straight into the buffer. IS_DIRECTORY for a directory, INVALID_ARGUMENT for other things
 * without contents. With buffer.bytes nullptr only whole blocks of data can be read; else
 * INVALID_ARGUMENT, after which the caller reads into memory of its own.
 */
enum status ext_read(struct ext_mount *mount, struct ext_file *file,
    struct ext_read_request request, uint64_t *done_bytes_out);

/*
 * The target of a symbolic link, without a NUL, in `target`, which has room for ext_link_bytes_max
 * bytes. INVALID_ARGUMENT if it is no symbolic link.
 */
enum status ext_read_link(
    struct ext_mount *mount, struct ext_file *file, char *target, uint32_t *target_bytes_out);

/* ---- Directories ---------------------------------------------------------------------------- */

struct ext_entry {
    uint64_t inode_number;
    uint64_t next_cursor;
    const char *name; /* not ended by NUL; borrowed until the visit returns */
    uint32_t name_bytes;
    enum ext_type type; /* EXT_TYPE_UNKNOWN if the volume does not record it */
};

struct ext_visitor {
    bool (*visit)(void *context, const struct ext_entry *entry); /* false: stop here */
    void *context;
};

/*
 * Shows the entries from `cursor` on, "." and ".." included, in the order of the medium. A cursor
 * is 0 or an entry's next_cursor. OK when the visitor stopped; END after the last entry;
 * NOT_DIRECTORY.
 *
 * A cursor is a place, and changes between two calls can move names. What is there throughout is
 * shown, once, but for names of a block that is split: those that move to the new one may be shown
 * again; and those that stay may be missed if the cursor is inside of that block and a long name
 * finds room in it only when they are packed.
 */
enum status ext_read_directory(struct ext_mount *mount, struct ext_file *directory, uint64_t cursor,
    struct ext_visitor visitor);

struct ext_names;

/* A name in a directory, as it is stored. */
struct ext_name {
    const char *bytes; /* not ended by NUL */
    uint32_t size_bytes;
    /* Private: not nullptr if names that only differ in case are this one. */
    struct ext_names *folding;
};

/* The inode of a name. NOT_FOUND; NOT_DIRECTORY; NAME_TOO_LONG; INVALID_ARGUMENT if empty. */
enum status ext_lookup(struct ext_mount *mount, struct ext_file *directory, const char *name,
    uint32_t name_bytes, uint64_t *number_out);

/* ---- Extended attributes -------------------------------------------------------------------- */

constexpr uint32_t ext_attribute_bytes_max = 65536;

/* How ext_set_attribute treats what is there. */
enum ext_attribute_mode : uint32_t {
    EXT_ATTRIBUTE_SET,     /* made or replaced */
    EXT_ATTRIBUTE_CREATE,  /* EXISTS if it is there */
    EXT_ATTRIBUTE_REPLACE, /* NOT_FOUND if it is not */
};

/*
 * An attribute by its whole name, without a NUL: "user.", "trusted.", "security." and something, or
 * "system.posix_acl_access" and "system.posix_acl_default", whose values are as getfacl(1) and its
 * like exchange them with a kernel: a word 2, then 8 bytes an entry.
 */
struct ext_attribute_request {
    const char *name;
    uint32_t name_bytes;
    uint32_t value_bytes;         /* of the value, or of the room for it */
    void *value;                  /* only read by ext_set_attribute */
    enum ext_attribute_mode mode; /* only for ext_set_attribute */
};

/*
 * The value into request->value, or only its size if request->value_bytes is 0. NOT_FOUND;
 * TOO_LARGE if there is too little room; INVALID_ARGUMENT for a name that cannot be.
 */
enum status ext_get_attribute(struct ext_mount *mount, struct ext_file *file,
    const struct ext_attribute_request *request, uint32_t *value_bytes_out);

/*
 * The names of all attributes that can be asked for, each ended by NUL, or only their size if
 * room_bytes is 0. TOO_LARGE if there is too little room.
 */
enum status ext_list_attributes(struct ext_mount *mount, struct ext_file *file, char *names,
    uint32_t room_bytes, uint32_t *names_bytes_out);
