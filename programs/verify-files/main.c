/* SPDX-License-Identifier: ISC */
/*
 * Verifier: the file /etc/nonce, which the host put on the disk, holds the nonce; /tmp keeps it.
 */
#include <protocol/vfs.h>
#include <slots/verify-files.h>
#include <userlib/shared_memory.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t buffer_bits = 12;
constexpr uint32_t memory_only = 1; /* the parameter in a system without a disk */
static const char disk_path[] = "/etc/nonce";
static const char memory_path[] = "/tmp/nonce";

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
    struct vfs_open_reply reply = {};
    struct vfs_open_request request = {.flags = flags, .mode = 0600};
    request.path_bytes = (uint32_t)strlen(path);
    memcpy(request.path, path, request.path_bytes);
    const enum status status = vfs_open(vfsd, &request, &reply);
    if (status == STATUS_OK) {
        *handle_out = reply.handle;
    }
    return status;
}

static bool holds_nonce(const char *path, const struct verifier *verifier, uint8_t *buffer)
{
    uint32_t handle = 0;
    if (open_file(path, vfs_open_read, &handle) != STATUS_OK) {
        return false;
    }
    memset(buffer, 0, root_nonce_bytes);
    struct vfs_read_reply reply = {};
    const struct vfs_read_request request = {.handle = handle, .length = root_nonce_bytes};
    const enum status status = vfs_read(vfsd, &request, &reply);
    const enum status closed = vfs_close(vfsd, &(struct vfs_close_request){.handle = handle});
    return status == STATUS_OK && closed == STATUS_OK && reply.done == root_nonce_bytes &&
           memcmp(buffer, verifier->nonce, root_nonce_bytes) == 0;
}

static enum status write_nonce(const struct verifier *verifier, uint8_t *buffer)
{
    uint32_t handle = 0;
    enum status status =
        open_file(memory_path, vfs_open_write | vfs_open_create | vfs_open_exclusive, &handle);
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(buffer, verifier->nonce, root_nonce_bytes);
    struct vfs_write_reply reply = {};
    const struct vfs_write_request request = {.handle = handle, .length = root_nonce_bytes};
    status = vfs_write(vfsd, &request, &reply);
    const enum status closed = vfs_close(vfsd, &(struct vfs_close_request){.handle = handle});
    return status == STATUS_OK ? closed : status;
}

static const char *verify(const struct verifier *verifier)
{
    struct shared_memory buffer = {};
    if (attach(&buffer) != STATUS_OK) {
        return "vfsd gives no buffer";
    }
    if (verifier->parameter != memory_only && !holds_nonce(disk_path, verifier, buffer.bytes)) {
        return "the disk's /etc/nonce does not hold the nonce";
    }
    if (write_nonce(verifier, buffer.bytes) != STATUS_OK) {
        return "no file can be written in /tmp";
    }
    return holds_nonce(memory_path, verifier, buffer.bytes) ? nullptr : "/tmp does not keep a file";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
