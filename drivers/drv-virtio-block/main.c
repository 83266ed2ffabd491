/* SPDX-License-Identifier: ISC */
/* drv-virtio-block: the driver of one virtio disk. */
#include <slots/drv-virtio-block.h>
#include <userlib/log.h>
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include "handlers.h"

static struct device device;
static struct requests requests;

static void on_notification(void *self, uint64_t bits)
{
    (void)bits;
    requests_collect(self);
}

int program_main(const struct startup *startup)
{
    (void)startup;
    const char *step;
    enum status status = device_start(&device, &step);
    if (status != STATUS_OK) {
        program_failed(status, step);
        return 1;
    }
    requests_init(&requests, &device);
    log_write(LOG_INFO, "%lu blocks of %u bytes%s, queue of %u", device.geometry.block_count,
        device.geometry.block_bytes, device.read_only ? ", read-only" : "", device.queue.size);
    const struct disk_server server = disk_handlers(&requests);
    static_assert(waiters_max == deferred_slot_count);
    program_ready();
    service_run(&(struct service){
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{.protocol = &disk_protocol, .server = &server}},
        .on_notification = on_notification,
        .self = &requests,
        .deferred_first = SLOT_DEFERRED_FIRST,
        .deferred_count = deferred_slot_count,
    });
}
