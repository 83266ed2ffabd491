/* SPDX-License-Identifier: ISC */
/* State of deviced: devices, drivers, and the parts that serve them. */
#pragma once

#include <lib/bootconfig/bootconfig.h>
#include <protocol/device.h>
#include <userlib/service.h>

#include "config_space.h"
#include "device_memory.h"
#include "message.h"

constexpr uint32_t devices_max = 64;
constexpr uint32_t drivers_max = 32;
constexpr uint32_t device_bars = 6;
constexpr uint32_t nobody = UINT32_MAX;

struct device {
    struct device_report_device_request facts;
    uint32_t driver;                  /* index in drivers, or nobody */
    volatile uint32_t *message_table; /* mapped MSI-X table; nullptr until it is used */
};

struct driver {
    uint32_t role;
    uint32_t process;
    struct endpoint_cap handle; /* owned: can start and kill the process */
    uint32_t row; /* index in BootConfig of the device row that matched; before that of its first */
    uint32_t device; /* index in devices, or nobody: no evidence yet */
};

struct deviced {
    struct bootconfig config;
    struct device_memory memory;
    struct config_space config_space;
    bool sealed;
    uint32_t device_count;
    struct device devices[devices_max];
    uint32_t driver_count;
    struct driver drivers[drivers_max];
};

/* The handlers of protocol device over `deviced` (handlers.c; claims in claims.c). */
struct device_server deviced_server(struct deviced *deviced);

enum status deviced_claim_ports(void *self, struct ipc_caller caller,
    const struct device_claim_ports_request *request, struct device_claim_ports_reply *reply_out,
    struct any_cap *ports_out);
enum status deviced_claim_line(void *self, struct ipc_caller caller,
    const struct device_claim_line_request *request, struct any_cap *source_out);
enum status deviced_claim_message(void *self, struct ipc_caller caller,
    const struct device_claim_message_request *request, struct any_cap *source_out);
enum status deviced_claim_bar(void *self, struct ipc_caller caller,
    const struct device_claim_bar_request *request, struct device_claim_bar_reply *reply_out,
    struct frame_cap *memory_out);
enum status deviced_config_read(void *self, struct ipc_caller caller,
    const struct device_config_read_request *request, struct device_config_read_reply *reply_out);
enum status deviced_describe(
    void *self, struct ipc_caller caller, struct device_describe_reply *reply_out);

/* Set MSI-X entry `index` of a device to that message, and switch MSI-X on (messages.c). */
enum status deviced_set_message(
    struct deviced *deviced, struct device *device, uint32_t index, const struct message *message);
