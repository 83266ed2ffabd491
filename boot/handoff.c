/* SPDX-License-Identifier: ISC */
/* The block that the loader keeps using after firmware is gone, and what is known early about it.
 */
#include <lib/crypto/crypto.h>
#include <string.h>

#include "cpu.h"
#include "loader.h"

constexpr uint32_t features_no_execute = UINT32_C(1) << 20; /* CPUID 0x80000001 EDX */
constexpr uint64_t cr4_five_levels = UINT64_C(1) << 12;

static_assert(sizeof(struct loader_work) % 4096 == 0);

/* Five levels cannot be turned into four without leaving long mode (Intel SDM volume 3, 4.1.2). */
enum status cpu_check(struct loader *loader)
{
    if ((cpu_extended_features() & features_no_execute) == 0) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_CPU, "no-execute pages");
    }
    if ((cpu_read_cr4() & cr4_five_levels) != 0) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_CPU, "five-level page tables");
    }
    return STATUS_OK;
}

enum status handoff_start(struct loader *loader)
{
    enum status status =
        memory_take(loader, sizeof(struct loader_work), loader_page_bytes, &loader->work_block);
    if (status != STATUS_OK) {
        return status;
    }
    loader->work = (struct loader_work *)(uintptr_t)loader->work_block.address;
    memset(loader->work, 0, sizeof(*loader->work));
    struct boot_handoff *handoff = &loader->work->handoff;
    handoff->magic = boot_handoff_magic;
    handoff->version = boot_handoff_version;
    handoff->size_bytes = sizeof(*handoff);
    handoff->profile = (enum boot_profile)loader->image.profile;
    handoff->loader_start_ticks = loader->start_ticks;
    sha256_hash(loader->image.bytes, loader->image.signed_bytes, handoff->image_digest);
    return STATUS_OK;
}
