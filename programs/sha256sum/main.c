/* SPDX-License-Identifier: ISC */
/* sha256sum: print and check the SHA-256 digests of files. */
#include <lib/crypto/crypto.h>

#include <erix/program.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: sha256sum [-c] [FILE...]\n"
    "Print the SHA-256 digest of each file, or of standard input for none or -.\n"
    "  -c  read lines \"DIGEST  FILE\" from the files and check those\n";

constexpr size_t digest_digits = 2 * sha256_digest_bytes;

static unsigned char buffer[65536];

/* The digest of a file as text; false, reported, if it cannot be read. */
static bool digest_file(const char *path, char digits_out[static digest_digits + 1])
{
    struct sha256 hash;
    unsigned char digest[sha256_digest_bytes];
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY);
    ssize_t count = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer));
    sha256_init(&hash);
    for (; count > 0; count = read(fd, buffer, sizeof(buffer))) {
        sha256_update(&hash, buffer, (size_t)count);
    }
    if (count < 0) {
        warn("%s", path);
    }
    if (fd >= 0 && !standard) {
        (void)close(fd); /* it was only read */
    }
    sha256_final(&hash, digest);
    for (size_t index = 0; index < sizeof(digest); index++) {
        (void)sprintf(digits_out + 2 * index, "%02x", digest[index]);
    }
    return count == 0;
}

static bool print_digest(const char *path)
{
    char digits[digest_digits + 1];
    if (!digest_file(path, digits)) {
        return false;
    }
    (void)printf("%s  %s\n", digits, path);
    return true;
}

/* Check one line "DIGEST  FILE"; false if it is no such line or the file differs. */
static bool check_line(char *line, const char *list)
{
    char digits[digest_digits + 1];
    line[strcspn(line, "\n")] = 0;
    if (strspn(line, "0123456789abcdef") != digest_digits || line[digest_digits] != ' ' ||
        line[digest_digits + 1] != ' ' || line[digest_digits + 2] == 0) {
        warnx("%s: not a line \"DIGEST  FILE\": %s", list, line);
        return false;
    }
    const char *path = line + digest_digits + 2;
    bool read = digest_file(path, digits);
    bool same = read && memcmp(digits, line, digest_digits) == 0;
    (void)printf("%s: %s\n", path, same ? "OK" : "FAILED");
    return same;
}

static bool check_list(const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *list = standard ? stdin : fopen(path, "r");
    if (list == nullptr) {
        warn("%s", path);
        return false;
    }
    bool good = true;
    size_t line_count = 0;
    char *line = nullptr;
    size_t line_bytes = 0;
    while (getline(&line, &line_bytes, list) >= 0) {
        good &= check_line(line, path);
        line_count++;
    }
    if (ferror(list)) {
        warn("%s", path);
        good = false;
    } else if (line_count == 0) {
        warnx("%s: nothing to check", path);
        good = false;
    }
    free(line);
    if (!standard) {
        (void)fclose(list); /* it was only read */
    }
    return good;
}

int main(int argc, char **argv)
{
    bool (*handle)(const char *path) = print_digest;
    bool failed = false;
    program_begin(argc, argv, help);
    for (int option = getopt(argc, argv, "c"); option != -1; option = getopt(argc, argv, "c")) {
        if (option != 'c') {
            program_fail_usage();
        }
        handle = check_list;
    }
    for (int index = optind; index < argc; index++) {
        failed |= !handle(argv[index]);
    }
    if (optind == argc) {
        failed = !handle("-");
    }
    return program_end(failed);
}
