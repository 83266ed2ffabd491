/* SPDX-License-Identifier: ISC */
/*
 * Time, from the HPET (IA-PC HPET specification 1.0a, 2.3): its counter says what time it is, its
 * comparator 0 interrupts once at a deadline. It says its own frequency, so nothing is calibrated.
 * It owns one I/O APIC line.
 *
 * Invariants
 *  1. arch_clock_read never goes backwards. A 32-bit counter is extended here; the comparator is
 *     never set more than a quarter turn of it ahead, so that every turn is seen.
 *  2. When the timer interrupts, its deadline has been reached or lies beyond that horizon.
 */
#include <kernel/arch/apic.h>

#include <kernel/arch/arch.h>
#include <kernel/arch/cpu.h>
#include <kernel/arch/device.h>
#include <kernel/panic.h>

enum hpet_register : uint32_t {
    HPET_CAPABILITIES = 0x000,
    HPET_CONFIGURATION = 0x010,
    HPET_COUNTER = 0x0f0,
    HPET_COMPARATOR_CONTROL = 0x100, /* of comparator 0; 0x20 bytes apart */
    HPET_COMPARATOR_VALUE = 0x108,
};

constexpr uint32_t hpet_comparator_stride = 0x20;
constexpr uint64_t capability_wide_counter = 1 << 13;
constexpr uint64_t configuration_enabled = 1 << 0;
constexpr uint64_t comparator_level = 1 << 1;
constexpr uint64_t comparator_interrupts = 1 << 2;
constexpr uint64_t comparator_periodic = 1 << 3;
constexpr uint64_t comparator_is_wide = 1 << 5;
constexpr uint64_t comparator_force_narrow = 1 << 8;
constexpr uint64_t comparator_route_mask = 0x1f << 9;
constexpr uint64_t comparator_message = 1 << 14;
constexpr uint32_t comparator_route_shift = 9;
constexpr uint32_t comparator_routes_shift = 32;
constexpr uint32_t comparator_routes = 32;

constexpr uint64_t femtoseconds_per_nanosecond = 1'000'000;
constexpr uint64_t period_fs_max = 100'000'000; /* 2.3.4: at least 10 MHz */
constexpr uint64_t period_fs_min = 100'000;

/* Factors between ticks and nanoseconds are scaled by 2^56: both then fit into 64 bits for all
 * legal periods. */
constexpr uint32_t scale_bits = 56;

/* Where a bus splits a read of 64 bits, a carry may come between the halves; the result is then off
 * by 2^32. */
constexpr uint64_t implausible_ticks = UINT64_C(1) << 31;

constexpr uint64_t horizon_ticks_narrow = UINT64_C(1) << 30;
constexpr uint64_t horizon_ticks_wide = UINT64_C(1) << 62;

/* The legacy timer (8254): its line is the kernel's once it is stopped. */
constexpr uint16_t legacy_timer_control = 0x43;
constexpr uint8_t legacy_timer_stop = 0x30; /* counter 0, one shot, and no count to start it */
constexpr uint8_t legacy_timer_isa_line = 0;

static struct {
    uint64_t registers;
    uint64_t nanoseconds_per_tick; /* scaled */
    uint64_t ticks_per_nanosecond; /* scaled */
    uint64_t counter_mask;         /* the bits that the counter has */
    uint64_t seen_ticks;           /* the last reading, all 64 bits */
    uint64_t horizon_ticks;
    uint64_t control; /* of the comparator, interrupts off */
    uint32_t interrupt;
    bool armed;
} clock;

/* dividend * 2^scale_bits / divisor, which must fit into 64 bits: one instruction, once. */
static uint64_t scaled_quotient(uint64_t dividend, uint64_t divisor)
{
    uint64_t high = dividend >> (64 - scale_bits);
    uint64_t low = dividend << scale_bits;
    kassert(high < divisor);
    __asm__("divq %2" : "+a"(low), "+d"(high) : "r"(divisor) : "cc");
    return low;
}

/* value * factor / 2^scale_bits */
static uint64_t scaled_product(uint64_t value, uint64_t factor)
{
    uint64_t low = value;
    uint64_t high;
    __asm__("mulq %2" : "+a"(low), "=d"(high) : "r"(factor) : "cc");
    return high << (64 - scale_bits) | low >> scale_bits;
}

static uint64_t ticks_since_seen(void)
{
    uint64_t counter = device_read64(clock.registers + HPET_COUNTER);
    return (counter - clock.seen_ticks) & clock.counter_mask;
}

static uint64_t read_ticks(void)
{
    uint64_t passed = ticks_since_seen();
    if (passed >= implausible_ticks) { /* after a long sleep, or torn: a second time it cannot be */
        passed = ticks_since_seen();
    }
    clock.seen_ticks += passed;
    return clock.seen_ticks;
}

/* The line of the stopped legacy timer where the comparator reaches it, because it surely is nobody
 * else's; else the highest line that it reaches. */
static uint32_t choose_interrupt(const struct boot_platform *platform, uint32_t routes)
{
    uint32_t legacy = legacy_timer_isa_line;
    for (uint32_t i = 0; i < platform->override_count && i < boot_interrupt_overrides_max; i++) {
        if (platform->overrides[i].isa_line == legacy_timer_isa_line) {
            legacy = platform->overrides[i].interrupt;
        }
    }
    if (legacy < comparator_routes && (routes >> legacy & 1) != 0 && apic_has_line(legacy)) {
        return legacy;
    }
    for (uint32_t line = comparator_routes; line-- > 0;) {
        if ((routes >> line & 1) != 0 && apic_has_line(line)) {
            return line;
        }
    }
    panic_refuse(MARKER_KERNEL_REFUSED_ACPI, "HPET reaches no I/O APIC line");
}

/* Stopped, at zero, all comparators silent: firmware may have used any. */
static void stop(uint64_t capabilities)
{
    device_write64(clock.registers + HPET_CONFIGURATION, 0);
    device_write64(clock.registers + HPET_COUNTER, 0);
    uint32_t comparators = (uint32_t)(capabilities >> 8 & 0x1f) + 1;
    for (uint32_t i = 0; i < comparators; i++) {
        uint64_t control = clock.registers + HPET_COMPARATOR_CONTROL + i * hpet_comparator_stride;
        device_write64(
            control, device_read64(control) & ~(comparator_interrupts | comparator_periodic));
    }
    port_write8(legacy_timer_control, legacy_timer_stop);
}

static void route_comparator(const struct boot_platform *platform)
{
    uint64_t control = device_read64(clock.registers + HPET_COMPARATOR_CONTROL);
    clock.interrupt = choose_interrupt(platform, (uint32_t)(control >> comparator_routes_shift));
    if ((control & comparator_is_wide) == 0) {
        clock.horizon_ticks = horizon_ticks_narrow;
    }
    control &=
        ~(comparator_level | comparator_force_narrow | comparator_route_mask | comparator_message);
    clock.control = control | (uint64_t)clock.interrupt << comparator_route_shift;
    device_write64(clock.registers + HPET_COMPARATOR_CONTROL, clock.control);
    kassert(apic_route(clock.interrupt, vector_timer, 0));
    arch_line_unmask(clock.interrupt);
}

void clock_init(const struct boot_platform *platform)
{
    clock.registers = device_register(DEVICE_WINDOW_HPET, platform->hpet_address, 0);
    uint64_t capabilities = device_read64(clock.registers + HPET_CAPABILITIES);
    uint64_t period_fs = capabilities >> 32;
    if (period_fs < period_fs_min || period_fs > period_fs_max) {
        panic_refuse(MARKER_KERNEL_REFUSED_ACPI, "period of the HPET");
    }
    clock.nanoseconds_per_tick = scaled_quotient(period_fs, femtoseconds_per_nanosecond);
    clock.ticks_per_nanosecond = scaled_quotient(femtoseconds_per_nanosecond, period_fs);
    bool wide = (capabilities & capability_wide_counter) != 0;
    clock.counter_mask = wide ? UINT64_MAX : UINT32_MAX;
    clock.horizon_ticks = wide ? horizon_ticks_wide : horizon_ticks_narrow;
    stop(capabilities);
    route_comparator(platform);
    device_write64(clock.registers + HPET_CONFIGURATION, configuration_enabled);
    arch_clock_set_deadline(UINT64_MAX);
}

uint32_t clock_interrupt(void)
{
    return clock.interrupt;
}

uint64_t arch_clock_read(void)
{
    return scaled_product(read_ticks(), clock.nanoseconds_per_tick);
}

static void set_armed(bool armed)
{
    if (clock.armed != armed) {
        device_write64(clock.registers + HPET_COMPARATOR_CONTROL,
            clock.control | (armed ? comparator_interrupts : 0));
        clock.armed = armed;
    }
}

void arch_clock_set_deadline(uint64_t deadline_ns)
{
    if (deadline_ns == UINT64_MAX && clock.horizon_ticks == horizon_ticks_wide) {
        set_armed(false);
        return;
    }
    uint64_t now = read_ticks();
    uint64_t ticks = scaled_product(deadline_ns, clock.ticks_per_nanosecond) + 1;
    if (ticks > now && ticks - now > clock.horizon_ticks) {
        ticks = now + clock.horizon_ticks;
    }
    device_write64(clock.registers + HPET_COMPARATOR_VALUE, ticks & clock.counter_mask);
    set_armed(true);
    if (read_ticks() >= ticks) { /* it was, or has meanwhile become, too late for the comparator */
        apic_send_to_self(vector_timer);
    }
}

void arch_init_interrupts(const struct boot_platform *platform)
{
    apic_init(platform);
    clock_init(platform);
}
