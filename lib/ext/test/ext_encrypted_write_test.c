/* SPDX-License-Identifier: ISC */
/*
 * Writing where names and contents are encrypted: random changes of contents against a model, whose
 * blocks OpenSSL encrypts and finds on the medium, where nothing readable ever is; what is refused
 * without the key; policies that do not mix; sealed files.
 */
#define _GNU_SOURCE
#include "ext_linux.h"

#include "ext_protected.h"
#include "openssl.h"
#include <lib/testing/random.h>

#include "../transaction.h"

static struct writable volume;

static struct ext_mount *mount_of(void)
{
    return &volume.image.mount;
}

static struct random numbers = {.state = 0x9e3779b97f4a7c15};
/* ---- Contents against a model ---------------------------------------------------------------- */

constexpr uint32_t file_count = 3;
constexpr uint64_t model_bytes = 1 << 20;

static uint8_t models[file_count][model_bytes];
static uint64_t sizes[file_count];
static struct ext_file files[file_count];
static uint8_t buffer[model_bytes];

/* What is written is made of this, so that it can be looked for where it must not be. */
constexpr char readable[] = "what nobody may read ";

static bool is_readable_in(const uint8_t *bytes, size_t size_bytes)
{
    return memmem(bytes, size_bytes, readable, sizeof readable - 1) != nullptr;
}

static void check_nothing_is_readable(void)
{
    CHECK(!is_readable_in(volume.image.bytes, volume.image.size_bytes));
    CHECK(!is_readable_in(volume.cache, sizeof volume.cache));
    CHECK(!is_readable_in(mount_of()->protected_unit, sizeof mount_of()->protected_unit));
}

static void fill_readable(uint8_t *bytes, uint64_t size_bytes)
{
    char line[64];
    uint64_t at = 0;
    while (at < size_bytes) {
        int count = snprintf(
            line, sizeof line, "%s%u\n", readable, (unsigned)random_below(&numbers, 1 << 30));
        uint64_t part = size_bytes - at < (uint64_t)count ? size_bytes - at : (uint64_t)count;
        memcpy(bytes + at, line, part);
        at += part;
    }
}

static void step_write(uint32_t index)
{
    uint64_t offset =
        random_below(&numbers, 4) == 0 ? sizes[index] : random_below(&numbers, model_bytes);
    uint64_t limit = model_bytes - offset;
    uint64_t length = random_below(&numbers, 3) == 0 ? random_below(&numbers, 100)
                                                     : random_below(&numbers, 40'000);
    length = length < limit ? length : limit;
    fill_readable(buffer, length);
    struct ext_read_request request = {
        .offset_bytes = offset, .size_bytes = length, .buffer = block_buffer_plain(buffer)};
    uint64_t done;
    CHECK_EQUAL(ext_write(mount_of(), &files[index], request, &done), STATUS_OK);
    CHECK_EQUAL(done, length);
    memcpy(models[index] + offset, buffer, done);
    if (done > 0 && offset + done > sizes[index]) {
        sizes[index] = offset + done;
    }
}

static void step_truncate(uint32_t index)
{
    uint64_t size = random_below(&numbers, model_bytes);
    CHECK_EQUAL(ext_truncate(mount_of(), &files[index], size), STATUS_OK);
    if (size < sizes[index]) {
        memset(models[index] + size, 0, sizes[index] - size);
    }
    sizes[index] = size;
}

static void step_reserve(uint32_t index)
{
    uint64_t offset = random_below(&numbers, model_bytes - 100'000);
    uint64_t length = 1 + random_below(&numbers, 100'000);
    bool keep = random_below(&numbers, 2) == 0;
    enum status status = ext_reserve(mount_of(), &files[index], offset, length, keep);
    bool extents = (files[index].inode.flags & inode_flag_extents) != 0;
    CHECK_EQUAL(status, extents ? STATUS_OK : STATUS_UNSUPPORTED);
    if (status == STATUS_OK && !keep && offset + length > sizes[index]) {
        sizes[index] = offset + length;
    }
}

static void check_file(uint32_t index)
{
    uint64_t done = 0;
    struct ext_read_request request = {
        .size_bytes = model_bytes, .buffer = block_buffer_plain(buffer)};
    CHECK_EQUAL(ext_read(mount_of(), &files[index], request, &done), STATUS_OK);
    CHECK_EQUAL(done, sizes[index]);
    CHECK(memcmp(buffer, models[index], done) == 0);
}

static void random_step(uint32_t step)
{
    uint32_t index = random_below(&numbers, file_count);
    uint64_t kind = random_below(&numbers, 10);
    if (kind < 6) {
        step_write(index);
    } else if (kind < 8) {
        step_truncate(index);
    } else if (kind < 9) {
        step_reserve(index);
    } else {
        check_file(index);
    }
    if (step % 37 == 0) {
        CHECK_EQUAL(ext_sync(mount_of()), STATUS_OK);
        check_nothing_is_readable();
    }
}

/* The nonce of an inode, by looking for its policy in its bytes, or in its block of attributes. */
static const uint8_t *find_nonce(const struct ext_inode *inode)
{
    static const uint8_t head[] = {2, 1, 4};
    constexpr size_t nonce_at = 24;
    uint32_t shift = mount_of()->geometry.block_shift;
    const uint8_t *place = volume.image.bytes + (inode->attribute_block << shift);
    size_t room = 1U << shift;
    if (inode->attribute_block == 0) {
        place = linux_inode(&volume.image, inode->number) + original_inode_bytes;
        room = mount_of()->geometry.inode_bytes - original_inode_bytes;
    }
    const uint8_t *policy = memmem(place, room, head, sizeof head);
    return policy == nullptr ? nullptr : policy + nonce_at;
}

/* The blocks on the medium are those that OpenSSL makes of the model; how many were compared. */
static uint32_t check_with_openssl(uint32_t index)
{
    uint8_t key[aes256_xts_key_bytes];
    uint8_t wanted[ext_block_bytes_max];
    struct ext_file *file = &files[index];
    uint32_t shift = mount_of()->geometry.block_shift;
    uint64_t block_count = (sizes[index] + (1U << shift) - 1) >> shift;
    uint32_t data_count = 0;
    CHECK_EQUAL(ext_open(mount_of(), file->inode.number, file), STATUS_OK);
    const uint8_t *nonce = find_nonce(&file->inode);
    CHECK(nonce != nullptr);
    if (nonce == nullptr) {
        return 0;
    }
    openssl_derive(protected_material, nonce, 2, key, sizeof key);
    for (uint64_t block = 0; block < block_count; block++) {
        struct ext_run run;
        CHECK_EQUAL(ext_map(mount_of(), file, block, &run), STATUS_OK);
        if (run.kind != EXT_RUN_DATA) {
            continue;
        }
        data_count++;
        memcpy(wanted, models[index] + (block << shift), 1U << shift);
        openssl_encrypt_block(key, block, wanted, 1U << shift);
        CHECK(memcmp(volume.image.bytes + (run.physical_block << shift), wanted, 1U << shift) == 0);
    }
    return data_count;
}

struct shape {
    const char *options;
    uint32_t padding_bytes;
};

static const struct shape shapes[] = {
    {"-t ext4 -O encrypt,^has_journal -b 4096", 32},
    {"-t ext4 -O encrypt -b 1024 -J size=1", 4},
    {"-t ext4 -O encrypt,^has_journal,^extent,^64bit -b 1024", 8},
    {"-t ext4 -O encrypt,casefold,^metadata_csum -b 2048 -I 512 -J size=2", 16},
    {"-t ext4 -O encrypt,bigalloc,^has_journal -C 8192 -b 2048 -I 128", 32},
    {"-t ext4 -O encrypt,inline_data,quota,^has_journal -b 4096", 32},
};

static bool make_files(const struct shape *shape)
{
    uint64_t top;
    bool made = writable_make(&volume, "14M", "%s", shape->options) &&
                protected_make(mount_of(), "top", shape->padding_bytes,
                    ext_has(mount_of(), EXT_INCOMPAT, incompat_casefold), &top);
    for (uint32_t index = 0; index < file_count && made; index++) {
        char name[] = "a file 0";
        uint64_t number;
        name[7] = (char)('0' + index);
        made = protected_create(mount_of(), top, name, 0100644, &number) == STATUS_OK &&
               ext_open(mount_of(), number, &files[index]) == STATUS_OK;
        sizes[index] = 0;
        memset(models[index], 0, model_bytes);
    }
    return made;
}

static void contents_agree_with_a_model_and_openssl(void)
{
    for (size_t shape = 0; shape < sizeof shapes / sizeof shapes[0]; shape++) {
        CHECK(make_files(&shapes[shape]));
        for (uint32_t step = 0; step < 400; step++) {
            random_step(step);
        }
        for (uint32_t index = 0; index < file_count; index++) {
            check_file(index);
            CHECK_EQUAL(ext_truncate(mount_of(), &files[index], sizes[index]), STATUS_OK);
        }
        CHECK_EQUAL(ext_unmount(mount_of()), STATUS_OK);
        check_nothing_is_readable();
        CHECK_EQUAL(writable_mount(&volume), STATUS_OK);
        uint32_t compared_count = 0;
        for (uint32_t index = 0; index < file_count; index++) {
            compared_count += check_with_openssl(index);
        }
        CHECK(compared_count > 3 * file_count);
        CHECK(writable_finish(&volume));
    }
}

/* The canary of the test above: in a directory that is not encrypted the words are found. */
static void plain_contents_are_readable(void)
{
    uint64_t number;
    CHECK(writable_make(&volume, "8M", "-t ext4 -O encrypt,^has_journal -b 1024"));
    CHECK_EQUAL(protected_create(mount_of(), ext_root_number, "file", 0100644, &number), STATUS_OK);
    CHECK_EQUAL(ext_open(mount_of(), number, &files[0]), STATUS_OK);
    sizes[0] = 0;
    step_write(0);
    CHECK_EQUAL(ext_sync(mount_of()), STATUS_OK);
    CHECK(is_readable_in(volume.image.bytes, volume.image.size_bytes));
    CHECK(writable_finish(&volume));
}

/* ---- Names and targets ----------------------------------------------------------------------- */

/* The longest target that others have room for as well, with its length and a NUL in a block. */
static void targets_of_all_lengths(void)
{
    static char target[ext_block_bytes_max];
    static char got[ext_link_bytes_max];
    uint64_t top;
    memset(target, 't', sizeof target);
    memcpy(target, readable, sizeof readable - 1);
    CHECK(writable_make(&volume, "8M", "-t ext4 -O encrypt,^has_journal -b 1024 -N 2000"));
    CHECK(protected_make(mount_of(), "top", 16, false, &top));
    for (uint32_t length = 1; length < 1030; length += length < 80 || length > 1000 ? 1 : 37) {
        char name[16];
        (void)snprintf(name, sizeof name, "link %u", length);
        struct ext_new_inode wanted = {
            .mode = 0120777, .target = {.bytes = target, .size_bytes = length}};
        uint64_t number;
        enum status status = ext_create(mount_of(), top, protected_name(name), &wanted, &number);
        CHECK_EQUAL(status, length <= 1021 ? STATUS_OK : STATUS_NAME_TOO_LONG);
        if (status != STATUS_OK) {
            continue;
        }
        struct ext_file link;
        uint32_t got_bytes = 0;
        CHECK_EQUAL(ext_open(mount_of(), number, &link), STATUS_OK);
        CHECK_EQUAL(link.inode.size_bytes > 59, (link.inode.flags & inode_flag_extents) != 0);
        CHECK_EQUAL(ext_read_link(mount_of(), &link, got, &got_bytes), STATUS_OK);
        CHECK_EQUAL(got_bytes, length);
        CHECK(memcmp(got, target, length) == 0);
    }
    CHECK_EQUAL(ext_sync(mount_of()), STATUS_OK);
    check_nothing_is_readable();
    CHECK(writable_finish(&volume));
}

/* ---- Without the key ------------------------------------------------------------------------- */

struct locked {
    uint64_t top;
    uint64_t file;
    uint64_t folder;
    uint64_t moved;
};

/* Everything that needs a name in there, or contents. */
static void check_locked(const struct locked *locked, enum status expected)
{
    uint64_t number;
    uint64_t done;
    struct ext_file file;
    struct ext_mount *mount = mount_of();
    struct ext_read_request request = {.size_bytes = 5, .buffer = block_buffer_plain(buffer)};
    static const uint16_t modes[] = {0100644, 0040755, 0120777, 0010644};
    for (uint32_t index = 0; index < 4; index++) {
        CHECK_EQUAL(protected_create(mount, locked->top, "x", modes[index], &number), expected);
    }
    CHECK_EQUAL(ext_link(mount, locked->file, locked->top, protected_name("x")), expected);
    CHECK_EQUAL(ext_unlink(mount, locked->top, protected_name("file"), false), expected);
    CHECK_EQUAL(
        ext_remove_directory(mount, locked->top, protected_name("folder"), false), expected);
    CHECK_EQUAL(protected_rename(mount, locked->top, "file", locked->top, "x"), expected);
    CHECK_EQUAL(protected_rename(mount, locked->top, "file", ext_root_number, "x"), expected);
    CHECK_EQUAL(protected_rename(mount, ext_root_number, "moved", locked->top, "x"), expected);
    CHECK_EQUAL(ext_open(mount, locked->file, &file), STATUS_OK);
    CHECK_EQUAL(ext_write(mount, &file, request, &done), expected);
    CHECK_EQUAL(done, 0);
    CHECK_EQUAL(ext_truncate(mount, &file, 3), expected);
    CHECK_EQUAL(ext_truncate(mount, &file, 3000), expected);
    CHECK_EQUAL(ext_reserve(mount, &file, 0, 3000, false), expected);
}

static bool make_locked(struct locked *locked)
{
    uint64_t done;
    struct ext_file file;
    struct ext_mount *mount = mount_of();
    struct ext_read_request request = {.size_bytes = 100, .buffer = block_buffer_plain(buffer)};
    return protected_make(mount, "top", 32, false, &locked->top) &&
           protected_create(mount, locked->top, "file", 0100644, &locked->file) == STATUS_OK &&
           protected_create(mount, locked->top, "folder", 0040755, &locked->folder) == STATUS_OK &&
           protected_create(mount, locked->top, "moved", 0100644, &locked->moved) == STATUS_OK &&
           protected_rename(mount, locked->top, "moved", ext_root_number, "moved") == STATUS_OK &&
           ext_open(mount, locked->file, &file) == STATUS_OK &&
           ext_write(mount, &file, request, &done) == STATUS_OK;
}

static enum status remount(bool with_key)
{
    enum status status = ext_unmount(mount_of());
    ext_keys_forget(mount_of());
    if (status == STATUS_OK) {
        status = writable_mount(&volume);
    }
    return status == STATUS_OK && with_key && !protected_unlock(mount_of()) ? STATUS_NO_KEY
                                                                            : status;
}

static void without_the_key_nothing_is_written(void)
{
    struct locked locked;
    CHECK(writable_make(&volume, "8M", "-t ext4 -O encrypt,^has_journal -b 1024"));
    CHECK(make_locked(&locked));
    CHECK_EQUAL(remount(false), STATUS_OK);
    /* The first change says that the volume is in use. */
    CHECK_EQUAL(
        protected_rename(mount_of(), ext_root_number, "top", ext_root_number, "t"), STATUS_OK);
    CHECK_EQUAL(ext_sync(mount_of()), STATUS_OK);
    uint8_t *before = malloc(volume.image.size_bytes);
    memcpy(before, volume.image.bytes, volume.image.size_bytes);
    check_locked(&locked, STATUS_NO_KEY);
    CHECK_EQUAL(ext_sync(mount_of()), STATUS_OK);
    CHECK(memcmp(before, volume.image.bytes, volume.image.size_bytes) == 0);
    free(before);
    CHECK_EQUAL(remount(true), STATUS_OK);
    CHECK_EQUAL(ext_unlink(mount_of(), locked.top, protected_name("file"), false), STATUS_OK);
    CHECK(writable_finish(&volume));
}

/* What lies in directories that are not encrypted can be moved and removed, and its fields set. */
static void without_the_key_all_can_be_removed(void)
{
    struct locked locked;
    struct ext_file file;
    struct ext_mount *mount = mount_of();
    struct ext_attributes mode = {.set = EXT_SET_MODE, .mode = 0700};
    CHECK(writable_make(&volume, "8M", "-t ext4 -O encrypt,^has_journal -b 1024"));
    CHECK(make_locked(&locked));
    CHECK_EQUAL(
        ext_remove_directory(mount, locked.top, protected_name("folder"), false), STATUS_OK);
    CHECK_EQUAL(remount(false), STATUS_OK);
    CHECK_EQUAL(ext_open(mount, locked.top, &file), STATUS_OK);
    CHECK_EQUAL(ext_set_attributes(mount, &file, &mode), STATUS_OK);
    CHECK_EQUAL(ext_remove_directory(mount, ext_root_number, protected_name("top"), false),
        STATUS_NOT_EMPTY);
    CHECK_EQUAL(protected_rename(mount, ext_root_number, "top", ext_root_number, "t"), STATUS_OK);
    CHECK_EQUAL(ext_unlink(mount, ext_root_number, protected_name("moved"), false), STATUS_OK);
    CHECK_EQUAL(remount(true), STATUS_OK);
    CHECK_EQUAL(ext_unlink(mount, locked.top, protected_name("file"), false), STATUS_OK);
    CHECK_EQUAL(remount(false), STATUS_OK);
    CHECK_EQUAL(
        ext_remove_directory(mount, ext_root_number, protected_name("t"), false), STATUS_OK);
    CHECK(writable_finish(&volume));
}

static void without_nonces_nothing_is_made(void)
{
    struct locked locked;
    uint64_t number;
    struct ext_mount *mount = mount_of();
    CHECK(writable_make(&volume, "8M", "-t ext4 -O encrypt,^has_journal -b 1024"));
    CHECK(make_locked(&locked));
    mount->nonces = (struct ext_nonce_source){};
    CHECK_EQUAL(protected_create(mount, locked.top, "x", 0100644, &number), STATUS_UNSUPPORTED);
    CHECK(strcmp(mount->refusal.reason, "nobody gives nonces for new files") == 0);
    CHECK_EQUAL(protected_encrypt(mount, locked.folder, 4), STATUS_EXISTS);
    CHECK_EQUAL(protected_create(mount, ext_root_number, "d", 0040755, &number), STATUS_OK);
    CHECK_EQUAL(protected_encrypt(mount, number, 4), STATUS_UNSUPPORTED);
    CHECK_EQUAL(protected_create(mount, locked.top, "fifo", 0010644, &number), STATUS_OK);
    CHECK(writable_finish(&volume));
}

/* ---- Policies -------------------------------------------------------------------------------- */

static void policies_are_set_on_empty_directories(void)
{
    uint64_t number;
    uint64_t file;
    struct ext_mount *mount = mount_of();
    struct ext_encryption unknown = {.padding_bytes = 32};
    CHECK(writable_make(&volume, "8M", "-t ext4 -O encrypt,inline_data,^has_journal -b 1024"));
    CHECK_EQUAL(protected_create(mount, ext_root_number, "d", 0040755, &number), STATUS_OK);
    CHECK_EQUAL(protected_create(mount, number, "f", 0100644, &file), STATUS_OK);
    CHECK_EQUAL(protected_encrypt(mount, number, 32), STATUS_NOT_EMPTY);
    CHECK_EQUAL(protected_encrypt(mount, file, 32), STATUS_NOT_DIRECTORY);
    CHECK_EQUAL(protected_encrypt(mount, ext_root_number, 32), STATUS_DENIED);
    CHECK_EQUAL(protected_encrypt(mount, 1999, 32), STATUS_NOT_FOUND);
    CHECK_EQUAL(ext_unlink(mount, number, protected_name("f"), false), STATUS_OK);
    CHECK_EQUAL(protected_encrypt(mount, number, 12), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(protected_encrypt(mount, number, 64), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(ext_encrypt_directory(mount, number, &unknown), STATUS_NO_KEY);
    CHECK_EQUAL(protected_encrypt(mount, number, 32), STATUS_OK);
    CHECK_EQUAL(protected_encrypt(mount, number, 32), STATUS_OK);
    CHECK_EQUAL(protected_encrypt(mount, number, 16), STATUS_EXISTS);
    CHECK_EQUAL(ext_encrypt_directory(mount, number, &unknown), STATUS_EXISTS);
    CHECK_EQUAL(protected_create(mount, number, "f", 0100644, &file), STATUS_OK);
    CHECK(writable_finish(&volume));
    CHECK(writable_make(&volume, "8M", "-t ext4 -O ^has_journal -b 1024"));
    CHECK_EQUAL(protected_create(mount, ext_root_number, "d", 0040755, &number), STATUS_OK);
    CHECK_EQUAL(protected_encrypt(mount, number, 32), STATUS_UNSUPPORTED);
    CHECK(writable_finish(&volume));
}

struct places {
    uint64_t first;
    uint64_t alike;
    uint64_t other;
    uint64_t plain;
};

static bool make_places(struct places *places)
{
    struct ext_mount *mount = mount_of();
    uint64_t number;
    return protected_make(mount, "first", 32, false, &places->first) &&
           protected_make(mount, "alike", 32, false, &places->alike) &&
           protected_make(mount, "other", 16, false, &places->other) &&
           protected_make(mount, "plain", 0, false, &places->plain) &&
           protected_create(mount, places->first, "file", 0100644, &number) == STATUS_OK &&
           protected_create(mount, places->first, "folder", 0040755, &number) == STATUS_OK &&
           protected_create(mount, places->first, "fifo", 0010644, &number) == STATUS_OK &&
           protected_create(mount, places->plain, "open", 0100644, &number) == STATUS_OK;
}

static enum status exchange(uint64_t left, const char *left_name, uint64_t right, const char *name)
{
    struct ext_rename request = {
        .source_parent = left,
        .source = protected_name(left_name),
        .target_parent = right,
        .target = protected_name(name),
        .mode = EXT_RENAME_EXCHANGE,
    };
    return ext_rename(mount_of(), &request);
}

static void policies_do_not_mix(void)
{
    struct places at;
    uint64_t number;
    struct ext_mount *mount = mount_of();
    CHECK(writable_make(&volume, "8M", "-t ext4 -O encrypt,^has_journal -b 1024"));
    CHECK(make_places(&at));
    CHECK_EQUAL(protected_rename(mount, at.first, "file", at.other, "x"), STATUS_CROSS_DEVICE);
    CHECK_EQUAL(protected_rename(mount, at.first, "folder", at.other, "x"), STATUS_CROSS_DEVICE);
    CHECK_EQUAL(protected_rename(mount, at.plain, "open", at.first, "x"), STATUS_CROSS_DEVICE);
    CHECK_EQUAL(exchange(at.plain, "open", at.first, "file"), STATUS_CROSS_DEVICE);
    CHECK_EQUAL(exchange(at.first, "file", at.plain, "open"), STATUS_CROSS_DEVICE);
    CHECK_EQUAL(protected_lookup(mount, at.first, "file", &number), STATUS_OK);
    CHECK_EQUAL(ext_link(mount, number, at.other, protected_name("x")), STATUS_CROSS_DEVICE);
    CHECK_EQUAL(ext_link(mount, number, at.alike, protected_name("second")), STATUS_OK);
    CHECK_EQUAL(ext_link(mount, number, at.plain, protected_name("third")), STATUS_OK);
    CHECK_EQUAL(protected_lookup(mount, at.plain, "open", &number), STATUS_OK);
    CHECK_EQUAL(ext_link(mount, number, at.first, protected_name("x")), STATUS_CROSS_DEVICE);
    CHECK_EQUAL(protected_rename(mount, at.first, "file", at.alike, "file"), STATUS_OK);
    CHECK_EQUAL(protected_rename(mount, at.first, "folder", at.alike, "folder"), STATUS_OK);
    CHECK_EQUAL(protected_rename(mount, at.alike, "file", at.plain, "file"), STATUS_OK);
    CHECK_EQUAL(protected_rename(mount, at.plain, "file", at.first, "back"), STATUS_OK);
    CHECK_EQUAL(protected_rename(mount, at.first, "fifo", at.other, "fifo"), STATUS_OK);
    CHECK_EQUAL(protected_rename(mount, at.other, "fifo", at.plain, "fifo"), STATUS_OK);
    CHECK_EQUAL(protected_rename(mount, at.plain, "fifo", at.first, "fifo"), STATUS_OK);
    CHECK_EQUAL(exchange(at.first, "back", at.first, "fifo"), STATUS_OK);
    CHECK(writable_finish(&volume));
}

/* ---- Faults ---------------------------------------------------------------------------------- */

constexpr uint32_t operation_count = 6;

/* One of each kind, in a directory whose blocks are not in memory. */
static enum status operation(uint32_t kind, const struct locked *locked)
{
    uint64_t number;
    uint64_t done;
    struct ext_mount *mount = mount_of();
    struct ext_file file = {};
    struct ext_read_request request = {
        .offset_bytes = 50, .size_bytes = 3000, .buffer = block_buffer_plain(buffer)};
    enum status status = kind < 3 ? STATUS_OK : ext_open(mount, locked->file, &file);
    if (status != STATUS_OK) {
        return status;
    }
    switch (kind) {
    case 0:
        return protected_create(mount, locked->top, "new file", 0100644, &number);
    case 1:
        return protected_create(mount, locked->top, "new link", 0120777, &number);
    case 2:
        return protected_rename(mount, locked->top, "file", locked->folder, "new name");
    case 3:
        return ext_write(mount, &file, request, &done);
    case 4:
        return ext_truncate(mount, &file, 60);
    default:
        return ext_truncate(mount, &file, 2000);
    }
}

static void operations_survive_failing_reads(void)
{
    for (uint32_t kind = 0; kind < operation_count; kind++) {
        struct locked locked;
        CHECK(writable_make(&volume, "8M", "-t ext4 -O encrypt,casefold,^has_journal -b 1024"));
        CHECK(make_locked(&locked));
        enum status status = STATUS_IO;
        uint32_t failed = 0;
        while (status == STATUS_IO && failed < 100) {
            CHECK_EQUAL(remount(true), STATUS_OK);
            block_fault_arm(
                &volume.image.fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_READ,
                                         .effect = BLOCK_FAULT_SPOIL,
                                         .status = STATUS_IO,
                                         .first = failed,
                                         .count = 1});
            status = operation(kind, &locked);
            failed += volume.image.fault.hit_count > 0;
            block_fault_arm(&volume.image.fault, (struct block_fault_plan){});
            if (status == STATUS_IO) {
                CHECK_EQUAL(ext_sync(mount_of()), STATUS_OK);
                CHECK(image_fsck(&volume.image));
            }
        }
        CHECK_EQUAL(status, STATUS_OK);
        CHECK(failed > 0);
        CHECK(writable_finish(&volume));
    }
}

/* ---- Sealed files ---------------------------------------------------------------------------- */

static bool load_linux(const char *name)
{
    return image_run("gzip -dc '%s/%s.img.gz' >img", linux_folder, name) &&
           image_load(&volume.image, "img") && writable_mount(&volume) == STATUS_OK &&
           mount_of()->writable;
}

static void sealed_files_stay_as_they_are(void)
{
    uint64_t number;
    uint64_t done;
    struct ext_file file;
    struct ext_mount *mount = mount_of();
    struct ext_read_request request = {.size_bytes = 5, .buffer = block_buffer_plain(buffer)};
    CHECK(load_linux("verity"));
    CHECK_EQUAL(protected_lookup(mount, ext_root_number, "marker.txt", &number), STATUS_OK);
    CHECK_EQUAL(ext_open(mount, number, &file), STATUS_OK);
    CHECK_EQUAL(ext_write(mount, &file, request, &done), STATUS_DENIED);
    CHECK_EQUAL(ext_truncate(mount, &file, 0), STATUS_DENIED);
    CHECK_EQUAL(ext_reserve(mount, &file, 0, 1, true), STATUS_DENIED);
    CHECK_EQUAL(
        protected_rename(mount, ext_root_number, "marker.txt", ext_root_number, "m"), STATUS_OK);
    CHECK_EQUAL(ext_link(mount, number, ext_root_number, protected_name("n")), STATUS_OK);
    CHECK_EQUAL(ext_unlink(mount, ext_root_number, protected_name("two-levels"), false), STATUS_OK);
    CHECK_EQUAL(protected_lookup(mount, ext_root_number, "plain", &number), STATUS_OK);
    CHECK_EQUAL(ext_open(mount, number, &file), STATUS_OK);
    CHECK_EQUAL(ext_write(mount, &file, request, &done), STATUS_OK);
    CHECK(writable_finish(&volume));
}

int main(void)
{
    if (!linux_folder_find() || !image_folder_make()) {
        return 1;
    }
    TEST(contents_agree_with_a_model_and_openssl);
    TEST(plain_contents_are_readable);
    TEST(targets_of_all_lengths);
    TEST(without_the_key_nothing_is_written);
    TEST(without_the_key_all_can_be_removed);
    TEST(without_nonces_nothing_is_made);
    TEST(policies_are_set_on_empty_directories);
    TEST(policies_do_not_mix);
    TEST(operations_survive_failing_reads);
    TEST(sealed_files_stay_as_they_are);
    image_folder_remove();
    return check_report();
}
