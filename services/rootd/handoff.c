/* SPDX-License-Identifier: ISC */
/* The kernel is trusted, yet a version of another day must end here with a reason. */
#include "handoff.h"

#include <lib/base/base.h>

#include <string.h>

#include "failure.h"
#include "objects.h"
#include "rootd.h"

static bool untyped_are_valid(const struct root_handoff *handoff)
{
    for (uint32_t index = 0; index < handoff->untyped_count; index++) {
        const struct root_untyped *untyped = &handoff->untyped[index];
        if (untyped->bits < untyped_bits_min || untyped->bits > untyped_bits_max ||
            !is_aligned(untyped->address, UINT64_C(1) << untyped->bits) ||
            untyped->slot >= handoff->first_free_slot) {
            return false;
        }
    }
    return true;
}

static bool modules_are_valid(const struct root_handoff *handoff)
{
    for (uint32_t index = 0; index < handoff->module_count; index++) {
        const struct root_module *module = &handoff->modules[index];
        if (memchr(module->name, 0, sizeof module->name) == nullptr || module->frame_count == 0 ||
            module->frame_bits < frame_bits_min || module->frame_bits > frame_bits_max ||
            module->size_bytes > (uint64_t)module->frame_count << module->frame_bits ||
            module->first_slot >= handoff->first_free_slot) {
            return false;
        }
    }
    return true;
}

const char *handoff_check(const struct root_handoff *handoff)
{
    if (handoff->magic != root_handoff_magic) {
        return "handoff: magic";
    }
    if (handoff->version != root_handoff_version || handoff->size_bytes != sizeof *handoff) {
        return "handoff: version";
    }
    if (handoff->profile < BOOT_PROFILE_DEV || handoff->profile > BOOT_PROFILE_TEST) {
        return "handoff: profile";
    }
    if (handoff->first_free_slot < ROOT_SLOT_FIRST_DYNAMIC ||
        handoff->first_free_slot > handoff->end_slot ||
        handoff->end_slot > 1U << root_cspace_bits) {
        return "handoff: slots";
    }
    if (handoff->untyped_count > root_untyped_max || !untyped_are_valid(handoff)) {
        return "handoff: memory";
    }
    if (handoff->module_count > boot_modules_max || !modules_are_valid(handoff)) {
        return "handoff: modules";
    }
    return nullptr;
}

const struct root_module *handoff_find_module(enum boot_module_kind kind, const char *name)
{
    const struct root_handoff *handoff = rootd.handoff;
    for (uint32_t index = 0; index < handoff->module_count; index++) {
        const struct root_module *module = &handoff->modules[index];
        if (module->kind == kind && strncmp(module->name, name, sizeof module->name) == 0) {
            return module;
        }
    }
    return nullptr;
}

void handoff_open_config(void)
{
    const struct root_module *module = handoff_find_module(BOOT_MODULE_BOOT_CONFIG, "boot-config");
    if (module == nullptr) {
        failure_contract("there is no boot-config");
    }
    const void *bytes = nullptr;
    enum status status = objects_map_module(module, &bytes);
    if (status == STATUS_OK) {
        status = bootconfig_open(bytes, module->size_bytes, &rootd.config);
    }
    if (status != STATUS_OK) {
        failure_contract(
            status == STATUS_UNSUPPORTED ? "boot-config: another version" : "boot-config: corrupt");
    }
    if (rootd.config.profile != rootd.handoff->profile) {
        failure_contract("boot-config: profile differs from the image's");
    }
    rootd.config_module = module;
}

void handoff_find_modules(void)
{
    for (uint32_t index = 0; index < rootd.config.launch_count; index++) {
        const struct bootconfig_launch row = bootconfig_launch(&rootd.config, index);
        if (handoff_find_module(BOOT_MODULE_SERVICE, row.module) == nullptr) {
            failure_service(
                MARKER_ROOTD_FAIL_MODULE_MISSING, row.authority.name, "not in the boot image");
        }
    }
}
