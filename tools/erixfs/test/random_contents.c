/* SPDX-License-Identifier: ISC */
/*
 * Random operations on one file, each compared with a model in memory:
 *
 *   random_contents library IMAGE SEED COUNT
 *   random_contents kernel FILE SEED COUNT
 *
 * Ends with status 1 at the first difference, having said which operation it was and which came
 * before it. The same seed does the same.
 */
#include "subject.h"
#include <lib/testing/random.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr uint32_t file_bytes_max = 3 << 20;
constexpr uint32_t transfer_bytes_max = 96 << 10;
constexpr uint32_t remembered_count = 12;

enum operation : uint32_t {
    OPERATION_READ,
    OPERATION_WRITE,
    OPERATION_APPEND,
    OPERATION_MAP_WRITE,
    OPERATION_SHRINK,
    OPERATION_GROW,
    OPERATION_ALLOCATE,
    OPERATION_ALLOCATE_KEEP,
    OPERATION_SYNC,
    OPERATION_REOPEN,
    OPERATION_COUNT,
};

static const char *const names[OPERATION_COUNT] = {"read", "write", "append", "map-write", "shrink",
    "grow", "allocate", "allocate-keep", "sync", "reopen"};

/* How many of a hundred. */
static const uint32_t shares[OPERATION_COUNT] = {34, 28, 7, 7, 7, 4, 5, 3, 4, 1};

struct done {
    enum operation operation;
    uint32_t offset_bytes;
    uint32_t size_bytes;
};

static struct {
    struct random random;
    struct subject *subject;
    uint32_t size_bytes;
    uint8_t bytes[file_bytes_max];
    struct done done[remembered_count];
    uint64_t done_count;
} test;

static uint8_t transfer[transfer_bytes_max];

static int fail(const char *what, uint32_t at)
{
    (void)fprintf(stderr, "%s (byte %u) after operation %llu; the last ones:\n", what, at,
        (unsigned long long)test.done_count);
    uint64_t first = test.done_count > remembered_count ? test.done_count - remembered_count : 0;
    for (uint64_t index = first; index < test.done_count; index++) {
        const struct done *done = &test.done[index % remembered_count];
        (void)fprintf(stderr, "  %llu %s %u, %u bytes\n", (unsigned long long)index + 1,
            names[done->operation], done->offset_bytes, done->size_bytes);
    }
    return -1;
}

static enum operation choose(void)
{
    uint32_t place = random_below(&test.random, 100);
    uint32_t operation = 0;
    while (place >= shares[operation]) {
        place -= shares[operation++];
    }
    return (enum operation)operation;
}

/* Small, large, and of whole blocks. */
static uint32_t choose_size(void)
{
    uint32_t size_bytes = 1 + random_below(&test.random, 200);
    switch (random_below(&test.random, 4)) {
    case 0:
        size_bytes = 1 + random_below(&test.random, transfer_bytes_max);
        break;
    case 1:
        size_bytes = 1024 * (1 + random_below(&test.random, 16));
        break;
    case 2:
        size_bytes = 1 + random_below(&test.random, 8192);
        break;
    default:
        break;
    }
    return size_bytes;
}

static uint32_t choose_offset(uint32_t end)
{
    uint32_t offset = random_below(&test.random, end + 1);
    return random_below(&test.random, 3) == 0 ? offset & ~1023U : offset;
}

static int check_range(uint32_t offset_bytes, uint32_t size_bytes)
{
    uint32_t end = offset_bytes + size_bytes;
    uint32_t known = 0;
    if (offset_bytes < test.size_bytes) {
        known = (end < test.size_bytes ? end : test.size_bytes) - offset_bytes;
    }
    int64_t count =
        test.subject->operations->read(test.subject, transfer, size_bytes, offset_bytes);
    if (count != known) {
        return fail("a read of another size", (uint32_t)count);
    }
    for (uint32_t index = 0; index < known; index++) {
        if (transfer[index] != test.bytes[offset_bytes + index]) {
            return fail("other bytes", offset_bytes + index);
        }
    }
    return 0;
}

static int check_all(void)
{
    if (test.subject->operations->size(test.subject) != test.size_bytes) {
        return fail("another size", test.size_bytes);
    }
    for (uint32_t at = 0; at < test.size_bytes; at += transfer_bytes_max) {
        if (check_range(at, transfer_bytes_max) != 0) {
            return -1;
        }
    }
    return 0;
}

static void set_size(uint32_t size_bytes)
{
    if (size_bytes > test.size_bytes) {
        memset(test.bytes + test.size_bytes, 0, size_bytes - test.size_bytes);
    }
    test.size_bytes = size_bytes;
}

static int write_range(struct done *done, bool mapped)
{
    uint32_t end = done->offset_bytes + done->size_bytes;
    uint8_t value = (uint8_t)random_next(&test.random);
    for (uint32_t index = 0; index < done->size_bytes; index++) {
        transfer[index] = (uint8_t)(value + index * 7 + (index >> 8));
    }
    if (end > test.size_bytes) {
        set_size(end);
    }
    memcpy(test.bytes + done->offset_bytes, transfer, done->size_bytes);
    const struct subject_operations *operations = test.subject->operations;
    return (mapped ? operations->map_write : operations->write)(
        test.subject, transfer, done->size_bytes, done->offset_bytes);
}

static int allocate(const struct done *done, bool keep_size)
{
    uint32_t end = done->offset_bytes + done->size_bytes;
    int result = test.subject->operations->allocate(
        test.subject, done->offset_bytes, done->size_bytes, keep_size);
    if (result == 0 && !keep_size && end > test.size_bytes) {
        set_size(end);
    }
    return result < 0 ? -1 : 0;
}

/* What an operation is done to. A map reaches no further than the file. */
static struct done choose_done(void)
{
    struct done done = {.operation = choose(), .size_bytes = choose_size()};
    uint32_t end = file_bytes_max - transfer_bytes_max;
    if (random_below(&test.random, 3) != 0 && test.size_bytes < end) {
        end = test.size_bytes;
    }
    done.offset_bytes = choose_offset(end);
    if (done.operation == OPERATION_APPEND) {
        done.offset_bytes = test.size_bytes;
        if (done.offset_bytes + done.size_bytes > file_bytes_max) {
            done.operation = OPERATION_SHRINK;
        }
    }
    if (done.operation == OPERATION_MAP_WRITE) {
        if (done.offset_bytes >= test.size_bytes) {
            done.operation = OPERATION_WRITE;
        } else if (done.size_bytes > test.size_bytes - done.offset_bytes) {
            done.size_bytes = test.size_bytes - done.offset_bytes;
        }
    }
    if (done.operation == OPERATION_SHRINK) {
        done.offset_bytes = choose_offset(test.size_bytes);
    }
    if (done.operation == OPERATION_GROW) {
        done.offset_bytes =
            test.size_bytes + random_below(&test.random, file_bytes_max - test.size_bytes + 1);
    }
    return done;
}

static int execute(struct done *done)
{
    const struct subject_operations *operations = test.subject->operations;
    switch (done->operation) {
    case OPERATION_READ:
        return check_range(done->offset_bytes, done->size_bytes);
    case OPERATION_WRITE:
    case OPERATION_APPEND:
    case OPERATION_MAP_WRITE:
        return write_range(done, done->operation == OPERATION_MAP_WRITE);
    case OPERATION_SHRINK:
    case OPERATION_GROW:
        set_size(done->offset_bytes);
        return operations->truncate(test.subject, done->offset_bytes);
    case OPERATION_ALLOCATE:
    case OPERATION_ALLOCATE_KEEP:
        return allocate(done, done->operation == OPERATION_ALLOCATE_KEEP);
    case OPERATION_SYNC:
        return operations->sync(test.subject);
    default:
        return operations->reopen(test.subject) == 0 ? check_all() : -1;
    }
}

static int run(uint64_t count)
{
    while (test.done_count < count) {
        struct done done = choose_done();
        test.done[test.done_count++ % remembered_count] = done;
        if (execute(&done) != 0) {
            return fail("failed", 0);
        }
    }
    return test.subject->operations->reopen(test.subject) == 0 ? check_all() : -1;
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 5) {
        (void)fprintf(stderr, "usage: random_contents library|kernel PATH SEED COUNT\n");
        return 2;
    }
    bool library = strcmp(arguments[1], "library") == 0;
    uint64_t seed = strtoull(arguments[3], nullptr, 10);
    uint64_t count = strtoull(arguments[4], nullptr, 10);
    test.random = random_start(seed);
    test.subject = library ? subject_of_library(arguments[2]) : subject_of_kernel(arguments[2]);
    if (test.subject == nullptr) {
        return 1;
    }
    /* A file that is there is emptied: the model knows nothing of it. */
    bool well = test.subject->operations->truncate(test.subject, 0) == 0 && run(count) == 0;
    well = test.subject->operations->close(test.subject) == 0 && well;
    printf("contents by %s: %llu operations, seed %llu: %s\n", arguments[1],
        (unsigned long long)test.done_count, (unsigned long long)seed, well ? "well" : "FAILED");
    return well ? 0 : 1;
}
