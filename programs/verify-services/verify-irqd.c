/* SPDX-License-Identifier: ISC */
/*
 * Verifier: lines that are taken are busy, messages are given one by one and counted, lines that do
 * not exist are refused.
 */
#include <abi/object.h>
#include <protocol/interrupt.h>
#include <slots/verify-irqd.h>
#include <userlib/slots.h>
#include <userlib/start.h>
#include <userlib/syscall.h>
#include <userlib/verifier.h>

constexpr uint32_t serial_interrupt = 4; /* drv-serial has it */
constexpr uint32_t interrupt_of_nobody = 4000;
constexpr uint64_t message_area = UINT64_C(0xfee00000); /* of the local APICs */

static const struct interrupt_cap irqd = {SLOT_PEER_IRQD};

static enum status claim_line(uint32_t interrupt)
{
    struct any_cap source = {};
    return interrupt_claim_line(
        irqd, &(struct interrupt_claim_line_request){.interrupt = interrupt}, &source);
}

static bool is_message(const struct interrupt_claim_message_reply *message, struct any_cap source)
{
    struct cap_identity identity = {};
    return cspace_identify(slots_cspace(), source.slot, &identity) == STATUS_OK &&
           identity.kind == OBJECT_IRQ && (message->address >> 20) << 20 == message_area;
}

static const char *verify(const struct verifier *verifier)
{
    (void)verifier;
    struct interrupt_statistics_reply before = {};
    struct interrupt_statistics_reply after = {};
    struct interrupt_claim_message_reply first = {};
    struct interrupt_claim_message_reply second = {};
    struct any_cap first_source = {};
    struct any_cap second_source = {};
    if (interrupt_statistics(irqd, &before) != STATUS_OK || before.lines == 0) {
        return "no line is in use, though the serial port is";
    }
    if (claim_line(serial_interrupt) != STATUS_BUSY) {
        return "a line was given to two";
    }
    if (claim_line(interrupt_of_nobody) == STATUS_OK) {
        return "a line that does not exist was given";
    }
    if (interrupt_claim_message(irqd, &first, &first_source) != STATUS_OK ||
        interrupt_claim_message(irqd, &second, &second_source) != STATUS_OK ||
        !is_message(&first, first_source) || !is_message(&second, second_source) ||
        (first.address == second.address && first.data == second.data)) {
        return "messages are not given one by one";
    }
    slots_delete(first_source.slot);
    slots_delete(second_source.slot);
    return interrupt_statistics(irqd, &after) == STATUS_OK &&
                   after.messages == before.messages + 2 && after.lines == before.lines
               ? nullptr
               : "what was given is not counted";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
