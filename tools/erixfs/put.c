/* SPDX-License-Identifier: ISC */
/*
 * Putting a file of the host onto a volume, a piece at a time, under a name of its own first and on
 * the medium before it gets the right one: what is there is replaced whole or not at all. Whoever
 * is killed meanwhile may leave that name behind, and the next one takes another.
 */
#define _GNU_SOURCE
#include "commands.h"
#include "source.h"

#include <stdio.h>
#include <string.h>

constexpr uint32_t temporary_count_max = 1000;

/* A file that is being put. */
struct put {
    struct volume *volume;
    const char *path; /* on the volume */
    struct source source;
    struct ext_file directory;
    struct ext_name name; /* in it */
    char temporary[32];   /* until all is written */
    uint64_t number;
    struct ext_file file;
};

static struct ext_name temporary_of(const struct put *put)
{
    return (struct ext_name){
        .bytes = put->temporary, .size_bytes = (uint32_t)strlen(put->temporary)};
}

/* Whether permissions and times of the host's file mean something. */
static bool has_attributes(const struct put *put)
{
    return S_ISREG(put->source.attributes.st_mode) && !source_is_standard_input(&put->source);
}

static enum status make_temporary(struct put *put)
{
    struct ext_mount *mount = &put->volume->mount;
    struct ext_new_inode wanted = {
        .mode = (uint16_t)(S_IFREG |
                           (has_attributes(put) ? put->source.attributes.st_mode & 07777 : 0644))};
    enum status status = STATUS_EXISTS;
    for (uint32_t count = 0; count < temporary_count_max && status == STATUS_EXISTS; count++) {
        (void)snprintf(put->temporary, sizeof put->temporary, ".erixfs-put-%u", count);
        status = ext_create(
            mount, put->directory.inode.number, temporary_of(put), &wanted, &put->number);
    }
    return status;
}

static enum status write_piece(struct put *put, uint8_t *bytes, struct source_piece piece)
{
    struct ext_read_request request = {.offset_bytes = piece.offset_bytes,
        .size_bytes = piece.size_bytes,
        .buffer = block_buffer_plain(bytes)};
    uint64_t done_bytes = 0;
    enum status status = ext_write(&put->volume->mount, &put->file, request, &done_bytes);
    return status == STATUS_OK && done_bytes < piece.size_bytes ? STATUS_NO_SPACE : status;
}

static bool write_contents(struct put *put)
{
    static uint8_t bytes[source_piece_bytes];
    struct ext_mount *mount = &put->volume->mount;
    bool well = report(put->volume, put->path, ext_open(mount, put->number, &put->file));
    while (well) {
        struct source_piece piece;
        if (!source_next(&put->source, bytes, &piece)) {
            return false;
        }
        if (piece.size_bytes == 0) { /* A hole at the end needs no more than the size. */
            bool hole = piece.offset_bytes > put->file.inode.size_bytes;
            return !hole || report(put->volume, put->path,
                                ext_truncate(mount, &put->file, piece.offset_bytes));
        }
        well = report(put->volume, put->path, write_piece(put, bytes, piece));
    }
    return false;
}

/* Puts the file in the place of what is there, if anything. */
static enum status give_name(struct put *put)
{
    struct ext_mount *mount = &put->volume->mount;
    uint64_t parent = put->directory.inode.number;
    struct ext_attributes wanted = {.set = EXT_SET_MODIFIED,
        .modified = {.seconds = put->source.attributes.st_mtim.tv_sec,
            .nanoseconds = (uint32_t)put->source.attributes.st_mtim.tv_nsec}};
    struct ext_rename rename = {.source_parent = parent,
        .source = temporary_of(put),
        .target_parent = parent,
        .target = put->name};
    enum status status = STATUS_OK;
    if (has_attributes(put)) {
        status = ext_set_attributes(mount, &put->file, &wanted);
    }
    if (status == STATUS_OK) {
        status = ext_sync(mount);
    }
    return status == STATUS_OK ? ext_rename(mount, &rename) : status;
}

static bool put_file(struct put *put)
{
    if (!report(put->volume, put->path, make_temporary(put))) {
        return false;
    }
    if (write_contents(put) && report(put->volume, put->path, give_name(put))) {
        return true;
    }
    (void)report(put->volume, put->temporary,
        ext_unlink(&put->volume->mount, put->directory.inode.number, temporary_of(put), false));
    return false;
}

bool command_put(struct volume *volume, const struct words *words)
{
    struct put put = {.volume = volume, .path = words->at[1]};
    struct ext_file there;
    if (volume_find(volume, put.path, false, &there) == STATUS_OK &&
        there.inode.type == EXT_TYPE_DIRECTORY) {
        return report(volume, put.path, STATUS_IS_DIRECTORY);
    }
    if (!report(
            volume, put.path, volume_find_parent(volume, put.path, &put.directory, &put.name)) ||
        !source_open(&put.source, words->at[0])) {
        return false;
    }
    bool well = put_file(&put);
    source_close(&put.source);
    return well;
}
