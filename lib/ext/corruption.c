/* SPDX-License-Identifier: ISC */
/*
 * What is done when the medium contradicts its format. During a mount nothing is: it is refused.
 * Later the volume is marked at once, because its owner must have it repaired, and nothing else is
 * written: what relies on a lie makes it worse.
 */
#include "journal/journal.h"
#include "transaction.h"

/* Nothing can be done if the device fails, too: the caller learns that the volume is corrupt. */
static void mark(struct ext_mount *mount)
{
    if (mount->journal.device != nullptr) {
        (void)ext_journal_mark_corrupt(&mount->journal);
    }
    (void)ext_mark_corrupt(mount);
}

enum status ext_contents_corrupt(struct ext_mount *mount, const char *what, uint64_t block)
{
    mount->corruption = (struct ext_corruption){.what = what, .block = block};
    return STATUS_CORRUPT;
}

enum status ext_corrupt(struct ext_mount *mount, const char *what, uint64_t block)
{
    enum status status = ext_contents_corrupt(mount, what, block);
    if (mount->mounted && mount->writable && mount->transaction.failure == STATUS_OK) {
        ext_stop(mount, status);
        mark(mount);
    }
    return status;
}
