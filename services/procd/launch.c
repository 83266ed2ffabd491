/* SPDX-License-Identifier: ISC */
/*
 * The image and its strings are in memory of the launcher, which may change them at any time: they
 * are copied once, and digest, checks and process are made of the copy.
 */
#include "launch.h"

#include <lib/base/base.h>
#include <lib/crypto/crypto.h>
#include <protocol/vspace.h>
#include <userlib/assert.h>
#include <userlib/slots.h>

#include <slots/procd.h>

#include <string.h>

#include "authority.h"
#include "build.h"

constexpr struct vspace_cap vspaced = {SLOT_PEER_VSPACED};
constexpr uint32_t strings_bytes_max = startup_bytes_max - sizeof(struct startup);

/* procd's own copy of what the launcher sent. */
struct copy {
    uint8_t *bytes; /* owned: mapped memory */
};

/* Everything lies inside the frame, in order. */
static bool sizes_are_valid(const struct process_launch_request *request, uint64_t frame_bytes)
{
    return request->image_bytes <= request->strings_offset &&
           request->strings_offset <= frame_bytes &&
           request->strings_bytes <= frame_bytes - request->strings_offset &&
           request->strings_bytes <= strings_bytes_max;
}

static void unmap(const void *memory)
{
    const enum status status =
        vspace_unmap(vspaced, &(struct vspace_unmap_request){.address = (uintptr_t)memory});
    assert(status == STATUS_OK);
}

static enum status make_copy(
    struct frame_cap image, const struct process_launch_request *request, struct copy *copy_out)
{
    const uint64_t size_bytes = (uint64_t)request->strings_offset + request->strings_bytes;
    const uint32_t bits = log2_ceiling(size_bytes == 0 ? 1 : size_bytes);
    struct vspace_allocate_reply own = {};
    struct frame_cap frame = {};
    enum status status = vspace_allocate(vspaced,
        &(struct vspace_allocate_request){.bits = bits < page_bits ? page_bits : bits}, &own,
        &frame);
    if (status != STATUS_OK) {
        return status;
    }
    slots_delete(frame.slot); /* vspaced keeps it mapped */
    uint8_t *bytes = (uint8_t *)(uintptr_t)own.address;
    struct vspace_map_reply theirs = {};
    status =
        vspace_map(vspaced, &(struct vspace_map_request){.flags = vspace_map_read}, image, &theirs);
    if (status != STATUS_OK) {
        unmap(bytes);
        return status;
    }
    const uint8_t *source = (const uint8_t *)(uintptr_t)theirs.address;
    memcpy(bytes, source, size_bytes);
    unmap(source);
    copy_out->bytes = bytes;
    return STATUS_OK;
}

/* A path, then so many arguments and environment strings: the number of zero bytes says it all. */
static bool strings_are_valid(const char *strings, const struct process_launch_request *request)
{
    if (request->strings_bytes == 0 || strings[request->strings_bytes - 1] != 0) {
        return false;
    }
    uint64_t count = 0;
    for (uint32_t at = 0; at < request->strings_bytes; at++) {
        count += strings[at] == 0 ? 1 : 0;
    }
    return count == UINT64_C(1) + request->argument_count + request->environment_count;
}

/* The last part of the path names the process; the other strings are the program's. */
static void write_strings(
    struct startup *startup, const char *strings, const struct process_launch_request *request)
{
    const char *slash = strrchr(strings, '/');
    const char *name = slash == nullptr ? strings : slash + 1;
    memset(startup->name, 0, sizeof startup->name);
    memcpy(startup->name, name, strnlen(name, sizeof startup->name - 1));
    const uint32_t path_bytes = (uint32_t)strlen(strings) + 1;
    startup->strings_bytes = request->strings_bytes - path_bytes;
    startup->argument_count = request->argument_count;
    startup->environment_count = request->environment_count;
    startup->size_bytes = startup->strings_offset + startup->strings_bytes;
    memcpy((char *)startup + startup->strings_offset, strings + path_bytes, startup->strings_bytes);
}

/* A stream is what the launcher says it is; whoever serves it checks each use. */
static enum status give_streams(const struct launch *launch, struct process *process)
{
    static const char *const names[launch_streams_count] = {"input", "output", "error"};
    const struct cspace_cap space = {process_object(process, PROCESS_CSPACE)};
    struct startup *startup = process->startup;
    for (uint32_t index = 0; index < launch_streams_count; index++) {
        const cap_slot slot = SLOT_STANDARD_INPUT + index;
        const uint8_t stream = launch->request->streams[index];
        if (stream == STREAM_NONE) {
            continue;
        }
        struct cap_identity identity = {};
        enum status status = cspace_identify(slots_cspace(), launch->streams[index], &identity);
        if (status == STATUS_OK) {
            status = cspace_copy(
                space, &(struct cspace_copy){
                           .source = launch->streams[index], .target = slot, .rights = rights_all});
        }
        if (status != STATUS_OK || startup->slot_count == startup_slots_max) {
            return status == STATUS_OK ? STATUS_TOO_LARGE : status;
        }
        startup->streams[index] = (enum standard_stream)stream;
        struct startup_slot *row = &startup->slots[startup->slot_count++];
        *row = (struct startup_slot){.slot = slot,
            .kind = OBJECT_ENDPOINT,
            .rights = identity.rights,
            .label = identity.label};
        memcpy(row->name, names[index], strlen(names[index]));
    }
    return STATUS_OK;
}

static enum status finish(
    struct procd *procd, const struct launch *launch, const char *strings, struct process *process)
{
    write_strings(process->startup, strings, launch->request);
    enum status status = authority_grant_row(procd, process);
    if (status == STATUS_OK) {
        status = give_streams(launch, process);
    }
    if (status == STATUS_OK) {
        status = build_start(procd, process);
    }
    return status;
}

static enum status build_from_copy(struct procd *procd, const struct launch *launch,
    const struct copy *copy, struct process **process_out)
{
    const struct process_launch_request *request = launch->request;
    const char *strings = (const char *)copy->bytes + request->strings_offset;
    if (!strings_are_valid(strings, request)) {
        return STATUS_INVALID_ARGUMENT;
    }
    uint8_t digest[sha256_digest_bytes];
    sha256_hash(copy->bytes, request->image_bytes, digest);
    const struct bootconfig_program row =
        bootconfig_program(&procd->config, bootconfig_find_program(&procd->config, digest));
    struct process *process = nullptr;
    enum status status = build_process(procd,
        &(struct build_request){.authority = &row.authority,
            .file = copy->bytes,
            .file_bytes = request->image_bytes,
            .strings_bytes = request->strings_bytes},
        &process);
    if (status != STATUS_OK) {
        return status;
    }
    status = finish(procd, launch, strings, process);
    if (status != STATUS_OK) {
        build_discard(process);
        processes_remove(&procd->processes, process, nullptr);
        return status;
    }
    *process_out = process;
    return STATUS_OK;
}

enum status launch_program(
    struct procd *procd, const struct launch *launch, struct process **process_out)
{
    struct cap_identity identity = {};
    enum status status = cspace_identify(slots_cspace(), launch->image.slot, &identity);
    if (status != STATUS_OK) {
        return status;
    }
    if (!sizes_are_valid(launch->request, UINT64_C(1) << identity.value)) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct copy copy = {};
    status = make_copy(launch->image, launch->request, &copy);
    if (status != STATUS_OK) {
        return status;
    }
    status = build_from_copy(procd, launch, &copy, process_out);
    unmap(copy.bytes);
    return status;
}
