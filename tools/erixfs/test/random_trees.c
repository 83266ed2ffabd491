/* SPDX-License-Identifier: ISC */
/*
 * Random operations on names, done in two folders, of which one is the model:
 *
 *   random_trees MODEL SUBJECT SEED COUNT
 *
 * Each must end alike in both, and now and then all that can be seen in both is compared: names,
 * types, permissions, owners, sizes, links, targets and contents, also of files that have lost
 * their names and are still open. Ends with status 1 at the first difference. The same seed does
 * the same.
 */
#define _GNU_SOURCE
#include "compare_trees.h"
#include <lib/testing/random.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

constexpr uint32_t path_bytes_max = 2048;
constexpr uint32_t held_count = 6;
constexpr uint32_t compare_every = 400;
constexpr uint32_t write_bytes_max = 20000;

/* What one operation needs, chosen before it is done twice. */
struct choice {
    char first[path_bytes_max];
    char second[path_bytes_max];
    uint32_t mode;
    uint32_t size_bytes;
    uint32_t offset_bytes;
    uint32_t held;
    uint64_t time_s;
    uint8_t bytes[write_bytes_max];
};

/* A side: the model or the subject. */
struct side {
    int root;
    int held[held_count]; /* -1: none */
};

static int result_of(int result)
{
    return result < 0 ? -errno : 0;
}

static int make_file(struct side *side, const struct choice *choice)
{
    int file = openat(
        side->root, choice->first, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, choice->mode & 0777);
    if (file < 0) {
        return -errno;
    }
    return result_of(close(file));
}

/* Writes somewhere in a file, which may end there. */
static int write_file(struct side *side, const struct choice *choice)
{
    int file = openat(side->root, choice->first, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (file < 0) {
        return -errno;
    }
    ssize_t count = pwrite(file, choice->bytes, choice->size_bytes, choice->offset_bytes);
    int result = count < 0 ? -errno : 0;
    if (result == 0 && choice->mode % 8 == 0) {
        result = result_of(ftruncate(file, choice->offset_bytes / 2));
    }
    return close(file) == 0 ? result : -errno;
}

static int make_directory(struct side *side, const struct choice *choice)
{
    return result_of(mkdirat(side->root, choice->first, choice->mode & 01777));
}

static int make_fifo(struct side *side, const struct choice *choice)
{
    return result_of(mknodat(side->root, choice->first, S_IFIFO | (choice->mode & 0777), 0));
}

/* Long ones have a block, short ones none. */
static int make_link(struct side *side, const struct choice *choice)
{
    char target[200] = {};
    memset(target, 't', choice->size_bytes % (sizeof target - 1) + 1);
    return result_of(symlinkat(target, side->root, choice->first));
}

static int link_again(struct side *side, const struct choice *choice)
{
    return result_of(linkat(side->root, choice->first, side->root, choice->second, 0));
}

static int remove_name(struct side *side, const struct choice *choice)
{
    return result_of(unlinkat(side->root, choice->first, 0));
}

static int remove_directory(struct side *side, const struct choice *choice)
{
    return result_of(unlinkat(side->root, choice->first, AT_REMOVEDIR));
}

static int move(struct side *side, const struct choice *choice)
{
    return result_of(renameat(side->root, choice->first, side->root, choice->second));
}

static int move_if_free(struct side *side, const struct choice *choice)
{
    return result_of(
        renameat2(side->root, choice->first, side->root, choice->second, RENAME_NOREPLACE));
}

static int exchange(struct side *side, const struct choice *choice)
{
    return result_of(
        renameat2(side->root, choice->first, side->root, choice->second, RENAME_EXCHANGE));
}

static int set_mode(struct side *side, const struct choice *choice)
{
    struct stat attributes;
    if (fstatat(side->root, choice->first, &attributes, AT_SYMLINK_NOFOLLOW) != 0) {
        return -errno;
    }
    if (S_ISLNK(attributes.st_mode)) {
        return 0;
    }
    return result_of(fchmodat(side->root, choice->first, choice->mode & 07777, 0));
}

static int set_times(struct side *side, const struct choice *choice)
{
    struct timespec times[2] = {{.tv_sec = (time_t)choice->time_s, .tv_nsec = 5},
        {.tv_sec = (time_t)choice->time_s / 2, .tv_nsec = 123'456'789}};
    return result_of(utimensat(side->root, choice->first, times, AT_SYMLINK_NOFOLLOW));
}

/* Opens a file and holds it, whatever becomes of its name; the one held before is let go. */
static int hold(struct side *side, const struct choice *choice)
{
    int *held = &side->held[choice->held];
    int closed = *held >= 0 ? close(*held) : 0;
    *held = openat(side->root, choice->first, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    return *held < 0 || closed != 0 ? -errno : 0;
}

static int write_held(struct side *side, const struct choice *choice)
{
    int held = side->held[choice->held];
    if (held < 0) {
        return 0;
    }
    ssize_t count = pwrite(held, choice->bytes, choice->size_bytes, choice->offset_bytes);
    return count < 0 ? -errno : (int)count;
}

static int sync_held(struct side *side, const struct choice *choice)
{
    int held = side->held[choice->held];
    return held < 0 ? 0 : result_of(fsync(held) == 0 || errno == EINVAL ? 0 : -1);
}

static const struct {
    const char *name;
    uint32_t share;
    int (*run)(struct side *side, const struct choice *choice);
} operations[] = {
    {"create", 22, make_file},
    {"write", 12, write_file},
    {"mkdir", 10, make_directory},
    {"mkfifo", 2, make_fifo},
    {"symlink", 5, make_link},
    {"link", 6, link_again},
    {"unlink", 11, remove_name},
    {"rmdir", 5, remove_directory},
    {"rename", 10, move},
    {"rename-if-free", 2, move_if_free},
    {"exchange", 3, exchange},
    {"chmod", 3, set_mode},
    {"utimes", 2, set_times},
    {"hold", 3, hold},
    {"write-held", 3, write_held},
    {"sync", 1, sync_held},
};

/* ---- Choosing -------------------------------------------------------------------------------- */

/* Few names, so that they meet; some are very long, so that directories grow. */
static void append_name(struct random *random, char *path, uint32_t end)
{
    char name[256];
    uint32_t number = random_below(random, end);
    if (number % 4 == 3) {
        memset(name, 'a' + (int)(number % 26), 220);
        (void)snprintf(name + 220, sizeof name - 220, "%u", number);
    } else {
        (void)snprintf(name, sizeof name, "n%u", number);
    }
    size_t used = strlen(path);
    (void)snprintf(path + used, path_bytes_max - used, "%s%s", used == 0 ? "" : "/", name);
}

static void choose_path(struct random *random, char *path)
{
    static const uint32_t depths[] = {0, 0, 1, 1, 1, 2, 2, 3};
    path[0] = '\0';
    for (uint32_t depth = depths[random_below(random, 8)]; depth > 0; depth--) {
        append_name(random, path, 5);
    }
    append_name(random, path, random_below(random, 2) == 0 ? 8 : 90);
}

static void choose(struct random *random, struct choice *choice)
{
    choose_path(random, choice->first);
    choose_path(random, choice->second);
    choice->mode = random_below(random, 010000);
    choice->size_bytes = 1 + random_below(random, random_below(random, 4) == 0 ? 19999 : 300);
    choice->offset_bytes = random_below(random, 30000);
    choice->held = random_below(random, held_count);
    choice->time_s = random_below(random, UINT32_MAX);
    memset(choice->bytes, (int)random_below(random, 256), choice->size_bytes);
}

static uint32_t choose_operation(struct random *random)
{
    uint32_t place = random_below(random, 100);
    uint32_t operation = 0;
    while (place >= operations[operation].share) {
        place -= operations[operation++].share;
    }
    return operation;
}

/* ---- Running --------------------------------------------------------------------------------- */

static bool open_side(struct side *side, const char *path)
{
    for (uint32_t index = 0; index < held_count; index++) {
        side->held[index] = -1;
    }
    side->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (side->root < 0) {
        perror(path);
    }
    return side->root >= 0;
}

static bool compare(const struct side *model, const struct side *subject)
{
    bool same = compare_trees(model->root, subject->root);
    for (uint32_t index = 0; index < held_count && same; index++) {
        if (model->held[index] >= 0) {
            same = compare_files(model->held[index], subject->held[index], "a file that is held");
        }
    }
    return same;
}

static bool step(struct random *random, struct side *model, struct side *subject, uint64_t number)
{
    static struct choice choice;
    choose(random, &choice);
    uint32_t operation = choose_operation(random);
    int wanted = operations[operation].run(model, &choice);
    int found = operations[operation].run(subject, &choice);
    bool same = wanted == found;
    if (!same) {
        (void)fprintf(stderr, "%s gives %d (%s), should give %d (%s)\n", operations[operation].name,
            found, strerror(found < 0 ? -found : 0), wanted, strerror(wanted < 0 ? -wanted : 0));
    } else if (number % compare_every == 0) {
        same = compare(model, subject);
    }
    if (!same) {
        (void)fprintf(stderr, "operation %llu: %s %s %s\n", (unsigned long long)number,
            operations[operation].name, choice.first, choice.second);
    }
    return same;
}

int main(int argument_count, char **arguments)
{
    struct side model;
    struct side subject;
    if (argument_count != 5) {
        (void)fprintf(stderr, "usage: random_trees MODEL SUBJECT SEED COUNT\n");
        return 2;
    }
    uint64_t seed = strtoull(arguments[3], nullptr, 10);
    uint64_t count = strtoull(arguments[4], nullptr, 10);
    struct random random = random_start(seed);
    (void)umask(022);
    if (!open_side(&model, arguments[1]) || !open_side(&subject, arguments[2])) {
        return 1;
    }
    uint64_t done_count = 0;
    bool well = true;
    while (well && done_count < count) {
        well = step(&random, &model, &subject, ++done_count);
    }
    well = well && compare(&model, &subject);
    printf("trees: %llu operations, seed %llu: %s\n", (unsigned long long)done_count,
        (unsigned long long)seed, well ? "well" : "FAILED");
    return well ? 0 : 1;
}
