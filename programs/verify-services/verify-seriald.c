/* SPDX-License-Identifier: ISC */
/*
 * Verifier: what is written to the terminal reaches the line, which the host reads: the nonce
 * backwards. A drain is answered, modes that do not exist are refused.
 */
#include <protocol/terminal.h>
#include <slots/verify-seriald.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include "backwards.h"

static const struct terminal_cap terminal = {SLOT_PEER_SERIALD};

static const char *verify(const struct verifier *verifier)
{
    struct terminal_write_request request = {.data_bytes = backwards_bytes};
    backwards_write(verifier, request.data);
    if (terminal_write(terminal, &request) != STATUS_OK || terminal_drain(terminal) != STATUS_OK) {
        return "nothing can be written";
    }
    if (terminal_set_mode(terminal, &(struct terminal_set_mode_request){.mode = 77}) !=
        STATUS_INVALID_ARGUMENT) {
        return "a mode that does not exist was set";
    }
    struct terminal_read_reply line = {};
    const struct terminal_read_request read = {.max_bytes = 1};
    return terminal_read(terminal, &read, &line) == STATUS_DENIED ? nullptr
                                                                  : "anybody may read the keys";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
