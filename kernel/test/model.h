/* SPDX-License-Identifier: ISC */
/*
 * What the kernel promises, told a second time and plainly: capabilities that know their parent and
 * nothing else, objects in tables, queues as arrays. It shares the ABI's numbers with the kernel
 * and no code. It predicts the status, the registers and the whole state after each system call;
 * which of several equally urgent threads runs next is left to the kernel.
 */
#pragma once

#include <abi/syscall.h>

#include <stdint.h>

constexpr uint32_t model_slots_max = 32;
constexpr uint32_t model_spaces_max = 12;
constexpr uint32_t model_threads_max = 20;
constexpr uint32_t model_objects_max = 160;
constexpr uint32_t model_irqs_max = 192;
constexpr uint32_t model_pages_max = 320;
constexpr uint32_t model_table_entries = 8;
constexpr uint32_t model_depth_max = 200;
constexpr uint32_t model_lines = 24;

enum model_thread_cap : uint32_t {
    CAP_SPACE,
    CAP_VSPACE,
    CAP_BUFFER,
    CAP_PAGER,
    CAP_FAULT,
    CAPS
};

enum model_state : uint32_t {
    INACTIVE,
    READY,
    SENDING,
    RECEIVING,
    REPLY,
    WAITING,
    FAULTED
};

struct mobject;

struct mcap {
    enum object_kind kind;
    uint8_t bits;
    uint16_t rights;
    uint16_t depth;
    bool device;
    bool mapped;
    bool spent;
    bool dead; /* while a deletion is worked out */
    struct mobject *object;
    uint64_t address; /* memory; first | last << 16 of ports */
    uint64_t badge;
    uint64_t used_bytes;
    uint64_t mapped_at;
    uint64_t mapped_in; /* number of an address space, never used twice */
    struct mcap *parent;
};

struct mregisters {
    uint64_t rax, rdi, rsi, rdx, r10, r8, r9, rip, rsp;
};

struct mqueue {
    uint32_t count;
    struct mobject *threads[model_threads_max];
};

struct mspace {
    uint32_t slot_count; /* 0: free */
    struct mobject *owner;
    struct mcap slots[model_slots_max];
};

struct mthread {
    struct mobject *owner;
    enum model_state state;
    uint32_t priority;
    uint32_t ceiling;
    bool suspended;
    bool is_call;
    bool escalated;
    uint16_t fault;
    uint64_t fault_words[4];
    uint64_t sender_badge;
    struct mobject *blocked_on; /* endpoint or notification */
    struct mobject *reply;
    struct mobject *bound;
    struct mregisters registers;
    struct mcap caps[CAPS];
};

struct mobject {
    enum object_kind kind; /* OBJECT_NONE: free */
    uint32_t label;
    uint64_t address;
    struct mspace *space;
    struct mthread *thread;
    struct mqueue queue; /* endpoint, notification */
    bool sending;        /* endpoint: the queue is of senders */
    uint64_t bits;       /* notification */
    struct mobject *bound;
    bool armed;
    uint64_t deadline_ns;
    uint64_t deadline_bits;
    struct mobject *caller; /* reply */
    struct mobject *receiver;
    uint32_t index;  /* irq: place in the table */
    uint64_t number; /* vspace: never used twice; irq: line */
    bool is_line;
    struct mcap target; /* irq */
};

struct mentry {
    enum {
        ENTRY_NONE,
        ENTRY_TABLE,
        ENTRY_FRAME
    } what;
    bool large;
    uint16_t rights;
    uint64_t attribute;
    uint64_t address;
};

/* A page of memory as far as the model looks at it. */
struct mpage {
    struct mentry entries[model_table_entries]; /* as a table: those that are ever used */
    struct ipc_buffer buffer;                   /* as an IPC buffer */
};

struct model {
    uint64_t memory; /* address of the first page */
    uint64_t now_ns;
    uint64_t next_vspace;
    struct mobject *current;
    struct mobject objects[model_objects_max];
    struct mspace spaces[model_spaces_max];
    struct mthread threads[model_threads_max];
    struct mpage pages[model_pages_max];
};

extern struct model model;

/* The next call is made by model.current with these registers. */
void model_call(const struct mregisters *registers);
void model_fault(uint16_t operation, const uint64_t words[4]);
void model_clock_interrupt(uint64_t now_ns);
void model_device_interrupt(uint32_t index);

/* Would the call end in a way that depends on an order which the kernel may choose? Then it is not
 * made. */
bool model_call_is_ambiguous(const struct mregisters *registers);

/* --- between the files of the model --- */

struct mobject *model_new_object(enum object_kind kind); /* nullptr: the tables are full */
bool model_has_room(enum object_kind kind, uint32_t count);
struct mspace *model_space(const struct mobject *thread);
struct mcap *model_slot(struct mspace *space, uint64_t slot);
struct mpage *model_page(uint64_t address);
struct ipc_buffer *model_buffer(const struct mobject *thread);
bool model_kind_counts(enum object_kind kind);
bool model_kind_copies(enum object_kind kind);
uint32_t model_list(struct mcap *list[], uint32_t max);
uint32_t model_children(const struct mcap *cap);
enum status model_check_copy(const struct mcap *source, const struct mcap *target, uint64_t badge);
void model_copy(struct mcap *source, struct mcap *target, uint16_t rights, uint64_t badge);
void model_move(struct mcap *source, struct mcap *target);
void model_delete(struct mcap *cap);
void model_revoke(struct mcap *cap);
bool model_end_is_ambiguous(struct mcap *cap, bool revoke);

void queue_add(struct mqueue *queue, struct mobject *thread);
void queue_take(struct mqueue *queue, const struct mobject *thread);

void model_finish(struct mobject *thread, enum status status);
void model_fault_answered(struct mobject *thread, enum status status);
void model_cancel(struct mobject *thread);
void model_signal(struct mobject *notification, uint64_t bits);
uint64_t model_signal_bits(const struct mcap *cap);
void model_unbind(struct mobject *notification);

void model_unmap(struct mcap *cap);
enum status model_invoke(const struct mregisters *call, uint64_t results[4]);
enum status model_map_frame(struct mcap *frame, const struct mcap *vspace, uint64_t address,
    uint64_t rights_and_attribute, uint64_t *missing_out);
enum status model_map_table(struct mcap *table, const struct mcap *vspace, uint64_t address);
enum status model_retype(
    struct mcap *untyped, const struct mcap *target, const struct mregisters *call);
