/* SPDX-License-Identifier: ISC */
/*
 * Reads one item of QEMU's firmware configuration device (docs/specs/fw_cfg of QEMU): a selector
 * port and a data port that gives the selected item byte after byte. Items without a fixed number
 * are in a directory, itself an item. In test images only.
 */
#include <kernel/arch/nonce.h>

#include <kernel/arch/cpu.h>

constexpr uint16_t selector_port = 0x510;
constexpr uint16_t data_port = 0x511;
constexpr uint16_t item_signature = 0;
constexpr uint16_t item_directory = 0x19;
constexpr uint32_t entries_max = 256;
constexpr uint32_t name_bytes = 56;

static const char device_signature[] = "QEMU";
static const char nonce_name[] = "opt/erix/nonce";

/* Numbers of the device are big-endian. */
static uint32_t read_number(uint32_t size_bytes)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < size_bytes; i++) {
        value = value << 8 | port_read8(data_port);
    }
    return value;
}

/* Reads all of a field and tells whether it holds `text`, as far as the field goes, and behind it
 * whatever there is after a zero. */
static bool read_text(const char *text, uint32_t field_bytes)
{
    bool equal = true;
    bool in_text = true;
    for (uint32_t i = 0; i < field_bytes; i++) {
        uint8_t byte = port_read8(data_port);
        equal &= !in_text || byte == (uint8_t)text[i];
        in_text = in_text && text[i] != 0;
    }
    return equal;
}

/* The number of the item with the nonce, or 0. */
static uint16_t find_nonce(void)
{
    port_write16(selector_port, item_directory);
    uint32_t count = read_number(4);
    if (count > entries_max) {
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size_bytes = read_number(4);
        uint16_t item = (uint16_t)read_number(2);
        (void)read_number(2); /* reserved */
        if (read_text(nonce_name, name_bytes) && size_bytes == nonce_text_bytes) {
            return item;
        }
    }
    return 0;
}

enum status arch_read_nonce(uint8_t text_out[static nonce_text_bytes])
{
    port_write16(selector_port, item_signature);
    if (!read_text(device_signature, sizeof device_signature - 1)) {
        return STATUS_NOT_FOUND;
    }
    uint16_t item = find_nonce();
    if (item == 0) {
        return STATUS_NOT_FOUND;
    }
    port_write16(selector_port, item);
    for (uint32_t i = 0; i < nonce_text_bytes; i++) {
        text_out[i] = port_read8(data_port);
    }
    return STATUS_OK;
}
