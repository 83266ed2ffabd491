/* SPDX-License-Identifier: ISC */
/*
 * The bookkeeping against an independent owner of blocks that knows only what the plans told it:
 * which node covers which bytes. Every split must cut a block that it holds, every merge must join
 * the two halves of one, every allocation must be disjoint from all others.
 */
#include <lib/base/base.h>
#include <lib/buddy/buddy.h>
#include <lib/testing/check.h>
#include <lib/testing/random.h>

#include <string.h>

constexpr uint32_t node_count = 512;
constexpr uint32_t allocation_count_max = 128;

/* What the owner holds under each node index. */
struct holding {
    bool held;
    uint64_t base;
    uint64_t size_bytes;
};

struct owner {
    struct buddy buddy;
    struct buddy_node nodes[node_count];
    struct holding holdings[node_count];
    uint32_t allocations[allocation_count_max];
    uint32_t allocation_count;
    uint64_t allocated_bytes;
};

static void owner_init(struct owner *owner)
{
    *owner = (struct owner){};
    CHECK(buddy_init(&owner->buddy, owner->nodes, node_count, 12) == STATUS_OK);
}

static void owner_add(struct owner *owner, uint64_t base, uint32_t order)
{
    uint32_t node = buddy_no_node;
    struct buddy_region region = {.base = base, .order = order, .id = base + 1};
    CHECK(buddy_add_region(&owner->buddy, region, &node) == STATUS_OK);
    owner->holdings[node] = (struct holding){true, base, buddy_order_bytes(order)};
}

static void owner_split(struct owner *owner, struct buddy_step step)
{
    struct holding whole = owner->holdings[step.parent];
    CHECK(whole.held);
    CHECK(!owner->holdings[step.lower].held && !owner->holdings[step.upper].held);
    uint64_t half_bytes = whole.size_bytes / 2;
    owner->holdings[step.lower] = (struct holding){true, whole.base, half_bytes};
    owner->holdings[step.upper] = (struct holding){true, whole.base + half_bytes, half_bytes};
}

static void owner_merge(struct owner *owner, struct buddy_step step)
{
    struct holding whole = owner->holdings[step.parent];
    struct holding lower = owner->holdings[step.lower];
    struct holding upper = owner->holdings[step.upper];
    CHECK(whole.held && lower.held && upper.held);
    CHECK_EQUAL(lower.base, whole.base);
    CHECK_EQUAL(upper.base, lower.base + lower.size_bytes);
    CHECK_EQUAL(lower.size_bytes + upper.size_bytes, whole.size_bytes);
    owner->holdings[step.lower].held = false;
    owner->holdings[step.upper].held = false;
}

static void owner_check_disjoint(struct owner *owner, uint32_t node)
{
    struct holding mine = owner->holdings[node];
    for (uint32_t index = 0; index < owner->allocation_count; index++) {
        struct holding other = owner->holdings[owner->allocations[index]];
        CHECK(mine.base + mine.size_bytes <= other.base ||
              other.base + other.size_bytes <= mine.base);
    }
}

static enum status owner_allocate(struct owner *owner, uint32_t order)
{
    struct buddy_plan plan;
    enum status status = buddy_allocate(&owner->buddy, order, &plan);
    if (status != STATUS_OK) {
        return status;
    }
    for (uint32_t index = 0; index < plan.step_count; index++) {
        owner_split(owner, plan.steps[index]);
    }
    struct holding got = owner->holdings[plan.node];
    CHECK(got.held);
    CHECK_EQUAL(got.size_bytes, buddy_order_bytes(order));
    CHECK_EQUAL(got.base, owner->nodes[plan.node].base);
    CHECK(is_aligned(got.base, got.size_bytes));
    owner_check_disjoint(owner, plan.node);
    owner->allocations[owner->allocation_count++] = plan.node;
    owner->allocated_bytes += got.size_bytes;
    return STATUS_OK;
}

static void owner_free(struct owner *owner, uint32_t which)
{
    uint32_t node = owner->allocations[which];
    owner->allocated_bytes -= owner->holdings[node].size_bytes;
    struct buddy_plan plan;
    CHECK(buddy_free(&owner->buddy, node, &plan) == STATUS_OK);
    for (uint32_t index = 0; index < plan.step_count; index++) {
        owner_merge(owner, plan.steps[index]);
    }
    CHECK(owner->holdings[plan.node].held);
    owner->allocations[which] = owner->allocations[--owner->allocation_count];
}

/* An allocation whose kernel part fails after some of the splits. */
static void owner_fail_allocation(struct owner *owner, uint32_t order, uint64_t random)
{
    struct buddy_plan plan;
    if (buddy_allocate(&owner->buddy, order, &plan) != STATUS_OK) {
        return;
    }
    uint32_t performed_count = plan.step_count == 0 ? 0 : (uint32_t)(random % plan.step_count);
    for (uint32_t index = 0; index < performed_count; index++) {
        owner_split(owner, plan.steps[index]);
    }
    struct buddy_plan merges;
    buddy_abandon(&owner->buddy, &plan, performed_count, &merges);
    CHECK_EQUAL(merges.step_count, performed_count);
    for (uint32_t index = 0; index < merges.step_count; index++) {
        owner_merge(owner, merges.steps[index]);
    }
}

static void random_work_keeps_the_invariants(void)
{
    static struct owner owner;
    owner_init(&owner);
    owner_add(&owner, 0x100000, 20);
    owner_add(&owner, 0x40000000, 24);
    owner_add(&owner, 0x200000, 16);
    uint64_t total_bytes = owner.buddy.total_bytes;
    struct random random = random_start(99);
    uint32_t refused_count = 0;
    for (uint32_t step = 0; step < 100'000; step++) {
        uint32_t order = 12 + (uint32_t)(random_next(&random) % 9);
        uint64_t kind = random_next(&random) % 16;
        if (kind < 8 && owner.allocation_count < allocation_count_max) {
            refused_count += owner_allocate(&owner, order) != STATUS_OK;
        } else if (owner.allocation_count > 0 && kind < 15) {
            owner_free(&owner, (uint32_t)(random_next(&random) % owner.allocation_count));
        }
        CHECK_EQUAL(owner.buddy.free_bytes + owner.allocated_bytes, total_bytes);
        if (step % 64 == 0) {
            CHECK(buddy_is_consistent(&owner.buddy));
        }
    }
    CHECK(refused_count > 100);
    while (owner.allocation_count > 0) {
        owner_free(&owner, owner.allocation_count - 1);
    }
    CHECK(buddy_is_consistent(&owner.buddy));
    CHECK_EQUAL(owner.buddy.free_bytes, total_bytes);
    CHECK_EQUAL(owner.buddy.unused_count, node_count - 3);
    CHECK_EQUAL(buddy_largest_free_order(&owner.buddy), 24);
}

static void abandoned_allocations_leave_nothing(void)
{
    static struct owner owner;
    owner_init(&owner);
    owner_add(&owner, 0, 24);
    struct random random = random_start(5);
    for (uint32_t round = 0; round < 1000; round++) {
        CHECK(owner_allocate(&owner, 12 + (uint32_t)(random_next(&random) % 5)) == STATUS_OK);
        owner_fail_allocation(
            &owner, 12 + (uint32_t)(random_next(&random) % 9), random_next(&random));
        CHECK(buddy_is_consistent(&owner.buddy));
        if (owner.allocation_count > 20) {
            owner_free(&owner, (uint32_t)(random_next(&random) % owner.allocation_count));
        }
    }
    while (owner.allocation_count > 0) {
        owner_free(&owner, 0);
    }
    CHECK_EQUAL(owner.buddy.unused_count, node_count - 1);
}

static void first_allocation_splits_in_order(void)
{
    static struct owner owner;
    owner_init(&owner);
    owner_add(&owner, 0x10000, 15);
    struct buddy_plan plan;
    CHECK(buddy_allocate(&owner.buddy, 12, &plan) == STATUS_OK);
    CHECK_EQUAL(plan.step_count, 3);
    CHECK_EQUAL(owner.nodes[plan.steps[0].parent].order, 15);
    CHECK_EQUAL(plan.steps[1].parent, plan.steps[0].lower);
    CHECK_EQUAL(plan.steps[2].lower, plan.node);
    CHECK_EQUAL(owner.nodes[plan.node].base, 0x10000);
    CHECK_EQUAL(owner.nodes[plan.node].region_id, 0x10001);
    CHECK_EQUAL(owner.buddy.free_bytes, 0x8000 - 0x1000);
    CHECK(buddy_free(&owner.buddy, plan.node, &plan) == STATUS_OK);
    CHECK_EQUAL(plan.step_count, 3);
    CHECK_EQUAL(owner.nodes[plan.steps[2].parent].order, 15);
}

static void refusals_are_told_apart(void)
{
    struct buddy buddy;
    struct buddy_node nodes[4];
    uint32_t node;
    struct buddy_plan plan;
    CHECK(buddy_init(&buddy, nodes, 0, 12) == STATUS_INVALID_ARGUMENT);
    CHECK(buddy_init(&buddy, nodes, 4, buddy_order_max + 1) == STATUS_INVALID_ARGUMENT);
    CHECK(buddy_init(&buddy, nodes, 4, 12) == STATUS_OK);
    CHECK_EQUAL(buddy_largest_free_order(&buddy), buddy_order_count);
    CHECK(buddy_allocate(&buddy, 12, &plan) == STATUS_NO_MEMORY);
    struct buddy_region region = {.base = 0x4000, .order = 14};
    CHECK(buddy_add_region(&buddy, region, &node) == STATUS_OK);
    CHECK(buddy_add_region(&buddy, region, &node) == STATUS_INVALID_ARGUMENT);
    region = (struct buddy_region){.base = 0x7000, .order = 12};
    CHECK(buddy_add_region(&buddy, region, &node) == STATUS_INVALID_ARGUMENT);
    region = (struct buddy_region){.base = 0x1800, .order = 12};
    CHECK(buddy_add_region(&buddy, region, &node) == STATUS_INVALID_ARGUMENT);
    region = (struct buddy_region){.base = 0x8000, .order = 11};
    CHECK(buddy_add_region(&buddy, region, &node) == STATUS_INVALID_ARGUMENT);
    CHECK(buddy_allocate(&buddy, 12, &plan) == STATUS_NO_SLOT);
    CHECK(buddy_allocate(&buddy, 15, &plan) == STATUS_NO_MEMORY);
    CHECK(buddy_allocate(&buddy, buddy_order_count, &plan) == STATUS_INVALID_ARGUMENT);
    CHECK(buddy_allocate(&buddy, 13, &plan) == STATUS_OK);
    uint32_t allocated = plan.node;
    CHECK(buddy_free(&buddy, plan.steps[0].parent, &plan) == STATUS_INVALID_ARGUMENT);
    CHECK(buddy_free(&buddy, 4, &plan) == STATUS_INVALID_ARGUMENT);
    CHECK(buddy_free(&buddy, allocated, &plan) == STATUS_OK);
    CHECK(buddy_free(&buddy, allocated, &plan) == STATUS_INVALID_ARGUMENT);
    CHECK(buddy_is_consistent(&buddy));
}

static void small_orders_are_raised(void)
{
    static struct owner owner;
    owner_init(&owner);
    owner_add(&owner, 0, 13);
    struct buddy_plan plan;
    CHECK(buddy_allocate(&owner.buddy, 0, &plan) == STATUS_OK);
    CHECK_EQUAL(owner.nodes[plan.node].order, 12);
}

int main(void)
{
    TEST(first_allocation_splits_in_order);
    TEST(refusals_are_told_apart);
    TEST(small_orders_are_raised);
    TEST(random_work_keeps_the_invariants);
    TEST(abandoned_allocations_leave_nothing);
    return check_report();
}
