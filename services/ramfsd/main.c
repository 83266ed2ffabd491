/* SPDX-License-Identifier: ISC */
/* ramfsd: a file system in memory. */
#include <protocol/time.h>
#include <slots/ramfsd.h>
#include <userlib/log.h>
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include <lib/base/base.h>

#include "ramfsd.h"

static struct ramfsd ramfsd;

static uint64_t wall_offset_ns(void)
{
    struct time_now_wall_reply wall;
    uint64_t now_ns = 0;
    enum status status = time_now_wall((struct time_cap){SLOT_PEER_TIMED}, &wall);
    if (status == STATUS_OK) {
        status = clock_read((struct clock_cap){SLOT_CLOCK}, &now_ns);
    }
    if (status != STATUS_OK) {
        log_write(LOG_WARNING, "wall time: %s: file times start at 1970", status_text(status));
        return 0;
    }
    return wall.nanoseconds - now_ns;
}

/* Nodes first, pages behind them; nothing of it is touched before it is used. */
static struct ramfs_memory divide_heap(uint64_t heap_bytes)
{
    constexpr uint64_t heap_bytes_for_node = 4 * ramfs_page_bytes;
    const uint64_t node_count = heap_bytes / heap_bytes_for_node;
    const uint64_t page_bytes = ramfs_page_bytes;
    const uint64_t node_bytes =
        (node_count * sizeof(struct ramfs_node) + page_bytes - 1) / page_bytes * page_bytes;
    return (struct ramfs_memory){
        .nodes = (struct ramfs_node *)heap_base,
        .node_count = (uint32_t)node_count,
        .pages = (uint8_t *)(heap_base + node_bytes),
        .page_count = (uint32_t)((heap_bytes - node_bytes) / page_bytes),
    };
}

int program_main(const struct startup *startup)
{
    constexpr uint16_t root_permissions = 0777;
    ramfsd.wall_offset_ns = wall_offset_ns();
    enum status status = ramfs_init(&ramfsd.files, divide_heap(startup->heap_bytes),
        root_permissions, (int64_t)ramfsd.wall_offset_ns);
    if (status != STATUS_OK) {
        program_failed(status, "the heap cannot hold a file system");
        return 1;
    }
    const struct filesystem_server server = ramfsd_server(&ramfsd);
    const struct service service = {
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{.protocol = &filesystem_protocol, .server = &server}},
    };
    program_ready();
    service_run(&service);
}
