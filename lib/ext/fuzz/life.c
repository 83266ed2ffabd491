/* SPDX-License-Identifier: ISC */
/*
 * The memory of the volume in use, and what holds of any volume: if the check finds nothing wrong
 * with it, it can be mounted and used, and the check finds nothing afterwards either.
 */
#define _GNU_SOURCE
#include "life.h"

#include "../test/ext_walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

constexpr uint32_t cache_blocks = 512;
constexpr uint32_t pending_count = 128;
constexpr uint32_t opened_number_max = 200;
constexpr uint64_t check_bytes_max = 16 << 20;

struct ext_mount life_mount;

static struct block_cache_entry entries[cache_blocks];
static alignas(16) uint8_t cache[cache_blocks * ext_block_bytes_max];
static uint8_t undo[ext_undo_bytes];
static struct ext_pending pending[pending_count];
static struct ext_check check;
static alignas(16) uint8_t check_memory[check_bytes_max];
static struct walk_state walk;
static bool loud_now;

static enum status draw_nonce(void *context, uint8_t nonce_out[static ext_nonce_bytes])
{
    uint64_t *next = context;
    memset(nonce_out, 0, ext_nonce_bytes);
    store_le64(nonce_out, ++*next);
    return STATUS_OK;
}

static void add_key(void)
{
    uint8_t material[ext_key_material_bytes];
    uint8_t identifier[ext_key_identifier_bytes];
    for (uint8_t index = 0; index < sizeof material; index++) {
        material[index] = index;
    }
    require(ext_key_add(&life_mount, material, sizeof material, identifier) == STATUS_OK, "key");
}

enum status life_begin(struct base *base, uint8_t flags)
{
    static uint64_t nonce;
    bool little = (flags & input_little_cache) != 0;
    struct ext_mount_memory memory = {
        .entries = entries,
        .entry_count = little ? ext_cache_block_count_min_writable : cache_blocks,
        .buffer = block_buffer_plain(cache),
        .buffer_bytes = sizeof cache,
        .undo = undo,
        .pending = pending,
        .pending_count = little ? ext_pending_count_min : pending_count,
    };
    nonce = 0;
    struct ext_mount_options options = {
        .read_only = (flags & input_read_only) != 0,
        .now = {.seconds = 1'767'225'600},
        .nonces = {.draw = draw_nonce, .context = &nonce},
    };
    if ((flags & input_no_device) == 0) {
        options.journal_device = base_outside(base);
    }
    base->failure = nullptr;
    enum status status = ext_mount(&life_mount, &base->device, memory, options);
    base->failure = status == STATUS_OK ? &life_mount.transaction.failure : nullptr;
    if (status == STATUS_OK && ext_has(&life_mount, EXT_INCOMPAT, incompat_encrypt)) {
        add_key();
    }
    return status;
}

/* What ext.h promises of a mount that fails. */
static void require_reason(enum status status)
{
    const struct ext_refusal *refusal = &life_mount.refusal;
    if (status == STATUS_CORRUPT) {
        require(life_mount.corruption.what != nullptr, "it does not say what is corrupt");
    } else if (status == STATUS_UNSUPPORTED) {
        require(refusal->what != nullptr && refusal->reason != nullptr,
            "it does not say what is not supported, and why");
    }
    if (status == STATUS_UNSUPPORTED && refusal->feature_bit != ext_no_feature_bit) {
        const char *word = ext_feature_word_name(refusal->feature_word);
        require(strcmp(word, "none") != 0, "it does not say in which feature word");
    }
}

void life_run(struct base *base, uint8_t flags, enum status (*use)(void))
{
    bool clean = life_check(base, false) && base->spoiled == nullptr;
    enum status status = life_begin(base, flags);
    if (status != STATUS_OK) {
        require_reason(status);
        if (clean) {
            (void)fprintf(stderr, "%s: %s, refused: %s\n", status_text(status),
                life_mount.corruption.what, life_mount.refusal.what);
            found("the check finds nothing, and it cannot be mounted");
        }
        return;
    }
    status = use();
    /* The check has no keys, so it cannot say whether what is encrypted makes sense. */
    bool judged = clean && !ext_has(&life_mount, EXT_INCOMPAT, incompat_encrypt);
    if (judged && status != STATUS_OK) {
        (void)fprintf(stderr, "%s: %s, block %llu\n", status_text(status),
            life_mount.corruption.what, (unsigned long long)life_mount.corruption.block);
        found("the check finds nothing, and it cannot be used");
    }
    struct ext_statistics statistics = ext_statfs(&life_mount);
    require(!clean || statistics.free_block_count <= statistics.block_count, "free blocks");
    require(!clean || statistics.free_inode_count <= statistics.inode_count, "free inodes");
    status = life_end();
    if (clean && life_mount.corruption.what == nullptr) {
        require(status == STATUS_OK, "the check finds nothing, and it cannot be unmounted");
        require(life_check(base, true), "what was done damages the volume");
    }
}

enum status life_walk(void)
{
    walk = (struct walk_state){.mount = &life_mount, .keep_going = true};
    return walk_all(&walk);
}

enum status life_each(uint32_t number, enum status (*use)(struct ext_file *file))
{
    enum status first = STATUS_OK;
    for (; number <= life_mount.geometry.inode_count && number < opened_number_max; number++) {
        struct ext_file file;
        if (ext_open(&life_mount, number, &file) == STATUS_OK) {
            enum status status = use(&file);
            first = first == STATUS_OK ? status : first;
        }
    }
    return first;
}

enum status life_end(void)
{
    if (!life_mount.writable) {
        return STATUS_OK;
    }
    enum status ticked = ext_mmp_tick(&life_mount);
    enum status status = ext_unmount(&life_mount);
    return ticked == STATUS_OK ? status : ticked;
}

static void show(void *, const struct ext_finding *finding)
{
    if (loud_now) {
        (void)fprintf(stderr, "check: group %u, inode %llu, block %llu: %s (is %llu, not %llu)\n",
            finding->group, (unsigned long long)finding->inode, (unsigned long long)finding->block,
            finding->what, (unsigned long long)finding->found,
            (unsigned long long)finding->expected);
    }
}

bool life_check(struct base *base, bool loud)
{
    struct ext_mount_memory memory = {
        .entries = entries,
        .entry_count = cache_blocks,
        .buffer = block_buffer_plain(cache),
        .buffer_bytes = sizeof cache,
    };
    loud_now = loud;
    enum status status =
        ext_check_begin(&check, &base->device, memory, (struct ext_check_visitor){.find = show});
    check.journal_device = base_outside(base);
    if (status == STATUS_OK && check.needed_bytes > sizeof check_memory) {
        return false; /* It says that it is far greater than it is: a finding of a later part. */
    }
    if (status == STATUS_OK && check.needed_bytes != 0) {
        /* Exactly as much as it asks for, where the sanitizer sees the end of it. */
        uint8_t *work = check_memory + sizeof check_memory - align_up(check.needed_bytes, 16);
        status = ext_check_run(&check, work, check.needed_bytes);
    }
    return status == STATUS_OK && check.finding_count == 0;
}

bool life_fsck(const struct base *base)
{
    char name[64];
    char command[512];
    (void)snprintf(name, sizeof name, "%s/erix-fuzz-%d",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
    FILE *file = fopen(name, "wb");
    require(file != nullptr, "a file for e2fsck");
    bool written = fwrite(base->bytes, 1, base->size_bytes, file) == base->size_bytes;
    require(fclose(file) == 0 && written, "a file for e2fsck");
    (void)snprintf(command, sizeof command,
        "PATH=/usr/sbin:/sbin:/usr/bin:/bin; said=$(timeout -s KILL 60 "
        "e2fsck -fn -E no_optimize_extents %s </dev/null 2>&1); result=$?; "
        "if [ $result -ne 0 ] || echo \"$said\" | grep -Eiq '\\?|ignored|skipping|warning|error'; "
        "then echo \"$said\" >&2; exit 1; fi",
        name);
    int result = system(command);
    (void)unlink(name);
    return result == 0;
}
