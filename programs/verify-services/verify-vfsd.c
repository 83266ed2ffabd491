/* SPDX-License-Identifier: ISC */
/*
 * Verifier: a file of the disk holds what the host wrote, one in memory keeps what is written and
 * can be renamed and removed; paths and handles of nobody and changes of what is read-only are
 * refused.
 */
#include <protocol/vfs.h>
#include <slots/verify-vfsd.h>
#include <userlib/shared_memory.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t buffer_bits = 12;
static const char disk_path[] = "/etc/nonce";
static const char memory_path[] = "/tmp/verified";

static const struct vfs_cap vfsd = {SLOT_PEER_VFSD};

static enum status attach(struct shared_memory *buffer_out)
{
    struct frame_cap frame = {};
    const enum status status =
        vfs_attach(vfsd, &(struct vfs_attach_request){.bits = buffer_bits}, &frame);
    return status == STATUS_OK ? shared_memory_map((struct vspace_cap){SLOT_PEER_VSPACED}, frame,
                                     vspace_map_read | vspace_map_write, buffer_out)
                               : status;
}

static enum status open_file(const char *path, uint32_t flags, uint32_t *handle_out)
{
    struct vfs_open_request request = {.flags = flags, .mode = 0600};
    struct vfs_open_reply reply = {};
    request.path_bytes = (uint32_t)strlen(path);
    memcpy(request.path, path, request.path_bytes);
    const enum status status = vfs_open(vfsd, &request, &reply);
    *handle_out = reply.handle;
    return status;
}

static enum status close_file(uint32_t handle)
{
    return vfs_close(vfsd, &(struct vfs_close_request){.handle = handle});
}

static bool holds_nonce(const char *path, const struct verifier *verifier, uint8_t *buffer)
{
    uint32_t handle = 0;
    struct vfs_read_reply reply = {};
    if (open_file(path, vfs_open_read, &handle) != STATUS_OK) {
        return false;
    }
    memset(buffer, 0, root_nonce_bytes);
    const struct vfs_read_request read = {.handle = handle, .length = 2 * root_nonce_bytes};
    const bool good = vfs_read(vfsd, &read, &reply) == STATUS_OK &&
                      reply.done == root_nonce_bytes &&
                      memcmp(buffer, verifier->nonce, root_nonce_bytes) == 0;
    return close_file(handle) == STATUS_OK && close_file(handle) != STATUS_OK && good;
}

static const char *verify_writing(const struct verifier *verifier, uint8_t *buffer)
{
    uint32_t handle = 0;
    struct vfs_write_reply reply = {};
    constexpr uint32_t flags = vfs_open_write | vfs_open_create | vfs_open_exclusive;
    if (open_file(memory_path, flags, &handle) != STATUS_OK) {
        return "no file can be made in /tmp";
    }
    memcpy(buffer, verifier->nonce, root_nonce_bytes);
    const struct vfs_write_request write = {.handle = handle, .length = root_nonce_bytes};
    if (vfs_write(vfsd, &write, &reply) != STATUS_OK || close_file(handle) != STATUS_OK ||
        !holds_nonce(memory_path, verifier, buffer)) {
        return "/tmp does not keep a file";
    }
    return open_file(memory_path, flags, &handle) == STATUS_EXISTS ? nullptr
                                                                   : "a name was given twice";
}

static const char *verify_removing(void)
{
    uint32_t handle = 0;
    struct vfs_remove_request request = {.path_bytes = sizeof memory_path - 1};
    memcpy(request.path, memory_path, request.path_bytes);
    return vfs_remove(vfsd, &request) == STATUS_OK &&
                   open_file(memory_path, vfs_open_read, &handle) == STATUS_NOT_FOUND
               ? nullptr
               : "a file cannot be removed";
}

static const char *refuse(void)
{
    uint32_t handle = 0;
    struct vfs_stat_handle_reply shape = {};
    const struct vfs_stat_handle_request nobody = {.handle = 1000};
    if (open_file("/nobody/at/home", vfs_open_read, &handle) != STATUS_NOT_FOUND ||
        open_file("etc/nonce", vfs_open_read, &handle) == STATUS_OK ||
        open_file("", vfs_open_read, &handle) == STATUS_OK) {
        return "a path of nobody was opened";
    }
    if (vfs_stat_handle(vfsd, &nobody, &shape) == STATUS_OK) {
        return "a handle of nobody is known";
    }
    return vfs_shut_down(vfsd) == STATUS_DENIED ? nullptr : "anybody may shut the files down";
}

static const char *verify(const struct verifier *verifier)
{
    struct shared_memory buffer = {};
    if (attach(&buffer) != STATUS_OK) {
        return "vfsd gives no buffer";
    }
    if (!holds_nonce(disk_path, verifier, buffer.bytes)) {
        return "/etc/nonce does not hold the nonce";
    }
    const char *reason = verify_writing(verifier, buffer.bytes);
    reason = reason == nullptr ? verify_removing() : reason;
    return reason == nullptr ? refuse() : reason;
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
