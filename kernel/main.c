/* SPDX-License-Identifier: ISC */
/* The order in which the kernel comes up. */
#include <kernel/arch/arch.h>
#include <kernel/print.h>
#include <kernel/root.h>
#include <kernel/state.h>

static bool handoff_is_valid(const struct boot_handoff *handoff)
{
    return handoff->magic == boot_handoff_magic && handoff->version == boot_handoff_version &&
           handoff->size_bytes == sizeof(*handoff) && handoff->region_count <= boot_regions_max &&
           handoff->module_count <= boot_modules_max;
}

void kernel_main(struct boot_handoff *handoff)
{
    arch_init_cpu();
    if (!handoff_is_valid(handoff)) {
        print_marker(MARKER_KERNEL_REFUSED_HANDOFF);
        arch_exit(EXIT_KERNEL);
    }
    kernel_state.profile = handoff->profile;
    kernel_state.vspace_next_id = 1;
    kernel_state.slice_end_ns = UINT64_MAX;
    kernel_state.programmed_ns = UINT64_MAX;
    if (handoff->profile == BOOT_PROFILE_RELEASE) {
        print_for_release();
    }
    print_marker(MARKER_KERNEL_START);
    arch_init_memory(handoff);
    print_marker(MARKER_KERNEL_MEMORY_READY);
    arch_init_interrupts(&handoff->platform);
    print_marker(MARKER_KERNEL_INTERRUPTS_READY);
    root_launch(handoff);
    arch_enter_user();
}
