/* SPDX-License-Identifier: ISC */
/*
 * Extended attributes, access lists and the fields of inodes: what debugfs wrote is read, what is
 * written is read by debugfs, random changes agree with a model, and e2fsck has nothing to say.
 */
#define _GNU_SOURCE
#include "ext_single_faults.h"

#include <lib/testing/random.h>

#include "../attribute.h"

constexpr uint32_t file_count = 5;
constexpr uint32_t name_count = 9;
constexpr uint32_t value_bytes_max = 4200;

static struct writable writable;
static struct random numbers = {.state = 0x9e3779b97f4a7c15};
static struct ext_mount *mount_of(void)
{
    return &writable.image.mount;
}

static struct ext_file open_file(const char *path)
{
    struct ext_file file = {};
    CHECK(image_open(&writable.image, path, &file) == STATUS_OK);
    return file;
}

static enum status set_value(struct ext_file *file, const char *name, const void *value,
    uint32_t value_bytes, enum ext_attribute_mode mode)
{
    struct ext_attribute_request request = {
        .name = name,
        .name_bytes = (uint32_t)strlen(name),
        .value = (void *)value,
        .value_bytes = value_bytes,
        .mode = mode,
    };
    return ext_set_attribute(mount_of(), file, &request);
}

static enum status get_value(
    struct ext_file *file, const char *name, void *value, uint32_t room, uint32_t *bytes_out)
{
    struct ext_attribute_request request = {
        .name = name,
        .name_bytes = (uint32_t)strlen(name),
        .value = value,
        .value_bytes = room,
    };
    return ext_get_attribute(mount_of(), file, &request, bytes_out);
}

static bool value_is(struct ext_file *file, const char *name, const void *value, uint32_t bytes)
{
    static uint8_t got[ext_attribute_bytes_max];
    uint32_t got_bytes = UINT32_MAX;
    return get_value(file, name, nullptr, 0, &got_bytes) == STATUS_OK && got_bytes == bytes &&
           get_value(file, name, got, sizeof got, &got_bytes) == STATUS_OK && got_bytes == bytes &&
           memcmp(got, value, bytes) == 0;
}

static enum status remove_value(struct ext_file *file, const char *name)
{
    return ext_remove_attribute(mount_of(), file, name, (uint32_t)strlen(name));
}

/* ---- Volumes --------------------------------------------------------------------------------- */

static const char *const shapes[] = {
    "-t ext2 -b 1024 -I 128",
    "-t ext2 -b 4096 -I 256",
    "-t ext3 -b 1024 -I 256 -O ^has_journal",
    "-t ext4 -b 1024 -I 128 -O ^has_journal",
    "-t ext4 -b 1024 -I 256 -O ^has_journal",
    "-t ext4 -b 2048 -I 512 -O ^has_journal,64bit",
    "-t ext4 -b 4096 -I 256 -O ^has_journal,inline_data",
    "-t ext4 -b 4096 -I 512 -O ^has_journal,^metadata_csum,uninit_bg",
    "-t ext4 -b 4096 -I 256 -O ^has_journal,metadata_csum_seed",
    "-t ext3 -b 1024 -I 128",
    "-t ext4 -b 1024 -I 256",
    "-t ext4 -b 4096 -I 512 -O ^64bit",
};
constexpr uint32_t shape_count = sizeof shapes / sizeof shapes[0];

static void make_tree(void)
{
    CHECK(image_run("mkdir -p tree/dir && for i in 0 1 2 3 4; do echo $i > tree/file$i; done && "
                    "ln -s target tree/link && mkfifo tree/fifo"));
}

static bool make(const char *shape)
{
    return writable_make(&writable, "8M", "%s -d tree", shape);
}

/* ---- A model --------------------------------------------------------------------------------- */

struct value {
    bool present;
    uint32_t size_bytes;
    uint8_t bytes[value_bytes_max];
};

static struct value model[file_count][name_count];
static const char *const names[name_count] = {"user.a", "user.abc", "user.b", "trusted.overlay",
    "security.selinux", "user.a-much-longer-name-of-an-attribute", "user.\xc3\xa4\xff", "trusted.x",
    "user.z"};

static void path_of(uint32_t file, char *path)
{
    (void)sprintf(path, "file%u", file);
}

static uint32_t random_size(void)
{
    static const uint32_t limits[] = {1, 12, 40, 90, 300, 1100, value_bytes_max};
    return random_below(&numbers, limits[random_below(&numbers, sizeof limits / sizeof limits[0])]);
}

static void change_one(uint32_t file_index)
{
    static uint8_t bytes[value_bytes_max];
    char path[16];
    path_of(file_index, path);
    struct ext_file file = open_file(path);
    uint32_t name = random_below(&numbers, name_count);
    struct value *value = &model[file_index][name];
    if (random_below(&numbers, 4) == 0) {
        enum status wanted = value->present ? STATUS_OK : STATUS_NOT_FOUND;
        CHECK_EQUAL(remove_value(&file, names[name]), wanted);
        value->present = false;
        return;
    }
    uint32_t size_bytes = random_size();
    for (uint32_t index = 0; index < size_bytes; index++) {
        bytes[index] = (uint8_t)random_below(&numbers, 256);
    }
    enum ext_attribute_mode mode = (enum ext_attribute_mode)random_below(&numbers, 3);
    enum status status = set_value(&file, names[name], bytes, size_bytes, mode);
    if (mode == EXT_ATTRIBUTE_CREATE && value->present) {
        CHECK_EQUAL(status, STATUS_EXISTS);
    } else if (mode == EXT_ATTRIBUTE_REPLACE && !value->present) {
        CHECK_EQUAL(status, STATUS_NOT_FOUND);
    } else if (status == STATUS_OK) {
        value->present = true;
        value->size_bytes = size_bytes;
        memcpy(value->bytes, bytes, size_bytes);
    } else {
        CHECK(status == STATUS_NO_SPACE || status == STATUS_TOO_LARGE);
    }
}

static void compare_file(uint32_t file_index)
{
    char path[16];
    path_of(file_index, path);
    struct ext_file file = open_file(path);
    static char list[4096];
    uint32_t list_bytes = 0;
    uint32_t wanted_bytes = 0;
    CHECK(ext_list_attributes(mount_of(), &file, list, sizeof list, &list_bytes) == STATUS_OK);
    for (uint32_t name = 0; name < name_count; name++) {
        const struct value *value = &model[file_index][name];
        uint32_t name_bytes = (uint32_t)strlen(names[name]) + 1;
        bool listed = memmem(list, list_bytes, names[name], name_bytes) != nullptr;
        CHECK(value->present == value_is(&file, names[name], value->bytes, value->size_bytes));
        CHECK(!value->present || listed);
        wanted_bytes += value->present ? name_bytes : 0;
    }
    CHECK_EQUAL(list_bytes, wanted_bytes);
}

static void compare_all(void)
{
    for (uint32_t file = 0; file < file_count; file++) {
        compare_file(file);
    }
}

static void random_changes_agree_with_a_model(void)
{
    for (uint32_t shape = 0; shape < shape_count; shape++) {
        memset(model, 0, sizeof model);
        CHECK(make(shapes[shape]));
        for (uint32_t round = 0; round < 8 && !check_failing; round++) {
            for (uint32_t change = 0; change < 50; change++) {
                change_one(random_below(&numbers, file_count));
            }
            compare_all();
            CHECK(round % 2 == 0 || ext_sync(mount_of()) == STATUS_OK);
            compare_all();
        }
        CHECK(ext_unmount(mount_of()) == STATUS_OK);
        CHECK(image_fsck(&writable.image));
        CHECK(writable_mount(&writable) == STATUS_OK);
        compare_all();
        CHECK(writable_finish(&writable));
        if (check_failing) {
            printf("shape: %s\n", shapes[shape]);
        }
    }
}

/* ---- Others' tools --------------------------------------------------------------------------- */

static void what_debugfs_wrote_is_read(void)
{
    static uint8_t big[700];
    CHECK(image_run("head -c 700 /dev/urandom > big"));
    int descriptor = open("big", O_RDONLY);
    CHECK(read(descriptor, big, sizeof big) == sizeof big);
    (void)close(descriptor);
    for (uint32_t shape = 0; shape < shape_count; shape++) {
        CHECK(image_run("rm -f w.img; mke2fs -q -F %s -d tree w.img 8M", shapes[shape]));
        CHECK(image_run("debugfs -w w.img >log 2>&1 -f - <<'END'\n"
                        "ea_set file0 user.small hello\n"
                        "ea_set -f big file0 user.big\n"
                        "ea_set file0 trusted.t x\n"
                        "ea_set file0 security.s yy\n"
                        "ea_set dir user.of-a-directory 1\n"
                        "END\n"));
        CHECK(image_load(&writable.image, "w.img"));
        CHECK(writable_mount(&writable) == STATUS_OK);
        struct ext_file file = open_file("file0");
        CHECK(value_is(&file, "user.small", "hello", 5));
        CHECK(value_is(&file, "user.big", big, sizeof big));
        CHECK(value_is(&file, "trusted.t", "x", 1) && value_is(&file, "security.s", "yy", 2));
        struct ext_file directory = open_file("dir");
        CHECK(value_is(&directory, "user.of-a-directory", "1", 1));
        uint32_t bytes;
        CHECK(get_value(&file, "user.none", nullptr, 0, &bytes) == STATUS_NOT_FOUND);
        CHECK(get_value(&file, "user.", nullptr, 0, &bytes) == STATUS_INVALID_ARGUMENT);
        CHECK(get_value(&file, "system.data", nullptr, 0, &bytes) == STATUS_INVALID_ARGUMENT);
        CHECK(get_value(&file, "user.big", big, 699, &bytes) == STATUS_TOO_LARGE);
        CHECK(set_value(&file, "user.small", "world!", 6, EXT_ATTRIBUTE_REPLACE) == STATUS_OK);
        CHECK(set_value(&file, "user.new", big, 90, EXT_ATTRIBUTE_CREATE) == STATUS_OK);
        CHECK(remove_value(&file, "trusted.t") == STATUS_OK);
        CHECK(writable_finish(&writable));
        CHECK(image_run("debugfs -R 'ea_get file0 user.small' fsck.img 2>&1 | grep -q world! && "
                        "debugfs -R 'ea_get -f got file0 user.big' fsck.img >log 2>&1 && "
                        "cmp got big && debugfs -R 'ea_get -f got file0 user.new' fsck.img "
                        ">log 2>&1 && head -c 90 big | cmp - got && "
                        "! debugfs -R 'ea_list file0' fsck.img 2>&1 | grep -q trusted.t"));
    }
}

/* ---- Values in inodes ------------------------------------------------------------------------ */

static uint8_t *raw_of(uint64_t number)
{
    struct block_cache_entry *entry;
    const uint8_t *raw;
    CHECK(ext_inode_pin(mount_of(), (uint32_t)number, &entry, &raw) == STATUS_OK);
    uint64_t place = entry->block * mount_of()->geometry.block_bytes +
                     (uint64_t)(raw - (const uint8_t *)entry->buffer.bytes);
    block_cache_put(&mount_of()->cache, entry);
    return writable.image.bytes + place;
}

/* Changes a word of an inode; reading the value must say what is wrong with it. */
static void spoil_value_inode(uint8_t *at, uint32_t value, const char *what)
{
    static uint8_t got[2000];
    uint32_t before = load_le32(at);
    uint32_t bytes;
    store_le32(at, value);
    CHECK(image_mount(&writable.image) == STATUS_OK);
    struct ext_file file = open_file("file0");
    CHECK(get_value(&file, "user.huge", got, sizeof got, &bytes) == STATUS_CORRUPT);
    CHECK(strcmp(mount_of()->corruption.what, what) == 0);
    store_le32(at, before);
    CHECK(image_mount(&writable.image) == STATUS_OK);
}

static void values_in_inodes_are_read(void)
{
    static uint8_t value[1000];
    CHECK(image_run("seq 1000 | head -c 1000 > huge && rm -f w.img && "
                    "mke2fs -q -F -t ext4 -b 1024 -O ea_inode,^metadata_csum -d tree w.img 8M && "
                    "debugfs -w -R 'ea_set -f huge file0 user.huge' w.img >log 2>&1"));
    int descriptor = open("huge", O_RDONLY);
    CHECK(read(descriptor, value, sizeof value) == sizeof value);
    (void)close(descriptor);
    CHECK(image_load(&writable.image, "w.img"));
    CHECK(image_mount(&writable.image) == STATUS_OK && mount_of()->read_only);
    struct ext_file file = open_file("file0");
    CHECK(value_is(&file, "user.huge", value, sizeof value));
    struct ext_attribute_name name = {"huge", attribute_index_user, 4};
    struct ext_attribute_area area;
    struct ext_attribute attribute;
    CHECK(ext_attribute_pin(mount_of(), &file.inode, &name, &area, &attribute) == STATUS_OK);
    CHECK(attribute.value_inode != 0);
    const uint8_t *hash = area.bytes + attribute.at + attribute_value_hash;
    uint64_t hash_place = area.entry->block * mount_of()->geometry.block_bytes +
                          (uint64_t)(hash - (const uint8_t *)area.entry->buffer.bytes);
    ext_attribute_put(mount_of(), &area);
    struct ext_file direct;
    CHECK(ext_open(mount_of(), attribute.value_inode, &direct) == STATUS_CORRUPT);
    uint8_t *raw = raw_of(attribute.value_inode);
    spoil_value_inode(raw + inode_accessed, 1, "attribute value of another inode");
    spoil_value_inode(writable.image.bytes + hash_place, 1, "attribute value of another inode");
    spoil_value_inode(raw + inode_size_low, 999, "size of an attribute value in an inode");
    spoil_value_inode(
        raw + inode_flags, load_le32(raw + inode_flags) ^ 0x20'0000, "file as an attribute value");
    image_free(&writable.image);
}

/* ---- Damage ---------------------------------------------------------------------------------- */

struct damage {
    uint32_t at; /* in the set's block, or behind the header in the inode */
    uint32_t bytes;
    uint32_t value;
    const char *what;
    bool repair; /* the checksum of the block */
};

static void inflict(const struct damage *damage, uint8_t *set, uint64_t block)
{
    uint8_t before[1024];
    uint8_t superblock[1024];
    memcpy(before, set, sizeof before);
    memcpy(superblock, writable.image.bytes + 1024, sizeof superblock);
    for (uint32_t index = 0; index < damage->bytes; index++) {
        set[damage->at + index] = (uint8_t)(damage->value >> (8 * index));
    }
    CHECK(writable_mount(&writable) == STATUS_OK);
    if (damage->repair) {
        store_le32(
            set + attribute_block_checksum, ext_attribute_block_checksum(mount_of(), block, set));
    }
    struct ext_file file = open_file("file0");
    uint32_t bytes;
    CHECK(ext_list_attributes(mount_of(), &file, nullptr, 0, &bytes) == STATUS_CORRUPT);
    const char *what = mount_of()->corruption.what;
    CHECK(what != nullptr && strcmp(what, damage->what) == 0);
    CHECK(mount_of()->corruption.block != 0);
    CHECK(set_value(&file, "user.new", "1", 1, EXT_ATTRIBUTE_SET) == STATUS_CORRUPT);
    CHECK(remove_value(&file, "user.big") == STATUS_CORRUPT);
    if (check_failing) {
        printf("wanted: %s, is: %s\n", damage->what, what == nullptr ? "nothing" : what);
    }
    memcpy(set, before, sizeof before);
    memcpy(writable.image.bytes + 1024, superblock, sizeof superblock);
}

/* The block has user.big, then user.bigger; the inode user.in. */
static void damaged_sets_are_refused(void)
{
    static const struct damage block_damages[] = {
        {0x00, 4, 1, "attribute block magic", true},
        {0x04, 4, 0, "attribute block references", true},
        {0x04, 4, 1025, "attribute block references", true},
        {0x08, 4, 2, "attribute block count", true},
        {0x10, 4, 1, "attribute block checksum", false},
        {0x20, 1, 255, "hash of an attribute", true},
        {0x22, 2, 0x28, "attribute value among the entries", true},
        {0x22, 2, 1020, "attribute value outside its place", true},
        {0x24, 4, 12, "attribute value in another inode", true},
        {0x28, 4, 5000, "attribute value outside its place", true},
        {0x2c, 4, 1, "hash of an attribute", true},
        {0x36, 2, 700, "attribute values overlap", true},
    };
    static const struct damage inode_damages[] = {
        {0, 1, 250, "attribute entry", false},
        {2, 2, 2, "attribute value among the entries", false},
        {2, 2, 400, "attribute value outside its place", false},
        {8, 4, UINT32_MAX, "attribute value outside its place", false},
    };
    static uint8_t bytes[400];
    CHECK(make("-t ext4 -b 1024 -I 256 -O ^has_journal"));
    struct ext_file file = open_file("file0");
    CHECK(set_value(&file, "user.in", bytes, 30, EXT_ATTRIBUTE_SET) == STATUS_OK);
    CHECK(set_value(&file, "user.big", bytes, 300, EXT_ATTRIBUTE_SET) == STATUS_OK);
    CHECK(set_value(&file, "user.bigger", bytes, 300, EXT_ATTRIBUTE_SET) == STATUS_OK);
    CHECK(ext_refresh(mount_of(), &file) == STATUS_OK);
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    uint64_t block = file.inode.attribute_block;
    for (uint32_t index = 0; index < sizeof block_damages / sizeof block_damages[0]; index++) {
        inflict(&block_damages[index], writable.image.bytes + block * 1024, block);
    }
    image_free(&writable.image);
    CHECK(make("-t ext4 -b 1024 -I 256 -O ^has_journal,^metadata_csum"));
    file = open_file("file0");
    CHECK(set_value(&file, "user.in", bytes, 30, EXT_ATTRIBUTE_SET) == STATUS_OK);
    uint8_t *raw = raw_of(file.inode.number) + 128 + 32 + 4;
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    for (uint32_t index = 0; index < sizeof inode_damages / sizeof inode_damages[0]; index++) {
        inflict(&inode_damages[index], raw, 0);
    }
    image_free(&writable.image);
}

/* ---- Shared blocks --------------------------------------------------------------------------- */

/* file0's attribute block becomes file1's too. */
static void share_block(void)
{
    CHECK(image_run("head -c 800 /dev/zero | tr '\\0' v > big && rm -f w.img && "
                    "mke2fs -q -F -t ext4 -b 1024 -O ^has_journal -d tree w.img 8M && "
                    "debugfs -w -R 'ea_set -f big file0 user.big' w.img >log 2>&1 && "
                    "debugfs -w -R \"sif file1 file_acl $(debugfs -R 'stat file0' w.img 2>log | "
                    "sed -n 's/.*File ACL: \\([0-9]*\\).*/\\1/p')\" w.img >log 2>&1 && "
                    "debugfs -w -R 'sif file1 blocks 4' w.img >log 2>&1"));
    CHECK(image_load(&writable.image, "w.img"));
    CHECK(writable_mount(&writable) == STATUS_OK);
    struct ext_file file = open_file("file0");
    uint8_t *bytes = writable.image.bytes + file.inode.attribute_block * 1024;
    store_le32(bytes + attribute_block_references, 2);
    store_le32(bytes + attribute_block_checksum,
        ext_attribute_block_checksum(mount_of(), file.inode.attribute_block, bytes));
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    CHECK(image_fsck(&writable.image));
    CHECK(writable_mount(&writable) == STATUS_OK);
}

static void shared_blocks_are_copied_before_a_change(void)
{
    static uint8_t value[800];
    memset(value, 'v', sizeof value);
    for (uint32_t variant = 0; variant < 3; variant++) {
        share_block();
        struct ext_file one = open_file("file0");
        struct ext_file other = open_file("file1");
        CHECK(one.inode.attribute_block == other.inode.attribute_block);
        switch (variant) {
        case 0:
            CHECK(set_value(&one, "user.more", value, 100, EXT_ATTRIBUTE_CREATE) == STATUS_OK);
            break;
        case 1:
            CHECK(set_value(&one, "user.big", value, 700, EXT_ATTRIBUTE_REPLACE) == STATUS_OK);
            break;
        default:
            CHECK(remove_value(&one, "user.big") == STATUS_OK);
            break;
        }
        CHECK(value_is(&other, "user.big", value, sizeof value));
        CHECK((variant == 2) != value_is(&one, "user.big", value, variant == 1 ? 700 : 800));
        CHECK(writable_finish(&writable));
    }
}

/* ---- Access lists ---------------------------------------------------------------------------- */

struct list {
    uint8_t bytes[4 + 8 * 8];
    uint32_t size_bytes;
};

static void add_entry(struct list *list, uint16_t tag, uint16_t permissions, uint32_t id)
{
    if (list->size_bytes == 0) {
        store_le32(list->bytes, 2);
        list->size_bytes = 4;
    }
    store_le16(list->bytes + list->size_bytes, tag);
    store_le16(list->bytes + list->size_bytes + 2, permissions);
    store_le32(list->bytes + list->size_bytes + 4, id);
    list->size_bytes += 8;
}

static struct list make_list(uint16_t mask)
{
    struct list list = {};
    add_entry(&list, 0x01, 6, UINT32_MAX);
    add_entry(&list, 0x02, 7, 1000);
    add_entry(&list, 0x02, 4, 1001);
    add_entry(&list, 0x04, 5, UINT32_MAX);
    add_entry(&list, 0x10, mask, UINT32_MAX);
    add_entry(&list, 0x20, 1, UINT32_MAX);
    return list;
}

static enum status set_list(struct ext_file *file, const char *name, const struct list *list)
{
    return set_value(file, name, list->bytes, list->size_bytes, EXT_ATTRIBUTE_SET);
}

static const char access_name[] = "system.posix_acl_access";
static const char default_name[] = "system.posix_acl_default";

static uint16_t mode_now(struct ext_file *file)
{
    CHECK(ext_refresh(mount_of(), file) == STATUS_OK);
    return file->inode.mode & 07777;
}

static enum status chmod_to(struct ext_file *file, uint16_t mode)
{
    struct ext_attributes wanted = {.set = EXT_SET_MODE, .mode = mode};
    return ext_set_attributes(mount_of(), file, &wanted);
}

static void lists_and_modes_agree(void)
{
    for (uint32_t shape = 0; shape < shape_count; shape++) {
        CHECK(make(shapes[shape]));
        struct ext_file file = open_file("file0");
        struct list list = make_list(6);
        CHECK(set_list(&file, access_name, &list) == STATUS_OK);
        CHECK(value_is(&file, access_name, list.bytes, list.size_bytes));
        CHECK_EQUAL(mode_now(&file), 0661);
        CHECK(chmod_to(&file, 04714) == STATUS_OK);
        CHECK_EQUAL(mode_now(&file), 04714);
        store_le16(list.bytes + 4 + 2, 7);
        store_le16(list.bytes + 4 + 4 * 8 + 2, 1);
        store_le16(list.bytes + 4 + 5 * 8 + 2, 4);
        CHECK(value_is(&file, access_name, list.bytes, list.size_bytes));
        struct list plain = {};
        add_entry(&plain, 0x01, 6, UINT32_MAX);
        add_entry(&plain, 0x04, 4, UINT32_MAX);
        add_entry(&plain, 0x20, 0, UINT32_MAX);
        CHECK(set_list(&file, access_name, &plain) == STATUS_OK);
        CHECK_EQUAL(mode_now(&file), 04640);
        uint32_t bytes;
        CHECK(get_value(&file, access_name, nullptr, 0, &bytes) == STATUS_NOT_FOUND);
        CHECK(set_list(&file, default_name, &plain) == STATUS_DENIED);
        struct ext_file directory = open_file("dir");
        CHECK(set_list(&directory, default_name, &list) == STATUS_OK);
        CHECK(set_list(&file, access_name, &list) == STATUS_OK);
        CHECK(writable_finish(&writable));
        CHECK(image_run("debugfs -R 'ea_get -x dir system.posix_acl_default' fsck.img 2>&1 | "
                        "grep -q '02 00 00 00  *01 00 07 00'"));
    }
}

static void malformed_lists_are_refused(void)
{
    CHECK(make(shapes[4]));
    struct ext_file file = open_file("file0");
    struct list good = make_list(7);
    for (uint32_t at = 0; at < good.size_bytes; at += 4) {
        bool free_id = at % 8 == 0 && at > 0 && (at - 8) / 8 != 1 && (at - 8) / 8 != 2;
        struct list bad = good;
        store_le32(bad.bytes + at, UINT32_MAX);
        CHECK_EQUAL(
            set_list(&file, access_name, &bad), free_id ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        bad = good;
        bad.size_bytes = at;
        CHECK_EQUAL(set_list(&file, access_name, &bad), STATUS_INVALID_ARGUMENT);
    }
    struct list unsorted = good;
    store_le32(unsorted.bytes + 16, 1002);
    CHECK_EQUAL(set_list(&file, access_name, &unsorted), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(set_list(&file, access_name, &good), STATUS_OK);
    CHECK(writable_finish(&writable));
}

/* Where an inode of 256 bytes lies in the image. */
static uint8_t *place_of(uint64_t number)
{
    struct block_cache_entry *entry;
    const uint8_t *raw;
    CHECK(ext_inode_pin(mount_of(), (uint32_t)number, &entry, &raw) == STATUS_OK);
    uint64_t within = (uint64_t)(raw - (const uint8_t *)entry->buffer.bytes);
    block_cache_put(&mount_of()->cache, entry);
    return writable.image.bytes + entry->block * mount_of()->geometry.block_bytes + within;
}

/* Version and entries of a stored list, which e2fsck does not look into, are checked. */
static void damaged_lists_are_found(void)
{
    static const uint8_t head[] = {1, 0, 0, 0, 1, 0}; /* version, tag */
    static const struct {
        uint32_t at;
        uint8_t value;
    } damages[] = {{0, 2}, {4, 3}, {6, 8}, {4, 2}};
    CHECK(make("-t ext2 -b 1024 -I 256"));
    struct ext_file file = open_file("file2");
    struct list list = make_list(7);
    CHECK(set_list(&file, access_name, &list) == STATUS_OK);
    uint8_t *set = place_of(file.inode.number) + original_inode_bytes + 32;
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    store_le32(set + 4 + attribute_value_hash, 0); /* none */
    uint8_t *stored = memmem(set, 256 - original_inode_bytes - 32, head, sizeof head);
    CHECK(stored != nullptr && image_fsck(&writable.image) && writable_check(&writable));
    for (uint32_t index = 0; stored != nullptr && index < 4; index++) {
        uint8_t before = stored[damages[index].at];
        stored[damages[index].at] = damages[index].value;
        CHECK(!writable_check(&writable));
        CHECK(image_fsck(&writable.image));
        stored[damages[index].at] = before;
    }
    image_free(&writable.image);
}

struct inherit_step {
    uint64_t parent;
    uint64_t child;
    uint16_t mode;
};

static enum status run_inherit(struct ext_mount *mount, void *context)
{
    const struct inherit_step *step = context;
    struct ext_inode parent;
    struct ext_inode child;
    CHECK(ext_load_inode(mount, step->parent, &parent) == STATUS_OK);
    CHECK(ext_load_inode(mount, step->child, &child) == STATUS_OK);
    child.mode = (uint16_t)((child.mode & 0170000) | step->mode);
    enum status status = ext_attributes_inherit(mount, &parent, &child);
    return status == STATUS_OK ? ext_store_inode(mount, &child) : status;
}

static void default_lists_are_inherited(void)
{
    for (uint32_t shape = 0; shape < shape_count; shape++) {
        CHECK(make(shapes[shape]));
        struct ext_file root = open_file("");
        struct ext_file file = open_file("file0");
        struct ext_file directory = open_file("dir");
        struct list list = make_list(7);
        CHECK(set_list(&root, default_name, &list) == STATUS_OK);
        struct inherit_step step = {ext_root_number, file.inode.number, 0751};
        CHECK(ext_change(mount_of(), (struct ext_step){run_inherit, &step, 20}) == STATUS_OK);
        step = (struct inherit_step){ext_root_number, directory.inode.number, 0777};
        CHECK(ext_change(mount_of(), (struct ext_step){run_inherit, &step, 20}) == STATUS_OK);
        CHECK_EQUAL(mode_now(&file), 0651);
        CHECK_EQUAL(mode_now(&directory), 0671);
        struct list narrowed = make_list(5);
        CHECK(value_is(&file, access_name, narrowed.bytes, narrowed.size_bytes));
        CHECK(value_is(&directory, default_name, list.bytes, list.size_bytes));
        CHECK(value_is(&directory, access_name, list.bytes, list.size_bytes));
        uint32_t bytes;
        CHECK(get_value(&file, default_name, nullptr, 0, &bytes) == STATUS_NOT_FOUND);
        CHECK(writable_finish(&writable));
    }
}

/* ---- Fields ---------------------------------------------------------------------------------- */

static void fields_are_set(void)
{
    CHECK(make(shapes[4]));
    struct ext_file file = open_file("file0");
    struct ext_attributes wanted = {
        .set = EXT_SET_MODE | EXT_SET_USER | EXT_SET_GROUP | EXT_SET_ACCESSED | EXT_SET_MODIFIED |
               EXT_SET_CREATED | EXT_SET_FLAGS,
        .mode = 02750,
        .user_id = 123'456,
        .group_id = 654'321,
        .accessed = {-5, 999'999'999},
        .modified = {(int64_t)5'000'000'000, 7},
        .created = {1, 2},
        .flags = file.inode.flags | 0xc0,
    };
    CHECK(ext_set_attributes(mount_of(), &file, &wanted) == STATUS_OK);
    CHECK_EQUAL(mode_now(&file), 02750);
    CHECK(file.inode.user_id == 123'456 && file.inode.group_id == 654'321);
    CHECK(file.inode.accessed.seconds == -5 && file.inode.accessed.nanoseconds == 999'999'999);
    CHECK(file.inode.modified.seconds == 5'000'000'000 && file.inode.modified.nanoseconds == 7);
    CHECK(file.inode.created.seconds == 1 && file.inode.created.nanoseconds == 2);
    CHECK_EQUAL(file.inode.changed.seconds, writable_now);
    wanted.set = EXT_SET_PROJECT;
    wanted.project_id = 9;
    CHECK(ext_set_attributes(mount_of(), &file, &wanted) == STATUS_UNSUPPORTED);
    CHECK(chmod_to(&file, 010'000) == STATUS_INVALID_ARGUMENT);
    wanted = (struct ext_attributes){.set = EXT_SET_FLAGS, .flags = file.inode.flags ^ 0x80000};
    CHECK(ext_set_attributes(mount_of(), &file, &wanted) == STATUS_INVALID_ARGUMENT);
    wanted = (struct ext_attributes){.modified = {0, 1'000'000'000}};
    CHECK(ext_set_attributes(mount_of(), &file, &wanted) == STATUS_INVALID_ARGUMENT);
    CHECK(writable_finish(&writable));
    CHECK(
        image_run("debugfs -R 'stat file0' fsck.img 2>&1 | grep -q 'User: 123456 *Group: 654321'"));
}

static enum status set_flags(struct ext_file *file, uint32_t flags)
{
    CHECK(ext_refresh(mount_of(), file) == STATUS_OK);
    uint32_t kept = file->inode.flags & ~ext_flags_changeable;
    struct ext_attributes wanted = {.set = EXT_SET_FLAGS, .flags = kept | flags};
    return ext_set_attributes(mount_of(), file, &wanted);
}

static void flags_forbid_changes(void)
{
    static const uint32_t flags[] = {inode_flag_immutable, inode_flag_append};
    CHECK(make(shapes[4]));
    struct ext_file file = open_file("file0");
    for (uint32_t index = 0; index < 2; index++) {
        CHECK(set_value(&file, "user.a", "1", 1, EXT_ATTRIBUTE_SET) == STATUS_OK);
        CHECK(set_flags(&file, flags[index]) == STATUS_OK);
        CHECK(chmod_to(&file, 0600) == STATUS_DENIED);
        CHECK(set_value(&file, "user.a", "2", 1, EXT_ATTRIBUTE_SET) == STATUS_DENIED);
        CHECK(remove_value(&file, "user.a") == STATUS_DENIED);
        struct ext_attributes wanted = {.set = EXT_SET_ACCESSED, .accessed = {7, 0}};
        CHECK_EQUAL(
            ext_set_attributes(mount_of(), &file, &wanted), index == 0 ? STATUS_DENIED : STATUS_OK);
        CHECK(value_is(&file, "user.a", "1", 1));
        CHECK(set_flags(&file, 0) == STATUS_OK);
        CHECK(chmod_to(&file, 0600) == STATUS_OK);
    }
    struct ext_file link = open_file("link");
    struct ext_file fifo = open_file("fifo");
    CHECK(set_value(&link, "user.a", "1", 1, EXT_ATTRIBUTE_SET) == STATUS_DENIED);
    CHECK(set_value(&fifo, "user.a", "1", 1, EXT_ATTRIBUTE_SET) == STATUS_DENIED);
    CHECK(set_value(&link, "trusted.a", "1", 1, EXT_ATTRIBUTE_SET) == STATUS_OK);
    CHECK(set_value(&fifo, "security.a", "1", 1, EXT_ATTRIBUTE_SET) == STATUS_OK);
    CHECK(writable_finish(&writable));
}

static int64_t access_at(struct ext_file *file, int64_t seconds)
{
    ext_set_time(mount_of(), (struct ext_time){seconds, 0});
    CHECK(ext_note_access(mount_of(), file) == STATUS_OK);
    CHECK(ext_refresh(mount_of(), file) == STATUS_OK);
    return file->inode.accessed.seconds;
}

static void access_times_follow_when_it_matters(void)
{
    constexpr int64_t day_seconds = 86'400;
    int64_t start = writable_now + 10;
    CHECK(make(shapes[4]));
    struct ext_file file = open_file("file0");
    ext_set_time(mount_of(), (struct ext_time){start, 0});
    struct ext_attributes wanted = {
        .set = EXT_SET_MODIFIED | EXT_SET_ACCESSED, .modified = {start, 0}, .accessed = {start, 0}};
    CHECK(ext_set_attributes(mount_of(), &file, &wanted) == STATUS_OK);
    CHECK_EQUAL(access_at(&file, start + 1), start + 1);
    CHECK_EQUAL(access_at(&file, start + 5), start + 1);
    CHECK_EQUAL(access_at(&file, start + day_seconds), start + 1);
    CHECK_EQUAL(access_at(&file, start + 1 + day_seconds), start + 1 + day_seconds);
    CHECK(chmod_to(&file, 0640) == STATUS_OK);
    CHECK_EQUAL(access_at(&file, start + 9 + day_seconds), start + 9 + day_seconds);
    CHECK(set_flags(&file, inode_flag_no_access_time) == STATUS_OK);
    CHECK_EQUAL(access_at(&file, start + 9 * day_seconds), start + 9 + day_seconds);
    CHECK(set_flags(&file, inode_flag_immutable) == STATUS_OK);
    CHECK_EQUAL(access_at(&file, start + 9 * day_seconds), start + 9 + day_seconds);
    CHECK(writable_finish(&writable));
}

/* ---- Faults ---------------------------------------------------------------------------------- */

/* Two changes, each of which moves an attribute between inode and block or copies a block. */
static enum status two_changes(void)
{
    static uint8_t bytes[600];
    struct ext_file file;
    enum status status = writable_mount(&writable);
    if (status == STATUS_OK) {
        status = image_open(&writable.image, "file0", &file);
    }
    if (status == STATUS_OK) {
        status = set_value(&file, "user.first", bytes, 600, EXT_ATTRIBUTE_SET);
    }
    if (status == STATUS_OK) {
        status = set_value(&file, "user.second", bytes, 20, EXT_ATTRIBUTE_SET);
    }
    enum status end = ext_unmount(mount_of());
    return status == STATUS_OK ? end : status;
}

static void every_failure_is_told(void)
{
    CHECK(make("-t ext4 -b 1024 -I 256"));
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    single_faults_are_told(&writable, two_changes);
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    make_tree();
    TEST(what_debugfs_wrote_is_read);
    TEST(random_changes_agree_with_a_model);
    TEST(values_in_inodes_are_read);
    TEST(damaged_sets_are_refused);
    TEST(shared_blocks_are_copied_before_a_change);
    TEST(lists_and_modes_agree);
    TEST(malformed_lists_are_refused);
    TEST(damaged_lists_are_found);
    TEST(default_lists_are_inherited);
    TEST(fields_are_set);
    TEST(flags_forbid_changes);
    TEST(access_times_follow_when_it_matters);
    TEST(every_failure_is_told);
    image_folder_remove();
    return check_report();
}
