/* SPDX-License-Identifier: ISC */
/*
 * The commands. Names from an image are foreign: what a terminal would act on is shown as '?'.
 */
#define _GNU_SOURCE
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lib/base/base.h>

constexpr uint32_t tree_depth_max = 64;

static const char *path_or_root(const struct words *words)
{
    return words->count > 0 ? words->at[0] : "/";
}

static const char *const type_names[EXT_TYPE_COUNT] = {
    [EXT_TYPE_UNKNOWN] = "unknown",
    [EXT_TYPE_FILE] = "file",
    [EXT_TYPE_DIRECTORY] = "directory",
    [EXT_TYPE_CHARACTER_DEVICE] = "character device",
    [EXT_TYPE_BLOCK_DEVICE] = "block device",
    [EXT_TYPE_FIFO] = "fifo",
    [EXT_TYPE_SOCKET] = "socket",
    [EXT_TYPE_LINK] = "symbolic link",
};

void print_foreign(const char *name, uint32_t name_bytes)
{
    for (uint32_t index = 0; index < name_bytes; index++) {
        unsigned char byte = (unsigned char)name[index];
        (void)putchar(byte < 0x20 || byte == 0x7f ? '?' : byte);
    }
}

static void print_mode(const struct ext_inode *inode)
{
    static const char letters[EXT_TYPE_COUNT + 1] = "?-dcbpsl";
    char text[11] = "-rwxrwxrwx";
    text[0] = letters[inode->type];
    for (uint32_t bit = 0; bit < 9; bit++) {
        if ((inode->mode >> (8 - bit) & 1) == 0) {
            text[1 + bit] = '-';
        }
    }
    static const char special[] = "tss";
    for (uint32_t bit = 0; bit < 3; bit++) {
        if ((inode->mode >> (9 + bit) & 1) != 0) {
            char *execute = &text[9 - 3 * bit];
            *execute = (char)(*execute == 'x' ? special[bit] : special[bit] - 'a' + 'A');
        }
    }
    (void)fputs(text, stdout);
}

static void print_time(const char *label, struct ext_time time)
{
    char text[32] = "out of range";
    struct tm parts;
    time_t seconds = (time_t)time.seconds;
    if (gmtime_r(&seconds, &parts) != nullptr) {
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    }
    printf("%-10s %s.%09u UTC\n", label, text, time.nanoseconds);
}

static void print_link(struct volume *volume, struct ext_file *file)
{
    static char target[ext_link_bytes_max];
    uint32_t target_bytes;
    enum status status = ext_read_link(&volume->mount, file, target, &target_bytes);
    (void)fputs(" -> ", stdout);
    if (status == STATUS_OK) {
        print_foreign(target, target_bytes);
    } else {
        (void)fputs(status_text(status), stdout);
    }
}

bool command_info(struct volume *volume, const struct words *)
{
    const struct ext_mount *mount = &volume->mount;
    struct ext_statistics statistics = ext_statfs(mount);
    printf("label       ");
    print_foreign(mount->label, (uint32_t)strlen(mount->label));
    printf("\nuuid        ");
    for (uint32_t index = 0; index < sizeof mount->uuid; index++) {
        bool dash = index == 4 || index == 6 || index == 8 || index == 10;
        printf("%s%02x", dash ? "-" : "", mount->uuid[index]);
    }
    printf("\nblocks      %llu of %u bytes, %llu free\n",
        (unsigned long long)statistics.block_count, statistics.block_bytes,
        (unsigned long long)statistics.free_block_count);
    printf("inodes      %llu of %u bytes, %llu free\n", (unsigned long long)statistics.inode_count,
        mount->geometry.inode_bytes, (unsigned long long)statistics.free_inode_count);
    printf("groups      %u\n", mount->geometry.group_count);
    printf("state       %s, %s\n", mount->clean ? "clean" : "not clean",
        mount->read_only ? "read-only" : "writable");
    for (uint32_t word = 0; word < EXT_FEATURE_WORD_COUNT; word++) {
        printf("%-11s", ext_feature_word_name((enum ext_feature_word)word));
        for (uint32_t bit = 0; bit < 32; bit++) {
            if ((mount->features[word] >> bit & 1) != 0) {
                printf(" %s", ext_feature_find((enum ext_feature_word)word, bit)->name);
            }
        }
        printf("\n");
    }
    return true;
}

/* A listing under way. */
struct listing {
    struct volume *volume;
    bool failed;
};

static bool list_entry(void *context, const struct ext_entry *entry)
{
    struct listing *listing = context;
    struct ext_file file;
    enum status status = ext_open(&listing->volume->mount, entry->inode_number, &file);
    if (status != STATUS_OK) {
        char name[ext_name_bytes_max + 1] = {};
        memcpy(name, entry->name, entry->name_bytes);
        volume_complain(listing->volume, name, status);
        listing->failed = true;
        return true;
    }
    print_mode(&file.inode);
    printf(" %4u %5u %5u %12llu ", file.inode.link_count, file.inode.user_id, file.inode.group_id,
        (unsigned long long)file.inode.size_bytes);
    print_foreign(entry->name, entry->name_bytes);
    if (file.inode.type == EXT_TYPE_LINK) {
        print_link(listing->volume, &file);
    }
    (void)putchar('\n');
    return true;
}

bool command_list(struct volume *volume, const struct words *words)
{
    const char *path = path_or_root(words);
    struct ext_file directory;
    if (!volume_need(volume, path, true, &directory)) {
        return false;
    }
    struct listing listing = {.volume = volume};
    struct ext_visitor visitor = {.visit = list_entry, .context = &listing};
    enum status status = ext_read_directory(&volume->mount, &directory, 0, visitor);
    if (status != STATUS_END) {
        volume_complain(volume, path, status);
        return false;
    }
    return !listing.failed;
}

bool command_cat(struct volume *volume, const struct words *words)
{
    const char *path = path_or_root(words);
    static uint8_t bytes[1 << 20];
    struct ext_file file;
    if (!volume_need(volume, path, true, &file)) {
        return false;
    }
    struct ext_read_request request = {
        .size_bytes = sizeof bytes, .buffer = block_buffer_plain(bytes)};
    for (;;) {
        uint64_t done_bytes;
        enum status status = ext_read(&volume->mount, &file, request, &done_bytes);
        if (status != STATUS_OK) {
            volume_complain(volume, path, status);
            return false;
        }
        if (done_bytes == 0) {
            return true;
        }
        if (fwrite(bytes, 1, (size_t)done_bytes, stdout) != done_bytes) {
            perror("erixfs");
            return false;
        }
        request.offset_bytes += done_bytes;
    }
}

/* The entries of one directory, kept because a visitor should not walk deeper by itself. */
struct branch {
    struct branch_entry {
        uint64_t number;
        char name[ext_name_bytes_max + 1];
        uint32_t name_bytes;
    } *entries; /* owned */
    size_t count;
    size_t room;
};

static bool collect_entry(void *context, const struct ext_entry *entry)
{
    struct branch *branch = context;
    if (entry->name[0] == '.' && entry->name_bytes <= 2 &&
        entry->name[entry->name_bytes - 1] == '.') {
        return true;
    }
    if (branch->count == branch->room) {
        branch->room = branch->room == 0 ? 64 : 2 * branch->room;
        branch->entries = realloc(branch->entries, branch->room * sizeof branch->entries[0]);
        if (branch->entries == nullptr) {
            abort();
        }
    }
    struct branch_entry *kept = &branch->entries[branch->count++];
    kept->number = entry->inode_number;
    kept->name_bytes = entry->name_bytes;
    memcpy(kept->name, entry->name, entry->name_bytes);
    kept->name[entry->name_bytes] = '\0';
    return true;
}

static bool print_branch(struct volume *volume, struct ext_file *directory, uint32_t depth);

static bool print_node(struct volume *volume, const struct branch_entry *entry, uint32_t depth)
{
    struct ext_file file;
    enum status status = ext_open(&volume->mount, entry->number, &file);
    if (status != STATUS_OK) {
        volume_complain(volume, entry->name, status);
        return false;
    }
    printf("%*s", (int)(2 * depth), "");
    print_foreign(entry->name, entry->name_bytes);
    if (file.inode.type == EXT_TYPE_LINK) {
        print_link(volume, &file);
    }
    (void)puts(file.inode.type == EXT_TYPE_DIRECTORY ? "/" : "");
    return file.inode.type != EXT_TYPE_DIRECTORY || print_branch(volume, &file, depth + 1);
}

/* Recursion ends at tree_depth_max, which a directory inside itself would reach. */
static bool print_branch(struct volume *volume, struct ext_file *directory, uint32_t depth)
{
    if (depth > tree_depth_max) {
        volume_complain(volume, nullptr, STATUS_LOOP);
        return false;
    }
    struct branch branch = {};
    struct ext_visitor visitor = {.visit = collect_entry, .context = &branch};
    enum status status = ext_read_directory(&volume->mount, directory, 0, visitor);
    bool well = status == STATUS_END;
    if (!well) {
        volume_complain(volume, nullptr, status);
    }
    for (size_t index = 0; index < branch.count; index++) {
        well = print_node(volume, &branch.entries[index], depth) && well;
    }
    free(branch.entries);
    return well;
}

bool command_tree(struct volume *volume, const struct words *words)
{
    const char *path = path_or_root(words);
    struct ext_file directory;
    return volume_need(volume, path, true, &directory) && print_branch(volume, &directory, 0);
}

static void print_runs(struct volume *volume, struct ext_file *file)
{
    static const char *const kinds[] = {
        [EXT_RUN_DATA] = "data", [EXT_RUN_HOLE] = "hole", [EXT_RUN_UNWRITTEN] = "unwritten"};
    uint32_t shift = volume->mount.geometry.block_shift;
    uint64_t block_count = (file->inode.size_bytes + (1ULL << shift) - 1) >> shift;
    uint64_t block = 0;
    while (block < block_count) {
        struct ext_run run;
        enum status status = ext_map(&volume->mount, file, block, &run);
        if (status != STATUS_OK) {
            printf("blocks     %s\n", status_text(status));
            return;
        }
        uint64_t count =
            run.block_count < block_count - block ? run.block_count : block_count - block;
        printf("blocks     %llu: %llu at %llu, %s\n", (unsigned long long)block,
            (unsigned long long)count, (unsigned long long)run.physical_block, kinds[run.kind]);
        block += count;
    }
}

bool command_stat(struct volume *volume, const struct words *words)
{
    const char *path = path_or_root(words);
    struct ext_file file;
    if (!volume_need(volume, path, false, &file)) {
        return false;
    }
    const struct ext_inode *inode = &file.inode;
    printf("inode      %llu\ntype       %s\n", (unsigned long long)inode->number,
        type_names[inode->type]);
    printf("mode       %04o ", inode->mode & 07777U);
    print_mode(inode);
    printf("\nowner      %u:%u, project %u\n", inode->user_id, inode->group_id, inode->project_id);
    printf("size       %llu, %llu sectors\n", (unsigned long long)inode->size_bytes,
        (unsigned long long)inode->sector_count);
    printf("links      %u\nflags      0x%08x\n", inode->link_count, inode->flags);
    print_time("accessed", inode->accessed);
    print_time("modified", inode->modified);
    print_time("changed", inode->changed);
    print_time("created", inode->created);
    if (inode->type == EXT_TYPE_FILE || inode->type == EXT_TYPE_DIRECTORY) {
        print_runs(volume, &file);
    }
    return true;
}
