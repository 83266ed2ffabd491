/* SPDX-License-Identifier: ISC */
/*
 * Interrupt controllers: the local APIC (Intel SDM volume 3, 10), the I/O APICs (82093AA data
 * sheet) and the two legacy 8259A, which are only put to silence. It owns which I/O APIC line is at
 * which register.
 */
#include <kernel/arch/apic.h>

#include <kernel/arch/arch.h>
#include <kernel/arch/cpu.h>
#include <kernel/arch/device.h>
#include <kernel/arch/entry.h>
#include <kernel/panic.h>

enum local_register : uint32_t {
    LOCAL_ID = 0x20,
    LOCAL_TASK_PRIORITY = 0x80,
    LOCAL_END_OF_INTERRUPT = 0xb0,
    LOCAL_SPURIOUS = 0xf0,
    LOCAL_REQUESTED_FIRST = 0x200, /* 8 registers of 32 vectors, 16 bytes apart */
    LOCAL_ERROR_STATUS = 0x280,
    LOCAL_COMMAND_LOW = 0x300,
    LOCAL_TIMER = 0x320,
    LOCAL_THERMAL = 0x330,
    LOCAL_PERFORMANCE = 0x340,
    LOCAL_LINE_0 = 0x350,
    LOCAL_LINE_1 = 0x360,
    LOCAL_ERROR = 0x370,
};

constexpr uint32_t msr_apic_base = 0x1b;
constexpr uint64_t apic_base_x2apic = 1 << 10;
constexpr uint64_t apic_base_enabled = 1 << 11;
constexpr uint64_t apic_base_address_mask = UINT64_C(0x000ffffffffff000);

constexpr uint32_t local_masked = 1 << 16;
constexpr uint32_t local_delivery_nmi = 4 << 8;
constexpr uint32_t local_enabled = 1 << 8;
constexpr uint32_t local_command_to_self = 1 << 18;
constexpr uint32_t local_vector_spurious = 0xff;
constexpr uint32_t local_requested_words = 8;
constexpr uint32_t local_requested_stride = 16;
static_assert(local_vector_spurious >= vector_ignored);

constexpr uint64_t message_address_base = 0xfee00000;
constexpr uint32_t message_address_id_shift = 12;

enum io_apic_offset : uint32_t {
    IO_APIC_SELECT = 0x00,
    IO_APIC_DATA = 0x10,
};

enum io_apic_register : uint32_t {
    IO_APIC_VERSION = 0x01,
    IO_APIC_LINE_FIRST = 0x10, /* two registers for each line */
};

constexpr uint32_t line_active_low = 1 << 13;
constexpr uint32_t line_level = 1 << 15;
constexpr uint32_t line_masked = 1 << 16;
constexpr uint32_t line_destination_shift = 24;
constexpr uint32_t io_apic_lines_max = 240;

enum pic_port : uint16_t {
    PIC_FIRST_COMMAND = 0x20,
    PIC_FIRST_DATA = 0x21,
    PIC_SECOND_COMMAND = 0xa0,
    PIC_SECOND_DATA = 0xa1,
};

constexpr uint8_t pic_initialise = 0x11;
constexpr uint8_t pic_lines_on_first = 1 << 2;
constexpr uint8_t pic_identity_of_second = 2;
constexpr uint8_t pic_mode_8086 = 1;
constexpr uint8_t pic_mask_all = 0xff;

struct io_apic {
    uint64_t registers; /* in the device window */
    uint32_t first_interrupt;
    uint32_t line_count;
};

static struct {
    uint64_t local;
    uint32_t local_id;
    uint32_t io_apic_count;
    struct io_apic io_apics[boot_io_apics_max];
} apic;

static void local_write(enum local_register number, uint32_t value)
{
    device_write32(apic.local + number, value);
}

/* Even with all lines masked an 8259A may raise a spurious interrupt: its vectors are among those
 * ignored. */
static void silence_pics(void)
{
    port_write8(PIC_FIRST_COMMAND, pic_initialise);
    port_write8(PIC_SECOND_COMMAND, pic_initialise);
    port_write8(PIC_FIRST_DATA, vector_ignored);
    port_write8(PIC_SECOND_DATA, vector_ignored + 8);
    port_write8(PIC_FIRST_DATA, pic_lines_on_first);
    port_write8(PIC_SECOND_DATA, pic_identity_of_second);
    port_write8(PIC_FIRST_DATA, pic_mode_8086);
    port_write8(PIC_SECOND_DATA, pic_mode_8086);
    port_write8(PIC_FIRST_DATA, pic_mask_all);
    port_write8(PIC_SECOND_DATA, pic_mask_all);
}

/* Registers in memory (xAPIC), at the address that the tables name. From x2APIC mode the way there
 * leads through "disabled" (10.12.5). Line 1 stays open: that is where a non-maskable interrupt
 * comes in. */
static void enable_local(uint64_t address)
{
    uint64_t base = cpu_read_msr(msr_apic_base);
    if ((base & apic_base_x2apic) != 0) {
        base &= ~(apic_base_x2apic | apic_base_enabled);
        cpu_write_msr(msr_apic_base, base);
    }
    if ((base & apic_base_address_mask) != (address & apic_base_address_mask)) {
        panic_refuse(MARKER_KERNEL_REFUSED_ACPI, "local APIC is elsewhere");
    }
    cpu_write_msr(msr_apic_base, base | apic_base_enabled);

    apic.local = device_register(DEVICE_WINDOW_LOCAL_APIC, address, 0);
    apic.local_id = device_read32(apic.local + LOCAL_ID) >> 24;
    local_write(LOCAL_SPURIOUS, local_enabled | local_vector_spurious);
    local_write(LOCAL_TIMER, local_masked);
    local_write(LOCAL_THERMAL, local_masked);
    local_write(LOCAL_PERFORMANCE, local_masked);
    local_write(LOCAL_LINE_0, local_masked);
    local_write(LOCAL_LINE_1, local_delivery_nmi);
    local_write(LOCAL_ERROR, local_masked);
    local_write(LOCAL_ERROR_STATUS, 0);
    local_write(LOCAL_TASK_PRIORITY, 0);
    local_write(LOCAL_END_OF_INTERRUPT, 0); /* one that the loader left unanswered */
}

static uint32_t io_apic_read(const struct io_apic *io_apic, uint32_t number)
{
    device_write32(io_apic->registers + IO_APIC_SELECT, number);
    return device_read32(io_apic->registers + IO_APIC_DATA);
}

static void io_apic_write(const struct io_apic *io_apic, uint32_t number, uint32_t value)
{
    device_write32(io_apic->registers + IO_APIC_SELECT, number);
    device_write32(io_apic->registers + IO_APIC_DATA, value);
}

static void init_io_apic(uint32_t index, const struct boot_io_apic *description)
{
    struct io_apic *io_apic = &apic.io_apics[index];
    io_apic->registers =
        device_register(DEVICE_WINDOW_IO_APIC_FIRST + index, description->address, 0);
    io_apic->first_interrupt = description->first_interrupt;
    io_apic->line_count = (io_apic_read(io_apic, IO_APIC_VERSION) >> 16 & 0xff) + 1;
    if (io_apic->line_count > io_apic_lines_max) {
        panic_refuse(MARKER_KERNEL_REFUSED_ACPI, "I/O APIC does not answer");
    }
    for (uint32_t line = 0; line < io_apic->line_count; line++) {
        io_apic_write(io_apic, IO_APIC_LINE_FIRST + 2 * line, line_masked);
        io_apic_write(io_apic, IO_APIC_LINE_FIRST + 2 * line + 1, 0);
    }
}

void apic_init(const struct boot_platform *platform)
{
    silence_pics();
    enable_local(platform->local_apic_address);
    apic.io_apic_count = platform->io_apic_count;
    for (uint32_t i = 0; i < platform->io_apic_count; i++) {
        init_io_apic(i, &platform->io_apics[i]);
    }
}

void apic_send_to_self(uint32_t vector)
{
    local_write(LOCAL_COMMAND_LOW, local_command_to_self | vector);
}

/* The I/O APIC of a global interrupt number, and its line there; nullptr if there is none. */
static const struct io_apic *find_line(uint32_t interrupt, uint32_t *line_out)
{
    for (uint32_t i = 0; i < apic.io_apic_count; i++) {
        const struct io_apic *io_apic = &apic.io_apics[i];
        if (interrupt >= io_apic->first_interrupt &&
            interrupt - io_apic->first_interrupt < io_apic->line_count) {
            *line_out = interrupt - io_apic->first_interrupt;
            return io_apic;
        }
    }
    return nullptr;
}

bool apic_has_line(uint32_t interrupt)
{
    uint32_t line;
    return find_line(interrupt, &line) != nullptr;
}

bool apic_route(uint32_t interrupt, uint32_t vector, uint32_t mode)
{
    uint32_t line;
    const struct io_apic *io_apic = find_line(interrupt, &line);
    if (io_apic == nullptr) {
        return false;
    }
    uint32_t number = IO_APIC_LINE_FIRST + 2 * line;
    io_apic_write(io_apic, number, line_masked); /* never half of the old and half of the new */
    io_apic_write(io_apic, number + 1, apic.local_id << line_destination_shift);
    io_apic_write(io_apic, number, line_masked | mode | vector);
    return true;
}

bool arch_line_route(uint32_t interrupt, uint32_t vector, bool level, bool active_low)
{
    if (interrupt == clock_interrupt()) {
        return false;
    }
    return apic_route(
        interrupt, vector, (level ? line_level : 0) | (active_low ? line_active_low : 0));
}

static void set_masked(uint32_t interrupt, uint32_t masked)
{
    uint32_t line;
    const struct io_apic *io_apic = find_line(interrupt, &line);
    kassert(io_apic != nullptr);
    uint32_t number = IO_APIC_LINE_FIRST + 2 * line;
    io_apic_write(io_apic, number, (io_apic_read(io_apic, number) & ~line_masked) | masked);
}

void arch_line_mask(uint32_t interrupt)
{
    set_masked(interrupt, line_masked);
}

void arch_line_unmask(uint32_t interrupt)
{
    set_masked(interrupt, 0);
}

/* Fixed delivery, edge, to this processor by its physical id (10.11). */
void arch_message_address(uint32_t vector, uint64_t *address_out, uint32_t *data_out)
{
    *address_out = message_address_base | (uint64_t)apic.local_id << message_address_id_shift;
    *data_out = vector;
}

void arch_end_of_interrupt(void)
{
    local_write(LOCAL_END_OF_INTERRUPT, 0);
}

bool arch_interrupt_pending(void)
{
    uint32_t requested = 0;
    for (uint32_t word = 1; word < local_requested_words; word++) { /* word 0: exceptions */
        requested |=
            device_read32(apic.local + LOCAL_REQUESTED_FIRST + word * local_requested_stride);
    }
    return requested != 0;
}
