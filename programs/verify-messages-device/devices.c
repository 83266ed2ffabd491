/* SPDX-License-Identifier: ISC */
/* irqd, deviced, probed, drv-acpi. The verifier is no driver: it may claim nothing. */
#include <protocol/acpi.h>
#include <protocol/device.h>
#include <protocol/interrupt.h>
#include <protocol/probe.h>
#include <slots/verify-messages-device.h>

#include <string.h>

#include "samples.h"

static const struct acpi_cap acpi = {SLOT_PEER_DRV_ACPI};
static const struct device_cap deviced = {SLOT_PEER_DEVICED};

/* --- irqd --- */

static enum status observe_interrupts(struct digest *digest_out)
{
    struct interrupt_statistics_reply statistics;
    const enum status status =
        interrupt_statistics((struct interrupt_cap){SLOT_PEER_IRQD}, &statistics);
    if (status == STATUS_OK) {
        digest_out->words[0] = statistics.lines;
        digest_out->words[1] = statistics.messages;
    }
    return status;
}

static enum status fill_line(struct message *message)
{
    constexpr uint32_t free_line = 20;
    struct interrupt_claim_line_request *request = request_of(message);
    request->interrupt = free_line;
    return STATUS_OK;
}

static const struct sample interrupt_samples[] = {
    {.number = INTERRUPT_CLAIM_LINE, .lasting = true, .prepare = fill_line},
    {.number = INTERRUPT_CLAIM_MESSAGE, .lasting = true},
    {.number = INTERRUPT_STATISTICS},
};

const struct target target_irqd = {
    .name = "irqd",
    .table = &interrupt_table,
    .samples = {{interrupt_samples, sizeof interrupt_samples / sizeof interrupt_samples[0]}},
    .observe = observe_interrupts,
};

/* --- deviced --- */

/* All devices that it knows, and who drives them. */
static enum status observe_devices(struct digest *digest_out)
{
    struct device_list_request request = {};
    struct device_list_reply device;
    enum status status = device_list(deviced, &request, &device);
    while (status == STATUS_OK) {
        uint64_t *words = digest_out->words;
        words[0]++;
        words[1] = words[1] * 31 + device.place;
        words[2] = words[2] * 31 + device.driver;
        request.cursor = device.next_cursor;
        status = device_list(deviced, &request, &device);
    }
    return status == STATUS_END ? STATUS_OK : status;
}

/* A PCI device that is known already, with facts that are sound. */
static enum status fill_report(struct message *message)
{
    struct device_report_device_request *request = request_of(message);
    struct acpi_segment_reply segment;
    enum status status = acpi_segment(acpi, &(struct acpi_segment_request){}, &segment);
    struct device_list_request next = {};
    struct device_list_reply device = {};
    while (status == STATUS_OK && device.bus != device_bus_pci) {
        status = device_list(deviced, &next, &device);
        next.cursor = device.next_cursor;
    }
    request->bus = device_bus_pci;
    request->place = device.place;
    request->config_address = segment.address;
    request->message_count = 1;
    request->bars[0] = (struct device_bar){.address = UINT64_C(1) << 32, .size_bytes = 4096};
    return status;
}

static enum status fill_window(struct message *message)
{
    struct device_config_window_request *request = request_of(message);
    struct acpi_segment_reply segment;
    const enum status status = acpi_segment(acpi, &(struct acpi_segment_request){}, &segment);
    request->address = segment.address;
    return status;
}

static const struct sample device_samples[] = {
    {.number = DEVICE_SEED_DRIVER, .expected = STATUS_DENIED, .screened = true}, /* sealed */
    {.number = DEVICE_SEAL, .expected = STATUS_DENIED},
    {.number = DEVICE_WITHOUT_DEVICE, .expected = STATUS_END},
    {.number = DEVICE_REPORT_DEVICE,
        .expected = STATUS_EXISTS,
        .prepare = fill_report,
        .beyond = {{offsetof(struct device_report_device_request, message_offset), 4, 4096,
                       STATUS_INVALID_ARGUMENT},
            {offsetof(struct device_report_device_request, message_count), 4, 257,
                STATUS_INVALID_ARGUMENT},
            {offsetof(struct device_report_device_request, message_capability), 4, 2,
                STATUS_INVALID_ARGUMENT}}},
    {.number = DEVICE_CONFIG_WINDOW, .prepare = fill_window},
    {.number = DEVICE_CLAIM_PORTS, .expected = STATUS_DENIED, .screened = true},
    {.number = DEVICE_CLAIM_LINE, .expected = STATUS_DENIED, .screened = true},
    {.number = DEVICE_CLAIM_MESSAGE, .expected = STATUS_DENIED, .screened = true},
    {.number = DEVICE_CLAIM_BAR, .expected = STATUS_DENIED, .screened = true},
    {.number = DEVICE_CONFIG_READ, .expected = STATUS_DENIED, .screened = true},
    {.number = DEVICE_DESCRIBE, .expected = STATUS_DENIED},
    {.number = DEVICE_LIST},
};

const struct target target_deviced = {
    .name = "deviced",
    .table = &device_table,
    .samples = {{device_samples, sizeof device_samples / sizeof device_samples[0]}},
    .observe = observe_devices,
};

/* --- probed --- */

static enum status observe_scan(struct digest *digest_out)
{
    struct probe_last_scan_reply scan;
    const enum status status = probe_last_scan((struct probe_cap){SLOT_PEER_PROBED}, &scan);
    if (status == STATUS_OK) {
        memcpy(digest_out->words, &scan, sizeof scan);
    }
    return status;
}

static const struct sample probe_samples[] = {{.number = PROBE_LAST_SCAN}};

const struct target target_probed = {
    .name = "probed",
    .table = &probe_table,
    .samples = {{probe_samples, sizeof probe_samples / sizeof probe_samples[0]}},
    .observe = observe_scan,
};

/* --- drv-acpi --- */

static enum status observe_acpi(struct digest *digest_out)
{
    struct acpi_segment_reply segment;
    const enum status status = acpi_segment(acpi, &(struct acpi_segment_request){}, &segment);
    if (status == STATUS_OK) {
        memcpy(digest_out->words, &segment, sizeof segment);
    }
    return status;
}

static const struct sample acpi_samples[] = {
    {.number = ACPI_SEGMENT},
    {.number = ACPI_ISA_INTERRUPT},
    {.number = ACPI_POWER_OFF, .unsent = "it would end the machine"},
    {.number = ACPI_RESTART, .unsent = "it would end the machine"},
};

const struct target target_acpi = {
    .name = "drv-acpi",
    .table = &acpi_table,
    .samples = {{acpi_samples, sizeof acpi_samples / sizeof acpi_samples[0]}},
    .observe = observe_acpi,
};
