/* SPDX-License-Identifier: ISC */
/* Reports that it is ready, answers one message with OK, then dies of a fault. */
#include <userlib/report.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

#include "stand_in.h"

int stand_in_main(const struct startup *startup)
{
    (void)startup;
    program_ready();
    for (uint32_t index = 0; index < message_caps_max; index++) {
        if (slots_take(&syscall_ipc_buffer()->receive_slots[index]) != STATUS_OK) {
            return 1;
        }
    }
    struct syscall_registers registers = {.target = SLOT_CONTROL | (uint64_t)SLOT_REPLY << 32};
    if (syscall_enter(SYSCALL_RECEIVE, &registers) != STATUS_OK) {
        return 1;
    }
    registers.tag = message_tag_make(message_tag_operation(registers.tag), 0, 0, STATUS_OK);
    registers.target = (uint64_t)SLOT_REPLY << 32;
    (void)syscall_enter(SYSCALL_REPLY, &registers); /* it was no call: all the same */
    __builtin_trap();
}
