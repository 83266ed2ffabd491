/* SPDX-License-Identifier: ISC */
/*
 * Mounting an image and walking paths. Links are resolved by rewriting the path that is left.
 */
#define _GNU_SOURCE
#include "volume.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include <lib/base/base.h>

constexpr uint32_t path_bytes_max = 16384;
constexpr uint32_t link_count_max = 40;
constexpr uint32_t sector_bytes = 512;

static struct ext_time host_time(const struct volume *volume)
{
    struct timespec now;
    if (volume->options.time_given) {
        return volume->options.time;
    }
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return (struct ext_time){};
    }
    return (struct ext_time){.seconds = now.tv_sec, .nanoseconds = (uint32_t)now.tv_nsec};
}

void volume_tick(struct volume *volume)
{
    ext_set_time(&volume->mount, host_time(volume));
}

/* ---- Complaints ------------------------------------------------------------------------------ */

/* Whether the volume was refused only because its journal must be replayed. */
static bool is_about(const struct ext_refusal *refusal, const char *what)
{
    return refusal->what != nullptr && strcmp(refusal->what, what) == 0;
}

/* What to do next, where there is something to be done. */
static void advise(const struct volume *volume)
{
    if (is_about(&volume->mount.refusal, "needs_recovery")) {
        (void)fprintf(stderr, "erixfs: `erixfs replay %s` does that\n", volume->path);
    } else if (is_about(&volume->mount.refusal, "journal device")) {
        (void)fprintf(stderr, "erixfs: --journal FILE says which file it is\n");
    }
}

static void complain_refusal(const struct ext_refusal *refusal)
{
    if (refusal->what == nullptr) {
        return;
    }
    (void)fprintf(stderr, ": %s", refusal->what);
    if (refusal->feature_bit != ext_no_feature_bit) {
        (void)fprintf(stderr, " (%s bit %u)", ext_feature_word_name(refusal->feature_word),
            refusal->feature_bit);
    }
    (void)fprintf(stderr, ": %s", refusal->reason);
}

void volume_complain(const struct volume *volume, const char *path, enum status status)
{
    (void)fprintf(stderr, "erixfs: %s", volume->path);
    if (path != nullptr) {
        (void)fprintf(stderr, ": %s", path);
    }
    (void)fprintf(stderr, ": %s", status_text(status));
    if (status == STATUS_CORRUPT && volume->mount.corruption.what != nullptr) {
        (void)fprintf(stderr, ": %s (block %llu)", volume->mount.corruption.what,
            (unsigned long long)volume->mount.corruption.block);
    }
    if (status == STATUS_UNSUPPORTED) {
        complain_refusal(&volume->mount.refusal);
    }
    (void)fprintf(stderr, "\n");
    if (status == STATUS_UNSUPPORTED) {
        advise(volume);
    }
}

/* ---- Opening --------------------------------------------------------------------------------- */

static void complain_text(const struct volume *volume, const char *text)
{
    (void)fprintf(stderr, "erixfs: %s: %s\n", volume->path, text);
}

/* Whether Linux has the file under a loop device; where that cannot be told it has not. */
static bool host_uses(const char *path)
{
    char *absolute = realpath(path, nullptr);
    glob_t found;
    bool used = false;
    if (absolute == nullptr ||
        glob("/sys/block/loop*/loop/backing_file", 0, nullptr, &found) != 0) {
        free(absolute);
        return false;
    }
    for (size_t index = 0; index < found.gl_pathc; index++) {
        char backing[4096] = {};
        FILE *file = fopen(found.gl_pathv[index], "r");
        if (file == nullptr) {
            continue;
        }
        bool read = fgets(backing, sizeof backing, file) != nullptr;
        (void)fclose(file); /* It was only read. */
        backing[strcspn(backing, "\n")] = '\0';
        used = used || (read && strcmp(backing, absolute) == 0);
    }
    globfree(&found);
    free(absolute);
    return used;
}

/* Nobody may write while another works with the same bytes. */
static bool lock(const struct volume *volume, const struct block_file *file, bool writable)
{
    struct stat attributes;
    if (fstat(file->descriptor, &attributes) != 0 || S_ISDIR(attributes.st_mode)) {
        complain_text(volume, "a folder is no image");
        return false;
    }
    if (writable && !S_ISREG(attributes.st_mode)) {
        complain_text(volume, "only regular files are written to, not devices");
        return false;
    }
    if (flock(file->descriptor, (writable ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
        complain_text(volume, "in use by another erixfs");
        (void)fprintf(
            stderr, "erixfs: if it is mounted, unmount it first: fusermount3 -u FOLDER\n");
        return false;
    }
    return true;
}

static bool open_file(struct volume *volume, struct block_file *file, const char *path)
{
    enum volume_access access = volume->options.access;
    bool writable = access == VOLUME_WRITE || access == VOLUME_REPLAY;
    enum status status = block_file_open(file, path, sector_bytes, writable);
    if (status != STATUS_OK) {
        file->descriptor = -1;
        (void)fprintf(stderr, "erixfs: %s: %s\n", path, status_text(status));
        return false;
    }
    if (!lock(volume, file, writable)) {
        return false;
    }
    if (writable && host_uses(path)) {
        complain_text(volume, "in use by a loop device of this computer; `losetup -j` names it");
        return false;
    }
    return true;
}

/* For new encrypted files. */
static enum status draw_nonce(void *, uint8_t nonce_out[static ext_nonce_bytes])
{
    return getrandom(nonce_out, ext_nonce_bytes, 0) == ext_nonce_bytes ? STATUS_OK : STATUS_IO;
}

static enum status mount_as(struct volume *volume, bool read_only)
{
    struct ext_mount_memory memory = {
        .entries = volume->entries,
        .entry_count = volume_cache_blocks,
        .buffer = block_buffer_plain(volume->cache),
        .buffer_bytes = sizeof volume->cache,
        .undo = volume->undo,
        .pending = volume->pending,
        .pending_count = volume_pending_count,
    };
    struct ext_mount_options options = {
        .read_only = read_only,
        .journal_device =
            volume->options.journal_path != nullptr ? &volume->journal_file.device : nullptr,
        .now = host_time(volume),
        .nonces = {.draw = draw_nonce},
    };
    return ext_mount(&volume->mount, &volume->file.device, memory, options);
}

/* Why a volume that can be read cannot be written. */
static void complain_unwritable(const struct volume *volume)
{
    if (!volume->mount.clean) {
        complain_text(volume, "read-only: it was not unmounted in order, or has known errors");
        (void)fprintf(stderr, "erixfs: `e2fsck -f %s` repairs it\n", volume->path);
        return;
    }
    for (uint32_t word = 0; word < EXT_FEATURE_WORD_COUNT; word++) {
        for (uint32_t bit = 0; bit < 32; bit++) {
            const struct ext_feature *feature = ext_feature_find((enum ext_feature_word)word, bit);
            bool has = (volume->mount.features[word] >> bit & 1) != 0;
            if (has && feature->verdict == EXT_ACCEPTED_READ_ONLY) {
                (void)fprintf(stderr, "erixfs: %s: read-only: %s: %s\n", volume->path,
                    feature->name, feature->reason);
                return;
            }
        }
    }
    complain_text(volume, "read-only: its journal is too small for changes");
}

static bool mount_volume(struct volume *volume)
{
    enum volume_access access = volume->options.access;
    enum status status = STATUS_OK;
    if (access == VOLUME_CHECK) {
        return true;
    }
    if (access != VOLUME_REPLAY) {
        status = mount_as(volume, true);
    }
    if (status == STATUS_OK && access != VOLUME_READ) {
        status = mount_as(volume, false);
    }
    if (status != STATUS_OK) {
        volume_complain(volume, nullptr, status);
        return false;
    }
    if (access == VOLUME_WRITE && !volume->mount.writable) {
        complain_unwritable(volume);
        return false;
    }
    return true;
}

static void close_files(struct volume *volume)
{
    if (volume->file.descriptor >= 0) {
        block_file_close(&volume->file);
    }
    if (volume->journal_file.descriptor >= 0) {
        block_file_close(&volume->journal_file);
    }
}

bool volume_open(struct volume *volume, const char *path, struct volume_options options)
{
    volume->path = path;
    volume->options = options;
    volume->mount = (struct ext_mount){};
    volume->file.descriptor = -1;
    volume->journal_file.descriptor = -1;
    bool well = open_file(volume, &volume->file, path) &&
                (options.journal_path == nullptr ||
                    open_file(volume, &volume->journal_file, options.journal_path)) &&
                mount_volume(volume);
    if (!well) {
        close_files(volume);
    }
    return well;
}

bool volume_close(struct volume *volume)
{
    enum status status = STATUS_OK;
    if (volume->mount.writable) {
        volume_tick(volume);
        status = ext_unmount(&volume->mount);
    }
    if (status != STATUS_OK) {
        volume_complain(volume, nullptr, status);
    }
    close_files(volume);
    return status == STATUS_OK;
}

/* ---- Paths ----------------------------------------------------------------------------------- */

/* A walk: where it is, what of the path is left, and how many links it took. */
struct walk {
    struct volume *volume;
    struct ext_file directory;
    uint32_t link_count;
    char left[path_bytes_max];
};

/* Puts a link's target before what is left of the path. */
static enum status follow_link(struct walk *walk, struct ext_file *link, const char *rest)
{
    static char target[ext_link_bytes_max];
    uint32_t target_bytes;
    if (++walk->link_count > link_count_max) {
        return STATUS_LOOP;
    }
    enum status status = ext_read_link(&walk->volume->mount, link, target, &target_bytes);
    if (status != STATUS_OK) {
        return status;
    }
    size_t rest_bytes = strlen(rest);
    if (target_bytes + 1 + rest_bytes + 1 > sizeof walk->left) {
        return STATUS_NAME_TOO_LONG;
    }
    memmove(walk->left + target_bytes + 1, rest, rest_bytes + 1);
    memcpy(walk->left, target, target_bytes);
    walk->left[target_bytes] = '/';
    if (target[0] == '/') {
        return ext_open(&walk->volume->mount, ext_root_number, &walk->directory);
    }
    return STATUS_OK;
}

/* Takes one name off the path; `last` says that only slashes follow it. */
static enum status take_step(struct walk *walk, const char *name, bool follow)
{
    struct ext_mount *mount = &walk->volume->mount;
    uint32_t name_bytes = (uint32_t)strcspn(name, "/");
    const char *rest = name + name_bytes + strspn(name + name_bytes, "/");
    uint64_t number;
    struct ext_file found;
    enum status status = ext_lookup(mount, &walk->directory, name, name_bytes, &number);
    if (status == STATUS_OK) {
        status = ext_open(mount, number, &found);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (found.inode.type == EXT_TYPE_LINK && (follow || name[name_bytes] == '/')) {
        return follow_link(walk, &found, rest);
    }
    walk->directory = found;
    memmove(walk->left, rest, strlen(rest) + 1);
    return STATUS_OK;
}

enum status volume_find(
    struct volume *volume, const char *path, bool follow, struct ext_file *file_out)
{
    static struct walk walk;
    walk.volume = volume;
    walk.link_count = 0;
    if (strlen(path) + 1 > sizeof walk.left) {
        return STATUS_NAME_TOO_LONG;
    }
    memcpy(walk.left, path, strlen(path) + 1);
    enum status status = ext_open(&volume->mount, ext_root_number, &walk.directory);
    while (status == STATUS_OK) {
        const char *name = walk.left + strspn(walk.left, "/");
        if (*name == '\0') {
            *file_out = walk.directory;
            return STATUS_OK;
        }
        status = take_step(&walk, name, follow);
    }
    return status;
}

bool volume_need(struct volume *volume, const char *path, bool follow, struct ext_file *file_out)
{
    enum status status = volume_find(volume, path, follow, file_out);
    if (status != STATUS_OK) {
        volume_complain(volume, path, status);
    }
    return status == STATUS_OK;
}

enum status volume_find_parent(struct volume *volume, const char *path,
    struct ext_file *directory_out, struct ext_name *name_out)
{
    char parent[path_bytes_max];
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/') {
        end--;
    }
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    size_t name_bytes = end - start;
    bool dots =
        (name_bytes == 1 || (name_bytes == 2 && path[start + 1] == '.')) && path[start] == '.';
    if (name_bytes == 0 || dots) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (start >= sizeof parent || name_bytes > ext_name_bytes_max) {
        return STATUS_NAME_TOO_LONG;
    }
    memcpy(parent, path, start);
    parent[start] = '\0';
    *name_out = (struct ext_name){.bytes = path + start, .size_bytes = (uint32_t)name_bytes};
    return volume_find(volume, parent, true, directory_out);
}
