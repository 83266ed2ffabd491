/* SPDX-License-Identifier: ISC */
/*
 * Verifier: there is one segment of PCI, interrupts of ISA lines are told, lines that do not exist
 * are refused, and power is not for anybody.
 */
#include <protocol/acpi.h>
#include <slots/verify-drv-acpi.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

constexpr uint32_t isa_lines = 16;
constexpr uint32_t serial_line = 4;
constexpr uint64_t segment_alignment = UINT64_C(1) << 20;

static const struct acpi_cap acpi = {SLOT_PEER_DRV_ACPI};

static const char *verify_segments(void)
{
    struct acpi_segment_reply segment = {};
    if (acpi_segment(acpi, &(struct acpi_segment_request){.index = 0}, &segment) != STATUS_OK ||
        segment.address == 0 || segment.address % segment_alignment != 0 ||
        segment.last_bus <= segment.first_bus) {
        return "there is no segment of PCI";
    }
    return acpi_segment(acpi, &(struct acpi_segment_request){.index = 1}, &segment) == STATUS_END
               ? nullptr
               : "segments have no end";
}

static const char *verify(const struct verifier *verifier)
{
    (void)verifier;
    struct acpi_isa_interrupt_reply line = {};
    const char *reason = verify_segments();
    if (reason != nullptr) {
        return reason;
    }
    if (acpi_isa_interrupt(
            acpi, &(struct acpi_isa_interrupt_request){.line = serial_line}, &line) != STATUS_OK ||
        line.interrupt != serial_line) {
        return "the interrupt of the serial port is another one";
    }
    if (acpi_isa_interrupt(acpi, &(struct acpi_isa_interrupt_request){.line = isa_lines}, &line) !=
        STATUS_INVALID_ARGUMENT) {
        return "a line that does not exist has an interrupt";
    }
    return acpi_power_off(acpi) == STATUS_DENIED ? nullptr : "anybody may switch the power off";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
