/* SPDX-License-Identifier: ISC */
/*
 * Attributes inside and outside of inodes: all of them read, then one set that must find room, one
 * replaced and one removed.
 */
#include "life.h"
#include "target.h"

static const char *const names[] = {
    "ext2", "ext4", "ext4-plain", "ext4-inline", "ext4-values", "ext4-acl", nullptr};
static const enum part_kind kinds[] = {PART_ATTRIBUTES, PART_INODE};

constexpr uint32_t value_bytes = 120;

static enum status set(struct ext_file *file, uint32_t size_bytes)
{
    static uint8_t value[value_bytes];
    struct ext_attribute_request request = {
        .name = "trusted.new", .name_bytes = 11, .value = value, .value_bytes = size_bytes};
    return ext_set_attribute(&life_mount, file, &request);
}

/* Of what can be refused on a sound volume nothing is left. */
static enum status accept(enum status status)
{
    return status == STATUS_NO_SPACE || status == STATUS_TOO_LARGE || status == STATUS_DENIED ||
                   status == STATUS_NOT_FOUND || status == STATUS_UNSUPPORTED
               ? STATUS_OK
               : status;
}

static enum status change_file(struct ext_file *file)
{
    enum status status = accept(set(file, value_bytes));
    if (status == STATUS_OK) {
        status = accept(set(file, 3));
    }
    if (status == STATUS_OK) {
        status = accept(ext_remove_attribute(&life_mount, file, "user.small", 10));
    }
    return status == STATUS_OK ? accept(ext_remove_attribute(&life_mount, file, "trusted.new", 11))
                               : status;
}

static enum status use(void)
{
    enum status first = life_walk();
    enum status status = life_mount.writable ? life_each(11, change_file) : STATUS_OK;
    return first == STATUS_OK ? status : first;
}

static void run(struct base *base, const struct input *input, uint32_t)
{
    life_run(base, input->flags, use);
}

const struct target target = {
    .bases = names,
    .kinds = kinds,
    .kind_count = sizeof kinds / sizeof kinds[0],
    .run = run,
};
