/* SPDX-License-Identifier: ISC */
/*
 * Every way of doing six things in a small world: three capability spaces of three slots, and at
 * most four objects beside the memory that they are made of, some of which may be spaces, too.
 *
 * A state is all capabilities with their places and links. From each state every operation is tried
 * on every capability, with each target space. A new capability goes to the first empty slot of its
 * space: which one it is makes no difference to the kernel. Each new state must hold all
 * invariants, and so must those between the steps of a deletion; from each of them revoking the
 * memory must bring everything back.
 */
#include <kernel/memory.h>
#include <kernel/object/cspace.h>
#include <kernel/object/invariants.h>
#include <kernel/object/untyped.h>
#include <kernel/state.h>
#include <lib/testing/check.h>

#include <stdlib.h>

constexpr uint32_t depth_max = 6;
constexpr uint32_t spaces = 3;
constexpr uint32_t space_bits = 2;
constexpr uint32_t slots_used = 2; /* of any space */
constexpr uint32_t objects_max = 4;
constexpr uint32_t caps_max = 24;
constexpr uint32_t choices = 3; /* of what is made */
constexpr uint64_t memory_bits = 13;

/* What the enumeration must find: another number means that an operation is gone, or new. */
constexpr uint64_t states_wanted = 1'064'964;

enum step_kind : uint8_t {
    STEP_COPY,
    STEP_MOVE,
    STEP_DELETE,
    STEP_REVOKE,
    STEP_MAKE,
    STEP_KINDS
};

/* `source`: its number among the filled slots; `target`: among the spaces. */
struct step {
    enum step_kind kind;
    uint8_t source;
    uint8_t target;
    uint8_t choice; /* of what is made */
};

struct path {
    struct step steps[depth_max];
};

static struct world {
    alignas(64) uint8_t space[spaces][64 + (64 << space_bits)];
    alignas(1 << 13) uint8_t memory[1 << 13];
    struct cspace *first;
} world, saved;

/* Holds the spaces; no step reaches it. */
static alignas(64) uint8_t holder_memory[64 + (64 << 3)];

static struct capability *caps[caps_max];
static uint32_t cap_count;
static struct cspace *targets[spaces + objects_max];
static uint32_t target_count;

constexpr uint64_t table_size = UINT64_C(1) << 23;
static uint64_t *seen;
static uint64_t states;
static uint64_t transitions;
static bool good = true;

static struct capability *root(void)
{
    return cspace_slot((struct cspace *)world.space[0], 1);
}

static void hold(uint32_t slot, struct cspace *space)
{
    const struct capability value = {
        .kind = OBJECT_CSPACE, .rights = rights_all, .object = &space->header};
    cap_insert(cspace_slot((struct cspace *)holder_memory, slot), &value, nullptr);
}

static void start(void)
{
    memset(&kernel_state, 0, sizeof(kernel_state));
    memset(&world, 0, sizeof(world));
    memset(holder_memory, 0, sizeof(holder_memory));
    kernel_state.vspace_next_id = 1;
    cspace_init((struct cspace *)holder_memory, 3, 99);
    hold(1, (struct cspace *)holder_memory);
    for (uint32_t i = 0; i < spaces; i++) {
        cspace_init((struct cspace *)world.space[i], space_bits, i);
        hold(2 + i, (struct cspace *)world.space[i]);
    }
    ((struct cspace *)holder_memory)->first_hint = 1;
    const struct capability value = {.kind = OBJECT_UNTYPED,
        .bits = memory_bits,
        .rights = rights_all,
        .address = physical_address(world.memory)};
    cap_insert(root(), &value, nullptr);
    cspace_note_filled((struct cspace *)world.space[0], 1);
    world.first = kernel_state.cspaces;
}

static void save(void)
{
    world.first = kernel_state.cspaces;
    saved = world;
}

static void restore(void)
{
    world = saved;
    kernel_state.cspaces = world.first;
}

/* Lists spaces and filled slots, always in the same order. */
static void look(void)
{
    cap_count = 0;
    target_count = 0;
    for (struct cspace *space = kernel_state.cspaces; space != nullptr; space = space->next) {
        if (space == (struct cspace *)holder_memory) {
            continue;
        }
        targets[target_count++] = space;
        for (uint32_t slot = 1; slot <= slots_used; slot++) {
            if (space->slots[slot].kind != OBJECT_NONE && cap_count < caps_max) {
                caps[cap_count++] = &space->slots[slot];
            }
        }
    }
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* The number of the space that a capability lies in: below `spaces`, or the place of a made one. */
static uint64_t space_of(const struct capability *cap)
{
    const uint64_t at = (uint64_t)cap - (uint64_t)&world;
    if (at < sizeof(world.space)) {
        return at / sizeof(world.space[0]);
    }
    for (uint32_t i = 0; i < target_count; i++) {
        const struct capability *slots = targets[i]->slots;
        if (cap >= slots && cap < slots + (1 << targets[i]->bits)) {
            return (uint64_t)slots - (uint64_t)&world;
        }
    }
    abort();
}

static uint64_t hash_cap(const struct capability *cap)
{
    uint64_t hash = mix(1, (uint64_t)cap->kind | (uint64_t)cap->bits << 8 |
                               (uint64_t)cap->rights << 16 | (uint64_t)cap->flags << 32);
    return mix(mix(hash, cap->address - (uint64_t)&world), cap->badge);
}

/* Spaces that exist from the start can change places with each other, and so can the slots of a
 * space: such states are one. So the smallest of the sums over all orders of the spaces. */
static uint64_t hash_state(void)
{
    static const uint8_t orders[][spaces] = {
        {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    uint64_t sums[sizeof(orders) / sizeof(orders[0])] = {};
    uint64_t smallest = UINT64_MAX;
    look();
    for (uint32_t i = 0; i < cap_count; i++) {
        const struct capability *parent = caps[i]->parent;
        const uint64_t own_hash = hash_cap(caps[i]);
        const uint64_t own_space = space_of(caps[i]);
        const uint64_t parent_hash = parent == nullptr ? 0 : hash_cap(parent);
        const uint64_t parent_space = parent == nullptr ? spaces + 99 : space_of(parent);
        for (uint32_t k = 0; k < sizeof(sums) / sizeof(sums[0]); k++) {
            const uint64_t own = own_space < spaces ? orders[k][own_space] : own_space;
            const uint64_t above = parent_space < spaces ? orders[k][parent_space] : parent_space;
            sums[k] += mix(mix(mix(own_hash, own), parent_hash), above);
        }
    }
    for (uint32_t k = 0; k < sizeof(sums) / sizeof(sums[0]); k++) {
        smallest = sums[k] < smallest ? sums[k] : smallest;
    }
    return smallest == 0 ? 1 : smallest;
}

/* False if the state was seen before. */
static bool note_state(uint64_t hash)
{
    uint64_t at = hash & (table_size - 1);
    while (seen[at] != 0) {
        if (seen[at] == hash) {
            return false;
        }
        at = (at + 1) & (table_size - 1);
    }
    seen[at] = hash;
    states++;
    return true;
}

static void complain(const char *what, const struct path *path, uint32_t depth)
{
    if (good) {
        printf("%s, after:\n", what);
        for (uint32_t i = 0; i < depth; i++) {
            const struct step *step = &path->steps[i];
            printf("    kind %u source %u target %u choice %u\n", step->kind, step->source,
                step->target, step->choice);
        }
    }
    good = false;
}

static void inspect(const struct path *path, uint32_t depth)
{
    struct broken_invariant broken;
    if (!invariants_hold(&broken)) {
        complain(broken.rule, path, depth);
    }
}

static struct capability *empty_slot(struct cspace *space)
{
    for (uint32_t slot = 1; slot <= slots_used; slot++) {
        if (space->slots[slot].kind == OBJECT_NONE) {
            cspace_note_filled(space, slot);
            return &space->slots[slot];
        }
    }
    return nullptr;
}

/* A copy has fewer rights than the first capability to an object, and a badge where it can. */
static bool copy(struct capability *source, struct cspace *space)
{
    struct capability *target = empty_slot(space);
    const bool takes_badge = source->kind == OBJECT_ENDPOINT && source->badge == 0;
    struct capability value;
    if (target == nullptr || cap_decode_copy(source, target, RIGHT_SEND | RIGHT_CONTROL,
                                 takes_badge, &value) != STATUS_OK) {
        return false;
    }
    cap_insert(target, &value, source);
    return true;
}

static bool is_root(const struct capability *cap)
{
    return cap->kind == OBJECT_UNTYPED && cap->bits == memory_bits;
}

static uint32_t count_objects(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < cap_count; i++) {
        bool first = !is_root(caps[i]);
        for (uint32_t k = 0; k < i && caps[i]->kind != OBJECT_UNTYPED; k++) {
            first &= caps[k]->address != caps[i]->address || caps[k]->kind != caps[i]->kind;
        }
        count += first;
    }
    return count;
}

static bool make(struct capability *source, struct cspace *space, uint32_t choice)
{
    static const uint16_t shapes[choices] = {
        OBJECT_ENDPOINT, OBJECT_UNTYPED | 12 << 8, OBJECT_CSPACE | 4 << 8};
    struct capability *target = empty_slot(space);
    struct untyped_retype_plan plan;
    if (target == nullptr || source->kind != OBJECT_UNTYPED || count_objects() >= objects_max ||
        untyped_decode_retype(source, space, shapes[choice] | 1 << 16,
            (uint32_t)(target - space->slots), 7, &plan) != STATUS_OK) {
        return false;
    }
    while (!untyped_clear_step(&plan)) {
    }
    untyped_commit_retype(&plan);
    return true;
}

static bool move(struct capability *source, struct cspace *space)
{
    struct capability *target = empty_slot(space);
    if (target == nullptr || cap_decode_move(source, target) != STATUS_OK) {
        return false;
    }
    cap_move(source, target);
    return true;
}

static void run_steps(struct capability *cap, bool (*step)(struct capability *),
    const struct path *path, uint32_t depth)
{
    while (!step(cap)) {
        if (path != nullptr) {
            inspect(path, depth);
        }
    }
}

/* False if it does nothing. With a path the states in between are inspected. */
static bool apply(const struct step *step, const struct path *path, uint32_t depth)
{
    struct capability *source = caps[step->source];
    struct cspace *target = targets[step->target];
    switch (step->kind) {
    case STEP_COPY:
        return copy(source, target);
    case STEP_MOVE:
        return move(source, target);
    case STEP_DELETE:
        run_steps(source, cap_delete_step, path, depth);
        return true;
    case STEP_REVOKE:
        run_steps(source, cap_revoke_step, path, depth);
        return true;
    default:
        return make(source, target, step->choice);
    }
}

static bool makes_sense(const struct step *step)
{
    const bool has_target = step->kind != STEP_DELETE && step->kind != STEP_REVOKE;
    const bool has_choice = step->kind == STEP_MAKE;
    return (has_target || step->target == 0) && (has_choice || step->choice == 0) &&
           !(step->kind == STEP_DELETE && is_root(caps[step->source]));
}

static void everything_comes_back(const struct path *path, uint32_t depth)
{
    struct capability *memory = nullptr;
    for (uint32_t i = 0; i < cap_count; i++) {
        memory = is_root(caps[i]) ? caps[i] : memory;
    }
    const uint8_t *place = (const uint8_t *)memory;
    if (place < world.space[0] || place >= world.memory) {
        return; /* It lies in a space that was made of it, and goes with that; or it has gone. */
    }
    run_steps(memory, cap_revoke_step, nullptr, 0);
    look();
    if (cap_count > 1 || (cap_count == 1 && untyped_free_bytes(caps[0]) != 1U << memory_bits)) {
        complain("something does not come back", path, depth);
    }
    inspect(path, depth);
}

static bool next_step(struct step *step)
{
    if (++step->choice < choices) {
        return true;
    }
    step->choice = 0;
    if (++step->target < target_count) {
        return true;
    }
    step->target = 0;
    if (++step->source < cap_count) {
        return true;
    }
    step->source = 0;
    step->kind++;
    return step->kind < STEP_KINDS;
}

/* All that can be done after a path of `depth` steps; new states' paths go to `found`. */
static uint64_t expand(const struct path *path, uint32_t depth, struct path *found)
{
    uint64_t found_count = 0;
    start();
    for (uint32_t i = 0; i < depth; i++) {
        look();
        (void)apply(&path->steps[i], nullptr, 0);
    }
    save();
    look();
    struct step step = {};
    do {
        if (!makes_sense(&step)) {
            continue;
        }
        struct path longer = *path;
        longer.steps[depth] = step;
        transitions++;
        if (!apply(&step, &longer, depth + 1)) {
            continue; /* Nothing has changed. */
        }
        if (note_state(hash_state())) {
            found[found_count++] = longer;
            inspect(&longer, depth + 1);
            everything_comes_back(&longer, depth + 1);
        }
        restore();
        look();
    } while (next_step(&step) && good);
    return found_count;
}

static void all_paths_of_six_steps_hold_the_invariants(void)
{
    constexpr uint64_t paths_max = UINT64_C(1) << 22;
    struct path *now = calloc(paths_max, sizeof(*now));
    struct path *next = calloc(paths_max, sizeof(*next));
    seen = calloc(table_size, sizeof(*seen));
    uint64_t count = 1;
    start();
    note_state(hash_state());
    for (uint32_t depth = 0; depth < depth_max && good; depth++) {
        uint64_t next_count = 0;
        for (uint64_t i = 0; i < count && good; i++) {
            next_count += expand(&now[i], depth, next + next_count);
        }
        struct path *done = now;
        now = next;
        next = done;
        count = next_count;
        printf("# depth %u: %llu new states, %llu in all, %llu transitions\n", depth + 1,
            (unsigned long long)next_count, (unsigned long long)states,
            (unsigned long long)transitions);
    }
    free(now);
    free(next);
    free(seen);
    CHECK(good);
    CHECK_EQUAL(states, states_wanted);
}

int main(void)
{
    setvbuf(stdout, nullptr, _IOLBF, 0);
    TEST(all_paths_of_six_steps_hold_the_invariants);
    return check_report();
}
