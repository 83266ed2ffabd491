/* SPDX-License-Identifier: ISC */
/* Reads what tools/planogen wrote for its trial tree, then the same bytes with damage. */
#include <lib/bootconfig/bootconfig.h>

#include <abi/boot_handoff.h>
#include <abi/object.h>
#include <abi/startup.h>
#include <lib/bootconfig/layout.h>
#include <lib/testing/check.h>

#include "bootconfig_sample.h"

#include <stdlib.h>

static_assert(profile_first == BOOT_PROFILE_DEV && profile_last == BOOT_PROFILE_TEST);
static_assert(object_kind_first == OBJECT_UNTYPED && object_kind_end == OBJECT_KIND_COUNT);
static_assert(object_kind_endpoint == OBJECT_ENDPOINT && rights_mask == rights_all);
static_assert(space_bits_min == cspace_bits_min && space_bits_max == cspace_bits_max);
static_assert(name_bytes == startup_name_bytes);
static_assert(bootconfig_row_grants_max == startup_slots_max);

constexpr uint32_t role_procd = 5;
constexpr uint32_t role_deviced = 11;
constexpr uint32_t role_ramfsd = 15;
constexpr uint32_t role_vfsd = 18;
constexpr uint32_t role_serial = 33;

static uint8_t damaged[sizeof sample];

static struct bootconfig open_sample(void)
{
    struct bootconfig config = {};
    CHECK_EQUAL(bootconfig_open(sample, sizeof sample, &config), STATUS_OK);
    return config;
}

static struct bootconfig_grant find_grant(
    const struct bootconfig *config, const struct bootconfig_authority *authority, const char *name)
{
    for (uint32_t index = 0; index < authority->grant_count; index++) {
        const struct bootconfig_grant grant =
            bootconfig_grant(config, authority->first_grant + index);
        if (strcmp(grant.name, name) == 0) {
            return grant;
        }
    }
    CHECK(false);
    return (struct bootconfig_grant){.name = ""};
}

static void header_and_counts(void)
{
    const struct bootconfig config = open_sample();
    CHECK_EQUAL(config.profile, BOOT_PROFILE_TEST);
    CHECK_EQUAL(config.launch_count, 8);
    CHECK_EQUAL(config.program_count, 2);
    CHECK_EQUAL(config.mount_count, 1);
    CHECK_EQUAL(config.device_count, 1);
    CHECK(strcmp(config.init_path, "/bin/sh") == 0);
    CHECK_EQUAL(bootconfig_size_bytes(sample), sizeof sample);
}

static void launch_rows(void)
{
    const struct bootconfig config = open_sample();
    const struct bootconfig_launch first = bootconfig_launch(&config, 0);
    CHECK(strcmp(first.module, "memd") == 0);
    CHECK(strcmp(first.authority.name, "memd") == 0);
    CHECK_EQUAL(first.launcher_role, 1);
    CHECK_EQUAL(first.protocol, 3);
    CHECK_EQUAL(first.authority.cspace_bits, 9);
    CHECK_EQUAL(first.authority.heap_bytes_max, 0);
    CHECK_EQUAL(first.authority.stack_bytes, 16384);
    CHECK_EQUAL(first.authority.first_free_slot, 16 + 192);
    const uint32_t index = bootconfig_find_launch(&config, role_vfsd);
    const struct bootconfig_launch vfsd = bootconfig_launch(&config, index);
    CHECK_EQUAL(vfsd.authority.priority, 30);
    CHECK(vfsd.required);
    CHECK(!vfsd.verifier);
    CHECK_EQUAL(vfsd.kind, BOOTCONFIG_SERVICE);
    const struct bootconfig_launch last = bootconfig_launch(&config, config.launch_count - 1);
    CHECK(last.verifier);
    CHECK_EQUAL(last.kind, BOOTCONFIG_PROGRAM);
    CHECK_EQUAL(bootconfig_find_launch(&config, 200), config.launch_count);
}

static void grants(void)
{
    const struct bootconfig config = open_sample();
    const struct bootconfig_authority vfsd =
        bootconfig_launch(&config, bootconfig_find_launch(&config, role_vfsd)).authority;
    const struct bootconfig_grant peer = find_grant(&config, &vfsd, "ramfsd");
    CHECK_EQUAL(peer.kind, GRANT_PEER);
    CHECK_EQUAL(peer.object_kind, OBJECT_ENDPOINT);
    CHECK_EQUAL(peer.slot, 16);
    CHECK_EQUAL(peer.source_role, role_ramfsd);
    CHECK_EQUAL(peer.rights, RIGHT_SEND | RIGHT_GRANT);
    CHECK_EQUAL(peer.protocol_rights, 1);
    const struct bootconfig_grant report = find_grant(&config, &vfsd, "report");
    CHECK_EQUAL(report.slot, 5);
    CHECK_EQUAL(report.protocol_rights, 0x80000000);
    const struct bootconfig_authority deviced =
        bootconfig_launch(&config, bootconfig_find_launch(&config, role_deviced)).authority;
    const struct bootconfig_grant ports = find_grant(&config, &deviced, "ports-acpi");
    CHECK_EQUAL(ports.kind, GRANT_PORTS);
    CHECK_EQUAL(ports.parameters[0], 0xcf8);
    CHECK_EQUAL(ports.parameters[1], 0xcff);
    CHECK_EQUAL(find_grant(&config, &deviced, "device-memory").slot_count, 192);
    const struct bootconfig_authority procd =
        bootconfig_launch(&config, bootconfig_find_launch(&config, role_procd)).authority;
    CHECK_EQUAL(find_grant(&config, &procd, "boot-config").slot, slot_null);
    CHECK_EQUAL(find_grant(&config, &procd, "deferred").parameters[0], 4);
}

static void programs_mounts_and_devices(void)
{
    const struct bootconfig config = open_sample();
    uint8_t digest[bootconfig_digest_bytes];
    for (uint32_t index = 0; index < sizeof digest; index++) {
        digest[index] = (uint8_t)index;
    }
    CHECK_EQUAL(bootconfig_find_program(&config, digest), 0);
    const struct bootconfig_program shell = bootconfig_program(&config, 0);
    CHECK(strcmp(shell.path, "/bin/sh") == 0);
    CHECK_EQUAL(shell.authority.role, 64);
    digest[31] = 0;
    CHECK_EQUAL(bootconfig_find_program(&config, digest), 1);
    CHECK(bootconfig_program(&config, 1).is_default);
    CHECK_EQUAL(bootconfig_program(&config, 1).authority.role, 0);
    const struct bootconfig_mount mount = bootconfig_mount(&config, 0);
    CHECK_EQUAL(mount.provider_role, role_ramfsd);
    CHECK(strcmp(mount.path, "/") == 0 && mount.partition[0] == 0 && !mount.read_only);
    const struct bootconfig_device device = bootconfig_device(&config, 0);
    CHECK_EQUAL(device.driver_role, role_serial);
    CHECK_EQUAL(device.bus, BOOTCONFIG_BUS_ISA);
    CHECK_EQUAL(device.vendor, bootconfig_any);
    CHECK_EQUAL(device.port_count, 1);
    CHECK_EQUAL(device.ports[0].first, 0x3f8);
    CHECK_EQUAL(device.interrupt, 4);
}

static enum status open_with(size_t offset, uint8_t value)
{
    struct bootconfig config = {};
    memcpy(damaged, sample, sizeof sample);
    damaged[offset] = value;
    return bootconfig_open(damaged, sizeof damaged, &config);
}

static void wrong_headers_are_refused(void)
{
    struct bootconfig config = {};
    CHECK_EQUAL(open_with(0, 'X'), STATUS_CORRUPT);
    CHECK_EQUAL(open_with(8, 2), STATUS_UNSUPPORTED);
    CHECK_EQUAL(open_with(12, (uint8_t)(sample[12] + 1)), STATUS_CORRUPT);
    CHECK_EQUAL(open_with(16, 4), STATUS_CORRUPT);
    CHECK_EQUAL(open_with(20, 1), STATUS_CORRUPT);
    CHECK_EQUAL(open_with(24, 0), STATUS_CORRUPT);
    CHECK_EQUAL(open_with(127, 'x'), STATUS_CORRUPT);
    for (size_t size_bytes = 0; size_bytes < sizeof sample; size_bytes++) {
        uint8_t *exact = malloc(size_bytes + 1);
        memcpy(exact, sample, size_bytes);
        CHECK_EQUAL(bootconfig_open(exact, size_bytes, &config), STATUS_CORRUPT);
        free(exact);
    }
    CHECK_EQUAL(bootconfig_size_bytes("nothing of this sort"), 0);
}

static void wrong_rows_are_refused(void)
{
    constexpr size_t first_launch = 128;
    const struct bootconfig config = open_sample();
    const size_t first_grant = first_launch + config.launch_count * 112;
    CHECK_EQUAL(open_with(first_launch, 0), STATUS_CORRUPT);         /* no role */
    CHECK_EQUAL(open_with(first_launch, role_vfsd), STATUS_CORRUPT); /* role of another row */
    CHECK_EQUAL(open_with(first_launch + 4, 64), STATUS_CORRUPT);    /* priority */
    CHECK_EQUAL(open_with(first_launch + 5, 18), STATUS_CORRUPT);    /* cspace bits */
    CHECK_EQUAL(open_with(first_launch + 5, 7), STATUS_CORRUPT);     /* too small for its slots */
    CHECK_EQUAL(open_with(first_launch + 6, 4), STATUS_CORRUPT);     /* kind */
    CHECK_EQUAL(open_with(first_launch + 7, 4), STATUS_CORRUPT);     /* flags */
    CHECK_EQUAL(open_with(first_launch + 76, 1), STATUS_CORRUPT); /* a parameter for no verifier */
    CHECK_EQUAL(
        open_with(first_launch + 13, 0xff), STATUS_CORRUPT); /* grants outside of the table */
    CHECK_EQUAL(open_with(first_launch + 71, 'x'), STATUS_CORRUPT); /* name without an end */
    CHECK_EQUAL(open_with(first_grant, 0), STATUS_CORRUPT);         /* kind */
    CHECK_EQUAL(open_with(first_grant, GRANT_KIND_END), STATUS_CORRUPT);
    CHECK_EQUAL(open_with(first_grant + 4, 99), STATUS_CORRUPT); /* object kind */
    CHECK_EQUAL(open_with(first_grant + 8, 2), STATUS_CORRUPT);  /* slot of the next grant */
    CHECK_EQUAL(open_with(first_grant + 8, 0), STATUS_CORRUPT);
    CHECK_EQUAL(open_with(first_grant + 12, 0), STATUS_CORRUPT); /* no slots */
    CHECK_EQUAL(open_with(first_grant + 16, 3), STATUS_CORRUPT); /* a source where none belongs */
    CHECK_EQUAL(open_with(first_grant + 21, 1), STATUS_CORRUPT); /* rights */
    CHECK_EQUAL(open_with(first_grant + 28, 1), STATUS_CORRUPT); /* reserved */
    CHECK_EQUAL(open_with(first_grant + 48, 0), STATUS_CORRUPT); /* no name */
    CHECK_EQUAL(open_with(sizeof sample - 1, 1), STATUS_OK);     /* an interrupt is any number */
}

/* Whatever the byte: refused, or all rows can be read. The sanitizers watch. */
static void every_byte_changed(void)
{
    for (size_t offset = 0; offset < sizeof sample; offset++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            const uint8_t value = (uint8_t)(sample[offset] ^ 1U << bit);
            struct bootconfig config = {};
            if (open_with(offset, value) != STATUS_OK ||
                bootconfig_open(damaged, sizeof damaged, &config) != STATUS_OK) {
                continue;
            }
            for (uint32_t index = 0; index < config.launch_count; index++) {
                const struct bootconfig_authority authority =
                    bootconfig_launch(&config, index).authority;
                for (uint32_t grant = 0; grant < authority.grant_count; grant++) {
                    CHECK(bootconfig_grant(&config, authority.first_grant + grant).kind <
                          GRANT_KIND_END);
                }
            }
        }
    }
}

int main(void)
{
    TEST(header_and_counts);
    TEST(launch_rows);
    TEST(grants);
    TEST(programs_mounts_and_devices);
    TEST(wrong_headers_are_refused);
    TEST(wrong_rows_are_refused);
    TEST(every_byte_changed);
    return check_report();
}
