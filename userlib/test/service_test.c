/* SPDX-License-Identifier: ISC */
/*
 * The service loop and the client's side against a kernel made of tables: each receive takes the
 * next step of a script, each answer is kept for comparison.
 */
#include <userlib/service.h>

#include <lib/testing/check.h>
#include <protocol/trial.h>
#include <userlib/assert.h>
#include <userlib/slots.h>

#include <setjmp.h>
#include <stdlib.h>

constexpr uint32_t steps_max = 16;
constexpr cap_slot first_slot = 32;
constexpr cap_slot end_slot = 64;
constexpr cap_slot deferred_first = 20;
constexpr uint32_t deferred_count = 2;

/* One message that arrives. */
struct step {
    uint16_t operation;
    uint32_t rights;
    uint32_t size_bytes;
    const void *payload;
    uint32_t cap_count;
    enum object_kind kinds[message_caps_max];
    bool is_send; /* nobody waits for an answer */
    uint64_t notification;
};

struct answer {
    bool came;
    enum status status;
    uint32_t size_bytes;
    uint8_t bytes[message_bytes_max];
    uint32_t cap_count;
    bool move;
};

struct ipc_buffer fake_ipc_buffer;

static struct {
    const struct step *steps;
    uint32_t step_count;
    uint32_t next;
    struct answer answers[steps_max]; /* by step */
    uint32_t caller[64];              /* by reply slot: step + 1 of the one who waits */
    enum object_kind kinds[64];       /* by slot: what it holds */
    uint32_t handled;
    jmp_buf done;
} fake;

/* --- the kernel --- */

static enum status deliver(struct syscall_registers *registers, uint32_t reply_slot)
{
    if (fake.next == fake.step_count) {
        longjmp(fake.done, 1);
    }
    if (fake.caller[reply_slot] != 0) {
        return STATUS_BUSY;
    }
    const struct step *step = &fake.steps[fake.next++];
    *registers = (struct syscall_registers){.target = badge_make(99, step->rights)};
    if (step->notification != 0) {
        registers->tag = message_tag_notification;
        registers->words[0] = step->notification;
        return STATUS_OK;
    }
    uint8_t payload[message_bytes_max] = {};
    if (step->size_bytes > 0) {
        memcpy(payload, step->payload, step->size_bytes);
    }
    registers->tag =
        message_tag_make(step->operation, step->size_bytes, step->cap_count, STATUS_OK);
    memcpy(registers->words, payload, sizeof registers->words);
    memcpy(&fake_ipc_buffer.words[4], payload + 32, sizeof payload - 32);
    for (uint32_t index = 0; index < step->cap_count; index++) {
        const cap_slot slot = fake_ipc_buffer.receive_slots[index];
        CHECK(slot != slot_null && fake.kinds[slot] == OBJECT_NONE);
        fake.kinds[slot] = step->kinds[index];
        fake_ipc_buffer.caps[index] = slot;
        fake_ipc_buffer.received_caps = step->cap_count;
    }
    fake.caller[reply_slot] = step->is_send ? 0 : fake.next;
    return STATUS_OK;
}

static enum status answer(const struct syscall_registers *registers, uint32_t reply_slot)
{
    if (fake.caller[reply_slot] == 0) {
        return STATUS_NOT_FOUND;
    }
    struct answer *answer = &fake.answers[fake.caller[reply_slot] - 1];
    fake.caller[reply_slot] = 0;
    CHECK(!answer->came);
    *answer = (struct answer){
        .came = true,
        .status = message_tag_status(registers->tag),
        .size_bytes = message_tag_size_bytes(registers->tag),
        .cap_count = message_tag_cap_count(registers->tag),
        .move = (registers->tag & message_tag_move) != 0,
    };
    memcpy(answer->bytes, registers->words, sizeof registers->words);
    memcpy(answer->bytes + 32, &fake_ipc_buffer.words[4], sizeof answer->bytes - 32);
    return STATUS_OK;
}

static enum status invoke(struct syscall_registers *registers)
{
    const cap_slot slot = (cap_slot)registers->words[0];
    if (registers->target != SLOT_SELF_CSPACE) {
        CHECK_EQUAL(registers->tag, REPLY_DESCRIBE);
        registers->words[0] = fake.caller[registers->target] != 0;
        return STATUS_OK;
    }
    if (registers->tag == CSPACE_DELETE) {
        fake.kinds[slot] = OBJECT_NONE;
        return STATUS_OK;
    }
    CHECK_EQUAL(registers->tag, CSPACE_IDENTIFY);
    registers->words[0] = fake.kinds[slot];
    return fake.kinds[slot] == OBJECT_NONE ? STATUS_NOT_FOUND : STATUS_OK;
}

enum status syscall_enter(enum syscall number, struct syscall_registers *registers)
{
    const uint32_t reply_slot = (uint32_t)(registers->target >> 32);
    enum status status = STATUS_OK;
    switch (number) {
    case SYSCALL_RECEIVE:
        return deliver(registers, reply_slot);
    case SYSCALL_REPLY_RECEIVE:
        status = answer(registers, reply_slot);
        return status == STATUS_OK ? deliver(registers, reply_slot) : status;
    case SYSCALL_REPLY:
        return answer(registers, reply_slot);
    case SYSCALL_INVOKE:
        return invoke(registers);
    default:
        CHECK(false);
        return STATUS_UNKNOWN_OPERATION;
    }
}

[[noreturn]] void assert_fail(const char *condition, const char *file, int line)
{
    printf("%s:%d: %s\n", file, line, condition);
    abort();
}

/* --- the service --- */

static struct {
    uint64_t sum;
    uint32_t notified;
    char path[32];
    struct service_deferred waiting[3];
    uint32_t waiting_count;
    uint32_t lost_count; /* of those who did not wait any more, or never had */
    cap_slot kept[message_caps_max];
    enum status verdict;
} served;

static enum status handle_add(void *self, struct ipc_caller caller,
    const struct trial_add_request *request, struct trial_add_reply *reply_out)
{
    CHECK(self == &served);
    CHECK_EQUAL(caller.client, 99);
    fake.handled++;
    reply_out->sum = (uint64_t)request->left + request->right;
    return STATUS_OK;
}

static enum status handle_gap(void *, struct ipc_caller, const struct trial_gap_request *request,
    struct trial_gap_reply *reply_out)
{
    fake.handled++;
    reply_out->tag = request->tag;
    return STATUS_OK;
}

static enum status handle_open(void *, struct ipc_caller, const struct trial_open_request *request,
    struct trial_open_reply *reply_out)
{
    fake.handled++;
    memcpy(served.path, request->path, strlen(request->path) + 1);
    reply_out->size = request->path_bytes;
    return STATUS_OK;
}

static enum status handle_load(void *, struct ipc_caller, const struct trial_load_request *request,
    struct trial_load_reply *reply_out)
{
    reply_out->data_bytes = (uint32_t)request->offset;
    memset(reply_out->data, 0x5a, reply_out->data_bytes);
    return STATUS_OK;
}

/* Waits for list(). */
static enum status handle_nothing(void *, struct ipc_caller)
{
    const enum status status = service_defer(&served.waiting[served.waiting_count]);
    served.waiting_count += service_is_deferred(status);
    return status;
}

static enum status handle_list(
    void *, struct ipc_caller, const struct trial_list_request *, struct trial_list_reply *)
{
    while (served.waiting_count > 0) {
        struct service_deferred *waiting = &served.waiting[--served.waiting_count];
        const bool waits = service_has_caller(waiting);
        CHECK_EQUAL(
            trial_answer_nothing(waiting, STATUS_END), waits ? STATUS_OK : STATUS_NOT_FOUND);
        served.lost_count += waits ? 0 : 1;
    }
    return STATUS_OK;
}

static enum status handle_attach(void *, struct ipc_caller, struct frame_cap data,
    struct any_cap other, struct notification_cap *kept_out)
{
    CHECK_EQUAL(fake_ipc_buffer.receive_slots[0], slot_null); /* named during receives only */
    served.kept[0] = data.slot;
    served.kept[1] = other.slot;
    *kept_out = (struct notification_cap){SLOT_NOTIFICATION};
    return served.verdict;
}

static enum status handle_note(void *, struct ipc_caller, const struct trial_note_request *)
{
    fake.handled++;
    return STATUS_OK;
}

static void on_notification(void *self, uint64_t bits)
{
    CHECK(self == &served);
    served.notified |= (uint32_t)bits;
}

static const struct trial_server handlers = {
    .self = &served,
    .nothing = handle_nothing,
    .add = handle_add,
    .gap = handle_gap,
    .list = handle_list,
    .open = handle_open,
    .load = handle_load,
    .attach = handle_attach,
    .note = handle_note,
};

/* service.c keeps its state for the life of a program: so one service for all tests. */
static void run(const struct step *steps, uint32_t step_count)
{
    memset(fake.answers, 0, sizeof fake.answers);
    fake.steps = steps;
    fake.step_count = step_count;
    fake.next = 0;
    fake.handled = 0;
    if (setjmp(fake.done) == 0) {
        service_run(&(struct service){
            .endpoint = SLOT_CONTROL,
            .binding_count = 1,
            .bindings = {{&trial_protocol, &handlers}},
            .on_notification = on_notification,
            .self = &served,
            .deferred_first = deferred_first,
            .deferred_count = deferred_count,
        });
    }
}

static void one_call_is_answered(void)
{
    const struct trial_add_request request = {.left = 2, .right = 40};
    run((const struct step[]){{TRIAL_ADD, TRIAL_RIGHT_READ, sizeof request, &request}}, 1);
    struct trial_add_reply reply = {};
    memcpy(&reply, fake.answers[0].bytes, sizeof reply);
    CHECK(fake.answers[0].came);
    CHECK_EQUAL(fake.answers[0].status, STATUS_OK);
    CHECK_EQUAL(fake.answers[0].size_bytes, 8);
    CHECK_EQUAL(reply.sum, 42);
}

static void refused(struct step step, enum status wanted)
{
    run(&step, 1);
    CHECK(fake.answers[0].came);
    CHECK_EQUAL(fake.answers[0].status, wanted);
    CHECK_EQUAL(fake.answers[0].size_bytes, 0);
    CHECK_EQUAL(fake.handled, 0);
}

static void wrong_messages_reach_no_handler(void)
{
    const uint8_t zeros[64] = {};
    uint8_t gap[16] = {[1] = 1};
    refused((struct step){TRIAL_ADD, TRIAL_RIGHT_WRITE, 8, zeros}, STATUS_DENIED);
    refused((struct step){TRIAL_GAP, TRIAL_RIGHT_WRITE, 16, zeros}, STATUS_DENIED);
    refused((struct step){TRIAL_ADD, 1, 7, zeros}, STATUS_INVALID_ARGUMENT);
    refused((struct step){TRIAL_ADD, 1, 9, zeros}, STATUS_INVALID_ARGUMENT);
    refused((struct step){TRIAL_ADD, 1, 40, zeros}, STATUS_INVALID_ARGUMENT);
    refused((struct step){TRIAL_GAP, 3, 16, gap}, STATUS_INVALID_ARGUMENT);
    gap[1] = 0;
    gap[7] = 1;
    refused((struct step){TRIAL_GAP, 3, 16, gap}, STATUS_INVALID_ARGUMENT);
    refused((struct step){0x0700, 3, 0, zeros}, STATUS_UNKNOWN_OPERATION);
    refused((struct step){TRIAL_SEND + 1, 3, 0, zeros}, STATUS_UNKNOWN_OPERATION);
    refused((struct step){0x0801, 3, 0, zeros}, STATUS_UNKNOWN_OPERATION);
    refused((struct step){TRIAL_GIVE, 3, 8, zeros, 1, {OBJECT_UNTYPED}}, STATUS_UNSUPPORTED);
}

static void texts_are_checked_and_ended(void)
{
    struct trial_open_request request = {.path_bytes = 5, .path = "/a/bc-garbage"};
    run((const struct step[]){{TRIAL_OPEN, 0, 8 + 5, &request}}, 1);
    CHECK_EQUAL(fake.answers[0].status, STATUS_OK);
    CHECK(strcmp(served.path, "/a/bc") == 0);
    refused((struct step){TRIAL_OPEN, 0, 8 + 6, &request}, STATUS_INVALID_ARGUMENT);
    refused((struct step){TRIAL_OPEN, 0, 8 + 4, &request}, STATUS_INVALID_ARGUMENT);
    refused((struct step){TRIAL_OPEN, 0, 7, &request}, STATUS_INVALID_ARGUMENT);
    request.path[2] = 0;
    refused((struct step){TRIAL_OPEN, 0, 8 + 5, &request}, STATUS_INVALID_ARGUMENT);
    request.path_bytes = 21;
    refused((struct step){TRIAL_OPEN, 0, 8 + 21, &request}, STATUS_INVALID_ARGUMENT);
    request.path_bytes = UINT32_MAX;
    refused((struct step){TRIAL_OPEN, 0, 7, &request}, STATUS_INVALID_ARGUMENT);
}

static void replies_of_variable_length(void)
{
    const struct trial_load_request request = {.offset = 90};
    run((const struct step[]){{TRIAL_LOAD, 0, sizeof request, &request}}, 1);
    CHECK_EQUAL(fake.answers[0].size_bytes, 8 + 90);
    CHECK_EQUAL(fake.answers[0].bytes[8], 0x5a);
    CHECK_EQUAL(fake.answers[0].bytes[97], 0x5a);
}

static uint32_t held_count(void)
{
    uint32_t count = 0;
    for (cap_slot slot = first_slot; slot < end_slot; slot++) {
        count += fake.kinds[slot] != OBJECT_NONE;
    }
    return count;
}

static void capabilities_belong_to_the_handler_or_nobody(void)
{
    const struct step good = {TRIAL_ATTACH, 0, 0, "", 2, {OBJECT_FRAME, OBJECT_ENDPOINT}};
    run(nullptr, 0); /* what a service needs for itself is taken once */
    const uint32_t free_before = slots_free_count();
    served.verdict = STATUS_OK;
    run((const struct step[]){good, good}, 2);
    CHECK_EQUAL(fake.answers[1].status, STATUS_OK);
    CHECK_EQUAL(fake.answers[1].cap_count, 1);
    CHECK_EQUAL(held_count(), 4);
    CHECK_EQUAL(slots_free_count(), free_before - 4);
    for (cap_slot slot = first_slot; slot < end_slot; slot++) {
        if (fake.kinds[slot] != OBJECT_NONE) {
            slots_delete(slot);
        }
    }
    CHECK_EQUAL(slots_free_count(), free_before);
    served.verdict = STATUS_BUSY;
    run((const struct step[]){good, good}, 2);
    CHECK_EQUAL(fake.answers[1].status, STATUS_BUSY);
    CHECK_EQUAL(held_count(), 0);
    CHECK_EQUAL(slots_free_count(), free_before);
    refused((struct step){TRIAL_ATTACH, 0, 0, "", 2, {OBJECT_ENDPOINT, OBJECT_FRAME}},
        STATUS_INVALID_CAPABILITY);
    refused((struct step){TRIAL_ATTACH, 0, 0, "", 1, {OBJECT_FRAME}}, STATUS_INVALID_CAPABILITY);
    refused((struct step){TRIAL_ATTACH, 0, 0, ""}, STATUS_INVALID_CAPABILITY);
    refused(
        (struct step){TRIAL_ADD, 1, 8, "1234567", 1, {OBJECT_FRAME}}, STATUS_INVALID_CAPABILITY);
    CHECK_EQUAL(held_count(), 0);
}

static void answers_can_wait(void)
{
    const struct step wait = {TRIAL_NOTHING};
    const struct step list = {TRIAL_LIST, 0, 8, "1234567"};
    run((const struct step[]){wait, wait, wait, list, wait, list}, 6);
    CHECK_EQUAL(fake.answers[0].status, STATUS_END);
    CHECK_EQUAL(fake.answers[1].status, STATUS_END);
    CHECK_EQUAL(fake.answers[2].status, STATUS_NO_SLOT); /* two may wait */
    CHECK_EQUAL(fake.answers[3].status, STATUS_OK);
    CHECK_EQUAL(fake.answers[4].status, STATUS_END);
    CHECK_EQUAL(fake.answers[5].status, STATUS_OK);
    CHECK_EQUAL(served.lost_count, 0);
}

/* Who sends what is to be called, takes a place and waits for nothing; answering frees the place.
 */
static void a_caller_can_be_gone(void)
{
    const struct step send = {.operation = TRIAL_NOTHING, .payload = "", .is_send = true};
    const struct step list = {TRIAL_LIST, 0, 8, "1234567"};
    run((const struct step[]){send, send, list, {TRIAL_NOTHING}, list}, 5);
    CHECK_EQUAL(served.lost_count, 2);
    CHECK_EQUAL(fake.answers[2].status, STATUS_OK);
    CHECK_EQUAL(fake.answers[3].status, STATUS_END);
}

static void oneway_messages_and_notifications(void)
{
    const struct trial_note_request note = {.line_bytes = 2, .line = "ab"};
    const struct step send = {
        .operation = TRIAL_NOTE, .rights = 2, .size_bytes = 10, .payload = &note, .is_send = true};
    struct step call = send;
    call.is_send = false;
    const struct step add = {TRIAL_ADD, 1, 8, "1234567"};
    struct step add_sent = add;
    add_sent.is_send = true;
    served.notified = 0;
    run((const struct step[]){send, {.notification = 5}, call, add_sent, add}, 5);
    CHECK_EQUAL(fake.handled, 4);
    CHECK_EQUAL(served.notified, 5);
    CHECK(!fake.answers[0].came);
    CHECK_EQUAL(fake.answers[2].status, STATUS_INVALID_ARGUMENT); /* called, where one sends */
    CHECK(!fake.answers[3].came);
    CHECK_EQUAL(fake.answers[4].status, STATUS_OK);
}

static void slots_come_and_go(void)
{
    const uint32_t free_before = slots_free_count();
    cap_slot run_of_eight = 0;
    cap_slot single = 0;
    CHECK_EQUAL(slots_take_run(8, &run_of_eight), STATUS_OK);
    CHECK_EQUAL(slots_take(&single), STATUS_OK);
    CHECK(single < run_of_eight || single >= run_of_eight + 8);
    cap_slot none = 0;
    CHECK_EQUAL(slots_take_run(32, &none), STATUS_NO_SLOT);
    CHECK_EQUAL(none, 0);
    slots_give(SLOT_REPLY); /* not managed: left alone */
    slots_give(single);
    for (uint32_t index = 0; index < 8; index++) {
        slots_give(run_of_eight + index);
    }
    CHECK_EQUAL(slots_free_count(), free_before);
}

int main(void)
{
    slots_init(first_slot, end_slot);
    TEST(one_call_is_answered);
    TEST(wrong_messages_reach_no_handler);
    TEST(texts_are_checked_and_ended);
    TEST(replies_of_variable_length);
    TEST(capabilities_belong_to_the_handler_or_nobody);
    TEST(answers_can_wait);
    TEST(a_caller_can_be_gone);
    TEST(oneway_messages_and_notifications);
    TEST(slots_come_and_go);
    return check_report();
}
