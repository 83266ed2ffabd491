/* SPDX-License-Identifier: ISC */
/* Kernel and model in step. */
#include "world.h"

#include <kernel/arch/arch.h>
#include <kernel/arch/cpu.h>
#include <kernel/memory.h>
#include <kernel/object/cspace.h>
#include <kernel/object/invariants.h>
#include <kernel/object/thread.h>
#include <kernel/object/vspace.h>
#include <kernel/state.h>

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr uint32_t space_bits = 5;
constexpr uint32_t spaces = 3;
constexpr uint32_t threads = 4;
constexpr uint64_t pool_bytes = UINT64_C(1) << world_memory_bits;
constexpr uint64_t vspace_offset = pool_bytes;
constexpr uint64_t buffers_offset = pool_bytes + 2 * 4096;
constexpr uint64_t tables_offset = buffers_offset + threads * UINT64_C(4096);
constexpr uint32_t tables = 3;
constexpr uint64_t ram_bytes = tables_offset + tables * UINT64_C(4096);

static_assert(ram_bytes / 4096 <= model_pages_max);

static alignas(1 << 20) uint8_t ram[ram_bytes];
static alignas(64) uint8_t space_memory[spaces + 1][64 + (64 << space_bits)];
static alignas(64) struct thread thread_memory[threads];

/* The space that nobody has a capability to: it holds what must stay. */
constexpr uint32_t holder = spaces;
static struct mobject *space_objects[spaces + 1];
static struct mobject *thread_objects[threads];
static struct mobject *vspace_object;

static char message[256];
static jmp_buf panic_exit;
static uint32_t status_counts[SYSCALL_COUNT + 1][STATUS_COUNT];
static uint32_t operation_counts[OBJECT_KIND_COUNT][10][STATUS_COUNT];

static struct cspace *real_space(uint32_t index)
{
    return (struct cspace *)space_memory[index];
}

static struct capability *real_of(struct mcap *cap);
static uint64_t header_of(const struct mobject *object);

/* The same capability on both sides, as a root or as a copy of another one. */
static struct mcap *put(uint32_t space, uint32_t slot, struct mcap value, void *object)
{
    struct capability real = {.kind = value.kind,
        .bits = value.bits,
        .rights = rights_all,
        .flags = value.device ? CAP_DEVICE : 0,
        .address = object == nullptr ? value.address : (uint64_t)object};
    struct mcap *cap = &space_objects[space]->space->slots[slot];
    value.rights = rights_all;
    *cap = value;
    cap_insert(cspace_slot(real_space(space), slot), &real, nullptr);
    cspace_note_filled(real_space(space), slot);
    return cap;
}

static void put_copy(struct mcap *source, struct mcap *target)
{
    struct capability copy = *real_of(source);
    model_copy(source, target, rights_all, 0);
    cap_insert(real_of(target), &copy, real_of(source));
}

static void put_copy_in_slot(struct mcap *source, uint32_t space, uint32_t slot)
{
    put_copy(source, &space_objects[space]->space->slots[slot]);
    cspace_note_filled(real_space(space), slot);
}

static void start_spaces(void)
{
    memset(space_memory, 0, sizeof(space_memory));
    for (uint32_t i = 0; i <= spaces; i++) {
        cspace_init(real_space(i), space_bits, 100 + i);
        space_objects[i] = model_new_object(OBJECT_CSPACE);
        space_objects[i]->label = 100 + i;
        space_objects[i]->address = (uint64_t)space_memory[i];
        space_objects[i]->space->slot_count = 1U << space_bits;
    }
    vspace_object = model_new_object(OBJECT_VSPACE);
    vspace_object->address = (uint64_t)ram + vspace_offset;
    void *vspace = vspace_init(ram + vspace_offset);
    for (uint32_t i = 0; i <= spaces; i++) {
        struct mcap *own = put(holder, 1 + i,
            (struct mcap){.kind = OBJECT_CSPACE, .object = space_objects[i]}, real_space(i));
        for (uint32_t space = 0; space < spaces && i < spaces; space++) {
            put_copy_in_slot(own, space, 1 + i);
        }
    }
    struct mcap *own =
        put(holder, 10, (struct mcap){.kind = OBJECT_VSPACE, .object = vspace_object}, vspace);
    for (uint32_t space = 0; space < spaces; space++) {
        put_copy_in_slot(own, space, 5);
    }
}

/* Tables for the first places of the address space that is always there. */
static void start_tables(void)
{
    for (uint32_t i = 0; i < tables; i++) {
        struct mcap *table = put(holder, 20 + i,
            (struct mcap){
                .kind = OBJECT_PAGE_TABLE, .address = (uint64_t)ram + tables_offset + 4096 * i},
            nullptr);
        struct vspace_map_plan plan;
        (void)model_map_table(table, &space_objects[holder]->space->slots[10], 0);
        if (vspace_decode_map_table(
                (struct vspace *)header_of(vspace_object), real_of(table), 0, &plan) != STATUS_OK) {
            abort();
        }
        vspace_commit_map_table(&plan);
    }
}

static void start_threads(void)
{
    static const uint32_t priorities[threads] = {0, 10, 10, 10};
    memset(thread_memory, 0, sizeof(thread_memory));
    for (uint32_t i = 0; i < threads; i++) {
        struct thread *thread = &thread_memory[i];
        thread_init(thread);
        thread->priority = (uint8_t)priorities[i];
        thread->priority_ceiling = 20;
        registers_start(&thread->registers, 0x1000, 0x2000, 0);
        struct mobject *object = model_new_object(OBJECT_THREAD);
        thread_objects[i] = object;
        object->address = (uint64_t)thread;
        object->thread->priority = priorities[i];
        object->thread->ceiling = 20;
        object->thread->registers = (struct mregisters){.rip = 0x1000, .rsp = 0x2000};
        struct mcap value = {.kind = OBJECT_THREAD, .object = object};
        put(i == 0 ? holder : 0, 10 + i + (i == 0), value, thread);
        struct mcap *frame = put(holder, 16 + i,
            (struct mcap){.kind = OBJECT_FRAME,
                .bits = 12,
                .address = (uint64_t)ram + buffers_offset + 4096 * i},
            nullptr);
        struct mspace *held = space_objects[holder]->space;
        put_copy(&held->slots[1 + (i == 0 ? 0 : i - 1)], &object->thread->caps[CAP_SPACE]);
        put_copy(&held->slots[10], &object->thread->caps[CAP_VSPACE]);
        put_copy(frame, &object->thread->caps[CAP_BUFFER]);
        thread->suspended = false;
        object->thread->suspended = false;
        object->thread->state = READY;
        thread_make_ready(thread);
    }
}

void world_start(void)
{
    memset(&kernel_state, 0, sizeof(kernel_state));
    kernel_state.vspace_next_id = 1;
    kernel_state.slice_end_ns = UINT64_MAX;
    cpu_boot = (struct cpu){.self = &cpu_boot};
    memset(ram, 0xa5, pool_bytes);
    memset(ram + pool_bytes, 0, ram_bytes - pool_bytes);
    memset(&model, 0, sizeof(model));
    processor = (struct processor){};
    processor_interrupt_waits = false;
    model.memory = (uint64_t)ram;
    model.next_vspace = 1;
    start_spaces();
    start_tables();
    start_threads();
    put(0, 4,
        (struct mcap){.kind = OBJECT_UNTYPED, .bits = world_memory_bits, .address = (uint64_t)ram},
        nullptr);
    put(0, 6, (struct mcap){.kind = OBJECT_IRQ_CONTROL}, nullptr);
    put(0, 7, (struct mcap){.kind = OBJECT_PORT_RANGE, .address = 0x10 | 0x50 << 16}, nullptr);
    put(0, 8, (struct mcap){.kind = OBJECT_CLOCK}, nullptr);
    put(0, 9, (struct mcap){.kind = OBJECT_CONSOLE}, nullptr);
    put(0, 10, (struct mcap){.kind = OBJECT_TEST}, nullptr);
    put(0, 14,
        (struct mcap){
            .kind = OBJECT_UNTYPED, .bits = 23, .device = true, .address = world_device_address},
        nullptr);
    struct thread *first = kernel_leave();
    model.current = nullptr;
    for (uint32_t i = 0; i < threads; i++) {
        if (first == &thread_memory[i]) {
            model.current = thread_objects[i];
        }
    }
}

/* --- comparison --- */

static const char *differ(const char *what, uint64_t real, uint64_t modelled)
{
    snprintf(message, sizeof(message), "%s: kernel %#llx, model %#llx", what,
        (unsigned long long)real, (unsigned long long)modelled);
    return message;
}

#define SAME(what, real, modelled)                                                                 \
    do {                                                                                           \
        if ((uint64_t)(real) != (uint64_t)(modelled)) {                                            \
            return differ((what), (uint64_t)(real), (uint64_t)(modelled));                         \
        }                                                                                          \
    } while (0)

static uint64_t header_of(const struct mobject *object)
{
    if (object == nullptr) {
        return 0;
    }
    if (object->kind == OBJECT_IRQ) {
        return (uint64_t)&kernel_state.irqs[object->index];
    }
    return object->address + (object->kind == OBJECT_VSPACE ? 4096 : 0);
}

/* Where the kernel keeps what the model keeps here. */
static struct capability *real_of(struct mcap *cap)
{
    if (cap == nullptr) {
        return nullptr;
    }
    uint64_t at = (uint64_t)cap;
    if (at >= (uint64_t)model.spaces && at < (uint64_t)(model.spaces + model_spaces_max)) {
        const struct mspace *space = &model.spaces[(at - (uint64_t)model.spaces) / sizeof(*space)];
        struct cspace *real = (struct cspace *)space->owner->address;
        return &real->slots[cap - space->slots];
    }
    if (at >= (uint64_t)model.threads && at < (uint64_t)(model.threads + model_threads_max)) {
        const struct mthread *thread =
            &model.threads[(at - (uint64_t)model.threads) / sizeof(*thread)];
        struct thread *real = (struct thread *)thread->owner->address;
        return &real->caps[cap - thread->caps];
    }
    const struct mobject *irq = &model.objects[(at - (uint64_t)model.objects) / sizeof(*irq)];
    return &kernel_state.irqs[irq->index].target;
}

static const char *compare_memory_cap(const struct capability *real, const struct mcap *cap)
{
    SAME("address", real->address, cap->address);
    SAME("mapped", (real->flags & CAP_MAPPED) != 0, cap->mapped);
    if (cap->kind == OBJECT_UNTYPED) {
        SAME("spent", (real->flags & CAP_SPENT) != 0, cap->spent);
        if (real->first_child != nullptr) {
            SAME("used bytes", real->used_bytes, cap->used_bytes);
        }
    }
    if (cap->kind != OBJECT_PAGE_TABLE || cap->mapped) {
        SAME("bits", real->bits, cap->bits);
    }
    if (cap->mapped) {
        SAME("mapped at", real->address_mapped, cap->mapped_at);
        SAME("mapped in", real->vspace_id / vspaces_max, cap->mapped_in);
    }
    return nullptr;
}

static const char *compare_cap(const struct capability *real, struct mcap *cap)
{
    SAME("kind", real->kind, cap->kind);
    if (cap->kind == OBJECT_NONE) {
        return nullptr;
    }
    SAME("rights", real->rights, cap->rights);
    SAME("depth", real->depth, cap->depth);
    SAME("device", (real->flags & CAP_DEVICE) != 0, cap->device);
    SAME("parent", real->parent, real_of(cap->parent));
    if (model_kind_counts(cap->kind)) {
        SAME("object", real->object, header_of(cap->object));
        bool has_badge = cap->kind == OBJECT_ENDPOINT || cap->kind == OBJECT_NOTIFICATION;
        SAME("badge", has_badge ? real->badge : 0, has_badge ? cap->badge : 0);
        return nullptr;
    }
    return compare_memory_cap(real, cap);
}

static const char *compare_registers(
    const struct registers *real, const struct mregisters *registers)
{
    SAME("rax", real->rax, registers->rax);
    SAME("rdi", real->rdi, registers->rdi);
    SAME("rsi", real->rsi, registers->rsi);
    SAME("rdx", real->rdx, registers->rdx);
    SAME("r10", real->r10, registers->r10);
    SAME("r8", real->r8, registers->r8);
    SAME("r9", real->r9, registers->r9);
    SAME("rip", real->rip, registers->rip);
    SAME("rsp", real->rsp, registers->rsp);
    return nullptr;
}

static const char *compare_buffer(const struct mobject *object)
{
    const struct ipc_buffer *buffer = model_buffer(object);
    if (buffer == nullptr) {
        return nullptr;
    }
    const struct ipc_buffer *real = kernel_pointer(object->thread->caps[CAP_BUFFER].address);
    SAME("buffer", memcmp(real, buffer, sizeof(*buffer)) != 0, false);
    return nullptr;
}

static const char *compare_thread(const struct mobject *object)
{
    const struct thread *real = (const struct thread *)object->address;
    const struct mthread *thread = object->thread;
    SAME("state", real->state, thread->state);
    SAME("priority", real->priority, thread->priority);
    SAME("ceiling", real->priority_ceiling, thread->ceiling);
    SAME("suspended", real->suspended, thread->suspended);
    SAME("fault", real->fault_operation, thread->fault);
    SAME("escalated", thread->fault != 0 && real->fault_escalated != 0,
        thread->fault != 0 && thread->escalated);
    SAME("reply of thread", real->reply, header_of(thread->reply));
    SAME("bound of thread", real->bound, header_of(thread->bound));
    const char *difference = compare_registers(&real->registers, &thread->registers);
    for (uint32_t i = 0; i < CAPS && difference == nullptr; i++) {
        difference = compare_cap(&real->caps[i], &object->thread->caps[i]);
    }
    return difference == nullptr ? compare_buffer(object) : difference;
}

static const char *compare_queue(const struct thread_queue *real, const struct mqueue *queue)
{
    const struct thread *thread = real->head;
    for (uint32_t i = 0; i < queue->count; i++) {
        SAME("queued thread", thread, header_of(queue->threads[i]));
        thread = thread->next;
    }
    SAME("end of queue", thread, 0);
    return nullptr;
}

static uint64_t entry_of(const struct mentry *entry)
{
    if (entry->what == ENTRY_NONE) {
        return 0;
    }
    if (entry->what == ENTRY_TABLE) {
        return entry->address | 7;
    }
    uint64_t value = entry->address | 5 | (entry->large ? 0x80 : 0);
    value |= (entry->rights & RIGHT_WRITE) != 0 ? 2 : 0;
    value |= (entry->rights & RIGHT_EXECUTE) != 0 ? 0 : UINT64_C(1) << 63;
    return value | (entry->attribute == FRAME_CACHED        ? 0
                       : entry->attribute == FRAME_UNCACHED ? 0x18
                                                            : 0x08);
}

static const char *compare_table(uint64_t address)
{
    const uint64_t *real = kernel_pointer(address);
    const struct mpage *page = model_page(address);
    for (uint32_t i = 0; i < model_table_entries; i++) {
        SAME("page-table entry", real[i], entry_of(&page->entries[i]));
    }
    return nullptr;
}

static const char *compare_space(const struct mobject *object)
{
    struct cspace *real = (struct cspace *)object->address;
    SAME("slots", 1U << real->bits, object->space->slot_count);
    const char *difference = nullptr;
    for (uint32_t slot = 0; slot < object->space->slot_count && difference == nullptr; slot++) {
        struct mcap *cap = &object->space->slots[slot];
        difference = compare_cap(&real->slots[slot], cap);
        if (difference == nullptr && cap->kind == OBJECT_PAGE_TABLE) {
            difference = compare_table(cap->address);
        }
    }
    return difference;
}

static const char *compare_notification(const struct mobject *object)
{
    const struct notification *real = (const struct notification *)object->address;
    SAME("bits", real->bits, object->bits);
    SAME("bound", real->bound, header_of(object->bound));
    SAME("armed", real->deadline_armed, object->armed);
    SAME(
        "deadline", object->armed ? real->deadline_ns : 0, object->armed ? object->deadline_ns : 0);
    return compare_queue(&real->waiting, &object->queue);
}

static const char *compare_object(struct mobject *object)
{
    switch (object->kind) {
    case OBJECT_CSPACE:
        return compare_space(object);
    case OBJECT_THREAD:
        return compare_thread(object);
    case OBJECT_VSPACE:
        return compare_table(object->address);
    case OBJECT_NOTIFICATION:
        return compare_notification(object);
    case OBJECT_ENDPOINT: {
        const struct endpoint *real = (const struct endpoint *)object->address;
        SAME("label", real->label, object->label);
        SAME("senders", real->state == ENDPOINT_SENDERS, object->queue.count && object->sending);
        return compare_queue(&real->queue, &object->queue);
    }
    case OBJECT_REPLY: {
        const struct reply *real = (const struct reply *)object->address;
        SAME("caller", real->caller, header_of(object->caller));
        SAME("receiver", real->receiver, header_of(object->receiver));
        return nullptr;
    }
    case OBJECT_IRQ: {
        const struct irq *real = &kernel_state.irqs[object->index];
        SAME("irq in use", real->in_use, true);
        SAME("irq line", real->is_line ? real->interrupt : 0, object->number);
        return compare_cap(&real->target, &object->target);
    }
    default:
        return nullptr;
    }
}

const char *world_compare(void)
{
    for (uint32_t i = 0; i < model_objects_max; i++) {
        const char *difference = compare_object(&model.objects[i]);
        if (difference != nullptr) {
            return difference;
        }
    }
    SAME("parked", kernel_state.parked.kind, OBJECT_NONE);
    struct broken_invariant broken;
    if (!invariants_hold(&broken)) {
        snprintf(message, sizeof(message), "broken invariant: %s (space %u slot %u)", broken.rule,
            broken.space, broken.slot);
        return message;
    }
    return nullptr;
}

/* --- steps --- */

/* The call that does not wait, in place of one that might. */
static uint64_t without_waiting(uint64_t number)
{
    switch (number) {
    case SYSCALL_CALL:
    case SYSCALL_SEND:
        return SYSCALL_SEND_NOWAIT;
    case SYSCALL_RECEIVE:
        return SYSCALL_RECEIVE_NOWAIT;
    case SYSCALL_REPLY_RECEIVE:
        return SYSCALL_REPLY;
    case SYSCALL_WAIT:
        return SYSCALL_POLL;
    case SYSCALL_EXIT:
        return SYSCALL_YIELD;
    default:
        return number;
    }
}

/* The model knows the first entries of each table only. */
static bool model_has_place(const struct mcap *self, const struct mregisters *call)
{
    bool maps = (self->kind == OBJECT_FRAME && (uint16_t)call->rsi == FRAME_MAP) ||
                (self->kind == OBJECT_PAGE_TABLE && (uint16_t)call->rsi == PAGE_TABLE_MAP);
    constexpr uint64_t known = 7ULL << 39 | 7ULL << 30 | 7ULL << 21 | 7ULL << 12 | 0xfff;
    return !maps || (call->r10 & ~known) == 0 || call->r10 >= user_address_end;
}

static bool model_holds(const struct mregisters *call)
{
    if (call->rax != SYSCALL_INVOKE) {
        return true;
    }
    const struct mcap *self = model_slot(model_space(model.current), (uint32_t)call->rdi);
    bool retypes = self != nullptr && self->kind == OBJECT_UNTYPED && call->rsi == UNTYPED_RETYPE;
    bool claims = self != nullptr && self->kind == OBJECT_IRQ_CONTROL;
    bool sized = (call->rdx & 0xff) != OBJECT_CSPACE || (call->rdx >> 8 & 0xff) <= space_bits;
    uint64_t count = call->rdx >> 16;
    return (self == nullptr || model_has_place(self, call)) &&
           (!retypes || (sized && model_has_room((enum object_kind)(call->rdx & 0xff),
                                      count < 200 ? (uint32_t)count : 200))) &&
           (!claims || model_has_room(OBJECT_IRQ, 1));
}

static void write_buffer(const struct step *step)
{
    struct ipc_buffer *buffer = model_buffer(model.current);
    if (buffer == nullptr || !step->writes_buffer) {
        return;
    }
    memcpy(buffer->caps, step->caps, sizeof(buffer->caps));
    memcpy(buffer->receive_slots, step->receive_slots, sizeof(buffer->receive_slots));
    buffer->arguments[4] = step->argument;
    buffer->words[4] = step->word;
    buffer->words[20] = ~step->word;
    buffer->words[message_words_max - 1] = step->word + 1;
    memcpy(
        kernel_pointer(model.current->thread->caps[CAP_BUFFER].address), buffer, sizeof(*buffer));
}

static void load_registers(struct thread *thread, const struct mregisters *call)
{
    thread->registers.rax = call->rax;
    thread->registers.rdi = call->rdi;
    thread->registers.rsi = call->rsi;
    thread->registers.rdx = call->rdx;
    thread->registers.r10 = call->r10;
    thread->registers.r8 = call->r8;
    thread->registers.r9 = call->r9;
    thread->registers.vector = vector_syscall;
}

/* Calls again as long as the kernel wants the call to be started again. */
static const char *real_call(
    const struct step *step, bool may_interrupt, struct thread **chosen_out)
{
    struct thread *thread = cpu_this()->current;
    uint64_t rip = thread->registers.rip;
    load_registers(thread, &step->call);
    processor_interrupt_waits = may_interrupt && step->interrupted;
    for (;;) {
        *chosen_out = kernel_handle_syscall();
        if (!may_interrupt || cpu_this()->current != thread || thread->registers.rip == rip) {
            processor_interrupt_waits = false;
            return nullptr;
        }
        thread->registers.rip = rip;
        struct broken_invariant broken;
        if (!invariants_hold(&broken)) {
            snprintf(
                message, sizeof(message), "broken invariant during a long call: %s", broken.rule);
            return message;
        }
    }
}

/* A number for the states of all threads more urgent than this one. */
static uint64_t urgent_states(uint32_t priority)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < model_objects_max; i++) {
        const struct mobject *object = &model.objects[i];
        if (object->kind == OBJECT_THREAD && object->thread->priority > priority) {
            sum += (object->thread->state + 1) * ((i + 1) * UINT64_C(0x9e3779b97f4a7c15));
        }
    }
    return sum;
}

/* Is everything still there that a call needs to be started again? */
static bool can_start_again(const struct mobject *thread, const struct mregisters *call)
{
    if (thread->kind != OBJECT_THREAD || thread->thread->caps[CAP_VSPACE].kind == OBJECT_NONE) {
        return false; /* Without an address space it stops as soon as it leaves the kernel. */
    }
    const struct mcap *self = model_slot(model_space(thread), (uint32_t)call->rdi);
    return call->rax == SYSCALL_INVOKE ? self != nullptr && self->kind != OBJECT_NONE : true;
}

/* Who runs now is the kernel's choice, within the rules: a ready thread, and none is more urgent. A
 * thread without an address space that would have been chosen is stopped. */
static const char *follow_choice(const struct thread *chosen)
{
    struct mobject *current = nullptr;
    for (uint32_t i = 0; i < model_objects_max; i++) {
        struct mobject *object = &model.objects[i];
        if (object->kind == OBJECT_THREAD && object->address == (uint64_t)chosen) {
            current = object;
        }
    }
    if (current == nullptr || current->thread->state != READY) {
        return "the kernel runs a thread that is not ready";
    }
    for (uint32_t i = 0; i < model_objects_max; i++) {
        struct mobject *object = &model.objects[i];
        if (object->kind != OBJECT_THREAD || object->thread->state != READY || object == current) {
            continue;
        }
        const struct thread *real = (const struct thread *)object->address;
        bool stopped =
            object->thread->caps[CAP_VSPACE].kind == OBJECT_NONE && real->state == THREAD_FAULTED;
        if (stopped) {
            object->thread->state = FAULTED;
        } else if (object->thread->priority > current->thread->priority) {
            return "a more urgent thread is ready";
        }
    }
    model.current = current;
    return nullptr;
}

static enum object_kind invoked_kind;
static uint64_t invoked_operation;

static void note_invoked(const struct mregisters *call)
{
    const struct mcap *self = model_slot(model_space(model.current), (uint32_t)call->rdi);
    invoked_kind = self == nullptr ? OBJECT_NONE : self->kind;
    invoked_operation = call->rsi;
}

static void count_status(uint64_t call, const struct mobject *thread)
{
    uint64_t status = thread->thread->registers.rax;
    bool finished = thread->thread->state == READY;
    if (finished && status < STATUS_COUNT) {
        status_counts[call < SYSCALL_COUNT ? call : SYSCALL_COUNT][status]++;
        if (call == SYSCALL_INVOKE && invoked_operation < 10) {
            operation_counts[invoked_kind][invoked_operation][status]++;
        }
    }
}

static const char *step_call(const struct step *step, struct thread **chosen_out)
{
    struct mobject *self = model.current;
    struct step real = *step;
    if (!model_holds(&step->call) || model_call_is_ambiguous(&step->call)) {
        real.call = (struct mregisters){.rax = SYSCALL_YIELD};
    }
    if (self == thread_objects[0]) {
        real.call.rax = without_waiting(real.call.rax);
    }
    struct thread *thread = cpu_this()->current;
    note_invoked(&real.call);
    uint32_t priority = self->thread->priority;
    uint64_t states = urgent_states(priority);
    model_call(&real.call);
    /* Who is released on the way, or dies, may run in between; the model knows the end only. */
    bool may_interrupt = can_start_again(self, &real.call) && states == urgent_states(priority);
    const char *difference = real_call(&real, may_interrupt, chosen_out);
    if (difference != nullptr || self->kind != OBJECT_THREAD) {
        return difference;
    }
    if (step->call.rsi == THREAD_DESCRIBE && step->call.rax == SYSCALL_INVOKE) {
        self->thread->registers.r9 = thread->registers.r9; /* how long somebody has run */
    }
    count_status(real.call.rax, self);
    return compare_registers(&thread->registers, &self->thread->registers);
}

static void step_fault(const struct step *step)
{
    struct thread *thread = cpu_this()->current;
    if (model.current == thread_objects[0]) {
        return;
    }
    bool page = step->fault == FAULT_PAGE;
    const uint64_t words[4] = {
        page ? step->words[0] : 13, step->words[1], thread->registers.rip, thread->registers.rsp};
    model_fault(step->fault, words);
    kernel_handle_fault(page ? 14 : 13, step->words[1], step->words[0]);
}

static const char *do_step(const struct step *step)
{
    write_buffer(step);
    struct thread *chosen;
    if (step->kind == STEP_CALL) {
        const char *difference = step_call(step, &chosen);
        return difference == nullptr ? follow_choice(chosen) : difference;
    }
    if (step->kind == STEP_FAULT) {
        step_fault(step);
    } else if (step->kind == STEP_CLOCK) {
        processor.now_ns += step->time_ns;
        model_clock_interrupt(processor.now_ns);
        kernel_handle_interrupt(vector_timer);
    } else {
        model_device_interrupt(step->device);
        kernel_handle_interrupt(vector_device_first + step->device);
    }
    return follow_choice(kernel_leave());
}

static void on_panic(const char *what, const char *file, int line)
{
    snprintf(message, sizeof(message), "the kernel panics: %s:%d: %s", file, line, what);
    longjmp(panic_exit, 1);
}

const char *world_step(const struct step *step)
{
    processor_panic = on_panic;
    if (setjmp(panic_exit) != 0) {
        return message;
    }
    return do_step(step);
}

static void print_counts(const uint32_t counts[STATUS_COUNT])
{
    for (uint32_t status = 0; status < STATUS_COUNT; status++) {
        if (counts[status] != 0) {
            printf(" %u=%u", status, counts[status]);
        }
    }
    printf("\n");
}

void world_print_counts(void)
{
    for (uint32_t kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
        for (uint32_t operation = 0; operation < 8; operation++) {
            printf("# kind %2u operation %u:", kind, operation);
            print_counts(operation_counts[kind][operation]);
        }
    }
    for (uint32_t call = 0; call <= SYSCALL_COUNT; call++) {
        printf("# call %2u:", call);
        print_counts(status_counts[call]);
    }
}
