/* SPDX-License-Identifier: ISC */
/* Any bytes: refused, or every row can be read within them. */
#include <lib/bootconfig/bootconfig.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static size_t read_grants(
    const struct bootconfig *config, const struct bootconfig_authority *authority)
{
    size_t total = strlen(authority->name);
    for (uint32_t index = 0; index < authority->grant_count; index++) {
        total += strlen(bootconfig_grant(config, authority->first_grant + index).name);
    }
    return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct bootconfig config;
    if (bootconfig_open(data, size_bytes, &config) != STATUS_OK) {
        return 0;
    }
    size_t total = strlen(config.init_path);
    for (uint32_t index = 0; index < config.launch_count; index++) {
        const struct bootconfig_launch launch = bootconfig_launch(&config, index);
        total += read_grants(&config, &launch.authority) + strlen(launch.module);
    }
    for (uint32_t index = 0; index < config.program_count; index++) {
        const struct bootconfig_program program = bootconfig_program(&config, index);
        total += read_grants(&config, &program.authority) + strlen(program.path) +
                 program.digest[bootconfig_digest_bytes - 1];
    }
    for (uint32_t index = 0; index < config.mount_count; index++) {
        const struct bootconfig_mount mount = bootconfig_mount(&config, index);
        total += strlen(mount.path) + strlen(mount.partition);
    }
    for (uint32_t index = 0; index < config.device_count; index++) {
        total += bootconfig_device(&config, index).port_count;
    }
    volatile size_t used = total; /* keep the reads */
    (void)used;
    return 0;
}
