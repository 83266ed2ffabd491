/* SPDX-License-Identifier: ISC */
/*
 * What tests of one part of lib/ext say of failures: every operation of the device is made to fail
 * once, and whoever uses the volume is told.
 */
#pragma once

#include "ext_writable.h"

/* The volume is there as before, or as it is after the change; `writable` is not mounted. */
static inline void single_fault_recover(struct writable *writable, uint32_t kind)
{
    block_fault_arm(&writable->image.fault, (struct block_fault_plan){});
    CHECK(writable_mount(writable) == STATUS_OK && writable->image.mount.writable);
    CHECK(ext_unmount(&writable->image.mount) == STATUS_OK);
    CHECK(kind == BLOCK_FAULT_READ || image_fsck(&writable->image));
}

/*
 * `use` mounts, changes and unmounts, and returns what went wrong first: IO for each operation of
 * the device that fails, OK once none is left. More than two of each kind must be met. The image
 * is freed.
 */
static inline void single_faults_are_told(struct writable *writable, enum status (*use)(void))
{
    static const uint32_t kinds[] = {BLOCK_FAULT_READ, BLOCK_FAULT_WRITE, BLOCK_FAULT_FLUSH};
    struct image *image = &writable->image;
    uint8_t *before = malloc(image->size_bytes);
    memcpy(before, image->bytes, image->size_bytes);
    for (uint32_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        uint64_t first = 0;
        for (bool hit = true; hit && !check_failing; first++) {
            memcpy(image->bytes, before, image->size_bytes);
            struct block_fault_plan plan = {.kinds = kinds[kind],
                .effect = BLOCK_FAULT_SPOIL,
                .status = STATUS_IO,
                .first = first,
                .count = 1};
            block_fault_arm(&image->fault, plan);
            enum status status = use();
            hit = image->fault.hit_count > 0;
            CHECK_EQUAL(status, hit ? STATUS_IO : STATUS_OK);
            single_fault_recover(writable, kinds[kind]);
        }
        CHECK(first > 2);
    }
    CHECK(image_fsck(image));
    free(before);
    image_free(image);
}
