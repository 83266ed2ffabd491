/* SPDX-License-Identifier: ISC */
/* Between vfsd's form of paths and attributes and that of C. */
#include "attributes.h"

#include <dirent.h>
#include <errno.h>
#include <protocol/filesystem.h>
#include <string.h>

#include "posix.h"

constexpr int64_t ns_per_second = 1'000'000'000;
constexpr uint32_t kind_count = filesystem_kind_socket + 1;

static const mode_t mode_of_kind[kind_count] = {
    [filesystem_kind_file] = S_IFREG,
    [filesystem_kind_directory] = S_IFDIR,
    [filesystem_kind_symlink] = S_IFLNK,
    [filesystem_kind_character] = S_IFCHR,
    [filesystem_kind_block] = S_IFBLK,
    [filesystem_kind_fifo] = S_IFIFO,
    [filesystem_kind_socket] = S_IFSOCK,
};

static const unsigned char type_of_kind[kind_count] = {
    [filesystem_kind_file] = DT_REG,
    [filesystem_kind_directory] = DT_DIR,
    [filesystem_kind_symlink] = DT_LNK,
    [filesystem_kind_character] = DT_CHR,
    [filesystem_kind_block] = DT_BLK,
    [filesystem_kind_fifo] = DT_FIFO,
    [filesystem_kind_socket] = DT_SOCK,
};

long attributes_put_path(const char *path, char *text_out, uint32_t *bytes_out)
{
    const size_t bytes = strlen(path);
    if (bytes > vfs_path_bytes_max) {
        return -ENAMETOOLONG;
    }
    memcpy(text_out, path, bytes);
    *bytes_out = (uint32_t)bytes;
    return 0;
}

long attributes_put_pair(const char *first, const char *second, char *text_out,
    uint32_t *first_bytes_out, uint32_t *bytes_out)
{
    const size_t first_bytes = strlen(first);
    const size_t second_bytes = strlen(second);
    if (first_bytes > vfs_path_bytes_max || second_bytes > vfs_path_bytes_max - first_bytes) {
        return -ENAMETOOLONG;
    }
    memcpy(text_out, first, first_bytes);
    memcpy(text_out + first_bytes, second, second_bytes);
    *first_bytes_out = (uint32_t)first_bytes;
    *bytes_out = (uint32_t)(first_bytes + second_bytes);
    return 0;
}

bool attributes_is_directory(const struct vfs_attributes *found)
{
    return found->kind == filesystem_kind_directory;
}

unsigned char attributes_entry_type(uint32_t kind)
{
    return kind < kind_count ? type_of_kind[kind] : DT_UNKNOWN;
}

/* Rounded down, so that nanoseconds are never negative. */
static struct timespec time_of(int64_t time_ns)
{
    int64_t seconds = time_ns / ns_per_second;
    int64_t rest_ns = time_ns % ns_per_second;
    if (rest_ns < 0) {
        seconds--;
        rest_ns += ns_per_second;
    }
    return (struct timespec){.tv_sec = seconds, .tv_nsec = rest_ns};
}

void attributes_to_stat(const struct vfs_attributes *found, struct stat *stat_out)
{
    const mode_t kind = found->kind < kind_count ? mode_of_kind[found->kind] : 0;
    *stat_out = (struct stat){
        .st_dev = (dev_t)found->mount + 1,
        .st_ino = found->node,
        .st_mode = (found->mode & 07777) | kind,
        .st_uid = found->owner,
        .st_gid = found->group,
        .st_nlink = found->links,
        .st_size = (off_t)found->size_bytes,
        .st_blksize = buffer_bytes,
        .st_blocks = (blkcnt_t)found->blocks_512,
        .st_atim = time_of(found->accessed_ns),
        .st_mtim = time_of(found->modified_ns),
        .st_ctim = time_of(found->changed_ns),
    };
}
