/* SPDX-License-Identifier: ISC */
/*
 * Every public operation with every read, write and flush failing, one by one, and with too little
 * memory: the volume is as before or as after, now and after a loss of power, and e2fsck has
 * nothing to say. test_failure_table.py holds the table against the headers.
 */
#define _GNU_SOURCE
#include "ext_protected.h"

enum need : uint32_t {
    NEED_NOTHING = 0,
    NEED_ENCRYPTION = 1 << 0,
    NEED_MMP = 1 << 1,
    NEED_EXTENTS = 1 << 2,
    NEED_JOURNAL = 1 << 3,
};

/* What an operation is to the test. */
enum nature : uint32_t {
    NATURE_READS,
    NATURE_WRITES,
    NATURE_MOUNTS,   /* there is no mount before it */
    NATURE_UNMOUNTS, /* and none after it */
    NATURE_CHECKS,   /* of a volume that is not mounted */
};

struct operation {
    const char *name; /* of the function */
    enum nature nature;
    enum status (*run)(void);
    enum status (*prepare)(void); /* what must have happened before; nullptr: nothing */
    enum need needs;
};

struct shape {
    const char *options;
    uint32_t has;
};

static const struct shape shapes[] = {
    {"-t ext4 -b 1024 -I 256 -J size=1 -O quota,project,encrypt,casefold,orphan_file",
        NEED_ENCRYPTION | NEED_EXTENTS | NEED_JOURNAL},
    {"-t ext3 -b 1024 -J size=1", NEED_JOURNAL},
    {"-t ext2 -b 1024", NEED_NOTHING},
    {"-t ext4 -b 2048 -J size=2 -O mmp,^metadata_csum -E mmp_update_interval=5",
        NEED_MMP | NEED_EXTENTS | NEED_JOURNAL},
};

static struct writable writable;
static struct image *const image = &writable.image;
static struct ext_mount *const mount = &writable.image.mount;
static uint8_t *base;

/* ---- Operations ------------------------------------------------------------------------------ */

static enum status open_path(const char *path, struct ext_file *file_out)
{
    return image_open(image, path, file_out);
}

static enum status number_of(const char *path, uint64_t *number_out)
{
    struct ext_file file;
    enum status status = open_path(path, &file);
    *number_out = file.inode.number;
    return status;
}

static enum status do_mount(void)
{
    return writable_mount(&writable);
}

static enum status do_unmount(void)
{
    return ext_unmount(mount);
}

static enum status do_create(void)
{
    uint64_t number;
    return protected_create(mount, ext_root_number, "created", 0040755, &number);
}

static enum status do_create_link(void)
{
    uint64_t number;
    struct ext_new_inode wanted = {
        .mode = 0120777,
        .target = protected_name("a target that is too long to be inside of the inode, so that it "
                                 "takes a block"),
    };
    return ext_create(mount, ext_root_number, protected_name("created"), &wanted, &number);
}

static enum status do_read_inode(void)
{
    uint64_t number;
    struct ext_inode inode;
    enum status status = number_of("dir/inner", &number);
    return status == STATUS_OK ? ext_read_inode(mount, number, &inode) : status;
}

static enum status do_open(void)
{
    uint64_t number;
    struct ext_file file;
    enum status status = number_of("dir/inner", &number);
    return status == STATUS_OK ? ext_open(mount, number, &file) : status;
}

static enum status do_refresh(void)
{
    struct ext_file file;
    enum status status = open_path("dir/inner", &file);
    file.change_count = UINT64_MAX;
    return status == STATUS_OK ? ext_refresh(mount, &file) : status;
}

static enum status do_map(void)
{
    struct ext_file file;
    struct ext_run run;
    enum status status = open_path("file", &file);
    return status == STATUS_OK ? ext_map(mount, &file, 0, &run) : status;
}

static enum status do_read(void)
{
    static uint8_t bytes[6000];
    struct ext_file file;
    uint64_t done;
    struct ext_read_request request = {
        .size_bytes = sizeof bytes, .buffer = block_buffer_plain(bytes)};
    enum status status = open_path("file", &file);
    return status == STATUS_OK ? ext_read(mount, &file, request, &done) : status;
}

static enum status do_read_link(void)
{
    char target[ext_link_bytes_max];
    uint32_t target_bytes;
    struct ext_file file;
    enum status status = open_path("link", &file);
    return status == STATUS_OK ? ext_read_link(mount, &file, target, &target_bytes) : status;
}

static bool visit_all(void *, const struct ext_entry *)
{
    return true;
}

static enum status do_read_directory(void)
{
    struct ext_file file;
    enum status status = open_path("dir", &file);
    if (status == STATUS_OK) {
        status = ext_read_directory(mount, &file, 0, (struct ext_visitor){.visit = visit_all});
    }
    return status == STATUS_END ? STATUS_OK : status;
}

static enum status do_lookup(void)
{
    uint64_t number;
    return protected_lookup(mount, ext_root_number, "file", &number);
}

static struct ext_attribute_request attribute(const char *name, const char *value)
{
    return (struct ext_attribute_request){
        .name = name,
        .name_bytes = (uint32_t)strlen(name),
        .value = (void *)value,
        .value_bytes = (uint32_t)strlen(value),
    };
}

static enum status do_get_attribute(void)
{
    char value[600];
    uint32_t value_bytes;
    struct ext_file file;
    struct ext_attribute_request request = attribute("user.old", "");
    request.value = value;
    request.value_bytes = sizeof value;
    enum status status = open_path("file", &file);
    return status == STATUS_OK ? ext_get_attribute(mount, &file, &request, &value_bytes) : status;
}

static enum status do_list_attributes(void)
{
    char names[600];
    uint32_t names_bytes;
    struct ext_file file;
    enum status status = open_path("file", &file);
    return status == STATUS_OK
               ? ext_list_attributes(mount, &file, names, sizeof names, &names_bytes)
               : status;
}

static char long_value[500];

static enum status do_set_attribute(void)
{
    struct ext_file file;
    memset(long_value, 'v', sizeof long_value - 1);
    struct ext_attribute_request request = attribute("user.new", long_value);
    enum status status = open_path("dir/inner", &file);
    return status == STATUS_OK ? ext_set_attribute(mount, &file, &request) : status;
}

static enum status do_remove_attribute(void)
{
    struct ext_file file;
    enum status status = open_path("file", &file);
    return status == STATUS_OK ? ext_remove_attribute(mount, &file, "user.old", 8) : status;
}

static enum status do_set_attributes(void)
{
    struct ext_file file;
    struct ext_attributes wanted = {
        .set = EXT_SET_MODE | EXT_SET_USER, .mode = 0640, .user_id = 4711};
    enum status status = open_path("file", &file);
    return status == STATUS_OK ? ext_set_attributes(mount, &file, &wanted) : status;
}

static enum status do_note_access(void)
{
    struct ext_file file;
    ext_set_time(mount, (struct ext_time){.seconds = writable_now + 200'000});
    enum status status = open_path("file", &file);
    return status == STATUS_OK ? ext_note_access(mount, &file) : status;
}

static enum status do_write(void)
{
    static uint8_t bytes[5000];
    struct ext_file file;
    uint64_t done;
    memset(bytes, 'w', sizeof bytes);
    enum status status = open_path("dir/inner", &file);
    struct ext_read_request request = {
        .offset_bytes = 700, .size_bytes = sizeof bytes, .buffer = block_buffer_plain(bytes)};
    return status == STATUS_OK ? ext_write(mount, &file, request, &done) : status;
}

static enum status do_truncate(void)
{
    struct ext_file file;
    enum status status = open_path("file", &file);
    return status == STATUS_OK ? ext_truncate(mount, &file, 0) : status;
}

static enum status do_reserve(void)
{
    struct ext_file file;
    enum status status = open_path("file", &file);
    return status == STATUS_OK ? ext_reserve(mount, &file, 100'000, 9000, false) : status;
}

static enum status do_encrypt_directory(void)
{
    uint64_t number;
    enum status status = number_of("empty", &number);
    return status == STATUS_OK ? protected_encrypt(mount, number, 16) : status;
}

static enum status do_link(void)
{
    uint64_t number;
    uint64_t parent;
    enum status status = number_of("file", &number);
    if (status == STATUS_OK) {
        status = number_of("dir", &parent);
    }
    return status == STATUS_OK ? ext_link(mount, number, parent, protected_name("another"))
                               : status;
}

static enum status do_unlink(void)
{
    return ext_unlink(mount, ext_root_number, protected_name("file"), false);
}

static enum status do_remove_directory(void)
{
    return ext_remove_directory(mount, ext_root_number, protected_name("empty"), false);
}

static enum status do_rename(void)
{
    uint64_t parent;
    enum status status = number_of("dir", &parent);
    return status == STATUS_OK ? protected_rename(mount, ext_root_number, "file", parent, "inner")
                               : status;
}

static uint64_t kept_number;

static enum status unlink_kept(void)
{
    enum status status = number_of("file", &kept_number);
    return status == STATUS_OK ? ext_unlink(mount, ext_root_number, protected_name("file"), true)
                               : status;
}

static enum status do_forget(void)
{
    return ext_forget(mount, kept_number);
}

static enum status do_sync(void)
{
    return ext_sync(mount);
}

static enum status do_mmp_tick(void)
{
    return ext_mmp_tick(mount);
}

static struct ext_check check;

/* A check that fails finds what it could not count. */
static void ignore_finding(void *, const struct ext_finding *)
{
}

static enum status begin_check(void)
{
    struct ext_mount_memory memory = {
        .entries = writable.entries,
        .entry_count = writable_cache_blocks,
        .buffer = block_buffer_plain(writable.cache),
        .buffer_bytes = sizeof writable.cache,
    };
    struct ext_check_visitor visitor = {.find = ignore_finding};
    return ext_check_begin(&check, &image->fault.device, memory, visitor);
}

static enum status run_check(void)
{
    enum status status = begin_check();
    void *work = malloc(check.needed_bytes);
    if (status == STATUS_OK) {
        status = ext_check_run(&check, work, check.needed_bytes);
    }
    free(work);
    return status;
}

static const struct operation operations[] = {
    {"ext_mount", NATURE_MOUNTS, do_mount, nullptr, NEED_NOTHING},
    {"ext_unmount", NATURE_UNMOUNTS, do_unmount, do_create, NEED_NOTHING},
    {"ext_read_inode", NATURE_READS, do_read_inode, nullptr, NEED_NOTHING},
    {"ext_open", NATURE_READS, do_open, nullptr, NEED_NOTHING},
    {"ext_refresh", NATURE_READS, do_refresh, nullptr, NEED_NOTHING},
    {"ext_map", NATURE_READS, do_map, nullptr, NEED_NOTHING},
    {"ext_read", NATURE_READS, do_read, nullptr, NEED_NOTHING},
    {"ext_read_link", NATURE_READS, do_read_link, nullptr, NEED_NOTHING},
    {"ext_read_directory", NATURE_READS, do_read_directory, nullptr, NEED_NOTHING},
    {"ext_lookup", NATURE_READS, do_lookup, nullptr, NEED_NOTHING},
    {"ext_get_attribute", NATURE_READS, do_get_attribute, nullptr, NEED_NOTHING},
    {"ext_list_attributes", NATURE_READS, do_list_attributes, nullptr, NEED_NOTHING},
    {"ext_check_begin", NATURE_CHECKS, begin_check, nullptr, NEED_NOTHING},
    {"ext_check_run", NATURE_CHECKS, run_check, nullptr, NEED_NOTHING},
    {"ext_sync", NATURE_WRITES, do_sync, do_create, NEED_NOTHING},
    {"ext_mmp_tick", NATURE_WRITES, do_mmp_tick, nullptr, NEED_MMP},
    {"ext_write", NATURE_WRITES, do_write, nullptr, NEED_NOTHING},
    {"ext_truncate", NATURE_WRITES, do_truncate, nullptr, NEED_NOTHING},
    {"ext_reserve", NATURE_WRITES, do_reserve, nullptr, NEED_EXTENTS},
    {"ext_set_attribute", NATURE_WRITES, do_set_attribute, nullptr, NEED_NOTHING},
    {"ext_remove_attribute", NATURE_WRITES, do_remove_attribute, nullptr, NEED_NOTHING},
    {"ext_set_attributes", NATURE_WRITES, do_set_attributes, nullptr, NEED_NOTHING},
    {"ext_note_access", NATURE_WRITES, do_note_access, nullptr, NEED_NOTHING},
    {"ext_encrypt_directory", NATURE_WRITES, do_encrypt_directory, nullptr, NEED_ENCRYPTION},
    {"ext_create", NATURE_WRITES, do_create, nullptr, NEED_NOTHING},
    {"ext_create", NATURE_WRITES, do_create_link, nullptr, NEED_NOTHING},
    {"ext_link", NATURE_WRITES, do_link, nullptr, NEED_NOTHING},
    {"ext_unlink", NATURE_WRITES, do_unlink, nullptr, NEED_NOTHING},
    {"ext_remove_directory", NATURE_WRITES, do_remove_directory, nullptr, NEED_NOTHING},
    {"ext_rename", NATURE_WRITES, do_rename, nullptr, NEED_NOTHING},
    {"ext_forget", NATURE_WRITES, do_forget, unlink_kept, NEED_NOTHING},
};

/* Those that ask no device and need no memory but their own, so that nothing can fail them. */
[[maybe_unused]] static const char *const unfailing[] = {
    "ext_feature_find",
    "ext_feature_word_name",
    "ext_statfs",
    "ext_set_time",
    "ext_file_size_max",
    "ext_key_add",
    "ext_keys_forget",
    "ext_verity_trust",
};

/* ---- Volumes --------------------------------------------------------------------------------- */

static bool make_file(uint64_t parent, const char *name, uint32_t size_bytes)
{
    static uint8_t bytes[8192];
    uint64_t number;
    uint64_t done;
    struct ext_file file;
    memset(bytes, name[0], sizeof bytes);
    struct ext_read_request request = {
        .size_bytes = size_bytes, .buffer = block_buffer_plain(bytes)};
    return protected_create(mount, parent, name, 0100644, &number) == STATUS_OK &&
           ext_open(mount, number, &file) == STATUS_OK &&
           ext_write(mount, &file, request, &done) == STATUS_OK;
}

static bool fill_volume(void)
{
    uint64_t number;
    struct ext_file file;
    memset(long_value, 'o', sizeof long_value - 1);
    struct ext_attribute_request request = attribute("user.old", long_value);
    return make_file(ext_root_number, "file", 5000) &&
           protected_make(mount, "dir", 0, false, &number) && make_file(number, "inner", 700) &&
           protected_make(mount, "empty", 0, false, &number) &&
           protected_create(mount, ext_root_number, "link", 0120777, &number) == STATUS_OK &&
           open_path("file", &file) == STATUS_OK &&
           ext_set_attribute(mount, &file, &request) == STATUS_OK;
}

static bool make_volume(const struct shape *shape)
{
    bool well = writable_make(&writable, "6M", "%s", shape->options) && fill_volume() &&
                ext_unmount(mount) == STATUS_OK;
    base = malloc(image->size_bytes);
    memcpy(base, image->bytes, image->size_bytes);
    return well;
}

/* ---- What is tried -------------------------------------------------------------------------- */

struct trial {
    const struct operation *operation;
    const struct shape *shape;
    uint64_t before;
    uint64_t after;
    uint32_t failure_count;
};

static struct trial trial;

/* ---- What a volume holds --------------------------------------------------------------------- */

struct digest {
    uint64_t sum;
    bool failed;
};

static void mix(struct digest *digest, const void *bytes, size_t size_bytes)
{
    const uint8_t *at = bytes;
    for (size_t index = 0; index < size_bytes; index++) {
        digest->sum = (digest->sum ^ at[index]) * 0x100000001b3;
    }
}

static void mix_attributes(struct digest *digest, struct ext_file *file)
{
    char names[600];
    char value[600];
    uint32_t names_bytes = 0;
    uint32_t value_bytes = 0;
    digest->failed |=
        ext_list_attributes(mount, file, names, sizeof names, &names_bytes) != STATUS_OK;
    mix(digest, names, names_bytes);
    for (uint32_t at = 0; at < names_bytes && !digest->failed; at += strlen(names + at) + 1) {
        struct ext_attribute_request request = attribute(names + at, "");
        request.value = value;
        request.value_bytes = sizeof value;
        digest->failed |= ext_get_attribute(mount, file, &request, &value_bytes) != STATUS_OK;
        mix(digest, value, value_bytes);
    }
}

static void mix_contents(struct digest *digest, struct ext_file *file)
{
    static uint8_t bytes[128 << 10];
    uint64_t done = 0;
    uint32_t link_bytes = 0;
    enum status status = STATUS_OK;
    if (file->inode.type == EXT_TYPE_FILE) {
        struct ext_read_request request = {
            .size_bytes = sizeof bytes, .buffer = block_buffer_plain(bytes)};
        status = ext_read(mount, file, request, &done);
    } else if (file->inode.type == EXT_TYPE_LINK) {
        status = ext_read_link(mount, file, (char *)bytes, &link_bytes);
        done = link_bytes;
    }
    digest->failed |= status != STATUS_OK;
    mix(digest, bytes, done);
}

static void mix_node(struct digest *digest, uint64_t number);

static bool mix_entry(void *context, const struct ext_entry *entry)
{
    struct digest *digest = context;
    bool dot = entry->name[0] == '.';
    mix(digest, entry->name, entry->name_bytes);
    if (!dot) {
        mix_node(digest, entry->inode_number);
    }
    return !digest->failed;
}

static void mix_node(struct digest *digest, uint64_t number)
{
    struct ext_file file;
    if (ext_open(mount, number, &file) != STATUS_OK) {
        digest->failed = true;
        return;
    }
    const struct ext_inode *inode = &file.inode;
    uint64_t fields[] = {inode->size_bytes, inode->mode, inode->user_id, inode->link_count,
        inode->flags & ext_flag_encrypted, (uint64_t)inode->accessed.seconds};
    mix(digest, fields, sizeof fields);
    mix_attributes(digest, &file);
    mix_contents(digest, &file);
    if (inode->type == EXT_TYPE_DIRECTORY) {
        struct ext_visitor visitor = {.visit = mix_entry, .context = digest};
        digest->failed |= ext_read_directory(mount, &file, 0, visitor) != STATUS_END;
    }
}

/* What `tune2fs -E clear_mmp` does: who had the volume mounted has lost power. */
static void forget_owner(void)
{
    if ((trial.shape->has & NEED_MMP) != 0) {
        uint32_t block_bytes = mount->geometry.block_bytes;
        uint64_t at = load_le64(base + 1024 + superblock_mmp_block) * block_bytes;
        memcpy(image->bytes + at, base + at, block_bytes);
    }
}

/* Without a journal e2fsck repairs what a loss of power left: nothing that it cannot. */
static bool repair(void)
{
    if ((trial.shape->has & NEED_JOURNAL) != 0) {
        return true;
    }
    bool well =
        image_save(image, "w.img") &&
        image_run("e2fsck -fy w.img >fsck.out 2>&1 || [ $? = 1 ] || { cat fsck.out; false; }");
    image_free(image);
    return image_load(image, "w.img") && well;
}

/* After a loss of power now: a mount recovers the volume, e2fsck judges it; 0 if anything fails. */
static uint64_t recovered_digest(void)
{
    struct digest digest = {.sum = 0xcbf29ce484222325};
    forget_owner();
    if (!repair()) {
        return 0;
    }
    block_fault_arm(&image->fault, (struct block_fault_plan){});
    enum status status = writable_mount(&writable);
    if (status != STATUS_OK || !mount->writable || !protected_unlock(mount)) {
        printf("mount: %s, %s\n", status_text(status), mount->corruption.what);
        return 0;
    }
    mix_node(&digest, ext_root_number);
    bool well = ext_unmount(mount) == STATUS_OK && !digest.failed && image_fsck(image);
    return well ? digest.sum : 0;
}

/* ---- One operation --------------------------------------------------------------------------- */

static void mount_and_prepare(uint32_t block_count)
{
    const struct operation *operation = trial.operation;
    memcpy(image->bytes, base, image->size_bytes);
    block_fault_arm(&image->fault, (struct block_fault_plan){});
    if (operation->nature == NATURE_MOUNTS || operation->nature == NATURE_CHECKS) {
        return;
    }
    CHECK_EQUAL(writable_mount_within(&writable, block_count, ext_pending_count_min), STATUS_OK);
    CHECK(protected_unlock(mount));
    if (operation->prepare != nullptr) {
        CHECK_EQUAL(operation->prepare(), STATUS_OK);
    }
    if (operation->prepare != nullptr && operation->prepare != do_create) {
        CHECK_EQUAL(ext_sync(mount), STATUS_OK); /* It is what the volume was before. */
    }
}

/* The operation, and that its change is on the medium; `*synced_out`: the failure is of that. */
static enum status run_whole(bool *synced_out)
{
    enum status status = trial.operation->run();
    *synced_out = status == STATUS_OK && trial.operation->nature == NATURE_WRITES;
    return *synced_out ? ext_sync(mount) : status;
}

/* Blocks that stay pinned though nothing runs: none but the super block and what is held. */
static uint32_t leaked_pin_count(void)
{
    uint32_t count = 0;
    for (uint32_t index = 0; index < mount->cache.entry_count; index++) {
        const struct block_cache_entry *entry = &mount->cache.entries[index];
        uint32_t right = (entry->held ? 1 : 0) + (entry == mount->superblock_entry ? 1 : 0);
        count += entry->pin_count - right;
    }
    return count;
}

static void complain(const char *what, enum block_fault_kind kind, uint64_t index)
{
    CHECK(false);
    printf("%s, %s, kind %u, number %llu: %s\n", trial.operation->name, trial.shape->options, kind,
        (unsigned long long)index, what);
}

/* After a commit that failed, nothing is written and everything says so. */
static void stays_failed(enum block_fault_kind kind, uint64_t index)
{
    block_fault_arm(
        &image->fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_WRITE | BLOCK_FAULT_FLUSH});
    bool same = ext_sync(mount) == STATUS_IO && do_create() == STATUS_IO &&
                ext_sync(mount) == STATUS_IO && ext_unmount(mount) == STATUS_IO;
    if (!same || image->fault.operation_count != 0) {
        complain("a sync that failed does not stay failed", kind, index);
    }
}

static void judge(enum block_fault_kind kind, uint64_t index, bool must_be_after)
{
    uint64_t digest = recovered_digest();
    bool right = digest == trial.after || (digest == trial.before && !must_be_after);
    /* Only a journal makes one whole of what several writes bring to the medium. */
    right |= (trial.shape->has & NEED_JOURNAL) == 0 && !must_be_after && kind != BLOCK_FAULT_READ;
    if (digest == 0 || !right) {
        complain("the volume is neither as before nor as after", kind, index);
    }
    trial.failure_count++;
}

static void fail_one(enum block_fault_kind kind, enum block_fault_effect effect, uint64_t index)
{
    bool synced;
    mount_and_prepare(writable_cache_blocks);
    block_fault_arm(&image->fault,
        (struct block_fault_plan){
            .kinds = kind, .effect = effect, .status = STATUS_IO, .first = index, .count = 1});
    enum status status = run_whole(&synced);
    if (image->fault.hit_count != 1 || status != STATUS_IO) {
        complain(status_text(status), kind, index);
    }
    bool mounted =
        trial.operation->nature == NATURE_READS || trial.operation->nature == NATURE_WRITES;
    if (mounted && leaked_pin_count() != 0) {
        complain("a block stays pinned", kind, index);
    }
    block_fault_arm(&image->fault, (struct block_fault_plan){});
    bool writes = trial.operation->nature == NATURE_WRITES;
    if (writes && mount->transaction.failure != STATUS_OK) {
        stays_failed(kind, index);
    } else if (kind == BLOCK_FAULT_READ && trial.operation->nature != NATURE_UNMOUNTS) {
        if (run_whole(&synced) != STATUS_OK) { /* Nothing in memory is half done. */
            complain("fails once more", kind, index);
        }
        judge(kind, index, true);
        return;
    }
    judge(kind, index, false);
}

static void fail_each(enum block_fault_kind kind, enum block_fault_effect effect)
{
    bool synced;
    mount_and_prepare(writable_cache_blocks);
    block_fault_arm(&image->fault, (struct block_fault_plan){.kinds = kind});
    CHECK_EQUAL(run_whole(&synced), STATUS_OK);
    uint64_t count = image->fault.operation_count;
    for (uint64_t index = 0; index < count && !check_failing; index++) {
        fail_one(kind, effect, index);
    }
}

/* Pins all blocks of the cache but `left_count`, with blocks that nobody wants. */
static uint32_t take_memory(uint32_t left_count, struct block_cache_entry **taken)
{
    uint32_t count = 0;
    uint64_t block = mount->geometry.block_count - ext_cache_block_count_min_writable;
    while (count < ext_cache_block_count_min_writable &&
           block_cache_get(&mount->cache, block, &taken[count]) == STATUS_OK) {
        count++;
        block++;
    }
    while (count > 0 && left_count > 0) {
        block_cache_put(&mount->cache, taken[--count]);
        left_count--;
    }
    return count;
}

static void run_within(uint32_t left_count)
{
    struct block_cache_entry *taken[ext_cache_block_count_min_writable];
    mount_and_prepare(ext_cache_block_count_min_writable);
    uint32_t count = take_memory(left_count, taken);
    bool synced = false;
    enum status status = trial.operation->run();
    while (count > 0) {
        block_cache_put(&mount->cache, taken[--count]);
    }
    if (status != STATUS_OK && status != STATUS_NO_MEMORY) {
        complain(status_text(status), 0, left_count);
    }
    if (leaked_pin_count() != 0) {
        complain("a block stays pinned", 0, left_count);
    }
    status = status == STATUS_NO_MEMORY ? run_whole(&synced) : ext_sync(mount);
    if (status != STATUS_OK) {
        complain("fails with memory too", 0, left_count);
    }
    judge(0, left_count, true);
}

static void try_operation(const struct operation *operation)
{
    bool synced;
    trial.operation = operation;
    mount_and_prepare(writable_cache_blocks);
    trial.before = recovered_digest();
    mount_and_prepare(writable_cache_blocks);
    CHECK_EQUAL(run_whole(&synced), STATUS_OK);
    trial.after = recovered_digest();
    CHECK(trial.before != 0 && trial.after != 0);
    fail_each(BLOCK_FAULT_READ, BLOCK_FAULT_SPOIL);
    fail_each(BLOCK_FAULT_WRITE, BLOCK_FAULT_FAIL);
    fail_each(BLOCK_FAULT_WRITE, BLOCK_FAULT_TEAR);
    fail_each(BLOCK_FAULT_FLUSH, BLOCK_FAULT_FAIL);
    bool mounted = operation->nature == NATURE_READS || operation->nature == NATURE_WRITES;
    for (uint32_t left = 0; left <= 24 && mounted && !check_failing; left += 2) {
        run_within(left);
    }
}

static void try_shape(const struct shape *shape)
{
    trial = (struct trial){.shape = shape};
    CHECK(make_volume(shape));
    for (uint32_t index = 0; index < sizeof operations / sizeof operations[0]; index++) {
        if ((operations[index].needs & ~shape->has) == 0 && !check_failing) {
            try_operation(&operations[index]);
        }
    }
    printf("%u failures: %s\n", trial.failure_count, shape->options);
    free(base);
    image_free(image);
}

static void failures_leave_the_volume_as_before_or_as_after(void)
{
    for (uint32_t index = 0; index < sizeof shapes / sizeof shapes[0]; index++) {
        try_shape(&shapes[index]);
    }
}

/* ---- Syncs ----------------------------------------------------------------------------------- */

/* A change of every sort that waits in memory: names, inodes, and part of a block of data. */
static bool change_something(void)
{
    struct ext_file file;
    struct ext_read_request request = {
        .offset_bytes = 10, .size_bytes = 20, .buffer = block_buffer_plain(long_value)};
    uint64_t done;
    memset(long_value, 's', sizeof long_value - 1);
    return open_path("file", &file) == STATUS_OK &&
           ext_write(mount, &file, request, &done) == STATUS_OK && do_create() == STATUS_OK;
}

static void mount_changed(void)
{
    memcpy(image->bytes, base, image->size_bytes);
    block_fault_arm(&image->fault, (struct block_fault_plan){});
    CHECK_EQUAL(writable_mount(&writable), STATUS_OK);
    CHECK(change_something());
}

/* Whether all that was lost is there after a mount that recovers. */
static bool changes_arrived(void)
{
    struct ext_file file;
    char bytes[20];
    uint64_t number;
    uint64_t done;
    struct ext_read_request request = {
        .offset_bytes = 10, .size_bytes = sizeof bytes, .buffer = block_buffer_plain(bytes)};
    forget_owner();
    CHECK(repair());
    CHECK_EQUAL(writable_mount(&writable), STATUS_OK);
    bool arrived = open_path("file", &file) == STATUS_OK &&
                   ext_read(mount, &file, request, &done) == STATUS_OK &&
                   memcmp(bytes, long_value, sizeof bytes) == 0 &&
                   number_of("created", &number) == STATUS_OK;
    CHECK_EQUAL(ext_unmount(mount), STATUS_OK);
    return arrived;
}

/* The device is well again after its one failure, and yet no later sync speaks of success. */
static bool sync_fails_for_good(enum block_fault_kind kind, uint64_t index)
{
    struct ext_file file;
    mount_changed();
    block_fault_arm(&image->fault,
        (struct block_fault_plan){.kinds = kind, .status = STATUS_IO, .first = index, .count = 1});
    enum status first = ext_sync(mount);
    bool struck = image->fault.hit_count == 1;
    block_fault_arm(
        &image->fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_WRITE | BLOCK_FAULT_FLUSH});
    bool failed = first == STATUS_IO && ext_sync(mount) == STATUS_IO && !change_something() &&
                  ext_sync(mount) == STATUS_IO && ext_mmp_tick(mount) == STATUS_IO;
    bool reads = open_path("file", &file) == STATUS_OK;
    failed = failed && ext_unmount(mount) == STATUS_IO && ext_sync(mount) == STATUS_IO;
    bool silent = image->fault.operation_count == 0;
    block_fault_arm(&image->fault, (struct block_fault_plan){});
    return struck && failed && reads && silent;
}

static uint64_t count_of_sync(enum block_fault_kind kind)
{
    mount_changed();
    block_fault_arm(&image->fault, (struct block_fault_plan){.kinds = kind});
    CHECK_EQUAL(ext_sync(mount), STATUS_OK);
    uint64_t count = image->fault.operation_count;
    CHECK(changes_arrived()); /* The twin: a sync that nothing failed. */
    return count;
}

static void try_syncs(enum block_fault_kind kind)
{
    uint64_t count = count_of_sync(kind);
    CHECK(count > 0);
    for (uint64_t index = 0; index < count; index++) {
        bool well = sync_fails_for_good(kind, index);
        CHECK(well);
        if (!well) {
            printf("%s, kind %u, number %llu\n", trial.shape->options, kind,
                (unsigned long long)index);
        }
        (void)changes_arrived(); /* Either is right; that it can be mounted is checked. */
        trial.failure_count++;
    }
}

static void a_sync_that_failed_stays_failed(void)
{
    for (uint32_t index = 0; index < sizeof shapes / sizeof shapes[0]; index++) {
        trial = (struct trial){.shape = &shapes[index]};
        CHECK(make_volume(&shapes[index]));
        try_syncs(BLOCK_FAULT_WRITE);
        try_syncs(BLOCK_FAULT_FLUSH);
        CHECK(trial.failure_count > 3);
        free(base);
        image_free(image);
    }
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    TEST(failures_leave_the_volume_as_before_or_as_after);
    TEST(a_sync_that_failed_stays_failed);
    image_folder_remove();
    return check_report();
}
