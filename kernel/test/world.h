/* SPDX-License-Identifier: ISC */
/*
 * The real kernel beside the model, in one small world: three capability spaces, an address space,
 * four threads and a megabyte of memory that becomes everything else. One step is done by both,
 * then they are compared.
 */
#pragma once

#include "model.h"

enum step_kind : uint8_t {
    STEP_CALL,
    STEP_FAULT,
    STEP_CLOCK,
    STEP_DEVICE
};

/* What whoever is current does next. A step that would end the world's one thread that always runs,
 * or that the model cannot hold, does nothing. */
struct step {
    enum step_kind kind;
    bool interrupted; /* an interrupt waits from the second call of arch_interrupt_pending on */
    uint16_t fault;
    uint32_t device;
    uint64_t time_ns;
    uint64_t words[4];
    struct mregisters call;
    bool writes_buffer;
    cap_slot caps[message_caps_max];
    cap_slot receive_slots[message_caps_max];
    uint64_t argument;
    uint64_t word;
};

void world_start(void);

/* nullptr if kernel and model agree, else what they do not agree about. */
const char *world_step(const struct step *step);

/* Compares everything, and inspects the kernel. */
const char *world_compare(void);

/* How often each status came out of each call, and of each operation of each kind. */
void world_print_counts(void);

constexpr uint64_t world_memory_bits = 20;
constexpr uint64_t world_device_address = UINT64_C(1) << 40;
