/* SPDX-License-Identifier: ISC */
/* Verifier: wrong messages to partitions, file systems and the loader. */
#include <slots/verify-messages-file.h>
#include <userlib/start.h>

#include "samples.h"

int program_main(const struct startup *startup)
{
    /* Without its nodes the first sample of a provider fails, and says so. */
    (void)providers_prepare();
    const struct target targets[] = {target_blockd, target_ramfsd, target_e2fsd, vfsd_target(),
        target_vfsd_event, target_loaderd};
    const struct attack_means means = {.test = {SLOT_TEST}};
    return verify_messages(startup, means, targets, sizeof targets / sizeof targets[0]);
}
