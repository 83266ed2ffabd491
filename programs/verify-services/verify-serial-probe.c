/* SPDX-License-Identifier: ISC */
/*
 * Verifier: writes to the line itself, past terminal and log: the nonce backwards, which the host
 * reads. What the host answers must arrive.
 */
#include <protocol/serial.h>
#include <slots/verify-serial-probe.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

static const struct serial_cap serial = {SLOT_PEER_DRV_SERIAL};

static const char *verify(const struct verifier *verifier)
{
    struct serial_write_request request = {.data_bytes = root_nonce_bytes + 2};
    request.data[0] = '\n';
    for (uint32_t index = 0; index < root_nonce_bytes; index++) {
        request.data[1 + index] = (uint8_t)verifier->nonce[root_nonce_bytes - 1 - index];
    }
    request.data[root_nonce_bytes + 1] = '\n';
    if (serial_write(serial, &request) != STATUS_OK) {
        return "nothing can be written";
    }
    return serial_drain(serial) == STATUS_OK ? nullptr : "the line is never empty";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
