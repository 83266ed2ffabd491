/* SPDX-License-Identifier: ISC */
/* blockd: the partitions of the disk. */
#include <slots/blockd.h>
#include <userlib/log.h>
#include <userlib/marker.h>
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include <stdio.h>

#include "blockd.h"
#include "table.h"

constexpr size_t report_reason_bytes = 161; /* what a report carries, and a zero */

static struct blockd blockd;

/* Nothing of a refused disk is published. */
static int refuse_table(enum status status, const struct gpt_refusal *refusal)
{
    char reason[report_reason_bytes];
    if (refusal->reason == GPT_NONE) {
        program_failed(status, "the partition table cannot be read");
        return 1;
    }
    (void)snprintf(reason, sizeof reason, "GPT refused: %s, %s: %s", gpt_copy_name(refusal->copy),
        gpt_reason_name(refusal->reason), gpt_reason_text(refusal->reason));
    marker(MARKER_BLOCKD_REFUSED_GPT);
    program_failed(status, reason);
    return 1;
}

int program_main(const struct startup *startup)
{
    (void)startup;
    enum status status = disk_describe((struct disk_cap){SLOT_PEER_DRV_VIRTIO_BLOCK}, &blockd.disk);
    if (status != STATUS_OK) {
        marker(MARKER_BLOCKD_REFUSED_NO_DISK);
        program_failed(status, "no disk answers");
        return 1;
    }
    struct gpt_refusal refusal;
    status = table_read(&blockd.disk, &blockd.table, &refusal);
    if (status != STATUS_OK) {
        return refuse_table(status, &refusal);
    }
    log_write(LOG_INFO, "%u partitions", blockd.table.partition_count);
    const struct block_server server = blockd_handlers(&blockd);
    marker(MARKER_BLOCKD_READY_GPT);
    program_ready();
    service_run(&(struct service){
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{.protocol = &block_protocol, .server = &server}},
    });
}
