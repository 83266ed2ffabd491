/* SPDX-License-Identifier: ISC */
/*
 * Reports that it is ready, prints every good marker, and answers each message with OK, in exactly
 * the shape that the protocol promises: zeros, and some capability of the right kind if it has one.
 * Nothing is done. Whoever believes it, believes words.
 */
#include <protocol/acpi.h>
#include <protocol/block.h>
#include <protocol/crash.h>
#include <protocol/device.h>
#include <protocol/disk.h>
#include <protocol/event.h>
#include <protocol/filesystem.h>
#include <protocol/interrupt.h>
#include <protocol/loader.h>
#include <protocol/log.h>
#include <protocol/memory.h>
#include <protocol/name.h>
#include <protocol/pager.h>
#include <protocol/probe.h>
#include <protocol/process.h>
#include <protocol/serial.h>
#include <protocol/terminal.h>
#include <protocol/time.h>
#include <protocol/trap.h>
#include <protocol/vfs.h>
#include <protocol/vspace.h>
#include <userlib/marker.h>
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

#include <string.h>

#include "lies.h"
#include "stand_in.h"

static const struct protocol *const protocols[] = {&acpi_protocol, &block_protocol, &crash_protocol,
    &device_protocol, &disk_protocol, &event_protocol, &filesystem_protocol, &interrupt_protocol,
    &loader_protocol, &log_protocol, &memory_protocol, &name_protocol, &pager_protocol,
    &probe_protocol, &process_protocol, &serial_protocol, &terminal_protocol, &time_protocol,
    &trap_protocol, &vfs_protocol, &vspace_protocol};

static const struct startup *own;
static cap_slot received[message_caps_max]; /* where capabilities of a request arrive */
static cap_slot given[message_caps_max];    /* copies for an answer */

static const struct message_shape *find_reply(uint32_t number)
{
    for (size_t index = 0; index < sizeof protocols / sizeof protocols[0]; index++) {
        const struct protocol *protocol = protocols[index];
        if (protocol->id == number >> 8 && (uint8_t)(number - 1) < protocol->operation_count) {
            return &protocol->operations[(uint8_t)(number - 1)].reply;
        }
    }
    return nullptr;
}

static enum status copy_some(enum object_kind kind, cap_slot target)
{
    for (uint32_t index = 0; index < own->slot_count; index++) {
        const struct startup_slot *row = &own->slots[index];
        if (row->slot != slot_null && (kind == OBJECT_NONE || row->kind == kind)) {
            return cspace_copy(slots_cspace(),
                &(struct cspace_copy){.source = row->slot, .target = target, .rights = rights_all});
        }
    }
    return STATUS_NOT_FOUND;
}

/* How many of the promised capabilities could be had. */
static uint8_t give_caps(const struct message_shape *reply)
{
    for (uint8_t index = 0; index < reply->cap_count; index++) {
        if (copy_some(reply->cap_kinds[index], given[index]) != STATUS_OK) {
            return index;
        }
        syscall_ipc_buffer()->caps[index] = given[index];
    }
    return reply->cap_count;
}

static void empty(const cap_slot slots[message_caps_max])
{
    for (uint32_t index = 0; index < message_caps_max; index++) {
        (void)cspace_delete(slots_cspace(), slots[index]); /* most of them are empty */
    }
}

static void lie(struct syscall_registers *registers)
{
    const uint16_t number = message_tag_operation(registers->tag);
    const struct message_shape *reply = find_reply(number);
    uint32_t size_bytes = 0;
    uint8_t cap_count = 0;
    if (reply != nullptr) {
        size_bytes = reply->fixed_bytes;
        cap_count = give_caps(reply);
    }
    memset(registers->words, 0, sizeof registers->words);
    memset(syscall_ipc_buffer()->words, 0, sizeof syscall_ipc_buffer()->words);
    registers->tag = message_tag_make(number, size_bytes, cap_count, STATUS_OK);
}

[[noreturn]] static void serve(void)
{
    struct syscall_registers registers = {};
    enum syscall next = SYSCALL_RECEIVE;
    for (;;) {
        memcpy(syscall_ipc_buffer()->receive_slots, received, sizeof received);
        registers.target = (uint64_t)SLOT_CONTROL | (uint64_t)SLOT_REPLY << 32;
        const enum status status = syscall_enter(next, &registers);
        empty(received);
        empty(given);
        next = SYSCALL_RECEIVE; /* also if nobody waits for the answer */
        if (status == STATUS_OK && (registers.tag & message_tag_notification) == 0) {
            lie(&registers);
            next = SYSCALL_REPLY_RECEIVE;
        }
    }
}

int stand_in_main(const struct startup *startup)
{
    own = startup;
    for (uint32_t index = 0; index < message_caps_max; index++) {
        if (slots_take(&received[index]) != STATUS_OK || slots_take(&given[index]) != STATUS_OK) {
            return 1;
        }
    }
    program_ready();
    for (uint32_t number = 0; number < MARKER_COUNT; number++) {
        if (lies_is_good_news(marker_text((enum marker)number))) {
            marker((enum marker)number);
        }
    }
    serve();
}
