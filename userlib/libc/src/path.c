/* SPDX-License-Identifier: ISC */
/*
 * The working directory and the normal form of paths.
 *
 * Both are text: ".." takes away the component before it, whatever that is. A shell user who went
 * through a symbolic link comes back the way he went.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library.h"

/* A path being built, always in normal form: "" stands for the root. */
struct normal_path {
    char *text; /* PATH_MAX bytes, borrowed */
    size_t bytes;
};

static char working_directory[PATH_MAX] = ""; /* in the form of struct normal_path */
static char places[2][PATH_MAX];

static void drop_component(struct normal_path *path)
{
    while (path->bytes > 0) {
        path->bytes--;
        if (path->text[path->bytes] == '/') {
            return;
        }
    }
}

/* Add one component, interpreting "." and "..". False with errno if something is too long. */
static bool add_component(struct normal_path *path, const char *name, size_t name_bytes)
{
    if (name_bytes == 0 || (name_bytes == 1 && name[0] == '.')) {
        return true;
    }
    if (name_bytes == 2 && name[0] == '.' && name[1] == '.') {
        drop_component(path);
        return true;
    }
    if (name_bytes > NAME_MAX || path->bytes + 1 + name_bytes >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    path->text[path->bytes] = '/';
    memcpy(path->text + path->bytes + 1, name, name_bytes);
    path->bytes += 1 + name_bytes;
    return true;
}

static bool add_all(struct normal_path *path, const char *text)
{
    while (*text != 0) {
        const char *end = strchrnul(text, '/');
        if (!add_component(path, text, (size_t)(end - text))) {
            return false;
        }
        text = *end == 0 ? end : end + 1;
    }
    return true;
}

const char *path_resolve(const char *path, enum path_place place)
{
    struct normal_path normal = {.text = places[place]};
    if (path == nullptr || *path == 0) {
        errno = ENOENT;
        return nullptr;
    }
    if (*path != '/') {
        normal.bytes = strlen(working_directory);
        memcpy(normal.text, working_directory, normal.bytes);
    }
    if (!add_all(&normal, path)) {
        return nullptr;
    }
    if (normal.bytes == 0) {
        normal.text[normal.bytes++] = '/';
    }
    normal.text[normal.bytes] = 0;
    return normal.text;
}

/* Keep a path in normal form as the working directory. */
static void set_working_directory(const char *normal)
{
    (void)strcpy(working_directory, strcmp(normal, "/") == 0 ? "" : normal);
}

void path_start(void)
{
    const char *start = getenv("PWD");
    if (start != nullptr && *start == '/') {
        const char *normal = path_resolve(start, PATH_FIRST);
        if (normal != nullptr) {
            set_working_directory(normal);
        }
    }
}

int chdir(const char *path)
{
    struct stat found;
    const char *normal = path_resolve(path, PATH_FIRST);
    if (normal == nullptr || library_result(system_stat(normal, true, &found)) < 0) {
        return -1;
    }
    if (!S_ISDIR(found.st_mode)) {
        errno = ENOTDIR;
        return -1;
    }
    /* Children find the directory in PWD; without memory for that nothing has changed. */
    if (setenv("PWD", normal, 1) < 0) {
        return -1;
    }
    set_working_directory(normal);
    return 0;
}

char *getcwd(char *buffer, size_t bytes)
{
    const char *text = *working_directory == 0 ? "/" : working_directory;
    size_t needed_bytes = strlen(text) + 1;
    if (buffer == nullptr) {
        return strdup(text);
    }
    if (bytes < needed_bytes) {
        errno = bytes == 0 ? EINVAL : ERANGE;
        return nullptr;
    }
    return memcpy(buffer, text, needed_bytes);
}
