/* SPDX-License-Identifier: ISC */
/* One piece of memory serves all; what is read is told apart by the number of its page. */
#include "workload.h"

#include <stdio.h>
#include <string.h>

static uint8_t piece[workload_piece_bytes];

static void stamp(uint8_t *bytes, uint64_t offset_bytes)
{
    for (size_t at = 0; at < workload_piece_bytes; at += workload_page_bytes) {
        const uint64_t page = (offset_bytes + at) / workload_page_bytes;
        memcpy(bytes + at, &page, sizeof page);
    }
}

static bool is_stamped(const uint8_t *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    for (size_t at = 0; at < size_bytes; at += workload_page_bytes) {
        const uint64_t page = (offset_bytes + at) / workload_page_bytes;
        if (memcmp(bytes + at, &page, sizeof page) != 0) {
            (void)fprintf(
                stderr, "extbench: page %llu was read wrongly\n", (unsigned long long)page);
            return false;
        }
    }
    return true;
}

bool workload_write(const struct subject *subject, uint64_t size_bytes)
{
    bool well = subject->create("big") && subject->open("big");
    for (uint64_t offset = 0; offset < size_bytes && well; offset += workload_piece_bytes) {
        stamp(piece, offset);
        well = subject->write(piece, workload_piece_bytes, offset);
    }
    return well && subject->close();
}

bool workload_read(const struct subject *subject, uint64_t size_bytes)
{
    bool well = subject->open("big");
    for (uint64_t offset = 0; offset < size_bytes && well; offset += workload_piece_bytes) {
        well = subject->read(piece, workload_piece_bytes, offset) &&
               is_stamped(piece, workload_piece_bytes, offset);
    }
    return well && subject->close();
}

uint64_t workload_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

bool workload_read_randomly(const struct subject *subject, uint64_t size_bytes, uint32_t count)
{
    uint64_t state = 1;
    bool well = subject->open("big");
    for (uint32_t done = 0; done < count && well; done++) {
        const uint64_t page = workload_random(&state) % (size_bytes / workload_page_bytes);
        const uint64_t offset = page * workload_page_bytes;
        well = subject->read(piece, workload_page_bytes, offset) &&
               is_stamped(piece, workload_page_bytes, offset);
    }
    return well && subject->close();
}

bool workload_each_file(bool (*call)(const char *name), uint32_t file_count)
{
    for (uint32_t index = 0; index < file_count; index++) {
        char name[32];
        (void)snprintf(name, sizeof name, "file-%06u", index);
        if (!call(name)) {
            return false;
        }
    }
    return true;
}
