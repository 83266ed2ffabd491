/* SPDX-License-Identifier: ISC */
/*
 * Looking at the running system: mounts, volumes, processes, this program's capabilities, the log;
 * and ending it. Each needs the capability that the program's program.toml declares; without it the
 * calls fail with EACCES.
 *
 * The functions named _next walk a list: they return 1 with one element, 0 at the end, -1 with
 * errno. The cursor starts at 0 and belongs to the callee from then on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct erix_mount {
    char path[256];
    char source[72]; /* such as a partition's name */
    char type[16];   /* such as "ext4" or "ramfs" */
    bool read_only;
};

int erix_mount_next(uint64_t *cursor, struct erix_mount *mount_out);

struct erix_volume {
    uint64_t block_bytes;
    uint64_t block_count;
    uint64_t block_free_count;
    uint64_t file_count;
    uint64_t file_free_count;
};

/* The volume that holds `path`. 0, or -1 with errno. */
int erix_volume_of(const char *path, struct erix_volume *volume_out);

enum erix_process_state {
    ERIX_PROCESS_STARTING,
    ERIX_PROCESS_RUNNING,
    ERIX_PROCESS_WAITING,
    ERIX_PROCESS_ENDED,
    ERIX_PROCESS_STATE_COUNT
};

struct erix_process {
    uint64_t id;
    enum erix_process_state state;
    uint32_t priority; /* a larger number runs first */
    uint64_t memory_bytes;
    uint64_t processor_time_ns;
    char name[32];
};

int erix_process_next(uint64_t *cursor, struct erix_process *process_out);

/* One capability that a program holds. */
struct erix_capability {
    uint64_t slot;
    uint64_t badge;
    char kind[24];   /* the kernel's name for the object, such as "endpoint" */
    char name[32];   /* what it is for, such as "vfsd"; "" if it has no declared purpose */
    char rights[64]; /* the rights by name, separated by blanks, such as "read write" */
};

/* Capabilities that a process was started with; process 0 is this program. */
int erix_capability_next(
    uint64_t process, uint64_t *cursor, struct erix_capability *capability_out);

struct erix_log_record {
    uint64_t lost_count; /* records that were lost just before this one */
    uint64_t time_ns;    /* since the system started */
    uint64_t process;    /* that wrote it, as the system knows it */
    bool is_marker;      /* a line for machines */
    char level[8];       /* "error", "warning", "info" or "debug" */
    char text[256];      /* programs begin it with their name */
};

int erix_log_next(uint64_t *cursor, struct erix_log_record *record_out);

enum erix_shutdown_mode {
    ERIX_SHUTDOWN_POWER_OFF,
    ERIX_SHUTDOWN_RESTART
};

/* End all programs, write everything to the disks, and stop. Returns only if refused: -1, errno. */
int erix_shutdown(enum erix_shutdown_mode mode);
