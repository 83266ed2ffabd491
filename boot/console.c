/* SPDX-License-Identifier: ISC */
/* Implements console.h: a polled 16550 at COM1 and firmware's screens. */
#include "console.h"

#include <stddef.h>

#include "cpu.h"
#include "uefi.h"

/* Registers of a 16550 UART (PC16550D data sheet, chapter 8). */
constexpr uint16_t com1_data = 0x3f8;
constexpr uint16_t com1_interrupts = 0x3f9;
constexpr uint16_t com1_fifo = 0x3fa;
constexpr uint16_t com1_line = 0x3fb;
constexpr uint16_t com1_modem = 0x3fc;
constexpr uint16_t com1_status = 0x3fd;
constexpr uint8_t line_divisor_access = 0x80;
constexpr uint8_t status_can_send = 0x20;

/* A character takes 87 microseconds; a port read on a real bus about one. */
constexpr uint32_t send_polls_max = 10000;

constexpr size_t screens_max = 8;
constexpr size_t screen_text_max = 160;

static const struct {
    uint16_t port;
    uint8_t value;
} com1_setup[] = {
    {com1_interrupts, 0}, {com1_line, line_divisor_access},
    {com1_data, 1},                          /* divisor 1: 115200 baud */
    {com1_interrupts, 0}, {com1_line, 0x03}, /* 8 data bits, no parity, one stop bit */
    {com1_fifo, 0x07},                       /* FIFOs on and empty */
    {com1_modem, 0x03},                      /* terminal ready, request to send */
};

static void serial_write(const char *text);
static void serial_line(enum marker marker, const char *detail);
static void screens_line(
    const struct efi_system_table *system, const char *first, const char *second);
static size_t screen_append(uint16_t *line, size_t length, const char *text);
static void release_held(struct console *console);

void console_init(struct console *console)
{
    *console = (struct console){};
    for (size_t index = 0; index < sizeof(com1_setup) / sizeof(com1_setup[0]); index++) {
        cpu_out8(com1_setup[index].port, com1_setup[index].value);
    }
}

void console_marker(struct console *console, enum marker marker, const char *detail)
{
    if (console->speaking) {
        serial_line(marker, detail);
    } else if (console->held_count < console_held_max) {
        console->held[console->held_count++] = marker;
    }
}

void console_speak(struct console *console)
{
    console->speaking = true;
    release_held(console);
}

void console_refusal(struct console *console, enum marker marker, const char *detail,
    const struct efi_system_table *system)
{
    release_held(console);
    serial_line(marker, detail);
    if (system != nullptr) {
        screens_line(system, marker_text(marker), detail);
    }
}

static void release_held(struct console *console)
{
    for (uint32_t index = 0; index < console->held_count; index++) {
        serial_line(console->held[index], "");
    }
    console->held_count = 0;
}

static void serial_line(enum marker marker, const char *detail)
{
    serial_write(marker_text(marker));
    if (detail[0] != '\0') {
        serial_write(" ");
        serial_write(detail);
    }
    serial_write("\r\n");
}

/* A machine without COM1 reads all ones there, which looks ready: nothing waits for it. */
static void serial_write(const char *text)
{
    for (; *text != '\0'; text++) {
        uint32_t polls = 0;
        while ((cpu_in8(com1_status) & status_can_send) == 0 && polls < send_polls_max) {
            polls++;
        }
        cpu_out8(com1_data, (uint8_t)*text);
    }
}

/*
 * A screen is a handle with graphics and text (UEFI 12.9, 12.4). The combined console can have both
 * as well; it is passed over where there is a screen besides it.
 */
static void screens_line(
    const struct efi_system_table *system, const char *first, const char *second)
{
    uint16_t line[screen_text_max + 3];
    size_t length = screen_append(line, 0, first);
    length = screen_append(line, length, " ");
    length = screen_append(line, length, second);
    line[length++] = u'\r';
    line[length++] = u'\n';
    line[length] = u'\0';
    const struct efi_boot_services *services = system->boot_services;
    efi_handle *handles = nullptr;
    size_t count = 0;
    if (services->locate_handle_buffer(
            EFI_LOCATE_BY_PROTOCOL, &efi_graphics_guid, nullptr, &count, &handles) != efi_success) {
        return;
    }
    for (size_t index = 0; index < count && index < screens_max; index++) {
        void *screen = nullptr;
        if ((count > 1 && handles[index] == system->console_out_handle) ||
            services->handle_protocol(handles[index], &efi_text_output_guid, &screen) !=
                efi_success) {
            continue;
        }
        struct efi_text_output *text = screen;
        (void)text->output_string(text, line); /* COM1 has it: a dark screen changes nothing */
    }
    (void)services->free_pool(handles);
}

static size_t screen_append(uint16_t *line, size_t length, const char *text)
{
    for (; *text != '\0' && length < screen_text_max; text++) {
        line[length++] = (uint8_t)*text;
    }
    return length;
}
