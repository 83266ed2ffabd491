/* SPDX-License-Identifier: ISC */
/* Looking at the running system: the errno form of what the system layer offers. */
#include <erix/inspect.h>

#include "library.h"

int erix_mount_next(uint64_t *cursor, struct erix_mount *mount_out)
{
    return (int)library_result(system_mount_next(cursor, mount_out));
}

int erix_volume_of(const char *path, struct erix_volume *volume_out)
{
    const char *absolute = path_resolve(path, PATH_FIRST);
    return absolute == nullptr ? -1 : (int)library_result(system_volume_of(absolute, volume_out));
}

int erix_process_next(uint64_t *cursor, struct erix_process *process_out)
{
    return (int)library_result(system_process_next(cursor, process_out));
}

int erix_capability_next(uint64_t process, uint64_t *cursor, struct erix_capability *capability_out)
{
    return (int)library_result(system_capability_next(process, cursor, capability_out));
}

int erix_log_next(uint64_t *cursor, struct erix_log_record *record_out)
{
    return (int)library_result(system_log_next(cursor, record_out));
}

int erix_shutdown(enum erix_shutdown_mode mode)
{
    return (int)library_result(system_shutdown(mode));
}
