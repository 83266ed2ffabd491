/* SPDX-License-Identifier: ISC */
/* The machine that the capability core sees on the host: no processor, no devices, no interrupts.
 */
#include <kernel/arch/arch.h>
#include <kernel/arch/cpu.h>
#include <kernel/panic.h>
#include <kernel/root.h>

#include <stdio.h>
#include <stdlib.h>

struct cpu cpu_boot;
struct processor processor;
void (*processor_when_idle)(void);
void (*processor_panic)(const char *what, const char *file, int line);
bool processor_interrupt_waits;

void processor_write_down(enum processor_event event, uint64_t value)
{
    /* What is written down beyond the end is lost, but not that it was. */
    if (processor.record_count < processor_records_max) {
        processor.records[processor.record_count] = (struct processor_record){event, value};
    }
    processor.record_count++;
}

void processor_sleep(void)
{
    if (processor_when_idle == nullptr) {
        abort();
    }
    processor_when_idle();
}

void panic_at(const char *what, const char *file, int line)
{
    if (processor_panic != nullptr) {
        processor_panic(what, file, line);
    }
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

void root_died(const struct thread *thread)
{
    (void)thread;
    abort();
}

static alignas(4096) uint64_t kernel_table[512];

void arch_fill_kernel_half(uint64_t *top_table)
{
    for (uint32_t i = 256; i < 512; i++) {
        kernel_table[i] = i;
        top_table[i] = i;
    }
}

uint64_t arch_kernel_table(void)
{
    return (uint64_t)kernel_table;
}

uint64_t arch_clock_read(void)
{
    return processor.now_ns;
}

void arch_clock_set_deadline(uint64_t deadline_ns)
{
    processor_write_down(PROCESSOR_SET_DEADLINE, deadline_ns);
}

bool arch_line_route(uint32_t interrupt, uint32_t vector, bool level, bool active_low)
{
    (void)vector;
    (void)level;
    (void)active_low;
    return interrupt < 24;
}

void arch_line_mask(uint32_t interrupt)
{
    (void)interrupt;
}

void arch_line_unmask(uint32_t interrupt)
{
    (void)interrupt;
}

void arch_message_address(uint32_t vector, uint64_t *address_out, uint32_t *data_out)
{
    *address_out = 0xfee00000;
    *data_out = vector;
}

void arch_end_of_interrupt(void)
{
}

bool arch_interrupt_pending(void)
{
    return processor_interrupt_waits;
}

void arch_console_write(const char *text, size_t bytes)
{
    (void)text;
    (void)bytes;
}

void arch_console_silence(void)
{
}

void arch_console_unsilence(void)
{
}

void arch_fpu_init(void *state)
{
    (void)state;
}
