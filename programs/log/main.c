/* SPDX-License-Identifier: ISC */
/* log: print the records of the system's log. */
#include <ctype.h>
#include <erix/inspect.h>
#include <erix/program.h>
#include <err.h>
#include <stdio.h>
#include <unistd.h>

static const char help[] =
    "usage: log [-f]\n"
    "Print the records of the log, oldest first: time since the start, process, level,\n"
    "text. Records that were lost are counted.\n"
    "  -f  wait for new records until ^C\n";

constexpr unsigned follow_interval_us = 200'000;

/* Text comes from other programs: what could control the terminal is not sent to it. */
static void clean(char *text)
{
    for (; *text != 0; text++) {
        if (iscntrl((unsigned char)*text)) {
            *text = '?';
        }
    }
}

static void print(struct erix_log_record *record)
{
    if (record->lost_count > 0) {
        (void)printf("(%llu records were lost)\n", (unsigned long long)record->lost_count);
    }
    clean(record->level);
    clean(record->text);
    (void)printf("[%5llu.%06llu] %4llu %-7s %s\n",
        (unsigned long long)(record->time_ns / 1'000'000'000),
        (unsigned long long)(record->time_ns / 1000 % 1'000'000),
        (unsigned long long)record->process, record->is_marker ? "marker" : record->level,
        record->text);
}

int main(int argc, char **argv)
{
    static struct erix_log_record record;
    bool follow = false;
    uint64_t cursor = 0;
    program_begin(argc, argv, help);
    for (int option = getopt(argc, argv, "f"); option != -1; option = getopt(argc, argv, "f")) {
        if (option != 'f') {
            program_fail_usage();
        }
        follow = true;
    }
    if (optind < argc) {
        program_fail_usage();
    }
    for (;;) {
        int found = erix_log_next(&cursor, &record);
        if (found < 0) {
            err(1, nullptr);
        } else if (found > 0) {
            print(&record);
        } else if (!follow) {
            return program_end(false);
        } else if (fflush(stdout) != 0 || usleep(follow_interval_us) != 0) {
            err(1, nullptr);
        }
    }
}
