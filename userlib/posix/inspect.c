/* SPDX-License-Identifier: ISC */
/* Looking at the running system: mounts by vfsd, processes by procd, the log by logd; and its end.
 */
#include <errno.h>
#include <protocol/log.h>
#include <protocol/root.h>
#include <protocol/vfs.h>
#include <string.h>

#include <userlib/libc/src/system.h>

#include "posix.h"

static long find_mount(uint32_t index, struct vfs_mounts_reply *reply_out)
{
    cap_slot vfsd = slot_null;
    long result = peer_find(PEER_VFSD, &vfsd);
    if (result < 0) {
        return result;
    }
    const enum status status =
        vfs_mounts((struct vfs_cap){vfsd}, &(struct vfs_mounts_request){.index = index}, reply_out);
    if (status == STATUS_END || status == STATUS_NOT_FOUND) {
        return 0;
    }
    reply_out->path[sizeof reply_out->path - 1] = 0;
    return status == STATUS_OK ? 1 : result_of(status);
}

long system_mount_next(uint64_t *cursor, struct erix_mount *mount_out)
{
    struct vfs_mounts_reply reply;
    const long result = find_mount((uint32_t)*cursor, &reply);
    if (result > 0) {
        static_assert(sizeof mount_out->path == sizeof reply.path);
        static_assert(sizeof mount_out->source == sizeof reply.source);
        static_assert(sizeof mount_out->type == sizeof reply.kind);
        ++*cursor;
        *mount_out = (struct erix_mount){.read_only = reply.read_only != 0};
        memcpy(mount_out->path, reply.path, sizeof reply.path - 1);
        memcpy(mount_out->source, reply.source, sizeof reply.source - 1);
        memcpy(mount_out->type, reply.kind, sizeof reply.kind - 1);
    }
    return result;
}

/* Whether `path` is the mount's or below it; the root's may be "" or "/". */
static bool is_below(const char *path, const char *mount)
{
    const size_t bytes = strcmp(mount, "/") == 0 ? 0 : strlen(mount);
    return strncmp(path, mount, bytes) == 0 && (path[bytes] == '/' || path[bytes] == 0);
}

/* The mount with the longest path above this one. Symbolic links on the way are not followed. */
long system_volume_of(const char *path, struct erix_volume *volume_out)
{
    struct vfs_mounts_reply reply;
    struct stat found;
    size_t best_bytes = 0;
    bool is_found = false;
    long result = system_stat(path, true, &found);
    if (result < 0) {
        return result;
    }
    for (uint32_t index = 0; (result = find_mount(index, &reply)) > 0; index++) {
        const size_t bytes = strlen(reply.path);
        if (is_below(path, reply.path) && (!is_found || bytes >= best_bytes)) {
            is_found = true;
            best_bytes = bytes;
            *volume_out = (struct erix_volume){
                .block_bytes = reply.block_bytes,
                .block_count = reply.total_blocks,
                .block_free_count = reply.free_blocks,
                .file_count = reply.total_nodes,
                .file_free_count = reply.free_nodes,
            };
        }
    }
    return result == 0 && !is_found ? -ENOENT : result;
}

long system_process_next(uint64_t *cursor, struct erix_process *process_out)
{
    return processes_next(cursor, process_out);
}

long system_capability_next(
    uint64_t process, uint64_t *cursor, struct erix_capability *capability_out)
{
    return processes_capability_next(process, cursor, capability_out);
}

static const char *const level_names[] = {
    [log_level_error] = "error",
    [log_level_warning] = "warning",
    [log_level_info] = "info",
    [log_level_debug] = "debug",
};

constexpr uint32_t level_count = sizeof level_names / sizeof level_names[0];

long system_log_next(uint64_t *cursor, struct erix_log_record *record_out)
{
    cap_slot logd = slot_null;
    struct log_read_reply reply;
    long result = peer_find(PEER_LOGD, &logd);
    if (result < 0) {
        return result;
    }
    const enum status status =
        log_read((struct log_cap){logd}, &(struct log_read_request){.cursor = *cursor}, &reply);
    if (status != STATUS_OK) {
        return status == STATUS_END ? 0 : result_of(status);
    }
    *cursor = reply.next_cursor;
    *record_out = (struct erix_log_record){
        .lost_count = reply.lost,
        .time_ns = reply.time_ns,
        .process = reply.process,
        .is_marker = reply.is_marker != 0,
    };
    static_assert(sizeof record_out->text > log_text_bytes_max);
    (void)strlcpy(record_out->level, reply.level < level_count ? level_names[reply.level] : "?",
        sizeof record_out->level);
    memcpy(record_out->text, reply.line, reply.line_bytes);
    return 1;
}

long system_shutdown(enum erix_shutdown_mode mode)
{
    cap_slot rootd = slot_null;
    long result = peer_find(PEER_ROOTD, &rootd);
    if (result < 0) {
        return result;
    }
    return result_of(root_shutdown((struct root_cap){rootd},
        &(struct root_shutdown_request){
            .mode = mode == ERIX_SHUTDOWN_RESTART ? root_mode_restart : root_mode_power_off}));
}
