/* SPDX-License-Identifier: ISC */
/*
 * Wrong messages to every operation of a service, from its protocol's table (table.h).
 *
 * A verifier says for each operation what a good request is (a sample). Everything else follows: a
 * wrong message is the good one with a single thing changed, so a check that were missing would let
 * it through. Each must be answered with the exact status, must leave all counts of the kernel and
 * what the service tells about itself as they were, and the service must go on answering.
 */
#pragma once

#include <abi/startup.h>
#include <userlib/capability.h>

#include <stdint.h>

#include <userlib/attack/table.h>

/* A request under construction. The capabilities are borrowed. */
struct message {
    uint64_t words[message_words_max + 1];
    uint32_t size_bytes;
    uint32_t cap_count;
    cap_slot caps[message_caps_max];
};

/* What came back. The capabilities are deleted when the sample has been taken back. */
struct answer {
    enum status status;
    uint32_t size_bytes;
    uint64_t words[message_words_max];
    uint32_t cap_count;
};

/* A value of a number that is just out of range, where only the sample knows the range. */
struct beyond {
    uint16_t offset;
    uint16_t width; /* 0: no such number */
    uint64_t value;
    enum status status;
};

constexpr uint32_t beyond_max = 3;

struct sample {
    uint16_t number;      /* of the operation */
    enum status expected; /* of the good request */
    /* Refused by the handler for what the caller is or what the system has become, whatever the
     * numbers say: they get `expected` too. */
    bool screened;
    bool lasting; /* the good request changes what the service tells about itself, for good */
    /* Why no good request is sent: it would end the system or the verifier. nullptr: one is. */
    const char *unsent;
    /* Fill the request, which has length, zeros and capabilities of the right kinds, and make what
     * it needs. OK, or why that is impossible. nullptr: zeros are good. */
    enum status (*prepare)(struct message *message);
    /* Take everything back; `answer` is that of the good request, nullptr if none was sent. */
    void (*undo)(const struct message *message, const struct answer *answer);
    struct beyond beyond[beyond_max];
};

constexpr uint32_t digest_words = 24;

/* What must not change. */
struct digest {
    uint64_t words[digest_words];
};

struct sample_list {
    const struct sample *list;
    uint32_t count;
};

constexpr uint32_t sample_lists_max = 2;

/* An endpoint that serves the protocol of `table`. The verifier's peers are named after it:
 * NAME holds all rights, NAME-without-RIGHT lacks one. */
struct target {
    const char *name;
    const struct table *table;
    struct sample_list samples[sample_lists_max]; /* together one for each operation of the table */
    /* What the service tells about itself, and proof that it answers. nullptr: nothing. */
    enum status (*observe)(struct digest *digest_out);
};

/* How many messages there were, and what they were. */
struct attack_counts {
    uint32_t refused;  /* wrong in some way, and refused exactly so */
    uint32_t accepted; /* good requests */
    uint32_t unsent;   /* operations whose good request is not sent */
};

/*
 * What the attack sends along: capabilities of the verifier by kind, slot_null where it has none.
 * `test` is the test object, `scratch` the first of four free slots for what comes back.
 */
struct attack_means {
    cap_slot by_kind[OBJECT_KIND_COUNT];
    struct test_cap test;
    cap_slot scratch;
};

void attack_init(const struct attack_means *means);

/* All wrong messages to one target; false if something is not as it must be: it is in the log, and
 * the last of it in attack_reason(). */
bool attack_target(const struct target *target);

const char *attack_reason(void);
struct attack_counts attack_total(void);

/* The means, for samples that put a capability elsewhere. */
cap_slot attack_cap(enum object_kind kind);

/* Where the answer's capability number `index` is. */
cap_slot attack_received(uint32_t index);

/* A peer by its name in the manifest; slot_null if there is none. */
cap_slot attack_peer(const char *name);
