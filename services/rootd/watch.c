/* SPDX-License-Identifier: ISC */
/*
 * When a core service dies, the first thread may wait for that very program, directly or through
 * others, and would never hear of it. Without a core service the system ends: the second thread
 * ends the first, and says why.
 *
 * Invariants
 *  1. Its priority is below the first thread's: it runs only while that one waits in the kernel, so
 *     what they share is never half changed.
 *  2. They share one IPC buffer: it is the second's from the moment on when the first is gone.
 */
#include "watch.h"

#include <abi/root_handoff.h>
#include <abi/startup.h>
#include <lib/base/base.h>
#include <protocol/trap.h>
#include <userlib/log.h>
#include <userlib/slots.h>

#include <slots/roles.h>

#include "console.h"
#include "failure.h"
#include "objects.h"
#include "rootd.h"

constexpr uint32_t watch_priority = 39;
constexpr uint32_t stack_bytes = 32768;

static cap_slot reply;
alignas(16) static uint8_t stack[stack_bytes];

static const char *how_it_died(uint16_t operation)
{
    switch (operation) {
    case TRAP_PAGE:
        return "page fault at";
    case TRAP_EXCEPTION:
        return "exception";
    default:
        return "exit with";
    }
}

static void end_first_thread(void)
{
    enum status status = cspace_revoke(slots_cspace(), ROOT_SLOT_THREAD);
    if (status == STATUS_OK) {
        status = cspace_delete(slots_cspace(), ROOT_SLOT_THREAD);
    }
    (void)status; /* the slot is rootd's own */
}

[[noreturn]] static void watch(void)
{
    struct syscall_registers fault = {.target = rootd.watch.slot | (uint64_t)reply << 32};
    const enum status status = syscall_enter(SYSCALL_RECEIVE, &fault);
    end_first_thread();
    console_take_back(); /* whoever brings words to the line may wait for the dead, too */
    if (status != STATUS_OK) {
        failure_internal("watch", status);
    }
    const uint32_t role = badge_client(fault.target);
    const uint16_t operation = message_tag_operation(fault.tag);
    const char *how = how_it_died(operation);
    log_write(LOG_ERROR, "%s: %s %lx", role_name(role), how, fault.words[0]);
    if (operation != TRAP_EXIT) {
        log_write(LOG_ERROR, "instruction %lx, error code %lx", fault.words[2], fault.words[1]);
    }
    failure_service(MARKER_ROOTD_FAIL_SERVICE_DIED, role_name(role), how);
}

static enum status start(struct thread_cap thread)
{
    /* A function finds its return address on the stack: nobody returns from here. */
    const uint64_t stack_pointer = (uintptr_t)&stack[stack_bytes] - sizeof(uint64_t);
    enum status status = thread_configure(thread, &(struct thread_configure){
                                                      .cspace = {ROOT_SLOT_CSPACE},
                                                      .vspace = objects_own_space(),
                                                      .ipc_buffer = {ROOT_SLOT_IPC_BUFFER},
                                                  });
    if (status == STATUS_OK) {
        status = thread_set_registers(thread, &(struct thread_registers){
                                                  .instruction_pointer = (uintptr_t)watch,
                                                  .stack_pointer = stack_pointer,
                                              });
    }
    if (status == STATUS_OK) {
        status = thread_set_priority(thread, watch_priority, watch_priority);
    }
    return status == STATUS_OK ? thread_resume(thread) : status;
}

void watch_start(void)
{
    struct thread_cap thread = {};
    enum status status = objects_make(OBJECT_ENDPOINT, 0, ROLE_ROOTD, &rootd.watch.slot);
    if (status == STATUS_OK) {
        status = objects_make(OBJECT_REPLY, 0, 0, &reply);
    }
    if (status == STATUS_OK) {
        status = objects_make(OBJECT_THREAD, 0, 0, &thread.slot);
    }
    if (status == STATUS_OK) {
        status = start(thread);
    }
    if (status != STATUS_OK) {
        failure_internal("watch", status);
    }
}
