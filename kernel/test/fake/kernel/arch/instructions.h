/* SPDX-License-Identifier: ISC */
/* The processor that the kernel sees in a test on a host: it writes down what it is told. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct registers;

enum processor_event : uint8_t {
    PROCESSOR_LOAD_TABLES,
    PROCESSOR_FLUSH_PAGE,
    PROCESSOR_SAVE_FPU,
    PROCESSOR_LOAD_FPU,
    PROCESSOR_SET_DEADLINE,
};

struct processor_record {
    enum processor_event event;
    uint64_t value;
};

constexpr uint32_t processor_records_max = 64;

/* All that a test sees of the processor and of the clock. */
struct processor {
    uint64_t ticks;
    uint64_t now_ns;
    uint64_t tables;
    uint32_t record_count;
    struct processor_record records[processor_records_max];
};

extern struct processor processor;

void processor_write_down(enum processor_event event, uint64_t value);

/* The kernel has nothing to run: the test makes something ready here, or the program aborts. */
extern void (*processor_when_idle)(void);
void processor_sleep(void);

/* The kernel gives up; does not return. nullptr: the program aborts. */
extern void (*processor_panic)(const char *what, const char *file, int line);

/* An interrupt waits whenever the kernel asks. */
extern bool processor_interrupt_waits;

static inline void cpu_interrupts_enable_and_halt(void)
{
    processor_sleep();
}

static inline uint64_t cpu_read_ticks(void)
{
    return processor.ticks;
}

static inline uint64_t cpu_read_cr3(void)
{
    return processor.tables;
}

static inline void cpu_write_cr3(uint64_t value)
{
    processor.tables = value;
    processor_write_down(PROCESSOR_LOAD_TABLES, value);
}

static inline void cpu_invalidate_page(uint64_t address)
{
    processor_write_down(PROCESSOR_FLUSH_PAGE, address);
}

static inline uint64_t cpu_read_cr2(void)
{
    return 0;
}

static inline void cpu_save_fpu(void *state_out)
{
    processor_write_down(PROCESSOR_SAVE_FPU, (uint64_t)state_out);
}

static inline void cpu_load_fpu(const void *state)
{
    processor_write_down(PROCESSOR_LOAD_FPU, (uint64_t)state);
}

static inline void cpu_copy_words(
    volatile uint64_t *target, const volatile uint64_t *source, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        target[i] = source[i];
    }
}

/* A port reads as its number times the width; nothing is behind it. */
static inline uint8_t port_read8(uint16_t port)
{
    return (uint8_t)port;
}

static inline uint16_t port_read16(uint16_t port)
{
    return (uint16_t)(port * 2U);
}

static inline uint32_t port_read32(uint16_t port)
{
    return port * 4U;
}

static inline void port_write8(uint16_t, uint8_t)
{
}

static inline void port_write16(uint16_t, uint16_t)
{
}

static inline void port_write32(uint16_t, uint32_t)
{
}
