/* SPDX-License-Identifier: ISC */
/* Running a program: where it is, with which streams, how it ended. */
#include <erix/process.h>
#include <erix/terminal.h>
#include <err.h>
#include <errno.h>
#include <lib/fault/fault.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sh.h"

static const char path_default[] = "/bin";

enum finding {
    FOUND,
    FOUND_NOT_EXECUTABLE, /* errno says why */
    FOUND_NOTHING
};

static enum finding judge(const char *path)
{
    struct stat found;
    if (stat(path, &found) < 0) {
        bool absent = errno == ENOENT || errno == ENOTDIR;
        return absent ? FOUND_NOTHING : FOUND_NOT_EXECUTABLE;
    }
    if (S_ISDIR(found.st_mode)) {
        errno = EISDIR;
        return FOUND_NOT_EXECUTABLE;
    }
    return access(path, X_OK) == 0 ? FOUND : FOUND_NOT_EXECUTABLE;
}

/* Look for a command in the directories of PATH; what is not executable is passed over. */
static enum finding search(const char *name, char path_out[static PATH_MAX])
{
    const char *directories = variables_get("PATH");
    enum finding best = FOUND_NOTHING;
    int error = 0;
    const char *at = directories == nullptr ? path_default : directories;
    while (best != FOUND && at != nullptr) {
        size_t bytes = strcspn(at, ":");
        const char *colon = at[bytes] == 0 ? nullptr : at + bytes;
        int length = snprintf(path_out, PATH_MAX, "%.*s/%s", bytes == 0 ? 1 : (int)bytes,
            bytes == 0 ? "." : at, name); /* an empty one is the working directory */
        enum finding finding = length < 0 || length >= PATH_MAX ? FOUND_NOTHING : judge(path_out);
        if (finding == FOUND_NOT_EXECUTABLE) {
            error = errno;
        }
        best = finding == FOUND_NOTHING ? best : finding;
        at = colon == nullptr ? nullptr : colon + 1;
    }
    errno = error;
    return best;
}

static enum finding find_program(const char *name, char path_out[static PATH_MAX])
{
    if (strchr(name, '/') == nullptr) {
        return *name == 0 ? FOUND_NOTHING : search(name, path_out);
    }
    if (strlen(name) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return FOUND_NOT_EXECUTABLE;
    }
    (void)strcpy(path_out, name);
    return judge(path_out);
}

static void report_fault(const char *name, const struct process_result *result)
{
    const char *fault = fault_name(result->code);
    const unsigned long long instruction = result->instruction_pointer;
    if (result->code == fault_vector_page) {
        warnx("%s: %s (vector %u, error 0x%x) at instruction 0x%llx: %s 0x%llx", name, fault,
            result->code, result->error_code, instruction, fault_access(result->error_code),
            (unsigned long long)result->address);
    } else {
        warnx("%s: %s (vector %u, error 0x%x) at instruction 0x%llx", name, fault, result->code,
            result->error_code, instruction);
    }
}

static int report_ending(struct shell *shell, const char *name, const struct process_result *result)
{
    switch (result->ending) {
    case PROCESS_EXITED:
        return (int)(result->code & 0xff);
    case PROCESS_INTERRUPTED:
        shell->interrupted = true;
        return EXIT_STATUS_INTERRUPTED;
    case PROCESS_FAULTED:
        break;
    }
    report_fault(name, result);
    return EXIT_STATUS_FAULTED;
}

static int run_program(struct shell *shell, const char *path, const struct command *command)
{
    struct process_result result = {};
    struct process_request request = {.path = path,
        .arguments = command->words,
        .environment = environ,
        .stdin_fd = command->fds[STDIN_FILENO],
        .stdout_fd = command->fds[STDOUT_FILENO],
        .stderr_fd = command->fds[STDERR_FILENO]};
    pid_t process = process_spawn(&request);
    if (process < 0) {
        bool absent = errno == ENOENT;
        warn("%s", command->words[0]);
        return absent ? EXIT_STATUS_UNKNOWN_COMMAND : EXIT_STATUS_NOT_EXECUTABLE;
    }
    if (shell->interactive) {
        (void)terminal_set_foreground(STDIN_FILENO, process); /* without it ^C does nothing */
    }
    int waited = process_wait(process, &result);
    if (shell->interactive) { /* the next program finds the terminal as this one did */
        (void)terminal_set_foreground(STDIN_FILENO, 0);
        (void)terminal_set_mode(STDIN_FILENO, TERMINAL_LINE);
    }
    if (waited < 0) {
        warn("%s", command->words[0]);
        return EXIT_STATUS_FAILURE;
    }
    return report_ending(shell, command->words[0], &result);
}

int launch(struct shell *shell, const struct command *command)
{
    static char path[PATH_MAX];
    const char *name = command->words[0];
    (void)fflush(nullptr); /* what the shell printed comes before what the program prints */
    switch (find_program(name, path)) {
    case FOUND:
        return run_program(shell, path, command);
    case FOUND_NOT_EXECUTABLE:
        warn("%s", name);
        return EXIT_STATUS_NOT_EXECUTABLE;
    case FOUND_NOTHING:
        break;
    }
    warnx("%s: %s", name,
        strchr(name, '/') != nullptr ? "No such file or directory" : "command not found");
    return EXIT_STATUS_UNKNOWN_COMMAND;
}
