/* SPDX-License-Identifier: ISC */
/*
 * victim STEPS ACT: does the first STEPS of everything that a program can do, keeps all that it
 * gets by it, and comes to the end that ACT says. It never runs on an appliance: a scenario brings
 * it on its disk, and programs/verify-deaths starts it, hears of it, and has it die.
 */
#include <userlib/victims/victim.h>

#include <dirent.h>
#include <fcntl.h>
#include <protocol/report.h>
#include <protocol/time.h>
#include <protocol/vfs.h>
#include <protocol/vspace.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <userlib/slots.h>
#include <userlib/start.h>
#include <userlib/syscall.h>

constexpr size_t kibibyte = 1024;

static const struct report_cap report = {SLOT_STANDARD_ERROR};

static int readable = -1; /* a file of the disk */
static int writable = -1; /* a file in memory */
static struct frame_cap shared;

static cap_slot peer(const char *peer_name)
{
    const struct startup_slot *row = program_startup_slot(peer_name);
    return row == nullptr ? slot_null : row->slot;
}

/* --- the steps --- */

static bool grow_heap(void)
{
    constexpr size_t bytes = 768 * kibibyte;
    char *memory = malloc(bytes);
    if (memory == nullptr) {
        return false;
    }
    memset(memory, 1, bytes);
    return memory[bytes - 1] == 1;
}

static bool grow_stack(void)
{
    volatile char memory[3 * kibibyte]; /* with what is below it: several pages */
    static uint32_t depth;
    for (size_t at = 0; at < sizeof memory; at += 64) {
        memory[at] = 1;
    }
    return ++depth == 64 || (grow_stack() && memory[0] == 1);
}

static bool allocate_shared(void)
{
    struct vspace_allocate_reply reply;
    return vspace_allocate((struct vspace_cap){peer("vspaced")},
               &(struct vspace_allocate_request){.bits = 16}, &reply, &shared) == STATUS_OK;
}

static bool map_again(void)
{
    struct vspace_map_reply reply;
    return vspace_map((struct vspace_cap){peer("vspaced")},
               &(struct vspace_map_request){.flags = vspace_map_read}, shared, &reply) == STATUS_OK;
}

static bool copy_capabilities(void)
{
    constexpr uint32_t copies = 24;
    for (uint32_t copy = 0; copy < copies; copy++) {
        cap_slot slot;
        if (slots_take(&slot) != STATUS_OK ||
            cspace_copy(slots_cspace(),
                &(struct cspace_copy){
                    .source = shared.slot, .target = slot, .rights = RIGHT_READ}) != STATUS_OK) {
            return false;
        }
    }
    return true;
}

static bool open_file(void)
{
    char bytes[64];
    readable = open("/bin/cat", O_RDONLY);
    return readable >= 0 && read(readable, bytes, sizeof bytes) == sizeof bytes;
}

static bool hold_cursor(void)
{
    DIR *directory = opendir("/bin");
    return directory != nullptr && readdir(directory) != nullptr;
}

static bool write_file(void)
{
    static char bytes[4 * kibibyte];
    writable = open(victim_file, O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (uint32_t piece = 0; piece < 16 && writable >= 0; piece++) {
        if (write(writable, bytes, sizeof bytes) != sizeof bytes) {
            return false;
        }
    }
    return writable >= 0;
}

/* The file lives on for as long as it is open, or a ticket for it is kept. */
static bool remove_name(void)
{
    return unlink(victim_file) == 0;
}

static bool make_ticket(void)
{
    struct vfs_open_request request = {
        .flags = vfs_open_read, .path_bytes = sizeof victim_file - 1};
    memcpy(request.path, victim_file, request.path_bytes);
    struct vfs_open_reply opened;
    struct endpoint_cap ticket;
    const struct vfs_cap vfsd = {peer("vfsd")};
    return vfs_open(vfsd, &request, &opened) == STATUS_OK &&
           vfs_make_ticket(vfsd, &(struct vfs_make_ticket_request){.handle = opened.handle},
               &ticket) == STATUS_OK;
}

static bool wait_a_moment(void)
{
    const struct time_cap timed = {peer("timed")};
    struct time_now_monotonic_reply now;
    return time_now_monotonic(timed, &now) == STATUS_OK &&
           time_wait_until(timed, &(struct time_wait_until_request){
                                      .deadline_ns = now.nanoseconds + 100'000}) == STATUS_OK;
}

static bool signal_itself(void)
{
    uint64_t bits = 0;
    const struct notification_cap own = {SLOT_NOTIFICATION};
    return notification_signal(own) == STATUS_OK && notification_wait(own, &bits) == STATUS_OK &&
           bits != 0;
}

static const struct {
    const char *what;
    bool (*take)(void);
} steps[] = {
    {"grow the heap", grow_heap},
    {"grow the stack", grow_stack},
    {"allocate shared memory", allocate_shared},
    {"map it again", map_again},
    {"copy capabilities", copy_capabilities},
    {"open a file of the disk", open_file},
    {"hold a cursor in a directory", hold_cursor},
    {"write a file in memory", write_file},
    {"make a ticket for it", make_ticket},
    {"take its name away", remove_name},
    {"wait for a moment", wait_a_moment},
    {"signal itself", signal_itself},
};

static_assert(sizeof steps / sizeof steps[0] == victim_steps);

/* --- the ends --- */

/* If the other side is gone, a file says so: nobody else is left to tell. */
static void call(void)
{
    const enum status status = ipc_call(&(struct ipc_call){.server = SLOT_STANDARD_ERROR,
        .operation = victim_call_operation,
        .caps = &(cap_slot){shared.slot},
        .cap_count = 1});
    char path[sizeof victim_lost + 16];
    for (uint32_t number = 0; status == STATUS_PEER_LOST; number++) {
        (void)snprintf(path, sizeof path, "%s%u", victim_lost, number);
        if (open(path, O_WRONLY | O_CREAT | O_EXCL, 0600) >= 0) {
            _exit(victim_exit_lost);
        }
    }
}

[[noreturn]] static void work(void)
{
    static char bytes[8 * kibibyte];
    for (;;) {
        const int source = open("/bin/sh", O_RDONLY);
        const int target = open(victim_file, O_RDWR | O_CREAT | O_TRUNC, 0600);
        (void)unlink(victim_file);
        while (source >= 0 && target >= 0 && read(source, bytes, sizeof bytes) > 0) {
            (void)write(target, bytes, sizeof bytes);
        }
        (void)close(source);
        (void)close(target);
    }
}

static void wait_forever(enum victim_act act)
{
    struct terminal_key {
        char byte;
    } key;
    uint64_t bits;
    switch (act) {
    case VICTIM_WAIT_TIME:
        (void)time_wait_until((struct time_cap){peer("timed")},
            &(struct time_wait_until_request){.deadline_ns = UINT64_MAX - 1});
        break;
    case VICTIM_READ_KEY:
        (void)read(STDIN_FILENO, &key.byte, 1);
        break;
    case VICTIM_WAIT_PROCESS:
        (void)ipc_call(&(struct ipc_call){.server = SLOT_STANDARD_INPUT, .operation = 0x0606});
        break;
    case VICTIM_QUEUE:
        call();
        break;
    case VICTIM_WORK:
        work();
    default:
        (void)notification_wait((struct notification_cap){SLOT_NOTIFICATION}, &bits);
        break;
    }
}

static void complain(const char *what)
{
    struct report_failed_request request = {.status_code = STATUS_INTERNAL};
    request.reason_bytes = (uint32_t)strlen(what);
    memcpy(request.reason, what, request.reason_bytes);
    (void)report_failed_nowait(report, &request); /* who only waits for the end sees the code */
}

int main(int argument_count, char **arguments)
{
    const uint32_t count = argument_count == 3 ? (uint32_t)atoi(arguments[1]) : UINT32_MAX;
    const enum victim_act act =
        argument_count == 3 ? (enum victim_act)atoi(arguments[2]) : VICTIM_ACT_COUNT;
    if (count > victim_steps || act >= VICTIM_ACT_COUNT) {
        return victim_exit_failed;
    }
    for (uint32_t step = 0; step < count; step++) {
        if (!steps[step].take()) {
            complain(steps[step].what);
            return victim_exit_failed;
        }
    }
    if (act == VICTIM_EXIT) {
        return victim_exit_base + (int)count;
    }
    if (act == VICTIM_FAULT) {
        volatile uint64_t *nowhere = (volatile uint64_t *)(uintptr_t)(count * sizeof(uint64_t));
        *nowhere = 1;
    }
    if (act == VICTIM_CALL) {
        call();
    }
    (void)report_ready(report);
    wait_forever(act);
    complain("it was to wait");
    return victim_exit_failed;
}
