/* SPDX-License-Identifier: ISC */
/* Any mix of input, reads, output and changes of mode keeps the sizes within their bounds. */
#include <lib/tty/tty.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void discard(void *context, const uint8_t *bytes, size_t count)
{
    volatile uint8_t last = count > 0 ? bytes[count - 1] : 0;
    (void)last;
    (void)context;
}

static void check(const struct tty *tty)
{
    size_t record_bytes = 0;
    for (size_t index = 0; index < tty->record_count; index++) {
        record_bytes += tty->record_bytes[(tty->first_record + index) % tty_record_count_max];
    }
    bool sound = tty->queue_bytes <= tty_queue_bytes_max &&
                 tty->record_count <= tty_record_count_max &&
                 tty->line_bytes <= tty_line_bytes_max &&
                 record_bytes + tty->raw_bytes == tty->queue_bytes &&
                 (tty->raw_bytes == 0 || tty->line_bytes == 0);
    if (!sound) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static struct tty tty;
    uint8_t buffer[300];
    tty_init(&tty, discard, nullptr);
    for (size_t at = 0; at < size_bytes; at++) {
        switch (data[at]) {
        case 0xf8:
            (void)tty_set_mode(&tty, TTY_RAW);
            break;
        case 0xf9:
            (void)tty_set_mode(&tty, TTY_LINE);
            break;
        case 0xfa:
            tty_output(&tty, data + at, size_bytes - at);
            break;
        case 0xfb:
            for (int repeat = 0; repeat < 500; repeat++) {
                (void)tty_input(&tty, data[0]);
            }
            break;
        case 0xfc:
            if (tty_is_readable(&tty)) {
                (void)tty_read(&tty, buffer, 1 + size_bytes % sizeof(buffer));
            }
            break;
        default:
            (void)tty_input(&tty, data[at]);
            break;
        }
        check(&tty);
    }
    return 0;
}
