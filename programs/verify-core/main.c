/* SPDX-License-Identifier: ISC */
/*
 * Verifier: each of the core services does one thing for this program. The nonce goes through
 * memory that vspaced shares and through the log. With a parameter it only gives a verdict of no
 * known class.
 */
#include <protocol/crash.h>
#include <protocol/log.h>
#include <protocol/name.h>
#include <protocol/process.h>
#include <protocol/time.h>
#include <slots/roles.h>
#include <slots/verify-core.h>
#include <userlib/shared_memory.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t shared_bits = 12;
constexpr uint32_t records_max = 10'000;
constexpr uint64_t nap_ns = 1'000'000;

/* --- memory --- */

/* One frame at two addresses is one memory. */
static const char *verify_memory(const struct verifier *verifier)
{
    const struct vspace_cap vspaced = {SLOT_PEER_VSPACED};
    struct shared_memory memory = {};
    struct vspace_map_reply again = {};
    if (shared_memory_make(vspaced, shared_bits, &memory) != STATUS_OK) {
        return "vspaced gives no memory";
    }
    const struct vspace_map_request request = {.flags = vspace_map_read};
    if (vspace_map(vspaced, &request, memory.frame, &again) != STATUS_OK) {
        return "vspaced maps no frame";
    }
    memcpy(memory.bytes, verifier->nonce, sizeof verifier->nonce);
    const void *other = (const void *)(uintptr_t)again.address; // NOLINT(performance-no-int-to-ptr)
    const bool same = memcmp(other, verifier->nonce, sizeof verifier->nonce) == 0;
    const enum status status =
        vspace_unmap(vspaced, &(struct vspace_unmap_request){.address = again.address});
    shared_memory_close(vspaced, &memory);
    return same && status == STATUS_OK ? nullptr : "one frame at two addresses is not one memory";
}

/* --- processes and names --- */

static const char *verify_process(const struct startup *startup)
{
    struct process_list_reply found = {};
    const struct process_list_request request = {.cursor = startup->process_id};
    if (process_list((struct process_cap){SLOT_PEER_PROCD}, &request, &found) != STATUS_OK ||
        found.process != startup->process_id || found.role != ROLE_VERIFY_CORE) {
        return "procd does not know this process";
    }
    return strncmp(found.name, "verify-core", sizeof found.name) == 0 ? nullptr
                                                                      : "procd has another name";
}

static const char *verify_name(void)
{
    struct name_lookup_reply found = {};
    const struct name_lookup_request request = {.name = "timed", .name_bytes = 5};
    const struct name_lookup_request nobody = {.name = "nobody", .name_bytes = 6};
    const struct name_cap named = {SLOT_PEER_NAMED};
    if (name_lookup(named, &request, &found) != STATUS_OK || found.role != ROLE_TIMED) {
        return "named does not know timed";
    }
    return name_lookup(named, &nobody, &found) == STATUS_NOT_FOUND ? nullptr : "named knows nobody";
}

/* --- time --- */

static const char *verify_time(void)
{
    const struct time_cap timed = {SLOT_PEER_TIMED};
    struct time_now_monotonic_reply before = {};
    struct time_now_monotonic_reply after = {};
    if (time_now_monotonic(timed, &before) != STATUS_OK) {
        return "timed tells no time";
    }
    const uint64_t deadline_ns = before.nanoseconds + nap_ns;
    if (time_wait_until(timed, &(struct time_wait_until_request){.deadline_ns = deadline_ns}) !=
            STATUS_OK ||
        time_now_monotonic(timed, &after) != STATUS_OK) {
        return "timed does not wait";
    }
    return after.nanoseconds >= deadline_ns ? nullptr : "timed waited too short a time";
}

/* --- log and crash reports --- */

static bool is_record(const struct log_read_reply *record, const struct verifier *verifier)
{
    return record->process == verifier->startup->process_id &&
           record->line_bytes == root_nonce_bytes && record->level == log_level_debug &&
           memcmp(record->line, verifier->nonce, root_nonce_bytes) == 0;
}

static const char *verify_log(const struct verifier *verifier)
{
    const struct log_cap logd = {SLOT_PEER_LOGD};
    struct log_append_request request = {.level = log_level_debug, .line_bytes = root_nonce_bytes};
    memcpy(request.line, verifier->nonce, root_nonce_bytes);
    if (log_append(logd, &request) != STATUS_OK) {
        return "logd takes no record";
    }
    struct log_read_reply record = {};
    for (uint32_t count = 0; count < records_max; count++) {
        const struct log_read_request next = {.cursor = record.next_cursor};
        if (log_read(logd, &next, &record) != STATUS_OK) {
            return "logd has lost the record";
        }
        if (is_record(&record, verifier)) {
            return nullptr;
        }
    }
    return "the log has no end";
}

static const char *verify_crash(void)
{
    struct crash_read_reply report = {};
    const struct crash_read_request first = {};
    return crash_read((struct crash_cap){SLOT_PEER_CRASHD}, &first, &report) == STATUS_END
               ? nullptr
               : "crashd has a report of a system that is sound";
}

/* What rootd has no class for. Returns only if rootd lives on. */
static const char *give_unknown_verdict(const struct verifier *verifier)
{
    constexpr int32_t unknown_code = 0x7fff;
    const struct root_verdict_request verdict = {.status_code = unknown_code};
    (void)root_verdict(verifier->rootd, &verdict);
    return "rootd goes on after a verdict that it does not know";
}

static const char *verify(const struct verifier *verifier)
{
    if (verifier->parameter != 0) {
        return give_unknown_verdict(verifier);
    }
    const char *reason = verify_memory(verifier);
    reason = reason == nullptr ? verify_process(verifier->startup) : reason;
    reason = reason == nullptr ? verify_name() : reason;
    reason = reason == nullptr ? verify_time() : reason;
    reason = reason == nullptr ? verify_log(verifier) : reason;
    return reason == nullptr ? verify_crash() : reason;
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
