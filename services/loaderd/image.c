/* SPDX-License-Identifier: ISC */
/* Reading a program, and checking that it is one. */
#include "image.h"

#include <lib/elf/elf.h>
#include <protocol/filesystem.h>
#include <protocol/vfs.h>
#include <protocol/vspace.h>
#include <slots/loaderd.h>
#include <userlib/log.h>

#include <lib/base/base.h>

#include <string.h>

static const struct vfs_cap vfsd = {SLOT_PEER_VFSD};
static const struct vspace_cap vspaced = {SLOT_PEER_VSPACED};

enum status image_open(struct image *image)
{
    const struct vfs_attach_request request = {.bits = image_bits};
    enum status status = vfs_attach(vfsd, &request, &image->frame);
    if (status != STATUS_OK) {
        return status;
    }
    const struct vspace_map_request wanted = {.flags = vspace_map_read | vspace_map_write};
    struct vspace_map_reply mapped;
    status = vspace_map(vspaced, &wanted, image->frame, &mapped);
    if (status == STATUS_OK) {
        image->memory = (uint8_t *)mapped.address;
    }
    return status;
}

static enum status check_attributes(const struct vfs_attributes *found, uint32_t behind_bytes)
{
    if (found->kind != filesystem_kind_file) {
        return found->kind == filesystem_kind_directory ? STATUS_IS_DIRECTORY : STATUS_UNSUPPORTED;
    }
    const uint64_t room_bytes = image_bytes_max - align_up(behind_bytes, elf_page_bytes);
    return found->size_bytes > room_bytes ? STATUS_TOO_LARGE : STATUS_OK;
}

/* The whole file from its start; fewer bytes than its size are a change. */
static enum status read_all(uint32_t handle, uint64_t size_bytes)
{
    uint64_t done_bytes = 0;
    while (done_bytes < size_bytes) {
        const struct vfs_read_request request = {
            .handle = handle,
            .length = (uint32_t)(size_bytes - done_bytes),
            .offset = done_bytes,
            .buffer_offset = (uint32_t)done_bytes,
        };
        struct vfs_read_reply reply;
        enum status status = vfs_read(vfsd, &request, &reply);
        if (status != STATUS_OK) {
            return status;
        }
        if (reply.done == 0 || reply.done > size_bytes - done_bytes) {
            return STATUS_BUSY;
        }
        done_bytes += reply.done;
    }
    return STATUS_OK;
}

static bool is_unchanged(const struct vfs_attributes *before, const struct vfs_attributes *after)
{
    return before->node == after->node && before->mount == after->mount &&
           before->size_bytes == after->size_bytes && before->modified_ns == after->modified_ns &&
           before->changed_ns == after->changed_ns;
}

static enum status read_open(struct image *image, uint32_t handle,
    const struct vfs_attributes *before, uint32_t behind_bytes)
{
    enum status status = check_attributes(before, behind_bytes);
    if (status == STATUS_OK) {
        status = read_all(handle, before->size_bytes);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct vfs_stat_handle_request request = {.handle = handle};
    struct vfs_stat_handle_reply after;
    status = vfs_stat_handle(vfsd, &request, &after);
    if (status != STATUS_OK) {
        return status;
    }
    image->file_bytes = before->size_bytes;
    return is_unchanged(before, &after.found) ? STATUS_OK : STATUS_BUSY;
}

enum status image_read(
    struct image *image, const char *path, uint32_t path_bytes, uint32_t behind_bytes)
{
    struct vfs_open_request request = {.flags = vfs_open_read, .path_bytes = path_bytes};
    memcpy(request.path, path, path_bytes);
    struct vfs_open_reply opened;
    enum status status = vfs_open(vfsd, &request, &opened);
    if (status != STATUS_OK) {
        return status;
    }
    status = read_open(image, opened.handle, &opened.found, behind_bytes);
    const struct vfs_close_request done = {.handle = opened.handle};
    (void)vfs_close(vfsd, &done); /* cannot fail: the handle was just given */
    return status;
}

enum status image_check(const struct image *image, const char *path)
{
    const struct elf_limits limits = {
        .first_address = program_base,
        .end_address = program_end,
        .memory_bytes_max = program_end - program_base,
    };
    struct elf_plan plan;
    struct elf_refusal refusal = {};
    enum status status = elf_plan_parse(image->memory, image->file_bytes, limits, &plan, &refusal);
    if (status == STATUS_OK) {
        return STATUS_OK;
    }
    if (refusal.header_index == elf_no_program_header) {
        log_write(LOG_ERROR, "%s refused: %s (%s)", path, elf_reason_name(refusal.reason),
            elf_reason_text(refusal.reason));
    } else {
        log_write(LOG_ERROR, "%s refused: %s (%s), program header %u", path,
            elf_reason_name(refusal.reason), elf_reason_text(refusal.reason), refusal.header_index);
    }
    return status;
}

uint32_t image_append(struct image *image, const struct strings *strings)
{
    const uint64_t offset = align_up(image->file_bytes, elf_page_bytes);
    memset(image->memory + image->file_bytes, 0, image_bytes_max - image->file_bytes);
    memcpy(image->memory + offset, strings->bytes, strings->size_bytes);
    return (uint32_t)offset;
}
