/* SPDX-License-Identifier: ISC */
/*
 * Extended attributes, as the files about them share them. Private to lib/ext.
 *
 * An inode has up to two sets of attributes: one behind its fields, one in a block that inodes
 * with the same attributes may share. Both look alike: entries from the front, values from the
 * back.
 */
#pragma once

#include "transaction.h"

/* One set, in a pinned block. */
struct ext_attribute_area {
    struct block_cache_entry *entry; /* nullptr: there is no such set */
    uint8_t *bytes;                  /* offsets of values count from here */
    uint32_t entries_at;             /* where the first entry is */
    uint32_t size_bytes;
    bool block; /* sorted, with hashes, maybe shared */
};

/* One attribute of a set. */
struct ext_attribute {
    const char *name; /* without the prefix that the index stands for */
    uint32_t at;      /* of its entry, in the area */
    uint32_t next_at; /* of the next entry */
    uint32_t value_at;
    uint32_t value_bytes;
    uint32_t value_inode; /* 0: the value is in the area */
    uint8_t index;
    uint8_t name_bytes;
};

/* A name as it is stored. */
struct ext_attribute_name {
    const char *bytes;
    uint8_t index;
    uint8_t size_bytes;
};

/* What a file inside its inode has behind its first 60 bytes. */
static inline struct ext_attribute_name ext_attribute_name_data(void)
{
    return (struct ext_attribute_name){"data", attribute_index_system, 4};
}

/* Pins either set, verified; give it back with ext_attribute_put, whether there is one or not. */
enum status ext_attribute_pin_inode(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_attribute_area *area_out);
enum status ext_attribute_pin_block(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_attribute_area *area_out);
void ext_attribute_put(struct ext_mount *mount, const struct ext_attribute_area *area);

/* The attribute whose entry is at `at`; false after the last. The area was verified. */
bool ext_attribute_at(
    const struct ext_attribute_area *area, uint32_t at, struct ext_attribute *attribute_out);

bool ext_attribute_find(const struct ext_attribute_area *area,
    const struct ext_attribute_name *name, struct ext_attribute *attribute_out);

/* The set that has the attribute, pinned, and the attribute. NOT_FOUND, with nothing pinned. */
enum status ext_attribute_pin(struct ext_mount *mount, const struct ext_inode *inode,
    const struct ext_attribute_name *name, struct ext_attribute_area *area_out,
    struct ext_attribute *attribute_out);

/* The hash of an entry whose value is in the area, [ext4 Extended Attributes]. */
uint32_t ext_attribute_hash(
    const struct ext_attribute_area *area, const struct ext_attribute *attribute);

/* Whether an entry whose value is in an inode has the hash of its name and that of the value. */
bool ext_attribute_value_hash_valid(const struct ext_attribute_area *area,
    const struct ext_attribute *attribute, uint32_t value_hash);

/* Values that Lustre wrote name the one inode that they belong to. */
static inline bool ext_attribute_value_names(
    const struct ext_inode *value, const struct ext_inode *owner)
{
    return (uint64_t)(uint32_t)value->modified.seconds == owner->number &&
           value->generation == owner->generation;
}

/* A whole name as it is stored; false if it is none that can be asked for. */
bool ext_attribute_parse_name(
    const char *name, uint32_t name_bytes, struct ext_attribute_name *name_out);

static inline bool ext_attribute_is_acl(uint8_t index)
{
    return index == attribute_index_acl_access || index == attribute_index_acl_default;
}

static inline uint32_t ext_attribute_entry_size(uint32_t name_bytes)
{
    return (uint32_t)align_up(attribute_entry_bytes + name_bytes, 4);
}

/* ---- attribute_write.c: all inside a change; `inode` is modified and stored by the caller ------
 */

/* What writes a value into its place. */
struct ext_attribute_source {
    void (*fill)(const void *context, uint8_t *value, uint32_t value_bytes);
    const void *context;
    uint32_t value_bytes;
};

/* Takes the attribute out of the set that has it. NOT_FOUND. */
enum status ext_attribute_drop(
    struct ext_mount *mount, struct ext_inode *inode, const struct ext_attribute_name *name);

/* Adds an attribute that is not there: to the inode if it fits, else to the block. NO_SPACE. */
enum status ext_attribute_add(struct ext_mount *mount, struct ext_inode *inode,
    const struct ext_attribute_name *name, const struct ext_attribute_source *source);

/* As ext_attribute_add, but only to the inode. */
enum status ext_attribute_add_inside(struct ext_mount *mount, const struct ext_inode *inode,
    const struct ext_attribute_name *name, const struct ext_attribute_source *source);

/* The bytes that a value of this attribute can have in the inode beside all others there. */
enum status ext_attribute_room_inside(struct ext_mount *mount, const struct ext_inode *inode,
    const struct ext_attribute_name *name, uint32_t *value_bytes_out);

/*
 * As ext_attribute_pin, to modify the bytes of the value, in a block of the inode's own. Ends with
 * ext_attribute_edited, which gives the pin back.
 */
enum status ext_attribute_edit(struct ext_mount *mount, struct ext_inode *inode,
    const struct ext_attribute_name *name, struct ext_attribute_area *area_out,
    struct ext_attribute *attribute_out);
void ext_attribute_edited(struct ext_mount *mount, const struct ext_attribute_area *area,
    const struct ext_attribute *attribute);

/* ---- acl.c ------------------------------------------------------------------------------------
 */

/* The size that the list in an attribute has for those who ask; a fault if it is no list. */
const char *ext_acl_measure(const struct ext_attribute_area *area,
    const struct ext_attribute *attribute, uint32_t *value_bytes_out);

/* A list that was measured, as those who ask want it. */
void ext_acl_export(const uint8_t *stored, uint32_t stored_bytes, uint8_t *value);

/* A list as it is handed in, checked. INVALID_ARGUMENT. */
struct ext_acl {
    const uint8_t *value;
    uint32_t value_bytes;
    uint32_t stored_bytes;
    uint16_t permissions; /* the lower nine bits of a mode that say the same */
    bool plain;           /* the mode says all of it */
};

enum status ext_acl_import(const void *value, uint32_t value_bytes, struct ext_acl *acl_out);

/* The `fill` of an imported list. */
void ext_acl_fill(const void *context, uint8_t *stored, uint32_t stored_bytes);

/* The access list says the same as the new mode afterwards. Inside a change. */
enum status ext_acl_follow_mode(struct ext_mount *mount, struct ext_inode *inode);
