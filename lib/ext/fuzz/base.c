/* SPDX-License-Identifier: ISC */
/* Making and loading volumes, and the devices that they are for lib/ext. */
#define _GNU_SOURCE
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../transaction.h"
#include "damage.h"
#include "fast_base.h"

constexpr uint64_t read_count_max = 4'000'000;

void found(const char *what)
{
    (void)fprintf(stderr, "found: %s\n", what);
    abort();
}

/* ---- The device ------------------------------------------------------------------------------ */

static void mark_dirty(struct base *base, uint64_t offset_bytes, uint64_t size_bytes)
{
    uint64_t last = (offset_bytes + size_bytes - 1) / base_page_bytes;
    for (uint64_t page = offset_bytes / base_page_bytes; page <= last; page++) {
        base->dirty[page] = 1;
    }
}

static uint64_t offset_of(const struct block_device *device, const struct block_transfer *transfer)
{
    const struct base *base = device->context;
    require(transfer->first_block + transfer->block_count <= device->block_count, "bounds");
    return transfer->first_block * device->block_bytes +
           (device == &base->outside ? base->volume_bytes : 0);
}

static bool is_spoiled(const struct base *base, const struct block_device *device,
    const struct block_transfer *transfer)
{
    const struct part *part = base->spoiled;
    uint64_t first_bytes = offset_of(device, transfer);
    uint64_t end_bytes = first_bytes + (uint64_t)transfer->block_count * device->block_bytes;
    return part != nullptr && first_bytes < part->offset_bytes + part->size_bytes &&
           part->offset_bytes < end_bytes;
}

static enum status base_read(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    struct base *base = device->context;
    for (uint32_t index = 0; index < transfer_count; index++) {
        const struct block_transfer *transfer = &transfers[index];
        base->read_count += transfer->block_count;
        require(base->read_count < read_count_max, "it reads for ever");
        if (is_spoiled(base, device, transfer)) {
            return STATUS_IO;
        }
        memcpy(transfer->buffer.bytes, base->bytes + offset_of(device, transfer),
            (size_t)transfer->block_count * device->block_bytes);
    }
    return STATUS_OK;
}

/* Whether nothing has gone wrong yet, or a write is of the volume's super block or the journal's.
 */
static bool may_write(const struct base *base, uint64_t offset_bytes, uint64_t size_bytes)
{
    uint32_t block_bytes = base->mount.geometry.block_bytes;
    if (base->failure == nullptr || *base->failure == STATUS_OK) {
        return true;
    }
    bool superblock = offset_bytes <= superblock_offset_bytes &&
                      offset_bytes + size_bytes >= superblock_offset_bytes + superblock_bytes;
    bool journal =
        base->journal_blocks > 0 &&
        offset_bytes == (uint64_t)base->journal_places[base->journal_superblock] * block_bytes;
    return size_bytes <= block_bytes && (superblock || journal);
}

static enum status base_write(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    struct base *base = device->context;
    base->write_count += transfer_count;
    for (uint32_t index = 0; index < transfer_count; index++) {
        const struct block_transfer *transfer = &transfers[index];
        uint64_t offset_bytes = offset_of(device, transfer);
        uint64_t size_bytes = (uint64_t)transfer->block_count * device->block_bytes;
        require(may_write(base, offset_bytes, size_bytes), "it writes on after a failure");
        memcpy(base->bytes + offset_bytes, transfer->buffer.bytes, size_bytes);
        mark_dirty(base, offset_bytes, size_bytes);
    }
    return STATUS_OK;
}

static enum status base_flush(struct block_device *)
{
    return STATUS_OK;
}

static const struct block_device_operations base_operations = {
    .read = base_read, .write = base_write, .flush = base_flush};

void base_reset(struct base *base)
{
    base->read_count = 0;
    base->spoiled = nullptr;
    base->failure = nullptr;
    base->device.read_only = false;
    for (size_t page = 0; page * base_page_bytes < base->size_bytes; page++) {
        if (base->dirty[page] != 0) {
            size_t at = page * base_page_bytes;
            size_t left = base->size_bytes - at;
            memcpy(base->bytes + at, base->pristine + at,
                left < base_page_bytes ? left : base_page_bytes);
            base->dirty[page] = 0;
        }
    }
}

uint8_t *base_touch(struct base *base, const struct part *part)
{
    mark_dirty(base, part->offset_bytes, part->size_bytes);
    return base->bytes + part->offset_bytes;
}

/* ---- Making ---------------------------------------------------------------------------------- */

/* Adds the contents of a file, if there is one. */
static void load_file(struct base *base, const char *path)
{
    struct stat stat;
    FILE *file = fopen(path, "rb");
    if (file == nullptr) {
        return;
    }
    require(fstat(fileno(file), &stat) == 0, "a base was not made");
    size_t added_bytes = (size_t)stat.st_size;
    base->pristine = realloc(base->pristine, base->size_bytes + added_bytes);
    require(fread(base->pristine + base->size_bytes, 1, added_bytes, file) == added_bytes,
        "a base is short");
    base->size_bytes += added_bytes;
    (void)fclose(file);
}

static struct block_device device_of(struct base *base, uint64_t size_bytes)
{
    return (struct block_device){
        .operations = &base_operations,
        .context = base,
        .block_bytes = 512,
        .block_count = size_bytes / 512,
    };
}

/* Enters the files that have no name in the file of orphans. */
static void enter_orphans(struct base *base)
{
    static const enum part_kind kinds[] = {PART_ORPHANS};
    struct input input = {};
    for (uint32_t index = base->first_part[PART_INODE]; index < base->first_part[PART_INODE + 1];
        index++) {
        const struct part *part = &base->parts[index];
        if (part->number >= base->mount.geometry.first_inode &&
            load_le16(base->bytes + part->offset_bytes + inode_link_count) == 0) {
            uint16_t offset = (uint16_t)(input.record_count * sizeof(uint32_t));
            input.records[input.record_count++] =
                (struct record){.verb = VERB_SET_32, .offset = offset, .value = part->number};
        }
    }
    require(input.record_count > 0, "no orphans");
    (void)damage(base, &input, kinds, 1);
}

static void load_base(struct base *base, const char *folder)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, base->name);
    load_file(base, path);
    require(base->size_bytes > 0, "a base was not made");
    base->volume_bytes = base->size_bytes;
    (void)snprintf(path, sizeof path, "%s/%s.journal", folder, base->name);
    load_file(base, path);
    base->bytes = malloc(base->size_bytes);
    memcpy(base->bytes, base->pristine, base->size_bytes);
    base->dirty = calloc(base->size_bytes / base_page_bytes + 1, 1);
    base->device = device_of(base, base->volume_bytes);
    base->outside = device_of(base, base->size_bytes - base->volume_bytes);
    base_index(base);
    base_reset(base);
    if (strcmp(base->name, "ext4-fast") == 0) {
        fast_base_fill(base);
    } else if (strcmp(base->name, "ext4-waiting") == 0) {
        enter_orphans(base);
    }
    memcpy(base->pristine, base->bytes, base->size_bytes);
}

uint32_t bases_load(const char *const *names, struct base *bases)
{
    char folder[64];
    char command[1024];
    uint32_t count = 0;
    (void)snprintf(folder, sizeof folder, "%s/erix-fuzz-XXXXXX",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    require(mkdtemp(folder) != nullptr, "no folder for the bases");
    int used = snprintf(command, sizeof command, "sh lib/ext/fuzz/bases.sh %s", folder);
    for (; names[count] != nullptr; count++) {
        used += snprintf(command + used, sizeof command - (size_t)used, " %s", names[count]);
    }
    (void)snprintf(command + used, sizeof command - (size_t)used, " >/dev/null 2>&1");
    require(system(command) == 0, "bases.sh fails");
    for (uint32_t index = 0; index < count; index++) {
        bases[index].name = names[index];
        load_base(&bases[index], folder);
    }
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    require(system(command) == 0, "the folder stays");
    return count;
}
