/* SPDX-License-Identifier: ISC */
/* The development key, for dev and test images, and the builder's release key if there is one. */
#include "keys.h"

/* Written while building by tools/bootimg policy. */
#include <policy_development.h>

struct bootimg_policy keys_policy(void)
{
    return boot_policy;
}
