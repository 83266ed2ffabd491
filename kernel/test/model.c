/* SPDX-License-Identifier: ISC */
/* The model: tables, derivation, and what ends with a capability. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model model;

constexpr uint32_t list_max = 1024;

bool model_kind_counts(enum object_kind kind)
{
    return kind == OBJECT_VSPACE || kind == OBJECT_CSPACE || kind == OBJECT_THREAD ||
           kind == OBJECT_ENDPOINT || kind == OBJECT_NOTIFICATION || kind == OBJECT_REPLY ||
           kind == OBJECT_IRQ;
}

bool model_kind_copies(enum object_kind kind)
{
    return kind != OBJECT_NONE && kind != OBJECT_UNTYPED && kind != OBJECT_PAGE_TABLE &&
           kind != OBJECT_REPLY && kind != OBJECT_IRQ;
}

bool model_has_room(enum object_kind kind, uint32_t count)
{
    uint32_t objects = 0;
    uint32_t spaces = 0;
    uint32_t threads = 0;
    for (uint32_t i = 0; i < model_objects_max; i++) {
        objects += model.objects[i].kind != OBJECT_NONE;
        spaces += model.objects[i].kind == OBJECT_CSPACE;
        threads += model.objects[i].kind == OBJECT_THREAD;
    }
    return objects + count <= model_objects_max &&
           (kind != OBJECT_CSPACE || spaces + count <= model_spaces_max) &&
           (kind != OBJECT_THREAD || threads + count <= model_threads_max);
}

static struct mspace *free_space(void)
{
    for (uint32_t i = 0; i < model_spaces_max; i++) {
        if (model.spaces[i].slot_count == 0) {
            return &model.spaces[i];
        }
    }
    return nullptr;
}

static struct mthread *free_thread(void)
{
    for (uint32_t i = 0; i < model_threads_max; i++) {
        bool used = false;
        for (uint32_t object = 0; object < model_objects_max; object++) {
            used |= model.objects[object].kind == OBJECT_THREAD &&
                    model.objects[object].thread == &model.threads[i];
        }
        if (!used) {
            model.threads[i] = (struct mthread){.suspended = true};
            return &model.threads[i];
        }
    }
    return nullptr;
}

struct mobject *model_new_object(enum object_kind kind)
{
    for (uint32_t i = 0; i < model_objects_max; i++) {
        struct mobject *object = &model.objects[i];
        if (object->kind == OBJECT_NONE) {
            *object = (struct mobject){};
            object->thread = kind == OBJECT_THREAD ? free_thread() : nullptr;
            object->space = kind == OBJECT_CSPACE ? free_space() : nullptr;
            object->number = kind == OBJECT_VSPACE ? model.next_vspace++ : 0;
            object->kind = kind;
            if (object->thread != nullptr) {
                object->thread->owner = object;
            }
            if (object->space != nullptr) {
                object->space->owner = object;
            }
            return object;
        }
    }
    return nullptr;
}

struct mspace *model_space(const struct mobject *thread)
{
    const struct mcap *cap = &thread->thread->caps[CAP_SPACE];
    return cap->kind == OBJECT_CSPACE ? cap->object->space : nullptr;
}

struct mcap *model_slot(struct mspace *space, uint64_t slot)
{
    return space == nullptr || slot == 0 || slot >= space->slot_count ? nullptr
                                                                      : &space->slots[slot];
}

struct mpage *model_page(uint64_t address)
{
    uint64_t index = (address - model.memory) >> page_bits;
    if (index >= model_pages_max) {
        abort();
    }
    return &model.pages[index];
}

struct ipc_buffer *model_buffer(const struct mobject *thread)
{
    const struct mcap *cap = &thread->thread->caps[CAP_BUFFER];
    return cap->kind == OBJECT_FRAME ? &model_page(cap->address)->buffer : nullptr;
}

void queue_add(struct mqueue *queue, struct mobject *thread)
{
    queue->threads[queue->count++] = thread;
}

void queue_take(struct mqueue *queue, const struct mobject *thread)
{
    uint32_t at = 0;
    while (queue->threads[at] != thread) {
        at++;
    }
    queue->count--;
    for (; at < queue->count; at++) {
        queue->threads[at] = queue->threads[at + 1];
    }
}

/* All capabilities that there are. */
uint32_t model_list(struct mcap *list[], uint32_t max)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < model_objects_max; i++) {
        struct mobject *object = &model.objects[i];
        struct mcap *caps = nullptr;
        uint32_t caps_count = 0;
        if (object->kind == OBJECT_CSPACE) {
            caps = object->space->slots;
            caps_count = object->space->slot_count;
        } else if (object->kind == OBJECT_THREAD) {
            caps = object->thread->caps;
            caps_count = CAPS;
        } else if (object->kind == OBJECT_IRQ) {
            caps = &object->target;
            caps_count = 1;
        }
        for (uint32_t slot = 0; slot < caps_count; slot++) {
            if (caps[slot].kind != OBJECT_NONE && count < max) {
                list[count++] = &caps[slot];
            }
        }
    }
    return count;
}

uint32_t model_children(const struct mcap *cap)
{
    struct mcap *list[list_max];
    uint32_t total = model_list(list, list_max);
    uint32_t count = 0;
    for (uint32_t i = 0; i < total; i++) {
        count += list[i]->parent == cap;
    }
    return count;
}

enum status model_check_copy(const struct mcap *source, const struct mcap *target, uint64_t badge)
{
    if (!model_kind_copies(source->kind)) {
        return STATUS_INVALID_CAPABILITY;
    }
    if (target->kind != OBJECT_NONE) {
        return STATUS_EXISTS;
    }
    if (source->depth >= model_depth_max) {
        return STATUS_TOO_LARGE;
    }
    bool can_have = source->kind == OBJECT_ENDPOINT || source->kind == OBJECT_NOTIFICATION;
    return badge != 0 && (!can_have || source->badge != 0) ? STATUS_DENIED : STATUS_OK;
}

void model_copy(struct mcap *source, struct mcap *target, uint16_t rights, uint64_t badge)
{
    *target = *source;
    target->rights = source->rights & rights;
    target->badge = badge != 0 ? badge : source->badge;
    target->mapped = false;
    target->mapped_at = 0;
    target->mapped_in = 0;
    target->depth = source->depth + 1;
    target->parent = source;
}

void model_move(struct mcap *source, struct mcap *target)
{
    struct mcap *list[list_max];
    uint32_t total = model_list(list, list_max);
    for (uint32_t i = 0; i < total; i++) {
        if (list[i]->parent == source) {
            list[i]->parent = target;
        }
    }
    *target = *source;
    *source = (struct mcap){};
}

/* --- deletion: first the set of what goes, by counting; then all at once --- */

static bool object_lives(const struct mobject *object, struct mcap *list[], uint32_t total)
{
    for (uint32_t i = 0; i < total; i++) {
        if (!list[i]->dead && model_kind_counts(list[i]->kind) && list[i]->object == object) {
            return true;
        }
    }
    return false;
}

static bool kill_inner(struct mobject *object)
{
    struct mcap *caps = object->kind == OBJECT_THREAD ? object->thread->caps : &object->target;
    uint32_t count = object->kind == OBJECT_THREAD ? (uint32_t)CAPS : 1;
    if (object->kind == OBJECT_CSPACE) {
        caps = object->space->slots;
        count = object->space->slot_count;
    } else if (object->kind != OBJECT_THREAD && object->kind != OBJECT_IRQ) {
        return false;
    }
    bool changed = false;
    for (uint32_t i = 0; i < count; i++) {
        if (caps[i].kind != OBJECT_NONE && !caps[i].dead) {
            caps[i].dead = true;
            changed = true;
        }
    }
    return changed;
}

/* What is in a container without a living capability is dead, too. */
static void spread(struct mcap *list[], uint32_t total)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (uint32_t i = 0; i < total; i++) {
            if (list[i]->dead && model_kind_counts(list[i]->kind) &&
                !object_lives(list[i]->object, list, total)) {
                changed |= kill_inner(list[i]->object);
            }
        }
    }
}

static bool descends(const struct mcap *cap, const struct mcap *ancestor)
{
    for (const struct mcap *at = cap->parent; at != nullptr; at = at->parent) {
        if (at == ancestor) {
            return true;
        }
    }
    return false;
}

static uint32_t find_dead(struct mcap *cap, bool revoke, struct mcap *list[])
{
    uint32_t total = model_list(list, list_max);
    for (uint32_t i = 0; i < total; i++) {
        list[i]->dead = revoke ? descends(list[i], cap) : list[i] == cap;
    }
    spread(list, total);
    return total;
}

static void end_queue(struct mobject *object)
{
    while (object->queue.count != 0) {
        struct mobject *thread = object->queue.threads[0];
        model_cancel(thread);
        model_finish(thread, STATUS_PEER_LOST);
    }
}

static void end_reply(struct mobject *reply)
{
    if (reply->receiver != nullptr) {
        reply->receiver->thread->reply = nullptr;
    }
    struct mobject *caller = reply->caller;
    reply->receiver = nullptr;
    reply->caller = nullptr;
    if (caller != nullptr) {
        caller->thread->reply = nullptr;
        model_finish(caller, STATUS_PEER_LOST);
    }
}

static void end_object(struct mobject *object)
{
    switch (object->kind) {
    case OBJECT_THREAD:
        model_cancel(object);
        if (object->thread->bound != nullptr) {
            model_unbind(object->thread->bound);
        }
        break;
    case OBJECT_NOTIFICATION:
        if (object->bound != nullptr) {
            model_unbind(object);
        }
        end_queue(object);
        break;
    case OBJECT_ENDPOINT:
        end_queue(object);
        break;
    case OBJECT_REPLY:
        end_reply(object);
        break;
    case OBJECT_CSPACE:
        *object->space = (struct mspace){};
        break;
    default:
        break;
    }
    object->kind = OBJECT_NONE;
}

static struct mcap *living_ancestor(struct mcap *cap)
{
    struct mcap *at = cap->parent;
    while (at != nullptr && at->dead) {
        at = at->parent;
    }
    return at;
}

static void remove_dead(struct mcap *list[], uint32_t total)
{
    struct mobject *ended[model_objects_max];
    uint32_t ended_count = 0;
    for (uint32_t i = 0; i < total; i++) {
        if (!list[i]->dead) {
            list[i]->parent = living_ancestor(list[i]);
        }
    }
    for (uint32_t i = 0; i < total; i++) {
        struct mobject *object = list[i]->object;
        bool counts = model_kind_counts(list[i]->kind);
        if (!list[i]->dead) {
            continue;
        }
        model_unmap(list[i]);
        if (counts && !object_lives(object, list, total)) {
            bool known = false;
            for (uint32_t k = 0; k < ended_count; k++) {
                known |= ended[k] == object;
            }
            ended[ended_count] = object;
            ended_count += !known;
        }
    }
    for (uint32_t i = 0; i < total; i++) {
        if (list[i]->dead) {
            *list[i] = (struct mcap){};
        }
    }
    for (uint32_t i = 0; i < ended_count; i++) {
        end_object(ended[i]);
    }
}

void model_delete(struct mcap *cap)
{
    struct mcap *list[list_max];
    if (cap->kind != OBJECT_NONE) {
        remove_dead(list, find_dead(cap, false, list));
    }
}

void model_revoke(struct mcap *cap)
{
    struct mcap *list[list_max];
    remove_dead(list, find_dead(cap, true, list));
}

/* A page fault that goes on to the next handler because its first one ends: whom it meets there
 * depends on what ends first. */
static bool fault_depends_on_order(
    const struct mobject *object, struct mcap *list[], uint32_t total)
{
    const struct mthread *thread = object->thread;
    if (thread->fault != FAULT_PAGE || thread->escalated) {
        return false;
    }
    const struct mobject *handler = thread->state == SENDING ? thread->blocked_on : thread->reply;
    return handler != nullptr && !object_lives(handler, list, total);
}

/* Also where the capability lies in what is derived from it: the kernel keeps what memory demands,
 * and hands some of the rest to the parent. */
bool model_end_is_ambiguous(struct mcap *cap, bool revoke)
{
    struct mcap *list[list_max];
    uint32_t total = find_dead(cap, revoke, list);
    uint32_t deaths = 0;
    for (uint32_t i = 0; i < total; i++) {
        deaths += list[i]->dead;
    }
    bool ambiguous = revoke && cap->dead;
    for (uint32_t i = 0; i < model_objects_max; i++) {
        const struct mobject *object = &model.objects[i];
        ambiguous |= object->kind == OBJECT_THREAD && deaths > 1 &&
                     fault_depends_on_order(object, list, total);
    }
    for (uint32_t i = 0; i < total; i++) {
        list[i]->dead = false;
    }
    return ambiguous;
}
