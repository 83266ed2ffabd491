/* SPDX-License-Identifier: ISC */
/* Names are those of the rows of BootConfig: nothing is published that was not signed. */
#include "names.h"

#include <protocol/name.h>
#include <userlib/slots.h>

#include <slots/roles.h>

#include <string.h>

#include "grants.h"
#include "rootd.h"

static enum status seed(struct name_cap named, const struct bootconfig_launch *launch)
{
    struct name_seed_request request = {.role = launch->authority.role};
    request.name_bytes = (uint32_t)strnlen(launch->authority.name, name_name_bytes_max);
    memcpy(request.name, launch->authority.name, request.name_bytes);
    return name_seed(named, &request);
}

enum status names_seed_all(void)
{
    struct endpoint_cap named = {};
    enum status status = grants_mint_for_self(ROLE_NAMED, NAME_RIGHT_SEED, &named);
    for (uint32_t index = 0; index < rootd.config.launch_count && status == STATUS_OK; index++) {
        const struct bootconfig_launch launch = bootconfig_launch(&rootd.config, index);
        if (launch.protocol != 0) {
            status = seed((struct name_cap){named.slot}, &launch);
        }
    }
    if (status == STATUS_OK) {
        status = name_seal((struct name_cap){named.slot});
    }
    slots_delete(named.slot);
    return status;
}
