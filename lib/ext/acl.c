/* SPDX-License-Identifier: ISC */
/*
 * Access control lists: attributes that say more than a mode can. Stored they are as
 * [ext4 Extended Attributes] has them, entries without a name 4 bytes short; asked for and handed
 * in they are as programs exchange them, 8 bytes an entry. The order of entries is that of POSIX
 * 1003.1e: owner, users, group, groups, mask, others.
 */
#include "attribute.h"

#include <string.h>

constexpr uint32_t portable_version = 2;
constexpr uint32_t portable_header_bytes = 4;
constexpr uint32_t portable_entry_bytes = 8;
constexpr uint32_t no_id = UINT32_MAX;

enum tag : uint16_t {
    TAG_OWNER = 0x01,
    TAG_USER = 0x02,
    TAG_OWNING_GROUP = 0x04,
    TAG_GROUP = 0x08,
    TAG_MASK = 0x10,
    TAG_OTHERS = 0x20,
};

static bool has_id(uint16_t tag)
{
    return tag == TAG_USER || tag == TAG_GROUP;
}

static uint32_t stored_size(uint16_t tag)
{
    return has_id(tag) ? acl_entry_bytes_long : acl_entry_bytes_short;
}

static bool is_tag(uint16_t tag)
{
    return tag == TAG_OWNER || tag == TAG_OWNING_GROUP || tag == TAG_MASK || tag == TAG_OTHERS ||
           has_id(tag);
}

/* ---- As stored ------------------------------------------------------------------------------- */

const char *ext_acl_measure(const struct ext_attribute_area *area,
    const struct ext_attribute *attribute, uint32_t *value_bytes_out)
{
    if (attribute->value_inode != 0) {
        return "access control list in an inode";
    }
    const uint8_t *stored = area->bytes + attribute->value_at;
    uint32_t stored_bytes = attribute->value_bytes;
    if (stored_bytes < acl_header_bytes || load_le32(stored) != acl_version) {
        return "version of an access control list";
    }
    uint32_t value_bytes = portable_header_bytes;
    uint32_t at = acl_header_bytes;
    while (at < stored_bytes) {
        uint32_t left_bytes = stored_bytes - at;
        if (left_bytes < acl_entry_bytes_short) {
            return "size of an access control list";
        }
        uint16_t tag = load_le16(stored + at + acl_entry_tag);
        if (!is_tag(tag) || left_bytes < stored_size(tag) ||
            load_le16(stored + at + acl_entry_permissions) > 7) {
            return "entry of an access control list";
        }
        at += stored_size(tag);
        value_bytes += portable_entry_bytes;
    }
    *value_bytes_out = value_bytes;
    return nullptr;
}

void ext_acl_export(const uint8_t *stored, uint32_t stored_bytes, uint8_t *value)
{
    store_le32(value, portable_version);
    value += portable_header_bytes;
    for (uint32_t at = acl_header_bytes; at < stored_bytes;) {
        uint16_t tag = load_le16(stored + at + acl_entry_tag);
        store_le16(value, tag);
        store_le16(value + 2, load_le16(stored + at + acl_entry_permissions));
        store_le32(value + 4, has_id(tag) ? load_le32(stored + at + acl_entry_id) : no_id);
        value += portable_entry_bytes;
        at += stored_size(tag);
    }
}

/* ---- As handed in ---------------------------------------------------------------------------- */

/* What may follow what: tags rise, and only those with names repeat, with rising names. */
static bool follows(uint16_t last_tag, uint32_t last_id, uint16_t tag, uint32_t id)
{
    return tag > last_tag || (tag == last_tag && has_id(tag) && id > last_id);
}

/* The bits of a mode that an entry says. */
static uint16_t mode_bits(uint16_t tag, uint16_t permissions)
{
    switch (tag) {
    case TAG_OWNER:
        return (uint16_t)(permissions << 6);
    case TAG_OWNING_GROUP:
    case TAG_MASK:
        return (uint16_t)(permissions << 3);
    case TAG_OTHERS:
        return permissions;
    default:
        return 0;
    }
}

enum status ext_acl_import(const void *value, uint32_t value_bytes, struct ext_acl *acl_out)
{
    const uint8_t *bytes = value;
    struct ext_acl acl = {
        .value = bytes, .value_bytes = value_bytes, .stored_bytes = acl_header_bytes};
    if (value_bytes < portable_header_bytes || load_le32(bytes) != portable_version ||
        (value_bytes - portable_header_bytes) % portable_entry_bytes != 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    uint32_t seen = 0;
    uint16_t last_tag = 0;
    uint32_t last_id = 0;
    for (uint32_t at = portable_header_bytes; at < value_bytes; at += portable_entry_bytes) {
        uint16_t tag = load_le16(bytes + at);
        uint16_t permissions = load_le16(bytes + at + 2);
        uint32_t id = load_le32(bytes + at + 4);
        if (!is_tag(tag) || permissions > 7 || !follows(last_tag, last_id, tag, id) ||
            (has_id(tag) && id == no_id)) {
            return STATUS_INVALID_ARGUMENT;
        }
        if (tag == TAG_MASK) {
            acl.permissions &= (uint16_t)~070;
        }
        acl.permissions |= mode_bits(tag, permissions);
        acl.stored_bytes += stored_size(tag);
        seen |= tag;
        last_tag = tag;
        last_id = id;
    }
    constexpr uint32_t needed = TAG_OWNER | TAG_OWNING_GROUP | TAG_OTHERS;
    bool named = (seen & (TAG_USER | TAG_GROUP)) != 0;
    if ((seen & needed) != needed || (named && (seen & TAG_MASK) == 0)) {
        return STATUS_INVALID_ARGUMENT;
    }
    acl.plain = seen == needed;
    *acl_out = acl;
    return STATUS_OK;
}

void ext_acl_fill(const void *context, uint8_t *stored, uint32_t stored_bytes)
{
    const struct ext_acl *acl = context;
    store_le32(stored, acl_version);
    uint32_t at = portable_header_bytes;
    for (uint32_t to = acl_header_bytes; to < stored_bytes; at += portable_entry_bytes) {
        uint16_t tag = load_le16(acl->value + at);
        store_le16(stored + to + acl_entry_tag, tag);
        store_le16(stored + to + acl_entry_permissions, load_le16(acl->value + at + 2));
        if (has_id(tag)) {
            store_le32(stored + to + acl_entry_id, load_le32(acl->value + at + 4));
        }
        to += stored_size(tag);
    }
}

/* ---- Modes ----------------------------------------------------------------------------------- */

/* The entry that stands for the bits of the group in a mode: the mask, if there is one. */
static uint16_t group_tag(const uint8_t *stored, uint32_t stored_bytes)
{
    for (uint32_t at = acl_header_bytes; at < stored_bytes;) {
        uint16_t tag = load_le16(stored + at + acl_entry_tag);
        if (tag == TAG_MASK) {
            return TAG_MASK;
        }
        at += stored_size(tag);
    }
    return TAG_OWNING_GROUP;
}

/* The place of an entry's permissions in a mode; -1: it has none. */
static int mode_shift(uint16_t tag, uint16_t tag_of_group)
{
    if (tag == TAG_OWNER) {
        return 6;
    }
    if (tag == TAG_OTHERS) {
        return 0;
    }
    return tag == tag_of_group ? 3 : -1;
}

static void take_mode(uint8_t *stored, uint32_t stored_bytes, uint16_t mode)
{
    uint16_t tag_of_group = group_tag(stored, stored_bytes);
    for (uint32_t at = acl_header_bytes; at < stored_bytes;) {
        uint16_t tag = load_le16(stored + at + acl_entry_tag);
        int shift = mode_shift(tag, tag_of_group);
        if (shift >= 0) {
            store_le16(stored + at + acl_entry_permissions, (uint16_t)(mode >> shift & 7));
        }
        at += stored_size(tag);
    }
}

enum status ext_acl_follow_mode(struct ext_mount *mount, struct ext_inode *inode)
{
    struct ext_attribute_name name = {"", attribute_index_acl_access, 0};
    struct ext_attribute_area area;
    struct ext_attribute attribute;
    enum status status = ext_attribute_edit(mount, inode, &name, &area, &attribute);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    uint32_t value_bytes;
    uint8_t *stored = area.bytes + attribute.value_at;
    const char *fault = ext_acl_measure(&area, &attribute, &value_bytes);
    if (fault == nullptr) {
        take_mode(stored, attribute.value_bytes, inode->mode);
    } else {
        status = ext_corrupt(mount, fault, area.entry->block);
    }
    ext_attribute_edited(mount, &area, &attribute);
    return status;
}

/* ---- New inodes ------------------------------------------------------------------------------ */

/* The mode of a new inode is no wider than the list, and the other way round. */
static uint16_t narrow_mode(const uint8_t *stored, uint32_t stored_bytes, uint16_t mode)
{
    uint16_t tag_of_group = group_tag(stored, stored_bytes);
    for (uint32_t at = acl_header_bytes; at < stored_bytes;) {
        uint16_t tag = load_le16(stored + at + acl_entry_tag);
        int shift = mode_shift(tag, tag_of_group);
        if (shift >= 0) {
            uint32_t permissions = load_le16(stored + at + acl_entry_permissions);
            mode &= (uint16_t)~(7U << shift) | (uint16_t)(permissions << shift);
        }
        at += stored_size(tag);
    }
    return mode;
}

/* A stored list to be copied, with the permissions of a mode unless it is 0. */
struct copy {
    const uint8_t *stored;
    uint16_t mode;
    bool narrowed;
};

static void fill_copy(const void *context, uint8_t *stored, uint32_t stored_bytes)
{
    const struct copy *copy = context;
    memcpy(stored, copy->stored, stored_bytes);
    if (copy->narrowed) {
        take_mode(stored, stored_bytes, copy->mode);
    }
}

static bool is_plain(const uint8_t *stored, uint32_t stored_bytes)
{
    return group_tag(stored, stored_bytes) == TAG_OWNING_GROUP &&
           stored_bytes == acl_header_bytes + 3 * acl_entry_bytes_short;
}

/* The parent's default list, verified, becomes the lists of the inode. */
static enum status inherit_list(
    struct ext_mount *mount, struct ext_inode *inode, const uint8_t *stored, uint32_t stored_bytes)
{
    struct copy copy = {.stored = stored};
    struct ext_attribute_source source = {fill_copy, &copy, stored_bytes};
    enum status status = STATUS_OK;
    if (inode->type == EXT_TYPE_DIRECTORY) {
        struct ext_attribute_name name = {"", attribute_index_acl_default, 0};
        status = ext_attribute_add(mount, inode, &name, &source);
    }
    inode->mode = narrow_mode(stored, stored_bytes, inode->mode);
    if (status == STATUS_OK && !is_plain(stored, stored_bytes)) {
        struct ext_attribute_name name = {"", attribute_index_acl_access, 0};
        copy.narrowed = true;
        copy.mode = inode->mode;
        status = ext_attribute_add(mount, inode, &name, &source);
    }
    return status;
}

enum status ext_attributes_inherit(
    struct ext_mount *mount, const struct ext_inode *parent, struct ext_inode *inode)
{
    if ((parent->flags & inode_flag_project_inherit) != 0) {
        inode->project_id = parent->project_id;
        inode->flags |= inode->type == EXT_TYPE_DIRECTORY ? inode_flag_project_inherit : 0;
    }
    if (inode->type == EXT_TYPE_LINK) {
        return STATUS_OK;
    }
    struct ext_attribute_name name = {"", attribute_index_acl_default, 0};
    struct ext_attribute_area area;
    struct ext_attribute attribute;
    enum status status = ext_attribute_pin(mount, parent, &name, &area, &attribute);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    uint32_t value_bytes;
    const uint8_t *stored = area.bytes + attribute.value_at;
    const char *fault = ext_acl_measure(&area, &attribute, &value_bytes);
    status = fault == nullptr ? inherit_list(mount, inode, stored, attribute.value_bytes)
                              : ext_corrupt(mount, fault, area.entry->block);
    ext_attribute_put(mount, &area);
    return status;
}
