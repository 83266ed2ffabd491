/* SPDX-License-Identifier: ISC */
/*
 * Room for files that are written piece by piece: the free blocks behind the last piece are left to
 * the file for a while, so that files which grow at the same time do not cut each other into small
 * pieces. A window is known by where it begins, which is where its file goes on. Nothing of it is
 * on the medium, and when space runs out there are none.
 */
#include "transaction.h"

constexpr uint32_t reach_blocks_min = 16;
constexpr uint32_t reach_blocks_max = 2048;

/* The row of the file that goes on at `goal`; ext_window_count if it has none. */
static uint32_t find(const struct ext_windows *windows, uint64_t goal)
{
    uint32_t index = 0;
    while (index < ext_window_count &&
           (windows->rows[index].reach_blocks == 0 || windows->rows[index].first != goal)) {
        index++;
    }
    return index;
}

uint32_t ext_window_reach(const struct ext_mount *mount, uint64_t goal)
{
    const uint32_t index = find(&mount->windows, goal);
    if (index == ext_window_count) {
        return reach_blocks_min;
    }
    const uint32_t reach = 2 * mount->windows.rows[index].reach_blocks;
    return reach < reach_blocks_max ? reach : reach_blocks_max;
}

uint64_t ext_window_skip(const struct ext_mount *mount, uint64_t goal, uint64_t block)
{
    for (uint32_t index = 0; index < ext_window_count; index++) {
        const struct ext_window *row = &mount->windows.rows[index];
        if (row->first != goal && block >= row->first && block < row->end) {
            return row->end;
        }
    }
    return block;
}

uint64_t ext_window_next(const struct ext_mount *mount, uint64_t goal, uint64_t block)
{
    uint64_t next = UINT64_MAX;
    for (uint32_t index = 0; index < ext_window_count; index++) {
        const struct ext_window *row = &mount->windows.rows[index];
        if (row->first < row->end && row->first != goal && row->first > block &&
            row->first < next) {
            next = row->first;
        }
    }
    return next;
}

/* A new window from `first` on, as far as others allow. */
static struct ext_window open_window(
    const struct ext_mount *mount, uint64_t goal, uint64_t first, uint32_t reach_blocks)
{
    const uint64_t next = ext_window_next(mount, goal, first - 1);
    const uint64_t end = first + reach_blocks;
    return (struct ext_window){
        .first = first, .end = next < end ? next : end, .reach_blocks = reach_blocks};
}

void ext_window_move(struct ext_mount *mount, uint64_t goal, uint64_t end)
{
    struct ext_windows *windows = &mount->windows;
    uint32_t index = find(windows, goal);
    if (index < ext_window_count && goal < end && end < windows->rows[index].end) {
        windows->rows[index].first = end;
        return;
    }
    const uint32_t reach = ext_window_reach(mount, goal);
    if (index == ext_window_count) {
        index = windows->oldest;
        windows->oldest = (windows->oldest + 1) % ext_window_count;
    }
    windows->rows[index] = open_window(mount, goal, end, reach);
}

bool ext_windows_drop(struct ext_mount *mount)
{
    bool any = false;
    for (uint32_t index = 0; index < ext_window_count; index++) {
        any = any || mount->windows.rows[index].reach_blocks != 0;
    }
    mount->windows = (struct ext_windows){};
    return any;
}
