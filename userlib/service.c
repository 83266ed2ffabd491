/* SPDX-License-Identifier: ISC */
/*
 * The service loop.
 *
 * Invariants:
 *   1. Outside of a handler, state.reply is a reply object whose caller has been answered or never
 * was.
 *   2. state.spare holds the reply objects that hold no caller, without state.reply.
 *   3. Receive slots are named only during a receive; between, state.receive_slots remembers them.
 */
#include <userlib/service.h>

#include <userlib/assert.h>
#include <userlib/slots.h>

#include <string.h>

constexpr uint32_t register_bytes = message_register_words * 8;

/* What service_defer() tells the loop through the handler: no status of the system. */
constexpr enum status handler_deferred = (enum status)STATUS_COUNT;

static struct {
    const struct service *service;
    cap_slot reply;
    uint32_t spare_count;
    cap_slot spare[service_deferred_max];
    uint32_t receive_count; /* the greatest number of capabilities that an operation takes */
    cap_slot receive_slots[message_caps_max];
    const struct protocol_operation *operation; /* being handled; nullptr once it is deferred */
    uint32_t moved_count; /* capabilities of the last reply that were given away */
    struct service_message message;
} state;

/* --- replies --- */

/* Lay a successful reply out for sending. */
static void load_reply(struct syscall_registers *registers,
    const struct protocol_operation *operation, const void *reply, const cap_slot *caps)
{
    const struct message_shape *shape = &operation->reply;
    uint32_t size_bytes = shape->fixed_bytes;
    if (shape->variable_bytes_max > 0) {
        uint32_t variable_bytes = 0;
        memcpy(
            &variable_bytes, (const uint8_t *)reply + shape->length_offset, sizeof variable_bytes);
        assert(variable_bytes <= shape->variable_bytes_max);
        size_bytes += variable_bytes;
    }
    if (size_bytes > register_bytes) {
        memcpy(&syscall_ipc_buffer()->words[message_register_words],
            (const uint8_t *)reply + register_bytes, size_bytes - register_bytes);
    }
    for (uint32_t index = 0; index < shape->cap_count; index++) {
        assert(caps[index] != slot_null);
        syscall_ipc_buffer()->caps[index] = caps[index];
    }
    registers->tag = message_tag_make(operation->number, size_bytes, shape->cap_count, STATUS_OK) |
                     (shape->move ? message_tag_move : 0);
}

/* --- deferred answers --- */

enum status service_defer(struct service_deferred *deferred_out)
{
    assert(state.operation != nullptr && !state.operation->oneway);
    if (state.spare_count == 0) {
        return STATUS_NO_SLOT;
    }
    *deferred_out = (struct service_deferred){
        .operation = state.operation,
        .reply = state.reply,
    };
    state.reply = state.spare[--state.spare_count];
    state.operation = nullptr;
    return handler_deferred;
}

bool service_is_deferred(enum status status)
{
    return status == handler_deferred;
}

bool service_has_caller(const struct service_deferred *deferred)
{
    return reply_has_caller(deferred->reply);
}

enum status service_answer(
    struct service_deferred *deferred, enum status status, const void *reply, const cap_slot *caps)
{
    const struct protocol_operation *operation = deferred->operation;
    assert(operation != nullptr);
    uint64_t words[message_words_max + 1] = {};
    struct syscall_registers registers = {.tag = message_tag_make(operation->number, 0, 0, status)};
    if (status == STATUS_OK) {
        if (reply != nullptr) {
            memcpy(
                words, reply, operation->reply.fixed_bytes + operation->reply.variable_bytes_max);
        }
        load_reply(&registers, operation, words, caps);
        memcpy(registers.words, words, register_bytes);
    }
    registers.target = (uint64_t)deferred->reply << 32;
    const enum status outcome = syscall_enter(SYSCALL_REPLY, &registers);
    for (uint32_t index = 0;
        operation->reply.move && caps != nullptr && index < operation->reply.cap_count; index++) {
        slots_delete(caps[index]);
    }
    assert(state.spare_count < service_deferred_max);
    state.spare[state.spare_count++] = deferred->reply;
    *deferred = (struct service_deferred){};
    return outcome;
}

/* --- capabilities that arrive --- */

static void refill_receive_slots(void)
{
    for (uint32_t index = 0; index < state.receive_count; index++) {
        if (state.receive_slots[index] == slot_null &&
            slots_take(&state.receive_slots[index]) != STATUS_OK) {
            return; /* the sender learns that there is no room */
        }
    }
}

static inline void name_receive_slots(void)
{
    memcpy(syscall_ipc_buffer()->receive_slots, state.receive_slots, sizeof state.receive_slots);
}

static inline void forget_receive_slots(void)
{
    memset(syscall_ipc_buffer()->receive_slots, 0, sizeof state.receive_slots);
}

/* The handler owns these slots now: the loop needs others. */
static void leave_caps(uint32_t cap_count)
{
    for (uint32_t given = 0; given < cap_count; given++) {
        for (uint32_t index = 0; index < state.receive_count; index++) {
            if (state.receive_slots[index] == state.message.caps[given]) {
                state.receive_slots[index] = slot_null;
            }
        }
    }
    refill_receive_slots();
}

static void delete_caps(uint32_t cap_count)
{
    for (uint32_t index = 0; index < cap_count; index++) {
        const enum status status = cspace_delete(slots_cspace(), state.message.caps[index]);
        assert(status == STATUS_OK);
    }
}

/* The number of capabilities that came with a message; their slots go to state.message.caps. */
static uint32_t take_caps(message_tag tag)
{
    if (message_tag_cap_count(tag) == 0) {
        return 0;
    }
    const struct ipc_buffer *buffer = syscall_ipc_buffer();
    assert(buffer->received_caps <= state.receive_count);
    for (uint32_t index = 0; index < buffer->received_caps; index++) {
        state.message.caps[index] = buffer->caps[index];
    }
    return buffer->received_caps;
}

static bool caps_have_kinds(const struct message_shape *shape)
{
    for (uint32_t index = 0; index < shape->cap_count; index++) {
        struct cap_identity identity = {};
        if (cspace_identify(slots_cspace(), state.message.caps[index], &identity) != STATUS_OK ||
            identity.kind == OBJECT_NONE) {
            return false;
        }
        if (shape->cap_kinds[index] != OBJECT_NONE && identity.kind != shape->cap_kinds[index]) {
            return false;
        }
    }
    return true;
}

/* --- checks --- */

static uint8_t *request_bytes(void)
{
    return (uint8_t *)state.message.request;
}

static bool variable_is_valid(const struct message_shape *shape, uint32_t size_bytes)
{
    if (size_bytes < shape->fixed_bytes) {
        return false;
    }
    uint32_t variable_bytes = 0;
    memcpy(&variable_bytes, request_bytes() + shape->length_offset, sizeof variable_bytes);
    if (variable_bytes > shape->variable_bytes_max ||
        size_bytes != shape->fixed_bytes + variable_bytes) {
        return false;
    }
    uint8_t *variable = request_bytes() + shape->fixed_bytes;
    if (!shape->is_text) {
        return true;
    }
    variable[variable_bytes] = 0;
    return memchr(variable, 0, variable_bytes) == nullptr;
}

static bool reserved_is_zero(const struct message_shape *shape)
{
    for (uint32_t range = 0; range < shape->reserved_count; range++) {
        const uint8_t *at = request_bytes() + shape->reserved[range].offset;
        for (uint32_t index = 0; index < shape->reserved[range].bytes; index++) {
            if (at[index] != 0) {
                return false;
            }
        }
    }
    return true;
}

/* Check the message and lay it out for its handler. */
static enum status accept(const struct protocol_operation *operation,
    const struct syscall_registers *registers, uint32_t cap_count)
{
    const struct message_shape *shape = &operation->request;
    const uint32_t size_bytes = message_tag_size_bytes(registers->tag);
    memcpy(state.message.request, registers->words, register_bytes);
    if (size_bytes > register_bytes) {
        memcpy(request_bytes() + register_bytes,
            &syscall_ipc_buffer()->words[message_register_words], size_bytes - register_bytes);
    }
    if (shape->variable_bytes_max == 0 ? size_bytes != shape->fixed_bytes
                                       : !variable_is_valid(shape, size_bytes)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (shape->reserved_count > 0 && !reserved_is_zero(shape)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if ((cap_count | message_tag_cap_count(registers->tag) | shape->cap_count) != 0 &&
        (cap_count != shape->cap_count || !caps_have_kinds(shape))) {
        return STATUS_INVALID_CAPABILITY;
    }
    return STATUS_OK;
}

/* --- the loop --- */

/* Whose operation it is, or nullptr. */
static const struct service_binding *find_binding(message_tag tag)
{
    const struct service *service = state.service;
    const uint32_t number = message_tag_operation(tag);
    for (uint32_t index = 0; index < service->binding_count; index++) {
        const struct protocol *protocol = service->bindings[index].protocol;
        if (protocol->id == number >> 8 && (uint8_t)(number - 1) < protocol->operation_count) {
            return &service->bindings[index];
        }
    }
    return nullptr;
}

static const struct protocol_operation *find_operation(
    const struct service_binding *binding, message_tag tag)
{
    return &binding->protocol->operations[(uint8_t)(tag - 1)];
}

static void release_moved(void)
{
    for (uint32_t index = 0; index < state.moved_count; index++) {
        slots_delete(state.message.reply_caps[index]);
    }
    state.moved_count = 0;
}

static inline enum status dispatch(const struct service_binding *binding,
    const struct protocol_operation *operation, const struct syscall_registers *registers)
{
    state.operation = operation;
    const struct ipc_caller caller = {
        .client = badge_client(registers->target),
        .rights = badge_rights(registers->target),
    };
    return operation->serve(binding->server, caller, &state.message);
}

static inline bool has_rights(
    const struct protocol_operation *operation, const struct syscall_registers *registers)
{
    return (operation->rights & ~badge_rights(registers->target)) == 0;
}

/* Check one message of any shape, and hand it to its handler. */
static enum status handle_message(
    const struct service_binding *binding, const struct syscall_registers *registers)
{
    state.operation = nullptr;
    const uint32_t cap_count = take_caps(registers->tag);
    enum status status = STATUS_UNKNOWN_OPERATION;
    if (binding != nullptr) {
        const struct protocol_operation *operation = find_operation(binding, registers->tag);
        status = has_rights(operation, registers) ? accept(operation, registers, cap_count)
                                                  : STATUS_DENIED;
        if (status == STATUS_OK) {
            memset(state.message.reply, 0, operation->reply.fixed_bytes);
            status = dispatch(binding, operation, registers);
            assert(status == handler_deferred || state.operation == operation);
        }
    }
    if (cap_count > 0 && (status == STATUS_OK || status == handler_deferred)) {
        leave_caps(cap_count);
    } else if (cap_count > 0) {
        delete_caps(cap_count);
    }
    return status;
}

/* Lay out the answer to the message that was handled with `status`; returns what the loop does
 * next. */
static enum syscall finish(struct syscall_registers *registers, enum status status)
{
    const struct protocol_operation *operation = state.operation;
    if (status == handler_deferred || (operation != nullptr && operation->oneway)) {
        return SYSCALL_RECEIVE;
    }
    if (status != STATUS_OK) {
        *registers = (struct syscall_registers){
            .tag = message_tag_make(message_tag_operation(registers->tag), 0, 0, status)};
        return SYSCALL_REPLY_RECEIVE;
    }
    load_reply(registers, operation, state.message.reply, state.message.reply_caps);
    memcpy(registers->words, state.message.reply, register_bytes);
    state.moved_count = operation->reply.move ? operation->reply.cap_count : 0;
    return SYSCALL_REPLY_RECEIVE;
}

/* Everything but a short operation that may be served. */
[[clang::noinline]] static enum syscall handle_general(struct syscall_registers *registers)
{
    const struct service *service = state.service;
    if ((registers->tag & message_tag_notification) != 0) {
        if (service->on_notification != nullptr) {
            service->on_notification(service->self, registers->words[0]);
        }
        return SYSCALL_RECEIVE;
    }
    const enum status status = handle_message(find_binding(registers->tag), registers);
    return finish(registers, status);
}

/*
 * One message, in its most frequent form as directly as possible: the tag alone tells that length
 * is right and that no capability came.
 */
static inline enum syscall handle(struct syscall_registers *registers)
{
    const struct service_binding *binding = &state.service->bindings[0];
    const struct protocol *protocol = binding->protocol;
    const uint32_t first_number = (uint32_t)protocol->id << 8 | 1;
    const uint32_t index = message_tag_operation(registers->tag) - first_number;
    const struct protocol_operation *operation =
        index < protocol->operation_count ? &protocol->operations[index] : nullptr;
    if (operation == nullptr || operation->short_request_tag != registers->tag ||
        !has_rights(operation, registers)) {
        struct syscall_registers general = *registers;
        const enum syscall next = handle_general(&general);
        *registers = general;
        return next;
    }
    uint64_t *request = state.message.request;
    uint64_t *reply = state.message.reply;
    for (uint32_t word = 0; word < message_register_words; word++) {
        request[word] = registers->words[word];
        reply[word] = 0;
    }
    const enum status status = dispatch(binding, operation, registers);
    if (status != STATUS_OK) [[clang::unlikely]] {
        struct syscall_registers general = *registers;
        const enum syscall next = finish(&general, status);
        *registers = general;
        return next;
    }
    registers->tag = operation->short_reply_tag;
    for (uint32_t word = 0; word < message_register_words; word++) {
        registers->words[word] = reply[word];
    }
    return SYSCALL_REPLY_RECEIVE;
}

static void prepare(const struct service *service)
{
    assert(service->binding_count > 0 && service->binding_count <= service_bindings_max);
    assert(service->deferred_count <= service_deferred_max);
    state.service = service;
    state.reply = SLOT_REPLY;
    state.spare_count = 0;
    for (uint32_t index = 0; index < service->deferred_count; index++) {
        state.spare[state.spare_count++] = service->deferred_first + index;
    }
    for (uint32_t binding = 0; binding < service->binding_count; binding++) {
        const struct protocol *protocol = service->bindings[binding].protocol;
        for (uint32_t index = 0; index < protocol->operation_count; index++) {
            const uint32_t cap_count = protocol->operations[index].request.cap_count;
            state.receive_count = cap_count > state.receive_count ? cap_count : state.receive_count;
        }
    }
    refill_receive_slots();
}

/* A receive or the reply before it failed; true if receiving may go on. */
static bool recover(enum syscall failed, enum status status)
{
    if (failed == SYSCALL_REPLY_RECEIVE) {
        return true; /* nobody waits for this answer, or its receiver had no room */
    }
    if (status == STATUS_BUSY) {
        /* Somebody called a one-way operation, or had no room for the answer. */
        struct syscall_registers registers = {
            .target = (uint64_t)state.reply << 32,
            .tag = message_tag_make(0, 0, 0, STATUS_INVALID_ARGUMENT),
        };
        return syscall_enter(SYSCALL_REPLY, &registers) == STATUS_OK;
    }
    return status == STATUS_CANCELLED;
}

[[noreturn]] void service_run(const struct service *service)
{
    prepare(service);
    struct syscall_registers registers = {};
    enum syscall next = SYSCALL_RECEIVE;
    for (;;) {
        if (state.receive_count > 0) {
            name_receive_slots();
        }
        registers.target = (uint64_t)service->endpoint | (uint64_t)state.reply << 32;
        const enum status status = syscall_enter(next, &registers);
        if (state.receive_count > 0) {
            forget_receive_slots();
        }
        if (state.moved_count > 0) [[clang::unlikely]] {
            release_moved();
        }
        if (status == STATUS_OK) {
            next = handle(&registers);
            continue;
        }
        if (!recover(next, status)) {
            thread_exit((uint64_t)status); /* nobody can call any more */
        }
        next = SYSCALL_RECEIVE;
    }
}
