/* SPDX-License-Identifier: ISC */
/* Variables: exported ones live in the environment, the others in a list here, none in both. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sh.h"

struct variable {
    struct variable *next; /* owned */
    char *value;           /* owned */
    char name[];
};

static struct variable *variables;

/* The link to a variable of the list, or to the null pointer at its end. */
static struct variable **find(const char *name)
{
    struct variable **link = &variables;
    while (*link != nullptr && strcmp((*link)->name, name) != 0) {
        link = &(*link)->next;
    }
    return link;
}

static void drop(struct variable **link)
{
    struct variable *variable = *link;
    if (variable != nullptr) {
        *link = variable->next;
        free(variable->value);
        free(variable);
    }
}

const char *variables_get(const char *name)
{
    const struct variable *variable = *find(name);
    return variable != nullptr ? variable->value : getenv(name);
}

static bool add(struct variable **link, const char *name, char *value)
{
    struct variable *variable = malloc(sizeof(*variable) + strlen(name) + 1);
    if (variable == nullptr) {
        return false;
    }
    variable->next = nullptr;
    variable->value = value;
    (void)strcpy(variable->name, name);
    *link = variable;
    return true;
}

bool variables_set(const char *name, const char *value)
{
    if (getenv(name) != nullptr) {
        return setenv(name, value, 1) == 0;
    }
    char *copy = strdup(value);
    if (copy == nullptr) {
        return false;
    }
    struct variable **link = find(name);
    if (*link != nullptr) {
        free((*link)->value);
        (*link)->value = copy;
        return true;
    }
    if (!add(link, name, copy)) {
        free(copy);
        return false;
    }
    return true;
}

bool variables_export(const char *name)
{
    struct variable **link = find(name);
    if (*link == nullptr) {
        return setenv(name, "", 0) == 0;
    }
    if (setenv(name, (*link)->value, 1) < 0) {
        return false;
    }
    drop(link);
    return true;
}

void variables_unset(const char *name)
{
    drop(find(name));
    (void)unsetenv(name); /* fails only for what is no name */
}

void variables_print(FILE *out)
{
    for (const struct variable *variable = variables; variable != nullptr;
        variable = variable->next) {
        (void)fprintf(out, "%s=%s\n", variable->name, variable->value);
    }
    for (char **entry = environ; *entry != nullptr; entry++) {
        (void)fprintf(out, "%s\n", *entry);
    }
}
