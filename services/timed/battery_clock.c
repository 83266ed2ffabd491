/* SPDX-License-Identifier: ISC */
/* Reading the battery clock: two equal readings in a row while no update is in progress. */
#include "battery_clock.h"

#include <slots/timed.h>
#include <userlib/syscall.h>

#include <string.h>

#include "calendar.h"

constexpr uint16_t index_port = 0x70;
constexpr uint16_t data_port = 0x71;

constexpr uint8_t register_second = 0x00;
constexpr uint8_t register_minute = 0x02;
constexpr uint8_t register_hour = 0x04;
constexpr uint8_t register_day = 0x07;
constexpr uint8_t register_month = 0x08;
constexpr uint8_t register_year = 0x09;
constexpr uint8_t register_status_a = 0x0a;
constexpr uint8_t register_status_b = 0x0b;

constexpr uint8_t update_in_progress = 0x80;
constexpr uint8_t format_binary = 0x04;
constexpr uint8_t format_24_hours = 0x02;
constexpr uint8_t hour_afternoon = 0x80;

static const struct port_range_cap ports = {SLOT_PORTS_CMOS};

static uint8_t read_register(uint8_t index)
{
    uint32_t value = 0;
    (void)port_range_write(ports, index_port, 1, index); /* fails only without the port: then 0 */
    (void)port_range_read(ports, data_port, 1, &value);
    return (uint8_t)value;
}

struct reading {
    uint8_t second, minute, hour, day, month, year;
};

static struct reading read_once(void)
{
    return (struct reading){
        .second = read_register(register_second),
        .minute = read_register(register_minute),
        .hour = read_register(register_hour),
        .day = read_register(register_day),
        .month = read_register(register_month),
        .year = read_register(register_year),
    };
}

static enum status read_stable(struct reading *reading_out)
{
    constexpr uint32_t tries_max = 10'000;
    struct reading previous = {};
    bool have_previous = false;
    for (uint32_t i = 0; i < tries_max; i++) {
        if ((read_register(register_status_a) & update_in_progress) != 0) {
            have_previous = false;
            continue;
        }
        const struct reading reading = read_once();
        if (have_previous && memcmp(&reading, &previous, sizeof reading) == 0) {
            *reading_out = reading;
            return STATUS_OK;
        }
        previous = reading;
        have_previous = true;
    }
    return STATUS_IO;
}

static uint32_t decode(uint8_t value, bool binary)
{
    return binary ? value : (uint32_t)(value >> 4) * 10 + (value & 15);
}

static uint32_t decode_hour(uint8_t value, uint8_t format)
{
    uint32_t hour = decode(value & (uint8_t)~hour_afternoon, (format & format_binary) != 0);
    if ((format & format_24_hours) != 0) {
        return hour;
    }
    return hour % 12 + ((value & hour_afternoon) != 0 ? 12 : 0);
}

enum status battery_clock_read(uint64_t *seconds_out)
{
    struct reading reading;
    enum status status = read_stable(&reading);
    if (status != STATUS_OK) {
        return status;
    }
    const uint8_t format = read_register(register_status_b);
    const bool binary = (format & format_binary) != 0;
    const struct calendar_time time = {
        .year = 2000 + decode(reading.year, binary),
        .month = decode(reading.month, binary),
        .day = decode(reading.day, binary),
        .hour = decode_hour(reading.hour, format),
        .minute = decode(reading.minute, binary),
        .second = decode(reading.second, binary),
    };
    return calendar_to_seconds(&time, seconds_out);
}
