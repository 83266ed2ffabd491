/* SPDX-License-Identifier: ISC */
/* The end of a refusal in a runtime image: back to firmware. */
#include "loader.h"

void loader_end_refused(void)
{
}
