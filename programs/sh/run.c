/* SPDX-License-Identifier: ISC */
/*
 * Running a text of commands. The whole text is checked before any of it runs, so that a mistake in
 * the last line of a file does not leave half of the work done.
 *
 * The language is regular: commands with separators between them; so a token is judged by the one
 * before it.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sh.h"

/* What the tokens so far ask for. */
enum expectation {
    EXPECT_ANYTHING, /* at the start and behind a newline or ; */
    EXPECT_COMMAND,  /* behind && or || */
    EXPECT_TARGET,   /* behind < or > */
    EXPECT_MORE      /* inside a command */
};

/* The command that is being run, and the text that it is in. */
struct run {
    struct shell *shell;
    const char *text;
    size_t position;
    struct shellwords_words words;
    struct shellwords_variables variables;
    char status_text[4]; /* the value of $? */
};

/* Assignments in front of one command. */
constexpr size_t assignment_count_max = 16;

struct assignments {
    struct shellwords_token tokens[assignment_count_max];
    char *previous[assignment_count_max]; /* owned; what a variable was in the environment, if it
                                             was there */
    size_t count;
};

static char *word_list[word_count_max + 1];
static char word_bytes[word_bytes_max];

/* Checking. */

static void complain(const struct shell *shell, const char *text, size_t position, const char *what)
{
    size_t line = 1;
    for (size_t at = 0; at < position; at++) {
        line += text[at] == '\n';
    }
    size_t bytes = strcspn(text + position, "\n");
    int shown = bytes > 40 ? 40 : (int)bytes;
    const char *place = shown == 0 ? "the end" : text + position;
    shown = shown == 0 ? (int)strlen(place) : shown;
    if (shell->source == nullptr) {
        warnx("%s at: %.*s", what, shown, place);
    } else {
        warnx("%s:%zu: %s at: %.*s", shell->source, line, what, shown, place);
    }
}

/* Whether a token may stand here, and what is expected behind it. */
static bool expect_after(
    enum expectation *expectation, struct shellwords_token token, const char *text)
{
    bool separator = token.kind == SHELLWORDS_SEPARATOR;
    bool newline = separator && text[token.first] == '\n';
    switch (token.kind) {
    case SHELLWORDS_END:
        return *expectation == EXPECT_ANYTHING || *expectation == EXPECT_MORE;
    case SHELLWORDS_WORD:
        *expectation = EXPECT_MORE;
        return true;
    case SHELLWORDS_SEPARATOR:
        if (newline && *expectation == EXPECT_COMMAND) {
            return true; /* a line may end behind && and || */
        }
        if (*expectation != EXPECT_MORE && !(newline && *expectation == EXPECT_ANYTHING)) {
            return false;
        }
        *expectation = EXPECT_ANYTHING;
        return true;
    case SHELLWORDS_AND:
    case SHELLWORDS_OR:
        if (*expectation != EXPECT_MORE) {
            return false;
        }
        *expectation = EXPECT_COMMAND;
        return true;
    default:
        if (*expectation == EXPECT_TARGET) {
            return false;
        }
        *expectation = EXPECT_TARGET;
        return true;
    }
}

static bool check(const struct shell *shell, const char *text)
{
    enum expectation expectation = EXPECT_ANYTHING;
    struct shellwords_token token = {.kind = SHELLWORDS_SEPARATOR};
    size_t position = 0;
    while (token.kind != SHELLWORDS_END) {
        enum status status = shellwords_next(text, &position, &token);
        if (status != STATUS_OK) {
            bool unknown = status == STATUS_UNSUPPORTED;
            complain(shell, text, position, unknown ? "not supported" : "not closed or not a name");
            return false;
        }
        if (!expect_after(&expectation, token, text)) {
            complain(shell, text, token.first, "unexpected");
            return false;
        }
    }
    return true;
}

/* Expansion. */

static const char *lookup(void *context, const char *name, size_t name_bytes)
{
    static char copy[256];
    struct run *run = context;
    if (name_bytes == 1 && *name == '?') {
        (void)snprintf(run->status_text, sizeof(run->status_text), "%d", run->shell->status);
        return run->status_text;
    }
    if (name_bytes >= sizeof(copy)) {
        return nullptr;
    }
    memcpy(copy, name, name_bytes);
    copy[name_bytes] = 0;
    return variables_get(copy);
}

/* Append the expansion of a token to the words of the command. */
static bool expand(struct run *run, struct shellwords_token token, bool split)
{
    enum status status = shellwords_expand(run->text, token, split, &run->variables, &run->words);
    if (status != STATUS_OK) {
        warnx("the command is too long");
        return false;
    }
    return true;
}

/* Expand what is no word of the command itself; borrowed until the next expansion. */
static const char *expand_aside(struct run *run, struct shellwords_token token)
{
    if (!expand(run, token, false)) {
        return nullptr;
    }
    run->words.count--;
    return run->words.words[run->words.count];
}

/* Assignments. */

/* The name of an assigned variable, on the heap. */
static char *assigned_name(const struct run *run, struct shellwords_token token)
{
    char *name = strndup(run->text + token.first, shellwords_assigned_name(run->text, token));
    if (name == nullptr) {
        err(EXIT_STATUS_FAILURE, nullptr);
    }
    return name;
}

/* Set the variable of one assignment with `set`. */
static bool assign(struct run *run, struct shellwords_token token,
    bool (*set)(const char *name, const char *value))
{
    char *name = assigned_name(run, token);
    token.first += strlen(name) + 1;
    const char *value = expand_aside(run, token);
    bool assigned = value != nullptr && set(name, value);
    if (value != nullptr && !assigned) {
        warn("%s", name);
    }
    free(name);
    return assigned;
}

static bool set_in_environment(const char *name, const char *value)
{
    return setenv(name, value, 1) == 0;
}

/* For the time of one command, its assignments stand in the environment. */
static bool begin_assignments(struct run *run, struct assignments *assignments)
{
    bool assigned = true;
    for (size_t index = 0; index < assignments->count; index++) {
        char *name = assigned_name(run, assignments->tokens[index]);
        const char *previous = getenv(name);
        assignments->previous[index] = previous == nullptr ? nullptr : strdup(previous);
        free(name);
        assigned &= assign(run, assignments->tokens[index], set_in_environment);
    }
    return assigned;
}

static void end_assignments(struct run *run, struct assignments *assignments)
{
    /* Backwards: if a name was assigned twice, the first one knows what it was before. */
    for (size_t index = assignments->count; index > 0; index--) {
        char *name = assigned_name(run, assignments->tokens[index - 1]);
        char *previous = assignments->previous[index - 1];
        if (previous == nullptr) {
            (void)unsetenv(name); /* it is a name */
        } else if (setenv(name, previous, 1) < 0) {
            warn("%s", name);
        }
        free(previous);
        free(name);
    }
}

/* Running. */

static int run_builtin(struct run *run, builtin *builtin, struct command *command)
{
    int fd = command->fds[STDOUT_FILENO];
    FILE *out = fd == STDOUT_FILENO ? stdout : fdopen(fd, "w");
    if (out == nullptr) {
        warn("%s", command->words[0]);
        return EXIT_STATUS_FAILURE;
    }
    int status = builtin(run->shell, command, out);
    bool complete = fflush(out) == 0 && !ferror(out);
    if (!complete) {
        warn("%s: output", command->words[0]);
        clearerr(out);
    }
    if (out != stdout) {
        (void)fclose(out); /* it has been flushed */
        command->fds[STDOUT_FILENO] = STDOUT_FILENO;
    }
    return complete ? status : EXIT_STATUS_FAILURE;
}

static int run_words(struct run *run, struct command *command, struct assignments *assignments)
{
    command->words = run->words.words;
    command->count = run->words.count;
    int status = EXIT_STATUS_FAILURE;
    bool assigned = begin_assignments(run, assignments);
    command->words[command->count] = nullptr;
    if (assigned) {
        builtin *builtin = builtin_find(command->words[0]);
        status =
            builtin != nullptr ? run_builtin(run, builtin, command) : launch(run->shell, command);
    }
    end_assignments(run, assignments);
    return status;
}

/* Run what was collected: a command, or only assignments, or only redirections. */
static int run_collected(struct run *run, struct command *command, struct assignments *assignments)
{
    if (run->words.count > 0) {
        return run_words(run, command, assignments);
    }
    bool assigned = true;
    for (size_t index = 0; index < assignments->count; index++) {
        assigned &= assign(run, assignments->tokens[index], variables_set);
    }
    return assigned ? EXIT_STATUS_SUCCESS : EXIT_STATUS_FAILURE;
}

/* Take one token of a command, or two for a redirection. False, reported, if that fails. */
static bool collect(struct run *run, struct shellwords_token token, struct command *command,
    struct assignments *assignments)
{
    if (token.kind != SHELLWORDS_WORD) {
        struct shellwords_token target = {};
        (void)shellwords_next(run->text, &run->position, &target); /* it has been checked */
        const char *path = expand_aside(run, target);
        return path != nullptr && redirect(command, token.kind, path);
    }
    bool assigns = run->words.count == 0 && shellwords_assigned_name(run->text, token) > 0;
    if (!assigns) {
        return expand(run, token, true);
    }
    if (assignments->count == assignment_count_max) {
        warnx("too many assignments");
        return false;
    }
    assignments->tokens[assignments->count++] = token;
    return true;
}

static bool ends_command(enum shellwords_kind kind)
{
    return kind == SHELLWORDS_END || kind == SHELLWORDS_SEPARATOR || kind == SHELLWORDS_AND ||
           kind == SHELLWORDS_OR;
}

/* Run the command at the position, or pass over it; what ends it. `*empty_out`: there was none. */
static enum shellwords_kind run_command(struct run *run, bool pass, bool *empty_out)
{
    struct command command;
    struct assignments assignments = {};
    struct shellwords_token token = {};
    bool collected = true;
    redirect_init(&command);
    run->words.count = 0;
    run->words.used_bytes = 0;
    *empty_out = true;
    for (;;) {
        (void)shellwords_next(run->text, &run->position, &token); /* it has been checked */
        if (ends_command(token.kind)) {
            break;
        }
        *empty_out = false;
        if (!pass && collected) {
            collected = collect(run, token, &command, &assignments);
        }
    }
    if (!pass && !*empty_out) {
        run->shell->status =
            collected ? run_collected(run, &command, &assignments) : EXIT_STATUS_FAILURE;
    }
    redirect_end(&command);
    return token.kind;
}

void run_text(struct shell *shell, const char *text)
{
    struct run run = {.shell = shell,
        .text = text,
        .words = {.bytes = word_bytes,
            .bytes_max = sizeof(word_bytes),
            .words = word_list,
            .count_max = word_count_max},
        .variables = {.lookup = lookup}};
    run.variables.context = &run;
    shell->interrupted = false;
    if (!check(shell, text)) {
        shell->status = EXIT_STATUS_USAGE;
        return;
    }
    bool pass = false;
    enum shellwords_kind end = SHELLWORDS_SEPARATOR;
    while (end != SHELLWORDS_END && !shell->exiting && !shell->interrupted) {
        bool empty;
        end = run_command(&run, pass, &empty);
        if (!empty) {
            pass = (end == SHELLWORDS_AND && shell->status != 0) ||
                   (end == SHELLWORDS_OR && shell->status == 0);
        }
    }
}
