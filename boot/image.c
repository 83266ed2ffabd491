/* SPDX-License-Identifier: ISC */
/* Decides whether the image may run at all: structure, key, signature, digests, kernel ELF. */
#include <abi/boot_handoff.h>

#include "keys.h"
#include "loader.h"

static_assert((uint32_t)BOOTIMG_PROFILE_DEV == BOOT_PROFILE_DEV);
static_assert((uint32_t)BOOTIMG_PROFILE_RELEASE == BOOT_PROFILE_RELEASE);
static_assert((uint32_t)BOOTIMG_PROFILE_TEST == BOOT_PROFILE_TEST);

/* The kernel's window: what the loader maps below it is one table of 1 GiB at most. */
constexpr struct elf_limits kernel_limits = {
    .first_address = kernel_base,
    .end_address = kernel_base + (UINT64_C(64) << 20),
    .memory_bytes_max = UINT64_C(64) << 20,
};

static const enum marker markers[BOOTIMG_REASON_COUNT] = {
    [BOOTIMG_NONE] = MARKER_BOOTLOADER_REFUSED_FIRMWARE, /* never asked for */
    [BOOTIMG_TRUNCATED] = MARKER_BOOTLOADER_REFUSED_TRUNCATED,
    [BOOTIMG_MAGIC] = MARKER_BOOTLOADER_REFUSED_MAGIC,
    [BOOTIMG_VERSION] = MARKER_BOOTLOADER_REFUSED_VERSION,
    [BOOTIMG_HEADER] = MARKER_BOOTLOADER_REFUSED_HEADER,
    [BOOTIMG_TABLE] = MARKER_BOOTLOADER_REFUSED_TABLE,
    [BOOTIMG_MANIFEST] = MARKER_BOOTLOADER_REFUSED_MANIFEST,
    [BOOTIMG_SECTION_KIND] = MARKER_BOOTLOADER_REFUSED_SECTION_KIND,
    [BOOTIMG_SECTION_FLAGS] = MARKER_BOOTLOADER_REFUSED_SECTION_FLAGS,
    [BOOTIMG_SECTION_NAME] = MARKER_BOOTLOADER_REFUSED_SECTION_NAME,
    [BOOTIMG_SECTION_BOUNDS] = MARKER_BOOTLOADER_REFUSED_SECTION_BOUNDS,
    [BOOTIMG_SECTION_DUPLICATE] = MARKER_BOOTLOADER_REFUSED_SECTION_DUPLICATE,
    [BOOTIMG_SECTION_MISSING] = MARKER_BOOTLOADER_REFUSED_SECTION_MISSING,
    [BOOTIMG_PADDING] = MARKER_BOOTLOADER_REFUSED_PADDING,
    [BOOTIMG_TRAILING] = MARKER_BOOTLOADER_REFUSED_TRAILING,
    [BOOTIMG_KEY_UNKNOWN] = MARKER_BOOTLOADER_REFUSED_KEY_UNKNOWN,
    [BOOTIMG_KEY_PROFILE] = MARKER_BOOTLOADER_REFUSED_KEY_PROFILE,
    [BOOTIMG_ROLLBACK] = MARKER_BOOTLOADER_REFUSED_ROLLBACK,
    [BOOTIMG_SIGNATURE] = MARKER_BOOTLOADER_REFUSED_SIGNATURE,
    [BOOTIMG_SECTION_HASH] = MARKER_BOOTLOADER_REFUSED_SECTION_HASH,
};

static enum status image_refuse(struct loader *loader, const struct bootimg_refusal *refusal);
static enum status kernel_plan(struct loader *loader);

enum status image_verify(struct loader *loader)
{
    struct bootimg_refusal refusal = {};
    const void *bytes = (const void *)(uintptr_t)loader->file.address;
    if (bootimg_parse(bytes, loader->file.size_bytes, &loader->image, &refusal) != STATUS_OK ||
        bootimg_verify(&loader->image, keys_policy(), &refusal) != STATUS_OK) {
        return image_refuse(loader, &refusal);
    }
    if (loader->image.profile != BOOTIMG_PROFILE_RELEASE) {
        console_speak(&loader->console);
    }
    console_marker(&loader->console, MARKER_BOOTLOADER_VERIFIED, "");
    return kernel_plan(loader);
}

static enum status kernel_plan(struct loader *loader)
{
    if (bootimg_find(&loader->image, BOOTIMG_KERNEL, nullptr, &loader->kernel) != STATUS_OK) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_SECTION_MISSING, "kernel");
    }
    struct elf_refusal refusal = {};
    if (elf_plan_parse(loader->kernel.bytes, loader->kernel.size_bytes, kernel_limits,
            &loader->plan, &refusal) != STATUS_OK) {
        return loader_refuse(
            loader, MARKER_BOOTLOADER_REFUSED_KERNEL_ELF, elf_reason_name(refusal.reason));
    }
    return STATUS_OK;
}

/* The section at fault, or for people what the reason means. */
static enum status image_refuse(struct loader *loader, const struct bootimg_refusal *refusal)
{
    const char *detail =
        refusal->section[0] != '\0' ? refusal->section : bootimg_reason_text(refusal->reason);
    return loader_refuse(loader, markers[refusal->reason % BOOTIMG_REASON_COUNT], detail);
}
