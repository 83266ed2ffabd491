/* SPDX-License-Identifier: ISC */
/* Dispatch by object kind at the end of an object's life. */
#include <kernel/object/object.h>

#include <kernel/object/cspace.h>
#include <kernel/object/endpoint.h>
#include <kernel/object/irq.h>
#include <kernel/object/notification.h>
#include <kernel/object/reply.h>
#include <kernel/object/thread.h>
#include <kernel/object/vspace.h>

bool object_destroy_step(struct object *object)
{
    switch (object->kind) {
    case OBJECT_CSPACE:
        cspace_destroy((struct cspace *)object);
        return true;
    case OBJECT_VSPACE:
        vspace_destroy((struct vspace *)object);
        return true;
    case OBJECT_THREAD:
        thread_destroy((struct thread *)object);
        return true;
    case OBJECT_ENDPOINT:
        return endpoint_destroy_step((struct endpoint *)object);
    case OBJECT_NOTIFICATION:
        return notification_destroy_step((struct notification *)object);
    case OBJECT_REPLY:
        reply_destroy((struct reply *)object);
        return true;
    case OBJECT_IRQ:
        irq_destroy((struct irq *)object);
        return true;
    default:
        return true;
    }
}

bool object_find_inner_cap(struct object *object, struct capability **cap_out)
{
    *cap_out = nullptr;
    switch (object->kind) {
    case OBJECT_CSPACE:
        return cspace_find_first_cap((struct cspace *)object, cap_out);
    case OBJECT_THREAD:
        *cap_out = thread_first_cap((struct thread *)object);
        return true;
    case OBJECT_IRQ:
        *cap_out = irq_first_cap((struct irq *)object);
        return true;
    default:
        return true;
    }
}

void object_unmap(struct capability *cap)
{
    if ((cap->flags & CAP_MAPPED) == 0) {
        return;
    }
    if (cap->kind == OBJECT_FRAME) {
        vspace_unmap_frame(cap);
    } else if (cap->kind == OBJECT_PAGE_TABLE) {
        vspace_unmap_table(cap);
    }
}
