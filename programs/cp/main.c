/* SPDX-License-Identifier: ISC */
/* cp: copy files, and with -r whole trees. */
#include <dirent.h>
#include <erix/program.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] = "usage: cp [-r] SOURCE... TARGET\n"
                           "Copy a file to the path TARGET, or files into the directory TARGET.\n"
                           "  -r  copy directories and all that is in them; links stay links\n";

/* A path that components are added to and taken from. */
struct path {
    size_t bytes;
    char text[PATH_MAX];
};

static struct {
    bool recursive;
    struct path source; /* what is being copied */
    struct path target; /* where to */
    bool root_known;    /* root_device and root_inode are the directory that was created first */
    dev_t root_device;
    ino_t root_inode;
} cp;

static char buffer[65536];

static bool copy(void);

static bool complain(const struct path *path)
{
    warn("%s", path->text);
    return false;
}

static bool path_set(struct path *path, const char *text)
{
    path->bytes = strlen(text);
    if (path->bytes >= sizeof(path->text)) {
        errno = ENAMETOOLONG;
        warn("%s", text);
        return false;
    }
    (void)strcpy(path->text, text);
    return true;
}

static bool path_add(struct path *path, const char *name)
{
    size_t name_bytes = strlen(name);
    bool slash = path->bytes > 0 && path->text[path->bytes - 1] != '/';
    if (path->bytes + slash + name_bytes >= sizeof(path->text)) {
        errno = ENAMETOOLONG;
        return complain(path);
    }
    if (slash) {
        path->text[path->bytes++] = '/';
    }
    (void)strcpy(path->text + path->bytes, name);
    path->bytes += name_bytes;
    return true;
}

static void path_cut(struct path *path, size_t bytes)
{
    path->bytes = bytes;
    path->text[bytes] = 0;
}

static bool copy_bytes(int source, int target)
{
    for (;;) {
        ssize_t count = read(source, buffer, sizeof(buffer));
        if (count <= 0) {
            return count == 0 || complain(&cp.source);
        }
        for (ssize_t done = 0; done < count;) {
            ssize_t written = write(target, buffer + done, (size_t)(count - done));
            if (written <= 0) {
                return complain(&cp.target);
            }
            done += written;
        }
    }
}

static bool is_same_file(const struct stat *source)
{
    struct stat target;
    return stat(cp.target.text, &target) == 0 && target.st_dev == source->st_dev &&
           target.st_ino == source->st_ino;
}

static bool copy_file(const struct stat *source)
{
    if (is_same_file(source)) {
        warnx("%s: is the same file as %s", cp.source.text, cp.target.text);
        return false;
    }
    int source_fd = open(cp.source.text, O_RDONLY);
    if (source_fd < 0) {
        return complain(&cp.source);
    }
    int target_fd = open(cp.target.text, O_WRONLY | O_CREAT | O_TRUNC, source->st_mode & 0777);
    bool copied = target_fd < 0 ? complain(&cp.target) : copy_bytes(source_fd, target_fd);
    if (target_fd >= 0 && close(target_fd) < 0) {
        copied = complain(&cp.target);
    }
    (void)close(source_fd); /* it was only read */
    return copied;
}

static bool copy_link(void)
{
    static char target[PATH_MAX];
    ssize_t bytes = readlink(cp.source.text, target, sizeof(target) - 1);
    if (bytes < 0) {
        return complain(&cp.source);
    }
    target[bytes] = 0;
    return symlink(target, cp.target.text) == 0 || complain(&cp.target);
}

static int is_child(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static bool copy_child(const char *name)
{
    size_t source_bytes = cp.source.bytes;
    size_t target_bytes = cp.target.bytes;
    bool copied = path_add(&cp.source, name) && path_add(&cp.target, name) && copy();
    path_cut(&cp.source, source_bytes);
    path_cut(&cp.target, target_bytes);
    return copied;
}

/* Create the target directory, or find that it is there. */
static bool make_target(const struct stat *source)
{
    struct stat target;
    if (mkdir(cp.target.text, (source->st_mode & 0777) | S_IRWXU) < 0 && errno != EEXIST) {
        return complain(&cp.target);
    }
    if (stat(cp.target.text, &target) < 0) {
        return complain(&cp.target);
    }
    if (!cp.root_known) {
        cp.root_known = true;
        cp.root_device = target.st_dev;
        cp.root_inode = target.st_ino;
    }
    return true;
}

static bool copy_directory(const struct stat *source)
{
    struct dirent **children;
    if (!cp.recursive) {
        errno = EISDIR;
        return complain(&cp.source);
    }
    if (cp.root_known && source->st_dev == cp.root_device && source->st_ino == cp.root_inode) {
        warnx("%s: is where the copy goes", cp.source.text);
        return false;
    }
    /* The names are read first, so that a copy into itself is not seen as one of them. */
    int count = scandir(cp.source.text, &children, is_child, nullptr);
    if (count < 0) {
        return complain(&cp.source);
    }
    bool made = make_target(source);
    bool copied = made;
    for (int index = 0; index < count; index++) {
        copied &= made && copy_child(children[index]->d_name);
        free(children[index]);
    }
    free(children);
    return copied;
}

/* Copy cp.source to cp.target; failures are reported. The depth is bounded by PATH_MAX. */
static bool copy(void)
{
    struct stat source;
    int result = cp.recursive ? lstat(cp.source.text, &source) : stat(cp.source.text, &source);
    if (result < 0) {
        return complain(&cp.source);
    }
    if (S_ISDIR(source.st_mode)) {
        return copy_directory(&source);
    }
    if (S_ISLNK(source.st_mode)) {
        return copy_link();
    }
    if (!S_ISREG(source.st_mode)) {
        errno = ENOTSUP;
        return complain(&cp.source);
    }
    return copy_file(&source);
}

/* The last name in a path, without slashes behind it. */
static const char *last_name(const char *path)
{
    static char name[NAME_MAX + 1];
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') {
        end--;
    }
    size_t first = end;
    while (first > 0 && path[first - 1] != '/') {
        first--;
    }
    size_t bytes = end - first <= NAME_MAX ? end - first : NAME_MAX;
    memcpy(name, path + first, bytes);
    name[bytes] = 0;
    return name;
}

static bool copy_argument(const char *source, const char *target, bool into)
{
    cp.root_known = false;
    return path_set(&cp.source, source) && path_set(&cp.target, target) &&
           (!into || path_add(&cp.target, last_name(source))) && copy();
}

int main(int argc, char **argv)
{
    bool failed = false;
    struct stat found;
    program_begin(argc, argv, help);
    for (int option = getopt(argc, argv, "r"); option != -1; option = getopt(argc, argv, "r")) {
        if (option != 'r') {
            program_fail_usage();
        }
        cp.recursive = true;
    }
    if (argc - optind < 2) {
        program_fail_usage();
    }
    const char *target = argv[argc - 1];
    bool into = stat(target, &found) == 0 && S_ISDIR(found.st_mode);
    if (argc - optind > 2 && !into) {
        errno = ENOTDIR;
        err(1, "%s", target);
    }
    for (int index = optind; index < argc - 1; index++) {
        failed |= !copy_argument(argv[index], target, into);
    }
    return program_end(failed);
}
