/* SPDX-License-Identifier: ISC */
/* deviced: devices, their drivers, and device memory. */
#include <slots/deviced.h>
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include "deviced.h"

static struct deviced deviced;

static enum status start(const char **what_out)
{
    const struct startup_slot *config = program_startup_slot("boot-config");
    const struct startup_slot *memory = program_startup_slot("device-memory");
    *what_out = "BootConfig";
    enum status status = bootconfig_open((const void *)bootconfig_address, config->parameter,
        &deviced.config); // NOLINT(performance-no-int-to-ptr)
    if (status != STATUS_OK) {
        return status;
    }
    *what_out = "device memory";
    for (uint32_t i = 0; i < memory->parameter && status == STATUS_OK; i++) {
        status = device_memory_add(&deviced.memory, (struct untyped_cap){memory->slot + i});
    }
    return status;
}

int program_main(const struct startup *startup)
{
    (void)startup;
    const char *what;
    enum status status = start(&what);
    if (status != STATUS_OK) {
        program_failed(status, what);
        return 1;
    }
    const struct device_server server = deviced_server(&deviced);
    program_ready();
    service_run(&(struct service){
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{.protocol = &device_protocol, .server = &server}},
    });
}
