/* SPDX-License-Identifier: ISC */
/*
 * erixfs: looks into file-system images, and changes them, with EriX's own libraries. Needs no
 * root. The whole command line is understood before an image is opened.
 */
#include "help.h"
#include "unlock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Exit statuses. */
constexpr int exit_well = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

/* A command line, understood. */
struct call {
    const struct command *command;
    const char *image;
    struct words words;
    struct volume_options options;
    struct unlock unlock;
};

static int usage(FILE *stream)
{
    (void)fprintf(stream, "usage: erixfs COMMAND [OPTIONS] IMAGE [WORDS]\n");
    (void)fprintf(stream, "       erixfs COMMAND --help teaches a command\n\n");
    for (size_t index = 0; index < command_count; index++) {
        (void)fprintf(stream, "  %-12s %-23s %s\n", commands[index].name, commands[index].arguments,
            commands[index].summary);
    }
    (void)fprintf(stream, "  %-12s %-23s %s\n", "features", "",
        "each bit of the three feature words: verdict, name, reason");
    (void)fprintf(stream, "%s", options_help);
    return stream == stdout ? exit_well : exit_usage;
}

static int teach(const struct command *command)
{
    printf("usage: erixfs %s %s\n%s.\n\n%s", command->name, command->arguments, command->summary,
        command->help);
    return exit_well;
}

/* Whether the words begin with the name, and how many words that takes. */
static bool is_named(const struct command *command, int count, char **words, int *used_out)
{
    size_t first_bytes = strcspn(command->name, " ");
    if (strlen(words[0]) != first_bytes || strncmp(words[0], command->name, first_bytes) != 0) {
        return false;
    }
    if (command->name[first_bytes] == '\0') {
        *used_out = 1;
        return true;
    }
    *used_out = 2;
    return count > 1 && strcmp(words[1], command->name + first_bytes + 1) == 0;
}

static const struct command *find_command(int count, char **words, int *used_out)
{
    for (size_t index = 0; index < command_count; index++) {
        if (is_named(&commands[index], count, words, used_out)) {
            return &commands[index];
        }
    }
    return nullptr;
}

static bool complain(const struct call *call, const char *word, const char *text)
{
    (void)fprintf(stderr, "erixfs: %s: ", call->command->name);
    if (word != nullptr) {
        (void)fprintf(stderr, "%s: ", word);
    }
    (void)fprintf(stderr, "%s\nusage: erixfs %s %s\n       erixfs %s --help teaches it\n", text,
        call->command->name, call->command->arguments, call->command->name);
    return false;
}

static bool parse_time(const char *text, struct volume_options *options)
{
    uint64_t seconds;
    if (!parse_number(text, INT32_MAX * 4ULL, "time", &seconds)) {
        return false;
    }
    options->time_given = true;
    options->time = (struct ext_time){.seconds = (int64_t)seconds};
    return true;
}

/* Words with commas between them. */
static bool take_mount_options(struct call *call, const char *options)
{
    while (*options != '\0') {
        size_t length = strcspn(options, ",");
        if (length == 2 && strncmp(options, "ro", length) == 0) {
            call->options.access = VOLUME_READ;
        } else if (length == 11 && strncmp(options, "allow_other", length) == 0) {
            call->words.allow_other = true;
        } else if (length != 0) {
            return complain(call, options, "no such option; there are ro and allow_other");
        }
        options += length + (options[length] == ',' ? 1 : 0);
    }
    return true;
}

/* An option with a value, which is the next word. */
static bool take_value(struct call *call, const char *option, const char *value)
{
    if (value == nullptr) {
        return complain(call, option, "its value is missing");
    }
    if (strcmp(option, "--time") == 0) {
        return parse_time(value, &call->options);
    }
    if (strcmp(option, "--journal") == 0) {
        call->options.journal_path = value;
        return true;
    }
    if (strcmp(option, "-o") == 0) {
        return take_mount_options(call, value);
    }
    return unlock_parse(&call->unlock, option, value);
}

static bool has_value(const struct call *call, const char *option)
{
    static const char *const names[] = {"--journal", "--time", "--key", "--trust"};
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
        if (strcmp(option, names[index]) == 0) {
            return true;
        }
    }
    return strcmp(option, "-o") == 0 && strchr(call->command->flags, 'o') != nullptr;
}

static bool take_flag(struct call *call, const char *option)
{
    if (strlen(option) != 2 || strchr(call->command->flags, option[1]) == nullptr) {
        return complain(call, option, "no such option");
    }
    call->words.recursive = call->words.recursive || option[1] == 'r';
    call->words.symbolic = call->words.symbolic || option[1] == 's';
    call->words.exact = call->words.exact || option[1] == 'T';
    call->words.foreground = call->words.foreground || option[1] == 'f';
    return true;
}

static bool take_word(struct call *call, const char *word)
{
    if (call->image == nullptr) {
        call->image = word;
        return true;
    }
    if (call->words.count == call->command->word_count_max) {
        return complain(call, word, "one word too many");
    }
    call->words.at[call->words.count++] = word;
    return true;
}

/* Options may stand anywhere before "--". A lone "-" is a word. */
static bool parse(struct call *call, int count, char **arguments)
{
    bool options_end = false;
    for (int index = 0; index < count; index++) {
        const char *word = arguments[index];
        bool option = !options_end && word[0] == '-' && word[1] != '\0';
        bool well = true;
        if (option && strcmp(word, "--") == 0) {
            options_end = true;
        } else if (option && has_value(call, word)) {
            index++;
            well = take_value(call, word, index < count ? arguments[index] : nullptr);
        } else if (option) {
            well = take_flag(call, word);
        } else {
            well = take_word(call, word);
        }
        if (!well) {
            return false;
        }
    }
    if (call->image == nullptr) {
        return complain(call, nullptr, "which image?");
    }
    if (call->words.count < call->command->word_count_min) {
        return complain(call, nullptr, "a word is missing");
    }
    return true;
}

static bool execute(const struct call *call)
{
    static struct volume volume;
    if (!volume_open(&volume, call->image, call->options)) {
        return false;
    }
    enum status status = unlock_apply(&call->unlock, &volume);
    if (status != STATUS_OK) {
        volume_complain(&volume, nullptr, status);
    }
    bool well = status == STATUS_OK && call->command->run(&volume, &call->words);
    well = volume_close(&volume) && well;
    if (fflush(stdout) != 0) {
        perror("erixfs: standard output");
        return false;
    }
    return well;
}

int main(int argument_count, char **arguments)
{
    if (argument_count == 2 && strcmp(arguments[1], "--help") == 0) {
        return usage(stdout);
    }
    if (argument_count == 2 && strcmp(arguments[1], "features") == 0) {
        print_features();
        return fflush(stdout) == 0 ? exit_well : exit_failed;
    }
    if (argument_count < 2) {
        return usage(stderr);
    }
    int used = 0;
    arguments++;
    argument_count--;
    struct call call = {.command = find_command(argument_count, arguments, &used)};
    if (call.command == nullptr) {
        (void)fprintf(stderr, "erixfs: no command '%s'\n\n", arguments[0]);
        return usage(stderr);
    }
    arguments += used;
    argument_count -= used;
    if (argument_count == 1 && strcmp(arguments[0], "--help") == 0) {
        return teach(call.command);
    }
    call.options.access = call.command->access;
    const char *fake_time = getenv("E2FSPROGS_FAKE_TIME");
    if ((fake_time != nullptr && !parse_time(fake_time, &call.options)) ||
        !parse(&call, argument_count, arguments)) {
        return exit_usage;
    }
    return execute(&call) ? exit_well : exit_failed;
}
