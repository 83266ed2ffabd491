/* SPDX-License-Identifier: ISC */
/*
 * Reading files whose blocks are no use before something was done to them as wholes: they are
 * decrypted, or verified. Whole units go into the caller's memory and are treated there; a part
 * comes from a whole unit in the mount's own memory. Before it was treated, nothing is shown: after
 * a failure the caller's memory holds zeros.
 */
#include "protected_read.h"

#include <string.h>

#include "crypt.h"
#include "verity.h"

/* What has to be done to the units of one file, and how large they are. */
struct protection {
    struct ext_mount *mount;
    struct ext_file *file;
    uint32_t unit_shift;
    bool encrypted; /* else verified */
    struct ext_policy policy;
};

/* Holes and unwritten blocks are zeros as they are. */
static enum status decrypt(
    const struct protection *protection, uint64_t first, uint64_t count, uint8_t *bytes)
{
    uint64_t at = 0;
    while (at < count) {
        struct ext_run run;
        enum status status = ext_map(protection->mount, protection->file, first + at, &run);
        if (status != STATUS_OK) {
            return status;
        }
        uint64_t run_count = run.block_count < count - at ? run.block_count : count - at;
        if (run.kind == EXT_RUN_DATA) {
            status = ext_contents_decrypt(protection->mount, &protection->policy, first + at,
                run_count, bytes + (at << protection->unit_shift));
        }
        if (status != STATUS_OK) {
            return status;
        }
        at += run_count;
    }
    return STATUS_OK;
}

/* Units from `first` on that were read into `bytes`; they are wiped if they must not be seen. */
static enum status treat(
    const struct protection *protection, uint64_t first, uint64_t count, uint8_t *bytes)
{
    enum status status = protection->encrypted ? decrypt(protection, first, count, bytes)
                                               : ext_verity_check(protection->mount,
                                                     protection->file, first, count, bytes);
    if (status != STATUS_OK) {
        memset(bytes, 0, count << protection->unit_shift);
    }
    return status;
}

static enum status read_whole_units(
    const struct protection *protection, struct ext_read_request request)
{
    enum status status = ext_read_stored(protection->mount, protection->file, request);
    if (status != STATUS_OK) {
        return status;
    }
    return treat(protection, request.offset_bytes >> protection->unit_shift,
        request.size_bytes >> protection->unit_shift, request.buffer.bytes);
}

/* A request within one unit. */
static enum status read_part(const struct protection *protection, struct ext_read_request request)
{
    uint8_t *unit = protection->mount->protected_unit;
    uint64_t first = request.offset_bytes >> protection->unit_shift;
    uint64_t unit_offset = first << protection->unit_shift;
    struct ext_read_request whole = {
        .offset_bytes = unit_offset,
        .size_bytes = (uint64_t)1 << protection->unit_shift,
        .buffer = block_buffer_plain(unit),
    };
    enum status status = ext_read_cached(protection->mount, protection->file, whole);
    if (status == STATUS_OK) {
        status = treat(protection, first, 1, unit);
    }
    if (status == STATUS_OK) {
        memcpy(
            request.buffer.bytes, unit + (request.offset_bytes - unit_offset), request.size_bytes);
    }
    crypto_wipe(unit, whole.size_bytes);
    return status;
}

/* The longest beginning of a request that is whole units or within one unit. */
static uint64_t step_bytes(const struct protection *protection, struct ext_read_request request)
{
    uint64_t unit_bytes = (uint64_t)1 << protection->unit_shift;
    uint64_t within = request.offset_bytes & (unit_bytes - 1);
    if (within == 0 && request.size_bytes >= unit_bytes) {
        return align_down(request.size_bytes, unit_bytes);
    }
    uint64_t left_bytes = unit_bytes - within;
    return request.size_bytes < left_bytes ? request.size_bytes : left_bytes;
}

static enum status protection_init(
    struct ext_mount *mount, struct ext_file *file, struct protection *protection_out)
{
    struct protection protection = {.mount = mount,
        .file = file,
        .unit_shift = mount->geometry.block_shift,
        .encrypted = (file->inode.flags & inode_flag_verity) == 0};
    enum status status = protection.encrypted
                             ? ext_contents_policy(mount, &file->inode, &protection.policy)
                             : ext_verity_open(mount, file, &protection.unit_shift);
    *protection_out = protection;
    return status;
}

enum status ext_read_protected(
    struct ext_mount *mount, struct ext_file *file, struct ext_read_request request)
{
    struct protection protection;
    enum status status = protection_init(mount, file, &protection);
    if (status == STATUS_OK && request.size_bytes > 0 && request.buffer.bytes == nullptr) {
        status = STATUS_INVALID_ARGUMENT;
    }
    while (status == STATUS_OK && request.size_bytes > 0) {
        struct ext_read_request step = request;
        step.size_bytes = step_bytes(&protection, request);
        bool whole =
            is_aligned(step.offset_bytes | step.size_bytes, (uint64_t)1 << protection.unit_shift);
        status = whole ? read_whole_units(&protection, step) : read_part(&protection, step);
        request.offset_bytes += step.size_bytes;
        request.size_bytes -= step.size_bytes;
        request.buffer = block_buffer_skip(request.buffer, step.size_bytes);
    }
    return status;
}
