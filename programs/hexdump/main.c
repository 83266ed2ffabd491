/* SPDX-License-Identifier: ISC */
/* hexdump: print bytes as numbers and characters. */
#include <ctype.h>
#include <erix/program.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: hexdump [-C] [-v] [-s SKIP] [-n COUNT] [FILE]\n"
    "Print the bytes of a file, or of standard input, 16 a line: offset, hexadecimal, characters.\n"
    "Lines like the one before are shown as one *.\n"
    "  -C  accepted, this is the only form\n"
    "  -v  show all lines\n"
    "  -s  leave out that many bytes at the start\n"
    "  -n  show at most that many bytes\n";

constexpr size_t row_bytes_max = 16;

struct dump {
    bool verbose;
    unsigned long long skip_bytes;
    unsigned long long count_bytes_max;
    const char *path; /* a null pointer for standard input */
};

static unsigned long long parse_number(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 0);
    if (end == text || *end != 0 || errno != 0 || strchr(text, '-') != nullptr) {
        errno = EINVAL;
        err(2, "%s", text);
    }
    return number;
}

static void print_row(unsigned long long offset, const unsigned char *row, size_t bytes)
{
    (void)printf("%08llx ", offset);
    for (size_t at = 0; at < row_bytes_max; at++) {
        (void)fputs(at % 8 == 0 ? " " : "", stdout);
        if (at < bytes) {
            (void)printf("%02x ", row[at]);
        } else {
            (void)fputs("   ", stdout);
        }
    }
    (void)fputs(" |", stdout);
    for (size_t at = 0; at < bytes; at++) {
        (void)putchar(isprint(row[at]) ? row[at] : '.');
    }
    (void)puts("|");
}

/* Leave out bytes at the start, by reading if the input cannot seek. */
static void skip(FILE *input, unsigned long long bytes)
{
    if (bytes == 0 || fseeko(input, (off_t)bytes, SEEK_SET) == 0) {
        return;
    }
    while (bytes > 0 && fgetc(input) != EOF) {
        bytes--;
    }
}

/* Print everything; the offset behind the last byte. */
static unsigned long long print_rows(FILE *input, const struct dump *dump)
{
    unsigned char previous[row_bytes_max] = {};
    unsigned char row[row_bytes_max];
    unsigned long long offset = dump->skip_bytes;
    unsigned long long left_bytes = dump->count_bytes_max;
    bool repeated = false;
    while (left_bytes > 0) {
        size_t wanted = left_bytes < row_bytes_max ? (size_t)left_bytes : row_bytes_max;
        size_t bytes = fread(row, 1, wanted, input);
        if (bytes == 0) {
            break;
        }
        bool first = offset == dump->skip_bytes;
        bool same = !first && bytes == row_bytes_max && memcmp(row, previous, bytes) == 0;
        if (!same || dump->verbose) {
            print_row(offset, row, bytes);
        } else if (!repeated) {
            (void)puts("*");
        }
        repeated = same;
        memcpy(previous, row, bytes);
        offset += bytes;
        left_bytes -= bytes;
    }
    return offset;
}

static bool show(const struct dump *dump)
{
    const char *name = dump->path == nullptr ? "standard input" : dump->path;
    FILE *input = dump->path == nullptr ? stdin : fopen(dump->path, "r");
    if (input == nullptr) {
        warn("%s", name);
        return false;
    }
    skip(input, dump->skip_bytes);
    unsigned long long end = print_rows(input, dump);
    if (ferror(input)) {
        warn("%s", name);
        return false;
    }
    if (end > dump->skip_bytes) {
        (void)printf("%08llx\n", end);
    }
    return true;
}

int main(int argc, char **argv)
{
    struct dump dump = {.count_bytes_max = ~0ULL};
    program_begin(argc, argv, help);
    for (int option = getopt(argc, argv, "Cvs:n:"); option != -1;
        option = getopt(argc, argv, "Cvs:n:")) {
        switch (option) {
        case 'C':
            break;
        case 'v':
            dump.verbose = true;
            break;
        case 's':
            dump.skip_bytes = parse_number(optarg);
            break;
        case 'n':
            dump.count_bytes_max = parse_number(optarg);
            break;
        default:
            program_fail_usage();
        }
    }
    if (argc - optind > 1) {
        program_fail_usage();
    }
    dump.path = argv[optind];
    return program_end(!show(&dump));
}
