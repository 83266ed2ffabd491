/* SPDX-License-Identifier: ISC */
/*
 * Verifier: the log keeps records as they were written, in their order, with the right writer and
 * time, and numbers never come back. The texts are the nonce's.
 */
#include <protocol/log.h>
#include <protocol/time.h>
#include <slots/phase1-log.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t records_count = 40;
constexpr uint32_t records_max = 10'000;

static const struct log_cap logd = {SLOT_PEER_LOGD};

/* Record number `index`: its level, length and bytes depend on nonce and number. */
static struct log_append_request make_record(const struct verifier *verifier, uint32_t index)
{
    struct log_append_request record = {.level = log_level_debug, .line_bytes = 8 + index};
    const uint64_t number = verifier_number(verifier, index);
    for (uint32_t at = 0; at < record.line_bytes; at++) {
        record.line[at] = (char)('a' + (number >> at % 16 * 4 & 15));
    }
    return record;
}

static enum status append_all(const struct verifier *verifier)
{
    enum status status = STATUS_OK;
    for (uint32_t index = 0; index < records_count && status == STATUS_OK; index++) {
        const struct log_append_request record = make_record(verifier, index);
        status = log_append(logd, &record);
    }
    return status;
}

/* The next record of this program; END behind the last. */
static enum status read_own(const struct verifier *verifier, struct log_read_reply *record)
{
    for (uint32_t count = 0; count < records_max; count++) {
        const struct log_read_request request = {.cursor = record->next_cursor};
        const enum status status = log_read(logd, &request, record);
        if (status != STATUS_OK || record->process == verifier->startup->process_id) {
            return status;
        }
    }
    return STATUS_LOOP;
}

static bool is_same(const struct log_read_reply *found, const struct log_append_request *written)
{
    return found->level == written->level && found->is_marker == 0 &&
           found->line_bytes == written->line_bytes &&
           memcmp(found->line, written->line, written->line_bytes) == 0;
}

static const char *verify_records(
    const struct verifier *verifier, uint64_t before_ns, uint64_t after_ns)
{
    struct log_read_reply found = {};
    uint64_t last_ns = before_ns;
    for (uint32_t index = 0; index < records_count; index++) {
        const struct log_append_request written = make_record(verifier, index);
        if (read_own(verifier, &found) != STATUS_OK || !is_same(&found, &written)) {
            return "a record is not there as it was written";
        }
        if (found.time_ns < last_ns || found.time_ns > after_ns) {
            return "a record has the wrong time";
        }
        last_ns = found.time_ns;
    }
    return read_own(verifier, &found) == STATUS_END ? nullptr : "a record came twice";
}

static const char *verify(const struct verifier *verifier)
{
    struct time_now_monotonic_reply before = {};
    struct time_now_monotonic_reply after = {};
    const struct time_cap timed = {SLOT_PEER_TIMED};
    if (time_now_monotonic(timed, &before) != STATUS_OK || append_all(verifier) != STATUS_OK ||
        time_now_monotonic(timed, &after) != STATUS_OK) {
        return "logd takes no records";
    }
    return verify_records(verifier, before.nanoseconds, after.nanoseconds);
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
