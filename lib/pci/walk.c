/* SPDX-License-Identifier: ISC */
/* Walking the list of capabilities. */
#include "pci.h"

/* A capability takes at least 4 bytes: a longer list meets itself. */
constexpr uint32_t steps_max = (pci_config_bytes - pci_capability_first) / 4;

/* The two lowest bits of a pointer are reserved and must be ignored. */
constexpr uint32_t pointer_mask = 0xfc;

static enum status read_first(const struct pci_config *config, uint32_t *offset_out)
{
    constexpr uint32_t register_status = 0x04;
    constexpr uint32_t register_capabilities = 0x34;
    constexpr uint32_t status_has_list = UINT32_C(1) << 20;
    uint32_t value;
    enum status status = config->read(config->context, register_status, &value);
    if (status != STATUS_OK) {
        return status;
    }
    if ((value & status_has_list) == 0) {
        return STATUS_END;
    }
    status = config->read(config->context, register_capabilities, &value);
    if (status == STATUS_OK) {
        *offset_out = value & pointer_mask;
    }
    return status;
}

enum status pci_next_capability(
    const struct pci_config *config, struct pci_walk *walk, struct pci_capability *capability_out)
{
    uint32_t offset = walk->next_offset;
    if (walk->step_count == 0) {
        enum status status = read_first(config, &offset);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (offset == 0) {
        return STATUS_END;
    }
    if (offset < pci_capability_first || walk->step_count == steps_max) {
        return STATUS_CORRUPT;
    }
    uint32_t head;
    enum status status = config->read(config->context, offset, &head);
    if (status != STATUS_OK) {
        return status;
    }
    walk->step_count++;
    walk->next_offset = head >> 8 & pointer_mask;
    *capability_out = (struct pci_capability){
        .id = (uint8_t)head, .size_bytes = (uint8_t)(head >> 16), .offset = offset};
    return STATUS_OK;
}
