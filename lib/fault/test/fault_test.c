/* SPDX-License-Identifier: ISC */
/* Tests of the words for faults. */
#include <lib/fault/fault.h>
#include <lib/testing/check.h>

#include <string.h>

static void test_every_vector_has_a_name(void)
{
    for (uint64_t vector = 0; vector < 300; vector++) {
        CHECK(fault_name(vector) != nullptr);
    }
    CHECK(strcmp(fault_name(fault_vector_page), "page fault") == 0);
    CHECK(strcmp(fault_name(13), "general protection fault") == 0);
    CHECK(strcmp(fault_name(2), "unknown fault") == 0);
    CHECK(strcmp(fault_name(UINT64_MAX), "unknown fault") == 0);
}

/* A fetch is no read, whatever else the processor sets. */
static void test_page_fault_says_what_was_tried(void)
{
    CHECK(strcmp(fault_access(4), "read of") == 0);
    CHECK(strcmp(fault_access(5), "read of") == 0);
    CHECK(strcmp(fault_access(7), "write to") == 0);
    CHECK(strcmp(fault_access(0x15), "execution at") == 0);
}

int main(void)
{
    TEST(test_every_vector_has_a_name);
    TEST(test_page_fault_says_what_was_tried);
    return check_report();
}
