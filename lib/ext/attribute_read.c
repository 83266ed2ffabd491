/* SPDX-License-Identifier: ISC */
/*
 * Extended attributes for those who ask: names with their prefixes, values wherever they are.
 */
#include "attribute.h"

#include <string.h>

struct prefix {
    const char *text;
    uint8_t index;
    bool whole; /* it is a name, not the beginning of names */
};

/* Others exist on the medium, are kept there, and cannot be asked for. */
static const struct prefix prefixes[] = {
    {"user.", attribute_index_user, false},
    {"system.posix_acl_access", attribute_index_acl_access, true},
    {"system.posix_acl_default", attribute_index_acl_default, true},
    {"trusted.", attribute_index_trusted, false},
    {"security.", attribute_index_security, false},
};

constexpr uint32_t prefix_count = sizeof prefixes / sizeof prefixes[0];

bool ext_attribute_parse_name(
    const char *name, uint32_t name_bytes, struct ext_attribute_name *name_out)
{
    for (uint32_t index = 0; index < prefix_count; index++) {
        const struct prefix *prefix = &prefixes[index];
        uint32_t prefix_bytes = (uint32_t)strlen(prefix->text);
        if (name_bytes < prefix_bytes || memcmp(name, prefix->text, prefix_bytes) != 0 ||
            prefix->whole != (name_bytes == prefix_bytes) ||
            name_bytes - prefix_bytes > ext_name_bytes_max) {
            continue;
        }
        *name_out = (struct ext_attribute_name){
            .bytes = name + prefix_bytes,
            .index = prefix->index,
            .size_bytes = (uint8_t)(name_bytes - prefix_bytes),
        };
        return memchr(name, '\0', name_bytes) == nullptr;
    }
    return false;
}

/* ---- Names ----------------------------------------------------------------------------------- */

struct listing {
    char *names;
    uint32_t room_bytes;
    uint32_t used_bytes;
};

static void add_bytes(struct listing *listing, const char *bytes, uint32_t size_bytes)
{
    if (listing->used_bytes + size_bytes <= listing->room_bytes) {
        memcpy(listing->names + listing->used_bytes, bytes, size_bytes);
    }
    listing->used_bytes += size_bytes;
}

static void list_area(struct listing *listing, const struct ext_attribute_area *area)
{
    struct ext_attribute attribute;
    uint32_t at = area->entries_at;
    while (ext_attribute_at(area, at, &attribute)) {
        at = attribute.next_at;
        for (uint32_t index = 0; index < prefix_count; index++) {
            const struct prefix *prefix = &prefixes[index];
            if (prefix->index == attribute.index && prefix->whole == (attribute.name_bytes == 0)) {
                add_bytes(listing, prefix->text, (uint32_t)strlen(prefix->text));
                add_bytes(listing, attribute.name, attribute.name_bytes);
                add_bytes(listing, "", 1);
            }
        }
    }
}

enum status ext_list_attributes(struct ext_mount *mount, struct ext_file *file, char *names,
    uint32_t room_bytes, uint32_t *names_bytes_out)
{
    struct listing listing = {.names = names, .room_bytes = room_bytes};
    struct ext_attribute_area area;
    enum status status = ext_refresh(mount, file);
    if (status == STATUS_OK) {
        status = ext_attribute_pin_inode(mount, &file->inode, &area);
    }
    if (status != STATUS_OK) {
        return status;
    }
    list_area(&listing, &area);
    ext_attribute_put(mount, &area);
    status = ext_attribute_pin_block(mount, &file->inode, &area);
    if (status != STATUS_OK) {
        return status;
    }
    list_area(&listing, &area);
    ext_attribute_put(mount, &area);
    if (room_bytes != 0 && listing.used_bytes > room_bytes) {
        return STATUS_TOO_LARGE;
    }
    *names_bytes_out = listing.used_bytes;
    return STATUS_OK;
}

/* ---- Values ---------------------------------------------------------------------------------- */

/* Whether an inode holds what an entry says: by their hashes, or by naming its one owner. */
static bool value_belongs(const struct ext_mount *mount, const struct ext_inode *owner,
    const struct ext_attribute_area *area, const struct ext_attribute *attribute,
    const struct ext_inode *value, const uint8_t *bytes)
{
    uint32_t seed = ext_has_checksums(mount) ? mount->geometry.checksum_seed
                                             : ext_checksum_seed_of_uuid(mount->uuid);
    uint32_t hash = ext_checksum(seed, bytes, value->size_bytes);
    return ext_attribute_value_names(value, owner) ||
           (hash == (uint32_t)value->accessed.seconds &&
               ext_attribute_value_hash_valid(area, attribute, hash));
}

/* A value that has an inode of its own. */
static enum status read_value_inode(struct ext_mount *mount, const struct ext_inode *owner,
    const struct ext_attribute_area *area, const struct ext_attribute *attribute, uint8_t *bytes)
{
    struct ext_file file = {.change_count = mount->change_count};
    enum status status = ext_load_value_inode(mount, attribute->value_inode, &file.inode);
    if (status == STATUS_NOT_FOUND || status == STATUS_INVALID_ARGUMENT) {
        return ext_corrupt(mount, "attribute value in an inode that is none", 0);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (file.inode.size_bytes != attribute->value_bytes) {
        return ext_corrupt(mount, "size of an attribute value in an inode", 0);
    }
    uint64_t done_bytes;
    struct ext_read_request request = {
        .size_bytes = attribute->value_bytes, .buffer = block_buffer_plain(bytes)};
    status = ext_read(mount, &file, request, &done_bytes);
    if (status == STATUS_OK && !value_belongs(mount, owner, area, attribute, &file.inode, bytes)) {
        status = ext_corrupt(mount, "attribute value of another inode", 0);
    }
    return status;
}

static enum status read_acl(struct ext_mount *mount, const struct ext_attribute_area *area,
    const struct ext_attribute *attribute, const struct ext_attribute_request *request,
    uint32_t *value_bytes_out)
{
    uint32_t value_bytes;
    const uint8_t *stored = area->bytes + attribute->value_at;
    const char *fault = ext_acl_measure(area, attribute, &value_bytes);
    if (fault != nullptr) {
        return ext_corrupt(mount, fault, area->entry->block);
    }
    if (request->value_bytes != 0 && value_bytes > request->value_bytes) {
        return STATUS_TOO_LARGE;
    }
    if (request->value_bytes != 0) {
        ext_acl_export(stored, attribute->value_bytes, request->value);
    }
    *value_bytes_out = value_bytes;
    return STATUS_OK;
}

enum status ext_get_attribute(struct ext_mount *mount, struct ext_file *file,
    const struct ext_attribute_request *request, uint32_t *value_bytes_out)
{
    struct ext_attribute_name name;
    if (!ext_attribute_parse_name(request->name, request->name_bytes, &name)) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct ext_attribute_area area;
    struct ext_attribute attribute;
    enum status status = ext_refresh(mount, file);
    if (status == STATUS_OK) {
        status = ext_attribute_pin(mount, &file->inode, &name, &area, &attribute);
    }
    if (status != STATUS_OK) {
        return status;
    }
    bool wanted = request->value_bytes != 0;
    if (ext_attribute_is_acl(name.index)) {
        status = read_acl(mount, &area, &attribute, request, value_bytes_out);
    } else if (wanted && attribute.value_bytes > request->value_bytes) {
        status = STATUS_TOO_LARGE;
    } else {
        if (wanted && attribute.value_inode != 0) {
            status = read_value_inode(mount, &file->inode, &area, &attribute, request->value);
        } else if (wanted) {
            memcpy(request->value, area.bytes + attribute.value_at, attribute.value_bytes);
        }
        if (status == STATUS_OK) {
            *value_bytes_out = attribute.value_bytes;
        }
    }
    ext_attribute_put(mount, &area);
    return status;
}
