/* SPDX-License-Identifier: ISC */
/*
 * Variables of the environment. The list that the program is started with is read only; the first
 * change replaces it by a copy on the heap, in which every string is owned by the list.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char **environ;

static char **owned; /* the copy, or a null pointer before the first change */

/* The index of a variable, or of the null pointer at the end of the list. */
static size_t find(const char *name, size_t name_bytes)
{
    size_t index = 0;
    while (environ[index] != nullptr &&
           (strncmp(environ[index], name, name_bytes) != 0 || environ[index][name_bytes] != '=')) {
        index++;
    }
    return index;
}

static size_t count_all(void)
{
    size_t count = 0;
    while (environ[count] != nullptr) {
        count++;
    }
    return count;
}

static void release(char **list)
{
    for (size_t index = 0; list[index] != nullptr; index++) {
        free(list[index]);
    }
    free(list);
}

/* Make the list ours if it is not. */
static bool own(void)
{
    if (environ == owned && owned != nullptr) {
        return true;
    }
    size_t count = count_all();
    char **copy = calloc(count + 1, sizeof(*copy));
    if (copy == nullptr) {
        return false;
    }
    for (size_t index = 0; index < count; index++) {
        copy[index] = strdup(environ[index]);
        if (copy[index] == nullptr) {
            release(copy);
            return false;
        }
    }
    owned = copy;
    environ = copy;
    return true;
}

static bool is_name(const char *name)
{
    return name != nullptr && *name != 0 && strchr(name, '=') == nullptr;
}

char *getenv(const char *name)
{
    if (environ == nullptr || !is_name(name)) {
        return nullptr;
    }
    size_t name_bytes = strlen(name);
    char *entry = environ[find(name, name_bytes)];
    return entry == nullptr ? nullptr : entry + name_bytes + 1;
}

/* "NAME=VALUE" on the heap, or a null pointer. */
static char *join(const char *name, const char *value)
{
    size_t name_bytes = strlen(name);
    char *entry = malloc(name_bytes + strlen(value) + 2);
    if (entry != nullptr) {
        memcpy(entry, name, name_bytes);
        entry[name_bytes] = '=';
        (void)strcpy(entry + name_bytes + 1, value);
    }
    return entry;
}

int setenv(const char *name, const char *value, int overwrite)
{
    if (!is_name(name)) {
        errno = EINVAL;
        return -1;
    }
    if (!overwrite && getenv(name) != nullptr) {
        return 0;
    }
    char *entry = own() ? join(name, value) : nullptr;
    if (entry == nullptr) {
        return -1;
    }
    size_t index = find(name, strlen(name));
    if (environ[index] == nullptr) {
        char **longer = reallocarray(environ, index + 2, sizeof(*longer));
        if (longer == nullptr) {
            free(entry);
            return -1;
        }
        longer[index + 1] = nullptr;
        owned = longer;
        environ = longer;
    } else {
        free(environ[index]);
    }
    environ[index] = entry;
    return 0;
}

int unsetenv(const char *name)
{
    if (!is_name(name)) {
        errno = EINVAL;
        return -1;
    }
    if (getenv(name) == nullptr) {
        return 0;
    }
    if (!own()) {
        return -1;
    }
    size_t index = find(name, strlen(name));
    size_t last = count_all() - 1;
    free(environ[index]);
    memmove(&environ[index], &environ[index + 1], (last - index) * sizeof(*environ));
    environ[last] = nullptr;
    return 0;
}
