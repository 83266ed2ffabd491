/* SPDX-License-Identifier: ISC */
/* cat: copy files to standard output. */
#include <erix/program.h>
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char help[] = "usage: cat [FILE...]\n"
                           "Copy the files, one after the other, to standard output.\n"
                           "Without files, or for the name -, copy standard input.\n";

static char buffer[65536];

/* Write all of it, or end the program: nothing more could be written either. */
static void write_all(const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, count);
        if (written <= 0) {
            err(1, "standard output");
        }
        bytes += written;
        count -= (size_t)written;
    }
}

static bool copy(int fd, const char *name)
{
    for (;;) {
        ssize_t count = read(fd, buffer, sizeof(buffer));
        if (count < 0) {
            warn("%s", name);
        }
        if (count <= 0) {
            return count == 0;
        }
        write_all(buffer, (size_t)count);
    }
}

static bool copy_file(const char *path)
{
    if (strcmp(path, "-") == 0) {
        return copy(STDIN_FILENO, "standard input");
    }
    int fd = open(path, O_RDONLY);
    if (fd < 0) {
        warn("%s", path);
        return false;
    }
    bool copied = copy(fd, path);
    (void)close(fd); /* it was only read */
    return copied;
}

int main(int argc, char **argv)
{
    bool failed = false;
    program_begin(argc, argv, help);
    for (int index = 1; index < argc; index++) {
        failed |= !copy_file(argv[index]);
    }
    if (argc < 2) {
        failed = !copy_file("-");
    }
    return program_end(failed);
}
