/* SPDX-License-Identifier: ISC */
/*
 * The contract of losses of power, shown moment by moment; README.md states it.
 *
 * Every 4 bytes that the workload writes tell file and step, so what a block holds after a crash
 * says where it came from: it may be what was synced, or what a later step wrote there, or zero,
 * and never anything else.
 */
#include "crash.h"
#include "ext_protected.h"

constexpr uint32_t file_count = 3;
constexpr uint64_t file_bytes_max = 256 << 10;
constexpr uint32_t word_bytes = 4;
constexpr uint32_t word_count = file_bytes_max / word_bytes;
constexpr uint32_t step_count_max = 400;

struct shape {
    const char *name;
    const char *options;
    const char *size;
    bool journal;
    bool encrypted;
};

static const struct shape shapes[] = {
    {"ext3, 1 KiB", "-t ext3 -b 1024 -J size=1 -g 1024", "4M", true, false},
    {"ext4, 1 KiB", "-t ext4 -b 1024 -J size=1 -g 1024", "4M", true, false},
    {"ext4, 1 KiB, no checksums", "-t ext4 -b 1024 -J size=1 -O ^metadata_csum,^64bit", "4M", true,
        false},
    {"ext4, 2 KiB", "-t ext4 -b 2048 -J size=2", "8M", true, false},
    {"ext4, clusters", "-t ext4 -b 1024 -J size=1 -O bigalloc -C 4096", "4M", true, false},
    {"ext2, 1 KiB", "-t ext2 -b 1024 -g 1024", "4M", false, false},
    {"ext4, 2 KiB, encrypted", "-t ext4 -b 2048 -J size=2 -O encrypt", "8M", true, true},
};

enum step_kind : uint32_t {
    STEP_WRITE,
    STEP_TRUNCATE,
    STEP_RESERVE,
    STEP_SYNC,
};

/* One step of the workload, and what was recorded when it was done. */
struct step {
    enum step_kind kind;
    uint32_t file;
    uint64_t offset_bytes;
    uint64_t size_bytes;
    uint64_t file_size_bytes; /* afterwards */
    uint32_t event_count;
};

static struct writable volume;
static struct writable recovered;
static struct crash_record recording;
static uint8_t base[crash_volume_bytes_max];
static struct step steps[step_count_max];
static uint32_t step_count;
static uint32_t words[word_count];
static uint32_t read_words[word_count];

static struct ext_file files[file_count];

/* ---- The workload ---------------------------------------------------------------------------- */

static bool open_files(const struct shape *shape, struct image *image, struct ext_file *opened)
{
    if (!protected_unlock(&image->mount)) {
        return false;
    }
    for (uint32_t index = 0; index < file_count; index++) {
        char path[16];
        (void)snprintf(path, sizeof path, "%sf%u", shape->encrypted ? "top/" : "", index);
        if (image_open(image, path, &opened[index]) != STATUS_OK) {
            return false;
        }
    }
    return true;
}

/* The same files in an encrypted directory. */
static bool make_encrypted(void)
{
    uint64_t top;
    struct ext_mount *mount = &volume.image.mount;
    bool well =
        writable_mount(&volume) == STATUS_OK && protected_make(mount, "top", 32, false, &top);
    for (uint32_t index = 0; index < file_count && well; index++) {
        char name[] = {'f', (char)('0' + index), '\0'};
        uint64_t number;
        well = protected_create(mount, top, name, 0100644, &number) == STATUS_OK;
    }
    return well && ext_unmount(mount) == STATUS_OK;
}

static bool make_volume(const struct shape *shape)
{
    if (!image_run("rm -f w.img; E2FSPROGS_FAKE_TIME=1700000000 mke2fs -q -F %s w.img %s "
                   ">/dev/null 2>&1",
            shape->options, shape->size) ||
        !image_run("for f in f0 f1 f2; do : > $f; E2FSPROGS_FAKE_TIME=1700000000 debugfs -w -R "
                   "\"write $f $f\" w.img >/dev/null 2>&1 || exit 1; done") ||
        !image_load(&volume.image, "w.img") || (shape->encrypted && !make_encrypted())) {
        return false;
    }
    memcpy(base, volume.image.bytes, volume.image.size_bytes);
    return true;
}

static struct step choose_step(void)
{
    struct step step = {.file = (uint32_t)crash_random(file_count)};
    uint64_t kind = crash_random(16);
    step.offset_bytes = crash_random(word_count) * word_bytes;
    uint64_t room = file_bytes_max - step.offset_bytes;
    step.size_bytes = (1 + crash_random(crash_random(2) == 0 ? 64 : 8192)) * word_bytes;
    step.size_bytes = step.size_bytes < room ? step.size_bytes : room;
    step.kind = kind < 9 ? STEP_WRITE : kind < 12 ? STEP_TRUNCATE : STEP_SYNC;
    step.kind = kind == 12 ? STEP_RESERVE : step.kind;
    return step;
}

static enum status do_step(struct step *step, uint32_t number)
{
    struct ext_mount *mount = &volume.image.mount;
    struct ext_file *file = &files[step->file];
    struct ext_read_request request = {.offset_bytes = step->offset_bytes,
        .size_bytes = step->size_bytes,
        .buffer = block_buffer_plain(words)};
    uint64_t done;
    switch (step->kind) {
    case STEP_WRITE:
        for (uint32_t index = 0; index < step->size_bytes / word_bytes; index++) {
            words[index] = (step->file + 1) << 24 | (number + 1);
        }
        return ext_write(mount, file, request, &done);
    case STEP_TRUNCATE:
        return ext_truncate(mount, file, step->offset_bytes);
    case STEP_RESERVE:
        return ext_reserve(mount, file, step->offset_bytes, step->size_bytes, false);
    case STEP_SYNC:
        return ext_sync(mount);
    }
    return STATUS_INTERNAL;
}

/* Mounts over the recording device and runs the steps. */
static bool run_workload(const struct shape *shape)
{
    struct image *image = &volume.image;
    if (!crash_record_make(&recording, &image->memory.device)) {
        return false;
    }
    block_fault_init(&image->fault, &recording.record.device);
    if (writable_mount(&volume) != STATUS_OK || !image->mount.writable ||
        !open_files(shape, image, files)) {
        return false;
    }
    for (step_count = 0; step_count < step_count_max; step_count++) {
        struct step *step = &steps[step_count];
        *step = choose_step();
        enum status status = do_step(step, step_count);
        bool well = status == STATUS_OK || status == STATUS_NO_SPACE ||
                    (status == STATUS_UNSUPPORTED && step->kind == STEP_RESERVE);
        struct ext_inode inode;
        if (!well ||
            ext_read_inode(&image->mount, files[step->file].inode.number, &inode) != STATUS_OK) {
            printf("step %u: %s\n", step_count, status_text(status));
            return false;
        }
        step->file_size_bytes = inode.size_bytes;
        step->event_count = recording.record.event_count;
    }
    return ext_unmount(&image->mount) == STATUS_OK && !recording.record.overflowed;
}

/* ---- What must be there ---------------------------------------------------------------------- */

/* The last step of the file's state that is safe at a moment: all up to the last sync before it. */
static uint32_t safe_step_count(uint32_t event_count)
{
    uint32_t safe = 0;
    for (uint32_t index = 0; index < step_count && steps[index].event_count <= event_count;
        index++) {
        if (steps[index].kind == STEP_SYNC) {
            safe = index + 1;
        }
    }
    return safe;
}

/* Steps of which something may have been written at a moment. */
static uint32_t begun_step_count(uint32_t event_count)
{
    uint32_t index = 0;
    while (index < step_count && steps[index].event_count <= event_count) {
        index++;
    }
    return index < step_count ? index + 1 : index;
}

/* The file's words after the first `count` steps; its size. */
static uint64_t replay_model(uint32_t file, uint32_t count, uint32_t *model)
{
    uint64_t size_bytes = 0;
    memset(model, 0, file_bytes_max);
    for (uint32_t index = 0; index < count; index++) {
        const struct step *step = &steps[index];
        if (step->kind == STEP_SYNC || step->file != file) {
            continue;
        }
        uint64_t end = step->offset_bytes + step->size_bytes;
        end = end < step->file_size_bytes ? end : step->file_size_bytes;
        for (uint64_t at = step->offset_bytes; step->kind == STEP_WRITE && at < end;
            at += word_bytes) {
            model[at / word_bytes] = (file + 1) << 24 | (index + 1);
        }
        if (step->file_size_bytes < size_bytes) {
            memset((uint8_t *)model + step->file_size_bytes, 0, size_bytes - step->file_size_bytes);
        }
        size_bytes = step->file_size_bytes;
    }
    return size_bytes;
}

/* Whether a word that is not the safe one can have come from a step after it. */
static bool word_explained(uint32_t file, uint32_t at, uint32_t word, uint32_t safe, uint32_t begun)
{
    uint32_t number = (word & 0xffffff) - 1;
    if (word == 0) {
        return begun > safe;
    }
    return word >> 24 == file + 1 && number >= safe && number < begun &&
           steps[number].kind == STEP_WRITE && steps[number].file == file &&
           (uint64_t)at * word_bytes >= steps[number].offset_bytes &&
           (uint64_t)at * word_bytes < steps[number].offset_bytes + steps[number].size_bytes;
}

static bool size_explained(
    uint32_t file, uint64_t size, uint64_t safe_size, uint32_t safe, uint32_t begun)
{
    uint64_t least = safe_size;
    uint64_t greatest = safe_size;
    for (uint32_t index = safe; index < begun; index++) {
        const struct step *step = &steps[index];
        if (step->kind == STEP_SYNC || step->file != file) {
            continue;
        }
        least = step->file_size_bytes < least ? step->file_size_bytes : least;
        greatest = step->file_size_bytes > greatest ? step->file_size_bytes : greatest;
    }
    return size >= least && size <= greatest;
}

static bool file_explained(
    struct ext_mount *mount, struct ext_file *file, uint32_t index, uint32_t event_count)
{
    uint32_t safe = safe_step_count(event_count);
    uint32_t begun = begun_step_count(event_count);
    uint64_t safe_size = replay_model(index, safe, words);
    uint64_t done = 0;
    struct ext_read_request request = {
        .size_bytes = file_bytes_max, .buffer = block_buffer_plain(read_words)};
    enum status status = ext_read(mount, file, request, &done);
    if (status != STATUS_OK || !size_explained(index, done, safe_size, safe, begun)) {
        printf("file %u: %s, %llu bytes of %llu\n", index, status_text(status),
            (unsigned long long)done, (unsigned long long)safe_size);
        return false;
    }
    for (uint32_t at = 0; at < done / word_bytes; at++) {
        if (read_words[at] != words[at] &&
            !word_explained(index, at, read_words[at], safe, begun)) {
            printf("file %u: word %u is %08x, safe is %08x (steps %u to %u)\n", index, at,
                read_words[at], words[at], safe, begun);
            return false;
        }
    }
    return true;
}

/* ---- One moment ------------------------------------------------------------------------------ */

static bool contents_explained(const struct shape *shape, uint32_t event_count)
{
    struct image *image = &recovered.image;
    struct ext_file opened[file_count];
    enum status status = writable_mount(&recovered);
    if (status != STATUS_OK || (shape->journal && !image->mount.writable) ||
        !open_files(shape, image, opened)) {
        printf("mount: %s\n", status_text(status));
        return false;
    }
    for (uint32_t index = 0; index < file_count; index++) {
        if (!file_explained(&image->mount, &opened[index], index, event_count)) {
            return false;
        }
    }
    return ext_unmount(&image->mount) == STATUS_OK;
}

/* With a journal the mount has recovered the volume; without one e2fsck must be able to. */
static bool state_is_good(const struct shape *shape, uint32_t event_count)
{
    return contents_explained(shape, event_count) &&
           (shape->journal ? crash_is_sound(&recovered) : crash_is_repairable());
}

static bool check_crash(const struct shape *shape, struct block_record_crash crash)
{
    struct image *image = &recovered.image;
    memcpy(image->bytes, base, image->size_bytes);
    if (block_record_rebuild(&recording.record, crash, &image->memory.device) != STATUS_OK ||
        !crash_again(image, writable_mount, &recovered) ||
        !state_is_good(shape, crash.event_count)) {
        printf("%s: after %u events of %u, kind %u, event %u, seed %llu\n", shape->name,
            crash.event_count, recording.record.event_count, crash.kind, crash.index,
            (unsigned long long)crash.seed);
        return false;
    }
    crash_count();
    return true;
}

static void play(const struct shape *shape, uint32_t states)
{
    printf("%s\n", shape->name);
    bool ready = make_volume(shape) && run_workload(shape) &&
                 crash_volume_make(&recovered.image, volume.image.size_bytes);
    CHECK(ready);
    if (!ready) {
        return;
    }
    bool well = true;
    for (uint32_t index = 0; index < states && well; index++) {
        well = check_crash(shape, crash_choose(&recording.record));
    }
    CHECK(well);
    crash_volume_free(&recovered.image);
    image_free(&volume.image);
    crash_record_free(&recording);
}

static void losses_of_power_are_survived(void)
{
    constexpr uint32_t shape_count = sizeof shapes / sizeof shapes[0];
    for (uint32_t index = 0; index < shape_count; index++) {
        play(&shapes[index], crash_plan.state_count / shape_count);
    }
    crash_plan_end();
}

int main(int argument_count, char **arguments)
{
    crash_plan_read(argument_count, arguments, 9'100);
    if (!image_folder_make()) {
        return 1;
    }
    TEST(losses_of_power_are_survived);
    image_folder_remove();
    return check_report();
}
