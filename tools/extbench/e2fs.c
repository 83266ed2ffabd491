/* SPDX-License-Identifier: ISC */
/* libext2fs in this process, used as its own tools use it. It does not write through a journal. */
#define _GNU_SOURCE
#include "subject.h"

#include <ext2fs/ext2fs.h>

#include <stdio.h>
#include <string.h>

static ext2_filsys volume;
static ext2_file_t file;

static bool told(errcode_t error, const char *what)
{
    if (error != 0) {
        (void)fprintf(stderr, "extbench: libext2fs: %s: error %ld\n", what, (long)error);
    }
    return error == 0;
}

static bool start(const char *place)
{
    errcode_t error =
        ext2fs_open(place, EXT2_FLAG_RW | EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &volume);
    return told(error, place) && told(ext2fs_read_bitmaps(volume), "bitmaps");
}

static bool create(const char *name)
{
    ext2_ino_t number;
    if (!told(ext2fs_new_inode(volume, EXT2_ROOT_INO, LINUX_S_IFREG | 0644, nullptr, &number),
            name)) {
        return false;
    }
    errcode_t error = ext2fs_link(volume, EXT2_ROOT_INO, name, number, EXT2_FT_REG_FILE);
    if (error == EXT2_ET_DIR_NO_SPACE) {
        error = ext2fs_expand_dir(volume, EXT2_ROOT_INO);
        if (error == 0) {
            error = ext2fs_link(volume, EXT2_ROOT_INO, name, number, EXT2_FT_REG_FILE);
        }
    }
    if (!told(error, name)) {
        return false;
    }
    ext2fs_inode_alloc_stats2(volume, number, 1, 0);
    struct ext2_inode inode = {.i_mode = LINUX_S_IFREG | 0644, .i_links_count = 1};
    ext2_extent_handle_t handle;
    if (ext2fs_has_feature_extents(volume->super)) {
        inode.i_flags |= EXT4_EXTENTS_FL;
        if (!told(ext2fs_extent_open2(volume, number, &inode, &handle), name)) {
            return false;
        }
        ext2fs_extent_free(handle);
    }
    return told(ext2fs_write_new_inode(volume, number, &inode), name);
}

static bool remove_file(const char *name)
{
    ext2_ino_t number;
    struct ext2_inode inode;
    if (!told(ext2fs_lookup(volume, EXT2_ROOT_INO, name, (int)strlen(name), nullptr, &number),
            name) ||
        !told(ext2fs_unlink(volume, EXT2_ROOT_INO, name, number, 0), name) ||
        !told(ext2fs_read_inode(volume, number, &inode), name)) {
        return false;
    }
    inode.i_links_count = 0;
    inode.i_dtime = 1'767'225'600;
    ext2fs_inode_alloc_stats2(volume, number, -1, 0);
    return told(ext2fs_write_inode(volume, number, &inode), name);
}

static bool open_file(const char *name)
{
    ext2_ino_t number;
    return told(ext2fs_lookup(volume, EXT2_ROOT_INO, name, (int)strlen(name), nullptr, &number),
               name) &&
           told(ext2fs_file_open(volume, number, EXT2_FILE_WRITE, &file), name);
}

static bool write_file(const void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    unsigned int done;
    return told(ext2fs_file_llseek(file, offset_bytes, EXT2_SEEK_SET, nullptr), "seek") &&
           told(ext2fs_file_write(file, bytes, (unsigned int)size_bytes, &done), "write") &&
           done == size_bytes;
}

static bool read_file(void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    unsigned int done;
    return told(ext2fs_file_llseek(file, offset_bytes, EXT2_SEEK_SET, nullptr), "seek") &&
           told(ext2fs_file_read(file, bytes, (unsigned int)size_bytes, &done), "read") &&
           done == size_bytes;
}

static bool close_file(void)
{
    return told(ext2fs_file_close(file), "close");
}

static bool sync_volume(void)
{
    return told(ext2fs_flush(volume), "flush");
}

static bool finish(void)
{
    return told(ext2fs_close_free(&volume), "close");
}

const struct subject subject_e2fs = {
    .name = "e2fs",
    .start = start,
    .create = create,
    .remove = remove_file,
    .open = open_file,
    .write = write_file,
    .read = read_file,
    .close = close_file,
    .sync = sync_volume,
    .finish = finish,
};
