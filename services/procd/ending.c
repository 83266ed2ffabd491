/* SPDX-License-Identifier: ISC */
/* First the process is taken apart, then its waiters are answered: who hears of the end finds
 * nothing left. */
#include "ending.h"

#include <userlib/assert.h>
#include <userlib/slots.h>

#include <slots/procd.h>

#include <string.h>

#include "build.h"

struct process_wait_reply ending_reply(const struct ending *ending)
{
    return (struct process_wait_reply){
        .reason = ending->reason,
        .error_code = ending->error_code,
        .code = ending->code,
        .address = ending->address,
        .instruction_pointer = ending->instruction_pointer,
    };
}

static void answer_waiters(struct procd *procd, const struct process_outcome *outcome)
{
    const struct process_wait_reply reply = ending_reply(&outcome->ending);
    for (uint32_t index = 0; index < waiters_max; index++) {
        struct waiter *waiter = &procd->waiters[index];
        if (waiter->process == outcome->process) {
            waiter->process = 0;
            (void)process_answer_wait(&waiter->caller, STATUS_OK, &reply); /* it may be gone too */
        }
    }
}

/* All capabilities to send to it go: those that the program made, and those that came from procd's.
 * The program's own goes with its space, then the endpoint with it, and whoever waits in its queue
 * gets PEER_LOST. */
static void end_endpoint(struct procd *procd, const struct process *process)
{
    cap_slot *service = &procd->services[process->role];
    if (*service == slot_null) {
        return;
    }
    /* It makes no more of them; one that was misrouted has nothing in this slot. */
    (void)thread_suspend((struct thread_cap){process_object(process, PROCESS_THREAD)});
    (void)cspace_revoke((struct cspace_cap){process_object(process, PROCESS_CSPACE)}, SLOT_CONTROL);
    const enum status status = cspace_revoke(slots_cspace(), *service);
    assert(status == STATUS_OK);
    slots_delete(*service);
    *service = slot_null;
}

void ending_finish(struct procd *procd, struct process *process, const struct ending *ending)
{
    const struct process_outcome outcome = {.process = process->id, .ending = *ending};
    struct event_process_ended_request event = {
        .process = process->id,
        .role = process->role,
        .reason = ending->reason,
        .error_code = ending->error_code,
        .code = ending->code,
        .address = ending->address,
        .instruction_pointer = ending->instruction_pointer,
    };
    static_assert(sizeof event.name == startup_name_bytes);
    memcpy(event.name, process->startup->name, sizeof event.name);
    if (process->is_service) {
        end_endpoint(procd, process);
    }
    build_discard(process);
    processes_remove(&procd->processes, process, &outcome);
    answer_waiters(procd, &outcome);
    events_send(&procd->events, &event);
}

/* Whoever has died does not wait any more. */
static void drop_lost(struct procd *procd)
{
    for (uint32_t index = 0; index < waiters_max; index++) {
        struct waiter *waiter = &procd->waiters[index];
        if (waiter->process != 0 && !service_has_caller(&waiter->caller)) {
            waiter->process = 0;
            (void)process_answer_wait(&waiter->caller, STATUS_PEER_LOST, nullptr); /* to nobody */
        }
    }
}

static enum status wait_in_free_place(struct procd *procd, uint32_t process)
{
    for (uint32_t index = 0; index < waiters_max; index++) {
        struct waiter *waiter = &procd->waiters[index];
        if (waiter->process == 0) {
            const enum status status = service_defer(&waiter->caller);
            waiter->process = service_is_deferred(status) ? process : 0;
            return status;
        }
    }
    return STATUS_NO_SLOT;
}

enum status ending_wait(struct procd *procd, uint32_t process)
{
    enum status status = wait_in_free_place(procd, process);
    if (status == STATUS_NO_SLOT) {
        drop_lost(procd);
        status = wait_in_free_place(procd, process);
    }
    return status;
}
