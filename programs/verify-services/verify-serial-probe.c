/* SPDX-License-Identifier: ISC */
/*
 * Verifier: writes to the line itself, past terminal and log: the nonce backwards, which the host
 * reads.
 */
#include <protocol/serial.h>
#include <slots/verify-serial-probe.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include "backwards.h"

static const struct serial_cap serial = {SLOT_PEER_DRV_SERIAL};

static const char *verify(const struct verifier *verifier)
{
    struct serial_write_request request = {.data_bytes = backwards_bytes};
    backwards_write(verifier, request.data);
    if (serial_write(serial, &request) != STATUS_OK) {
        return "nothing can be written";
    }
    return serial_drain(serial) == STATUS_OK ? nullptr : "the line is never empty";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
