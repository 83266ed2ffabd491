/* SPDX-License-Identifier: ISC */
/*
 * Changing what an inode says beside its contents: extended attributes, mode, owners, times, flags.
 */
#include <lib/ext/ext_write.h>

#include "attribute.h"
#include "protect_directory.h"

#include <string.h>

constexpr uint16_t mode_permissions = 07777;
constexpr uint16_t mode_rwx = 0777;
constexpr uint32_t access_blocks = 4; /* that a change of an access time touches */

/* ---- Extended attributes --------------------------------------------------------------------- */

struct set_step {
    uint64_t number;
    const struct ext_attribute_request *request; /* nullptr: remove */
    struct ext_attribute_name name;
};

static void fill_plain(const void *context, uint8_t *value, uint32_t value_bytes)
{
    memcpy(value, context, value_bytes);
}

/* Attributes of users are for what has contents; the others follow from the mode too. */
static enum status check_target(
    const struct ext_inode *inode, const struct ext_attribute_name *name)
{
    if ((inode->flags & (inode_flag_immutable | inode_flag_append)) != 0) {
        return STATUS_DENIED;
    }
    bool directory = inode->type == EXT_TYPE_DIRECTORY;
    if (name->index == attribute_index_user && inode->type != EXT_TYPE_FILE && !directory) {
        return STATUS_DENIED;
    }
    if (name->index == attribute_index_acl_default && !directory) {
        return STATUS_DENIED;
    }
    bool link = inode->type == EXT_TYPE_LINK;
    return name->index == attribute_index_acl_access && link ? STATUS_UNSUPPORTED : STATUS_OK;
}

/* What the list says of the mode goes into the mode, and if that is all there is no list. */
static enum status add_acl(
    struct ext_mount *mount, struct ext_inode *inode, const struct set_step *step)
{
    struct ext_acl acl;
    enum status status = ext_acl_import(step->request->value, step->request->value_bytes, &acl);
    if (status != STATUS_OK) {
        return status;
    }
    if (step->name.index == attribute_index_acl_access) {
        inode->mode = (uint16_t)((inode->mode & ~mode_rwx) | acl.permissions);
        if (acl.plain) {
            return STATUS_OK;
        }
    }
    struct ext_attribute_source source = {ext_acl_fill, &acl, acl.stored_bytes};
    return ext_attribute_add(mount, inode, &step->name, &source);
}

static enum status add(
    struct ext_mount *mount, struct ext_inode *inode, const struct set_step *step)
{
    if (ext_attribute_is_acl(step->name.index)) {
        return add_acl(mount, inode, step);
    }
    struct ext_attribute_source source = {
        fill_plain, step->request->value, step->request->value_bytes};
    return ext_attribute_add(mount, inode, &step->name, &source);
}

static enum status check_mode(enum ext_attribute_mode mode, bool present)
{
    if (mode == EXT_ATTRIBUTE_CREATE && present) {
        return STATUS_EXISTS;
    }
    return mode == EXT_ATTRIBUTE_REPLACE && !present ? STATUS_NOT_FOUND : STATUS_OK;
}

static enum status run_set(struct ext_mount *mount, void *context)
{
    const struct set_step *step = context;
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, step->number, &inode);
    if (status == STATUS_OK) {
        status = check_target(&inode, &step->name);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = ext_attribute_drop(mount, &inode, &step->name);
    if (status != STATUS_OK && (status != STATUS_NOT_FOUND || step->request == nullptr)) {
        return status;
    }
    if (step->request != nullptr) {
        status = check_mode(step->request->mode, status == STATUS_OK);
        if (status == STATUS_OK) {
            status = add(mount, &inode, step);
        }
    }
    if (status != STATUS_OK) {
        return status;
    }
    inode.changed = mount->now;
    return ext_store_inode(mount, &inode);
}

enum status ext_set_attribute(
    struct ext_mount *mount, struct ext_file *file, const struct ext_attribute_request *request)
{
    struct set_step step = {.number = file->inode.number, .request = request};
    if (!ext_attribute_parse_name(request->name, request->name_bytes, &step.name)) {
        return STATUS_INVALID_ARGUMENT;
    }
    return ext_change(mount, (struct ext_step){run_set, &step, ext_change_block_max});
}

enum status ext_remove_attribute(
    struct ext_mount *mount, struct ext_file *file, const char *name, uint32_t name_bytes)
{
    struct set_step step = {.number = file->inode.number};
    if (!ext_attribute_parse_name(name, name_bytes, &step.name)) {
        return STATUS_INVALID_ARGUMENT;
    }
    return ext_change(mount, (struct ext_step){run_set, &step, ext_change_block_max});
}

/* ---- Fields ---------------------------------------------------------------------------------- */

struct fields_step {
    uint64_t number;
    const struct ext_attributes *wanted;
};

/* Of an inode that may not be changed only the flags may, so that it can be again. */
static enum status check_fields(
    struct ext_mount *mount, const struct ext_inode *inode, const struct ext_attributes *wanted)
{
    uint32_t set = wanted->set;
    bool frozen = (inode->flags & (inode_flag_immutable | inode_flag_append)) != 0;
    if (frozen && (set & ~(uint32_t)EXT_SET_FLAGS) != 0) {
        bool times_only = (set & ~(uint32_t)(EXT_SET_FLAGS | EXT_SET_ACCESSED)) == 0;
        bool append_only = (inode->flags & inode_flag_immutable) == 0;
        if (!times_only || !append_only) {
            return STATUS_DENIED;
        }
    }
    if ((set & EXT_SET_MODE) != 0 && (wanted->mode & ~mode_permissions) != 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    if ((set & EXT_SET_FLAGS) != 0 &&
        (wanted->flags & ~ext_flags_changeable) != (inode->flags & ~ext_flags_changeable)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if ((set & EXT_SET_PROJECT) != 0 && wanted->project_id != inode->project_id &&
        !ext_has(mount, EXT_RO_COMPAT, ro_compat_project)) {
        return STATUS_UNSUPPORTED;
    }
    bool folds =
        (set & EXT_SET_FLAGS) != 0 && ((wanted->flags ^ inode->flags) & inode_flag_casefold) != 0;
    return folds ? ext_check_fold(mount, inode) : STATUS_OK;
}

static bool time_valid(struct ext_time time)
{
    return time.nanoseconds < 1'000'000'000;
}

static enum status apply(
    struct ext_mount *mount, struct ext_inode *inode, const struct ext_attributes *wanted)
{
    uint32_t set = wanted->set;
    inode->accessed = (set & EXT_SET_ACCESSED) != 0 ? wanted->accessed : inode->accessed;
    inode->modified = (set & EXT_SET_MODIFIED) != 0 ? wanted->modified : inode->modified;
    inode->created = (set & EXT_SET_CREATED) != 0 ? wanted->created : inode->created;
    inode->flags = (set & EXT_SET_FLAGS) != 0 ? wanted->flags : inode->flags;
    inode->user_id = (set & EXT_SET_USER) != 0 ? wanted->user_id : inode->user_id;
    inode->group_id = (set & EXT_SET_GROUP) != 0 ? wanted->group_id : inode->group_id;
    inode->project_id = (set & EXT_SET_PROJECT) != 0 ? wanted->project_id : inode->project_id;
    inode->changed = mount->now;
    if ((set & EXT_SET_MODE) == 0) {
        return STATUS_OK;
    }
    inode->mode = (uint16_t)((inode->mode & ~mode_permissions) | wanted->mode);
    return ext_acl_follow_mode(mount, inode);
}

static enum status run_fields(struct ext_mount *mount, void *context)
{
    const struct fields_step *step = context;
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, step->number, &inode);
    if (status == STATUS_OK) {
        status = check_fields(mount, &inode, step->wanted);
    }
    if (status == STATUS_OK) {
        status = apply(mount, &inode, step->wanted);
    }
    return status == STATUS_OK ? ext_store_inode(mount, &inode) : status;
}

enum status ext_set_attributes(
    struct ext_mount *mount, struct ext_file *file, const struct ext_attributes *wanted)
{
    if (!time_valid(wanted->accessed) || !time_valid(wanted->modified) ||
        !time_valid(wanted->created)) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct fields_step step = {.number = file->inode.number, .wanted = wanted};
    return ext_change(mount, (struct ext_step){run_fields, &step, ext_change_block_max});
}

/* ---- Access times ---------------------------------------------------------------------------- */

static bool is_before(struct ext_time one, struct ext_time other)
{
    return one.seconds < other.seconds ||
           (one.seconds == other.seconds && one.nanoseconds < other.nanoseconds);
}

static bool is_worth_it(const struct ext_mount *mount, const struct ext_inode *inode)
{
    constexpr int64_t day_seconds = 24 * 60 * 60;
    return !is_before(inode->modified, inode->accessed) ||
           !is_before(inode->changed, inode->accessed) ||
           mount->now.seconds - inode->accessed.seconds >= day_seconds;
}

static enum status run_access(struct ext_mount *mount, void *context)
{
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, *(const uint64_t *)context, &inode);
    if (status != STATUS_OK) {
        return status;
    }
    inode.accessed = mount->now;
    return ext_store_inode(mount, &inode);
}

enum status ext_note_access(struct ext_mount *mount, struct ext_file *file)
{
    enum status status = ext_refresh(mount, file);
    if (status != STATUS_OK) {
        return status;
    }
    constexpr uint32_t unwanted = inode_flag_no_access_time | inode_flag_immutable;
    if (!mount->writable || (file->inode.flags & unwanted) != 0 ||
        !is_worth_it(mount, &file->inode)) {
        return STATUS_OK;
    }
    return ext_change(mount, (struct ext_step){run_access, &file->inode.number, access_blocks});
}
