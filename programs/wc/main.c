/* SPDX-License-Identifier: ISC */
/* wc: count lines, words and bytes. */
#include <ctype.h>
#include <erix/program.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char help[] = "usage: wc [-l] [-w] [-c] [FILE...]\n"
                           "Count the lines, words and bytes of files, or of standard input.\n"
                           "  -l  lines only; -w  words only; -c  bytes only; together: those\n";

struct counts {
    unsigned long long lines;
    unsigned long long words;
    unsigned long long bytes;
};

static struct {
    bool lines;
    bool words;
    bool bytes;
} shown;

static void print(const struct counts *counts, const char *name)
{
    if (shown.lines) {
        (void)printf("%8llu", counts->lines);
    }
    if (shown.words) {
        (void)printf("%8llu", counts->words);
    }
    if (shown.bytes) {
        (void)printf("%8llu", counts->bytes);
    }
    (void)printf("%s%s\n", *name != 0 ? " " : "", name);
}

static void count_bytes(struct counts *counts, const char *bytes, size_t size, bool *in_word)
{
    counts->bytes += size;
    for (size_t at = 0; at < size; at++) {
        bool blank = isspace((unsigned char)bytes[at]) != 0;
        counts->lines += bytes[at] == '\n';
        counts->words += !blank && !*in_word;
        *in_word = !blank;
    }
}

static bool count_file(const char *path, struct counts *total)
{
    static char buffer[65536];
    struct counts counts = {};
    bool in_word = false;
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY);
    ssize_t size = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer));
    for (; size > 0; size = read(fd, buffer, sizeof(buffer))) {
        count_bytes(&counts, buffer, (size_t)size, &in_word);
    }
    if (size < 0) {
        warn("%s", path);
    } else {
        print(&counts, standard ? "" : path);
    }
    if (fd >= 0 && !standard) {
        (void)close(fd); /* it was only read */
    }
    total->lines += counts.lines;
    total->words += counts.words;
    total->bytes += counts.bytes;
    return size == 0;
}

int main(int argc, char **argv)
{
    struct counts total = {};
    bool failed = false;
    program_begin(argc, argv, help);
    for (int option = getopt(argc, argv, "lwc"); option != -1; option = getopt(argc, argv, "lwc")) {
        if (option == '?') {
            program_fail_usage();
        }
        shown.lines |= option == 'l';
        shown.words |= option == 'w';
        shown.bytes |= option == 'c';
    }
    if (!shown.lines && !shown.words && !shown.bytes) {
        shown.lines = shown.words = shown.bytes = true;
    }
    for (int index = optind; index < argc; index++) {
        failed |= !count_file(argv[index], &total);
    }
    if (optind == argc) {
        failed = !count_file("-", &total);
    }
    if (argc - optind > 1) {
        print(&total, "total");
    }
    return program_end(failed);
}
