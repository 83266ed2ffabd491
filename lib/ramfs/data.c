/* SPDX-License-Identifier: ISC */
/*
 * Contents of files, page by page.
 */
#include <string.h>

#include "internal.h"

static enum status find_file(
    const struct ramfs *ramfs, uint64_t number, struct ramfs_node **node_out)
{
    struct ramfs_node *node = ramfs_node_find(ramfs, number);
    if (node == nullptr) {
        return STATUS_NOT_FOUND;
    }
    if (node->kind == RAMFS_DIRECTORY) {
        return STATUS_IS_DIRECTORY;
    }
    if (node->kind != RAMFS_FILE) {
        return STATUS_INVALID_ARGUMENT;
    }
    *node_out = node;
    return STATUS_OK;
}

/* What a span has in common with the page at its start. */
static size_t part_bytes(const struct ramfs_span *span)
{
    size_t left_bytes = ramfs_page_bytes - (size_t)(span->offset_bytes & (ramfs_page_bytes - 1));
    return span->size_bytes < left_bytes ? span->size_bytes : left_bytes;
}

static void skip(struct ramfs_span *span, size_t done_bytes)
{
    span->offset_bytes += done_bytes;
    span->size_bytes -= done_bytes;
    span->bytes = (uint8_t *)span->bytes + done_bytes;
}

enum status ramfs_read(
    struct ramfs *ramfs, uint64_t number, struct ramfs_span span, size_t *done_bytes_out)
{
    struct ramfs_node *node;
    enum status status = find_file(ramfs, number, &node);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t left_bytes =
        span.offset_bytes < node->size_bytes ? node->size_bytes - span.offset_bytes : 0;
    if (span.size_bytes > left_bytes) {
        span.size_bytes = (size_t)left_bytes;
    }
    size_t total_bytes = span.size_bytes;
    while (span.size_bytes > 0) {
        size_t within = (size_t)(span.offset_bytes & (ramfs_page_bytes - 1));
        size_t size_bytes = part_bytes(&span);
        uint32_t page = ramfs_page_find(ramfs, node, span.offset_bytes >> page_shift);
        if (page == 0) {
            memset(span.bytes, 0, size_bytes);
        } else {
            memcpy(span.bytes, ramfs_page_at(ramfs, page) + within, size_bytes);
        }
        skip(&span, size_bytes);
    }
    node->accessed_ns = ramfs->now_ns;
    *done_bytes_out = total_bytes;
    return STATUS_OK;
}

enum status ramfs_write(
    struct ramfs *ramfs, uint64_t number, struct ramfs_span span, size_t *done_bytes_out)
{
    struct ramfs_node *node;
    enum status status = find_file(ramfs, number, &node);
    if (status != STATUS_OK) {
        return status;
    }
    if (span.offset_bytes > ramfs_file_bytes_max ||
        span.size_bytes > ramfs_file_bytes_max - span.offset_bytes) {
        return STATUS_TOO_LARGE;
    }
    size_t total_bytes = span.size_bytes;
    while (span.size_bytes > 0) {
        size_t within = (size_t)(span.offset_bytes & (ramfs_page_bytes - 1));
        size_t size_bytes = part_bytes(&span);
        uint32_t page;
        status = ramfs_page_make(ramfs, node, span.offset_bytes >> page_shift, &page);
        if (status != STATUS_OK) {
            break;
        }
        memcpy(ramfs_page_at(ramfs, page) + within, span.bytes, size_bytes);
        skip(&span, size_bytes);
    }
    size_t done_bytes = total_bytes - span.size_bytes;
    if (done_bytes == 0 && total_bytes > 0) {
        return status;
    }
    if (done_bytes > 0 && span.offset_bytes > node->size_bytes) {
        node->size_bytes = span.offset_bytes;
    }
    if (done_bytes > 0) {
        ramfs_touch(ramfs, node);
    }
    *done_bytes_out = done_bytes;
    return STATUS_OK;
}

enum status ramfs_truncate(struct ramfs *ramfs, uint64_t number, uint64_t size_bytes)
{
    struct ramfs_node *node;
    enum status status = find_file(ramfs, number, &node);
    if (status != STATUS_OK) {
        return status;
    }
    if (size_bytes > ramfs_file_bytes_max) {
        return STATUS_TOO_LARGE;
    }
    if (size_bytes < node->size_bytes) {
        ramfs_page_cut(ramfs, node, (size_bytes + ramfs_page_bytes - 1) >> page_shift);
        size_t within = (size_t)(size_bytes & (ramfs_page_bytes - 1));
        uint32_t page = within == 0 ? 0 : ramfs_page_find(ramfs, node, size_bytes >> page_shift);
        if (page != 0) {
            memset(ramfs_page_at(ramfs, page) + within, 0, ramfs_page_bytes - within);
        }
    }
    node->size_bytes = size_bytes;
    ramfs_touch(ramfs, node);
    return STATUS_OK;
}
