/* SPDX-License-Identifier: ISC */
/* Verifier: wrong messages to devices, their drivers and the terminal. */
#include <slots/verify-messages-device.h>
#include <userlib/start.h>

#include "samples.h"

int program_main(const struct startup *startup)
{
    const struct target targets[] = {target_irqd, target_deviced, target_probed, target_acpi,
        target_serial, target_terminal, target_disk};
    const struct attack_means means = {.test = {SLOT_TEST}};
    return verify_messages(startup, means, targets, sizeof targets / sizeof targets[0]);
}
