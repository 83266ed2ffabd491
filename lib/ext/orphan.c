/* SPDX-License-Identifier: ISC */
/*
 * Orphans: inodes that are to be deleted or made shorter, which a mount finishes if the last one
 * did not. They are in a file of numbers, [ext4 Orphan file], or, if there is none or it is full,
 * in a list through their inodes that the super block begins.
 *
 * All mounts check both; only one that can write finishes what is in them.
 */
#include "transaction.h"

constexpr uint32_t slot_bytes = 4;

/* ---- The file -------------------------------------------------------------------------------- */

struct orphan_file {
    struct ext_file file;
    uint32_t block_count;
    uint32_t slot_count; /* of one block */
};

static enum status open_file(struct ext_mount *mount, struct orphan_file *orphans_out)
{
    struct orphan_file orphans = {};
    enum status status = ext_own_file_open(
        mount, mount->geometry.orphan_file_inode, "orphan file is missing", &orphans.file);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t block_count = orphans.file.inode.size_bytes >> mount->geometry.block_shift;
    if (block_count == 0 || block_count > orphan_file_blocks_max) {
        return ext_corrupt(mount, "orphan file size", 0);
    }
    orphans.block_count = (uint32_t)block_count;
    orphans.slot_count = (mount->geometry.block_bytes - orphan_tail_bytes) / slot_bytes;
    *orphans_out = orphans;
    return STATUS_OK;
}

static const char *block_fault(const struct ext_mount *mount, const struct ext_inode *inode,
    const struct block_cache_entry *entry)
{
    const uint8_t *tail =
        (const uint8_t *)entry->buffer.bytes + mount->geometry.block_bytes - orphan_tail_bytes;
    if (load_le32(tail + orphan_tail_magic) != orphan_magic) {
        return "orphan file magic";
    }
    bool right = !ext_has_checksums(mount) ||
                 load_le32(tail + orphan_tail_checksum) ==
                     ext_orphan_block_checksum(mount, inode->checksum_seed, entry);
    return right ? nullptr : "orphan file checksum";
}

enum status ext_orphan_pin(struct ext_mount *mount, struct ext_file *file, uint64_t logical_block,
    struct block_cache_entry **entry_out)
{
    struct block_cache_entry *entry;
    enum status status =
        ext_own_file_pin(mount, file, logical_block, "orphan file with a hole", &entry);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t mark = ext_mark(EXT_MARK_ORPHANS, &file->inode);
    if (entry->owner_mark != mark) {
        const char *fault = block_fault(mount, &file->inode, entry);
        if (fault != nullptr) {
            status = ext_corrupt(mount, fault, entry->block);
            block_cache_put(&mount->cache, entry);
            return status;
        }
        entry->owner_mark = mark;
        entry->owner_seed = file->inode.checksum_seed;
    }
    *entry_out = entry;
    return STATUS_OK;
}

/* The first slot from `first` on that holds `wanted`, or anything but 0 if wanted is any_orphan. */
constexpr uint32_t any_orphan = UINT32_MAX;

static uint32_t find_slot(const struct orphan_file *orphans, const struct block_cache_entry *entry,
    uint32_t first, uint32_t wanted)
{
    const uint8_t *bytes = entry->buffer.bytes;
    for (uint32_t slot = first; slot < orphans->slot_count; slot++) {
        uint32_t number = load_le32(bytes + (size_t)slot * slot_bytes);
        if (wanted == any_orphan ? number != 0 : number == wanted) {
            return slot;
        }
    }
    return orphans->slot_count;
}

struct slot_place {
    struct block_cache_entry *entry; /* pinned */
    uint8_t *at;
};

/* A slot that holds `wanted`; the search begins where the last one ended. NOT_FOUND. */
static enum status find_in_file(
    struct ext_mount *mount, uint32_t wanted, struct slot_place *place_out)
{
    struct orphan_file orphans;
    enum status status = open_file(mount, &orphans);
    if (status != STATUS_OK) {
        return status;
    }
    for (uint32_t step = 0; step < orphans.block_count; step++) {
        uint32_t index = (mount->orphan_block + step) % orphans.block_count;
        struct block_cache_entry *entry;
        status = ext_orphan_pin(mount, &orphans.file, index, &entry);
        if (status != STATUS_OK) {
            return status;
        }
        uint32_t slot = find_slot(&orphans, entry, 0, wanted);
        if (slot < orphans.slot_count) {
            mount->orphan_block = index;
            uint8_t *bytes = entry->buffer.bytes;
            *place_out = (struct slot_place){entry, bytes + (size_t)slot * slot_bytes};
            return STATUS_OK;
        }
        block_cache_put(&mount->cache, entry);
    }
    return STATUS_NOT_FOUND;
}

/* Puts `value` where `wanted` is. NOT_FOUND. */
static enum status replace_in_file(struct ext_mount *mount, uint32_t wanted, uint32_t value)
{
    struct slot_place place;
    enum status status = find_in_file(mount, wanted, &place);
    if (status != STATUS_OK) {
        return status;
    }
    status = ext_change_block(mount, place.entry);
    if (status == STATUS_OK) {
        store_le32(place.at, value);
    }
    block_cache_put(&mount->cache, place.entry);
    return status;
}

/* ---- Adding and removing --------------------------------------------------------------------- */

enum status ext_orphan_add(struct ext_mount *mount, struct ext_inode *inode)
{
    if (mount->geometry.orphan_file_inode != 0) {
        enum status status = replace_in_file(mount, 0, (uint32_t)inode->number);
        if (status == STATUS_OK) {
            mount->features[EXT_RO_COMPAT] |= ro_compat_orphan_present;
            inode->deleted = 0;
        }
        if (status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    enum status status = ext_superblock_last_orphan(mount, &inode->deleted);
    return status == STATUS_OK ? ext_superblock_set_last_orphan(mount, (uint32_t)inode->number)
                               : status;
}

/* Whose `deleted` names the inode. */
static enum status find_predecessor(
    struct ext_mount *mount, uint32_t first, uint64_t number, struct ext_inode *predecessor_out)
{
    uint32_t next = first;
    for (uint32_t count = 0; count < mount->geometry.inode_count && next != 0; count++) {
        enum status status = ext_load_inode(mount, next, predecessor_out);
        if (status == STATUS_NOT_FOUND || status == STATUS_INVALID_ARGUMENT) {
            break;
        }
        if (status != STATUS_OK || predecessor_out->deleted == number) {
            return status;
        }
        next = predecessor_out->deleted;
    }
    return ext_corrupt(mount, "orphan list", 0);
}

static enum status remove_from_list(struct ext_mount *mount, struct ext_inode *inode)
{
    uint32_t first;
    enum status status = ext_superblock_last_orphan(mount, &first);
    if (status != STATUS_OK) {
        return status;
    }
    if (first == inode->number) {
        return ext_superblock_set_last_orphan(mount, inode->deleted);
    }
    struct ext_inode predecessor;
    status = find_predecessor(mount, first, inode->number, &predecessor);
    if (status != STATUS_OK) {
        return status;
    }
    predecessor.deleted = inode->deleted;
    return ext_store_inode(mount, &predecessor);
}

enum status ext_orphan_remove(struct ext_mount *mount, struct ext_inode *inode)
{
    enum status status = STATUS_NOT_FOUND;
    if (mount->geometry.orphan_file_inode != 0) {
        status = replace_in_file(mount, (uint32_t)inode->number, 0);
    }
    if (status == STATUS_NOT_FOUND) {
        status = remove_from_list(mount, inode);
    }
    inode->deleted = 0;
    return status;
}

/* ---- What a mount checks --------------------------------------------------------------------- */

/* An orphan is in use, and of those that names can refer to. */
static enum status check_orphan(
    struct ext_mount *mount, uint32_t number, const char *what, struct ext_inode *inode_out)
{
    if (number < mount->geometry.first_inode) {
        return ext_corrupt(mount, what, 0);
    }
    enum status status = ext_load_inode(mount, number, inode_out);
    bool used = false;
    if (status == STATUS_OK) {
        status = ext_inode_in_use(mount, number, &used);
        if (status == STATUS_OK && used) {
            return STATUS_OK;
        }
    }
    bool none =
        status == STATUS_OK || status == STATUS_NOT_FOUND || status == STATUS_INVALID_ARGUMENT;
    return none ? ext_corrupt(mount, what, 0) : status;
}

/* A list that comes back to where it was at some power of two steps has a loop. */
static enum status check_list(struct ext_mount *mount)
{
    uint32_t number;
    enum status status = ext_superblock_last_orphan(mount, &number);
    uint32_t anchor = 0;
    for (uint64_t count = 1; status == STATUS_OK && number != 0; count++) {
        struct ext_inode inode;
        status = check_orphan(mount, number, "orphan list", &inode);
        if (status == STATUS_OK && inode.deleted == anchor && anchor != 0) {
            status = ext_corrupt(mount, "orphan list has a loop", 0);
        }
        anchor = is_power_of_two(count) ? number : anchor;
        if (status == STATUS_OK && inode.deleted == number) {
            status = ext_corrupt(mount, "orphan list has a loop", 0);
        }
        number = status == STATUS_OK ? inode.deleted : 0;
    }
    return status;
}

static enum status check_block(struct ext_mount *mount, const struct orphan_file *orphans,
    const struct block_cache_entry *entry)
{
    const uint8_t *bytes = entry->buffer.bytes;
    uint32_t slot = find_slot(orphans, entry, 0, any_orphan);
    while (slot < orphans->slot_count) {
        if (!ext_has(mount, EXT_RO_COMPAT, ro_compat_orphan_present)) {
            return ext_corrupt(mount, "orphan file in use on a volume without", entry->block);
        }
        struct ext_inode inode;
        uint32_t number = load_le32(bytes + (size_t)slot * slot_bytes);
        enum status status = check_orphan(mount, number, "orphan file entry", &inode);
        if (status != STATUS_OK) {
            return status;
        }
        slot = find_slot(orphans, entry, slot + 1, any_orphan);
    }
    return STATUS_OK;
}

static enum status check_file(struct ext_mount *mount)
{
    struct orphan_file orphans;
    enum status status = open_file(mount, &orphans);
    for (uint32_t index = 0; status == STATUS_OK && index < orphans.block_count; index++) {
        struct block_cache_entry *entry;
        status = ext_orphan_pin(mount, &orphans.file, index, &entry);
        if (status == STATUS_OK) {
            status = check_block(mount, &orphans, entry);
            block_cache_put(&mount->cache, entry);
        }
    }
    return status;
}

enum status ext_orphans_check(struct ext_mount *mount)
{
    bool has_file = ext_has(mount, EXT_COMPAT, compat_orphan_file);
    if (!has_file && ext_has(mount, EXT_RO_COMPAT, ro_compat_orphan_present)) {
        return ext_corrupt(mount, "orphans in a file on a volume without", 0);
    }
    enum status status = check_list(mount);
    return status == STATUS_OK && has_file ? check_file(mount) : status;
}

/* ---- What a mount finishes ------------------------------------------------------------------- */

struct finish_step {
    uint32_t number;
    bool done;
};

/* Some blocks past the end of an inode that stays; the last time it stops being an orphan. */
static enum status run_shorten(struct ext_mount *mount, void *context)
{
    struct finish_step *step = context;
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, step->number, &inode);
    if (status != STATUS_OK) {
        return status;
    }
    step->done = true;
    if (ext_inode_has_map(&inode)) {
        uint64_t block_bytes = mount->geometry.block_bytes;
        uint64_t first = (inode.size_bytes + block_bytes - 1) >> mount->geometry.block_shift;
        status = ext_map_remove(mount, &inode, first, UINT64_MAX, &step->done);
    }
    if (status == STATUS_OK && step->done) {
        status = ext_orphan_remove(mount, &inode);
    }
    return status == STATUS_OK ? ext_store_inode(mount, &inode) : status;
}

static enum status finish(struct ext_mount *mount, uint32_t number)
{
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, number, &inode);
    if (status != STATUS_OK || inode.link_count == 0) {
        return status == STATUS_OK ? ext_delete_inode(mount, number) : status;
    }
    struct finish_step step = {.number = number};
    while (status == STATUS_OK && !step.done) {
        status = ext_change(mount, (struct ext_step){run_shorten, &step, ext_change_block_max});
    }
    return status;
}

static enum status finish_list(struct ext_mount *mount)
{
    for (;;) {
        uint32_t number;
        enum status status = ext_superblock_last_orphan(mount, &number);
        if (status != STATUS_OK || number == 0) {
            return status;
        }
        status = finish(mount, number);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

static enum status finish_file(struct ext_mount *mount)
{
    for (;;) {
        struct slot_place place;
        enum status status = find_in_file(mount, any_orphan, &place);
        if (status != STATUS_OK) {
            return status == STATUS_NOT_FOUND ? STATUS_OK : status;
        }
        uint32_t number = load_le32(place.at);
        block_cache_put(&mount->cache, place.entry);
        status = finish(mount, number);
        if (status != STATUS_OK) {
            return status;
        }
    }
}

/* So that the unmount says that there are none. */
static enum status run_nothing(struct ext_mount *, void *)
{
    return STATUS_OK;
}

enum status ext_orphans_process(struct ext_mount *mount)
{
    enum status status = finish_list(mount);
    if (status != STATUS_OK || !ext_has(mount, EXT_RO_COMPAT, ro_compat_orphan_present)) {
        return status;
    }
    status = finish_file(mount);
    return status == STATUS_OK ? ext_change(mount, (struct ext_step){.run = run_nothing}) : status;
}

enum status ext_orphans_unmount(struct ext_mount *mount)
{
    if (!ext_has(mount, EXT_RO_COMPAT, ro_compat_orphan_present)) {
        return STATUS_OK;
    }
    struct slot_place place;
    enum status status = find_in_file(mount, any_orphan, &place);
    if (status == STATUS_OK) {
        block_cache_put(&mount->cache, place.entry);
    } else if (status == STATUS_NOT_FOUND) {
        mount->features[EXT_RO_COMPAT] &= ~ro_compat_orphan_present;
        status = STATUS_OK;
    }
    return status;
}
