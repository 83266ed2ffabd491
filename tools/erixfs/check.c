/* SPDX-License-Identifier: ISC */
/*
 * The command that says all that is wrong with an image, a line each.
 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>

#include <lib/base/base.h>
#include <lib/ext/ext_check.h>

static void print(void *, const struct ext_finding *finding)
{
    if (finding->group != ext_check_no_group) {
        printf("group %u: ", finding->group);
    }
    if (finding->inode != 0) {
        printf("inode %llu: ", (unsigned long long)finding->inode);
    }
    if (finding->block != 0) {
        printf("block %llu: ", (unsigned long long)finding->block);
    }
    printf("%s", finding->what);
    if (finding->why != nullptr) {
        printf(": %s", finding->why);
    }
    if (finding->valued) {
        printf(" (is %llu, should be %llu)", (unsigned long long)finding->found,
            (unsigned long long)finding->expected);
    }
    printf("\n");
}

static enum status run(struct volume *volume, struct ext_check *check)
{
    struct ext_mount_memory memory = {
        .entries = volume->entries,
        .entry_count = volume_cache_blocks,
        .buffer = block_buffer_plain(volume->cache),
        .buffer_bytes = sizeof volume->cache,
    };
    struct ext_check_visitor visitor = {.find = print};
    enum status status = ext_check_begin(check, &volume->file.device, memory, visitor);
    if (status != STATUS_OK || check->needed_bytes == 0) {
        return status;
    }
    void *work = malloc(check->needed_bytes);
    if (work == nullptr) {
        return STATUS_NO_MEMORY;
    }
    if (volume->options.journal_path != nullptr) {
        check->journal_device = &volume->journal_file.device;
    }
    status = ext_check_run(check, work, check->needed_bytes);
    free(work);
    return status;
}

bool command_check(struct volume *volume, const struct words *)
{
    static struct ext_check check;
    enum status status = run(volume, &check);
    if (status != STATUS_OK) {
        volume_complain(volume, nullptr, status);
    }
    return status == STATUS_OK && check.finding_count == 0;
}
