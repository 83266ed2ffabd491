/* SPDX-License-Identifier: ISC */
/*
 * Rows are launched in the order of BootConfig, each as soon as its launcher is ready. A service
 * that calls a peer which is not ready yet simply waits in that call.
 *
 * Invariant: rows below next_row were launched, all others not.
 */
#include "sequence.h"

#include <lib/base/base.h>
#include <protocol/device.h>
#include <protocol/process.h>
#include <protocol/vspace.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

#include <slots/roles.h>

#include "console.h"
#include "core.h"
#include "failure.h"
#include "finish.h"
#include "grants.h"
#include "handoff.h"
#include "names.h"
#include "objects.h"
#include "rootd.h"
#include "stages.h"

constexpr uint64_t ready_wait_ns_max = 30'000'000'000; /* emulated machines are slow */

static struct process_cap procd; /* for rootd; valid from procd's readiness on */

static const char *name_of(uint32_t row)
{
    return bootconfig_launch(&rootd.config, row).authority.name;
}

/* --- rows that procd makes --- */

struct installation {
    struct process_cap handle;
};

static enum status install(
    void *self, uint32_t grant_index, const struct bootconfig_grant *, cap_slot given_take)
{
    const struct installation *installation = self;
    /* The slot is empty and free afterwards, also on failure. */
    return process_install(installation->handle,
        &(struct process_install_request){.grant = grant_index}, (struct any_cap){given_take});
}

static enum status install_grants(
    const struct bootconfig_authority *authority, const struct row *row)
{
    const struct grant_target target = {.role = authority->role, .process = row->process};
    struct installation installation = {{row->handle.slot}};
    enum status status = STATUS_OK;
    for (uint32_t index = 0; index < authority->grant_count && status == STATUS_OK; index++) {
        const struct bootconfig_grant grant =
            bootconfig_grant(&rootd.config, authority->first_grant + index);
        status = grants_fulfil(&target, index, &grant, install, &installation);
    }
    return status;
}

static void create(uint32_t index, const struct bootconfig_launch *launch, struct row *row)
{
    const struct root_module *module = handoff_find_module(BOOT_MODULE_SERVICE, launch->module);
    if (module->frame_count != 1) {
        failure_service(
            MARKER_ROOTD_FAIL_MODULE_ELF, launch->authority.name, "larger than a frame");
    }
    struct process_create_reply reply = {};
    enum status status = process_create(procd,
        &(struct process_create_request){.row = index, .image_bytes = module->size_bytes},
        (struct frame_cap){module->first_slot}, &reply, &row->handle);
    if (status == STATUS_CORRUPT || status == STATUS_UNSUPPORTED) {
        failure_service(MARKER_ROOTD_FAIL_MODULE_ELF, launch->authority.name, status_text(status));
    }
    if (status != STATUS_OK) {
        failure_service(
            MARKER_ROOTD_FAIL_SERVICE_START, launch->authority.name, status_text(status));
    }
    row->process = reply.process;
    status = install_grants(&launch->authority, row);
    if (status != STATUS_OK) {
        failure_service(
            MARKER_ROOTD_FAIL_SERVICE_START, launch->authority.name, status_text(status));
    }
}

static enum status copy_handle(const struct row *row, struct endpoint_cap *copy_out)
{
    cap_slot slot = slot_null;
    const enum status status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    *copy_out = (struct endpoint_cap){slot};
    return cspace_copy(slots_cspace(),
        &(struct cspace_copy){
            .source = row->handle.slot, .target = slot, .rights = RIGHT_SEND | RIGHT_GRANT});
}

static enum status deviced_for_self(struct device_cap *deviced_out)
{
    static struct endpoint_cap deviced;
    if (deviced.slot == slot_null) {
        const enum status status = grants_mint_for_self(ROLE_DEVICED, DEVICE_RIGHT_SEED, &deviced);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *deviced_out = (struct device_cap){deviced.slot};
    return STATUS_OK;
}

/* deviced starts it when its device is there. */
static enum status seed_driver(uint32_t index, uint32_t role, const struct row *row)
{
    struct device_cap deviced = {};
    struct endpoint_cap handle = {};
    enum status status = deviced_for_self(&deviced);
    if (status == STATUS_OK) {
        status = copy_handle(row, &handle);
    }
    if (status == STATUS_OK) {
        status = device_seed_driver(deviced,
            &(struct device_seed_driver_request){
                .row = index, .role = role, .process = row->process},
            handle);
    }
    return status;
}

static enum status launch_by_procd(uint32_t index, const struct bootconfig_launch *launch)
{
    struct row *row = &rootd.rows[index];
    create(index, launch, row);
    if (launch->launcher_role == ROLE_DEVICED) {
        return seed_driver(index, launch->authority.role, row);
    }
    return process_start((struct process_cap){row->handle.slot});
}

/* --- what procd needs before it can work --- */

/* procd gets the capability that those of all callers come from, rootd's own too: it takes them
 * away when the program ends. */
static enum status register_service(uint32_t role)
{
    const struct endpoint_cap given = rootd.endpoints[role];
    struct endpoint_cap own = {};
    enum status status = slots_take(&own.slot);
    if (status == STATUS_OK) {
        status = cspace_copy(slots_cspace(),
            &(struct cspace_copy){
                .source = given.slot, .target = own.slot, .rights = RIGHT_SEND | RIGHT_GRANT});
    }
    if (status == STATUS_OK) {
        rootd.endpoints[role] = own;
        status = process_register_service(
            procd, &(struct process_register_service_request){.role = role}, given);
    }
    return status;
}

/* procd maps images into itself: vspaced must know its address space. */
static enum status adopt_procd(void)
{
    struct endpoint_cap vspaced = {};
    enum status status = grants_mint_for_self(ROLE_VSPACED, VSPACE_RIGHT_MANAGE, &vspaced);
    if (status == STATUS_OK) {
        status = vspace_adopt((struct vspace_cap){vspaced.slot},
            &(struct vspace_adopt_request){.process = ROLE_PROCD}, core_last_space());
    }
    slots_delete(vspaced.slot);
    return status;
}

static enum status connect_procd(void)
{
    struct endpoint_cap endpoint = {};
    enum status status = grants_mint_for_self(ROLE_PROCD, PROCESS_RIGHT_MANAGE, &endpoint);
    procd = (struct process_cap){endpoint.slot};
    if (status == STATUS_OK) {
        status = register_service(ROLE_ROOTD);
    }
    for (uint32_t index = 0; index < rootd.config.launch_count && status == STATUS_OK; index++) {
        const struct bootconfig_launch launch = bootconfig_launch(&rootd.config, index);
        if (grants_has_endpoint(&launch)) {
            status = register_service(launch.authority.role);
        }
    }
    return status == STATUS_OK ? adopt_procd() : status;
}

/* --- the order --- */

static void launch_by_rootd(uint32_t index, const struct bootconfig_launch *launch)
{
    const struct root_module *module = handoff_find_module(BOOT_MODULE_SERVICE, launch->module);
    const char *what = "";
    const uint64_t free_bytes = objects_free_bytes();
    const enum status status = core_launch(launch, module, &rootd.rows[index], &what);
    if (status == STATUS_CORRUPT || status == STATUS_UNSUPPORTED) {
        failure_service(MARKER_ROOTD_FAIL_MODULE_ELF, launch->authority.name, status_text(status));
    }
    if (status == STATUS_NO_MEMORY || status == STATUS_NO_SLOT) { /* of rootd's own */
        failure_internal(what, status);
    }
    if (status != STATUS_OK) {
        failure_service(MARKER_ROOTD_FAIL_SERVICE_START, launch->authority.name, what);
    }
    const uint64_t given_bytes = free_bytes - objects_free_bytes();
    rootd.given_bytes += given_bytes;
    marker_details(MARKER_ROOTD_MEMORY, "%s %lu", launch->authority.name, given_bytes);
}

/* Nothing to note in a runtime image: it has no test object. */
static void note_counts(uint32_t row)
{
    if (test_resource_counts((struct test_cap){ROOT_SLOT_TEST}, &rootd.rows[row].before) !=
        STATUS_OK) {
        rootd.rows[row].before = (struct test_counts){};
    }
}

static void launch_next(void)
{
    const uint32_t index = rootd.next_row++;
    const struct bootconfig_launch launch = bootconfig_launch(&rootd.config, index);
    if (launch.verifier) {
        stages_announce(MARKER_KERNEL_ROOTD_STAGE_PROBE_SPAWN_REQUESTED);
    }
    note_counts(index);
    if (launch.launcher_role == ROLE_ROOTD) {
        launch_by_rootd(index, &launch);
    } else {
        const enum status status = launch_by_procd(index, &launch);
        if (status != STATUS_OK) {
            failure_service(
                MARKER_ROOTD_FAIL_SERVICE_START, launch.authority.name, status_text(status));
        }
    }
    objects_drop_control(launch.authority.role);
    rootd.rows[index].state = ROW_STARTED;
    if (launch.verifier) {
        stages_announce(MARKER_KERNEL_ROOTD_STAGE_PROBE_SPAWNED);
    }
}

static bool is_role_ready(uint32_t role)
{
    const uint32_t row = bootconfig_find_launch(&rootd.config, role);
    return row != rootd.config.launch_count && rootd.rows[row].state == ROW_READY;
}

/* Verifiers find the system up and at rest: one runs when the one before it is gone. */
static bool is_verifier_due(uint32_t index)
{
    const uint32_t before = index - 1; /* rows of services come first */
    return rootd.finished && index != 0 &&
           (!bootconfig_launch(&rootd.config, before).verifier || rootd.rows[before].has_ended);
}

/* Core services come one after the other, each ready before the next; drivers need deviced. */
static bool may_launch(uint32_t index)
{
    const struct bootconfig_launch launch = bootconfig_launch(&rootd.config, index);
    if (launch.verifier && !is_verifier_due(index)) {
        return false;
    }
    if (launch.launcher_role == ROLE_ROOTD) {
        return index == 0 || rootd.rows[index - 1].state == ROW_READY;
    }
    return is_role_ready(ROLE_PROCD) &&
           (launch.launcher_role != ROLE_DEVICED || is_role_ready(ROLE_DEVICED));
}

/* Rows in their order, up to the first whose time has not come. */
static void launch_due(void)
{
    while (rootd.next_row < rootd.config.launch_count && may_launch(rootd.next_row)) {
        launch_next();
    }
}

static bool has_more_drivers(void)
{
    for (uint32_t index = rootd.next_row; index < rootd.config.launch_count; index++) {
        if (bootconfig_launch(&rootd.config, index).launcher_role == ROLE_DEVICED) {
            return true;
        }
    }
    return false;
}

static void seal_drivers(void)
{
    if (rootd.drivers_sealed || !is_role_ready(ROLE_DEVICED) || has_more_drivers()) {
        return;
    }
    struct device_cap deviced = {};
    enum status status = deviced_for_self(&deviced);
    if (status == STATUS_OK) {
        status = device_seal(deviced);
    }
    if (status != STATUS_OK) {
        failure_service(MARKER_ROOTD_FAIL_SERVICE_HANDSHAKE, "deviced", status_text(status));
    }
    rootd.drivers_sealed = true;
}

/* The scan is over: a driver that has no device now will never report. */
static void check_devices(void)
{
    struct device_cap deviced = {};
    if (deviced_for_self(&deviced) != STATUS_OK) {
        return; /* no deviced, no drivers */
    }
    struct device_without_device_reply idle = {};
    const struct device_without_device_request first = {};
    if (device_without_device(deviced, &first, &idle) != STATUS_OK) {
        return;
    }
    const uint32_t row = bootconfig_find_launch(&rootd.config, idle.role);
    if (row == rootd.config.launch_count || !bootconfig_launch(&rootd.config, row).required) {
        return;
    }
    failure_configured(idle.role == ROLE_DRV_VIRTIO_BLOCK ? MARKER_ROOTD_FAIL_DISK
                                                          : MARKER_ROOTD_FAIL_SERVICE_START,
        name_of(row), "there is no device for it");
}

/* The first required row that has not reported, or launch_count. */
static uint32_t find_silent(void)
{
    for (uint32_t index = 0; index < rootd.config.launch_count; index++) {
        const struct bootconfig_launch launch = bootconfig_launch(&rootd.config, index);
        if (launch.required && !launch.verifier && rootd.rows[index].state != ROW_READY) {
            return index;
        }
    }
    return rootd.config.launch_count;
}

static void arm_alarm(void)
{
    const struct clock_cap clock = {ROOT_SLOT_CLOCK};
    uint64_t now_ns = 0;
    enum status status = clock_read(clock, &now_ns);
    if (status == STATUS_OK) {
        status = clock_arm(clock, now_ns + ready_wait_ns_max, rootd.alarm);
    }
    if (status != STATUS_OK) {
        failure_internal("clock", status);
    }
}

void sequence_advance(void)
{
    launch_due();
    seal_drivers();
    if (!rootd.finished && find_silent() == rootd.config.launch_count) {
        rootd.finished = true;
        finish_start();
        launch_due(); /* verifiers */
    }
    arm_alarm();
}

uint32_t sequence_find_process(uint32_t process)
{
    for (uint32_t index = 0; index < rootd.next_row; index++) {
        if (rootd.rows[index].process == process) {
            return index;
        }
    }
    return rootd.config.launch_count;
}

void sequence_ready(uint32_t row)
{
    const uint32_t role = bootconfig_launch(&rootd.config, row).authority.role;
    rootd.rows[row].state = ROW_READY;
    if (role == ROLE_PROCD) {
        const enum status status = connect_procd();
        if (status != STATUS_OK) {
            failure_service(MARKER_ROOTD_FAIL_SERVICE_HANDSHAKE, "procd", status_text(status));
        }
    }
    if (role == ROLE_NAMED) {
        const enum status status = names_seed_all();
        if (status != STATUS_OK) {
            failure_service(MARKER_ROOTD_FAIL_SERVICE_HANDSHAKE, "named", status_text(status));
        }
    }
    stages_update();
    if (role == ROLE_SERIALD) {
        console_hand_over();
    }
    sequence_advance();
    if (role == ROLE_PROBED) {
        check_devices();
    }
}

void sequence_timed_out(void)
{
    const uint32_t silent = find_silent();
    if (silent == rootd.config.launch_count) {
        return;
    }
    failure_service(MARKER_ROOTD_FAIL_SERVICE_HANDSHAKE, name_of(silent), "did not report in time");
}
