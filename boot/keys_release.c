/* SPDX-License-Identifier: ISC */
/* The builder's release key alone: what everybody could sign is not started. */
#include "keys.h"

/* Written while building by tools/bootimg policy. */
#include <policy_release.h>

struct bootimg_policy keys_policy(void)
{
    return boot_policy;
}
