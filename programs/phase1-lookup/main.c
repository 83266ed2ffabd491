/* SPDX-License-Identifier: ISC */
/*
 * Verifier: names that rootd seeded are found, all others are not, and nobody can add one, not even
 * with the right to.
 */
#include <protocol/name.h>
#include <slots/phase1-lookup.h>
#include <slots/roles.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

static const struct name_cap named = {SLOT_PEER_NAMED};

static enum status lookup(const char *name, uint32_t *role_out)
{
    struct name_lookup_request request = {.name_bytes = (uint32_t)strlen(name)};
    struct name_lookup_reply reply = {};
    memcpy(request.name, name, request.name_bytes);
    const enum status status = name_lookup(named, &request, &reply);
    *role_out = reply.role;
    return status;
}

static enum status seed(const char *name)
{
    struct name_seed_request request = {
        .role = ROLE_PHASE1_LOOKUP, .name_bytes = (uint32_t)strlen(name)};
    memcpy(request.name, name, request.name_bytes);
    return name_seed(named, &request);
}

static const char *verify_seeded(void)
{
    static const struct {
        const char *name;
        uint32_t role;
    } seeded[] = {
        {"memd", ROLE_MEMD},
        {"vspaced", ROLE_VSPACED},
        {"pagerd", ROLE_PAGERD},
        {"procd", ROLE_PROCD},
        {"named", ROLE_NAMED},
        {"timed", ROLE_TIMED},
        {"logd", ROLE_LOGD},
        {"crashd", ROLE_CRASHD},
        {"seriald", ROLE_SERIALD},
        {"drv-serial", ROLE_DRV_SERIAL},
    };
    for (uint32_t i = 0; i < sizeof seeded / sizeof seeded[0]; i++) {
        uint32_t role = 0;
        if (lookup(seeded[i].name, &role) != STATUS_OK || role != seeded[i].role) {
            return seeded[i].name;
        }
    }
    return nullptr;
}

static const char *verify(const struct verifier *verifier)
{
    static const char *const strangers[] = {"blockd", "phase1-lookup", "time", "timedx", "TIMED"};
    uint32_t role = 0;
    const char *reason = verify_seeded();
    if (reason != nullptr) {
        return reason;
    }
    for (uint32_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        if (lookup(strangers[i], &role) != STATUS_NOT_FOUND) {
            return "a name is found that nobody seeded";
        }
    }
    if (seed(verifier->nonce) != STATUS_DENIED || name_seal(named) != STATUS_DENIED) {
        return "a sealed table takes names";
    }
    return lookup(verifier->nonce, &role) == STATUS_NOT_FOUND ? nullptr
                                                              : "a name is found that was refused";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
