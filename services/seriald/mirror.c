/* SPDX-License-Identifier: ISC */
/* The log on the terminal: markers always; warnings and errors until a person uses the terminal. */
#include <protocol/log.h>
#include <slots/seriald.h>
#include <userlib/log.h>

#include "seriald.h"

static bool is_shown(const struct seriald *seriald, const struct log_read_reply *record)
{
    if (record->is_marker != 0) {
        return true;
    }
    return !seriald->in_use && log_profile() != BOOT_PROFILE_RELEASE &&
           record->level <= log_level_warning;
}

void seriald_mirror_log(struct seriald *seriald)
{
    const struct log_cap logd = {SLOT_PEER_LOGD};
    constexpr uint32_t records_max = 4096; /* more come with the next signal */
    for (uint32_t i = 0; i < records_max; i++) {
        const struct log_read_request request = {.cursor = seriald->log_cursor};
        struct log_read_reply record;
        if (log_read(logd, &request, &record) != STATUS_OK) {
            return;
        }
        seriald->log_cursor = record.next_cursor;
        if (is_shown(seriald, &record)) {
            tty_output(&seriald->tty, (const uint8_t *)record.line, record.line_bytes);
            tty_output(&seriald->tty, (const uint8_t *)"\n", 1);
        }
    }
}
