/* SPDX-License-Identifier: ISC */
/* Operations on paths. Each is one message to vfsd. */
#include <errno.h>
#include <protocol/vfs.h>
#include <string.h>

#include <userlib/libc/src/system.h>

#include "attributes.h"
#include "posix.h"

constexpr int64_t ns_per_second = 1'000'000'000;

static long find_attributes(const char *path, bool follow, struct vfs_attributes *found_out)
{
    cap_slot vfsd = slot_null;
    struct vfs_stat_request request = {.follow = follow};
    struct vfs_stat_reply reply;
    long result = peer_find(PEER_VFSD, &vfsd);
    if (result == 0) {
        result = attributes_put_path(path, request.path, &request.path_bytes);
    }
    if (result == 0) {
        result = result_of(vfs_stat((struct vfs_cap){vfsd}, &request, &reply));
    }
    if (result == 0) {
        *found_out = reply.found;
    }
    return result;
}

long system_stat(const char *path, bool follow_link, struct stat *stat_out)
{
    struct vfs_attributes found;
    long result = find_attributes(path, follow_link, &found);
    if (result == 0) {
        attributes_to_stat(&found, stat_out);
    }
    return result;
}

long system_make_directory(const char *path, mode_t mode)
{
    cap_slot vfsd = slot_null;
    struct vfs_make_directory_request request = {.mode = mode & 07777};
    long result = peer_find(PEER_VFSD, &vfsd);
    if (result == 0) {
        result = attributes_put_path(path, request.path, &request.path_bytes);
    }
    return result < 0 ? result : result_of(vfs_make_directory((struct vfs_cap){vfsd}, &request));
}

static long remove_name(const char *path, bool is_directory)
{
    cap_slot vfsd = slot_null;
    struct vfs_remove_request request = {.is_directory = is_directory};
    long result = peer_find(PEER_VFSD, &vfsd);
    if (result == 0) {
        result = attributes_put_path(path, request.path, &request.path_bytes);
    }
    return result < 0 ? result : result_of(vfs_remove((struct vfs_cap){vfsd}, &request));
}

long system_remove_directory(const char *path)
{
    return remove_name(path, true);
}

long system_remove_file(const char *path)
{
    return remove_name(path, false);
}

long system_rename(const char *from, const char *to)
{
    cap_slot vfsd = slot_null;
    struct vfs_rename_request request = {};
    long result = peer_find(PEER_VFSD, &vfsd);
    if (result == 0) {
        result = attributes_put_pair(
            from, to, request.paths, &request.source_bytes, &request.paths_bytes);
    }
    return result < 0 ? result : result_of(vfs_rename((struct vfs_cap){vfsd}, &request));
}

long system_make_link(const char *target, const char *path)
{
    cap_slot vfsd = slot_null;
    struct vfs_symlink_request request = {};
    long result = peer_find(PEER_VFSD, &vfsd);
    if (result == 0) {
        result = attributes_put_pair(target, path, request.target_and_path, &request.target_bytes,
            &request.target_and_path_bytes);
    }
    return result < 0 ? result : result_of(vfs_symlink((struct vfs_cap){vfsd}, &request));
}

long system_read_link(const char *path, char *buffer, size_t bytes)
{
    cap_slot vfsd = slot_null;
    static struct vfs_read_link_request request;
    static struct vfs_read_link_reply reply;
    long result = peer_find(PEER_VFSD, &vfsd);
    if (result == 0) {
        result = attributes_put_path(path, request.path, &request.path_bytes);
    }
    if (result == 0) {
        result = result_of(vfs_read_link((struct vfs_cap){vfsd}, &request, &reply));
    }
    if (result < 0) {
        return result;
    }
    const size_t length = reply.target_bytes < bytes ? reply.target_bytes : bytes;
    memcpy(buffer, reply.target, length);
    return (long)length;
}

/* A time as utimensat() gives it; `before_ns` is the file's. */
static long resolve_time(struct timespec wanted, int64_t before_ns, int64_t *time_ns_out)
{
    if (wanted.tv_nsec == UTIME_OMIT) {
        *time_ns_out = before_ns;
        return 0;
    }
    if (wanted.tv_nsec == UTIME_NOW) {
        long result = system_clock(CLOCK_REALTIME, &wanted);
        if (result < 0) {
            return result;
        }
    }
    if (wanted.tv_nsec < 0 || wanted.tv_nsec >= ns_per_second ||
        wanted.tv_sec < INT64_MIN / ns_per_second + 1 ||
        wanted.tv_sec > INT64_MAX / ns_per_second - 1) {
        return -EINVAL;
    }
    *time_ns_out = wanted.tv_sec * ns_per_second + wanted.tv_nsec;
    return 0;
}

long system_set_times(const char *path, const struct timespec times[2])
{
    cap_slot vfsd = slot_null;
    struct vfs_set_times_request request = {};
    struct vfs_attributes found;
    long result = find_attributes(path, true, &found);
    if (result == 0) {
        result = resolve_time(times[0], found.accessed_ns, &request.accessed_ns);
    }
    if (result == 0) {
        result = resolve_time(times[1], found.modified_ns, &request.modified_ns);
    }
    if (result == 0) {
        result = attributes_put_path(path, request.path, &request.path_bytes);
    }
    if (result == 0) {
        result = peer_find(PEER_VFSD, &vfsd);
    }
    return result < 0 ? result : result_of(vfs_set_times((struct vfs_cap){vfsd}, &request));
}
