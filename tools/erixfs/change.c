/* SPDX-License-Identifier: ISC */
/*
 * Changing the contents and the attributes of what is there.
 */
#define _GNU_SOURCE
#include "commands.h"
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lib/base/base.h>

constexpr uint64_t mode_max = 07777;

bool parse_number(const char *text, uint64_t max, const char *what, uint64_t *number_out)
{
    const char *digits = "0123456789";
    bool octal = text[0] == '0';
    size_t length = strlen(text);
    unsigned long long number = strtoull(text, nullptr, octal ? 8 : 10);
    if (length == 0 || length > 19 || strspn(text, octal ? "01234567" : digits) != length ||
        number > max) {
        (void)fprintf(stderr, "erixfs: '%s' is no %s: a number from 0 to %llu\n", text, what,
            (unsigned long long)max);
        return false;
    }
    *number_out = number;
    return true;
}

bool report(const struct volume *volume, const char *path, enum status status)
{
    if (status != STATUS_OK) {
        volume_complain(volume, path, status);
    }
    return status == STATUS_OK;
}

/* ---- Contents -------------------------------------------------------------------------------- */

static bool read_whole(const char *path, uint8_t **bytes_out, uint64_t *size_bytes_out)
{
    struct source source;
    if (!source_open(&source, path)) {
        return false;
    }
    bool well = source_read(&source, bytes_out, size_bytes_out);
    source_close(&source);
    return well;
}

bool command_write(struct volume *volume, const struct words *words)
{
    const char *path = words->at[1];
    struct ext_file file;
    struct ext_read_request request = {};
    uint8_t *bytes;
    if (!parse_number(words->at[2], INT64_MAX, "offset", &request.offset_bytes) ||
        !volume_need(volume, path, true, &file) ||
        !read_whole(words->at[0], &bytes, &request.size_bytes)) {
        return false;
    }
    request.buffer = block_buffer_plain(bytes);
    uint64_t done_bytes = 0;
    enum status status = ext_write(&volume->mount, &file, request, &done_bytes);
    if (status == STATUS_OK && done_bytes < request.size_bytes) {
        status = STATUS_NO_SPACE;
    }
    if (status != STATUS_OK && done_bytes > 0) {
        (void)fprintf(stderr, "erixfs: %s: %s: only %llu of %llu bytes were written\n",
            volume->path, path, (unsigned long long)done_bytes,
            (unsigned long long)request.size_bytes);
    }
    free(bytes);
    return report(volume, path, status);
}

bool command_truncate(struct volume *volume, const struct words *words)
{
    struct ext_file file;
    uint64_t size_bytes;
    if (!parse_number(words->at[1], INT64_MAX, "size", &size_bytes) ||
        !volume_need(volume, words->at[0], true, &file)) {
        return false;
    }
    return report(volume, words->at[0], ext_truncate(&volume->mount, &file, size_bytes));
}

/* ---- Fields of an inode ---------------------------------------------------------------------- */

static bool set_fields(
    struct volume *volume, const char *path, bool follow, const struct ext_attributes *wanted)
{
    struct ext_file file;
    return volume_need(volume, path, follow, &file) &&
           report(volume, path, ext_set_attributes(&volume->mount, &file, wanted));
}

bool command_chmod(struct volume *volume, const struct words *words)
{
    char octal[24];
    uint64_t mode;
    (void)snprintf(octal, sizeof octal, "0%.20s", words->at[0]);
    if (!parse_number(octal, mode_max, "octal mode", &mode)) {
        return false;
    }
    struct ext_attributes wanted = {.set = EXT_SET_MODE, .mode = (uint16_t)mode};
    return set_fields(volume, words->at[1], true, &wanted);
}

bool command_chown(struct volume *volume, const struct words *words)
{
    char user[24];
    const char *colon = strchr(words->at[0], ':');
    if (colon == nullptr || colon - words->at[0] >= (ptrdiff_t)sizeof user) {
        (void)fprintf(
            stderr, "erixfs: '%s' is not two numbers with a colon between them\n", words->at[0]);
        return false;
    }
    memcpy(user, words->at[0], (size_t)(colon - words->at[0]));
    user[colon - words->at[0]] = '\0';
    uint64_t user_id;
    uint64_t group_id;
    if (!parse_number(user, UINT32_MAX, "user", &user_id) ||
        !parse_number(colon + 1, UINT32_MAX, "group", &group_id)) {
        return false;
    }
    struct ext_attributes wanted = {.set = EXT_SET_USER | EXT_SET_GROUP,
        .user_id = (uint32_t)user_id,
        .group_id = (uint32_t)group_id};
    return set_fields(volume, words->at[1], false, &wanted);
}

bool command_touch(struct volume *volume, const struct words *words)
{
    uint64_t seconds;
    if (!parse_number(words->at[0], INT32_MAX * 4ULL, "time", &seconds)) {
        return false;
    }
    struct ext_attributes wanted = {
        .set = EXT_SET_MODIFIED, .modified = {.seconds = (int64_t)seconds}};
    return set_fields(volume, words->at[1], true, &wanted);
}

/* ---- Extended attributes --------------------------------------------------------------------- */

static uint8_t attribute_bytes[ext_attribute_bytes_max];

bool command_xattr_list(struct volume *volume, const struct words *words)
{
    struct ext_file file;
    uint32_t names_bytes;
    char *names = (char *)attribute_bytes;
    if (!volume_need(volume, words->at[0], false, &file) ||
        !report(volume, words->at[0],
            ext_list_attributes(
                &volume->mount, &file, names, sizeof attribute_bytes, &names_bytes))) {
        return false;
    }
    for (uint32_t at = 0; at < names_bytes; at += (uint32_t)strlen(names + at) + 1) {
        print_foreign(names + at, (uint32_t)strlen(names + at));
        (void)putchar('\n');
    }
    return true;
}

bool command_xattr_get(struct volume *volume, const struct words *words)
{
    struct ext_file file;
    uint32_t value_bytes;
    struct ext_attribute_request request = {
        .name = words->at[1],
        .name_bytes = (uint32_t)strlen(words->at[1]),
        .value = attribute_bytes,
        .value_bytes = sizeof attribute_bytes,
    };
    return volume_need(volume, words->at[0], false, &file) &&
           report(volume, words->at[1],
               ext_get_attribute(&volume->mount, &file, &request, &value_bytes)) &&
           fwrite(attribute_bytes, 1, value_bytes, stdout) == value_bytes;
}

bool command_xattr_set(struct volume *volume, const struct words *words)
{
    struct ext_file file;
    size_t value_bytes = strlen(words->at[2]);
    if (value_bytes > sizeof attribute_bytes) {
        return report(volume, words->at[1], STATUS_TOO_LARGE);
    }
    memcpy(attribute_bytes, words->at[2], value_bytes);
    struct ext_attribute_request request = {
        .name = words->at[1],
        .name_bytes = (uint32_t)strlen(words->at[1]),
        .value = attribute_bytes,
        .value_bytes = (uint32_t)value_bytes,
    };
    return volume_need(volume, words->at[0], false, &file) &&
           report(volume, words->at[1], ext_set_attribute(&volume->mount, &file, &request));
}

bool command_xattr_remove(struct volume *volume, const struct words *words)
{
    struct ext_file file;
    const char *name = words->at[1];
    return volume_need(volume, words->at[0], false, &file) &&
           report(volume, name,
               ext_remove_attribute(&volume->mount, &file, name, (uint32_t)strlen(name)));
}

/* ---- The journal ----------------------------------------------------------------------------- */

bool command_replay(struct volume *volume, const struct words *)
{
    uint32_t count = volume->mount.replayed_count;
    printf("%u transaction%s replayed\n", count, count == 1 ? "" : "s");
    return true;
}
