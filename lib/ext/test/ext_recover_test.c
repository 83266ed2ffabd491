/* SPDX-License-Identifier: ISC */
/*
 * Recovery when something is wrong: single damaged fields of a journal, each with exactly one right
 * verdict and with e2fsck's beside it; journals on a device of their own; every operation of the
 * device failing; a loss of power at every point.
 */
#define _GNU_SOURCE
#include "journal_image.h"

static struct image image;
static struct image judged;
static struct image device_image;
static struct journal_map map;
static struct journal_place place;
static uint8_t *pristine; /* a copy of the image before recovery */

/*
 * A log of four transactions in blocks 1 to 12: 2500-2502 in blocks 2-4, with commit block 5; the
 * revocation of 2501 in 6, commit 7; 2501 and 2510 in 9 and 10, commit 11.
 */
static void make_volume(const char *arguments, uint32_t block_bytes, const char *version)
{
    CHECK(image_run("rm -f img && truncate -s %u img && mke2fs -q -F %s img >log 2>&1",
        block_bytes * 2600, arguments));
    CHECK(journal_map_load(&map, "img"));
    CHECK(image_run("printf 'jo %s\\njw -b 2500-2502 payload\\njw -r 2501\\n"
                    "jw -b 2501,2510 payload\\njc\\n' >commands && "
                    "debugfs -w -f commands img >log 2>&1",
        version));
    CHECK(image_load(&image, "img"));
    place = journal_find(&image, &map, block_bytes);
    pristine = malloc(image.size_bytes);
    memcpy(pristine, image.bytes, image.size_bytes);
}

static void drop_volume(void)
{
    free(pristine);
    image_free(&image);
}

/* ---- Damage ---------------------------------------------------------------------------------- */

enum seal : uint32_t {
    SEAL_NONE,
    SEAL_SUPERBLOCK,
    SEAL_TAIL,
    SEAL_COMMIT,
};

/* What is repaired besides the damage, and what must come of it. */
struct damage {
    uint32_t block; /* of the journal */
    size_t at;
    uint32_t value; /* 32 bits, big-endian */
    enum seal seal;
    enum status status;
    const char *what; /* of the corruption or the refusal */
};

static void inflict(const struct damage *damage)
{
    store_be32(journal_block(place, damage->block) + damage->at, damage->value);
    if (damage->seal == SEAL_SUPERBLOCK) {
        journal_seal_superblock(place);
    } else if (damage->seal == SEAL_TAIL) {
        journal_seal_block(place, damage->block, place.block_bytes - 4);
    } else if (damage->seal == SEAL_COMMIT) {
        journal_seal_block(place, damage->block, journal_commit_checksum);
    }
}

static bool told(const struct damage *damage)
{
    const char *what =
        damage->status == STATUS_CORRUPT ? image.mount.corruption.what : image.mount.refusal.reason;
    return damage->what == nullptr || (what != nullptr && strcmp(what, damage->what) == 0);
}

/* Refused: with this reason and every byte as it was. Accepted: as e2fsck leaves it. */
static void try_damage(const struct damage *damage)
{
    memcpy(image.bytes, pristine, image.size_bytes);
    inflict(damage);
    uint8_t *damaged = malloc(image.size_bytes);
    memcpy(damaged, image.bytes, image.size_bytes);
    int judge_result = journal_judge(&image, &judged);
    enum status status = image_mount(&image);
    bool right = status == damage->status && told(damage);
    if (!right) {
        printf("block %u at %zu: status %d, %s, %s\n", damage->block, damage->at, status,
            image.mount.corruption.what, image.mount.refusal.reason);
    }
    CHECK(right);
    if (damage->status != STATUS_OK) {
        CHECK(memcmp(image.bytes, damaged, image.size_bytes) == 0);
        CHECK(judge_result != 0 || image_run("grep -Eq 'corrupt|checksum error' judge.log"));
    } else {
        CHECK_EQUAL(judge_result, 0);
        journal_compare(&image, &judged, place);
    }
    image_free(&judged);
    free(damaged);
}

static void try_all(const struct damage *damages, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        try_damage(&damages[index]);
    }
    /* The twin of them all. */
    memcpy(image.bytes, pristine, image.size_bytes);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
}

static const char transaction_checksum[] = "checksum of a journal transaction";

static void damaged_logs_are_judged_as_by_e2fsck(void)
{
    static const struct damage damages[] = {
        {1, 0x20, 77, SEAL_NONE, STATUS_CORRUPT, transaction_checksum},
        {2, 0x20, 77, SEAL_NONE, STATUS_CORRUPT, "checksum of a journal block"},
        {3, 0x20, 77, SEAL_NONE, STATUS_OK, nullptr}, /* revoked: nobody looks at it */
        {5, 0x14, 77, SEAL_NONE, STATUS_CORRUPT, transaction_checksum},
        {5, 0x00, 77, SEAL_NONE, STATUS_OK, nullptr}, /* the log ends there */
        {5, 0x08, 77, SEAL_COMMIT, STATUS_OK, nullptr},
        {5, 0x04, 77, SEAL_COMMIT, STATUS_OK, nullptr},
        {6, 0x20, 77, SEAL_NONE, STATUS_CORRUPT, transaction_checksum},
        {8, 0x00, 77, SEAL_NONE, STATUS_OK, nullptr},
        {11, 0x14, 77, SEAL_NONE, STATUS_CORRUPT, transaction_checksum},
        {11, 0x34, 0x7fff'ffff, SEAL_NONE, STATUS_CORRUPT, transaction_checksum},
        {11, 0x34, 0, SEAL_NONE, STATUS_OK, nullptr}, /* older: left over from another journal */
        {12, 0x00, 77, SEAL_NONE, STATUS_OK, nullptr},
    };
    make_volume("-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, "-c -v 3");
    try_all(damages, sizeof damages / sizeof damages[0]);
    drop_volume();
    make_volume("-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, "-c -v 2");
    try_all(damages, sizeof damages / sizeof damages[0]);
    drop_volume();
}

/* What e2fsck follows and we refuse: it would write outside of the volume, or to the journal. */
static void impossible_logs_are_refused(void)
{
    static const struct damage damages[] = {
        {1, 0x0c, 2600, SEAL_TAIL, STATUS_CORRUPT, "journal block is outside of the volume"},
        {1, 0x14, 1, SEAL_TAIL, STATUS_CORRUPT, "journal block is outside of the volume"},
        {6, 0x0c, 1021, SEAL_TAIL, STATUS_CORRUPT, "size of a journal revoke block"},
        {6, 0x0c, 15, SEAL_TAIL, STATUS_CORRUPT, "size of a journal revoke block"},
        {6, 0x0c, 16, SEAL_TAIL, STATUS_OK, nullptr},
    };
    make_volume("-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, "-c -v 3");
    for (size_t index = 0; index < sizeof damages / sizeof damages[0]; index++) {
        memcpy(image.bytes, pristine, image.size_bytes);
        inflict(&damages[index]);
        CHECK_EQUAL(image_mount(&image), damages[index].status);
        CHECK(told(&damages[index]));
    }
    struct damage itself = {
        1, 0x0c, map.places[500], SEAL_TAIL, STATUS_CORRUPT, "journal writes to itself"};
    memcpy(image.bytes, pristine, image.size_bytes);
    inflict(&itself);
    CHECK_EQUAL(image_mount(&image), STATUS_CORRUPT);
    CHECK(told(&itself));
    drop_volume();
}

static void damaged_super_blocks_are_refused(void)
{
    static const struct damage damages[] = {
        {0, 0x00, 77, SEAL_SUPERBLOCK, STATUS_CORRUPT, "journal super block magic"},
        {0, 0x04, 2, SEAL_SUPERBLOCK, STATUS_CORRUPT, "journal super block type"},
        {0, 0x0c, 2048, SEAL_SUPERBLOCK, STATUS_CORRUPT, "journal block size"},
        {0, 0x10, 1025, SEAL_SUPERBLOCK, STATUS_CORRUPT, "journal is longer than its place"},
        {0, 0x14, 0, SEAL_SUPERBLOCK, STATUS_CORRUPT, "journal log has no room"},
        {0, 0x14, 1021, SEAL_SUPERBLOCK, STATUS_CORRUPT, "journal log has no room"},
        {0, 0x1c, 1024, SEAL_SUPERBLOCK, STATUS_CORRUPT, "journal starts outside of its log"},
        {0, 0x24, 2, SEAL_SUPERBLOCK, STATUS_UNSUPPORTED, "unknown compat feature bit"},
        {0, 0x24, 1, SEAL_SUPERBLOCK, STATUS_CORRUPT, "journal with several kinds of checksum"},
        {0, 0x28, 0x53, SEAL_SUPERBLOCK, STATUS_UNSUPPORTED, "unknown incompat feature bit"},
        {0, 0x28, 0x1b, SEAL_SUPERBLOCK, STATUS_CORRUPT, "journal with several kinds of checksum"},
        {0, 0x2c, 1, SEAL_SUPERBLOCK, STATUS_UNSUPPORTED, "unknown ro_compat feature bit"},
        {0, 0x50, 0x01000000, SEAL_SUPERBLOCK, STATUS_UNSUPPORTED, "only CRC-32C is known"},
        {0, 0x80, 1, SEAL_NONE, STATUS_CORRUPT, "journal super block checksum"},
    };
    make_volume("-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, "-c -v 3");
    for (size_t index = 0; index < sizeof damages / sizeof damages[0]; index++) {
        memcpy(image.bytes, pristine, image.size_bytes);
        inflict(&damages[index]);
        enum status status = image_mount(&image);
        if (status != damages[index].status || !told(&damages[index])) {
            printf("at %zu: status %d, %s, %s\n", damages[index].at, status,
                image.mount.corruption.what, image.mount.refusal.reason);
        }
        CHECK_EQUAL(status, damages[index].status);
        CHECK(told(&damages[index]));
    }
    memcpy(image.bytes, pristine, image.size_bytes);
    struct damage error = {0, 0x20, (uint32_t)-5, SEAL_SUPERBLOCK, STATUS_OK, nullptr};
    inflict(&error);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(image.mount.journal.error_code, -5);
    CHECK(!image.mount.clean);
    memcpy(image.bytes, pristine, image.size_bytes);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK(image.mount.clean);
    drop_volume();
}

/* Only the first sector of the last commit block arrived; later tools take it as whole, too. */
static void a_torn_commit_block_counts(void)
{
    make_volume("-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, "-c -v 3");
    memset(journal_block(place, 11) + 512, 0x5a, 512);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(load_be32(place.bytes + journal_superblock_sequence), 5);
    drop_volume();
}

static void legacy_checksums_are_checked(void)
{
    static const struct damage damages[] = {
        {2, 0x20, 77, SEAL_NONE, STATUS_CORRUPT, transaction_checksum},
        {5, 0x10, 77, SEAL_NONE, STATUS_CORRUPT, transaction_checksum},
        {5, 0x0c, 0x02040000, SEAL_NONE, STATUS_CORRUPT, transaction_checksum},
        {10, 0x20, 77, SEAL_NONE, STATUS_CORRUPT, transaction_checksum},
        {12, 0x20, 77, SEAL_NONE, STATUS_OK, nullptr},
    };
    make_volume("-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, "");
    journal_add_legacy(place);
    memcpy(pristine, image.bytes, image.size_bytes);
    try_all(damages, sizeof damages / sizeof damages[0]);
    /* A commit block from before the feature was turned on. */
    memcpy(image.bytes, pristine, image.size_bytes);
    memset(journal_block(place, 5) + journal_commit_checksum_type, 0, 8);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    drop_volume();
}

/* With async_commit a commit block may come first: what is wrong at the end was being written. */
static void asynchronous_commits_end_the_log(void)
{
    static const struct damage damages[] = {
        {11, 0x10, 77, SEAL_NONE, STATUS_OK, nullptr},
        {10, 0x20, 77, SEAL_NONE, STATUS_OK, nullptr},
        {5, 0x10, 77, SEAL_NONE, STATUS_CORRUPT, transaction_checksum},
    };
    make_volume("-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, "");
    journal_add_legacy(place);
    uint8_t *incompat = place.bytes + journal_superblock_feature_incompat;
    store_be32(incompat, load_be32(incompat) | journal_incompat_async_commit);
    memcpy(pristine, image.bytes, image.size_bytes);
    try_all(damages, sizeof damages / sizeof damages[0]);
    drop_volume();
}

/* A commit block that is older than the one before it is left over from a former journal. */
static void stale_transactions_end_the_log(void)
{
    struct damage damage = {11, 0x10, 77, SEAL_NONE, STATUS_OK, nullptr};
    make_volume("-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, "-c -v 3");
    uint8_t *commit = journal_block(place, 11);
    store_be64(commit + journal_commit_seconds, load_be64(commit + journal_commit_seconds) - 9);
    journal_seal_block(place, 11, journal_commit_checksum);
    memcpy(pristine, image.bytes, image.size_bytes);
    try_damage(&damage);
    drop_volume();
}

static void contradicting_flags_are_refused(void)
{
    make_volume("-t ext4 -b 1024 -J size=1 -O ^resize_inode,^metadata_csum", 1024, "");
    uint8_t *incompat = image.bytes + superblock_offset_bytes + superblock_feature_incompat;
    uint8_t *compat = image.bytes + superblock_offset_bytes + superblock_feature_compat;
    store_le32(incompat, load_le32(incompat) & ~incompat_needs_recovery);
    CHECK_EQUAL(image_mount(&image), STATUS_CORRUPT);
    CHECK(strcmp(image.mount.corruption.what,
              "journal holds what the super block does not tell of") == 0);
    memcpy(image.bytes, pristine, image.size_bytes);
    store_le32(compat, load_le32(compat) & ~compat_has_journal);
    CHECK_EQUAL(image_mount(&image), STATUS_CORRUPT);
    CHECK(strcmp(image.mount.corruption.what, "recovery without a journal") == 0);
    memcpy(image.bytes, pristine, image.size_bytes);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    drop_volume();
}

/* ---- Where nothing may be written ------------------------------------------------------------ */

static void check_untouched(const char *reason)
{
    CHECK_EQUAL(image_mount(&image), STATUS_UNSUPPORTED);
    CHECK(image.mount.refusal.reason != nullptr && strcmp(image.mount.refusal.reason, reason) == 0);
    CHECK(memcmp(image.bytes, pristine, image.size_bytes) == 0);
}

static void read_only_mounts_refuse(void)
{
    make_volume("-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, "-c -v 3");
    image.options.read_only = true;
    check_untouched("journal must be replayed first");
    image.options.read_only = false;
    image.fault.device.read_only = true;
    check_untouched("journal must be replayed first");
    image.fault.device.read_only = false;
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    drop_volume();
}

/* ---- Little memory --------------------------------------------------------------------------- */

/* 2590 revocations, where there is room for 1500. */
static void revocations_need_no_more_memory(void)
{
    make_volume("-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, "-c -v 3");
    CHECK(image_run("printf 'jo -c -v 3\\njw -b 100-140,2500-2550 payload\\njw -r 2-2590\\n"
                    "jw -b 101,2505,2511 payload\\njc\\n' >commands && "
                    "debugfs -w -f commands img >log 2>&1"));
    image_free(&image);
    CHECK(image_load(&image, "img"));
    place = journal_find(&image, &map, 1024);
    CHECK_EQUAL(journal_judge(&image, &judged), 0);
    struct ext_mount_memory memory = {
        .entries = image.entries,
        .entry_count = ext_cache_block_count_min,
        .buffer = block_buffer_plain(image.cache),
        .buffer_bytes = ext_cache_block_count_min * ext_block_bytes_max,
    };
    CHECK_EQUAL(ext_mount(&image.mount, &image.fault.device, memory, image.options), STATUS_OK);
    journal_compare(&image, &judged, place);
    image_free(&judged);
    drop_volume();
}

/* ---- A journal on a device of its own -------------------------------------------------------- */

static void make_external(void)
{
    CHECK(image_run("rm -f img dev && truncate -s 2M dev && mke2fs -q -F -O journal_dev -b 1024 "
                    "-U 11111111-2222-3333-4444-555555555555 dev >log 2>&1 && truncate -s 3M img "
                    "&& mke2fs -q -F -t ext4 -b 1024 -O ^has_journal,^resize_inode img >log 2>&1"));
    CHECK(image_run("printf 'feature has_journal\\nssv journal_dev 0x9999\\nssv journal_uuid "
                    "11111111-2222-3333-4444-555555555555\\njo -c -v 3 -f dev\\njw -b 2500-2502 "
                    "payload\\njw -r 2501\\njw -b 2510 payload\\njc\\n' >commands && "
                    "debugfs -w -f commands img >log 2>&1"));
    CHECK(image_load(&image, "img") && image_load(&device_image, "dev"));
    pristine = malloc(image.size_bytes);
    memcpy(pristine, image.bytes, image.size_bytes);
    image.options.journal_device = &device_image.fault.device;
}

static void drop_external(void)
{
    image.options.journal_device = nullptr;
    image_free(&device_image);
    drop_volume();
}

static void external_journals_are_replayed(void)
{
    make_external();
    CHECK(image_run("timeout -s KILL 60 e2fsck -y -E journal_only -j dev img >judge.log 2>&1"));
    CHECK(image_load(&judged, "img"));
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(load_be32(device_image.bytes + 2048 + journal_superblock_start), 0);
    memset(image.bytes + 1024, 0, 1024);
    memset(judged.bytes + 1024, 0, 1024);
    CHECK(memcmp(image.bytes, judged.bytes, image.size_bytes) == 0);
    image_free(&judged);
    drop_external();
}

static void seal_device(void)
{
    uint8_t *superblock = device_image.bytes + 2048;
    store_be32(superblock + journal_superblock_checksum,
        journal_sum(crc32c_seed, superblock, 1024, journal_superblock_checksum));
}

static void wrong_journal_devices_are_refused(void)
{
    make_external();
    image.options.journal_device = nullptr;
    check_untouched("the volume needs one and has none");
    image.options.journal_device = &image.fault.device;
    check_untouched("it holds no journal");
    image.options.journal_device = &device_image.fault.device;
    device_image.bytes[1024 + superblock_uuid] ^= 1;
    check_untouched("its UUID is not the one that the volume names");
    device_image.bytes[1024 + superblock_uuid] ^= 1;
    uint8_t *users = device_image.bytes + 2048 + journal_superblock_user_count;
    store_be32(users, 1);
    seal_device();
    check_untouched("it belongs to another volume");
    store_be32(users, 2);
    seal_device();
    check_untouched("several volumes use it");
    store_be32(users, 1);
    memcpy(device_image.bytes + 2048 + journal_superblock_users,
        image.bytes + 1024 + superblock_uuid, 16);
    seal_device();
    device_image.fault.device.read_only = true;
    check_untouched("journal must be replayed first");
    device_image.fault.device.read_only = false;
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    drop_external();
}

/* ---- Failures -------------------------------------------------------------------------------- */

static uint8_t *recovered; /* the image after recovery without failures */

static void make_recovered(void)
{
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    recovered = malloc(image.size_bytes);
    memcpy(recovered, image.bytes, image.size_bytes);
}

/* Counts the operations of one kind in one recovery. */
static uint64_t count_operations(enum block_fault_kind kind)
{
    memcpy(image.bytes, pristine, image.size_bytes);
    block_fault_arm(&image.fault, (struct block_fault_plan){.kinds = kind});
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    return image.fault.operation_count;
}

static void fail_each(enum block_fault_kind kind, enum block_fault_effect effect)
{
    uint64_t count = count_operations(kind);
    CHECK(count > 1);
    for (uint64_t index = 0; index < count; index++) {
        memcpy(image.bytes, pristine, image.size_bytes);
        block_fault_arm(&image.fault,
            (struct block_fault_plan){
                .kinds = kind, .effect = effect, .status = STATUS_IO, .first = index, .count = 1});
        CHECK_EQUAL(image_mount(&image), STATUS_IO);
        CHECK_EQUAL(image.fault.hit_count, 1);
        block_fault_arm(&image.fault, (struct block_fault_plan){});
        CHECK_EQUAL(image_mount(&image), STATUS_OK);
        CHECK(memcmp(image.bytes, recovered, image.size_bytes) == 0);
    }
}

static void every_failure_is_told_and_mended(void)
{
    make_volume("-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, "-c -v 3");
    make_recovered();
    fail_each(BLOCK_FAULT_READ, BLOCK_FAULT_SPOIL);
    fail_each(BLOCK_FAULT_WRITE, BLOCK_FAULT_FAIL);
    fail_each(BLOCK_FAULT_WRITE, BLOCK_FAULT_TEAR);
    fail_each(BLOCK_FAULT_FLUSH, BLOCK_FAULT_FAIL);
    free(recovered);
    drop_volume();
}

/* ---- Loss of power --------------------------------------------------------------------------- */

static struct block_record record;
static struct block_record_event events[256];
static uint8_t written[256 * 4096];
static uint32_t crash_count;

/* The volume must recover to the same bytes from what the crash leaves. */
static void crash_and_recover(struct block_record_crash crash)
{
    memcpy(image.bytes, pristine, image.size_bytes);
    CHECK_EQUAL(block_record_rebuild(&record, crash, &image.memory.device), STATUS_OK);
    enum status status = image_mount(&image);
    bool same = memcmp(image.bytes, recovered, image.size_bytes) == 0;
    if (status != STATUS_OK || !same) {
        printf("after %u events, kind %u, index %u, seed %llu: status %d, %s\n", crash.event_count,
            crash.kind, crash.index, (unsigned long long)crash.seed, status,
            image.mount.corruption.what);
    }
    CHECK(status == STATUS_OK && same);
    crash_count++;
}

static void crash_after(uint32_t event_count)
{
    struct block_record_crash crash = {.event_count = event_count};
    crash_and_recover(crash);
    uint32_t first = block_record_first_unflushed(&record, event_count);
    for (crash.index = first; crash.index < event_count; crash.index++) {
        crash.kind = BLOCK_RECORD_OMIT;
        crash_and_recover(crash);
        crash.kind = BLOCK_RECORD_TEAR;
        crash.part = (struct block_record_part){.block_count = 1};
        crash_and_recover(crash);
        crash.part = (struct block_record_part){.skipped_blocks = 1, .block_count = UINT32_MAX};
        crash_and_recover(crash);
    }
    crash.kind = BLOCK_RECORD_RANDOM;
    for (crash.seed = 0; crash.seed < 8; crash.seed++) {
        crash_and_recover(crash);
    }
}

static void record_recovery(void)
{
    struct block_record_memory memory = {
        .events = events,
        .event_count_max = sizeof events / sizeof events[0],
        .data = written,
        .data_bytes = sizeof written,
    };
    memcpy(image.bytes, pristine, image.size_bytes);
    block_record_init(&record, &image.memory.device, memory);
    image.fault.below = &record.device;
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK(!record.overflowed);
    image.fault.below = &image.memory.device;
}

static void any_crash_recovers_to_the_same_volume(void)
{
    static const char *const versions[] = {"", "-c -v 2", "-c -v 3"};
    crash_count = 0;
    for (uint32_t index = 0; index < 3; index++) {
        make_volume("-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, versions[index]);
        make_recovered();
        record_recovery();
        for (uint32_t count = 0; count <= record.event_count; count++) {
            crash_after(count);
        }
        free(recovered);
        drop_volume();
    }
    CHECK(crash_count > 300);
}

int main(void)
{
    if (!image_folder_make() || !image_run("head -c 262144 /dev/zero | tr '\\0' 'x' >payload")) {
        return 1;
    }
    TEST(damaged_logs_are_judged_as_by_e2fsck);
    TEST(impossible_logs_are_refused);
    TEST(damaged_super_blocks_are_refused);
    TEST(a_torn_commit_block_counts);
    TEST(legacy_checksums_are_checked);
    TEST(asynchronous_commits_end_the_log);
    TEST(stale_transactions_end_the_log);
    TEST(contradicting_flags_are_refused);
    TEST(read_only_mounts_refuse);
    TEST(revocations_need_no_more_memory);
    TEST(external_journals_are_replayed);
    TEST(wrong_journal_devices_are_refused);
    TEST(every_failure_is_told_and_mended);
    TEST(any_crash_recovers_to_the_same_volume);
    image_folder_remove();
    return check_report();
}
