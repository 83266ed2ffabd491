/* SPDX-License-Identifier: ISC */
/*
 * Losses of power while attributes, owners and contents inside inodes change, on volumes that count
 * quota: what was synced is there, what came later is there whole or not at all, and e2fsck counts
 * the same.
 */
#include "crash.h"

constexpr uint32_t file_count = 4;
constexpr uint32_t step_count_max = 300;
constexpr uint32_t value_bytes_max = 700;

struct shape {
    const char *options;
    const char *size;
};

static const struct shape shapes[] = {
    {"-t ext4 -b 1024 -I 256 -J size=1 -O quota,project,inline_data", "4M"},
    {"-t ext4 -b 1024 -I 128 -J size=1 -O quota,orphan_file", "4M"},
    {"-t ext4 -b 2048 -I 512 -J size=2 -O quota,project,inline_data,^metadata_csum", "8M"},
};

enum step_kind : uint32_t {
    STEP_SET,
    STEP_REMOVE,
    STEP_OWN,
    STEP_WRITE,
    STEP_SYNC,
};

struct step {
    enum step_kind kind;
    uint32_t file;
    uint32_t size_bytes;
    uint32_t event_count;
};

static struct writable volume;
static struct writable recovered;
static struct crash_record recording;
static uint8_t base[crash_volume_bytes_max];
static struct step steps[step_count_max];
static uint8_t bytes[value_bytes_max];

static bool open_file(struct image *image, uint32_t index, struct ext_file *file_out)
{
    char path[8];
    (void)snprintf(path, sizeof path, "f%u", index);
    return image_open(image, path, file_out) == STATUS_OK;
}

/* ---- The workload ---------------------------------------------------------------------------- */

static struct ext_attribute_request request_for(uint32_t size_bytes)
{
    return (struct ext_attribute_request){
        .name = "user.a", .name_bytes = 6, .value = bytes, .value_bytes = size_bytes};
}

/* Values and contents are full of the number of the step. */
static enum status do_step(const struct step *step, uint32_t number, struct ext_file *file)
{
    struct ext_mount *mount = &volume.image.mount;
    struct ext_attribute_request attribute = request_for(step->size_bytes);
    struct ext_attributes owners = {
        .set = EXT_SET_USER | EXT_SET_GROUP, .user_id = number, .group_id = number * 1000};
    struct ext_read_request contents = {
        .size_bytes = step->size_bytes, .buffer = block_buffer_plain(bytes)};
    uint64_t done_bytes;
    memset(bytes, (int)number + 1, sizeof bytes);
    switch (step->kind) {
    case STEP_SET:
        return ext_set_attribute(mount, file, &attribute);
    case STEP_REMOVE:
        return ext_remove_attribute(mount, file, "user.a", 6);
    case STEP_OWN:
        return ext_set_attributes(mount, file, &owners);
    case STEP_WRITE:
        return ext_write(mount, file, contents, &done_bytes);
    case STEP_SYNC:
        return ext_sync(mount);
    }
    return STATUS_INTERNAL;
}

static bool make_volume(const struct shape *shape)
{
    if (!image_run("rm -f w.img; mke2fs -q -F -d tree %s w.img %s >log 2>&1", shape->options,
            shape->size) ||
        !image_run("e2fsck -fy w.img >log 2>&1; [ $? -le 1 ]") ||
        !image_load(&volume.image, "w.img")) {
        return false;
    }
    memcpy(base, volume.image.bytes, volume.image.size_bytes);
    return true;
}

static bool run_workload(void)
{
    struct image *image = &volume.image;
    if (!crash_record_make(&recording, &image->memory.device)) {
        return false;
    }
    block_fault_init(&image->fault, &recording.record.device);
    if (writable_mount(&volume) != STATUS_OK || !image->mount.writable) {
        return false;
    }
    for (uint32_t index = 0; index < step_count_max; index++) {
        struct step *step = &steps[index];
        struct ext_file file;
        *step = (struct step){
            .kind = (enum step_kind)(uint32_t)crash_random(5),
            .file = (uint32_t)crash_random(file_count),
            .size_bytes =
                1 + (uint32_t)crash_random(crash_random(2) == 0 ? 40 : value_bytes_max - 1),
        };
        enum status status =
            open_file(image, step->file, &file) ? do_step(step, index, &file) : STATUS_INTERNAL;
        if (status != STATUS_OK && !(status == STATUS_NOT_FOUND && step->kind == STEP_REMOVE)) {
            printf("step %u: %s\n", index, status_text(status));
            return false;
        }
        step->event_count = recording.record.event_count;
    }
    return ext_unmount(&image->mount) == STATUS_OK && !recording.record.overflowed;
}

/* ---- What must be there ---------------------------------------------------------------------- */

/* What a file may be: its state after any of the steps from the last safe one to the last begun. */
struct span {
    uint32_t safe;
    uint32_t begun;
};

static struct span span_at(uint32_t event_count)
{
    struct span span = {};
    while (span.begun < step_count_max && steps[span.begun].event_count <= event_count) {
        span.begun++;
        span.safe = steps[span.begun - 1].kind == STEP_SYNC ? span.begun : span.safe;
    }
    span.begun += span.begun < step_count_max ? 1 : 0;
    return span;
}

/* The step whose value a file has after `count` steps, counted from 1; 0: it has none. */
static uint32_t value_after(uint32_t file, uint32_t count)
{
    uint32_t value = 0;
    for (uint32_t index = 0; index < count; index++) {
        const struct step *step = &steps[index];
        if (step->file == file && step->kind == STEP_SET) {
            value = index + 1;
        } else if (step->file == file && step->kind == STEP_REMOVE) {
            value = 0;
        }
    }
    return value;
}

static bool value_is_of(struct ext_file *file, uint32_t value)
{
    static uint8_t got[value_bytes_max];
    uint32_t got_bytes;
    struct ext_attribute_request request = request_for(sizeof got);
    request.value = got;
    enum status status = ext_get_attribute(&recovered.image.mount, file, &request, &got_bytes);
    if (status != STATUS_OK || value == 0) {
        return status == STATUS_NOT_FOUND && value == 0;
    }
    memset(bytes, (int)value, sizeof bytes);
    return got_bytes == steps[value - 1].size_bytes && memcmp(got, bytes, got_bytes) == 0;
}

static bool file_explained(uint32_t index, struct span span)
{
    struct ext_file file;
    if (!open_file(&recovered.image, index, &file)) {
        return false;
    }
    for (uint32_t count = span.safe; count <= span.begun; count++) {
        if (value_is_of(&file, value_after(index, count))) {
            return true;
        }
    }
    printf(
        "file %u has an attribute of none of the steps %u to %u\n", index, span.safe, span.begun);
    return false;
}

static bool state_is_good(struct block_record_crash crash)
{
    struct image *image = &recovered.image;
    memcpy(image->bytes, base, image->size_bytes);
    if (block_record_rebuild(&recording.record, crash, &image->memory.device) != STATUS_OK ||
        !crash_again(image, writable_mount, &recovered) ||
        writable_mount(&recovered) != STATUS_OK || !image->mount.writable) {
        return false;
    }
    struct span span = span_at(crash.event_count);
    for (uint32_t index = 0; index < file_count; index++) {
        if (!file_explained(index, span)) {
            return false;
        }
    }
    return ext_unmount(&image->mount) == STATUS_OK && crash_is_sound(&recovered);
}

static void losses_of_power_are_survived(void)
{
    constexpr uint32_t shape_count = sizeof shapes / sizeof shapes[0];
    for (uint32_t shape = 0; shape < shape_count; shape++) {
        bool ready = make_volume(&shapes[shape]) && run_workload() &&
                     crash_volume_make(&recovered.image, volume.image.size_bytes);
        CHECK(ready);
        if (!ready) {
            return;
        }
        for (uint32_t count = 0; count < crash_plan.state_count / shape_count && !check_failing;
            count++) {
            struct block_record_crash crash = crash_choose(&recording.record);
            CHECK(state_is_good(crash));
            if (check_failing) {
                printf(
                    "shape %u, after %u events, kind %u\n", shape, crash.event_count, crash.kind);
            } else {
                crash_count();
            }
        }
        crash_volume_free(&recovered.image);
        image_free(&volume.image);
        crash_record_free(&recording);
    }
    crash_plan_end();
}

int main(int argument_count, char **arguments)
{
    crash_plan_read(argument_count, arguments, 1000);
    if (!image_folder_make()) {
        return 1;
    }
    CHECK(image_run("mkdir tree && for i in 0 1 2 3; do echo $i > tree/f$i; done"));
    TEST(losses_of_power_are_survived);
    image_folder_remove();
    return check_report();
}
