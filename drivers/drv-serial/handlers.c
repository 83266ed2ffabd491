/* SPDX-License-Identifier: ISC */
/* Operations of protocol serial. */
#include "serial.h"

#include <slots/drv-serial.h>
#include <userlib/syscall.h>

#include <string.h>

/* Queue what waiting writers still have, in order, and answer those who are done. */
static void advance_writers(struct serial *serial)
{
    while (serial->writer_count > 0) {
        struct writer *first = &serial->writers[0];
        first->done += (uint32_t)uart_write(
            &serial->uart, first->data + first->done, first->count - first->done);
        if (first->done < first->count) {
            return;
        }
        (void)serial_answer_write(&first->caller, STATUS_OK); /* the caller may be gone */
        serial->writer_count--;
        for (uint32_t i = 0; i < serial->writer_count; i++) {
            serial->writers[i] = serial->writers[i + 1];
        }
    }
}

/* Whoever waits for an empty ring is told so. */
static void answer_drainers(struct serial *serial)
{
    if (uart_ring_used(&serial->uart.transmit) > 0) {
        return;
    }
    while (serial->drainer_count > 0) {
        (void)serial_answer_drain(&serial->drainers[--serial->drainer_count], STATUS_OK);
    }
}

void serial_on_interrupt(struct serial *serial)
{
    uart_interrupt(&serial->uart);
    advance_writers(serial);
    answer_drainers(serial);
    if (uart_ring_used(&serial->uart.receive) > 0) {
        (void)notification_signal(
            (struct notification_cap){SLOT_SIGNAL_SERIALD}); /* it may be gone */
    }
    (void)irq_acknowledge(serial->interrupt);
}

static enum status write(
    void *self, struct ipc_caller caller, const struct serial_write_request *request)
{
    (void)caller;
    struct serial *serial = self;
    size_t done = 0;
    if (serial->writer_count == 0) {
        done = uart_write(&serial->uart, request->data, request->data_bytes);
    }
    if (done == request->data_bytes) {
        return STATUS_OK;
    }
    if (serial->writer_count == writers_max) {
        return STATUS_BUSY;
    }
    struct writer *writer = &serial->writers[serial->writer_count];
    enum status status = service_defer(&writer->caller);
    if (service_is_deferred(status)) {
        writer->done = (uint32_t)done;
        writer->count = request->data_bytes;
        memcpy(writer->data, request->data, request->data_bytes);
        serial->writer_count++;
    }
    return status;
}

static enum status read(void *self, struct ipc_caller caller, struct serial_read_reply *reply_out)
{
    (void)caller;
    struct serial *serial = self;
    size_t count = uart_read(&serial->uart, reply_out->data, sizeof reply_out->data);
    reply_out->data_bytes = (uint32_t)count;
    return count == 0 ? STATUS_WOULD_BLOCK : STATUS_OK;
}

static enum status drain(void *self, struct ipc_caller caller)
{
    (void)caller;
    struct serial *serial = self;
    if (uart_ring_used(&serial->uart.transmit) == 0) {
        return STATUS_OK;
    }
    if (serial->drainer_count == drainers_max) {
        return STATUS_BUSY;
    }
    enum status status = service_defer(&serial->drainers[serial->drainer_count]);
    if (service_is_deferred(status)) {
        serial->drainer_count++;
    }
    return status;
}

static enum status statistics(
    void *self, struct ipc_caller caller, struct serial_statistics_reply *reply_out)
{
    (void)caller;
    const struct serial *serial = self;
    reply_out->received = serial->uart.received_count;
    reply_out->sent = serial->uart.sent_count;
    reply_out->interrupts = serial->uart.interrupt_count;
    reply_out->overruns = serial->uart.overrun_count;
    return STATUS_OK;
}

struct serial_server serial_server(struct serial *serial)
{
    return (struct serial_server){
        .self = serial, .write = write, .read = read, .drain = drain, .statistics = statistics};
}
