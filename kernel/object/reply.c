/* SPDX-License-Identifier: ISC */
/* Reply objects. */
#include <kernel/object/reply.h>

#include <kernel/object/thread.h>

void reply_init(struct reply *reply)
{
    *reply = (struct reply){.header = {.kind = OBJECT_REPLY}};
}

void reply_destroy(struct reply *reply)
{
    if (reply->receiver != nullptr) {
        reply->receiver->reply = nullptr;
        reply->receiver = nullptr;
    }
    struct thread *caller = reply->caller;
    if (caller == nullptr) {
        return;
    }
    reply->caller = nullptr;
    caller->reply = nullptr;
    if (caller->fault_operation != 0) {
        thread_fault_answered(caller, STATUS_PEER_LOST);
    } else {
        thread_finish_syscall(caller, STATUS_PEER_LOST);
    }
}
