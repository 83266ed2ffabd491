/* SPDX-License-Identifier: ISC */
/*
 * Verifier: programs of the disk run and end with their own exit status, one that depends on the
 * nonce among them; what is no program, a folder and nothing at all are refused.
 */
#include <protocol/loader.h>
#include <protocol/process.h>
#include <slots/verify-loaderd.h>
#include <userlib/shared_memory.h>
#include <userlib/slots.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t buffer_bits = 12;

static const struct loader_cap loaderd = {SLOT_PEER_LOADERD};

/* Start what the strings say: each ends with a zero byte, the path is the first, then arguments. */
static enum status launch(struct shared_memory *memory, uint32_t bytes, uint32_t arguments,
    struct process_cap *handle_out)
{
    const struct endpoint_cap no_stream = {SLOT_PEER_LOADERD}; /* any endpoint */
    const struct loader_launch_request request = {
        .strings_bytes = bytes, .argument_count = arguments};
    struct loader_launch_reply reply = {};
    struct endpoint_cap handle = {};
    const enum status status = loader_launch(
        loaderd, &request, memory->frame, no_stream, no_stream, no_stream, &reply, &handle);
    *handle_out = (struct process_cap){handle.slot};
    return status;
}

static uint32_t put(struct shared_memory *memory, uint32_t at, const char *text)
{
    const uint32_t bytes = (uint32_t)strlen(text) + 1;
    memcpy(memory->bytes + at, text, bytes);
    return at + bytes;
}

static enum status launch_file(
    struct shared_memory *memory, const char *path, struct process_cap *handle_out)
{
    uint32_t bytes = put(memory, 0, path);
    bytes = put(memory, bytes, path);
    return launch(memory, bytes, 1, handle_out);
}

static enum status try_file(struct shared_memory *memory, const char *path)
{
    struct process_cap handle = {};
    const enum status status = launch_file(memory, path, &handle);
    slots_delete(handle.slot);
    return status;
}

/* Exit status of a process that was launched, or -1. */
static int64_t await(enum status launched, struct process_cap handle)
{
    struct process_wait_reply ending = {};
    if (launched != STATUS_OK) {
        return -1;
    }
    const enum status status = process_wait(handle, &ending);
    slots_delete(handle.slot);
    return status == STATUS_OK && ending.reason == process_reason_exited ? ending.code : -1;
}

static int64_t run_file(struct shared_memory *memory, const char *path)
{
    struct process_cap handle = {};
    const enum status status = launch_file(memory, path, &handle);
    return await(status, handle);
}

/* Of `sh -c COMMAND`. */
static int64_t run_shell(struct shared_memory *memory, const char *command)
{
    struct process_cap handle = {};
    uint32_t bytes = put(memory, 0, "/bin/sh");
    bytes = put(memory, bytes, "sh");
    bytes = put(memory, bytes, "-c");
    bytes = put(memory, bytes, command);
    const enum status status = launch(memory, bytes, 3, &handle);
    return await(status, handle);
}

static uint32_t number_of(const char *nonce)
{
    uint32_t number = 0;
    for (uint32_t index = 0; index < root_nonce_bytes; index++) {
        number += (uint8_t)nonce[index];
    }
    return number % 90 + 10; /* two digits */
}

static const char *refuse(struct shared_memory *memory)
{
    if (try_file(memory, "/bin/nobody") != STATUS_NOT_FOUND) {
        return "a program of nobody was started";
    }
    if (try_file(memory, "/bin") != STATUS_IS_DIRECTORY) {
        return "a folder was started";
    }
    const enum status status = try_file(memory, "/etc/motd");
    return status == STATUS_UNSUPPORTED || status == STATUS_CORRUPT ? nullptr
                                                                    : "a text was started";
}

static const char *verify(const struct verifier *verifier)
{
    struct shared_memory memory = {};
    char command[] = "exit 00";
    const uint32_t number = number_of(verifier->nonce);
    command[5] = (char)('0' + number / 10);
    command[6] = (char)('0' + number % 10);
    if (shared_memory_make((struct vspace_cap){SLOT_PEER_VSPACED}, buffer_bits, &memory) !=
        STATUS_OK) {
        return "there is no memory for the strings";
    }
    if (run_file(&memory, "/bin/true") != 0 || run_file(&memory, "/bin/false") != 1) {
        return "programs of the disk do not run";
    }
    if (run_shell(&memory, command) != number) {
        return "a program did not get its arguments";
    }
    return refuse(&memory);
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
