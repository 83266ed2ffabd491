/* SPDX-License-Identifier: ISC */
/*
 * Verifier: bytes that are written are sent and counted, also by the time a drain is answered;
 * there is nothing to read where nobody types.
 */
#include <protocol/serial.h>
#include <slots/verify-drv-serial.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

static const struct serial_cap serial = {SLOT_PEER_DRV_SERIAL};

static uint64_t sent_bytes(void)
{
    struct serial_statistics_reply reply = {};
    return serial_statistics(serial, &reply) == STATUS_OK && reply.interrupts > 0 ? reply.sent : 0;
}

static const char *verify(const struct verifier *verifier)
{
    struct serial_write_request request = {.data_bytes = root_nonce_bytes + 2};
    request.data[0] = '\n';
    memcpy(request.data + 1, verifier->nonce, root_nonce_bytes);
    request.data[root_nonce_bytes + 1] = '\n';
    if (serial_drain(serial) != STATUS_OK) {
        return "the line is never empty";
    }
    const uint64_t before = sent_bytes();
    if (serial_write(serial, &request) != STATUS_OK || serial_drain(serial) != STATUS_OK) {
        return "nothing can be written";
    }
    if (before == 0 || sent_bytes() < before + request.data_bytes) {
        return "what was written was not sent";
    }
    struct serial_read_reply reply = {};
    return serial_read(serial, &reply) == STATUS_WOULD_BLOCK ? nullptr : "somebody types";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
