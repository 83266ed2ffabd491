/* SPDX-License-Identifier: ISC */
/* Three levels of tables can be missing below the root of an address space. */
#include <userlib/vspace_map.h>

constexpr uint32_t table_levels_max = 3;

enum status vspace_map_frame(
    struct frame_cap frame, const struct frame_map *request, struct table_source source)
{
    uint32_t missing_bits = 0;
    enum status status = frame_map(frame, request, &missing_bits);
    for (uint32_t level = 0; level < table_levels_max && status == STATUS_MISSING_TABLE; level++) {
        struct page_table_cap table = {};
        status = source.take(source.self, &table);
        if (status != STATUS_OK) {
            return status;
        }
        status = page_table_map(table, request->vspace, request->address);
        if (status != STATUS_OK) {
            return status;
        }
        status = frame_map(frame, request, &missing_bits);
    }
    return status;
}
