/* SPDX-License-Identifier: ISC */
/*
 * The boot console: the 16550 at COM1, polled, 115200 baud, 8 data bits, no parity, one stop bit.
 * It speaks while no driver has the port; a panic speaks always. A port that
 * never gets ready loses text, not time: every wait is bounded.
 */
#include <kernel/arch/console.h>

#include <kernel/arch/arch.h>
#include <kernel/arch/cpu.h>

/* Registers relative to the port's base (PC16550D data sheet, 8). */
enum serial_register : uint16_t {
    SERIAL_DATA = 0x3f8,
    SERIAL_INTERRUPT_ENABLE = 0x3f9,
    SERIAL_FIFO_CONTROL = 0x3fa,
    SERIAL_LINE_CONTROL = 0x3fb,
    SERIAL_MODEM_CONTROL = 0x3fc,
    SERIAL_LINE_STATUS = 0x3fd,
};

constexpr uint8_t line_control_8n1 = 0x03;
constexpr uint8_t line_control_divisor_latch = 0x80;
constexpr uint8_t divisor_115200_baud = 1;
constexpr uint8_t fifo_enable_and_clear = 0x07;
constexpr uint8_t modem_ready = 0x03;
constexpr uint8_t status_holding_empty = 0x20;
constexpr uint8_t status_all_sent = 0x40;

/* One byte takes 87 us at 115200 baud, and one read of a port about 1 us. */
constexpr uint32_t wait_reads_max = 100'000;

static bool silenced;

static void wait_for(uint8_t status_bit)
{
    for (uint32_t reads = 0; reads < wait_reads_max; reads++) {
        if ((port_read8(SERIAL_LINE_STATUS) & status_bit) != 0) {
            return;
        }
    }
}

void console_init(void)
{
    wait_for(status_all_sent); /* the loader's last words */
    port_write8(SERIAL_INTERRUPT_ENABLE, 0);
    port_write8(SERIAL_LINE_CONTROL, line_control_divisor_latch);
    port_write8(SERIAL_DATA, divisor_115200_baud);
    port_write8(SERIAL_INTERRUPT_ENABLE, 0); /* high byte of the divisor */
    port_write8(SERIAL_LINE_CONTROL, line_control_8n1);
    port_write8(SERIAL_FIFO_CONTROL, fifo_enable_and_clear);
    port_write8(SERIAL_MODEM_CONTROL, modem_ready);
}

static void write_byte(uint8_t byte)
{
    wait_for(status_holding_empty);
    port_write8(SERIAL_DATA, byte);
}

void arch_console_write(const char *text, size_t bytes)
{
    if (silenced) {
        return;
    }
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '\n') {
            write_byte('\r');
        }
        write_byte((uint8_t)text[i]);
    }
}

void arch_console_silence(void)
{
    silenced = true;
}

void arch_console_unsilence(void)
{
    silenced = false;
}
