/* SPDX-License-Identifier: ISC */
/*
 * extbench: what file systems do in a second of this process's clock, what operations of lib/ext
 * cost, and how that grows. `./erix bench ext` runs it and sets the figures in proportion.
 */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "growth.h"
#include "subject.h"
#include "workload.h"

constexpr uint64_t big_bytes = 128 << 20;
constexpr double nanoseconds = 1e-9;
constexpr uint32_t count_max = 1'000'000;

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * nanoseconds;
}

static void tell(const char *what, double value)
{
    printf("%s %.1f\n", what, value);
}

/* --- speed --- */

static double mib_per_second(double start)
{
    return (double)big_bytes / (1 << 20) / (now() - start);
}

/* Writing counts until everything is on the medium. */
static bool run_write(const struct subject *subject, const char *place, uint32_t)
{
    const double start = now();
    if (!subject->start(place) || !workload_write(subject, big_bytes) || !subject->finish()) {
        return false;
    }
    tell("write_mib_s", mib_per_second(start));
    return true;
}

static bool run_read(const struct subject *subject, const char *place, uint32_t)
{
    if (!subject->start(place)) {
        return false;
    }
    const double start = now();
    if (!workload_read(subject, big_bytes)) {
        return false;
    }
    tell("read_mib_s", mib_per_second(start));
    return subject->finish();
}

static bool run_random(const struct subject *subject, const char *place, uint32_t count)
{
    if (!subject->start(place)) {
        return false;
    }
    const double start = now();
    if (!workload_read_randomly(subject, big_bytes, count)) {
        return false;
    }
    tell("random_reads_s", count / (now() - start));
    return subject->finish();
}

static bool run_files(const struct subject *subject, const char *place, uint32_t file_count)
{
    if (!subject->start(place)) {
        return false;
    }
    double start = now();
    if (!workload_each_file(subject->create, file_count)) {
        return false;
    }
    tell("creates_s", file_count / (now() - start));
    if (!subject->sync()) {
        return false;
    }
    start = now();
    if (!workload_each_file(subject->remove, file_count)) {
        return false;
    }
    tell("removes_s", file_count / (now() - start));
    return subject->finish();
}

/* A part of the workload; the caller mounts anew before each, where it mounts. */
struct part {
    const char *name;
    bool (*run)(const struct subject *subject, const char *place, uint32_t count);
};

static const struct part parts[] = {
    {"files", run_files}, {"write", run_write}, {"read", run_read}, {"random", run_random}};

static const struct part *find_part(const char *name)
{
    for (size_t index = 0; index < sizeof parts / sizeof parts[0]; index++) {
        if (strcmp(parts[index].name, name) == 0) {
            return &parts[index];
        }
    }
    return nullptr;
}

/* --- counted from outside --- */

/*
 * A tool that counts instructions does so inside this function only. What it counts is from the
 * first call of an operation to the end of its last: no mount, no sync.
 */
[[gnu::noinline]] static bool counted(const char *operation, uint32_t count)
{
    const struct subject *subject = &subject_erix;
    const uint64_t size_bytes = (uint64_t)count * workload_piece_bytes;
    if (strcmp(operation, "create") == 0) {
        return workload_each_file(subject->create, count);
    }
    if (strcmp(operation, "remove") == 0) {
        return workload_each_file(subject->remove, count);
    }
    if (strcmp(operation, "find") == 0) {
        return workload_each_file(subject->open, count);
    }
    if (strcmp(operation, "write") == 0) {
        return workload_write(subject, size_bytes);
    }
    if (strcmp(operation, "read") == 0) {
        return workload_read(subject, size_bytes);
    }
    return workload_read_randomly(subject, size_bytes, count);
}

static const char *const operations[] = {
    "create", "remove", "find", "write", "read", "random_read"};

/* What must be there before the operation. */
static bool prepare(const char *operation, uint32_t count)
{
    if (strcmp(operation, "create") == 0 || strcmp(operation, "write") == 0) {
        return true;
    }
    if (strcmp(operation, "remove") == 0 || strcmp(operation, "find") == 0) {
        return workload_each_file(subject_erix.create, count);
    }
    return workload_write(&subject_erix, (uint64_t)count * workload_piece_bytes);
}

static bool count_operation(const char *operation, const char *place, uint32_t count)
{
    return subject_erix.start(place) && prepare(operation, count) && counted(operation, count) &&
           subject_erix.finish();
}

/* --- the command line --- */

static const struct subject *const subjects[] = {&subject_erix, &subject_e2fs, &subject_posix};

static const struct subject *find_subject(const char *name)
{
    for (size_t index = 0; index < sizeof subjects / sizeof subjects[0]; index++) {
        if (strcmp(subjects[index]->name, name) == 0) {
            return subjects[index];
        }
    }
    return nullptr;
}

static bool is_operation(const char *name)
{
    for (size_t index = 0; index < sizeof operations / sizeof operations[0]; index++) {
        if (strcmp(operations[index], name) == 0) {
            return true;
        }
    }
    return false;
}

static int usage(void)
{
    (void)fputs("usage: extbench speed erix|e2fs|posix files|write|read|random PLACE COUNT\n"
                "       extbench count create|remove|find|write|read|random_read IMAGE COUNT\n"
                "       extbench directory|file IMAGE COUNT\n"
                "       extbench volume IMAGE\n",
        stderr);
    return 2;
}

static int status_of(bool well)
{
    return well ? 0 : 1;
}

static uint32_t count_of(const char *text)
{
    char *end = nullptr;
    const unsigned long count = strtoul(text, &end, 10);
    return *end == '\0' && count <= count_max ? (uint32_t)count : 0;
}

int main(int argument_count, char **arguments)
{
    if (argument_count == 3 && strcmp(arguments[1], "volume") == 0) {
        return status_of(growth_volume(arguments[2]));
    }
    const uint32_t count = argument_count >= 4 ? count_of(arguments[argument_count - 1]) : 0;
    if (count == 0) {
        return usage();
    }
    if (argument_count == 4 && strcmp(arguments[1], "directory") == 0) {
        return status_of(growth_directory(arguments[2], count));
    }
    if (argument_count == 4 && strcmp(arguments[1], "file") == 0) {
        return status_of(growth_file(arguments[2], count));
    }
    if (argument_count == 5 && strcmp(arguments[1], "count") == 0 && is_operation(arguments[2])) {
        return status_of(count_operation(arguments[2], arguments[3], count));
    }
    const bool is_speed = argument_count == 6 && strcmp(arguments[1], "speed") == 0;
    const struct subject *subject = is_speed ? find_subject(arguments[2]) : nullptr;
    const struct part *part = is_speed ? find_part(arguments[3]) : nullptr;
    if (subject == nullptr || part == nullptr) {
        return usage();
    }
    return status_of(part->run(subject, arguments[4], count));
}
