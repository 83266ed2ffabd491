/* SPDX-License-Identifier: ISC */
/*
 * System calls: numbers, registers, messages, and the operations of kernel objects.
 *
 * Registers on entry (instruction `syscall`, which destroys rcx and r11):
 *   rax           enum syscall
 *   rdi           capability slot; for calls that receive: endpoint | reply slot << 32
 *   rsi           message tag, or operation number for SYSCALL_INVOKE
 *   rdx r10 r8 r9 message words 0 to 3, or arguments 0 to 3 of the operation
 * Registers on return:
 *   rax           enum status of the system call itself
 *   rdi           badge of the sender, where a message was received; 0 with a reply
 *   rsi           message tag, where a message was received
 *   rdx r10 r8 r9 message words 0 to 3, or results 0 to 3 of the operation
 * All other registers are preserved. Message words from 4 on, and capability slots, travel in the
 * thread's IPC buffer, a page that the kernel reaches without using user addresses.
 */
#pragma once

#include <abi/object.h>
#include <abi/status.h>

#include <stdint.h>

enum syscall : uint64_t {
    SYSCALL_VERSION = 0,       /* returns abi_version in rdx; the cheapest call there is */
    SYSCALL_CALL = 1,          /* send, then wait for the one reply */
    SYSCALL_REPLY_RECEIVE = 2, /* answer through the reply slot, then receive into it again */
    SYSCALL_SEND = 3,          /* wait for a receiver, deliver, go on */
    SYSCALL_SEND_NOWAIT = 4,   /* deliver if a receiver waits, else WOULD_BLOCK */
    SYSCALL_RECEIVE = 5,       /* wait for a message or for the bound notification */
    SYSCALL_RECEIVE_NOWAIT = 6,
    SYSCALL_REPLY = 7,  /* rdi: reply slot << 32 */
    SYSCALL_SIGNAL = 8, /* rdi: notification; sets its badge's bits, or bit 63 */
    SYSCALL_WAIT = 9,   /* rdi: notification; the bits in rdx, which are cleared */
    SYSCALL_POLL = 10,  /* as WAIT, but WOULD_BLOCK where no bit is set */
    SYSCALL_INVOKE = 11,
    SYSCALL_YIELD = 12,
    SYSCALL_EXIT = 13, /* rdx: exit code; ends the thread through its fault handler */
    SYSCALL_COUNT
};

constexpr uint64_t abi_version = 1;

/* --- messages --- */

constexpr uint32_t message_bytes_max = 1024;
constexpr uint32_t message_words_max = message_bytes_max / 8;
constexpr uint32_t message_register_words = 4;
constexpr uint32_t message_caps_max = 4;

/*
 * A message tag: bits 0-15 operation, 16-26 payload bytes, 27-29 number of capabilities,
 * 30 capabilities are moved instead of copied, 31 this is no message but the bound notification
 * (word 0 holds its bits), 32-63 status of a reply (an enum status).
 */
typedef uint64_t message_tag;

constexpr uint64_t message_tag_move = UINT64_C(1) << 30;
constexpr uint64_t message_tag_notification = UINT64_C(1) << 31;

static inline message_tag message_tag_make(
    uint16_t operation, uint32_t size_bytes, uint32_t cap_count, enum status status)
{
    return (uint64_t)operation | (uint64_t)size_bytes << 16 | (uint64_t)cap_count << 27 |
           (uint64_t)(uint32_t)status << 32;
}

static inline uint16_t message_tag_operation(message_tag tag)
{
    return (uint16_t)tag;
}

static inline uint32_t message_tag_size_bytes(message_tag tag)
{
    return (uint32_t)(tag >> 16) & 0x7ff;
}

static inline uint32_t message_tag_cap_count(message_tag tag)
{
    return (uint32_t)(tag >> 27) & 7;
}

static inline enum status message_tag_status(message_tag tag)
{
    return (enum status)(int32_t)(tag >> 32);
}

/*
 * One page per thread. The thread fills `words` from word 4 on (words 0 to 3 travel in registers)
 * and `caps` before it sends; before it receives it names in `receive_slots` the empty slots that
 * may take capabilities, 0 meaning "none accepted". After a receive, `caps` holds the slots
 * that were filled and `received_caps` their number. `arguments` holds arguments 4 and up of
 * operations that need more than four.
 */
struct ipc_buffer {
    uint64_t words[message_words_max];
    cap_slot caps[message_caps_max];
    cap_slot receive_slots[message_caps_max];
    uint32_t received_caps;
    uint32_t reserved;
    uint64_t arguments[8];
};

static_assert(sizeof(struct ipc_buffer) == 1024 + 16 + 16 + 8 + 64);

/* --- operations of kernel objects (SYSCALL_INVOKE) ---
 *
 * "self" is the invoked capability. Slots in arguments are of the caller's own capability space
 * unless said otherwise. Every operation first checks everything, then changes everything: a status
 * other than OK means that nothing has changed.
 */

/* kind | object bits << 8 | count << 16 (retype_count_max at most) */
constexpr uint32_t retype_count_max = 64;

enum untyped_operation : uint16_t {
    /* args: word0 = kind | bits << 8 | count << 16; word1 = cspace slot | first slot in it << 32;
     * word2 = label (endpoints and cspaces). Makes `count` objects out of the memory of self, which
     * stays theirs until all of them are deleted. The bits are those of a frame, untyped or cspace,
     * else 0. Device memory gives only untyped and frames. Errors: NO_MEMORY, NO_SLOT,
     * INVALID_ARGUMENT. */
    UNTYPED_RETYPE = 1,
    /* results: bits, is_device, free bytes, physical address (0 without RIGHT_DMA) */
    UNTYPED_DESCRIBE = 2,
};

enum cspace_operation : uint16_t {
    /* args: source slot (caller's), target slot (in self), rights mask, badge (0: as the source).
     * The copy is a child of the source. A badge can be set once: on endpoints and notifications
     * whose source has badge 0. Untyped, reply and IRQ capabilities cannot be copied. */
    CSPACE_COPY = 1,
    CSPACE_MOVE = 2,   /* args: source slot (caller's), target slot (in self) */
    CSPACE_DELETE = 3, /* args: slot (in self); deleting an empty slot is OK */
    /* args: slot (in self); deletes all that was derived from it. If it lies in a space that was
     * made from it, it goes with that, and what is left then belongs to its parent. */
    CSPACE_REVOKE = 4,
    /* args: slot (in self); results: kind | rights << 8 | label << 32, badge,
     * a value by kind (frame/untyped/cspace bits, first port | last port << 16) */
    CSPACE_IDENTIFY = 5,
};

enum frame_operation : uint16_t {
    /* args: vspace slot, address (aligned to the frame), rights | frame_attribute << 16.
     * Needs RIGHT_CONTROL on the vspace. Never writable and executable at once. Errors:
     * MISSING_TABLE (results: bits of the region whose table is missing: 21, 30 or 39),
     * EXISTS (something is mapped there), BUSY (this capability is mapped already). */
    FRAME_MAP = 1,
    FRAME_UNMAP = 2,
    FRAME_ADDRESS = 3, /* results: physical address; needs RIGHT_DMA */
};

enum frame_attribute : uint16_t {
    FRAME_CACHED = 0,
    FRAME_UNCACHED = 1,
    FRAME_WRITE_COMBINING = 2,
};

enum page_table_operation : uint16_t {
    /* args: vspace slot, address; becomes the highest missing table on the way to address */
    PAGE_TABLE_MAP = 1,
    PAGE_TABLE_UNMAP = 2,
};

enum thread_operation : uint16_t {
    /* args: cspace slot, vspace slot, IPC buffer frame slot, pager endpoint slot (0: none), then
     * arguments[4] = fault endpoint slot (0: none). The thread keeps copies of its own. The
     * caller's endpoint badges are kept: they name the thread to its handlers. */
    THREAD_CONFIGURE = 1,
    THREAD_SET_REGISTERS = 2, /* args: instruction pointer, stack pointer, first argument (rdi) */
    THREAD_SET_PRIORITY = 3,  /* args: priority, ceiling; both at most the caller's own ceiling */
    THREAD_RESUME = 4,
    THREAD_SUSPEND = 5,
    THREAD_BIND_NOTIFICATION = 6, /* args: notification slot; 0 unbinds */
    /* results: state, instruction pointer, stack pointer, time stamp ticks that it has run */
    THREAD_DESCRIBE = 7,
};

constexpr uint32_t priority_count = 64;

enum reply_operation : uint16_t {
    /* results: 1 if a caller waits for the answer, else 0: it is gone, or there was none */
    REPLY_DESCRIBE = 1,
};

enum irq_control_operation : uint16_t {
    /* args: global interrupt number | level << 32 | active low << 33, target slot (own cspace) */
    IRQ_CONTROL_CLAIM_LINE = 1,
    /* args: target slot (own cspace); results: message address, message data */
    IRQ_CONTROL_CLAIM_MESSAGE = 2,
};

enum irq_operation : uint16_t {
    IRQ_BIND = 1,        /* args: notification slot; signalled with the badge of that capability */
    IRQ_ACKNOWLEDGE = 2, /* allow the next interrupt of this source */
};

enum port_range_operation : uint16_t {
    PORT_RANGE_READ = 1,  /* args: port, width in bytes (1, 2, 4); results: value */
    PORT_RANGE_WRITE = 2, /* args: port, width in bytes, value */
    PORT_RANGE_NARROW =
        3, /* args: first, last, target slot (own cspace): a child that is smaller */
};

enum clock_operation : uint16_t {
    CLOCK_READ = 1, /* results: nanoseconds since the kernel started */
    /* args: deadline in nanoseconds, notification slot (needs RIGHT_SEND). One deadline for each
     * notification; arming again replaces it. Signals with the badge of that capability. */
    CLOCK_ARM = 2,
    CLOCK_DISARM = 3, /* args: notification slot */
};

constexpr uint32_t clock_deadlines_max = 64;

enum console_operation : uint16_t {
    CONSOLE_WRITE = 1,   /* args: size in bytes; the text is at words[0] of the IPC buffer */
    CONSOLE_SILENCE = 2, /* the kernel prints nothing more, except when it dies */
    CONSOLE_SPEAK = 3,   /* it prints again: who has taken the line over is gone */
};

enum test_operation : uint16_t {
    TEST_EXIT = 1,        /* args: enum exit_class; ends the machine */
    TEST_PRINT_GRAPH = 2, /* prints every capability of every space on the console */
    TEST_RESOURCE_COUNTS =
        3, /* results: capabilities, threads, address spaces, free untyped bytes */
    TEST_CHECK_INVARIANTS = 4,
    TEST_PROVOKE =
        5, /* args: enum provocation of abi/provocation.h, address; the kernel dies of it */
    TEST_NONCE = 6, /* results: the 16 characters that name this run, 8 in each of two words, the
                       first in the lowest byte; NOT_FOUND on a machine that was given none */
    TEST_TABLE_LOADS = 7, /* results: how often the tables of an address space were loaded */
};

/* --- faults ---
 *
 * Sent as a call to the pager endpoint (page faults) or the fault endpoint (all others) of the
 * thread. A reply with status OK lets the thread go on; a page fault that is answered with another
 * status goes to the fault endpoint. Without a handler the thread stops for good.
 */
enum fault_operation : uint16_t {
    FAULT_PAGE = 0xff01, /* words: address, error code (as the processor's), instruction pointer */
    FAULT_EXCEPTION = 0xff02, /* words: vector, error code, instruction pointer, stack pointer */
    FAULT_EXIT = 0xff03,      /* words: exit code */
};

constexpr uint64_t fault_error_present = 1;
constexpr uint64_t fault_error_write = 2;
constexpr uint64_t fault_error_user = 4;
constexpr uint64_t fault_error_execute = 16;
