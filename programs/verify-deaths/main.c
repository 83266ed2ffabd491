/* SPDX-License-Identifier: ISC */
/* Verifier: a program that dies, wherever and however, gives everything back. */
#include <slots/verify-deaths.h>
#include <userlib/marker.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include "deaths.h"

static const char *verify(const struct verifier *verifier)
{
    struct deaths deaths = {};
    const char *lost = verifier->parameter == 0 ? nullptr : deaths_orphans();
    if (lost != nullptr) {
        return lost;
    }
    const char *reason = deaths_all(&deaths);
    marker_details(MARKER_VERIFIER_DEATHS, "exits=%u faults=%u kills=%u", deaths.exits,
        deaths.faults, deaths.kills);
    return reason;
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
