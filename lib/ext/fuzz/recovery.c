/* SPDX-License-Identifier: ISC */
/* A journal that waits: recovered, and judged afterwards. */
#include "recovery.h"

#include <stdio.h>

#include "life.h"

void recovery_run(struct base *base, const struct input *input, uint32_t damage_count)
{
    enum status status = life_begin(base, input->flags);
    if (status != STATUS_OK) {
        if (damage_count == 0) {
            (void)fprintf(stderr, "%s: %s, %s %s, block %llu\n", status_text(status),
                life_mount.corruption.what, life_mount.refusal.what, life_mount.refusal.reason,
                (unsigned long long)life_mount.corruption.block);
        }
        bool whole = (input->flags & (input_read_only | input_no_device)) == 0;
        require(damage_count > 0 || !whole, "it is not recovered");
        return;
    }
    status = life_walk();
    require(damage_count > 0 || status == STATUS_OK, "what was recovered cannot be read");
    if (life_end() != STATUS_OK) {
        return;
    }
    bool clean = life_check(base, damage_count == 0 && !life_mount.read_only);
    require(damage_count > 0 || life_mount.read_only || clean, "what was recovered is not sound");
    status = life_begin(base, input->flags);
    require(!clean || status == STATUS_OK, "the check finds nothing, and it cannot be mounted");
}
