/* SPDX-License-Identifier: ISC */
/* Descriptors, and the open files behind them. */
#include <errno.h>
#include <limits.h>

#include "posix.h"

static struct description descriptions[OPEN_MAX];
static struct description *descriptors[OPEN_MAX]; /* nullptr: not in use */

struct description *descriptor_find(int fd)
{
    return fd < 0 || fd >= OPEN_MAX ? nullptr : descriptors[fd];
}

struct description *descriptor_find_file(int fd, int on_terminal, long *error_out)
{
    struct description *description = descriptor_find(fd);
    if (description == nullptr) {
        *error_out = -EBADF;
        return nullptr;
    }
    if (description->kind == DESCRIPTION_TERMINAL) {
        *error_out = on_terminal;
        return nullptr;
    }
    return description;
}

/* Never nullptr while a descriptor is free: there are as many. */
static struct description *find_free(void)
{
    for (int index = 0; index < OPEN_MAX; index++) {
        if (descriptions[index].use_count == 0) {
            return &descriptions[index];
        }
    }
    return nullptr;
}

static void set(int fd, const struct description *opened)
{
    struct description *description = find_free();
    *description = *opened;
    description->use_count = 1;
    descriptors[fd] = description;
}

long descriptor_add(const struct description *opened)
{
    for (int fd = 0; fd < OPEN_MAX; fd++) {
        if (descriptors[fd] == nullptr) {
            set(fd, opened);
            return fd;
        }
    }
    return -EMFILE;
}

static bool is_same_file(const struct description *one, const struct description *other)
{
    return one->kind != DESCRIPTION_TERMINAL && one->kind == other->kind &&
           one->flags == other->flags && one->mount == other->mount && one->node == other->node;
}

void descriptor_set_stream(int fd, const struct description *opened)
{
    for (int earlier = 0; earlier < fd; earlier++) {
        if (descriptors[earlier] != nullptr && is_same_file(descriptors[earlier], opened)) {
            descriptors[fd] = descriptors[earlier];
            descriptors[fd]->use_count++;
            return;
        }
    }
    set(fd, opened);
}

long descriptor_remove(int fd, bool *is_last_out, struct description *last_out)
{
    struct description *description = descriptor_find(fd);
    if (description == nullptr) {
        return -EBADF;
    }
    descriptors[fd] = nullptr;
    description->use_count--;
    *is_last_out = description->use_count == 0;
    *last_out = *description;
    return 0;
}
