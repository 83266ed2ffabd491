/* SPDX-License-Identifier: ISC */
/* A disk as lib/gpt wants to read it: through a frame that the driver fills. */
#include "table.h"

#include <protocol/vspace.h>
#include <slots/blockd.h>
#include <userlib/slots.h>

#include <string.h>

constexpr uint32_t window_bits = 14;
constexpr uint32_t window_bytes = 1 << window_bits;
static_assert(window_bytes % gpt_block_bytes_max == 0);

static const struct disk_cap driver = {SLOT_PEER_DRV_VIRTIO_BLOCK};
static const struct vspace_cap vspaced = {SLOT_PEER_VSPACED};

/* Memory that the driver fills. */
struct window {
    struct frame_cap frame;
    uint64_t address;
    uint32_t buffer; /* the driver's number */
    uint32_t block_bytes;
};

static enum status window_open(struct window *window)
{
    const struct vspace_allocate_request request = {.bits = window_bits};
    struct vspace_allocate_reply allocated;
    enum status status = vspace_allocate(vspaced, &request, &allocated, &window->frame);
    if (status != STATUS_OK) {
        return status;
    }
    window->address = allocated.address;
    struct disk_attach_reply attached;
    status = disk_attach(driver, window->frame, &attached);
    window->buffer = attached.buffer;
    return status;
}

/* Only at the start of the program: what fails here costs 16 KiB and nothing else. */
static void window_close(const struct window *window)
{
    (void)disk_detach(driver, &(struct disk_detach_request){.buffer = window->buffer});
    (void)vspace_unmap(vspaced, &(struct vspace_unmap_request){.address = window->address});
    slots_delete(window->frame.slot);
}

static enum status read_blocks(
    void *context, uint64_t first_block, uint32_t block_count, void *bytes_out)
{
    const struct window *window = context;
    const uint32_t step_max = window_bytes / window->block_bytes;
    uint8_t *target = bytes_out;
    for (uint32_t done = 0; done < block_count;) {
        const uint32_t left = block_count - done;
        const uint32_t step = left < step_max ? left : step_max;
        const struct disk_read_request request = {
            .count = 1,
            .segments = {{.first_block = first_block + done,
                .buffer = window->buffer,
                .block_count = step}},
        };
        enum status status = disk_read(driver, &request);
        if (status != STATUS_OK) {
            return status;
        }
        const size_t step_bytes = (size_t)step * window->block_bytes;
        memcpy(target, (const void *)window->address, // NOLINT(performance-no-int-to-ptr)
            step_bytes);
        target += step_bytes;
        done += step;
    }
    return STATUS_OK;
}

enum status table_read(const struct disk_describe_reply *disk, struct gpt_table *table_out,
    struct gpt_refusal *refusal_out)
{
    static struct gpt_workspace workspace; /* too large for a stack */
    *refusal_out = (struct gpt_refusal){};
    if (disk->block_bytes != gpt_block_bytes_min && disk->block_bytes != gpt_block_bytes_max) {
        return STATUS_UNSUPPORTED;
    }
    struct window window = {.block_bytes = disk->block_bytes};
    enum status status = window_open(&window);
    if (status != STATUS_OK) {
        return status;
    }
    const struct gpt_source source = {
        .context = &window,
        .block_bytes = disk->block_bytes,
        .block_count = disk->block_count,
        .read = read_blocks,
    };
    status = gpt_read(&source, &workspace, table_out, refusal_out);
    window_close(&window);
    return status;
}
