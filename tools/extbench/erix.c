/* SPDX-License-Identifier: ISC */
/* lib/ext in this process, over the image file, as a tool of ours uses it. */
#include "subject.h"

#include <string.h>

#include "volume.h"

static struct ext_file file;

static bool remove_file(const char *name)
{
    return volume_told(ext_unlink(volume_mount(), ext_root_number, volume_name(name), false), name);
}

static bool open_file(const char *name)
{
    uint64_t number = 0;
    struct ext_file top;
    struct ext_mount *mount = volume_mount();
    return volume_told(ext_open(mount, ext_root_number, &top), "top directory") &&
           volume_told(ext_lookup(mount, &top, name, (uint32_t)strlen(name), &number), name) &&
           volume_told(ext_open(mount, number, &file), name);
}

static bool write_file(const void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    const struct ext_read_request request = {.offset_bytes = offset_bytes,
        .size_bytes = size_bytes,
        .buffer = block_buffer_plain((void *)bytes)};
    uint64_t done = 0;
    return volume_told(ext_write(volume_mount(), &file, request, &done), "write") &&
           done == size_bytes;
}

static bool read_file(void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    const struct ext_read_request request = {.offset_bytes = offset_bytes,
        .size_bytes = size_bytes,
        .buffer = block_buffer_plain(bytes)};
    uint64_t done = 0;
    return volume_told(ext_read(volume_mount(), &file, request, &done), "read") &&
           done == size_bytes;
}

static bool close_file(void)
{
    return true;
}

static bool sync_volume(void)
{
    return volume_told(ext_sync(volume_mount()), "sync");
}

const struct subject subject_erix = {
    .name = "erix",
    .start = volume_start,
    .create = volume_create,
    .remove = remove_file,
    .open = open_file,
    .write = write_file,
    .read = read_file,
    .close = close_file,
    .sync = sync_volume,
    .finish = volume_finish,
};
