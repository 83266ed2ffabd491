/* SPDX-License-Identifier: ISC */
/* Any bytes can be walked over in both directions, and both walks see the same number of columns.
 */
#include <lib/text/text.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    const char *bytes = (const char *)data;
    size_t backward_columns = 0;
    for (size_t left_bytes = size_bytes; left_bytes > 0;) {
        size_t last = text_last_bytes(bytes, left_bytes);
        if (last == 0 || last > left_bytes) {
            abort();
        }
        backward_columns += text_first(bytes + left_bytes - last, last).columns;
        left_bytes -= last;
    }
    if (backward_columns != text_columns(bytes, size_bytes)) {
        abort();
    }
    return 0;
}
