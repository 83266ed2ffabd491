/* SPDX-License-Identifier: ISC */
/*
 * Structures that are damaged while the volume is mounted, one of every kind: the operation that
 * meets one ends with CORRUPT and names the block, the medium says so at once as dumpe2fs shows it,
 * nothing more is written, the rest can be read, and what was not committed is not there in part.
 */
#define _GNU_SOURCE
#include "ext_protected.h"

struct shape {
    const char *options;
    bool checksums; /* one wrong bit is noticed */
    bool journal;
    bool own_files; /* of orphans and quota */
};

static const struct shape shapes[] = {
    {"-t ext4 -b 1024 -I 256 -N 4096 -J size=1", true, true, false},
    {"-t ext4 -b 1024 -I 256 -N 4096 -O ^has_journal", true, false, false},
    {"-t ext3 -b 1024 -I 256 -N 4096 -J size=1", false, true, false},
    {"-t ext2 -b 1024 -I 256 -N 4096", false, false, false},
    {"-t ext4 -b 1024 -I 256 -N 4096 -J size=1 -O orphan_file,quota", true, true, true},
};

static struct writable writable;
static struct image *const image = &writable.image;
static struct ext_mount *const mount = &writable.image.mount;
static uint8_t *base;

/* ---- The volume ------------------------------------------------------------------------------ */

/* So many that an extent tree and a hash tree have two levels below the inode and the root. */
constexpr uint32_t piece_count = 400;
constexpr uint32_t name_count = 3600;

/* Every other block of a file. */
static bool write_pieces(uint64_t number)
{
    static uint8_t bytes[1024];
    struct ext_file file;
    uint64_t done;
    bool well = ext_open(mount, number, &file) == STATUS_OK;
    for (uint32_t index = 0; index < piece_count && well; index++) {
        struct ext_read_request request = {.offset_bytes = (uint64_t)index * 2 * sizeof bytes,
            .size_bytes = sizeof bytes,
            .buffer = block_buffer_plain(bytes)};
        well = ext_write(mount, &file, request, &done) == STATUS_OK;
    }
    return well;
}

static bool make_names(uint64_t directory, uint32_t count)
{
    uint64_t number;
    char name[32];
    bool well = true;
    for (uint32_t index = 0; index < count && well; index++) {
        (void)snprintf(name, sizeof name, "a-name-of-a-file-%04u", index);
        well = protected_create(mount, directory, name, 0100644, &number) == STATUS_OK;
    }
    return well;
}

static char long_value[500];

static bool fill_volume(void)
{
    uint64_t number;
    struct ext_file file;
    memset(long_value, 'o', sizeof long_value);
    struct ext_attribute_request request = {.name = "user.long",
        .name_bytes = 9,
        .value = long_value,
        .value_bytes = sizeof long_value};
    return protected_create(mount, ext_root_number, "pieces", 0100644, &number) == STATUS_OK &&
           write_pieces(number) &&
           protected_create(mount, ext_root_number, "attributes", 0100644, &number) == STATUS_OK &&
           ext_open(mount, number, &file) == STATUS_OK &&
           ext_set_attribute(mount, &file, &request) == STATUS_OK &&
           protected_make(mount, "small", 0, false, &number) && make_names(number, 3) &&
           protected_make(mount, "great", 0, false, &number) && make_names(number, name_count) &&
           protected_create(mount, ext_root_number, "other", 0100644, &number) == STATUS_OK;
}

static bool make_volume(const struct shape *shape)
{
    bool well = writable_make(&writable, "6M", "%s", shape->options) && fill_volume() &&
                ext_unmount(mount) == STATUS_OK;
    base = malloc(image->size_bytes);
    memcpy(base, image->bytes, image->size_bytes);
    return well;
}

/* ---- Kinds of structures --------------------------------------------------------------------- */

static uint64_t block_of_block_bitmap(void)
{
    struct ext_group group;
    return ext_group_read(mount, 0, &group) == STATUS_OK ? group.block_bitmap : 0;
}

static uint64_t block_of_inode_bitmap(void)
{
    struct ext_group group;
    return ext_group_read(mount, 0, &group) == STATUS_OK ? group.inode_bitmap : 0;
}

static uint64_t block_of_descriptors(void)
{
    return ext_descriptor_place(mount, 0).block;
}

static uint64_t block_of_inode(void)
{
    struct ext_file file;
    struct block_cache_entry *entry;
    const uint8_t *raw;
    if (image_open(image, "pieces", &file) != STATUS_OK ||
        ext_inode_pin(mount, (uint32_t)file.inode.number, &entry, &raw) != STATUS_OK) {
        return 0;
    }
    block_cache_put(&mount->cache, entry);
    return entry->block;
}

static uint64_t first_block_of(const char *path)
{
    struct ext_file file;
    struct ext_run run;
    bool well =
        image_open(image, path, &file) == STATUS_OK && ext_map(mount, &file, 0, &run) == STATUS_OK;
    return well ? run.physical_block : 0;
}

static uint64_t block_of_directory(void)
{
    return first_block_of("small");
}

static uint64_t block_of_index(void)
{
    return first_block_of("great");
}

/* A number in a block; 0 if it cannot be read. */
static uint32_t number_in(uint64_t block, uint32_t offset)
{
    struct block_cache_entry *entry;
    if (block_cache_get(&mount->cache, block, &entry) != STATUS_OK) {
        return 0;
    }
    uint32_t number = load_le32((const uint8_t *)entry->buffer.bytes + offset);
    block_cache_put(&mount->cache, entry);
    return number;
}

constexpr uint32_t first_child_at = extent_header_bytes + 4; /* in a node of extents */

/* The first node below the root of the extent tree, or the block of pointers. */
static uint64_t block_of_map(void)
{
    struct ext_file file;
    if (image_open(image, "pieces", &file) != STATUS_OK) {
        return 0;
    }
    bool extents = (file.inode.flags & inode_flag_extents) != 0;
    return load_le32(file.inode.block_area + (extents ? first_child_at : 48));
}

/* The first node below that, or the first block of pointers behind a block of pointers. */
static uint64_t block_of_deep_map(void)
{
    struct ext_file file;
    if (image_open(image, "pieces", &file) != STATUS_OK) {
        return 0;
    }
    bool extents = (file.inode.flags & inode_flag_extents) != 0;
    return extents ? number_in(block_of_map(), first_child_at)
                   : number_in(load_le32(file.inode.block_area + 52), 0);
}

/* The first node below the root of a hash tree. */
static uint64_t block_of_index_node(void)
{
    struct ext_file file;
    struct ext_run run;
    uint32_t logical_block = number_in(block_of_index(), index_root_entries + 4);
    bool well = logical_block != 0 && image_open(image, "great", &file) == STATUS_OK &&
                ext_map(mount, &file, logical_block, &run) == STATUS_OK;
    return well ? run.physical_block : 0;
}

static uint64_t block_of_own_file(uint32_t number, uint64_t logical_block)
{
    struct ext_file file = {};
    struct ext_run run;
    struct block_cache_entry *entry;
    const uint8_t *raw;
    if (ext_inode_pin(mount, number, &entry, &raw) != STATUS_OK) {
        return 0;
    }
    file.inode = ext_inode_parse(mount, number, raw);
    block_cache_put(&mount->cache, entry);
    return ext_map(mount, &file, logical_block, &run) == STATUS_OK ? run.physical_block : 0;
}

static uint64_t block_of_orphans(void)
{
    return block_of_own_file(mount->geometry.orphan_file_inode, 0);
}

/* The root of the tree of users. */
static uint64_t block_of_quota(void)
{
    return block_of_own_file(mount->geometry.quota_inodes[EXT_QUOTA_USER], 1);
}

static uint64_t block_of_attributes(void)
{
    struct ext_file file;
    return image_open(image, "attributes", &file) == STATUS_OK ? file.inode.attribute_block : 0;
}

/* ---- What meets them ------------------------------------------------------------------------- */

static enum status grow(void)
{
    static uint8_t bytes[4096];
    struct ext_file file;
    uint64_t done;
    struct ext_read_request request = {
        .size_bytes = sizeof bytes, .buffer = block_buffer_plain(bytes)};
    enum status status = image_open(image, "other", &file);
    return status == STATUS_OK ? ext_write(mount, &file, request, &done) : status;
}

static enum status create(void)
{
    uint64_t number;
    return protected_create(mount, ext_root_number, "created", 0100644, &number);
}

static enum status open_pieces(void)
{
    struct ext_file file;
    return image_open(image, "pieces", &file);
}

static enum status read_at(uint64_t offset_bytes)
{
    static uint8_t bytes[2048];
    struct ext_file file;
    uint64_t done;
    struct ext_read_request request = {.offset_bytes = offset_bytes,
        .size_bytes = sizeof bytes,
        .buffer = block_buffer_plain(bytes)};
    enum status status = image_open(image, "pieces", &file);
    return status == STATUS_OK ? ext_read(mount, &file, request, &done) : status;
}

static enum status read_pieces(void)
{
    return read_at(30 << 10);
}

/* Behind what one block of pointers maps. */
static enum status read_deep_pieces(void)
{
    return ext_has(mount, EXT_INCOMPAT, incompat_extents) ? read_pieces() : read_at(300 << 10);
}

/* Some of these are below each node of the hash tree. */
static enum status look_up_each(void)
{
    enum status status = STATUS_OK;
    for (uint32_t index = 0; index < name_count && status == STATUS_OK; index++) {
        char path[40];
        struct ext_file file;
        (void)snprintf(path, sizeof path, "great/a-name-of-a-file-%04u", index);
        status = image_open(image, path, &file);
    }
    return status;
}

/* Of a file that is open, and then no longer. */
static enum status remove_open(void)
{
    struct ext_file file;
    enum status status = image_open(image, "attributes", &file);
    if (status == STATUS_OK) {
        status = ext_unlink(mount, ext_root_number, protected_name("attributes"), true);
    }
    return status == STATUS_OK ? ext_forget(mount, file.inode.number) : status;
}

static enum status look_up_small(void)
{
    struct ext_file file;
    return image_open(image, "small/a-name-of-a-file-0002", &file);
}

static enum status look_up_great(void)
{
    struct ext_file file;
    return image_open(image, "great/a-name-of-a-file-0100", &file);
}

static enum status get_attribute(void)
{
    char value[sizeof long_value];
    uint32_t value_bytes;
    struct ext_file file;
    struct ext_attribute_request request = {
        .name = "user.long", .name_bytes = 9, .value = value, .value_bytes = sizeof value};
    enum status status = image_open(image, "attributes", &file);
    return status == STATUS_OK ? ext_get_attribute(mount, &file, &request, &value_bytes) : status;
}

enum seal : uint8_t {
    SEALED,   /* with a checksum, if the volume has them */
    UNSEALED, /* known by what is in it */
    POINTERS, /* the same; without checksums, known by where it points */
};

struct kind {
    const char *name;
    uint64_t (*find)(void);
    enum status (*meet)(void);
    enum seal seal;
    bool own; /* only in volumes with files of orphans and quota */
};

static const struct kind kinds[] = {
    {"block bitmap", block_of_block_bitmap, grow, SEALED, false},
    {"inode bitmap", block_of_inode_bitmap, create, SEALED, false},
    {"group descriptor", block_of_descriptors, create, SEALED, false},
    {"inode", block_of_inode, open_pieces, SEALED, false},
    {"extent node or block map", block_of_map, read_pieces, POINTERS, false},
    {"extent node or block map of two levels", block_of_deep_map, read_deep_pieces, POINTERS,
        false},
    {"directory block", block_of_directory, look_up_small, SEALED, false},
    {"hash tree", block_of_index, look_up_great, SEALED, false},
    {"node of a hash tree", block_of_index_node, look_up_each, SEALED, false},
    {"attribute block", block_of_attributes, get_attribute, SEALED, false},
    {"orphan file", block_of_orphans, remove_open, SEALED, true},
    {"quota file", block_of_quota, grow, UNSEALED, true},
};

/* ---- One trial ------------------------------------------------------------------------------- */

struct trial {
    const struct shape *shape;
    const struct kind *kind;
    uint64_t block;
    bool synced; /* a transaction is in the log, but not yet in its place */
    struct ext_corruption found;
};

static struct trial trial;

static uint16_t mode_of_other(void)
{
    struct ext_file file;
    return image_open(image, "other", &file) == STATUS_OK ? file.inode.mode & 0777 : 0;
}

static enum status set_mode_of_other(uint16_t mode)
{
    struct ext_file file;
    struct ext_attributes wanted = {.set = EXT_SET_MODE, .mode = mode};
    enum status status = image_open(image, "other", &file);
    return status == STATUS_OK ? ext_set_attributes(mount, &file, &wanted) : status;
}

/* Mounted, with a change that was synced if need be, and one that waits. */
static bool begin(void)
{
    memcpy(image->bytes, base, image->size_bytes);
    block_fault_arm(&image->fault, (struct block_fault_plan){});
    bool well = writable_mount(&writable) == STATUS_OK;
    if (trial.synced) {
        well = well && set_mode_of_other(0611) == STATUS_OK && ext_sync(mount) == STATUS_OK;
    }
    well = well && set_mode_of_other(0622) == STATUS_OK;
    trial.block = trial.kind->find();
    return well && trial.block != 0;
}

/* One bit where there are checksums, else all of them. */
static void damage(void)
{
    uint8_t *bytes = image->bytes + trial.block * mount->geometry.block_bytes;
    if (trial.shape->checksums && trial.kind->seal != UNSEALED) {
        for (uint32_t at = 0x10; at < mount->geometry.block_bytes; at += 256) {
            bytes[at] ^= 1; /* in each inode, if they are inodes */
        }
    } else {
        memset(bytes, 0xff, mount->geometry.block_bytes);
    }
}

/* The damage is undone, so that everything else can be judged. */
static void undo_damage(void)
{
    uint64_t at = trial.block * mount->geometry.block_bytes;
    memcpy(image->bytes + at, base + at, mount->geometry.block_bytes);
}

/* Nothing is written by what follows a corruption; the rest of the volume can be read. */
static bool is_stopped(void)
{
    struct ext_file root;
    uint64_t number;
    block_fault_arm(
        &image->fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_WRITE | BLOCK_FAULT_FLUSH});
    bool refused =
        ext_sync(mount) == STATUS_CORRUPT && create() == STATUS_CORRUPT &&
        ext_unlink(mount, ext_root_number, protected_name("other"), false) == STATUS_CORRUPT;
    bool read = trial.kind->find == block_of_descriptors ||
                (ext_open(mount, ext_root_number, &root) == STATUS_OK &&
                    ext_lookup(mount, &root, "other", 5, &number) == STATUS_OK);
    refused = refused && ext_unmount(mount) == STATUS_CORRUPT;
    if (!refused || !read || image->fault.operation_count != 0) {
        printf("refused %d, read %d, written %llu\n", refused, read,
            (unsigned long long)image->fault.operation_count);
    }
    return refused && read && image->fault.operation_count == 0;
}

/* What dumpe2fs says of the medium as it is. */
static bool is_marked(void)
{
    return image_save(image, "w.img") &&
           image_run("LC_ALL=C dumpe2fs -h w.img >dump.out 2>&1; "
                     "grep -q '^Filesystem state: .*with errors' dump.out && "
                     "grep -q '^FS Error count: *1$' dump.out && "
                     "grep -q '^First error function: *%.31s' dump.out && "
                     "grep -q '^Last error block #: *%llu$' dump.out || { cat dump.out; false; }",
               trial.found.what, (unsigned long long)trial.found.block);
}

/* A later mount, and e2fsck, which is asked for nothing but the mark: the damage is undone. */
static bool is_recovered(void)
{
    uint16_t wanted = trial.synced ? 0611 : 0644;
    undo_damage();
    block_fault_arm(&image->fault, (struct block_fault_plan){});
    enum status status = writable_mount(&writable);
    bool well = status == STATUS_OK && !mount->clean && !mount->writable;
    if (!well || mode_of_other() != wanted || !is_marked()) {
        printf(
            "mount: %s, clean %d, mode %o\n", status_text(status), mount->clean, mode_of_other());
        return false;
    }
    return true;
}

static bool is_repairable(void)
{
    bool well =
        image_save(image, "w.img") &&
        image_run("e2fsck -fy w.img >fsck.out 2>&1 || [ $? = 1 ] || { cat fsck.out; false; }");
    image_free(image);
    return image_load(image, "w.img") && well && image_fsck(image) &&
           writable_mount(&writable) == STATUS_OK && mount->writable &&
           ext_unmount(mount) == STATUS_OK;
}

static bool try_damage(void)
{
    if (!begin() || block_cache_discard(&mount->cache, trial.block, 1) != STATUS_OK) {
        return false;
    }
    damage();
    enum status status = trial.kind->meet();
    trial.found = mount->corruption;
    bool pointers = trial.kind->seal == POINTERS && !trial.shape->checksums;
    uint64_t wanted = pointers ? UINT32_MAX : trial.block;
    if (status != STATUS_CORRUPT || trial.found.block != wanted) {
        printf("%s, in block %llu, not %llu\n", status_text(status),
            (unsigned long long)trial.found.block, (unsigned long long)trial.block);
        return false;
    }
    return is_marked() && is_stopped() && is_recovered() && is_repairable();
}

/* The twin: the same, undamaged. */
static bool try_undamaged(void)
{
    return begin() && block_cache_discard(&mount->cache, trial.block, 1) == STATUS_OK &&
           trial.kind->meet() == STATUS_OK && mount->transaction.failure == STATUS_OK &&
           ext_unmount(mount) == STATUS_OK && image_fsck(image);
}

static void try_kind(void)
{
    bool undamaged = try_undamaged();
    bool damaged = undamaged && try_damage();
    CHECK(undamaged);
    CHECK(damaged);
    if (!undamaged || !damaged) {
        printf("%s: %s%s\n", trial.shape->options, trial.kind->name,
            trial.synced ? ", after a sync" : "");
    }
}

static void try_kinds(bool synced)
{
    uint32_t trial_count = 0;
    for (uint32_t shape = 0; shape < sizeof shapes / sizeof shapes[0]; shape++) {
        CHECK(make_volume(&shapes[shape]));
        for (uint32_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
            trial = (struct trial){.shape = &shapes[shape], .kind = &kinds[kind], .synced = synced};
            if (!kinds[kind].own || shapes[shape].own_files) {
                try_kind();
                trial_count++;
            }
        }
        free(base);
        image_free(image);
    }
    CHECK_EQUAL(trial_count, 5 * 10 + 2);
}

static void corruption_stops_all_writing(void)
{
    try_kinds(false);
}

/* The log holds a super block that knows of no error: the mark outlives its replay. */
static void marks_survive_a_replay(void)
{
    try_kinds(true);
}

/* A caller that asks for what is no file errs; the volume does not. */
static void wrong_numbers_of_callers_mark_nothing(void)
{
    CHECK(make_volume(&shapes[0]));
    CHECK(writable_mount(&writable) == STATUS_OK);
    struct ext_file file;
    uint64_t number;
    for (uint64_t reserved = 1; reserved < mount->geometry.first_inode; reserved++) {
        if (reserved != ext_root_number) {
            CHECK(ext_open(mount, reserved, &file) == STATUS_INVALID_ARGUMENT);
        }
    }
    CHECK(ext_open(mount, (uint64_t)mount->geometry.inode_count + 1, &file) ==
          STATUS_INVALID_ARGUMENT);
    CHECK(ext_open(mount, mount->geometry.inode_count, &file) == STATUS_NOT_FOUND);
    CHECK(mount->transaction.failure == STATUS_OK);
    CHECK(protected_create(mount, ext_root_number, "new", 0100644, &number) == STATUS_OK);
    CHECK(ext_unmount(mount) == STATUS_OK && image_fsck(image));
    free(base);
    image_free(image);
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    TEST(corruption_stops_all_writing);
    TEST(marks_survive_a_replay);
    TEST(wrong_numbers_of_callers_mark_nothing);
    image_folder_remove();
    return check_report();
}
