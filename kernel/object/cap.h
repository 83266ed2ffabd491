/* SPDX-License-Identifier: ISC */
/*
 * Capabilities: slots, and the tree of derivation that links them.
 *
 * Invariants
 *  1. A capability's rights are within its parent's, if the parent is of the same object.
 *  2. parent, first_child, next and previous form a forest; depth is at least the real depth and
 *     at most derivation_depth_max, so every walk along parents or first children is bounded.
 *  3. object->reference_count is the number of capabilities to it (struct object kinds only).
 *  4. Memory kinds (untyped, frame, page table) keep their state in the capability itself. Untyped
 * and page tables have exactly one capability; a frame's copies are mapped independently.
 *  5. Memory is handed out once: a spent untyped capability gives none.
 *  6. Work on an unbounded number of capabilities is done in steps; each step leaves the forest
 * sound.
 */
#pragma once

#include <abi/object.h>
#include <abi/status.h>

#include <stdint.h>

/* Header of every object that has one. */
struct object {
    enum object_kind kind;
    uint32_t reference_count;
};

constexpr uint16_t derivation_depth_max = 200;

/* Internal outcome of a long operation that must make way for an interrupt: the system call is
 * started again from the beginning and finds less to do. Never seen by a program. */
constexpr enum status status_restart = (enum status) - 1;

enum cap_flags : uint16_t {
    CAP_DEVICE = 1 << 0, /* untyped, frame: device memory, never cleared */
    CAP_MAPPED = 1 << 1, /* frame, page table: has a place in `vspace_id` at `address_mapped` */
    CAP_SPENT = 1 << 2,  /* untyped: being deleted; what was made of it is its parent's now */
};

struct capability {
    enum object_kind kind;
    uint8_t bits; /* untyped, frame: log2 of bytes; page table: log2 of what it covers */
    uint16_t rights;
    uint16_t depth;
    uint16_t flags; /* enum cap_flags */
    union {
        struct object *object; /* shared: counted by reference_count */
        uint64_t address;      /* memory kinds: physical */
        uint64_t ports;        /* port range: first | last << 16 */
    };
    union {
        uint64_t badge;          /* endpoint, notification */
        uint64_t address_mapped; /* frame, page table */
        uint64_t used_bytes;     /* untyped: from the start; what lies behind is free */
    };
    union {
        uint64_t vspace_id;     /* frame, page table */
        uint64_t cleared_bytes; /* untyped: from the start; zeroed, or in use */
    };
    struct capability *parent;
    struct capability *first_child;
    struct capability *next;
    struct capability *previous;
};

static_assert(sizeof(struct capability) == capability_size_bytes);

/* How far a walk into nested containers is: from the capability that is being deleted, for the sake
 * of `revoked`, down to `at`. Nothing else is valid while `from` is nullptr. */
struct cap_walk {
    const struct capability *from;
    const struct capability *revoked;
    struct capability *at;
};

static inline bool cap_has(const struct capability *cap, enum object_kind kind, uint16_t rights)
{
    return cap->kind == kind && (cap->rights & rights) == rights;
}

/* Is there a struct object behind capabilities of this kind? */
bool cap_kind_counts_references(enum object_kind kind);

/* May a second capability to the same object be derived from one of this kind? */
bool cap_kind_copies(enum object_kind kind);

/* Put `value` into the empty `slot` as a child of `parent` (nullptr: a root of the forest). Links
 * only; the caller has checked depth. Adds a reference. */
void cap_insert(struct capability *slot, const struct capability *value, struct capability *parent);

/* Check, then do: a copy of `source` with at most `rights`, and `badge` if that is not 0. */
enum status cap_decode_copy(const struct capability *source, const struct capability *target,
    uint16_t rights, uint64_t badge, struct capability *copy_out);

/* May `source` be moved to `target`? TOO_LARGE where it has too many children to do that at once.
 */
enum status cap_decode_move(const struct capability *source, const struct capability *target);

/* Move the capability, with its place in the forest, to an empty slot. */
void cap_move(struct capability *source, struct capability *target);

/* One bounded step towards an empty slot. True when it is empty. Objects whose last capability goes
 * are destroyed, after everything in them. The slot may itself lie in what is destroyed. */
bool cap_delete_step(struct capability *cap);

/* One bounded step towards a capability without descendants. True when it has none. */
bool cap_revoke_step(struct capability *cap);
