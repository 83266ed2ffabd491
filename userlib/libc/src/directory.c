/* SPDX-License-Identifier: ISC */
/* Listing of directories, a batch of entries at a time. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
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

struct list {
    struct dirent **entries; /* owned */
    size_t count;
    size_t count_max;
};

static void release(struct list *list)
{
    for (size_t index = 0; index < list->count; index++) {
        free(list->entries[index]);
    }
    free(list->entries);
}

/* Keep a copy with only as much of the name as there is. */
static bool keep(struct list *list, const struct dirent *entry)
{
    if (list->count == list->count_max) {
        size_t count_max = list->count_max == 0 ? batch_count : list->count_max * 2;
        struct dirent **longer = reallocarray(list->entries, count_max, sizeof(*longer));
        if (longer == nullptr || count_max > INT_MAX) {
            return false;
        }
        list->entries = longer;
        list->count_max = count_max;
    }
    size_t bytes = offsetof(struct dirent, d_name) + strlen(entry->d_name) + 1;
    struct dirent *copy = malloc(bytes);
    if (copy == nullptr) {
        return false;
    }
    memcpy(copy, entry, bytes);
    list->entries[list->count++] = copy;
    return true;
}

/* Keep what is wanted of a directory; false with errno. */
static bool keep_all(struct list *list, DIR *directory, int (*select)(const struct dirent *))
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (entry == nullptr) {
            return errno == 0;
        }
        bool wanted = select == nullptr || select(entry) != 0;
        if (wanted && !keep(list, entry)) {
            return false;
        }
    }
}

/* What scandir() was given, for the comparison that qsort() calls: its elements are pointers. */
static int (*compare_wanted)(const struct dirent **, const struct dirent **);

static int compare_entries(const void *left, const void *right)
{
    const struct dirent *left_entry = *(struct dirent *const *)left;
    const struct dirent *right_entry = *(struct dirent *const *)right;
    return compare_wanted(&left_entry, &right_entry);
}

int scandir(const char *path, struct dirent ***list_out, int (*select)(const struct dirent *),
    int (*compare)(const struct dirent **, const struct dirent **))
{
    struct list list = {};
    DIR *directory = opendir(path);
    if (directory == nullptr) {
        return -1;
    }
    bool complete = keep_all(&list, directory, select);
    int error = errno;
    (void)closedir(directory); /* it was only read */
    if (!complete) {
        release(&list);
        errno = error;
        return -1;
    }
    if (compare != nullptr) {
        compare_wanted = compare;
        qsort(list.entries, list.count, sizeof(*list.entries), compare_entries);
    }
    *list_out = list.entries;
    return (int)list.count;
}

int alphasort(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}
