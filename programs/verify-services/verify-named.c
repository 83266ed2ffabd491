/* SPDX-License-Identifier: ISC */
/*
 * Verifier: every public name leads to its program, the others to nobody, and the table is closed.
 */
#include <protocol/name.h>
#include <slots/roles.h>
#include <slots/verify-named.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

static const struct name_cap named = {SLOT_PEER_NAMED};

/* Their names are those of <slots/roles.h>; all serve something. */
static const uint32_t services[] = {ROLE_MEMD, ROLE_VSPACED, ROLE_PAGERD, ROLE_PROCD, ROLE_NAMED,
    ROLE_TIMED, ROLE_LOGD, ROLE_CRASHD, ROLE_IRQD, ROLE_DEVICED, ROLE_SERIALD};

static enum status look_up(const char *name, uint32_t *role_out)
{
    struct name_lookup_request request = {.name_bytes = (uint32_t)strlen(name)};
    struct name_lookup_reply reply = {};
    memcpy(request.name, name, request.name_bytes);
    const enum status status = name_lookup(named, &request, &reply);
    *role_out = reply.role;
    return status;
}

static const char *verify(const struct verifier *verifier)
{
    uint32_t role = 0;
    for (uint32_t index = 0; index < sizeof services / sizeof services[0]; index++) {
        if (look_up(role_name(services[index]), &role) != STATUS_OK || role != services[index]) {
            return "a service is not found by its name";
        }
    }
    if (look_up(verifier->nonce, &role) != STATUS_NOT_FOUND ||
        look_up("", &role) != STATUS_NOT_FOUND || look_up("time", &role) != STATUS_NOT_FOUND) {
        return "a name that nobody has is found";
    }
    const struct name_seed_request seed = {.role = ROLE_TIMED, .name_bytes = 1, .name = "x"};
    return name_seed(named, &seed) == STATUS_DENIED && name_seal(named) == STATUS_DENIED
               ? nullptr
               : "names can be added by anybody";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
