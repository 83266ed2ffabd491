/* SPDX-License-Identifier: ISC */
/*
 * Verifier: the serial port is listed with its driver, each device once, and the list has an end;
 * orders without the right are refused.
 */
#include <protocol/device.h>
#include <slots/roles.h>
#include <slots/verify-deviced.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

constexpr uint32_t serial_port = 0x3f8;
constexpr uint32_t devices_max = 256;

static const struct device_cap deviced = {SLOT_PEER_DEVICED};

static const char *verify_list(void)
{
    struct device_list_reply device = {};
    uint32_t serial_ports = 0;
    for (uint32_t count = 0; count < devices_max; count++) {
        const struct device_list_request next = {.cursor = device.next_cursor};
        const enum status status = device_list(deviced, &next, &device);
        if (status == STATUS_END) {
            return serial_ports == 1 ? nullptr : "the serial port is not listed once";
        }
        if (status != STATUS_OK || device.next_cursor <= next.cursor) {
            return "the list of devices does not go on";
        }
        serial_ports += device.bus == device_bus_isa && device.place == serial_port &&
                        device.driver == ROLE_DRV_SERIAL;
    }
    return "the list of devices has no end";
}

static const char *verify(const struct verifier *verifier)
{
    (void)verifier;
    const char *reason = verify_list();
    if (reason != nullptr) {
        return reason;
    }
    struct device_claim_ports_reply ports = {};
    struct any_cap given = {};
    if (device_claim_ports(deviced, &(struct device_claim_ports_request){}, &ports, &given) !=
        STATUS_DENIED) {
        return "ports are given to anybody";
    }
    return device_seal(deviced) == STATUS_DENIED ? nullptr : "deviced takes orders from anybody";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
