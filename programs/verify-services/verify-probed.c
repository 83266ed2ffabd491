/* SPDX-License-Identifier: ISC */
/*
 * Verifier: the scan found functions on at least one bus, and what it reported is what deviced has.
 */
#include <protocol/device.h>
#include <protocol/probe.h>
#include <slots/verify-probed.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

constexpr uint32_t devices_max = 256;

static const struct device_cap deviced = {SLOT_PEER_DEVICED};

/* Devices that deviced knows, or UINT32_MAX. */
static uint32_t count_devices(void)
{
    struct device_list_reply device = {};
    for (uint32_t count = 0; count < devices_max; count++) {
        const struct device_list_request next = {.cursor = device.next_cursor};
        const enum status status = device_list(deviced, &next, &device);
        if (status != STATUS_OK) {
            return status == STATUS_END ? count : UINT32_MAX;
        }
    }
    return UINT32_MAX;
}

static const char *verify(const struct verifier *verifier)
{
    (void)verifier;
    struct probe_last_scan_reply scan = {};
    if (probe_last_scan((struct probe_cap){SLOT_PEER_PROBED}, &scan) != STATUS_OK) {
        return "there was no scan";
    }
    if (scan.buses == 0 || scan.functions == 0 || scan.reported == 0) {
        return "the scan found nothing";
    }
    return scan.reported <= count_devices() && count_devices() != UINT32_MAX
               ? nullptr
               : "deviced does not know what was reported";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
