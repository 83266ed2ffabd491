/* SPDX-License-Identifier: ISC */
/* The last steps of the start, and what keeps the system going after it. */
#include "finish.h"

#include <lib/base/base.h>
#include <protocol/loader.h>
#include <protocol/process.h>
#include <protocol/terminal.h>
#include <protocol/vfs.h>
#include <userlib/log.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

#include <slots/roles.h>

#include <string.h>

#include "failure.h"
#include "grants.h"
#include "objects.h"
#include "rootd.h"
#include "sequence.h"
#include "stages.h"

static uint32_t init_process; /* the program on the terminal; 0: none */

static bool is_in_image(uint32_t role)
{
    return bootconfig_find_launch(&rootd.config, role) != rootd.config.launch_count;
}

/* vfsd has mounted everything before it reported; a directory shows that it also answers. */
static void prove_files(void)
{
    if (!is_in_image(ROLE_VFSD)) {
        return;
    }
    stages_announce(MARKER_ROOTD_READY_VFS_MOUNT);
    struct endpoint_cap vfsd = {};
    const struct vfs_stat_request request = {.follow = 1, .path_bytes = 1, .path = "/"};
    struct vfs_stat_reply reply = {};
    enum status status = grants_mint_for_self(ROLE_VFSD, VFS_RIGHT_READ, &vfsd);
    if (status == STATUS_OK) {
        status = vfs_stat((struct vfs_cap){vfsd.slot}, &request, &reply);
    }
    slots_delete(vfsd.slot);
    if (status != STATUS_OK) {
        failure_configured(MARKER_ROOTD_FAIL_MOUNT, "/", status_text(status));
    }
    stages_announce(MARKER_ROOTD_READY_VFS_IO);
}

/* --- the program on the terminal --- */

/* "PATH\0PATH\0" in a frame of its own: the path, and the first argument. */
static enum status write_strings(const char *path, struct frame_cap *frame_out, uint32_t *bytes_out)
{
    const size_t path_bytes = strlen(path) + 1;
    uint8_t *memory = nullptr;
    struct frame_cap frame = {};
    enum status status = objects_make(OBJECT_FRAME, page_bits, 0, &frame.slot);
    if (status == STATUS_OK) {
        status = objects_map_window(frame, &memory);
    }
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(memory, path, path_bytes);
    memcpy(memory + path_bytes, path, path_bytes);
    *frame_out = frame;
    *bytes_out = (uint32_t)(2 * path_bytes);
    return frame_unmap(frame);
}

static enum status launch(const char *path, uint32_t *process_out)
{
    static struct frame_cap strings;
    static uint32_t strings_bytes;
    struct endpoint_cap loaderd = {};
    struct endpoint_cap terminal = {};
    struct endpoint_cap handle = {};
    struct loader_launch_reply reply = {};
    enum status status = STATUS_OK;
    if (strings.slot == slot_null) {
        status = write_strings(path, &strings, &strings_bytes);
    }
    if (status == STATUS_OK) {
        status = grants_mint_for_self(ROLE_LOADERD, LOADER_RIGHT_LAUNCH, &loaderd);
    }
    if (status == STATUS_OK) {
        status = grants_mint_for_self(ROLE_SERIALD,
            TERMINAL_RIGHT_READ | TERMINAL_RIGHT_WRITE | TERMINAL_RIGHT_CONTROL, &terminal);
    }
    if (status == STATUS_OK) {
        const struct loader_launch_request request = {
            .strings_bytes = strings_bytes,
            .argument_count = 1,
            .streams = {STREAM_TERMINAL, STREAM_TERMINAL, STREAM_TERMINAL},
        };
        status = loader_launch((struct loader_cap){loaderd.slot}, &request, strings, terminal,
            terminal, terminal, &reply, &handle);
    }
    slots_delete(loaderd.slot);
    slots_delete(terminal.slot);
    slots_delete(handle.slot); /* its end is told by procd */
    *process_out = reply.process;
    return status;
}

static void start_init(void)
{
    const enum status status = launch(rootd.config.init_path, &init_process);
    if (status != STATUS_OK) {
        failure_configured(MARKER_ROOTD_FAIL_SHELL, rootd.config.init_path, status_text(status));
    }
}

void finish_process_ended(uint32_t process)
{
    if (process == init_process && init_process != 0) {
        start_init();
    }
}

/* --- verifiers --- */

static bool has_verifiers(void)
{
    for (uint32_t index = 0; index < rootd.config.launch_count; index++) {
        if (bootconfig_launch(&rootd.config, index).verifier) {
            return true;
        }
    }
    return false;
}

static_assert(test_nonce_bytes == root_nonce_bytes);

/* For those who judge the run: the name, and in hexadecimal what the verifier gave. */
static void print_proof(const char *name, const uint8_t proof[static root_proof_bytes])
{
    char digits[2 * root_proof_bytes + 1];
    for (uint32_t index = 0; index < root_proof_bytes; index++) {
        digits[2 * index] = "0123456789abcdef"[proof[index] >> 4];
        digits[2 * index + 1] = "0123456789abcdef"[proof[index] & 15];
    }
    digits[2 * root_proof_bytes] = 0;
    marker_details(MARKER_ROOTD_PROOF, "%s %s", name, digits);
}

enum status finish_verdict(uint32_t process, const struct root_verdict_request *verdict)
{
    const uint32_t index = sequence_find_process(process);
    if (index == rootd.config.launch_count || !bootconfig_launch(&rootd.config, index).verifier ||
        rootd.rows[index].state == ROW_READY) {
        return STATUS_DENIED;
    }
    const char *name = bootconfig_launch(&rootd.config, index).authority.name;
    if (verdict->status_code != STATUS_OK) {
        failure_reported(
            MARKER_ROOTD_FAIL_SERVICE_HANDSHAKE, name, verdict->status_code, verdict->detail);
    }
    print_proof(name, verdict->proof);
    rootd.rows[index].state = ROW_READY;
    stages_announce(MARKER_KERNEL_ROOTD_STAGE_PROBE_EVENT_RECEIVED);
    return STATUS_OK;
}

void finish_verifier_ended(uint32_t row, const struct event_process_ended_request *event)
{
    const char *name = bootconfig_launch(&rootd.config, row).authority.name;
    if (rootd.rows[row].state != ROW_READY) {
        failure_service(MARKER_ROOTD_FAIL_SERVICE_HANDSHAKE, name, "ended without a verdict");
    }
    if (event->reason != process_reason_exited || event->code != 0) {
        failure_service(MARKER_ROOTD_FAIL_SERVICE_DIED, name, "did not end well");
    }
    stages_announce(MARKER_KERNEL_ROOTD_STAGE_PROBE_COMPLETED);
    if (row + 1 == rootd.config.launch_count) {
        failure_none();
    }
    sequence_advance();
}

void finish_start(void)
{
    prove_files();
    marker_details(MARKER_ROOTD_MEMORY, "rootd %lu", objects_own_bytes(rootd.given_bytes));
    stages_announce(MARKER_ROOTD_READY);
    if (rootd.config.init_path[0] != 0) {
        start_init();
    } else if (!has_verifiers()) {
        failure_none();
    }
}
