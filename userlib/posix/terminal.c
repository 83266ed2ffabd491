/* SPDX-License-Identifier: ISC */
/* The terminal behind a stream: messages to seriald. */
#include <errno.h>
#include <protocol/terminal.h>
#include <string.h>
#include <userlib/slots.h>

#include "posix.h"

constexpr size_t piece_bytes_max = terminal_write_data_bytes_max;

long terminal_line_read(cap_slot terminal, void *buffer, size_t bytes)
{
    struct terminal_read_reply reply;
    const struct terminal_read_request request = {
        .max_bytes = (uint32_t)(bytes < piece_bytes_max ? bytes : piece_bytes_max)};
    buffer_forget();
    if (bytes == 0) {
        return 0;
    }
    long result = result_of(terminal_read((struct terminal_cap){terminal}, &request, &reply));
    if (result < 0) {
        return result;
    }
    if (reply.data_bytes > request.max_bytes) {
        return -EPROTO;
    }
    memcpy(buffer, reply.data, reply.data_bytes);
    return (long)reply.data_bytes;
}

long terminal_line_write(cap_slot terminal, const void *buffer, size_t bytes)
{
    size_t total = 0;
    long result = 0;
    buffer_forget();
    while (result == 0 && total < bytes) {
        struct terminal_write_request request;
        const size_t left = bytes - total;
        request.data_bytes = (uint32_t)(left < piece_bytes_max ? left : piece_bytes_max);
        memcpy(request.data, (const uint8_t *)buffer + total, request.data_bytes);
        result = result_of(terminal_write((struct terminal_cap){terminal}, &request));
        total += result == 0 ? request.data_bytes : 0;
    }
    return total > 0 ? (long)total : result;
}

long terminal_line_set_mode(cap_slot terminal, bool is_raw)
{
    const struct terminal_set_mode_request request = {
        .mode = is_raw ? terminal_mode_raw : terminal_mode_line};
    buffer_forget();
    return result_of(terminal_set_mode((struct terminal_cap){terminal}, &request));
}

long terminal_line_set_foreground(cap_slot terminal, cap_slot handle)
{
    const struct terminal_cap line = {terminal};
    buffer_forget();
    if (handle == slot_null) {
        return result_of(terminal_clear_foreground(line));
    }
    struct endpoint_cap copy = {};
    enum status status = slots_take(&copy.slot);
    if (status != STATUS_OK) {
        return result_of(status);
    }
    status = cspace_copy(slots_cspace(),
        &(struct cspace_copy){.source = handle, .target = copy.slot, .rights = rights_all});
    if (status != STATUS_OK) {
        slots_give(copy.slot);
        return result_of(status);
    }
    return result_of(terminal_set_foreground(line, copy)); /* gives the copy away */
}
