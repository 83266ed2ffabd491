/* SPDX-License-Identifier: ISC */
/*
 * What the files of the system layer share: peers, descriptors, the transfer buffer. Functions that
 * give a long follow rule 1 of system.h: >= 0 is success, below that the negated errno.
 *
 * protocol/terminal.h and protocol/process.h use names that the C library has as well, so that
 * terminal.c and processes.c include these and not system.h.
 */
#pragma once

#include <abi/startup.h>
#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

/* --- peers.c --- */

enum peer {
    PEER_VFSD,
    PEER_TIMED,
    PEER_VSPACED,
    PEER_LOGD,
    PEER_LOADERD,
    PEER_PROCD,
    PEER_ROOTD,
    PEER_COUNT
};

/* Whether this program was given the peer: 0, or -EACCES. */
long peer_find(enum peer peer, cap_slot *slot_out);

/* 0 for OK, else the negated errno. */
long result_of(enum status status);

/* --- descriptors.c --- */

enum description_kind {
    DESCRIPTION_TERMINAL,
    DESCRIPTION_FILE,
    DESCRIPTION_DIRECTORY
};

/* An open file. Streams that are the same file share one, and with it the offset. */
struct description {
    uint32_t use_count; /* of descriptors; 0: not in use */
    enum description_kind kind;
    cap_slot terminal; /* seriald session, borrowed from the start-up slots */
    uint32_t handle;   /* vfsd's */
    uint32_t flags;    /* vfs_open_ */
    uint32_t mount;
    uint64_t node;
    bool is_given;   /* a child may have written to it */
    uint64_t offset; /* where the next read or write begins; of a directory: vfsd's cursor */
};

/* What the descriptor stands for, or nullptr. */
struct description *descriptor_find(int fd);

/* A file or directory, or nullptr with *error_out, -EBADF or, for a terminal, `on_terminal`. */
struct description *descriptor_find_file(int fd, int on_terminal, long *error_out);

/* The lowest free descriptor for a copy of `opened`; -EMFILE. */
long descriptor_add(const struct description *opened);

/* Make a descriptor that is not in use stand for a copy of `opened`, or for the description of an
 * earlier stream that is the same file, opened in the same way. */
void descriptor_set_stream(int fd, const struct description *opened);

/* Whether its last user is gone: then *last_out says what it was. -EBADF. */
long descriptor_remove(int fd, bool *is_last_out, struct description *last_out);

/* --- files.c --- */

/*
 * vfsd knows no offsets, so a child that was given the file cannot move ours. What it wrote to a
 * file that is open for writing only is at the end: go on there. Called before each use of the
 * offset.
 */
long file_follow_child(struct description *file);

/* --- buffer.c --- */

constexpr uint32_t buffer_bits = 16;
constexpr uint32_t buffer_bytes = UINT32_C(1) << buffer_bits;

/* The memory that is shared with vfsd; asked for at the first use. */
long buffer_get(uint8_t **memory_out);

/*
 * Reading ahead. After a read the buffer may hold more of the file than was asked for. It is
 * forgotten with every message to anybody (peer_find and terminal.c see to that), so that whatever
 * this program could have learnt of the world in between, the next read shows it.
 */
void buffer_remember(const struct description *file, uint64_t offset, uint32_t bytes);
void buffer_forget(void);

/* How many of the `bytes` bytes at the offset of the file were remembered and copied. */
uint32_t buffer_take(const struct description *file, void *bytes_out, size_t bytes);

/* Whether the last message was a read of this file up to its offset. */
bool buffer_is_sequel(const struct description *file);

/* --- terminal.c: seriald --- */

long terminal_line_read(cap_slot terminal, void *buffer, size_t bytes);
long terminal_line_write(cap_slot terminal, const void *buffer, size_t bytes);
long terminal_line_set_mode(cap_slot terminal, bool is_raw);

/* `handle` is a process handle and stays the caller's; slot_null: no process. */
long terminal_line_set_foreground(cap_slot terminal, cap_slot handle);

/* --- processes.c: procd --- */

struct erix_process;
struct erix_capability;

enum ending_reason {
    ENDING_EXITED,
    ENDING_KILLED,
    ENDING_FAULTED
};

/* What procd says of an ended process; see protocol process. */
struct ending {
    enum ending_reason reason;
    uint32_t code;
    uint32_t error_code;
    uint64_t instruction_pointer;
    uint64_t address;
};

long processes_wait(cap_slot handle, struct ending *ending_out);
long processes_next(uint64_t *cursor, struct erix_process *process_out);
long processes_capability_next(
    uint64_t process, uint64_t *cursor, struct erix_capability *capability_out);

/* --- rights.c --- */

/* Rights by name, separated by blanks: those of the protocol that peer `name` serves, else those of
 * the kernel object. What has no name is a number. */
void rights_describe(
    const char *name, uint32_t protocol_rights, uint32_t rights, char *text_out, size_t bytes);

/* The name of an object kind. */
const char *rights_kind_name(uint32_t kind);

/* --- streams.c --- */

/* Descriptors 0, 1 and 2 out of the start-up block. */
void streams_open(const struct startup *startup);

/* --- clock.c --- */

long clock_monotonic_ns(uint64_t *now_ns_out);
