/* SPDX-License-Identifier: ISC */
/* The operation of protocol loader. */
#include <protocol/process.h>
#include <protocol/vspace.h>
#include <slots/loaderd.h>
#include <userlib/log.h>
#include <userlib/marker.h>
#include <userlib/slots.h>

#include <lib/base/base.h>

#include <string.h>

#include "loaderd.h"

static const struct vspace_cap vspaced = {SLOT_PEER_VSPACED};
static const struct process_cap procd = {SLOT_PEER_PROCD};

static void mark(enum marker fact)
{
    if (log_profile() == BOOT_PROFILE_TEST) {
        marker(fact);
    }
}

/* The caller's memory is mapped for as long as the copy takes. */
static enum status copy_strings(
    struct loaderd *loaderd, struct frame_cap memory, uint32_t size_bytes)
{
    struct cap_identity identity;
    enum status status = cspace_identify(slots_cspace(), memory.slot, &identity);
    if (status != STATUS_OK) {
        return status;
    }
    if (size_bytes > strings_bytes_max || size_bytes > UINT64_C(1) << identity.value) {
        return STATUS_TOO_LARGE;
    }
    const struct vspace_map_request request = {.flags = vspace_map_read};
    struct vspace_map_reply mapped;
    status = vspace_map(vspaced, &request, memory, &mapped);
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(loaderd->strings, (const void *)mapped.address, size_bytes);
    const struct vspace_unmap_request undo = {.address = mapped.address};
    return vspace_unmap(vspaced, &undo);
}

/* Read and check the program, with the strings behind it; `request` gets its shape. */
static enum status prepare(
    struct loaderd *loaderd, const struct strings *strings, struct process_launch_request *request)
{
    struct image *image = &loaderd->image;
    const char *path = strings->bytes;
    uint32_t path_bytes = 0;
    enum status status = strings_check(strings, &path_bytes);
    if (status == STATUS_OK) {
        status = image_read(image, path, path_bytes, strings->size_bytes);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = image_check(image, path);
    if (status != STATUS_OK) {
        mark(MARKER_LOADERD_REFUSED_ELF);
        return status;
    }
    mark(MARKER_LOADERD_LOAD_SUCCESS);
    request->image_bytes = image->file_bytes;
    request->strings_offset = image_append(image, strings);
    request->strings_bytes = strings->size_bytes;
    request->argument_count = strings->argument_count;
    request->environment_count = strings->environment_count;
    return STATUS_OK;
}

static enum status handle_launch(void *self, struct ipc_caller caller,
    const struct loader_launch_request *request, struct frame_cap strings,
    struct endpoint_cap input, struct endpoint_cap output, struct endpoint_cap error,
    struct loader_launch_reply *reply_out, struct endpoint_cap *handle_out)
{
    (void)caller;
    struct loaderd *loaderd = self;
    enum status status = copy_strings(loaderd, strings, request->strings_bytes);
    if (status != STATUS_OK) {
        return status;
    }
    const struct strings texts = {
        .bytes = loaderd->strings,
        .size_bytes = request->strings_bytes,
        .argument_count = request->argument_count,
        .environment_count = request->environment_count,
    };
    struct process_launch_request wanted = {};
    static_assert(sizeof wanted.streams == sizeof request->streams);
    memcpy(wanted.streams, request->streams, sizeof wanted.streams);
    status = prepare(loaderd, &texts, &wanted);
    if (status != STATUS_OK) {
        return status;
    }
    struct process_launch_reply launched;
    status = process_launch(
        procd, &wanted, loaderd->image.frame, input, output, error, &launched, handle_out);
    if (status != STATUS_OK) {
        log_write(LOG_ERROR, "procd did not start %s: %s", texts.bytes, status_text(status));
        return status;
    }
    reply_out->process = launched.process;
    slots_delete(strings.slot);
    slots_delete(input.slot);
    slots_delete(output.slot);
    slots_delete(error.slot);
    mark(MARKER_LOADERD_LAUNCH_SUCCESS);
    return STATUS_OK;
}

struct loader_server loaderd_server(struct loaderd *loaderd)
{
    return (struct loader_server){.self = loaderd, .launch = handle_launch};
}
