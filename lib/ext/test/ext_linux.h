/* SPDX-License-Identifier: ISC */
/* The volumes of linux/, and repairing their checksums after damage. */
#pragma once

#include "ext_image.h"

#include "../internal.h"

static char linux_folder[512];

/* Before image_folder_make: tests are started in the root of the tree, or in a folder of its build.
 */
static inline bool linux_folder_find(void)
{
    static const char *const roots[] = {".", "../..", "../../.."};
    char here[400];
    if (getcwd(here, sizeof here) == nullptr) {
        return false;
    }
    for (size_t index = 0; index < sizeof roots / sizeof roots[0]; index++) {
        (void)snprintf(
            linux_folder, sizeof linux_folder, "%s/%s/lib/ext/test/linux", here, roots[index]);
        if (access(linux_folder, R_OK) == 0) {
            return true;
        }
    }
    printf("no folder lib/ext/test/linux above %s\n", here);
    return false;
}

/* Loads and mounts a volume. */
static inline bool linux_mount(struct image *image, const char *name)
{
    return image_run("gzip -dc '%s/%s.img.gz' >img", linux_folder, name) &&
           image_load(image, "img") && image_mount(image) == STATUS_OK;
}

/* The master key that the volumes were made with, changed by `difference`. */
static inline enum status linux_key_add(struct image *image, uint8_t difference)
{
    uint8_t material[ext_key_material_bytes];
    uint8_t identifier[ext_key_identifier_bytes];
    for (uint32_t index = 0; index < sizeof material; index++) {
        material[index] = (uint8_t)index;
    }
    material[7] ^= difference;
    return ext_key_add(&image->mount, material, sizeof material, identifier);
}

/* The bytes of an inode in the image. */
static inline uint8_t *linux_inode(struct image *image, uint64_t number)
{
    struct block_cache_entry *entry = nullptr;
    const uint8_t *raw = nullptr;
    CHECK(ext_inode_pin(&image->mount, (uint32_t)number, &entry, &raw) == STATUS_OK);
    size_t within = (size_t)(raw - (const uint8_t *)entry->buffer.bytes);
    size_t at = ((size_t)entry->block << image->mount.geometry.block_shift) + within;
    block_cache_put(&image->mount.cache, entry);
    return image->bytes + at;
}

static inline void linux_inode_seal(struct image *image, uint64_t number)
{
    uint8_t *raw = linux_inode(image, number);
    uint32_t seed = ext_inode_checksum_seed(&image->mount, (uint32_t)number, raw);
    ext_inode_checksum_store(&image->mount, seed, raw);
}

/* The bytes of a block of a file in the image; they are in no order beyond the block. */
static inline uint8_t *linux_block(struct image *image, struct ext_file *file, uint64_t block)
{
    struct ext_run run = {};
    CHECK(ext_map(&image->mount, file, block, &run) == STATUS_OK);
    CHECK(run.kind == EXT_RUN_DATA);
    return image->bytes + (run.physical_block << image->mount.geometry.block_shift);
}

static inline void linux_directory_seal(struct image *image, struct ext_file *file, uint64_t block)
{
    uint8_t *bytes = linux_block(image, file, block);
    uint32_t covered_bytes = image->mount.geometry.block_bytes - entry_tail_bytes;
    store_le32(bytes + covered_bytes + entry_tail_checksum,
        ext_checksum(file->inode.checksum_seed, bytes, covered_bytes));
}
