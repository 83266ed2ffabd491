/* SPDX-License-Identifier: ISC */
/* The allocator under random use: blocks keep their bytes, never overlap, and all come back. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lib/testing/check.h>

#include "random.h"
#include "renamed.h"

constexpr uint32_t slot_count = 256;
constexpr unsigned step_count = 200000;
constexpr size_t heap_bytes = 1024 * 1024; /* of test/host_system.c */

static struct random numbers = {.state = 4};

struct slot {
    uint8_t *memory;
    size_t bytes;
    uint8_t pattern;
};

static bool is_filled(const struct slot *slot, size_t bytes)
{
    for (size_t at = 0; at < bytes; at++) {
        if (slot->memory[at] != slot->pattern) {
            return false;
        }
    }
    return true;
}

static size_t make_size(void)
{
    return random_below(&numbers, 20) == 0 ? random_below(&numbers, 60000)
                                           : random_below(&numbers, 600);
}

static void take(struct slot *slot)
{
    size_t bytes = make_size();
    switch (random_below(&numbers, 3)) {
    case 0:
        slot->memory = erix_malloc(bytes);
        break;
    case 1:
        slot->memory = erix_calloc(1, bytes);
        for (size_t at = 0; slot->memory != nullptr && at < bytes; at++) {
            CHECK(slot->memory[at] == 0);
        }
        break;
    default: {
        size_t alignment = 1UL << random_below(&numbers, 13);
        slot->memory = erix_aligned_alloc(alignment, bytes);
        CHECK((uintptr_t)slot->memory % alignment == 0);
        break;
    }
    }
    CHECK((uintptr_t)slot->memory % 16 == 0);
    slot->bytes = slot->memory == nullptr ? 0 : bytes;
}

static void change(struct slot *slot)
{
    size_t bytes = make_size();
    size_t kept_bytes = bytes < slot->bytes ? bytes : slot->bytes;
    void *moved = erix_realloc(slot->memory, bytes);
    if (moved == nullptr) {
        return;
    }
    slot->memory = moved;
    CHECK(is_filled(slot, kept_bytes));
    slot->bytes = bytes;
}

static void step(struct slot *slot, uint8_t pattern)
{
    if (slot->memory != nullptr) {
        CHECK(is_filled(slot, slot->bytes));
    }
    if (slot->memory == nullptr) {
        take(slot);
    } else if (random_below(&numbers, 3) == 0) {
        change(slot);
    } else {
        erix_free(slot->memory);
        slot->memory = nullptr;
        return;
    }
    slot->pattern = pattern;
    if (slot->memory != nullptr) {
        memset(slot->memory, pattern, slot->bytes);
    }
}

static void stress(void)
{
    static struct slot slots[slot_count];
    for (unsigned turn = 0; turn < step_count; turn++) {
        step(&slots[random_below(&numbers, slot_count)], (uint8_t)turn);
    }
    for (uint32_t index = 0; index < slot_count; index++) {
        erix_free(slots[index].memory);
        slots[index].memory = nullptr;
    }
    /* Everything has grown together again: one block takes the whole heap. */
    void *whole = erix_malloc(heap_bytes - 16);
    CHECK(whole != nullptr);
    CHECK(erix_malloc(0) == nullptr);
    erix_free(whole);
}

static void refusals(void)
{
    erix_errno = 0;
    CHECK(erix_malloc(heap_bytes) == nullptr);
    CHECK_EQUAL(erix_errno, ENOMEM);
    CHECK(erix_malloc(SIZE_MAX) == nullptr);
    CHECK(erix_malloc(SIZE_MAX - 20) == nullptr);
    CHECK(erix_calloc(SIZE_MAX / 2, 3) == nullptr);
    CHECK(erix_aligned_alloc(4096, SIZE_MAX - 100) == nullptr);
    erix_errno = 0;
    CHECK(erix_aligned_alloc(24, 100) == nullptr);
    CHECK_EQUAL(erix_errno, EINVAL);
    void *memory = erix_malloc(100);
    CHECK(erix_realloc(memory, heap_bytes) == nullptr);
    erix_free(memory);
    erix_free(nullptr);
}

static void growing_in_place(void)
{
    void *memory = erix_malloc(100);
    CHECK(erix_realloc(memory, 50000) == memory);
    CHECK(erix_realloc(memory, 10) == memory);
    erix_free(memory);
}

static void overflow_a_block(void)
{
    char *first = erix_malloc(64);
    char *second = erix_malloc(64);
    memset(first, 'x', 72);
    erix_free(second);
}

/* The most common overflow: the NUL of a string that filled its block. */
static void overflow_by_one(void)
{
    char *first = erix_malloc(64);
    char *second = erix_malloc(64);
    first[64] = 0;
    erix_free(second);
}

static void free_twice(void)
{
    void *first = erix_malloc(64);
    void *second = erix_malloc(64);
    void *third = erix_malloc(64);
    erix_free(first);
    erix_free(second);
    erix_free(second);
    erix_free(third);
}

static void free_inside(void)
{
    char *memory = erix_malloc(64);
    erix_free(memory + 16);
}

static void free_foreign(void)
{
    static char memory[64];
    erix_free(memory + 32);
}

/* Whether the action ends its process by abort(). */
static bool aborts(void (*action)(void))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)close(STDERR_FILENO);
        action();
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void damage_is_noticed(void)
{
    CHECK(aborts(overflow_a_block));
    CHECK(aborts(overflow_by_one));
    CHECK(aborts(free_twice));
    CHECK(aborts(free_inside));
    CHECK(aborts(free_foreign));
}

static void environment(void)
{
    static char path[] = "PATH=/bin";
    static char home[] = "HOMES=/x";
    static char *start[] = {path, home, nullptr};
    erix_environ = start;
    CHECK(strcmp(erix_getenv("PATH"), "/bin") == 0);
    CHECK(erix_getenv("HOME") == nullptr && erix_getenv("") == nullptr);
    CHECK_EQUAL(erix_setenv("HOME", "/", 1), 0);
    CHECK_EQUAL(erix_setenv("PATH", "/other", 0), 0);
    CHECK(strcmp(erix_getenv("PATH"), "/bin") == 0);
    for (int turn = 0; turn < 50000; turn++) { /* replaced values do not pile up */
        CHECK_EQUAL(erix_setenv("PATH", "/a/long/value/of/this/variable", 1), 0);
    }
    CHECK(strcmp(erix_getenv("HOME"), "/") == 0);
    CHECK_EQUAL(erix_setenv("A=B", "x", 1), -1);
    CHECK_EQUAL(erix_errno, EINVAL);
    CHECK_EQUAL(erix_unsetenv("HOMES"), 0);
    CHECK_EQUAL(erix_unsetenv("HOMES"), 0);
    CHECK(erix_getenv("HOMES") == nullptr);
    CHECK(strcmp(erix_getenv("HOME"), "/") == 0);
}

int main(void)
{
    TEST(stress);
    TEST(refusals);
    TEST(growing_in_place);
    TEST(damage_is_noticed);
    TEST(environment);
    return check_report();
}
