/* SPDX-License-Identifier: ISC */
/* Children: started through loaderd, each known by its handle until it has been waited for. */
#include <errno.h>
#include <protocol/loader.h>
#include <protocol/vfs.h>
#include <protocol/vspace.h>
#include <string.h>
#include <userlib/slots.h>

#include <userlib/libc/src/system.h>

#include "posix.h"

constexpr uint32_t children_max = 16;
constexpr uint32_t strings_bits = 16;
constexpr size_t strings_bytes_max = startup_bytes_max - sizeof(struct startup);
constexpr uint32_t stream_count = 3;

static_assert(strings_bytes_max <= 1U << strings_bits);

struct child {
    pid_t process; /* 0: not in use */
    cap_slot handle;
};

static struct child children[children_max];

/* Shared with loaderd during a launch; kept for the next one. */
static struct {
    char *memory; /* nullptr: not there yet */
    struct frame_cap frame;
} strings;

/* A stream of the child: what kind, and the capability, which is ours to delete if it is a ticket.
 */
struct given_stream {
    enum standard_stream kind;
    struct endpoint_cap cap;
};

static struct child *find_child(pid_t process)
{
    for (uint32_t index = 0; index < children_max; index++) {
        if (children[index].process == process) {
            return &children[index];
        }
    }
    return nullptr;
}

static long strings_begin(void)
{
    cap_slot vspaced = slot_null;
    struct vspace_allocate_reply reply;
    if (strings.memory != nullptr) {
        return 0;
    }
    long result = peer_find(PEER_VSPACED, &vspaced);
    if (result == 0) {
        result = result_of(vspace_allocate((struct vspace_cap){vspaced},
            &(struct vspace_allocate_request){.bits = strings_bits}, &reply, &strings.frame));
    }
    if (result == 0) {
        strings.memory = (char *)(uintptr_t)reply.address; // NOLINT(performance-no-int-to-ptr)
    }
    return result;
}

/* Append a string with its zero byte; -E2BIG. */
static long strings_put(uint32_t *bytes, const char *text)
{
    const size_t text_bytes = strlen(text) + 1;
    if (text_bytes > strings_bytes_max - *bytes) {
        return -E2BIG;
    }
    memcpy(strings.memory + *bytes, text, text_bytes);
    *bytes += (uint32_t)text_bytes;
    return 0;
}

static long strings_put_list(uint32_t *bytes, char *const *list, uint32_t *count_out)
{
    long result = 0;
    uint32_t count = 0;
    for (; result == 0 && list[count] != nullptr; count++) {
        result = strings_put(bytes, list[count]);
    }
    *count_out = count;
    return result;
}

static long write_strings(
    const struct process_request *request, struct loader_launch_request *launch)
{
    uint32_t *bytes = &launch->strings_bytes;
    long result = strings_begin();
    if (result == 0) {
        result = strings_put(bytes, request->path);
    }
    if (result == 0) {
        result = strings_put_list(bytes, request->arguments, &launch->argument_count);
    }
    if (result == 0) {
        result = strings_put_list(bytes, request->environment, &launch->environment_count);
    }
    return result;
}

static long give_stream(int fd, struct given_stream *stream_out)
{
    cap_slot vfsd = slot_null;
    struct description *description = descriptor_find(fd);
    if (description == nullptr) {
        return -EBADF;
    }
    if (description->kind == DESCRIPTION_TERMINAL) {
        *stream_out = (struct given_stream){STREAM_TERMINAL, {description->terminal}};
        return 0;
    }
    long result = file_follow_child(description);
    if (result == 0) {
        result = peer_find(PEER_VFSD, &vfsd);
    }
    if (result == 0) {
        result = result_of(vfs_make_ticket((struct vfs_cap){vfsd},
            &(struct vfs_make_ticket_request){
                .handle = description->handle, .offset = description->offset},
            &stream_out->cap));
    }
    if (result == 0) {
        stream_out->kind = STREAM_FILE;
        description->is_given = true;
    }
    return result;
}

static void take_back(const struct given_stream streams[stream_count])
{
    for (uint32_t index = 0; index < stream_count; index++) {
        if (streams[index].kind == STREAM_FILE) {
            slots_delete(streams[index].cap.slot);
        }
    }
}

static long error_of_launch(enum status status)
{
    const bool is_no_program = status == STATUS_UNSUPPORTED || status == STATUS_CORRUPT;
    return is_no_program ? -ENOEXEC : result_of(status);
}

static long launch(struct loader_launch_request *request,
    const struct given_stream streams[stream_count], struct child *child)
{
    cap_slot loaderd = slot_null;
    struct loader_launch_reply reply;
    struct endpoint_cap handle = {};
    long result = peer_find(PEER_LOADERD, &loaderd);
    if (result < 0) {
        return result;
    }
    for (uint32_t index = 0; index < stream_count; index++) {
        request->streams[index] = streams[index].kind;
    }
    result = error_of_launch(loader_launch((struct loader_cap){loaderd}, request, strings.frame,
        streams[0].cap, streams[1].cap, streams[2].cap, &reply, &handle));
    if (result < 0) {
        return result;
    }
    *child = (struct child){.process = (pid_t)reply.process, .handle = handle.slot};
    return child->process;
}

long system_spawn(const struct process_request *request)
{
    struct loader_launch_request wanted = {};
    struct given_stream streams[stream_count] = {};
    const int fds[stream_count] = {request->stdin_fd, request->stdout_fd, request->stderr_fd};
    struct child *child = find_child(0);
    if (child == nullptr) {
        return -EAGAIN;
    }
    long result = write_strings(request, &wanted);
    for (uint32_t index = 0; result == 0 && index < stream_count; index++) {
        result = give_stream(fds[index], &streams[index]);
    }
    if (result == 0) {
        result = launch(&wanted, streams, child);
    }
    take_back(streams);
    return result;
}

long system_wait(pid_t process, struct process_result *result_out)
{
    static const enum process_ending endings[] = {
        [ENDING_EXITED] = PROCESS_EXITED,
        [ENDING_KILLED] = PROCESS_INTERRUPTED,
        [ENDING_FAULTED] = PROCESS_FAULTED,
    };
    struct ending ending = {};
    struct child *child = process <= 0 ? nullptr : find_child(process);
    if (child == nullptr) {
        return -ECHILD;
    }
    const long result = processes_wait(child->handle, &ending);
    slots_delete(child->handle);
    *child = (struct child){};
    if (result == 0) {
        *result_out = (struct process_result){
            .ending = endings[ending.reason],
            .code = ending.code,
            .error_code = ending.error_code,
            .instruction_pointer = ending.instruction_pointer,
            .address = ending.address,
        };
    }
    return result;
}

long system_set_foreground(int fd, pid_t process)
{
    const struct child *child = process <= 0 ? nullptr : find_child(process);
    if (!system_is_terminal(fd)) {
        return -ENOTTY;
    }
    if (process != 0 && child == nullptr) {
        return -ESRCH;
    }
    return terminal_line_set_foreground(
        descriptor_find(fd)->terminal, child == nullptr ? slot_null : child->handle);
}
