/* SPDX-License-Identifier: ISC */
/* Orderly end: what was written is on the medium before the power goes. */
#include "orderly_end.h"

#include <lib/base/base.h>
#include <protocol/acpi.h>
#include <protocol/root.h>
#include <protocol/vfs.h>
#include <userlib/log.h>

#include <slots/roles.h>

#include "grants.h"

/* A system without files has nothing to flush. */
static enum status flush_files(void)
{
    struct endpoint_cap vfsd = {};
    const enum status status = grants_mint_for_self(ROLE_VFSD, VFS_RIGHT_ADMIN, &vfsd);
    return status == STATUS_OK ? vfs_shut_down((struct vfs_cap){vfsd.slot}) : STATUS_OK;
}

enum status orderly_end(uint32_t mode)
{
    if (mode != root_mode_power_off && mode != root_mode_restart) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct endpoint_cap acpi = {};
    enum status status = grants_mint_for_self(ROLE_DRV_ACPI, ACPI_RIGHT_POWER, &acpi);
    if (status != STATUS_OK) {
        return STATUS_UNSUPPORTED;
    }
    status = flush_files();
    if (status != STATUS_OK) {
        log_write(LOG_ERROR, "shutdown: files: %s", status_text(status));
        return status;
    }
    const struct acpi_cap power = {acpi.slot};
    status = mode == root_mode_power_off ? acpi_power_off(power) : acpi_restart(power);
    log_write(LOG_ERROR, "shutdown: power: %s", status_text(status));
    return status;
}
