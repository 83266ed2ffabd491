/* SPDX-License-Identifier: ISC */
/* Sorting in place by heap (no recursion, no memory, n log n in the worst case), and searching. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An array of elements of any one size. */
struct elements {
    unsigned char *base; /* borrowed from the caller of qsort */
    size_t bytes;        /* of one element */
    int (*compare)(const void *, const void *);
};

static void *element(const struct elements *elements, size_t index)
{
    return elements->base + index * elements->bytes;
}

static bool is_less(const struct elements *elements, size_t left, size_t right)
{
    return elements->compare(element(elements, left), element(elements, right)) < 0;
}

static void swap(const struct elements *elements, size_t left, size_t right)
{
    unsigned char *left_at = element(elements, left);
    unsigned char *right_at = element(elements, right);
    unsigned char saved[64];
    size_t left_bytes = elements->bytes;
    while (left_bytes > 0) {
        size_t part_bytes = left_bytes < sizeof(saved) ? left_bytes : sizeof(saved);
        memcpy(saved, left_at, part_bytes);
        memcpy(left_at, right_at, part_bytes);
        memcpy(right_at, saved, part_bytes);
        left_at += part_bytes;
        right_at += part_bytes;
        left_bytes -= part_bytes;
    }
}

/* Make the subtree at `root` a heap, given that both trees below it are heaps. */
static void sift_down(const struct elements *elements, size_t root, size_t count)
{
    while (root < count / 2) {
        size_t child = 2 * root + 1;
        if (child + 1 < count && is_less(elements, child, child + 1)) {
            child++;
        }
        if (!is_less(elements, root, child)) {
            return;
        }
        swap(elements, root, child);
        root = child;
    }
}

void qsort(void *base, size_t count, size_t bytes, int (*compare)(const void *, const void *))
{
    struct elements elements = {.base = base, .bytes = bytes, .compare = compare};
    for (size_t root = count / 2; root > 0; root--) {
        sift_down(&elements, root - 1, count);
    }
    for (size_t left = count; left > 1; left--) {
        swap(&elements, 0, left - 1);
        sift_down(&elements, 0, left - 1);
    }
}

void *bsearch(const void *key, const void *base, size_t count, size_t bytes,
    int (*compare)(const void *, const void *))
{
    const unsigned char *first = base;
    while (count > 0) {
        const unsigned char *middle = first + count / 2 * bytes;
        int order = compare(key, middle);
        if (order == 0) {
            return (void *)middle;
        }
        if (order > 0) {
            first = middle + bytes;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    return nullptr;
}
