/* SPDX-License-Identifier: ISC */
/* ls: list directories. */
#include <dirent.h>
#include <erix/program.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "usage: ls [-a] [-l] [-1] [FILE...]\n"
    "List files and the contents of directories, by name.\n"
    "  -a  names that begin with a dot as well\n"
    "  -l  one file a line: type and mode, links, owner, group, size, time, name\n"
    "  -1  one name a line; the default if the output is no terminal\n";

constexpr size_t gap_columns = 2;
constexpr size_t terminal_columns_default = 80;

enum layout {
    LAYOUT_COLUMNS,
    LAYOUT_LINES,
    LAYOUT_LONG
};

static struct {
    bool all;
    enum layout layout;
    size_t columns;
} ls;

/* One file to be shown. */
struct entry {
    const char *name;      /* borrowed from the listing or from argv */
    const char *directory; /* where it is, borrowed; a null pointer if the name is the path */
    struct stat found;
};

static char mode_letter(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return 'd';
    case S_IFLNK:
        return 'l';
    case S_IFCHR:
        return 'c';
    case S_IFBLK:
        return 'b';
    case S_IFIFO:
        return 'p';
    case S_IFSOCK:
        return 's';
    default:
        return '-';
    }
}

/* "drwxr-xr-x" */
static void write_mode(char text[static 11], mode_t mode)
{
    static const char letters[] = "rwxrwxrwx";
    text[0] = mode_letter(mode);
    for (int bit = 0; bit < 9; bit++) {
        text[bit + 1] = (mode >> (8 - bit) & 1) != 0 ? letters[bit] : '-';
    }
    text[10] = 0;
}

static const char *path_of(const struct entry *entry)
{
    static char path[PATH_MAX];
    if (entry->directory == nullptr) {
        return entry->name;
    }
    (void)snprintf(path, sizeof(path), "%s/%s", entry->directory, entry->name);
    return path;
}

static void print_long(const struct entry *entry, int link_digits, int size_digits)
{
    char mode[11];
    char when[32];
    struct tm calendar = {};
    const struct stat *found = &entry->found;
    write_mode(mode, found->st_mode);
    (void)gmtime_r(&found->st_mtim.tv_sec, &calendar); /* a time out of range is shown as zeros */
    (void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &calendar);
    (void)printf("%s %*llu %u %u %*lld %s %s", mode, link_digits,
        (unsigned long long)found->st_nlink, found->st_uid, found->st_gid, size_digits,
        (long long)found->st_size, when, entry->name);
    if (S_ISLNK(found->st_mode)) {
        static char target[PATH_MAX];
        ssize_t bytes = readlink(path_of(entry), target, sizeof(target));
        (void)printf(" -> %.*s", bytes < 0 ? 1 : (int)bytes, bytes < 0 ? "?" : target);
    }
    (void)puts("");
}

static int digits_of(unsigned long long number)
{
    return snprintf(nullptr, 0, "%llu", number);
}

static void print_all_long(const struct entry *entries, size_t count)
{
    int link_digits = 1;
    int size_digits = 1;
    for (size_t index = 0; index < count; index++) {
        int links = digits_of(entries[index].found.st_nlink);
        int size = digits_of((unsigned long long)entries[index].found.st_size);
        link_digits = links > link_digits ? links : link_digits;
        size_digits = size > size_digits ? size : size_digits;
    }
    for (size_t index = 0; index < count; index++) {
        print_long(&entries[index], link_digits, size_digits);
    }
}

/* Down the columns first, as many columns of one width as fit. */
static void print_columns(const struct entry *entries, size_t count)
{
    size_t width = 1;
    for (size_t index = 0; index < count; index++) {
        size_t name_columns = strlen(entries[index].name) + gap_columns;
        width = name_columns > width ? name_columns : width;
    }
    size_t column_count = ls.columns / width > 0 ? ls.columns / width : 1;
    size_t row_count = (count + column_count - 1) / column_count;
    for (size_t row = 0; row < row_count; row++) {
        for (size_t index = row; index < count; index += row_count) {
            bool last = index + row_count >= count;
            (void)printf("%-*s", last ? 0 : (int)width, entries[index].name);
        }
        (void)puts("");
    }
}

static void print_entries(const struct entry *entries, size_t count)
{
    if (ls.layout == LAYOUT_LONG) {
        print_all_long(entries, count);
    } else if (ls.layout == LAYOUT_COLUMNS) {
        print_columns(entries, count);
    } else {
        for (size_t index = 0; index < count; index++) {
            (void)puts(entries[index].name);
        }
    }
}

static int is_shown(const struct dirent *entry)
{
    return ls.all || entry->d_name[0] != '.';
}

/* Look at each name, as far as the layout needs it; false if that fails for one. */
static bool fill_entries(
    struct entry *entries, struct dirent **names, size_t count, const char *directory)
{
    bool complete = true;
    for (size_t index = 0; index < count; index++) {
        entries[index] = (struct entry){.name = names[index]->d_name, .directory = directory};
        if (ls.layout == LAYOUT_LONG &&
            lstat(path_of(&entries[index]), &entries[index].found) < 0) {
            warn("%s", path_of(&entries[index]));
            complete = false;
        }
    }
    return complete;
}

static bool list_directory(const char *path)
{
    struct dirent **names;
    int found = scandir(path, &names, is_shown, alphasort);
    if (found < 0) {
        warn("%s", path);
        return false;
    }
    size_t count = (size_t)found;
    struct entry *entries = calloc(count + 1, sizeof(*entries));
    if (entries == nullptr) {
        err(1, "%s", path);
    }
    bool complete = fill_entries(entries, names, count, path);
    print_entries(entries, count);
    for (size_t index = 0; index < count; index++) {
        free(names[index]);
    }
    free(names);
    free(entries);
    return complete;
}

/* Whether an argument is listed as a directory; a link to one is, unless it is shown in detail. */
static bool is_listed(const char *path, const struct stat *found)
{
    struct stat behind;
    if (!S_ISLNK(found->st_mode) || ls.layout == LAYOUT_LONG) {
        return S_ISDIR(found->st_mode);
    }
    return stat(path, &behind) == 0 && S_ISDIR(behind.st_mode);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Show the arguments that are no directories, and move the others to the front of `paths`. */
static size_t print_files(char **paths, size_t *count)
{
    size_t file_count = 0;
    size_t directory_count = 0;
    struct entry *entries = calloc(*count, sizeof(*entries));
    size_t failed_count = 0;
    if (entries == nullptr) {
        err(1, nullptr);
    }
    for (size_t index = 0; index < *count; index++) {
        struct entry *entry = &entries[file_count];
        *entry = (struct entry){.name = paths[index]};
        if (lstat(paths[index], &entry->found) < 0) {
            warn("%s", paths[index]);
            failed_count++;
        } else if (is_listed(paths[index], &entry->found)) {
            paths[directory_count++] = paths[index];
        } else {
            file_count++;
        }
    }
    if (file_count > 0) {
        print_entries(entries, file_count);
        (void)fputs(directory_count > 0 ? "\n" : "", stdout);
    }
    free(entries);
    *count = directory_count;
    return failed_count;
}

static bool list_arguments(char **paths, size_t count)
{
    bool titled = count > 1;
    qsort(paths, count, sizeof(*paths), compare_names);
    bool failed = print_files(paths, &count) > 0;
    for (size_t index = 0; index < count; index++) {
        if (titled) {
            (void)printf("%s%s:\n", index > 0 ? "\n" : "", paths[index]);
        }
        failed |= !list_directory(paths[index]);
    }
    return failed;
}

int main(int argc, char **argv)
{
    program_begin(argc, argv, help);
    ls.layout = isatty(STDOUT_FILENO) ? LAYOUT_COLUMNS : LAYOUT_LINES;
    const char *columns = getenv("COLUMNS");
    ls.columns = columns == nullptr ? 0 : strtoul(columns, nullptr, 10);
    if (ls.columns == 0) {
        ls.columns = terminal_columns_default;
    }
    for (int option = getopt(argc, argv, "al1"); option != -1; option = getopt(argc, argv, "al1")) {
        if (option == '?') {
            program_fail_usage();
        } else if (option == 'a') {
            ls.all = true;
        } else {
            ls.layout = option == 'l' ? LAYOUT_LONG : LAYOUT_LINES;
        }
    }
    if (optind == argc) {
        return program_end(!list_directory("."));
    }
    return program_end(list_arguments(argv + optind, (size_t)(argc - optind)));
}
