/* SPDX-License-Identifier: ISC */
/*
 * Entry from firmware: runs the stages in order, enters the kernel or says why not.
 *
 * The stages change nothing that firmware could not take back until the last one has left boot
 * services, so a refusal frees the memory and returns an error, and firmware goes on to its next
 * boot option.
 */
#include <lib/base/base.h>
#include <string.h>

#include "console.h"
#include "cpu.h"
#include "enter.h"
#include "loader.h"
#include "uefi.h"

static const struct {
    const char *name;
    enum status (*run)(struct loader *loader);
} stages[] = {
    {"cpu", cpu_check},
    {"read", file_read},
    {"verify", image_verify},
    {"start", handoff_start},
    {"platform", platform_read},
    {"kernel", kernel_load},
    {"modules", modules_load},
    {"tables", tables_build},
    {"leave", services_leave},
};

constexpr uint32_t stage_count = sizeof(stages) / sizeof(stages[0]);
static_assert(stage_count <= loader_stages_max);

constexpr uint32_t report_bytes = 256;

efi_status efi_main(efi_handle image_handle, struct efi_system_table *system);

static efi_status refuse(struct loader *loader);
[[noreturn]] static void enter_kernel(struct loader *loader);
static void report_ticks(const struct loader *loader, char *text_out);
static size_t append_text(char *text, size_t length, const char *more);
static size_t append_number(char *text, size_t length, uint64_t number);

efi_status efi_main(efi_handle image_handle, struct efi_system_table *system)
{
    /* All that the loader knows. It has no other state, and runs once. */
    static struct loader loader;
    loader = (struct loader){
        .image_handle = image_handle,
        .system = system,
        .services = system->boot_services,
        .start_ticks = cpu_ticks(),
    };
    /* Firmware would reset the machine after five minutes (UEFI 3.1.2); nothing here waits. */
    (void)loader.services->set_watchdog_timer(0, 0, 0, nullptr);
    console_init(&loader.console);
    console_marker(&loader.console, MARKER_BOOTLOADER_START, "");
    for (uint32_t index = 0; index < stage_count; index++) {
        if (stages[index].run(&loader) != STATUS_OK) {
            return refuse(&loader);
        }
        loader.stage_ticks[index] = cpu_ticks();
    }
    enter_kernel(&loader);
}

enum status loader_refuse(struct loader *loader, enum marker marker, const char *detail)
{
    if (loader->refused) {
        return STATUS_CANCELLED;
    }
    loader->refused = true;
    loader->refusal = marker;
    size_t length = 0;
    for (; detail[length] != '\0' && length + 1 < loader_detail_bytes; length++) {
        loader->detail[length] = detail[length];
    }
    loader->detail[length] = '\0';
    return STATUS_CANCELLED;
}

/* Once boot services may be gone there is no firmware to return to (UEFI 7.4.6). */
static efi_status refuse(struct loader *loader)
{
    console_refusal(&loader->console, loader->refusal, loader->detail, loader->system);
    loader_end_refused();
    if (loader->system == nullptr) {
        cpu_stop();
    }
    memory_release(loader);
    return efi_load_error;
}

[[noreturn]] static void enter_kernel(struct loader *loader)
{
    cpu_disable_interrupts(); /* the handlers are firmware's, and firmware is gone */
    char report[report_bytes];
    report_ticks(loader, report);
    console_marker(&loader->console, MARKER_BOOTLOADER_HANDOFF, report);
    enter_jump(&(struct enter_request){
        .top_table = (uint64_t)(uintptr_t)loader->tables.top,
        .entry = loader->plan.entry,
        .stack_end = direct_map_base + (uint64_t)(uintptr_t)loader->work->stack +
                     sizeof(loader->work->stack),
        .handoff = direct_map_base + (uint64_t)(uintptr_t)&loader->work->handoff,
    });
}

/* "cpu=1 read=2 ...": ticks of the time stamp counter that each stage took, for people. */
static void report_ticks(const struct loader *loader, char *text_out)
{
    uint64_t before = loader->start_ticks;
    size_t length = 0;
    for (uint32_t index = 0; index < stage_count; index++) {
        length = append_text(text_out, length, index == 0 ? "" : " ");
        length = append_text(text_out, length, stages[index].name);
        length = append_text(text_out, length, "=");
        length = append_number(text_out, length, loader->stage_ticks[index] - before);
        before = loader->stage_ticks[index];
    }
    text_out[length] = '\0';
}

static size_t append_text(char *text, size_t length, const char *more)
{
    for (; *more != '\0' && length + 1 < report_bytes; more++) {
        text[length++] = *more;
    }
    return length;
}

static size_t append_number(char *text, size_t length, uint64_t number)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count > 0 && length + 1 < report_bytes) {
        text[length++] = digits[--count];
    }
    return length;
}
