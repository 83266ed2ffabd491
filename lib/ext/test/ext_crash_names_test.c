/* SPDX-License-Identifier: ISC */
/*
 * Losses of power while names are made, moved and taken away on volumes with a journal: after each,
 * every name is as it was after one and the same step, which is not before the last sync. So a
 * rename is old or new, never both or neither. e2fsck finds nothing to say.
 */
#include "crash.h"
#include "ext_protected.h"

constexpr uint32_t directory_count = 4;
constexpr uint32_t names_per_directory = 40;
constexpr uint32_t slot_count = directory_count * names_per_directory;
constexpr uint32_t step_count_max = 500;

struct shape {
    const char *options;
    uint32_t padding_bytes; /* of names, which are encrypted; 0: they are not */
    bool folds;             /* case does not matter, and differs each time */
};

static const struct shape shapes[] = {
    {"-t ext3 -b 1024 -J size=1", 0, false},
    {"-t ext4 -b 1024 -J size=1 -O orphan_file", 0, false},
    {"-t ext4 -b 1024 -I 256 -J size=1 -O inline_data,^metadata_csum", 0, false},
    {"-t ext4 -b 1024 -I 256 -J size=1 -O casefold", 0, true},
    {"-t ext4 -b 1024 -I 128 -J size=1 -O encrypt", 16, false},
    {"-t ext4 -b 1024 -I 256 -J size=1 -O encrypt,casefold", 32, true},
};

constexpr uint32_t shape_count = sizeof shapes / sizeof shapes[0];

/* What a step did: up to two names lead to other inodes, or to none. */
struct step {
    uint32_t slots[2];
    uint64_t numbers[2];
    uint32_t change_count;
    uint32_t event_count; /* recorded when it was done */
    bool sync;
};

static struct writable volume;
static struct writable recovered;
static struct crash_record recording;
static uint8_t base[crash_volume_bytes_max];
static struct step steps[step_count_max];
static uint64_t directories[directory_count];
static uint64_t slots[slot_count]; /* inodes; 0: no such name */
static uint64_t found[slot_count];
static const struct shape *shape;

/* Long enough for a few blocks in each directory. */
static struct ext_name name_of(uint32_t slot)
{
    static char names[2][64];
    static uint32_t next;
    char *name = names[next++ % 2];
    uint32_t length = (uint32_t)snprintf(
        name, sizeof names[0], "%02u-a-name-of-some-length", slot % names_per_directory);
    for (uint32_t index = 0; index < length && shape->folds; index++) {
        bool letter = name[index] >= 'a' && name[index] <= 'z';
        name[index] =
            letter && crash_random(2) == 0 ? (char)(name[index] - 'a' + 'A') : name[index];
    }
    return (struct ext_name){.bytes = name, .size_bytes = length};
}

static uint64_t parent_of(uint32_t slot)
{
    return directories[slot / names_per_directory];
}

/* ---- The workload ---------------------------------------------------------------------------- */

static void note(struct step *step, uint32_t slot, uint64_t number)
{
    step->slots[step->change_count] = slot;
    step->numbers[step->change_count++] = number;
}

static enum status create(struct step *step, uint32_t slot)
{
    uint64_t number = 0;
    bool directory = crash_random(3) == 0;
    struct ext_new_inode wanted = {.mode = directory ? 0040755 : 0100644};
    enum status status =
        ext_create(&volume.image.mount, parent_of(slot), name_of(slot), &wanted, &number);
    note(step, slot, number);
    return status;
}

static enum status remove_name(struct step *step, uint32_t slot)
{
    struct ext_mount *mount = &volume.image.mount;
    struct ext_inode inode = {};
    enum status status = ext_read_inode(mount, slots[slot], &inode);
    if (status != STATUS_OK) {
        return status;
    }
    note(step, slot, 0);
    return inode.type == EXT_TYPE_DIRECTORY
               ? ext_remove_directory(mount, parent_of(slot), name_of(slot), false)
               : ext_unlink(mount, parent_of(slot), name_of(slot), false);
}

static enum status rename_name(struct step *step, uint32_t slot, uint32_t target)
{
    bool exchange = slots[target] != 0 && crash_random(2) == 0;
    struct ext_rename request = {
        .source_parent = parent_of(slot),
        .source = name_of(slot),
        .target_parent = parent_of(target),
        .target = name_of(target),
        .mode = exchange ? EXT_RENAME_EXCHANGE : EXT_RENAME_REPLACE,
    };
    enum status status = ext_rename(&volume.image.mount, &request);
    bool kinds = status == STATUS_IS_DIRECTORY || status == STATUS_NOT_DIRECTORY;
    if (status == STATUS_OK && slots[slot] != slots[target]) {
        note(step, target, slots[slot]);
        note(step, slot, exchange ? slots[target] : 0);
    }
    return kinds ? STATUS_OK : status;
}

static enum status do_step(struct step *step)
{
    uint32_t slot = (uint32_t)crash_random(slot_count);
    step->sync = crash_random(12) == 0;
    if (step->sync) {
        return ext_sync(&volume.image.mount);
    }
    if (slots[slot] == 0) {
        return create(step, slot);
    }
    return crash_random(3) == 0 ? remove_name(step, slot)
                                : rename_name(step, slot, (uint32_t)crash_random(slot_count));
}

static void apply(const struct step *step, uint64_t *numbers)
{
    for (uint32_t index = 0; index < step->change_count; index++) {
        numbers[step->slots[index]] = step->numbers[index];
    }
}

static bool run_workload(void)
{
    struct image *image = &volume.image;
    memset(slots, 0, sizeof slots);
    for (uint32_t index = 0; index < step_count_max; index++) {
        struct step *step = &steps[index];
        *step = (struct step){};
        enum status status = do_step(step);
        if (status != STATUS_OK) {
            printf("step %u: %s\n", index, status_text(status));
            return false;
        }
        apply(step, slots);
        step->event_count = recording.record.event_count;
    }
    return ext_unmount(&image->mount) == STATUS_OK && !recording.record.overflowed;
}

static bool make_volume(void)
{
    struct image *image = &volume.image;
    if (!image_run("rm -f w.img; E2FSPROGS_FAKE_TIME=1700000000 mke2fs -q -F %s w.img 4M "
                   ">/dev/null 2>&1",
            shape->options) ||
        !image_load(image, "w.img") || writable_mount(&volume) != STATUS_OK) {
        return false;
    }
    for (uint32_t index = 0; index < directory_count; index++) {
        char name[2] = {(char)('a' + index), '\0'};
        if (!protected_make(
                &image->mount, name, shape->padding_bytes, shape->folds, &directories[index])) {
            return false;
        }
    }
    if (ext_unmount(&image->mount) != STATUS_OK ||
        !crash_record_make(&recording, &image->memory.device)) {
        return false;
    }
    memcpy(base, image->bytes, image->size_bytes);
    block_fault_init(&image->fault, &recording.record.device);
    return writable_mount(&volume) == STATUS_OK && image->mount.writable &&
           protected_unlock(&image->mount);
}

/* ---- One moment ------------------------------------------------------------------------------ */

static bool read_names(void)
{
    struct ext_mount *mount = &recovered.image.mount;
    for (uint32_t slot = 0; slot < slot_count; slot++) {
        struct ext_file directory;
        struct ext_name name = name_of(slot);
        found[slot] = 0;
        enum status status = ext_open(mount, parent_of(slot), &directory);
        if (status == STATUS_OK) {
            status = ext_lookup(mount, &directory, name.bytes, name.size_bytes, &found[slot]);
        }
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            printf("name %u: %s\n", slot, status_text(status));
            return false;
        }
    }
    return true;
}

/* Whether the names are those after one step, the last one synced at that moment or a later one. */
static bool names_explained(uint32_t event_count)
{
    uint32_t safe = 0;
    uint32_t begun = 0;
    while (begun < step_count_max && steps[begun].event_count <= event_count) {
        begun++;
        safe = steps[begun - 1].sync ? begun : safe;
    }
    begun = begun < step_count_max ? begun + 1 : begun;
    memset(slots, 0, sizeof slots);
    for (uint32_t index = 0; index <= begun; index++) {
        if (index >= safe && memcmp(slots, found, sizeof slots) == 0) {
            return true;
        }
        if (index < begun) {
            apply(&steps[index], slots);
        }
    }
    printf("no step from %u to %u left such names\n", safe, begun);
    return false;
}

static bool state_is_good(uint32_t event_count)
{
    struct image *image = &recovered.image;
    enum status status = writable_mount(&recovered);
    if (status != STATUS_OK || !image->mount.writable) {
        printf("mount: %s\n", status_text(status));
        return false;
    }
    return protected_unlock(&image->mount) && read_names() && names_explained(event_count) &&
           ext_unmount(&image->mount) == STATUS_OK && crash_is_sound(&recovered);
}

static bool check_crash(struct block_record_crash crash)
{
    struct image *image = &recovered.image;
    memcpy(image->bytes, base, image->size_bytes);
    if (block_record_rebuild(&recording.record, crash, &image->memory.device) == STATUS_OK &&
        crash_again(image, writable_mount, &recovered) && state_is_good(crash.event_count)) {
        crash_count();
        return true;
    }
    printf("after %u events of %u, kind %u, event %u, seed %llu\n", crash.event_count,
        recording.record.event_count, crash.kind, crash.index, (unsigned long long)crash.seed);
    return false;
}

static void play(void)
{
    printf("%s\n", shape->options);
    bool well = make_volume() && run_workload() &&
                crash_volume_make(&recovered.image, volume.image.size_bytes);
    CHECK(well);
    if (!well) {
        return;
    }
    for (uint32_t index = 0; index < crash_plan.state_count / shape_count && well; index++) {
        well = check_crash(crash_choose(&recording.record));
    }
    CHECK(well);
    crash_volume_free(&recovered.image);
    image_free(&volume.image);
    crash_record_free(&recording);
}

static void names_survive_losses_of_power(void)
{
    for (uint32_t index = 0; index < shape_count; index++) {
        shape = &shapes[index];
        play();
    }
    crash_plan_end();
}

int main(int argument_count, char **arguments)
{
    crash_plan_read(argument_count, arguments, 3000);
    if (!image_folder_make()) {
        return 1;
    }
    TEST(names_survive_losses_of_power);
    image_folder_remove();
    return check_report();
}
