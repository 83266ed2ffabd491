/* SPDX-License-Identifier: ISC */
/* drv-serial: the driver of COM1. */
#include <protocol/device.h>
#include <slots/drv-serial.h>
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>
#include <userlib/syscall.h>

#include "serial.h"

static struct serial serial;

static void on_notification(void *self, uint64_t bits)
{
    (void)bits;
    serial_on_interrupt(self);
}

/* Claim ports and line, start the chip, let its interrupt come. */
static enum status start(const char **what_out)
{
    const struct device_cap deviced = {SLOT_PEER_DEVICED};
    struct device_claim_ports_reply range;
    struct any_cap ports;
    *what_out = "claim ports";
    enum status status =
        device_claim_ports(deviced, &(struct device_claim_ports_request){}, &range, &ports);
    if (status != STATUS_OK) {
        return status;
    }
    *what_out = "claim interrupt";
    struct any_cap line;
    status = device_claim_line(deviced, &(struct device_claim_line_request){}, &line);
    if (status != STATUS_OK) {
        return status;
    }
    *what_out = "no UART answers";
    status = uart_init(&serial.uart, (struct port_range_cap){ports.slot}, (uint16_t)range.first);
    if (status != STATUS_OK) {
        return status;
    }
    *what_out = "bind interrupt";
    serial.interrupt = (struct irq_cap){line.slot};
    return irq_bind(serial.interrupt, (struct notification_cap){SLOT_NOTIFICATION});
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
    const struct serial_server server = serial_server(&serial);
    const struct service service = {
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{.protocol = &serial_protocol, .server = &server}},
        .on_notification = on_notification,
        .self = &serial,
        .deferred_first = SLOT_DEFERRED_FIRST,
        .deferred_count = deferred_slot_count,
    };
    program_ready();
    service_run(&service);
}
