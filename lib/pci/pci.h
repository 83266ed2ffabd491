/* SPDX-License-Identifier: ISC */
/*
 * The list of capabilities in the configuration space of a PCI function (PCI Local Bus 3.0, 6.7).
 * The list is foreign: it may point anywhere, or at itself. Its first 256 bytes are all that is
 * looked at, every step is bounded.
 */
#pragma once

#include <abi/status.h>

#include <stdint.h>

constexpr uint32_t pci_config_bytes = 256;      /* the part that every function has */
constexpr uint32_t pci_capability_first = 64;   /* capabilities stand behind the header */
constexpr uint8_t pci_capability_vendor = 0x09; /* its contents are the vendor's */

/* How to read one aligned 32-bit word. */
struct pci_config {
    void *context; /* borrowed */
    enum status (*read)(void *context, uint32_t offset, uint32_t *value_out);
};

struct pci_capability {
    uint8_t id;
    uint8_t size_bytes; /* third byte: of the structure, where it is the vendor's */
    uint32_t offset;    /* a multiple of 4 */
};

/* A walk through the list. Begins as zeros. */
struct pci_walk {
    uint32_t step_count;
    uint32_t next_offset;
};

/*
 * The next capability of the list.
 * OK; END: there are no more; CORRUPT: the list leaves its place or runs in circles; or what
 * config->read returned.
 */
enum status pci_next_capability(
    const struct pci_config *config, struct pci_walk *walk, struct pci_capability *capability_out);
