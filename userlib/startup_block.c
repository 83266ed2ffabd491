/* SPDX-License-Identifier: ISC */
/* Rows of a start-up block. A row's parameter is the number of filled slots where there can be
 * several. */
#include <userlib/startup_block.h>

#include <string.h>

static void copy_name(char target[static startup_name_bytes], const char *source)
{
    const size_t length = strnlen(source, startup_name_bytes - 1);
    memcpy(target, source, length);
    memset(target + length, 0, startup_name_bytes - length);
}

static struct startup_slot *find_row(struct startup *startup, const struct bootconfig_grant *grant)
{
    for (uint32_t index = 0; index < startup->slot_count; index++) {
        struct startup_slot *row = &startup->slots[index];
        if (row->slot == grant->slot && strncmp(row->name, grant->name, startup_name_bytes) == 0) {
            return row;
        }
    }
    return nullptr;
}

static bool has_many_slots(const struct bootconfig_grant *grant)
{
    return grant->slot_count > 1;
}

static bool is_absent(const struct bootconfig_grant *grant)
{
    return grant->kind == GRANT_ABSENT;
}

static uint32_t parameter_of(const struct bootconfig_grant *grant)
{
    if (has_many_slots(grant)) {
        return 0;
    }
    if (grant->kind == GRANT_PORTS) {
        return (uint32_t)(grant->parameters[0] | grant->parameters[1] << 16);
    }
    return (uint32_t)grant->parameters[0];
}

static struct startup_slot *append_row(
    struct startup *startup, const struct bootconfig_grant *grant)
{
    if (startup->slot_count == startup_slots_max) {
        return nullptr;
    }
    struct startup_slot *row = &startup->slots[startup->slot_count++];
    *row = (struct startup_slot){
        .slot = grant->slot,
        .kind = is_absent(grant) ? OBJECT_NONE : (enum object_kind)grant->object_kind,
        .rights = is_absent(grant) ? 0 : grant->rights,
        .label = grant->object_kind == OBJECT_ENDPOINT ? grant->source_role : 0,
        .parameter = parameter_of(grant),
    };
    copy_name(row->name, grant->name);
    return row;
}

void startup_block_init(struct startup *startup, const struct bootconfig *config,
    const struct bootconfig_authority *authority, uint32_t process_id)
{
    memset(startup, 0, sizeof *startup);
    startup->magic = startup_magic;
    startup->version = startup_version;
    startup->size_bytes = sizeof *startup;
    startup->profile = config->profile;
    startup->role = authority->role;
    startup->process_id = process_id;
    startup->first_free_slot = authority->first_free_slot;
    startup->end_slot = 1U << authority->cspace_bits;
    startup->heap_bytes = authority->heap_bytes_max;
    startup->stack_bytes = authority->stack_bytes;
    startup->strings_offset = sizeof *startup;
    copy_name(startup->name, authority->name);
    for (uint32_t index = 0; index < authority->grant_count; index++) {
        const struct bootconfig_grant grant =
            bootconfig_grant(config, authority->first_grant + index);
        if (has_many_slots(&grant) || is_absent(&grant)) {
            (void)append_row(startup, &grant); /* a row has no more grants than a block has rows */
        }
    }
}

enum status startup_block_add(
    struct startup *startup, const struct bootconfig_grant *grant, cap_slot *slot_out)
{
    struct startup_slot *row = find_row(startup, grant);
    if (row == nullptr) {
        row = append_row(startup, grant);
        if (row == nullptr) {
            return STATUS_TOO_LARGE;
        }
        *slot_out = grant->slot;
        return STATUS_OK;
    }
    if (!has_many_slots(grant) || row->parameter == grant->slot_count) {
        return STATUS_EXISTS;
    }
    *slot_out = grant->slot + row->parameter;
    row->parameter++;
    return STATUS_OK;
}
