/* SPDX-License-Identifier: ISC */
/* Tests of the way out of firmware against a firmware that is made up here. */
#include <lib/testing/check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../enter.h"
#include "../loader.h"

constexpr uint64_t mib = UINT64_C(1) << 20;
constexpr uint64_t page = 4096;
constexpr uint32_t map_entries_max = 2000;
constexpr size_t descriptor_bytes = 48; /* as real firmware: longer than the structure */

/* What the made-up firmware answers, and what was asked. */
static struct {
    uint32_t entry_count;
    struct efi_memory_descriptor entries[map_entries_max];
    size_t map_key;
    uint32_t stale_exits; /* so many calls find their key stale */
    efi_status exit_failure;
    uint32_t exit_calls;
    uint32_t map_calls;
} firmware;

static struct loader loader;
static struct efi_system_table system_table;

void enter_jump(const struct enter_request *request)
{
    (void)request;
    abort();
}

enum status loader_refuse(struct loader *refusing, enum marker marker, const char *detail)
{
    (void)detail;
    refusing->refused = true;
    refusing->refusal = marker;
    return STATUS_CANCELLED;
}

enum status memory_take(
    struct loader *taking, uint64_t size_bytes, uint64_t alignment, struct loader_block *block_out)
{
    (void)taking;
    (void)size_bytes;
    (void)alignment;
    (void)block_out;
    return STATUS_NO_MEMORY;
}

static efi_status map_get(size_t *size_bytes, struct efi_memory_descriptor *map, size_t *map_key,
    size_t *entry_bytes, uint32_t *version)
{
    firmware.map_calls++;
    *entry_bytes = descriptor_bytes;
    *version = 1;
    size_t needed_bytes = firmware.entry_count * descriptor_bytes;
    if (*size_bytes < needed_bytes) {
        *size_bytes = needed_bytes;
        return efi_buffer_too_small;
    }
    *size_bytes = needed_bytes;
    *map_key = ++firmware.map_key;
    for (uint32_t index = 0; index < firmware.entry_count; index++) {
        memcpy((uint8_t *)map + index * descriptor_bytes, &firmware.entries[index],
            sizeof(firmware.entries[0]));
    }
    return efi_success;
}

static efi_status services_exit(efi_handle image, size_t map_key)
{
    (void)image;
    firmware.exit_calls++;
    if (firmware.exit_failure != efi_success) {
        return firmware.exit_failure;
    }
    bool stale = firmware.exit_calls <= firmware.stale_exits || map_key != firmware.map_key;
    return stale ? efi_invalid_parameter : efi_success;
}

static struct efi_boot_services services = {
    .get_memory_map = map_get,
    .exit_boot_services = services_exit,
};

static void entry_add(enum efi_memory_type type, uint64_t address, uint64_t size_bytes)
{
    firmware.entries[firmware.entry_count++] = (struct efi_memory_descriptor){
        .type = type, .physical_start = address, .page_count = size_bytes / page};
}

/* A machine with the loader's blocks in it; `work` is real memory, so its place is what it is. */
static void machine_make(void)
{
    memset(&firmware, 0, sizeof(firmware));
    uint64_t work = (uint64_t)(uintptr_t)loader.work;
    uint64_t jump = (uint64_t)(uintptr_t)enter_jump / page * page;
    loader = (struct loader){
        .system = &system_table,
        .services = &services,
        .work = loader.work,
        .work_block = {work, sizeof(struct loader_work)},
        .kernel_block = {4 * mib, 3 * page},
        .module_block = {6 * mib, mib},
        .table_block = {8 * mib, 4 * page},
    };
    entry_add(EFI_MEMORY_CONVENTIONAL, 0, 640 * 1024);
    entry_add(EFI_MEMORY_LOADER_DATA, 2 * mib, 8 * mib);
    entry_add(EFI_MEMORY_RUNTIME_DATA, 10 * mib, mib);
    entry_add(EFI_MEMORY_LOADER_CODE, jump, page);
    entry_add(EFI_MEMORY_LOADER_DATA, work, sizeof(struct loader_work));
}

static void services_are_left_with_the_final_regions(void)
{
    machine_make();
    CHECK(services_leave(&loader) == STATUS_OK);
    CHECK_EQUAL(firmware.exit_calls, 1);
    CHECK_EQUAL(firmware.map_calls, 1);
    CHECK(loader.system == nullptr);
    static const struct boot_region wanted[] = {
        {0, 640 * 1024, BOOT_REGION_FIRMWARE, 0},
        {2 * mib, 2 * mib, BOOT_REGION_FREE, 0},
        {4 * mib, 3 * page, BOOT_REGION_KERNEL, 0},
        {4 * mib + 3 * page, 2 * mib - 3 * page, BOOT_REGION_FREE, 0},
        {6 * mib, mib, BOOT_REGION_MODULE, 0},
        {7 * mib, mib, BOOT_REGION_FREE, 0},
        {8 * mib, 4 * page, BOOT_REGION_LOADER, 0},
        {8 * mib + 4 * page, 2 * mib - 4 * page, BOOT_REGION_FREE, 0},
        {10 * mib, mib, BOOT_REGION_FIRMWARE, 0},
    };
    const struct boot_handoff *handoff = &loader.work->handoff;
    constexpr uint32_t wanted_count = sizeof(wanted) / sizeof(wanted[0]);
    CHECK_EQUAL(handoff->region_count, wanted_count + 2);
    CHECK(memcmp(handoff->regions, wanted, sizeof(wanted)) == 0);
    CHECK(handoff->regions[wanted_count].kind == BOOT_REGION_LOADER);
    CHECK(handoff->regions[wanted_count + 1].kind == BOOT_REGION_LOADER);
}

static void stale_keys_are_answered_by_a_new_map(void)
{
    machine_make();
    firmware.stale_exits = 3;
    CHECK(services_leave(&loader) == STATUS_OK);
    CHECK_EQUAL(firmware.exit_calls, 4);
    CHECK_EQUAL(firmware.map_calls, 4);
}

static void attempts_have_a_limit(void)
{
    machine_make();
    firmware.stale_exits = UINT32_MAX;
    CHECK(services_leave(&loader) == STATUS_CANCELLED);
    CHECK_EQUAL(firmware.exit_calls, 8);
    CHECK(loader.refusal == MARKER_BOOTLOADER_REFUSED_FIRMWARE);
    CHECK(loader.system == nullptr);
}

static void other_failures_are_not_tried_again(void)
{
    machine_make();
    firmware.exit_failure = efi_load_error;
    CHECK(services_leave(&loader) == STATUS_CANCELLED);
    CHECK_EQUAL(firmware.exit_calls, 1);
}

/* Nothing was tried yet when the map is refused: firmware can still be returned to. */
static void check_map_refused(void)
{
    CHECK(services_leave(&loader) == STATUS_CANCELLED);
    CHECK(loader.refusal == MARKER_BOOTLOADER_REFUSED_MEMORY_MAP);
    CHECK_EQUAL(firmware.exit_calls, 0);
    CHECK(loader.system == &system_table);
}

static void strange_maps_are_refused(void)
{
    machine_make(); /* more than fits the buffer */
    for (uint64_t index = 0; index < 1900; index++) {
        entry_add(EFI_MEMORY_CONVENTIONAL, (20 + 2 * index) * mib, page);
    }
    check_map_refused();
    machine_make(); /* more than fits the handoff */
    for (uint64_t index = 0; index < boot_regions_max; index++) {
        entry_add(EFI_MEMORY_CONVENTIONAL, (20 + 2 * index) * mib, page);
    }
    check_map_refused();
    machine_make(); /* overlap */
    entry_add(EFI_MEMORY_RESERVED, 9 * mib, 2 * mib);
    check_map_refused();
    machine_make(); /* wraps */
    firmware.entries[2].page_count = UINT64_MAX / page + 2;
    check_map_refused();
    machine_make(); /* the kernel's memory is not there */
    firmware.entries[1].type = EFI_MEMORY_RESERVED;
    check_map_refused();
}

int main(void)
{
    loader.work = aligned_alloc(page, sizeof(struct loader_work));
    struct loader_work *work = loader.work;
    TEST(services_are_left_with_the_final_regions);
    TEST(stale_keys_are_answered_by_a_new_map);
    TEST(attempts_have_a_limit);
    TEST(other_failures_are_not_tried_again);
    TEST(strange_maps_are_refused);
    free(work);
    return check_report();
}
