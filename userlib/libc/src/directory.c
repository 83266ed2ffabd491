/* SPDX-License-Identifier: ISC */
/* Listing of directories, a batch of entries at a time. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "library.h"

constexpr size_t batch_count = 32;

struct directory_stream {
    int fd;
    size_t next; /* index of the entry to hand out */
    size_t count;
    struct dirent entries[batch_count];
};

DIR *opendir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        return nullptr;
    }
    DIR *directory = malloc(sizeof(*directory));
    if (directory == nullptr) {
        (void)close(fd); /* errno is that of malloc */
        return nullptr;
    }
    directory->fd = fd;
    directory->next = 0;
    directory->count = 0;
    return directory;
}

struct dirent *readdir(DIR *directory)
{
    if (directory->next == directory->count) {
        long count = system_read_directory(directory->fd, directory->entries, batch_count);
        directory->next = 0;
        directory->count = count > 0 ? (size_t)count : 0;
        if (library_result(count) <= 0) {
            return nullptr;
        }
    }
    return &directory->entries[directory->next++];
}

void rewinddir(DIR *directory)
{
    directory->next = 0;
    directory->count = 0;
    (void)system_seek(directory->fd, 0, SEEK_SET); /* POSIX gives no way to report */
}

int dirfd(DIR *directory)
{
    return directory->fd;
}

int closedir(DIR *directory)
{
    int fd = directory->fd;
    free(directory);
    return close(fd);
}
