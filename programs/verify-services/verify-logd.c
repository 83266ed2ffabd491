/* SPDX-License-Identifier: ISC */
/*
 * Verifier: a record comes back as it was sent, behind those before it and under the sender's
 * number; there is an end.
 */
#include <protocol/log.h>
#include <slots/verify-logd.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t records_max = 10'000;

static const struct log_cap logd = {SLOT_PEER_LOGD};

static enum status append(const struct verifier *verifier, uint8_t level)
{
    struct log_append_request request = {.level = level, .line_bytes = root_nonce_bytes};
    memcpy(request.line, verifier->nonce, root_nonce_bytes);
    return log_append(logd, &request);
}

static bool is_record(
    const struct log_read_reply *record, const struct verifier *verifier, uint8_t level)
{
    return record->process == verifier->startup->process_id && record->level == level &&
           record->is_marker == 0 && record->line_bytes == root_nonce_bytes &&
           memcmp(record->line, verifier->nonce, root_nonce_bytes) == 0;
}

/* The next record of this process. */
static bool find(const struct verifier *verifier, uint8_t level, struct log_read_reply *record)
{
    uint64_t time_ns = record->time_ns;
    for (uint32_t count = 0; count < records_max; count++) {
        const uint64_t cursor = record->next_cursor;
        if (log_read(logd, &(struct log_read_request){.cursor = cursor}, record) != STATUS_OK ||
            record->next_cursor <= cursor || record->time_ns < time_ns) {
            return false;
        }
        time_ns = record->time_ns;
        if (is_record(record, verifier, level)) {
            return true;
        }
    }
    return false;
}

static const char *verify(const struct verifier *verifier)
{
    struct log_read_reply record = {};
    if (append(verifier, log_level_debug) != STATUS_OK ||
        append(verifier, log_level_info) != STATUS_OK) {
        return "logd takes no record";
    }
    if (!find(verifier, log_level_debug, &record) || !find(verifier, log_level_info, &record)) {
        return "the records do not come back in order";
    }
    const struct log_read_request behind = {.cursor = UINT64_MAX};
    return log_read(logd, &behind, &record) == STATUS_END ? nullptr : "the log has no end";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
