/* SPDX-License-Identifier: ISC */
/* The state of rootd, shared by its files. */
#pragma once

#include <abi/root_handoff.h>
#include <lib/bootconfig/bootconfig.h>
#include <userlib/syscall.h>

constexpr uint32_t roles_count = bootconfig_roles_max + 1;

enum row_state : uint8_t {
    ROW_WAITING, /* not launched yet */
    ROW_STARTED, /* launched; has not reported */
    ROW_READY,
};

/* A launch row of BootConfig on its way. */
struct row {
    enum row_state state;
    bool has_ended;
    uint32_t process;           /* id; the role of what rootd starts itself */
    struct endpoint_cap handle; /* of procd's; slot_null for what rootd starts itself */
    struct thread_cap thread;   /* of what rootd starts itself */
    struct test_counts before;  /* test images: the kernel's, before it was launched */
};

struct rootd {
    const struct root_handoff *handoff;
    struct bootconfig config;
    const struct root_module *config_module;
    struct untyped_cap reserve; /* memory of rootd itself */
    uint64_t given_bytes;       /* of the reserve, to what rootd started itself */
    bool seriald_prints;        /* output goes through logd; the boot console is silent */
    uint32_t next_row;          /* the first that was not launched */
    uint32_t stage_count;       /* stages that were announced */
    bool drivers_sealed;
    bool finished; /* READY was said */
    struct notification_cap alarm;
    struct endpoint_cap watch;                  /* faults of what rootd started itself */
    struct endpoint_cap controls[roles_count];  /* to receive; until the program has it; by role */
    struct endpoint_cap endpoints[roles_count]; /* to send, without badge; by role */
    struct notification_cap notifications[roles_count]; /* without badge; by role */
    struct row rows[bootconfig_launches_max];
};

extern struct rootd rootd;
