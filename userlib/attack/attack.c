/* SPDX-License-Identifier: ISC */
/*
 * One operation after the other: a good request to warm everything up, then every wrong one, then a
 * good one that must be answered as the first was.
 */
#include <userlib/attack/attack.h>

#include <lib/base/base.h>
#include <userlib/log.h>
#include <userlib/slots.h>
#include <userlib/start.h>
#include <userlib/syscall.h>

#include <stdio.h>
#include <string.h>

#include <userlib/attack/message.h>

/* The operation that is being attacked. */
struct attack {
    const struct target *target;
    const struct table_operation *operation;
    const struct sample *sample;
    cap_slot server;
    struct digest before;
};

static struct {
    struct attack_means means;
    struct attack_counts counts;
    char reason[160];
} state;

static struct message good;  /* of the operation that is being attacked */
static struct message wrong; /* its copy with one thing changed */

void attack_init(const struct attack_means *means)
{
    state.means = *means;
}

const char *attack_reason(void)
{
    return state.reason;
}

struct attack_counts attack_total(void)
{
    return state.counts;
}

cap_slot attack_cap(enum object_kind kind)
{
    return state.means.by_kind[kind];
}

cap_slot attack_received(uint32_t index)
{
    return state.means.scratch + index;
}

cap_slot attack_peer(const char *name)
{
    const struct startup_slot *row = program_startup_slot(name);
    return row == nullptr ? slot_null : row->slot;
}

static bool fail(const struct attack *attack, const char *what, const char *how)
{
    (void)snprintf(state.reason, sizeof state.reason, "%s.%s: %s: %s", attack->target->name,
        attack->operation == nullptr ? "*" : attack->operation->name, what, how);
    log_write(LOG_ERROR, "%s", state.reason);
    return false;
}

/* --- what must not change --- */

static enum status take_digest(const struct target *target, struct digest *digest_out)
{
    *digest_out = (struct digest){};
    struct test_counts counts = {};
    enum status status = test_resource_counts(state.means.test, &counts);
    if (status == STATUS_OK && target->observe != nullptr) {
        status = target->observe(digest_out);
    }
    static_assert(sizeof counts <= sizeof(uint64_t[4]));
    memcpy(&digest_out->words[digest_words - 4], &counts, sizeof counts);
    return status;
}

/* The kernel's counts, and all of `words` unless only the kernel is asked. */
static bool is_unchanged(const struct attack *attack, const char *what, bool kernel_only)
{
    struct digest now;
    char how[64];
    if (take_digest(attack->target, &now) != STATUS_OK) {
        return fail(attack, what, "the service does not answer any more");
    }
    for (uint32_t word = kernel_only ? digest_words - 4 : 0; word < digest_words; word++) {
        if (now.words[word] != attack->before.words[word]) {
            (void)snprintf(how, sizeof how, "count %u was %lu and is %lu", word,
                (unsigned long)attack->before.words[word], (unsigned long)now.words[word]);
            return fail(attack, what, how);
        }
    }
    return true;
}

static void drop_received(void)
{
    for (uint32_t index = 0; index < message_caps_max; index++) {
        (void)cspace_delete(slots_cspace(), attack_received(index)); /* an empty slot is fine */
    }
}

/* --- one wrong message --- */

static bool expect(
    const struct attack *attack, const char *what, enum status actual, enum status wanted)
{
    char how[96];
    if (actual != wanted) {
        (void)snprintf(
            how, sizeof how, "'%s' instead of '%s'", status_text(actual), status_text(wanted));
        return fail(attack, what, how);
    }
    if (!is_unchanged(attack, what, false)) {
        return false;
    }
    state.counts.refused++;
    return true;
}

/* Send `wrong` through `server`. A one-way operation is also sent as it is meant to be sent. */
static bool try_through(
    const struct attack *attack, const char *what, cap_slot server, enum status wanted)
{
    struct answer answer;
    const uint16_t number = attack->operation->number;
    message_call(server, number, 0, &wrong, state.means.scratch, &answer);
    if (answer.cap_count > 0) {
        drop_received();
    }
    if (!expect(attack, what, answer.status, wanted)) {
        return false;
    }
    if (!attack->operation->oneway) {
        return true;
    }
    /* What the service would say, nobody hears; what the kernel cannot deliver, it says itself. */
    const enum status sent = message_send(server, number, &wrong);
    return expect(attack, what, sent == wanted ? STATUS_OK : sent, STATUS_OK);
}

static bool try(const struct attack *attack, const char *what, enum status wanted)
{
    return try_through(attack, what, attack->server, wanted);
}

/* --- the classes --- */

static uint32_t variable_bytes(const struct attack *attack)
{
    uint32_t bytes = 0;
    if (attack->operation->variable_bytes_max > 0) {
        memcpy(
            &bytes, (const uint8_t *)good.words + attack->operation->length_offset, sizeof bytes);
    }
    return bytes;
}

static bool try_length(const struct attack *attack, uint32_t size_bytes)
{
    char what[48];
    if (size_bytes == good.size_bytes) {
        return true;
    }
    wrong = good;
    wrong.size_bytes = size_bytes;
    (void)snprintf(what, sizeof what, "%u bytes for %u", size_bytes, good.size_bytes);
    return try(attack, what, STATUS_INVALID_ARGUMENT);
}

static bool try_lengths(const struct attack *attack)
{
    const uint32_t fixed = attack->operation->fixed_bytes;
    constexpr uint32_t tag_bytes_max = 0x7ff; /* more than the kernel carries */
    return try_length(attack, 0) && (fixed == 0 || try_length(attack, fixed - 1)) &&
           (good.size_bytes == 0 || try_length(attack, good.size_bytes - 1)) &&
           try_length(attack, good.size_bytes + 1) && try_length(attack, good.size_bytes + 8) &&
           try_length(attack, message_bytes_max) && try_length(attack, message_bytes_max + 1) &&
           try_length(attack, tag_bytes_max);
}

static bool try_stated_length(const struct attack *attack, uint32_t stated, uint32_t sent)
{
    char what[56];
    if (sent > message_bytes_max) {
        return true;
    }
    wrong = good;
    memset((uint8_t *)wrong.words + attack->operation->fixed_bytes, 'x',
        sizeof wrong.words - attack->operation->fixed_bytes);
    memcpy((uint8_t *)wrong.words + attack->operation->length_offset, &stated, sizeof stated);
    wrong.size_bytes = sent;
    (void)snprintf(what, sizeof what, "a last field of %u bytes in %u", stated, sent);
    return try(attack, what, STATUS_INVALID_ARGUMENT);
}

static bool try_zero_in_text(const struct attack *attack, uint32_t at)
{
    const uint32_t bytes = variable_bytes(attack);
    wrong = good;
    ((uint8_t *)wrong.words)[attack->operation->fixed_bytes + at] = 0;
    return bytes == 0 || try(attack, "a zero byte in the text", STATUS_INVALID_ARGUMENT);
}

/* The field of variable length at the end. */
static bool try_variable(const struct attack *attack)
{
    const struct table_operation *operation = attack->operation;
    const uint32_t max = operation->variable_bytes_max;
    const uint32_t fixed = operation->fixed_bytes;
    const uint32_t bytes = variable_bytes(attack);
    if (max == 0) {
        return true;
    }
    bool passed = try_stated_length(attack, max + 1, fixed + max + 1) &&
                  try_stated_length(attack, UINT32_MAX, fixed + bytes) &&
                  try_stated_length(attack, UINT32_MAX, fixed - 1) &&
                  try_stated_length(attack, UINT32_C(1) << 31, message_bytes_max) &&
                  try_stated_length(attack, bytes + 1, fixed + bytes);
    if (passed && operation->is_text && bytes > 0) {
        passed = try_zero_in_text(attack, 0) && try_zero_in_text(attack, bytes - 1);
    }
    return passed;
}

static bool try_reserved(const struct attack *attack)
{
    char what[40];
    for (uint32_t index = 0; index < attack->operation->reserved_count; index++) {
        const struct table_range range = attack->operation->reserved[index];
        (void)snprintf(what, sizeof what, "reserved bytes at %u", range.offset);
        wrong = good;
        ((uint8_t *)wrong.words)[range.offset] ^= 1;
        if (!try(attack, what, STATUS_INVALID_ARGUMENT)) {
            return false;
        }
        wrong = good;
        ((uint8_t *)wrong.words)[range.offset + range.bytes - 1] ^= 0x80;
        if (!try(attack, what, STATUS_INVALID_ARGUMENT)) {
            return false;
        }
    }
    return true;
}

static bool try_wrong_kinds(const struct attack *attack, uint32_t index)
{
    static const enum object_kind kinds[] = {
        OBJECT_ENDPOINT, OBJECT_NOTIFICATION, OBJECT_CSPACE, OBJECT_FRAME};
    const enum object_kind wanted = attack->operation->cap_kinds[index];
    char what[48];
    for (uint32_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        if (wanted == OBJECT_NONE || kinds[kind] == wanted || attack_cap(kinds[kind]) == 0) {
            continue;
        }
        wrong = good;
        wrong.caps[index] = attack_cap(kinds[kind]);
        (void)snprintf(what, sizeof what, "capability %u is of kind %u", index, kinds[kind]);
        if (!try(attack, what, STATUS_INVALID_CAPABILITY)) {
            return false;
        }
    }
    wrong = good;
    wrong.caps[index] = attack_received(0); /* empty */
    (void)snprintf(what, sizeof what, "capability %u is not there", index);
    return try(attack, what, STATUS_INVALID_CAPABILITY);
}

static bool try_caps(const struct attack *attack)
{
    const uint32_t count = attack->operation->cap_count;
    wrong = good;
    if (count < message_caps_max) {
        wrong.caps[count] = attack_cap(OBJECT_NOTIFICATION);
    }
    wrong.cap_count++;
    const enum status wanted =
        count < message_caps_max ? STATUS_INVALID_CAPABILITY : STATUS_INVALID_ARGUMENT;
    if (!try(attack, "one capability more", wanted)) {
        return false;
    }
    for (uint32_t left = count; left > 0; left--) {
        wrong = good;
        wrong.cap_count = left - 1;
        if (!try(attack, "fewer capabilities", STATUS_INVALID_CAPABILITY)) {
            return false;
        }
    }
    for (uint32_t index = 0; index < count; index++) {
        if (!try_wrong_kinds(attack, index)) {
            return false;
        }
    }
    return true;
}

static bool is_lacking(const char *name)
{
    return strstr(name, "-without-") != nullptr;
}

/* Badges of other protocols on the same endpoint; *found_out says whether there was one. */
static bool try_other_badges(const struct attack *attack, bool *found_out)
{
    const struct startup *startup = program_startup();
    const struct startup_slot *own = program_startup_slot(attack->target->name);
    for (uint32_t index = 0; index < startup->slot_count; index++) {
        const struct startup_slot *row = &startup->slots[index];
        if (row == own || row->kind != OBJECT_ENDPOINT || row->label != own->label ||
            is_lacking(row->name)) {
            continue;
        }
        *found_out = true;
        wrong = good;
        if (!try_through(attack, row->name, row->slot, STATUS_DENIED)) {
            return false;
        }
    }
    return true;
}

static bool try_badges(const struct attack *attack)
{
    const struct table *table = attack->target->table;
    bool found = false;
    if (!try_other_badges(attack, &found)) {
        return false;
    }
    for (uint32_t index = 0; index < table->right_count; index++) {
        const struct table_right *right = &table->rights[index];
        char name[2 * startup_name_bytes];
        if ((attack->operation->rights & right->bit) == 0) {
            continue;
        }
        (void)snprintf(name, sizeof name, "%s-without-%s", attack->target->name, right->name);
        const cap_slot lacking = attack_peer(name);
        if (lacking == slot_null) {
            continue;
        }
        found = true;
        wrong = good;
        if (!try_through(attack, name, lacking, STATUS_DENIED)) {
            return false;
        }
    }
    return attack->operation->rights == 0 || found ||
           fail(attack, "badges", "the verifier has none that lacks a right");
}

/* --- numbers --- */

static bool try_number(
    const struct attack *attack, const struct beyond *number, enum status screened_by)
{
    char what[56];
    wrong = good;
    memcpy((uint8_t *)wrong.words + number->offset, &number->value, number->width);
    (void)snprintf(
        what, sizeof what, "number at %u is %lx", number->offset, (unsigned long)number->value);
    return try(attack, what, attack->sample->screened ? screened_by : number->status);
}

/* An index or cursor: from 0 on there is something, then never again. */
static bool try_end(const struct attack *attack, const struct table_number *number)
{
    constexpr uint64_t entries_max = 8192;
    struct answer answer;
    for (uint64_t value = 0; value < entries_max; value++) {
        wrong = good;
        memcpy((uint8_t *)wrong.words + number->offset, &value, number->width);
        message_call(
            attack->server, attack->operation->number, 0, &wrong, state.means.scratch, &answer);
        if (answer.status == STATUS_END) {
            return expect(attack, "the first index behind the last", STATUS_END, STATUS_END);
        }
        if (answer.status != STATUS_OK) {
            return expect(attack, "an index", answer.status, STATUS_OK);
        }
    }
    return fail(attack, "an index", "there is no end");
}

static bool try_numbers(const struct attack *attack)
{
    const enum status screen = attack->sample->expected;
    for (uint32_t index = 0; index < attack->operation->number_count; index++) {
        const struct table_number *number = &attack->operation->numbers[index];
        const uint64_t all = UINT64_MAX >> (64 - 8 * number->width);
        struct beyond value = {
            .offset = number->offset, .width = number->width, .status = number->all_bits};
        value.value = all;
        if (!try_number(attack, &value, screen)) {
            return false;
        }
        value.value = number->last + 1;
        if (number->has_last && !try_number(attack, &value, screen)) {
            return false;
        }
        value.value = (all >> 1) + 1;
        value.status = number->high_bit;
        if (!try_number(attack, &value, screen)) {
            return false;
        }
        if (number->all_bits == STATUS_END && !attack->sample->screened &&
            !try_end(attack, number)) {
            return false;
        }
    }
    for (uint32_t index = 0; index < beyond_max && attack->sample->beyond[index].width > 0;
        index++) {
        if (!try_number(attack, &attack->sample->beyond[index], screen)) {
            return false;
        }
    }
    return true;
}

/* --- one operation --- */

static enum status make_good(const struct attack *attack)
{
    const struct table_operation *operation = attack->operation;
    good = (struct message){.cap_count = operation->cap_count};
    for (uint32_t index = 0; index < operation->cap_count; index++) {
        const enum object_kind kind = operation->cap_kinds[index];
        good.caps[index] = attack_cap(kind == OBJECT_NONE ? OBJECT_NOTIFICATION : kind);
    }
    enum status status = STATUS_OK;
    if (attack->sample->prepare != nullptr) {
        status = attack->sample->prepare(&good);
    }
    good.size_bytes = operation->fixed_bytes + variable_bytes(attack);
    return status;
}

static void take_back(const struct attack *attack, const struct answer *answer)
{
    if (attack->sample->undo != nullptr) {
        attack->sample->undo(&good, answer);
    }
    drop_received();
}

/* The good request, and everything as it was before it. Status bits and the flag of notifications
 * in the tag are not the sender's to set: they change nothing. */
static bool send_good(const struct attack *attack, uint64_t flags)
{
    struct answer answer = {};
    if (attack->sample->unsent != nullptr) {
        take_back(attack, nullptr);
        return true;
    }
    if (attack->operation->oneway) {
        answer.status = message_send(attack->server, attack->operation->number, &good);
    } else {
        message_call(
            attack->server, attack->operation->number, flags, &good, state.means.scratch, &answer);
    }
    const bool answered = answer.status == STATUS_OK;
    take_back(attack, answered ? &answer : nullptr);
    if (answer.status == attack->sample->expected) {
        state.counts.accepted++;
        return true;
    }
    return expect(attack, "a good request", answer.status, attack->sample->expected);
}

/* What is to be called, sent: nobody hears the answer, and nothing else may come of it. */
static bool try_sending(const struct attack *attack)
{
    const uint16_t number = attack->operation->number;
    if (attack->operation->oneway) {
        return true;
    }
    wrong = good;
    wrong.size_bytes++;
    if (!expect(attack, "sent, a byte too long", message_send(attack->server, number, &wrong),
            STATUS_OK)) {
        return false;
    }
    const bool leaves_nothing = attack->sample->unsent == nullptr &&
                                attack->sample->prepare == nullptr &&
                                attack->sample->undo == nullptr && !attack->sample->lasting;
    return !leaves_nothing ||
           expect(attack, "sent", message_send(attack->server, number, &good), STATUS_OK);
}

static bool try_all(const struct attack *attack)
{
    return try_sending(attack) && try_badges(attack) && try_lengths(attack) &&
           try_variable(attack) && try_reserved(attack) && try_caps(attack) && try_numbers(attack);
}

static bool attack_operation(struct attack *attack)
{
    constexpr uint64_t forged = message_tag_notification | UINT64_C(0xffff'ffff'0000'0000);
    struct digest first;
    if (take_digest(attack->target, &first) != STATUS_OK) {
        return fail(attack, "at first", "the service does not answer");
    }
    if (make_good(attack) != STATUS_OK || !send_good(attack, 0)) {
        return fail(attack, "at first", "what a good request needs cannot be made");
    }
    if (take_digest(attack->target, &first) != STATUS_OK || make_good(attack) != STATUS_OK ||
        take_digest(attack->target, &attack->before) != STATUS_OK) {
        return fail(attack, "then", "the service does not answer any more");
    }
    if (!try_all(attack) || !send_good(attack, forged)) {
        return false;
    }
    attack->before = first;
    state.counts.unsent += attack->sample->unsent != nullptr ? 1 : 0;
    return is_unchanged(attack, "after a good request", attack->sample->lasting);
}

/* --- one target --- */

static bool try_unknown(const struct attack *attack)
{
    const struct table *table = attack->target->table;
    constexpr uint8_t nobodys_id = 0xfe;
    const uint16_t numbers[] = {
        (uint16_t)(table->id << 8),
        (uint16_t)(table->id << 8 | (table->operation_count + 1)),
        (uint16_t)(table->id << 8 | 0xff),
        0,
        (uint16_t)(nobodys_id << 8 | 1),
    };
    for (uint32_t index = 0; index < sizeof numbers / sizeof numbers[0]; index++) {
        const struct table_operation operation = {.name = "unknown", .number = numbers[index]};
        struct attack unknown = *attack;
        unknown.operation = &operation;
        for (uint32_t size_bytes = 0; size_bytes <= 64; size_bytes += 32) {
            wrong = (struct message){.size_bytes = size_bytes};
            if (!try(&unknown, "its number", STATUS_UNKNOWN_OPERATION)) {
                return false;
            }
        }
    }
    return true;
}

static const struct sample *find_sample(const struct target *target, uint16_t number)
{
    for (uint32_t list = 0; list < sample_lists_max; list++) {
        const struct sample_list *samples = &target->samples[list];
        for (uint32_t index = 0; index < samples->count; index++) {
            if (samples->list[index].number == number) {
                return &samples->list[index];
            }
        }
    }
    return nullptr;
}

/* The badges say of themselves what the names of the peers promise. */
static bool peers_are_true(const struct attack *attack)
{
    const struct table *table = attack->target->table;
    uint32_t all = 0;
    for (uint32_t index = 0; index < table->right_count; index++) {
        all |= table->rights[index].bit;
    }
    for (uint32_t index = 0; index <= table->right_count; index++) {
        const struct table_right *lacking =
            index == table->right_count ? nullptr : &table->rights[index];
        char name[2 * startup_name_bytes];
        struct cap_identity identity = {};
        (void)snprintf(name, sizeof name, "%s%s%s", attack->target->name,
            lacking == nullptr ? "" : "-without-", lacking == nullptr ? "" : lacking->name);
        const cap_slot slot = attack_peer(name);
        if (slot == slot_null && lacking != nullptr) {
            continue; /* try_badges() asks for another one */
        }
        if (cspace_identify(slots_cspace(), slot, &identity) != STATUS_OK ||
            badge_rights(identity.badge) != (lacking == nullptr ? all : all & ~lacking->bit)) {
            return fail(attack, name, "its rights are not what its name says");
        }
    }
    return true;
}

bool attack_target(const struct target *target)
{
    struct attack attack = {.target = target, .server = attack_peer(target->name)};
    if (!peers_are_true(&attack)) {
        return false;
    }
    bool passed = true;
    for (uint32_t index = 0; index < target->table->operation_count; index++) {
        attack.operation = &target->table->operations[index];
        attack.sample = find_sample(target, attack.operation->number);
        if (attack.sample == nullptr) {
            return fail(&attack, "samples", "there is none for this operation");
        }
        passed = attack_operation(&attack) && passed; /* all that is wrong is in the log */
    }
    attack.operation = nullptr;
    return take_digest(target, &attack.before) == STATUS_OK && try_unknown(&attack) && passed;
}
