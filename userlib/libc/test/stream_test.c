/* SPDX-License-Identifier: ISC */
/* Streams against the host's, by the same random operations on two files; paths; options. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lib/testing/check.h>

#include "random.h"
#include "renamed.h"

constexpr unsigned file_count = 60;
constexpr unsigned operation_count = 400;

static struct random numbers = {.state = 6};
static char folder[] = "/tmp/erix-stream-XXXXXX";

/* One file by the host's streams and its twin by ours. */
struct twins {
    FILE *wanted;
    struct stream *actual;
    bool writing; /* C wants a seek between writing and reading */
};

static void path_in_folder(char *path, const char *name)
{
    sprintf(path, "%s/%s", folder, name);
}

static void move(struct twins *twins)
{
    long offset = (long)random_below(&numbers, 30000);
    int whence = random_below(&numbers, 4) == 0 ? SEEK_END : SEEK_SET;
    if (whence == SEEK_END) {
        offset = -(long)random_below(&numbers, 10);
    }
    if (fseek(twins->wanted, 0, SEEK_END) == 0 && ftell(twins->wanted) < 10 && whence == SEEK_END) {
        offset = 0;
    }
    CHECK_EQUAL(erix_fseek(twins->actual, offset, whence), fseek(twins->wanted, offset, whence));
    CHECK_EQUAL(erix_ftell(twins->actual), ftell(twins->wanted));
}

static void write_something(struct twins *twins)
{
    char bytes[9000];
    size_t count = random_below(&numbers, 3) == 0 ? random_below(&numbers, sizeof(bytes))
                                                  : random_below(&numbers, 60);
    for (size_t at = 0; at < count; at++) {
        bytes[at] =
            (char)(random_below(&numbers, 30) == 0 ? '\n' : 'a' + random_below(&numbers, 26));
    }
    CHECK_EQUAL(
        erix_fwrite(bytes, 1, count, twins->actual), fwrite(bytes, 1, count, twins->wanted));
    if (random_below(&numbers, 2) == 0) {
        CHECK_EQUAL(erix_fprintf(twins->actual, "<%u-%s>\n", (unsigned)count, "text"),
            fprintf(twins->wanted, "<%u-%s>\n", (unsigned)count, "text"));
    }
    CHECK_EQUAL(erix_fputc('Q', twins->actual), fputc('Q', twins->wanted));
    CHECK_EQUAL(erix_ftell(twins->actual), ftell(twins->wanted));
}

static void read_block(struct twins *twins)
{
    char wanted[9000];
    char actual[9000];
    size_t size = 1 + random_below(&numbers, 5);
    size_t count = random_below(&numbers, 1800);
    size_t wanted_count = fread(wanted, size, count, twins->wanted);
    CHECK_EQUAL(erix_fread(actual, size, count, twins->actual), wanted_count);
    CHECK(memcmp(wanted, actual, wanted_count * size) == 0);
}

static void read_lines(struct twins *twins)
{
    static char *wanted_line;
    static char *actual_line;
    static size_t wanted_bytes;
    static size_t actual_bytes;
    ssize_t count = getline(&wanted_line, &wanted_bytes, twins->wanted);
    CHECK_EQUAL(erix_getline(&actual_line, &actual_bytes, twins->actual), count);
    CHECK(count < 0 || memcmp(wanted_line, actual_line, (size_t)count + 1) == 0);
    char wanted[50];
    char actual[50];
    int room = 1 + (int)random_below(&numbers, 49);
    const char *wanted_text = fgets(wanted, room, twins->wanted);
    const char *actual_text = erix_fgets(actual, room, twins->actual);
    CHECK_EQUAL(actual_text != nullptr, wanted_text != nullptr);
    CHECK(wanted_text == nullptr || strcmp(wanted, actual) == 0);
}

static void read_characters(struct twins *twins)
{
    for (int turn = 0; turn < 10; turn++) {
        int wanted = fgetc(twins->wanted);
        CHECK_EQUAL(erix_fgetc(twins->actual), wanted);
        if (wanted != EOF && random_below(&numbers, 3) == 0) {
            CHECK_EQUAL(erix_ungetc('!', twins->actual), ungetc('!', twins->wanted));
            CHECK_EQUAL(erix_ftell(twins->actual), ftell(twins->wanted));
            CHECK_EQUAL(erix_fgetc(twins->actual), fgetc(twins->wanted));
        }
    }
}

static void operate(struct twins *twins)
{
    uint32_t kind = random_below(&numbers, 6);
    bool writes = kind < 2;
    if (writes != twins->writing || kind == 5) {
        move(twins);
    }
    twins->writing = writes;
    if (writes) {
        write_something(twins);
    } else if (kind == 2) {
        read_block(twins);
    } else if (kind == 3) {
        read_lines(twins);
    } else {
        read_characters(twins);
    }
    CHECK_EQUAL(!erix_feof(twins->actual), !feof(twins->wanted));
    CHECK_EQUAL(!erix_ferror(twins->actual), !ferror(twins->wanted));
}

static bool files_are_equal(const char *left, const char *right)
{
    char command[300];
    sprintf(command, "cmp '%s' '%s'", left, right);
    return system(command) == 0;
}

static void twins(void)
{
    static const char *const modes[] = {"w+", "r+", "a+"};
    char wanted_path[100];
    char actual_path[100];
    path_in_folder(wanted_path, "wanted");
    path_in_folder(actual_path, "actual");
    for (unsigned file = 0; file < file_count; file++) {
        const char *mode = modes[file % 3];
        struct twins twins = {
            .wanted = fopen(wanted_path, mode), .actual = erix_fopen(actual_path, mode)};
        CHECK(twins.wanted != nullptr && twins.actual != nullptr);
        move(&twins);
        for (unsigned turn = 0; turn < operation_count; turn++) {
            operate(&twins);
        }
        CHECK_EQUAL(erix_fclose(twins.actual), fclose(twins.wanted));
        CHECK(files_are_equal(wanted_path, actual_path));
    }
}

static void pushed_back_characters_count(void)
{
    char path[100];
    path_in_folder(path, "pushed");
    struct stream *stream = erix_fopen(path, "w+");
    CHECK_EQUAL(erix_fputs("abcdef", stream), 0);
    CHECK_EQUAL(erix_fseek(stream, 0, SEEK_SET), 0);
    CHECK_EQUAL(erix_fgetc(stream), 'a');
    CHECK_EQUAL(erix_fgetc(stream), 'b');
    CHECK_EQUAL(erix_ungetc('x', stream), 'x');
    CHECK_EQUAL(erix_fseek(stream, 1, SEEK_CUR), 0);
    CHECK_EQUAL(erix_fgetc(stream), 'c');
    CHECK_EQUAL(erix_fclose(stream), 0);
}

static void refusals(void)
{
    char path[100];
    path_in_folder(path, "none/x");
    CHECK(erix_fopen(path, "r") == nullptr);
    CHECK_EQUAL(erix_errno, ENOENT);
    CHECK(erix_fopen(path, "q") == nullptr);
    CHECK_EQUAL(erix_errno, EINVAL);
    path_in_folder(path, "only");
    struct stream *stream = erix_fopen(path, "wx");
    CHECK(stream != nullptr);
    CHECK_EQUAL(erix_fgetc(stream), EOF);
    CHECK(erix_ferror(stream));
    CHECK_EQUAL(erix_fclose(stream), 0);
    CHECK(erix_fopen(path, "wx") == nullptr);
    CHECK_EQUAL(erix_errno, EEXIST);
    stream = erix_fopen(path, "r");
    CHECK_EQUAL(erix_fputs("x", stream), EOF);
    CHECK_EQUAL(erix_fclose(stream), 0);
    stream = erix_fopen("/dev/full", "w");
    CHECK(erix_fputs("x", stream) == 0);
    CHECK_EQUAL(erix_fclose(stream), EOF);
}

static void resolves_to(const char *path, const char *wanted)
{
    const char *actual = path_resolve(path, PATH_FIRST);
    bool same = actual != nullptr && strcmp(actual, wanted) == 0;
    if (!same) {
        printf("%s: is %s, wanted %s\n", path, actual == nullptr ? "refused" : actual, wanted);
    }
    CHECK(same);
}

static void paths(void)
{
    static char place[] = "PWD=//usr/./lib/..";
    static char *start[] = {place, nullptr};
    erix_environ = start;
    path_start();
    resolves_to("/", "/");
    resolves_to("//", "/");
    resolves_to("/..", "/");
    resolves_to("/a//b/./c/", "/a/b/c");
    resolves_to("/a/b/../../../c", "/c");
    resolves_to(".", "/usr");
    resolves_to("..", "/");
    resolves_to("x", "/usr/x");
    resolves_to("../x/..y/...", "/x/..y/...");
    CHECK(path_resolve("", PATH_FIRST) == nullptr);
    CHECK_EQUAL(erix_errno, ENOENT);
    CHECK_EQUAL(erix_chdir("/"), 0);
    resolves_to("x", "/x");
    CHECK_EQUAL(erix_chdir("/dev/null"), -1);
    CHECK_EQUAL(erix_errno, ENOTDIR);
    CHECK_EQUAL(erix_chdir("usr/bin"), 0);
    char text[20];
    CHECK(strcmp(erix_getcwd(text, sizeof(text)), "/usr/bin") == 0);
    CHECK(strcmp(erix_getenv("PWD"), "/usr/bin") == 0);
    CHECK(erix_getcwd(text, 8) == nullptr);
    CHECK_EQUAL(erix_errno, ERANGE);
}

static void path_limits(void)
{
    char path[1200];
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[256] = 0;
    CHECK(path_resolve(path, PATH_FIRST) != nullptr);
    path[256] = 'a';
    path[257] = 0;
    CHECK(path_resolve(path, PATH_FIRST) == nullptr);
    CHECK_EQUAL(erix_errno, ENAMETOOLONG);
    memset(path, 'a', sizeof(path));
    for (size_t at = 0; at < sizeof(path); at += 100) {
        path[at] = '/';
    }
    path[1023] = 0;
    CHECK(path_resolve(path, PATH_FIRST) != nullptr);
    path[1023] = 'a';
    path[1024] = 0;
    CHECK(path_resolve(path, PATH_FIRST) == nullptr);
    CHECK_EQUAL(erix_errno, ENAMETOOLONG);
}

static void options(void)
{
    char *arguments[] = {"name", "-ab", "-cvalue", "-c", "next", "-x", "--", "-a", nullptr};
    erix_opterr = 0;
    CHECK_EQUAL(erix_getopt(8, arguments, "abc:"), 'a');
    CHECK_EQUAL(erix_getopt(8, arguments, "abc:"), 'b');
    CHECK_EQUAL(erix_getopt(8, arguments, "abc:"), 'c');
    CHECK(strcmp(erix_optarg, "value") == 0);
    CHECK_EQUAL(erix_getopt(8, arguments, "abc:"), 'c');
    CHECK(strcmp(erix_optarg, "next") == 0);
    CHECK_EQUAL(erix_getopt(8, arguments, "abc:"), '?');
    CHECK_EQUAL(erix_optopt, 'x');
    CHECK_EQUAL(erix_getopt(8, arguments, "abc:"), -1);
    CHECK_EQUAL(erix_optind, 7);
    char *missing[] = {"name", "-c", nullptr};
    erix_optind = 1;
    CHECK_EQUAL(erix_getopt(2, missing, "c:"), '?');
}

int main(void)
{
    if (mkdtemp(folder) == nullptr) {
        return 1;
    }
    TEST(twins);
    TEST(pushed_back_characters_count);
    TEST(refusals);
    TEST(paths);
    TEST(path_limits);
    TEST(options);
    char command[100];
    sprintf(command, "rm -r %s", folder);
    return system(command) != 0 ? 1 : check_report();
}
