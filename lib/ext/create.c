/* SPDX-License-Identifier: ISC */
/*
 * New nodes: an inode, what it holds at first, and its name, in one change.
 */
#include "naming.h"

constexpr uint16_t mode_set_group = 02000;
constexpr uint32_t flags_inherited = 0x6201'c4cf;
constexpr uint32_t flags_of_files = ~0x6003'0000U; /* not those that are about names */
constexpr uint32_t flags_of_others = 0x0000'00c0;  /* no dump, no access times */

struct create_step {
    uint64_t parent;
    struct ext_name name;
    const struct ext_new_inode *wanted;
    uint64_t number;
};

static bool is_device(enum ext_type type)
{
    return type == EXT_TYPE_CHARACTER_DEVICE || type == EXT_TYPE_BLOCK_DEVICE;
}

static enum status check_wanted(const struct ext_mount *mount, const struct ext_new_inode *wanted)
{
    enum ext_type type = ext_type_of_mode(wanted->mode);
    if (type == EXT_TYPE_UNKNOWN) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (is_device(type) &&
        (wanted->device_major > device_major_max || wanted->device_minor > device_minor_max)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (type != EXT_TYPE_LINK) {
        return STATUS_OK;
    }
    struct ext_name target = wanted->target;
    if (target.size_bytes == 0 || memchr(target.bytes, '\0', target.size_bytes) != nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    /* Others want room for a NUL in its block. */
    return target.size_bytes >= mount->geometry.block_bytes ? STATUS_NAME_TOO_LONG : STATUS_OK;
}

/* [ext4 Inode Table Entry], i_block of devices: small numbers in the first word, as ever. */
static void store_device(struct ext_inode *inode, const struct ext_new_inode *wanted)
{
    uint32_t major = wanted->device_major;
    uint32_t minor = wanted->device_minor;
    inode->device_major = major;
    inode->device_minor = minor;
    if (major < 256 && minor < 256) {
        store_le32(inode->block_area, major << 8 | minor);
    } else {
        store_le32(inode->block_area + 4, (minor & 0xff) | major << 8 | (minor & ~0xffU) << 12);
    }
}

static uint32_t flags_for(enum ext_type type, uint32_t flags_of_parent)
{
    uint32_t flags = flags_of_parent & flags_inherited;
    if (type == EXT_TYPE_DIRECTORY) {
        return flags;
    }
    return flags & (type == EXT_TYPE_FILE ? flags_of_files : flags_of_others);
}

/* The fields of the new inode; in a directory that gives its group it gets that. */
static struct ext_inode fields_of(struct ext_mount *mount, const struct ext_inode *parent,
    const struct ext_new_inode *wanted, uint32_t number)
{
    enum ext_type type = ext_type_of_mode(wanted->mode);
    struct ext_inode inode = {
        .number = number,
        .accessed = mount->now,
        .modified = mount->now,
        .changed = mount->now,
        .created = mount->now,
        .user_id = wanted->user_id,
        .group_id = wanted->group_id,
        .flags = flags_for(type, parent->flags),
        .mode = wanted->mode,
        .link_count = type == EXT_TYPE_DIRECTORY ? 2 : 1,
        .type = type,
    };
    if (ext_is_encrypted(parent) && ext_has_secrets(type)) {
        inode.flags |= inode_flag_encrypted;
    }
    if (type == EXT_TYPE_DIRECTORY) {
        inode.size_bytes = mount->geometry.block_bytes; /* One without a size is none. */
    }
    if ((parent->mode & mode_set_group) != 0) {
        inode.group_id = parent->group_id;
        inode.mode |= type == EXT_TYPE_DIRECTORY ? mode_set_group : 0;
    }
    return inode;
}

/* What a link holds: its target, or that encrypted in the mount's memory. */
static enum status target_of(struct ext_mount *mount, const struct ext_inode *inode,
    struct ext_name target, struct ext_name *stored_out)
{
    *stored_out = target;
    if (!ext_is_encrypted(inode)) {
        return STATUS_OK;
    }
    struct ext_policy policy;
    enum status status = ext_policy_read(mount, inode, &policy);
    if (status != STATUS_OK) {
        return status;
    }
    stored_out->bytes = (const char *)mount->protected_unit;
    stored_out->size_bytes = ext_link_stored_bytes(mount, &policy, target.size_bytes);
    return stored_out->size_bytes == 0 ? STATUS_NAME_TOO_LONG
                                       : ext_link_encrypt(mount, &policy, target.bytes,
                                             target.size_bytes, mount->protected_unit);
}

/* [ext4 Symbolic Links]: a target that fits is kept in the inode, another in a block. */
static enum status start_link(
    struct ext_mount *mount, struct ext_inode *inode, struct ext_name target, uint64_t *block_out)
{
    enum status status = target_of(mount, inode, target, &target);
    if (status != STATUS_OK) {
        return status;
    }
    inode->size_bytes = target.size_bytes;
    if (target.size_bytes < ext_block_area_bytes) {
        memcpy(inode->block_area, target.bytes, target.size_bytes);
        return STATUS_OK;
    }
    ext_map_init(mount, inode);
    struct ext_run run;
    bool fresh;
    status =
        ext_map_allocate(mount, inode, (struct ext_map_request){.block_count = 1}, &run, &fresh);
    *block_out = run.physical_block;
    return status;
}

/* What is encrypted is never inside its inode. */
static enum status start_file(struct ext_mount *mount, struct ext_inode *inode)
{
    if (!ext_is_encrypted(inode)) {
        return ext_inline_init(mount, inode);
    }
    ext_map_init(mount, inode);
    return STATUS_OK;
}

/* What an inode that is stored holds at first; `*block_out`: where a target is to be written. */
static enum status start(struct ext_mount *mount, struct ext_file *file, uint32_t parent_number,
    const struct ext_new_inode *wanted, uint64_t *block_out)
{
    switch (file->inode.type) {
    case EXT_TYPE_DIRECTORY:
        return ext_directory_start(mount, file, parent_number);
    case EXT_TYPE_FILE:
        return start_file(mount, &file->inode);
    case EXT_TYPE_LINK:
        return start_link(mount, &file->inode, wanted->target, block_out);
    case EXT_TYPE_CHARACTER_DEVICE:
    case EXT_TYPE_BLOCK_DEVICE:
        store_device(&file->inode, wanted);
        return STATUS_OK;
    default:
        return STATUS_OK;
    }
}

/* Contents like those of a file; the last thing of a change, since it cannot be taken back. */
static enum status write_target(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_name target, uint64_t block)
{
    struct block_cache_entry *entry;
    enum status status = target_of(mount, inode, target, &target);
    if (status == STATUS_OK) {
        status = block_cache_get_blank(&mount->cache, block, &entry);
    }
    if (status == STATUS_OK) {
        memcpy(entry->buffer.bytes, target.bytes, target.size_bytes);
        block_cache_mark_dirty(&mount->cache, entry, BLOCK_CACHE_DATA);
        block_cache_put(&mount->cache, entry);
    }
    return status;
}

/* What an encrypted inode gets from its directory, and what it has of its own. */
static enum status inherit_policy(
    struct ext_mount *mount, const struct ext_inode *parent, struct ext_inode *inode)
{
    struct ext_policy policy;
    if (!ext_is_encrypted(inode)) {
        return STATUS_OK;
    }
    enum status status = ext_policy_read(mount, parent, &policy);
    if (status == STATUS_OK) {
        status = ext_policy_draw_nonce(mount, &policy);
    }
    return status == STATUS_OK ? ext_policy_store(mount, inode, &policy) : status;
}

/* The inode of a new node in a directory; without a name yet. */
static enum status make_inode(struct ext_mount *mount, const struct ext_inode *parent,
    const struct ext_new_inode *wanted, struct ext_file *node_out, uint64_t *block_out)
{
    uint32_t number;
    bool directory = ext_type_of_mode(wanted->mode) == EXT_TYPE_DIRECTORY;
    enum status status = ext_allocate_inode(mount, (uint32_t)parent->number, directory, &number);
    if (status != STATUS_OK) {
        return status;
    }
    *node_out = (struct ext_file){.change_count = mount->change_count};
    struct ext_inode *inode = &node_out->inode;
    *inode = fields_of(mount, parent, wanted, number);
    status = ext_store_new_inode(mount, inode);
    if (status == STATUS_OK) {
        status = inherit_policy(mount, parent, inode);
    }
    if (status == STATUS_OK) {
        status = start(mount, node_out, (uint32_t)parent->number, wanted, block_out);
    }
    if (status == STATUS_OK) {
        status = ext_node_store(mount, node_out);
    }
    if (status == STATUS_OK) {
        status = ext_attributes_inherit(mount, parent, inode);
    }
    return status == STATUS_OK ? ext_node_store(mount, node_out) : status;
}

/* Gives the name to the node. */
static enum status add_name(struct ext_mount *mount, struct ext_file *parent, struct ext_name name,
    const struct ext_inode *inode)
{
    enum status status = ext_name_add(mount, parent, name, inode);
    if (status == STATUS_OK && inode->type == EXT_TYPE_DIRECTORY) {
        status = ext_link_count_add(mount, &parent->inode);
    }
    return status == STATUS_OK ? ext_node_store_directory(mount, parent) : status;
}

/* Opens a directory in which nothing has the name. */
static enum status open_parent(
    struct ext_mount *mount, uint64_t number, struct ext_name name, struct ext_file *parent_out)
{
    struct ext_entry_place place;
    enum status status = ext_node_open_directory(mount, number, false, parent_out);
    if (status == STATUS_OK) {
        status = ext_name_find(mount, parent_out, name, &place);
    }
    if (status == STATUS_OK) {
        block_cache_put(&mount->cache, place.entry);
        return STATUS_EXISTS;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status run_create(struct ext_mount *mount, void *context)
{
    struct create_step *step = context;
    struct ext_file parent;
    enum status status = open_parent(mount, step->parent, step->name, &parent);
    if (status != STATUS_OK) {
        return status;
    }
    struct ext_file node;
    uint64_t target_block = 0;
    status = make_inode(mount, &parent.inode, step->wanted, &node, &target_block);
    if (status == STATUS_OK) {
        status = add_name(mount, &parent, step->name, &node.inode);
    }
    if (status == STATUS_OK && target_block != 0) {
        status = write_target(mount, &node.inode, step->wanted->target, target_block);
    }
    step->number = node.inode.number;
    return status;
}

enum status ext_create(struct ext_mount *mount, uint64_t parent, struct ext_name name,
    const struct ext_new_inode *wanted, uint64_t *number_out)
{
    enum status status = ext_name_check(name);
    if (status == STATUS_OK) {
        status = check_wanted(mount, wanted);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct create_step step = {.parent = parent, .name = name, .wanted = wanted};
    status = ext_change(mount,
        (struct ext_step){.run = run_create, .context = &step, .block_count = naming_step_blocks});
    if (status == STATUS_OK) {
        *number_out = step.number;
    }
    return status;
}

/* ---- Another name ---------------------------------------------------------------------------- */

struct link_step {
    uint64_t number;
    uint64_t parent;
    struct ext_name name;
};

static enum status open_linked(struct ext_mount *mount, uint64_t number, struct ext_file *node_out)
{
    struct ext_inode inode;
    enum status status = ext_read_inode(mount, number, &inode);
    if (status != STATUS_OK) {
        return status;
    }
    bool forbidden = (inode.flags & (inode_flag_immutable | inode_flag_append)) != 0;
    if (inode.type == EXT_TYPE_DIRECTORY || forbidden) {
        return STATUS_DENIED;
    }
    *node_out = (struct ext_file){.inode = inode, .change_count = mount->change_count};
    return STATUS_OK;
}

static enum status run_link(struct ext_mount *mount, void *context)
{
    const struct link_step *step = context;
    struct ext_file parent;
    struct ext_file node;
    enum status status = open_linked(mount, step->number, &node);
    if (status == STATUS_OK) {
        status = open_parent(mount, step->parent, step->name, &parent);
    }
    if (status == STATUS_OK) {
        status = ext_node_check_place(mount, &parent.inode, &node.inode);
    }
    if (status == STATUS_OK) {
        status = ext_link_count_add(mount, &node.inode);
    }
    if (status == STATUS_OK) {
        status = ext_node_store(mount, &node);
    }
    return status == STATUS_OK ? add_name(mount, &parent, step->name, &node.inode) : status;
}

enum status ext_link(
    struct ext_mount *mount, uint64_t number, uint64_t parent, struct ext_name name)
{
    enum status status = ext_name_check(name);
    if (status != STATUS_OK) {
        return status;
    }
    struct link_step step = {.number = number, .parent = parent, .name = name};
    return ext_change(mount,
        (struct ext_step){.run = run_link, .context = &step, .block_count = naming_step_blocks});
}
