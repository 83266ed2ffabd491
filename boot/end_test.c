/* SPDX-License-Identifier: ISC */
/* The end of a refusal in a test image: the debug-exit device ends the virtual machine. Where there
 * is no such device the write does nothing, and the loader goes back to firmware. */
#include <abi/exit.h>

#include "cpu.h"
#include "loader.h"

void loader_end_refused(void)
{
    cpu_out32(debug_exit_port, EXIT_BOOTLOADER);
}
