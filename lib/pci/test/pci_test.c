/* SPDX-License-Identifier: ISC */
/* Tests of the walk through capabilities, over configuration spaces made here. */
#include <lib/base/base.h>
#include <lib/pci/pci.h>
#include <lib/testing/check.h>

static uint8_t space[pci_config_bytes];

static enum status read_space(void *context, uint32_t offset, uint32_t *value_out)
{
    (void)context;
    CHECK(offset % 4 == 0 && offset < pci_config_bytes);
    *value_out = load_le32(space + offset);
    return STATUS_OK;
}

static enum status read_nothing(void *context, uint32_t offset, uint32_t *value_out)
{
    (void)context;
    (void)offset;
    (void)value_out;
    return STATUS_IO;
}

static const struct pci_config config = {.read = read_space};

static void reset_space(uint8_t first)
{
    memset(space, 0, sizeof space);
    space[6] = 0x10; /* there is a list */
    space[0x34] = first;
}

static void put(uint8_t offset, uint8_t id, uint8_t next, uint8_t size_bytes)
{
    space[offset] = id;
    space[offset + 1] = next;
    space[offset + 2] = size_bytes;
}

static void finds_all_in_order(void)
{
    struct pci_walk walk = {};
    struct pci_capability found;
    reset_space(0x98);
    put(0x98, 0x11, 0x43, 0); /* the low bits of a pointer do not count */
    put(0x40, pci_capability_vendor, 0, 16);
    CHECK_EQUAL(pci_next_capability(&config, &walk, &found), STATUS_OK);
    CHECK_EQUAL(found.id, 0x11);
    CHECK_EQUAL(found.offset, 0x98);
    CHECK_EQUAL(pci_next_capability(&config, &walk, &found), STATUS_OK);
    CHECK_EQUAL(found.id, pci_capability_vendor);
    CHECK_EQUAL(found.offset, 0x40);
    CHECK_EQUAL(found.size_bytes, 16);
    CHECK_EQUAL(pci_next_capability(&config, &walk, &found), STATUS_END);
    CHECK_EQUAL(pci_next_capability(&config, &walk, &found), STATUS_END);
}

static void function_without_list_has_none(void)
{
    struct pci_walk walk = {};
    struct pci_capability found;
    reset_space(0x40);
    space[6] = 0;
    CHECK_EQUAL(pci_next_capability(&config, &walk, &found), STATUS_END);
    reset_space(0);
    CHECK_EQUAL(pci_next_capability(&config, &walk, &found), STATUS_END);
}

static void pointer_into_header_is_corrupt(void)
{
    struct pci_walk walk = {};
    struct pci_capability found;
    reset_space(0x3c);
    CHECK_EQUAL(pci_next_capability(&config, &walk, &found), STATUS_CORRUPT);
    reset_space(0x40);
    put(0x40, 1, 0x10, 0);
    CHECK_EQUAL(pci_next_capability(&config, &walk, &found), STATUS_OK);
    CHECK_EQUAL(pci_next_capability(&config, &walk, &found), STATUS_CORRUPT);
}

static void circle_is_corrupt(void)
{
    struct pci_walk walk = {};
    struct pci_capability found;
    reset_space(0x40);
    put(0x40, 1, 0x80, 0);
    put(0x80, 1, 0x40, 0);
    enum status status = STATUS_OK;
    uint32_t count = 0;
    for (; status == STATUS_OK && count < 1000; count++) {
        status = pci_next_capability(&config, &walk, &found);
    }
    CHECK_EQUAL(status, STATUS_CORRUPT);
    CHECK_EQUAL(count, 49);
}

static void longest_list_is_walked(void)
{
    struct pci_walk walk = {};
    struct pci_capability found;
    reset_space(0x40);
    for (uint32_t at = 0x40; at < 0x100; at += 4) {
        put((uint8_t)at, 1, (uint8_t)(at + 4), 0);
    }
    for (uint32_t i = 0; i < 48; i++) {
        CHECK_EQUAL(pci_next_capability(&config, &walk, &found), STATUS_OK);
    }
    CHECK_EQUAL(pci_next_capability(&config, &walk, &found), STATUS_END);
}

static void failed_read_is_passed_on(void)
{
    struct pci_walk walk = {};
    struct pci_capability found;
    const struct pci_config broken = {.read = read_nothing};
    CHECK_EQUAL(pci_next_capability(&broken, &walk, &found), STATUS_IO);
}

int main(void)
{
    TEST(finds_all_in_order);
    TEST(function_without_list_has_none);
    TEST(pointer_into_header_is_corrupt);
    TEST(circle_is_corrupt);
    TEST(longest_list_is_walked);
    TEST(failed_read_is_passed_on);
    return check_report();
}
