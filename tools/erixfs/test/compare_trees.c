/* SPDX-License-Identifier: ISC */
/*
 * Comparing two folders, entry by entry. A file has as many links as names that are seen or were
 * taken away, so links are compared; of a directory they are two and one for each inside.
 */
#define _GNU_SOURCE
#include "compare_trees.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

constexpr size_t chunk_bytes = 1 << 16;
constexpr size_t target_bytes_max = 4096;

static bool differ(const char *name, const char *what, long long found, long long wanted)
{
    (void)fprintf(stderr, "%s: %s is %lld, should be %lld\n", name, what, found, wanted);
    return false;
}

/* The permissions of links mean nothing and their sizes differ if their targets do. */
static bool compare_attributes(
    const char *name, const struct stat *model, const struct stat *subject)
{
    bool directory = S_ISDIR(model->st_mode);
    if (model->st_mode != subject->st_mode) {
        return differ(name, "the mode", subject->st_mode, model->st_mode);
    }
    if (model->st_uid != subject->st_uid || model->st_gid != subject->st_gid) {
        return differ(name, "the owner", subject->st_uid, model->st_uid);
    }
    if (!directory && model->st_size != subject->st_size) {
        return differ(name, "the size", subject->st_size, model->st_size);
    }
    if (!directory && model->st_nlink != subject->st_nlink) {
        return differ(
            name, "the count of links", (long long)subject->st_nlink, (long long)model->st_nlink);
    }
    return true;
}

bool compare_files(int model, int subject, const char *name)
{
    static uint8_t wanted[chunk_bytes];
    static uint8_t found[chunk_bytes];
    struct stat model_attributes;
    struct stat subject_attributes;
    if (fstat(model, &model_attributes) != 0 || fstat(subject, &subject_attributes) != 0) {
        return differ(name, "errno of fstat", errno, 0);
    }
    if (!compare_attributes(name, &model_attributes, &subject_attributes)) {
        return false;
    }
    if (!S_ISREG(model_attributes.st_mode)) {
        return true;
    }
    for (off_t at = 0;; at += chunk_bytes) {
        ssize_t wanted_count = pread(model, wanted, sizeof wanted, at);
        ssize_t found_count = pread(subject, found, sizeof found, at);
        if (wanted_count != found_count) {
            return differ(name, "what can be read", found_count, wanted_count);
        }
        if (wanted_count <= 0) {
            return true;
        }
        if (memcmp(wanted, found, (size_t)wanted_count) != 0) {
            return differ(name, "the place of other bytes near", at, at);
        }
    }
}

static bool compare_targets(int model, int subject, const char *name)
{
    char wanted[target_bytes_max] = {};
    char found[target_bytes_max] = {};
    ssize_t wanted_count = readlinkat(model, name, wanted, sizeof wanted);
    ssize_t found_count = readlinkat(subject, name, found, sizeof found);
    return (wanted_count == found_count && memcmp(wanted, found, sizeof wanted) == 0) ||
           differ(name, "the size of the target", found_count, wanted_count);
}

static bool compare_below(int model, int subject, const char *name)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW;
    int wanted = openat(model, name, flags);
    int found = openat(subject, name, flags);
    bool same = wanted >= 0 && found >= 0;
    if (!same) {
        (void)differ(name, "errno of open", errno, 0);
    }
    struct stat attributes;
    same = same && compare_files(wanted, found, name) && fstat(wanted, &attributes) == 0;
    same = same && (!S_ISDIR(attributes.st_mode) || compare_trees(wanted, found));
    if (wanted >= 0) {
        (void)close(wanted); /* It was only read. */
    }
    if (found >= 0) {
        (void)close(found); /* Likewise. */
    }
    return same;
}

static bool compare_entry(int model, int subject, const char *name)
{
    struct stat wanted;
    struct stat found;
    if (fstatat(model, name, &wanted, AT_SYMLINK_NOFOLLOW) != 0 ||
        fstatat(subject, name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
        return differ(name, "errno of stat", errno, 0);
    }
    if (!compare_attributes(name, &wanted, &found)) {
        return false;
    }
    if (S_ISLNK(wanted.st_mode)) {
        return compare_targets(model, subject, name);
    }
    bool deeper = S_ISREG(wanted.st_mode) || S_ISDIR(wanted.st_mode);
    return !deeper || compare_below(model, subject, name);
}

static int select_entry(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
           strcmp(entry->d_name, "lost+found") != 0;
}

static int order(const struct dirent **one, const struct dirent **other)
{
    return strcmp((*one)->d_name, (*other)->d_name);
}

static void free_names(struct dirent **names, int count)
{
    for (int index = 0; index < count; index++) {
        free(names[index]);
    }
    free(names);
}

static bool compare_names(
    int model, int subject, struct dirent **wanted, struct dirent **found, int count)
{
    long long directories = 0;
    for (int index = 0; index < count; index++) {
        const char *name = wanted[index]->d_name;
        if (strcmp(name, found[index]->d_name) != 0) {
            (void)fprintf(stderr, "a name is %s, should be %s\n", found[index]->d_name, name);
            return false;
        }
        if (wanted[index]->d_type != found[index]->d_type && found[index]->d_type != DT_UNKNOWN) {
            return differ(name, "the type", found[index]->d_type, wanted[index]->d_type);
        }
        if (!compare_entry(model, subject, name)) {
            return false;
        }
        directories += wanted[index]->d_type == DT_DIR ? 1 : 0;
    }
    struct stat attributes;
    struct stat lost;
    if (fstat(subject, &attributes) != 0) {
        return differ(".", "errno of fstat", errno, 0);
    }
    directories += fstatat(subject, "lost+found", &lost, AT_SYMLINK_NOFOLLOW) == 0 ? 1 : 0;
    return (long long)attributes.st_nlink == 2 + directories ||
           differ(".", "the count of links", (long long)attributes.st_nlink, 2 + directories);
}

bool compare_trees(int model, int subject)
{
    struct dirent **wanted = nullptr;
    struct dirent **found = nullptr;
    int wanted_count = scandirat(model, ".", &wanted, select_entry, order);
    int found_count = scandirat(subject, ".", &found, select_entry, order);
    bool same = wanted_count == found_count && wanted_count >= 0;
    if (same) {
        same = compare_names(model, subject, wanted, found, wanted_count);
    } else {
        (void)differ(".", "the count of names", found_count, wanted_count);
    }
    free_names(wanted, wanted_count);
    free_names(found, found_count);
    return same;
}
