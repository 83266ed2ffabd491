/* SPDX-License-Identifier: ISC */
/* The model: operations of objects. */
#include "model.h"

constexpr uint64_t user_end = UINT64_C(0x00007ffffffff000);

static struct mcap *argument(uint64_t slot)
{
    struct mcap *cap = model_slot(model_space(model.current), slot);
    return cap == nullptr || cap->kind == OBJECT_NONE ? nullptr : cap;
}

static bool is(const struct mcap *cap, enum object_kind kind, uint16_t rights)
{
    return cap != nullptr && cap->kind == kind && (cap->rights & rights) == rights;
}

static enum status invoke_untyped(
    struct mcap *self, const struct mregisters *call, uint64_t results[4])
{
    if ((uint16_t)call->rsi == UNTYPED_RETYPE) {
        const struct mcap *target = argument((uint32_t)call->r10);
        return is(target, OBJECT_CSPACE, RIGHT_CONTROL) ? model_retype(self, target, call)
                                                        : STATUS_INVALID_CAPABILITY;
    }
    if ((uint16_t)call->rsi != UNTYPED_DESCRIBE) {
        return STATUS_UNKNOWN_OPERATION;
    }
    uint64_t bytes = 1ULL << self->bits;
    uint64_t used = model_children(self) == 0 ? 0 : self->used_bytes;
    results[0] = self->bits;
    results[1] = self->device;
    results[2] = self->spent ? 0 : bytes - used;
    results[3] = (self->rights & RIGHT_DMA) != 0 ? self->address : 0;
    return STATUS_OK;
}

static enum status identify(const struct mcap *cap, uint64_t results[4])
{
    uint64_t label =
        cap->kind == OBJECT_ENDPOINT || cap->kind == OBJECT_CSPACE ? cap->object->label : 0;
    bool has_badge = cap->kind == OBJECT_ENDPOINT || cap->kind == OBJECT_NOTIFICATION;
    results[0] = cap->kind | (uint64_t)cap->rights << 8 | label << 32;
    results[1] = has_badge ? cap->badge : 0;
    results[2] = cap->bits;
    if (cap->kind == OBJECT_PORT_RANGE) {
        results[2] = cap->address;
    }
    if (cap->kind == OBJECT_CSPACE) {
        results[2] = 0;
        while (1U << results[2] < cap->object->space->slot_count) {
            results[2]++;
        }
    }
    return STATUS_OK;
}

static enum status copy_or_move(struct mspace *space, const struct mregisters *call, bool move)
{
    struct mcap *source = argument(call->rdx);
    struct mcap *target = model_slot(space, call->r10);
    if (source == nullptr) {
        return STATUS_INVALID_CAPABILITY;
    }
    if (target == nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (move) {
        if (target->kind != OBJECT_NONE) {
            return STATUS_EXISTS;
        }
        if (model_children(source) > 256) {
            return STATUS_TOO_LARGE;
        }
        model_move(source, target);
        return STATUS_OK;
    }
    enum status status = model_check_copy(source, target, call->r9);
    if (status == STATUS_OK) {
        model_copy(source, target, (uint16_t)call->r8, call->r9);
    }
    return status;
}

static enum status invoke_cspace(
    struct mcap *self, const struct mregisters *call, uint64_t results[4])
{
    struct mspace *space = self->object->space;
    uint16_t operation = (uint16_t)call->rsi;
    if ((self->rights & RIGHT_CONTROL) == 0) {
        return STATUS_DENIED;
    }
    if (operation == CSPACE_COPY || operation == CSPACE_MOVE) {
        return copy_or_move(space, call, operation == CSPACE_MOVE);
    }
    struct mcap *cap = model_slot(space, call->rdx);
    if (cap == nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    switch (operation) {
    case CSPACE_DELETE:
        model_delete(cap);
        return STATUS_OK;
    case CSPACE_REVOKE:
        if (cap->kind == OBJECT_NONE) {
            return STATUS_INVALID_CAPABILITY;
        }
        model_revoke(cap);
        return STATUS_OK;
    case CSPACE_IDENTIFY:
        return cap->kind == OBJECT_NONE ? STATUS_NOT_FOUND : identify(cap, results);
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}

bool model_call_is_ambiguous(const struct mregisters *call)
{
    const struct mcap *self = argument((uint32_t)call->rdi);
    uint16_t operation = (uint16_t)call->rsi;
    bool ends = operation == CSPACE_DELETE || operation == CSPACE_REVOKE;
    if (call->rax != SYSCALL_INVOKE || !ends || !is(self, OBJECT_CSPACE, RIGHT_CONTROL)) {
        return false;
    }
    struct mcap *cap = model_slot(self->object->space, call->rdx);
    return cap != nullptr && cap->kind != OBJECT_NONE &&
           model_end_is_ambiguous(cap, operation == CSPACE_REVOKE);
}

static enum status invoke_frame(
    struct mcap *self, const struct mregisters *call, uint64_t results[4])
{
    const struct mcap *vspace = argument(call->rdx);
    switch ((uint16_t)call->rsi) {
    case FRAME_MAP:
        return is(vspace, OBJECT_VSPACE, RIGHT_CONTROL)
                   ? model_map_frame(self, vspace, call->r10, call->r8, &results[0])
                   : STATUS_INVALID_CAPABILITY;
    case FRAME_UNMAP:
        if (!self->mapped) {
            return STATUS_NOT_FOUND;
        }
        model_unmap(self);
        return STATUS_OK;
    case FRAME_ADDRESS:
        if ((self->rights & RIGHT_DMA) == 0) {
            return STATUS_DENIED;
        }
        results[0] = self->address;
        return STATUS_OK;
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}

static enum status invoke_table(struct mcap *self, const struct mregisters *call)
{
    const struct mcap *vspace = argument(call->rdx);
    switch ((uint16_t)call->rsi) {
    case PAGE_TABLE_MAP:
        return is(vspace, OBJECT_VSPACE, RIGHT_CONTROL) ? model_map_table(self, vspace, call->r10)
                                                        : STATUS_INVALID_CAPABILITY;
    case PAGE_TABLE_UNMAP:
        if (!self->mapped) {
            return STATUS_NOT_FOUND;
        }
        model_unmap(self);
        return STATUS_OK;
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}

static enum status configure(struct mthread *thread, const struct mregisters *call)
{
    static const struct {
        enum object_kind kind;
        uint16_t rights;
        bool optional;
    } wanted[CAPS] = {{OBJECT_CSPACE, RIGHT_CONTROL, false}, {OBJECT_VSPACE, RIGHT_CONTROL, false},
        {OBJECT_FRAME, RIGHT_READ | RIGHT_WRITE, false}, {OBJECT_ENDPOINT, RIGHT_SEND, true},
        {OBJECT_ENDPOINT, RIGHT_SEND, true}};
    const struct ipc_buffer *buffer = model_buffer(model.current);
    const uint64_t slots[CAPS] = {
        call->rdx, call->r10, call->r8, call->r9, buffer == nullptr ? 0 : buffer->arguments[4]};
    for (uint32_t i = 0; i < CAPS; i++) {
        const struct mcap *source = argument(slots[i]);
        if (thread->caps[i].kind != OBJECT_NONE) {
            return STATUS_EXISTS;
        }
        if (source == nullptr && wanted[i].optional && slots[i] == 0) {
            continue;
        }
        if (!is(source, wanted[i].kind, wanted[i].rights) || source->device) {
            return STATUS_INVALID_CAPABILITY;
        }
        if (source->depth >= model_depth_max) {
            return STATUS_TOO_LARGE;
        }
    }
    for (uint32_t i = 0; i < CAPS; i++) {
        struct mcap *source = argument(slots[i]);
        if (source != nullptr) {
            model_copy(source, &thread->caps[i], rights_all, 0);
        }
    }
    return STATUS_OK;
}

static enum status set_registers(struct mthread *thread, const struct mregisters *call)
{
    if (!thread->suspended || thread->fault != 0) {
        return STATUS_BUSY;
    }
    if (call->rdx >= user_end || call->r10 > user_end) {
        return STATUS_INVALID_ARGUMENT;
    }
    thread->registers = (struct mregisters){.rip = call->rdx, .rsp = call->r10, .rdi = call->r8};
    return STATUS_OK;
}

static enum status set_priority(struct mthread *thread, const struct mregisters *call)
{
    if (call->rdx >= priority_count || call->r10 >= priority_count || call->rdx > call->r10) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (call->r10 > model.current->thread->ceiling) {
        return STATUS_DENIED;
    }
    thread->priority = (uint32_t)call->rdx;
    thread->ceiling = (uint32_t)call->r10;
    return STATUS_OK;
}

static enum status resume(struct mthread *thread)
{
    for (uint32_t i = 0; i <= CAP_BUFFER; i++) {
        if (thread->caps[i].kind == OBJECT_NONE) {
            return STATUS_INVALID_CAPABILITY;
        }
    }
    if (!thread->suspended) {
        return STATUS_BUSY;
    }
    thread->suspended = false;
    if (thread->state == INACTIVE && thread->fault == 0) {
        thread->state = READY;
    }
    return STATUS_OK;
}

static enum status bind(struct mobject *thread, const struct mregisters *call)
{
    if (call->rdx == 0) {
        if (thread->thread->bound != nullptr) {
            model_unbind(thread->thread->bound);
        }
        return STATUS_OK;
    }
    const struct mcap *cap = argument(call->rdx);
    if (!is(cap, OBJECT_NOTIFICATION, RIGHT_RECEIVE)) {
        return STATUS_INVALID_CAPABILITY;
    }
    if (cap->object->bound != nullptr || thread->thread->bound != nullptr) {
        return STATUS_BUSY;
    }
    cap->object->bound = thread;
    thread->thread->bound = cap->object;
    return STATUS_OK;
}

static enum status invoke_thread(
    struct mcap *self, const struct mregisters *call, uint64_t results[4])
{
    struct mthread *thread = self->object->thread;
    if ((self->rights & RIGHT_CONTROL) == 0) {
        return STATUS_DENIED;
    }
    switch ((uint16_t)call->rsi) {
    case THREAD_CONFIGURE:
        return configure(thread, call);
    case THREAD_SET_REGISTERS:
        return set_registers(thread, call);
    case THREAD_SET_PRIORITY:
        return set_priority(thread, call);
    case THREAD_RESUME:
        return resume(thread);
    case THREAD_SUSPEND:
        thread->suspended = true;
        thread->state = thread->state == READY ? INACTIVE : thread->state;
        return STATUS_OK;
    case THREAD_BIND_NOTIFICATION:
        return bind(self->object, call);
    case THREAD_DESCRIBE:
        results[0] = thread->state;
        results[1] = thread->registers.rip;
        results[2] = thread->registers.rsp;
        return STATUS_OK; /* The time that it has run is the machine's. */
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}

/* --- devices --- */

static enum status new_slot(const struct mcap *self, uint64_t slot, struct mcap **target_out)
{
    struct mcap *target = model_slot(model_space(model.current), slot);
    if (target == nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (target->kind != OBJECT_NONE) {
        return STATUS_EXISTS;
    }
    *target_out = target;
    return self->depth >= model_depth_max ? STATUS_TOO_LARGE : STATUS_OK;
}

static uint32_t free_irq(void)
{
    bool used[model_irqs_max] = {};
    for (uint32_t i = 0; i < model_objects_max; i++) {
        if (model.objects[i].kind == OBJECT_IRQ) {
            used[model.objects[i].index] = true;
        }
    }
    uint32_t index = 0;
    while (used[index]) {
        index++; /* There are fewer objects than interrupts. */
    }
    return index;
}

static void make_irq(struct mcap *self, struct mcap *target, bool is_line, uint64_t line)
{
    uint32_t index = free_irq();
    struct mobject *object = model_new_object(OBJECT_IRQ);
    object->index = index;
    object->is_line = is_line;
    object->number = is_line ? line : 0;
    *target = (struct mcap){.kind = OBJECT_IRQ,
        .rights = rights_all,
        .object = object,
        .parent = self,
        .depth = self->depth + 1};
}

static enum status invoke_irq_control(
    struct mcap *self, const struct mregisters *call, uint64_t results[4])
{
    bool line = (uint16_t)call->rsi == IRQ_CONTROL_CLAIM_LINE;
    if ((self->rights & RIGHT_CONTROL) == 0) {
        return STATUS_DENIED;
    }
    if (!line && (uint16_t)call->rsi != IRQ_CONTROL_CLAIM_MESSAGE) {
        return STATUS_UNKNOWN_OPERATION;
    }
    struct mcap *target;
    enum status status = new_slot(self, line ? call->r10 : call->rdx, &target);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t number = (uint32_t)call->rdx;
    if (line && call->rdx >> 34 != 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    for (uint32_t i = 0; line && i < model_objects_max; i++) {
        const struct mobject *object = &model.objects[i];
        if (object->kind == OBJECT_IRQ && object->is_line && object->number == number) {
            return STATUS_BUSY;
        }
    }
    if (line && number >= model_lines) {
        return STATUS_NOT_FOUND;
    }
    make_irq(self, target, line, number);
    if (!line) {
        results[0] = 0xfee00000;
        results[1] = 0x30 + target->object->index;
    }
    return STATUS_OK;
}

static enum status invoke_irq(struct mcap *self, const struct mregisters *call)
{
    struct mcap *notification = argument(call->rdx);
    switch ((uint16_t)call->rsi) {
    case IRQ_BIND:
        if (!is(notification, OBJECT_NOTIFICATION, RIGHT_SEND)) {
            return STATUS_INVALID_CAPABILITY;
        }
        if (self->object->target.kind != OBJECT_NONE) {
            return STATUS_BUSY;
        }
        if (notification->depth >= model_depth_max) {
            return STATUS_TOO_LARGE;
        }
        model_copy(notification, &self->object->target, rights_all, 0);
        return STATUS_OK;
    case IRQ_ACKNOWLEDGE:
        return STATUS_OK;
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}

static bool kernel_keeps(uint64_t first, uint64_t last)
{
    static const uint16_t kept[][2] = {{0x20, 0x21}, {0x40, 0x43}, {0xa0, 0xa1}, {0xf4, 0xf7}};
    for (uint32_t i = 0; i < 4; i++) {
        if (first <= kept[i][1] && last >= kept[i][0]) {
            return true;
        }
    }
    return false;
}

static enum status narrow(struct mcap *self, const struct mregisters *call)
{
    struct mcap *target;
    enum status status = new_slot(self, call->r8, &target);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t first = call->rdx;
    uint64_t last = call->r10;
    if (first > last || first < (self->address & 0xffff) || last > self->address >> 16) {
        return STATUS_DENIED;
    }
    model_copy(self, target, rights_all, 0);
    target->address = first | last << 16;
    return STATUS_OK;
}

static enum status invoke_ports(
    struct mcap *self, const struct mregisters *call, uint64_t results[4])
{
    uint16_t operation = (uint16_t)call->rsi;
    uint64_t port = call->rdx;
    uint64_t width = call->r10;
    if (operation == PORT_RANGE_NARROW) {
        return narrow(self, call);
    }
    if (operation != PORT_RANGE_READ && operation != PORT_RANGE_WRITE) {
        return STATUS_UNKNOWN_OPERATION;
    }
    if (width != 1 && width != 2 && width != 4) {
        return STATUS_INVALID_ARGUMENT;
    }
    uint16_t right = operation == PORT_RANGE_READ ? RIGHT_READ : RIGHT_WRITE;
    bool inside = port >= (self->address & 0xffff) && port <= self->address >> 16 &&
                  port + width - 1 <= self->address >> 16;
    if ((self->rights & right) == 0 || !inside || kernel_keeps(port, port + width - 1)) {
        return STATUS_DENIED;
    }
    if (operation == PORT_RANGE_READ) {
        results[0] = port * width; /* as the machine of the test answers */
    }
    return STATUS_OK;
}

static enum status invoke_clock(
    struct mcap *self, const struct mregisters *call, uint64_t results[4])
{
    uint16_t operation = (uint16_t)call->rsi;
    if (operation == CLOCK_READ) {
        results[0] = (self->rights & RIGHT_READ) != 0 ? model.now_ns : 0;
        return (self->rights & RIGHT_READ) != 0 ? STATUS_OK : STATUS_DENIED;
    }
    if (operation != CLOCK_ARM && operation != CLOCK_DISARM) {
        return STATUS_UNKNOWN_OPERATION;
    }
    const struct mcap *cap = argument(operation == CLOCK_ARM ? call->r10 : call->rdx);
    if ((self->rights & RIGHT_WRITE) == 0) {
        return STATUS_DENIED;
    }
    if (!is(cap, OBJECT_NOTIFICATION, RIGHT_SEND)) {
        return STATUS_INVALID_CAPABILITY;
    }
    struct mobject *notification = cap->object;
    uint32_t armed = 0;
    for (uint32_t i = 0; i < model_objects_max; i++) {
        armed += model.objects[i].kind == OBJECT_NOTIFICATION && model.objects[i].armed;
    }
    if (operation == CLOCK_ARM && !notification->armed && armed == clock_deadlines_max) {
        return STATUS_NO_SPACE;
    }
    notification->armed = operation == CLOCK_ARM;
    if (notification->armed) {
        notification->deadline_ns = call->rdx;
        notification->deadline_bits = model_signal_bits(cap);
    }
    return STATUS_OK;
}

static enum status invoke_console(const struct mcap *self, const struct mregisters *call)
{
    if ((self->rights & RIGHT_WRITE) == 0) {
        return STATUS_DENIED;
    }
    switch ((uint16_t)call->rsi) {
    case CONSOLE_WRITE:
        return call->rdx > 256 ? STATUS_TOO_LARGE : STATUS_OK;
    case CONSOLE_SILENCE:
    case CONSOLE_SPEAK:
        return STATUS_OK;
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}

static enum status invoke_reply(
    const struct mcap *self, const struct mregisters *call, uint64_t results[4])
{
    if ((uint16_t)call->rsi != REPLY_DESCRIBE) {
        return STATUS_UNKNOWN_OPERATION;
    }
    results[0] = self->object->caller != nullptr ? 1 : 0;
    return STATUS_OK;
}

enum status model_invoke(const struct mregisters *call, uint64_t results[4])
{
    struct mcap *self = argument((uint32_t)call->rdi);
    if (self == nullptr) {
        return STATUS_INVALID_CAPABILITY;
    }
    switch (self->kind) {
    case OBJECT_UNTYPED:
        return invoke_untyped(self, call, results);
    case OBJECT_CSPACE:
        return invoke_cspace(self, call, results);
    case OBJECT_FRAME:
        return invoke_frame(self, call, results);
    case OBJECT_PAGE_TABLE:
        return invoke_table(self, call);
    case OBJECT_THREAD:
        return invoke_thread(self, call, results);
    case OBJECT_REPLY:
        return invoke_reply(self, call, results);
    case OBJECT_IRQ_CONTROL:
        return invoke_irq_control(self, call, results);
    case OBJECT_IRQ:
        return invoke_irq(self, call);
    case OBJECT_PORT_RANGE:
        return invoke_ports(self, call, results);
    case OBJECT_CLOCK:
        return invoke_clock(self, call, results);
    case OBJECT_CONSOLE:
        return invoke_console(self, call);
    default:
        return STATUS_INVALID_CAPABILITY; /* The test object, too: it is absent here. */
    }
}
