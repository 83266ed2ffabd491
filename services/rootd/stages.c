/* SPDX-License-Identifier: ISC */
/* A stage is due when its program is ready, or not in this image, and all stages before it were
 * due. */
#include "stages.h"

#include <slots/roles.h>

#include "rootd.h"

struct stage {
    uint32_t role;
    enum marker marker;
};

static const struct stage stages[] = {
    {ROLE_MEMD, MARKER_KERNEL_ROOTD_STAGE_MEMD_READY},
    {ROLE_VSPACED, MARKER_KERNEL_ROOTD_STAGE_VSPACED_READY},
    {ROLE_PAGERD, MARKER_KERNEL_ROOTD_STAGE_PAGERD_READY},
    {ROLE_PROCD, MARKER_KERNEL_ROOTD_STAGE_PROCD_READY},
    {ROLE_PROCD, MARKER_KERNEL_ROOTD_STAGE_SERVICES_READY},
    {ROLE_NAMED, MARKER_ROOTD_READY_NAMED},
    {ROLE_TIMED, MARKER_ROOTD_READY_TIMED},
    {ROLE_LOGD, MARKER_ROOTD_READY_LOGD},
    {ROLE_CRASHD, MARKER_ROOTD_READY_CRASHD},
    {ROLE_IRQD, MARKER_ROOTD_READY_IRQD},
    {ROLE_DEVICED, MARKER_ROOTD_READY_DEVICED},
    {ROLE_PROBED, MARKER_ROOTD_READY_PROBED},
    {ROLE_DRV_ACPI, MARKER_DEVICED_READY_DRV_ACPI},
    {ROLE_DRV_SERIAL, MARKER_DEVICED_READY_DRV_SERIAL},
    {ROLE_SERIALD, MARKER_ROOTD_READY_SERIALD},
    {ROLE_DRV_VIRTIO_BLOCK, MARKER_DEVICED_READY_DRV_VIRTIO_BLOCK},
    {ROLE_BLOCKD, MARKER_ROOTD_READY_BLOCKD},
    {ROLE_RAMFSD, MARKER_ROOTD_READY_RAMFSD},
    {ROLE_E2FSD, MARKER_ROOTD_READY_E2FSD},
    {ROLE_VFSD, MARKER_ROOTD_READY_VFSD},
    {ROLE_LOADERD, MARKER_ROOTD_READY_LOADERD},
};

constexpr uint32_t stages_count = sizeof stages / sizeof stages[0];

void stages_announce(enum marker which)
{
    marker(which);
}

static bool is_due(const struct stage *stage)
{
    const uint32_t row = bootconfig_find_launch(&rootd.config, stage->role);
    return row == rootd.config.launch_count || rootd.rows[row].state == ROW_READY;
}

static bool is_present(const struct stage *stage)
{
    return bootconfig_find_launch(&rootd.config, stage->role) != rootd.config.launch_count;
}

void stages_update(void)
{
    while (rootd.stage_count < stages_count && is_due(&stages[rootd.stage_count])) {
        const struct stage *stage = &stages[rootd.stage_count++];
        if (is_present(stage)) {
            stages_announce(stage->marker);
        }
    }
}
