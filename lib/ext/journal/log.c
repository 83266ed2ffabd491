/* SPDX-License-Identifier: ISC */
/*
 * Reading the log through a window of several blocks, so that a pass over it asks the device for
 * more than one block at a time.
 */
#include "journal.h"

bool journal_log_holds(const struct journal_log *log, uint32_t block)
{
    return block >= log->loaded_block && block - log->loaded_block < log->loaded_count;
}

static enum status load(struct journal_log *log, uint32_t block)
{
    const struct ext_journal *journal = log->journal;
    uint32_t end_block = block < journal->end_block ? journal->end_block : journal->block_count;
    uint32_t count = end_block - block;
    if (count > log->window_blocks) {
        count = log->window_blocks;
    }
    struct block_transfer transfer = ext_journal_place(journal, block, count, log->window);
    log->loaded_count = 0;
    enum status status = block_read(journal->device, &transfer, 1);
    if (status == STATUS_OK) {
        log->loaded_block = block;
        log->loaded_count =
            transfer.block_count / (journal->block_bytes / journal->device->block_bytes);
    }
    return status;
}

enum status journal_log_read(
    struct journal_log *log, uint32_t block, struct block_buffer *buffer_out)
{
    if (!journal_log_holds(log, block)) {
        enum status status = load(log, block);
        if (status != STATUS_OK) {
            return status;
        }
    }
    uint64_t skipped_bytes = (uint64_t)(block - log->loaded_block) * log->journal->block_bytes;
    *buffer_out = block_buffer_skip(log->window, skipped_bytes);
    return STATUS_OK;
}
