/* SPDX-License-Identifier: ISC */
/* The region that malloc works in: pagerd fills it on demand up to the ceiling of the manifest. */
#include <userlib/libc/src/system.h>
#include <userlib/start.h>

void system_heap(void **base_out, size_t *bytes_out)
{
    *base_out = (void *)heap_base; // NOLINT(performance-no-int-to-ptr)
    *bytes_out = (size_t)program_startup()->heap_bytes;
}
