/* SPDX-License-Identifier: ISC */
/*
 * Every system call and every operation of every kernel object as an inline function with typed
 * arguments. abi/syscall.h says what they mean; here is only how arguments reach registers.
 * Outputs are written only on STATUS_OK.
 */
#pragma once

#include <abi/startup.h>
#include <abi/syscall.h>
#include <userlib/capability.h>
#include <userlib/syscall_enter.h>

#include <stdint.h>

static inline enum status object_invoke(
    cap_slot self, uint16_t operation, struct syscall_registers *registers)
{
    registers->target = self;
    registers->tag = operation;
    return syscall_enter(SYSCALL_INVOKE, registers);
}

/* An operation without results. */
static inline enum status object_command(cap_slot self, uint16_t operation, uint64_t argument0,
    uint64_t argument1, uint64_t argument2, uint64_t argument3)
{
    struct syscall_registers registers = {.words = {argument0, argument1, argument2, argument3}};
    return object_invoke(self, operation, &registers);
}

/* --- the thread itself --- */

static inline uint64_t syscall_version(void)
{
    struct syscall_registers registers = {};
    const enum status status = syscall_enter(SYSCALL_VERSION, &registers);
    return status == STATUS_OK ? registers.words[0] : 0;
}

static inline void thread_yield(void)
{
    struct syscall_registers registers = {};
    (void)syscall_enter(SYSCALL_YIELD, &registers); /* cannot fail */
}

[[noreturn]] static inline void thread_exit(uint64_t code)
{
    struct syscall_registers registers = {.words = {code}};
    for (;;) {
        (void)syscall_enter(SYSCALL_EXIT, &registers); /* does not return */
    }
}

/* --- notification --- */

static inline enum status notification_signal(struct notification_cap self)
{
    struct syscall_registers registers = {.target = self.slot};
    return syscall_enter(SYSCALL_SIGNAL, &registers);
}

static inline enum status notification_take(
    enum syscall number, struct notification_cap self, uint64_t *bits_out)
{
    struct syscall_registers registers = {.target = self.slot};
    const enum status status = syscall_enter(number, &registers);
    if (status == STATUS_OK) {
        *bits_out = registers.words[0];
    }
    return status;
}

static inline enum status notification_wait(struct notification_cap self, uint64_t *bits_out)
{
    return notification_take(SYSCALL_WAIT, self, bits_out);
}

static inline enum status notification_poll(struct notification_cap self, uint64_t *bits_out)
{
    return notification_take(SYSCALL_POLL, self, bits_out);
}

/* --- untyped --- */

/* `bits` is that of a frame, untyped or cspace, else 0; `label` names endpoints and cspaces. */
struct untyped_retype {
    enum object_kind kind;
    uint32_t bits;
    uint32_t count;
    cap_slot cspace;
    cap_slot first_slot; /* in cspace */
    uint32_t label;
};

static inline enum status untyped_retype(
    struct untyped_cap self, const struct untyped_retype *request)
{
    return object_command(self.slot, UNTYPED_RETYPE,
        (uint64_t)request->kind | (uint64_t)request->bits << 8 | (uint64_t)request->count << 16,
        (uint64_t)request->cspace | (uint64_t)request->first_slot << 32, request->label, 0);
}

struct untyped_description {
    uint32_t bits;
    bool is_device;
    uint64_t free_bytes;
    uint64_t address; /* 0 without RIGHT_DMA */
};

static inline enum status untyped_describe(
    struct untyped_cap self, struct untyped_description *description_out)
{
    struct syscall_registers registers = {};
    const enum status status = object_invoke(self.slot, UNTYPED_DESCRIBE, &registers);
    if (status == STATUS_OK) {
        *description_out = (struct untyped_description){
            .bits = (uint32_t)registers.words[0],
            .is_device = registers.words[1] != 0,
            .free_bytes = registers.words[2],
            .address = registers.words[3],
        };
    }
    return status;
}

/* --- capability space --- */

/* A child of `source` (own space) in slot `target` of self, with at most `rights`. Badge 0 keeps
 * the badge of the source. */
struct cspace_copy {
    cap_slot source;
    cap_slot target;
    uint16_t rights;
    uint64_t badge;
};

static inline enum status cspace_copy(struct cspace_cap self, const struct cspace_copy *request)
{
    return object_command(
        self.slot, CSPACE_COPY, request->source, request->target, request->rights, request->badge);
}

static inline enum status cspace_move(struct cspace_cap self, cap_slot source, cap_slot target)
{
    return object_command(self.slot, CSPACE_MOVE, source, target, 0, 0);
}

static inline enum status cspace_delete(struct cspace_cap self, cap_slot slot)
{
    return object_command(self.slot, CSPACE_DELETE, slot, 0, 0, 0);
}

static inline enum status cspace_revoke(struct cspace_cap self, cap_slot slot)
{
    return object_command(self.slot, CSPACE_REVOKE, slot, 0, 0, 0);
}

/* What the kernel says about a capability; an empty slot has kind OBJECT_NONE. */
struct cap_identity {
    enum object_kind kind;
    uint16_t rights;
    uint32_t label;
    uint64_t badge;
    uint64_t value; /* bits of a frame, untyped or cspace; first port | last port << 16 */
};

static inline enum status cspace_identify(
    struct cspace_cap self, cap_slot slot, struct cap_identity *identity_out)
{
    struct syscall_registers registers = {.words = {slot}};
    const enum status status = object_invoke(self.slot, CSPACE_IDENTIFY, &registers);
    if (status == STATUS_NOT_FOUND) {
        *identity_out = (struct cap_identity){};
        return STATUS_OK;
    }
    if (status == STATUS_OK) {
        *identity_out = (struct cap_identity){
            .kind = (enum object_kind)registers.words[0],
            .rights = (uint16_t)(registers.words[0] >> 8),
            .label = (uint32_t)(registers.words[0] >> 32),
            .badge = registers.words[1],
            .value = registers.words[2],
        };
    }
    return status;
}

/* --- memory --- */

struct frame_map {
    struct address_space_cap vspace;
    uint64_t address;
    uint16_t rights;
    enum frame_attribute attribute;
};

/* On MISSING_TABLE stores the bits of the region whose table is missing in *missing_bits_out. */
static inline enum status frame_map(
    struct frame_cap self, const struct frame_map *request, uint32_t *missing_bits_out)
{
    struct syscall_registers registers = {
        .words = {request->vspace.slot, request->address,
            request->rights | (uint64_t)request->attribute << 16}};
    const enum status status = object_invoke(self.slot, FRAME_MAP, &registers);
    if (status == STATUS_MISSING_TABLE) {
        *missing_bits_out = (uint32_t)registers.words[0];
    }
    return status;
}

static inline enum status frame_unmap(struct frame_cap self)
{
    return object_command(self.slot, FRAME_UNMAP, 0, 0, 0, 0);
}

static inline enum status frame_address(struct frame_cap self, uint64_t *address_out)
{
    struct syscall_registers registers = {};
    const enum status status = object_invoke(self.slot, FRAME_ADDRESS, &registers);
    if (status == STATUS_OK) {
        *address_out = registers.words[0];
    }
    return status;
}

static inline enum status page_table_map(
    struct page_table_cap self, struct address_space_cap vspace, uint64_t address)
{
    return object_command(self.slot, PAGE_TABLE_MAP, vspace.slot, address, 0, 0);
}

static inline enum status page_table_unmap(struct page_table_cap self)
{
    return object_command(self.slot, PAGE_TABLE_UNMAP, 0, 0, 0, 0);
}

/* --- thread --- */

struct thread_configure {
    struct cspace_cap cspace;
    struct address_space_cap vspace;
    struct frame_cap ipc_buffer;
    struct endpoint_cap pager;         /* slot 0: none */
    struct endpoint_cap fault_handler; /* slot 0: none */
};

static inline enum status thread_configure(
    struct thread_cap self, const struct thread_configure *request)
{
    syscall_ipc_buffer()->arguments[4] = request->fault_handler.slot;
    return object_command(self.slot, THREAD_CONFIGURE, request->cspace.slot, request->vspace.slot,
        request->ipc_buffer.slot, request->pager.slot);
}

struct thread_registers {
    uint64_t instruction_pointer;
    uint64_t stack_pointer;
    uint64_t first_argument;
};

static inline enum status thread_set_registers(
    struct thread_cap self, const struct thread_registers *request)
{
    return object_command(self.slot, THREAD_SET_REGISTERS, request->instruction_pointer,
        request->stack_pointer, request->first_argument, 0);
}

static inline enum status thread_set_priority(
    struct thread_cap self, uint32_t priority, uint32_t ceiling)
{
    return object_command(self.slot, THREAD_SET_PRIORITY, priority, ceiling, 0, 0);
}

static inline enum status thread_resume(struct thread_cap self)
{
    return object_command(self.slot, THREAD_RESUME, 0, 0, 0, 0);
}

static inline enum status thread_suspend(struct thread_cap self)
{
    return object_command(self.slot, THREAD_SUSPEND, 0, 0, 0, 0);
}

/* Slot 0 unbinds. */
static inline enum status thread_bind_notification(
    struct thread_cap self, struct notification_cap notification)
{
    return object_command(self.slot, THREAD_BIND_NOTIFICATION, notification.slot, 0, 0, 0);
}

struct thread_description {
    uint64_t state;
    uint64_t instruction_pointer;
    uint64_t stack_pointer;
    uint64_t consumed_ticks; /* of the time stamp counter */
};

static inline enum status thread_describe(
    struct thread_cap self, struct thread_description *description_out)
{
    struct syscall_registers registers = {};
    const enum status status = object_invoke(self.slot, THREAD_DESCRIBE, &registers);
    if (status == STATUS_OK) {
        *description_out = (struct thread_description){
            .state = registers.words[0],
            .instruction_pointer = registers.words[1],
            .stack_pointer = registers.words[2],
            .consumed_ticks = registers.words[3],
        };
    }
    return status;
}

/* --- interrupts --- */

struct irq_line {
    uint32_t interrupt; /* global interrupt number */
    bool level_triggered;
    bool active_low;
};

static inline enum status irq_control_claim_line(
    struct irq_control_cap self, struct irq_line line, cap_slot target)
{
    return object_command(self.slot, IRQ_CONTROL_CLAIM_LINE,
        (uint64_t)line.interrupt | (uint64_t)line.level_triggered << 32 |
            (uint64_t)line.active_low << 33,
        target, 0, 0);
}

struct irq_message {
    uint64_t address;
    uint64_t data;
};

static inline enum status irq_control_claim_message(
    struct irq_control_cap self, cap_slot target, struct irq_message *message_out)
{
    struct syscall_registers registers = {.words = {target}};
    const enum status status = object_invoke(self.slot, IRQ_CONTROL_CLAIM_MESSAGE, &registers);
    if (status == STATUS_OK) {
        *message_out = (struct irq_message){registers.words[0], registers.words[1]};
    }
    return status;
}

static inline enum status irq_bind(struct irq_cap self, struct notification_cap notification)
{
    return object_command(self.slot, IRQ_BIND, notification.slot, 0, 0, 0);
}

static inline enum status irq_acknowledge(struct irq_cap self)
{
    return object_command(self.slot, IRQ_ACKNOWLEDGE, 0, 0, 0, 0);
}

/* --- I/O ports --- */

static inline enum status port_range_read(
    struct port_range_cap self, uint16_t port, uint32_t width_bytes, uint32_t *value_out)
{
    struct syscall_registers registers = {.words = {port, width_bytes}};
    const enum status status = object_invoke(self.slot, PORT_RANGE_READ, &registers);
    if (status == STATUS_OK) {
        *value_out = (uint32_t)registers.words[0];
    }
    return status;
}

static inline enum status port_range_write(
    struct port_range_cap self, uint16_t port, uint32_t width_bytes, uint32_t value)
{
    return object_command(self.slot, PORT_RANGE_WRITE, port, width_bytes, value, 0);
}

static inline enum status port_range_narrow(
    struct port_range_cap self, uint16_t first, uint16_t last, cap_slot target)
{
    return object_command(self.slot, PORT_RANGE_NARROW, first, last, target, 0);
}

/* --- clock --- */

static inline enum status clock_read(struct clock_cap self, uint64_t *now_ns_out)
{
    struct syscall_registers registers = {};
    const enum status status = object_invoke(self.slot, CLOCK_READ, &registers);
    if (status == STATUS_OK) {
        *now_ns_out = registers.words[0];
    }
    return status;
}

static inline enum status clock_arm(
    struct clock_cap self, uint64_t deadline_ns, struct notification_cap notification)
{
    return object_command(self.slot, CLOCK_ARM, deadline_ns, notification.slot, 0, 0);
}

static inline enum status clock_disarm(struct clock_cap self, struct notification_cap notification)
{
    return object_command(self.slot, CLOCK_DISARM, notification.slot, 0, 0, 0);
}

/* --- boot console --- */

/* Writes the first `size_bytes` bytes of the IPC buffer's words. */
static inline enum status console_write_buffer(struct console_cap self, uint32_t size_bytes)
{
    return object_command(self.slot, CONSOLE_WRITE, size_bytes, 0, 0, 0);
}

static inline enum status console_silence(struct console_cap self)
{
    return object_command(self.slot, CONSOLE_SILENCE, 0, 0, 0, 0);
}

static inline enum status console_speak(struct console_cap self)
{
    return object_command(self.slot, CONSOLE_SPEAK, 0, 0, 0, 0);
}

/* --- replies --- */

/* Whether somebody waits for an answer through this reply object; false also if it is none. */
static inline bool reply_has_caller(cap_slot reply)
{
    struct syscall_registers registers = {};
    return object_invoke(reply, REPLY_DESCRIBE, &registers) == STATUS_OK && registers.words[0] != 0;
}

/* --- test images only --- */

static inline enum status test_exit(struct test_cap self, uint8_t exit_class)
{
    return object_command(self.slot, TEST_EXIT, exit_class, 0, 0, 0);
}

static inline enum status test_print_graph(struct test_cap self)
{
    return object_command(self.slot, TEST_PRINT_GRAPH, 0, 0, 0, 0);
}

struct test_counts {
    uint64_t capabilities;
    uint64_t threads;
    uint64_t vspaces;
    uint64_t free_untyped_bytes;
};

static inline enum status test_resource_counts(struct test_cap self, struct test_counts *counts_out)
{
    struct syscall_registers registers = {};
    const enum status status = object_invoke(self.slot, TEST_RESOURCE_COUNTS, &registers);
    if (status == STATUS_OK) {
        *counts_out = (struct test_counts){
            .capabilities = registers.words[0],
            .threads = registers.words[1],
            .vspaces = registers.words[2],
            .free_untyped_bytes = registers.words[3],
        };
    }
    return status;
}

/* The text that names this run: test_nonce_bytes without a zero. NOT_FOUND on a machine that was
 * given none. */
constexpr uint32_t test_nonce_bytes = 16;

static inline enum status test_nonce(struct test_cap self, uint8_t *text_out)
{
    struct syscall_registers registers = {};
    const enum status status = object_invoke(self.slot, TEST_NONCE, &registers);
    for (uint32_t i = 0; i < test_nonce_bytes && status == STATUS_OK; i++) {
        text_out[i] = (uint8_t)(registers.words[i / 8] >> i % 8 * 8);
    }
    return status;
}

static inline enum status test_check_invariants(struct test_cap self)
{
    return object_command(self.slot, TEST_CHECK_INVARIANTS, 0, 0, 0, 0);
}
