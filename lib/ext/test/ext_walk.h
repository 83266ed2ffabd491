/* SPDX-License-Identifier: ISC */
/*
 * Walks a whole volume through the public interface: every directory, every byte, every link. Work
 * is bounded, since a volume made of noise may claim anything.
 */
#pragma once

#include <lib/ext/ext.h>

#include <string.h>

constexpr uint32_t walk_entry_count_max = 4000;
constexpr uint64_t walk_file_bytes_max = 1 << 20;

struct walk_state {
    struct ext_mount *mount;
    uint64_t numbers[walk_entry_count_max]; /* still to be visited */
    uint32_t number_count;
    uint32_t visited_count;
    uint64_t byte_sum;
    bool keep_going; /* after a failure, with the next node */
};

static inline bool walk_collect(void *context, const struct ext_entry *entry)
{
    struct walk_state *state = context;
    bool dots = entry->name_bytes <= 2 && entry->name[0] == '.' &&
                (entry->name_bytes == 1 || entry->name[1] == '.');
    for (uint32_t index = 0; index < entry->name_bytes; index++) {
        state->byte_sum += (uint8_t)entry->name[index];
    }
    if (!dots && state->number_count < walk_entry_count_max) {
        state->numbers[state->number_count++] = entry->inode_number;
    }
    return true;
}

static inline enum status walk_file(struct walk_state *state, struct ext_file *file)
{
    static uint8_t bytes[65536];
    uint64_t offset_bytes = 0;
    while (offset_bytes < walk_file_bytes_max) {
        uint64_t done_bytes = 0;
        struct ext_read_request request = {
            .offset_bytes = offset_bytes,
            .size_bytes = sizeof bytes,
            .buffer = block_buffer_plain(bytes),
        };
        enum status status = ext_read(state->mount, file, request, &done_bytes);
        if (status != STATUS_OK || done_bytes == 0) {
            return status;
        }
        for (uint64_t index = 0; index < done_bytes; index += 512) {
            state->byte_sum += bytes[index];
        }
        offset_bytes += done_bytes;
    }
    return STATUS_OK;
}

/* Every name and value of a node. */
static inline enum status walk_attributes(struct walk_state *state, struct ext_file *file)
{
    static char names[ext_attribute_bytes_max];
    static uint8_t value[ext_attribute_bytes_max];
    uint32_t names_bytes = 0;
    enum status status = ext_list_attributes(state->mount, file, names, sizeof names, &names_bytes);
    for (uint32_t at = 0; status == STATUS_OK && at < names_bytes;) {
        uint32_t value_bytes = 0;
        struct ext_attribute_request request = {
            .name = names + at,
            .name_bytes = (uint32_t)strlen(names + at),
            .value = value,
            .value_bytes = sizeof value,
        };
        at += request.name_bytes + 1;
        status = ext_get_attribute(state->mount, file, &request, &value_bytes);
        for (uint32_t index = 0; index < value_bytes; index++) {
            state->byte_sum += value[index];
        }
        /* A name may hold a NUL, which nobody can ask for, or be there twice. */
        status =
            status == STATUS_INVALID_ARGUMENT || status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    return status;
}

static inline enum status walk_node(struct walk_state *state, uint64_t number)
{
    struct ext_file file;
    enum status status = ext_open(state->mount, number, &file);
    if (status == STATUS_OK) {
        status = walk_attributes(state, &file);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (file.inode.type == EXT_TYPE_FILE) {
        return walk_file(state, &file);
    }
    if (file.inode.type == EXT_TYPE_LINK) {
        static char target[ext_link_bytes_max];
        uint32_t target_bytes;
        return ext_read_link(state->mount, &file, target, &target_bytes);
    }
    if (file.inode.type == EXT_TYPE_DIRECTORY) {
        struct ext_visitor visitor = {.visit = walk_collect, .context = state};
        status = ext_read_directory(state->mount, &file, 0, visitor);
        return status == STATUS_END ? STATUS_OK : status;
    }
    return STATUS_OK;
}

/* OK, or the first failure. A directory that holds itself is bounded by the room for numbers. */
static inline enum status walk_all(struct walk_state *state)
{
    enum status first = STATUS_OK;
    state->numbers[0] = ext_root_number;
    state->number_count = 1;
    for (uint32_t next = 0; next < state->number_count; next++) {
        enum status status = walk_node(state, state->numbers[next]);
        state->visited_count++;
        if (status != STATUS_OK && first == STATUS_OK) {
            first = status;
        }
        if (first != STATUS_OK && !state->keep_going) {
            break;
        }
    }
    return first;
}
