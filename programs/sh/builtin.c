/* SPDX-License-Identifier: ISC */
/* Commands that the shell runs itself, because they change it or ask it. */
#include <err.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sh.h"

static int usage(const char *text)
{
    warnx("usage: %s", text);
    return EXIT_STATUS_USAGE;
}

/* Go to a directory and remember the one before in OLDPWD. */
static int change_directory(const char *path)
{
    static char previous[PATH_MAX];
    bool known = getcwd(previous, sizeof(previous)) != nullptr;
    if (chdir(path) < 0 || (known && !variables_set("OLDPWD", previous))) {
        warn("cd: %s", path);
        return EXIT_STATUS_FAILURE;
    }
    return EXIT_STATUS_SUCCESS;
}

static int run_cd(struct shell *shell, const struct command *command, FILE *out)
{
    (void)shell;
    if (command->count > 2) {
        return usage("cd [DIRECTORY | -]");
    }
    if (command->count == 2 && strcmp(command->words[1], "-") != 0) {
        return change_directory(command->words[1]);
    }
    const char *name = command->count == 1 ? "HOME" : "OLDPWD";
    const char *value = variables_get(name);
    if (command->count == 2 && value == nullptr) {
        warnx("cd: OLDPWD is not set");
        return EXIT_STATUS_FAILURE;
    }
    static char path[PATH_MAX];
    (void)strlcpy(path, value == nullptr ? "/" : value, sizeof(path)); /* too long: not found */
    int status = change_directory(path);
    if (status == EXIT_STATUS_SUCCESS && command->count == 2) {
        (void)fprintf(out, "%s\n", path);
    }
    return status;
}

static int run_pwd(struct shell *shell, const struct command *command, FILE *out)
{
    static char path[PATH_MAX];
    (void)shell;
    if (command->count > 1) {
        return usage("pwd");
    }
    if (getcwd(path, sizeof(path)) == nullptr) {
        warn("pwd");
        return EXIT_STATUS_FAILURE;
    }
    (void)fprintf(out, "%s\n", path);
    return EXIT_STATUS_SUCCESS;
}

static int run_exit(struct shell *shell, const struct command *command, FILE *out)
{
    (void)out;
    if (command->count > 2) {
        return usage("exit [STATUS]");
    }
    int status = shell->status;
    if (command->count == 2) {
        char *end;
        long number = strtol(command->words[1], &end, 10);
        if (end == command->words[1] || *end != 0 || number < 0 || number > 255) {
            warnx("exit: %s: not a number from 0 to 255", command->words[1]);
            return EXIT_STATUS_USAGE;
        }
        status = (int)number;
    }
    shell->exiting = true;
    return status;
}

static int run_export(struct shell *shell, const struct command *command, FILE *out)
{
    int status = EXIT_STATUS_SUCCESS;
    (void)shell;
    if (command->count == 1) {
        for (char **entry = environ; *entry != nullptr; entry++) {
            (void)fprintf(out, "%s\n", *entry);
        }
    }
    for (size_t index = 1; index < command->count; index++) {
        char *word = command->words[index];
        size_t name_bytes = strcspn(word, "=");
        const char *value = word[name_bytes] == '=' ? word + name_bytes + 1 : nullptr;
        if (!shellwords_is_name(word, name_bytes)) {
            warnx("export: %s: not a name", word);
            status = EXIT_STATUS_FAILURE;
            continue;
        }
        word[name_bytes] = 0;
        bool set = value == nullptr || variables_set(word, value);
        if (!set || !variables_export(word)) {
            warn("export: %s", word);
            status = EXIT_STATUS_FAILURE;
        }
    }
    return status;
}

static int run_unset(struct shell *shell, const struct command *command, FILE *out)
{
    (void)shell;
    (void)out;
    for (size_t index = 1; index < command->count; index++) {
        variables_unset(command->words[index]);
    }
    return EXIT_STATUS_SUCCESS;
}

static int run_set(struct shell *shell, const struct command *command, FILE *out)
{
    (void)shell;
    if (command->count > 1) {
        return usage("set");
    }
    variables_print(out);
    return EXIT_STATUS_SUCCESS;
}

static int run_history(struct shell *shell, const struct command *command, FILE *out)
{
    (void)shell;
    if (command->count > 1) {
        return usage("history");
    }
    terminal_print_history(out);
    return EXIT_STATUS_SUCCESS;
}

static int run_help(struct shell *shell, const struct command *command, FILE *out)
{
    static const char text[] =
        "Commands of the shell:\n"
        "  cd [DIRECTORY | -]      go to a directory, to $HOME or /, or back\n"
        "  pwd                     print the working directory\n"
        "  export [NAME[=VALUE]]   let programs see a variable; list those that they see\n"
        "  unset NAME              remove a variable\n"
        "  set                     list all variables\n"
        "  history                 list the lines that were typed\n"
        "  exit [STATUS]           leave the shell\n"
        "Programs are in /bin: ls /bin. Each explains itself with --help.\n"
        "  A ; B    A && B    A || B     then; if it succeeded; if it failed\n"
        "  < FILE   > FILE   >> FILE   2> FILE   2>> FILE\n"
        "  'as it stands'  \"with $VALUES\"  \\c  $NAME  $?  NAME=VALUE  # comment\n";
    (void)shell;
    (void)command;
    (void)fputs(text, out);
    return EXIT_STATUS_SUCCESS;
}

static const struct {
    const char *name;
    builtin *run;
} builtins[] = {
    {"cd", run_cd},
    {"pwd", run_pwd},
    {"exit", run_exit},
    {"export", run_export},
    {"unset", run_unset},
    {"set", run_set},
    {"history", run_history},
    {"help", run_help},
};

builtin *builtin_find(const char *name)
{
    for (size_t index = 0; index < sizeof(builtins) / sizeof(builtins[0]); index++) {
        if (strcmp(builtins[index].name, name) == 0) {
            return builtins[index].run;
        }
    }
    return nullptr;
}
