/* SPDX-License-Identifier: ISC */
/* Names of object kinds and of rights, for people. */
#include <abi/object.h>
#include <protocol/vfs.h>
#include <stdio.h>
#include <string.h>

#include "posix.h"

struct right_name {
    uint32_t right;
    const char *name;
};

static const struct right_name object_rights[] = {
    {RIGHT_READ, "read"},
    {RIGHT_WRITE, "write"},
    {RIGHT_EXECUTE, "execute"},
    {RIGHT_SEND, "send"},
    {RIGHT_RECEIVE, "receive"},
    {RIGHT_GRANT, "grant"},
    {RIGHT_CONTROL, "control"},
    {RIGHT_DMA, "dma"},
    {},
};

static const struct right_name vfs_rights[] = {
    {VFS_RIGHT_READ, "read"},
    {VFS_RIGHT_WRITE, "write"},
    {VFS_RIGHT_INSPECT, "inspect"},
    {VFS_RIGHT_ADMIN, "admin"},
    {},
};

/* Bits 0 to 2 of protocols in the order of their `rights` line. */
static const struct right_name time_rights[] = {{1, "read"}, {2, "wait"}, {}};
static const struct right_name vspace_rights[] = {{1, "manage"}, {2, "map"}, {4, "dma"}, {}};
static const struct right_name log_rights[] = {{1, "append"}, {2, "read"}, {}};
static const struct right_name loader_rights[] = {{1, "launch"}, {}};
static const struct right_name process_rights[] = {{1, "manage"}, {2, "launch"}, {4, "list"}, {}};
static const struct right_name root_rights[] = {{1, "shutdown"}, {2, "verify"}, {}};
static const struct right_name terminal_rights[] = {{1, "read"}, {2, "write"}, {4, "control"}, {}};

struct peer_rights {
    const char *name;
    const struct right_name *rights; /* ends with an empty one */
};

static const struct peer_rights peers[] = {
    {"vfsd", vfs_rights},
    {"timed", time_rights},
    {"vspaced", vspace_rights},
    {"logd", log_rights},
    {"loaderd", loader_rights},
    {"procd", process_rights},
    {"rootd", root_rights},
    {"input", terminal_rights},
    {"output", terminal_rights},
    {"error", terminal_rights},
};

static const char *const kind_names[OBJECT_KIND_COUNT] = {
    [OBJECT_NONE] = "empty",
    [OBJECT_UNTYPED] = "untyped",
    [OBJECT_FRAME] = "frame",
    [OBJECT_PAGE_TABLE] = "page table",
    [OBJECT_VSPACE] = "address space",
    [OBJECT_CSPACE] = "cspace",
    [OBJECT_THREAD] = "thread",
    [OBJECT_ENDPOINT] = "endpoint",
    [OBJECT_NOTIFICATION] = "notification",
    [OBJECT_REPLY] = "reply",
    [OBJECT_IRQ_CONTROL] = "irq control",
    [OBJECT_IRQ] = "irq",
    [OBJECT_PORT_RANGE] = "port range",
    [OBJECT_CLOCK] = "clock",
    [OBJECT_CONSOLE] = "console",
    [OBJECT_TEST] = "test",
};

const char *rights_kind_name(uint32_t kind)
{
    return kind < OBJECT_KIND_COUNT ? kind_names[kind] : "unknown";
}

static const struct right_name no_names[] = {{}};

static const struct right_name *names_of(const char *peer)
{
    for (size_t index = 0; index < sizeof peers / sizeof peers[0]; index++) {
        if (strcmp(peers[index].name, peer) == 0) {
            return peers[index].rights;
        }
    }
    return no_names;
}

void rights_describe(
    const char *name, uint32_t protocol_rights, uint32_t rights, char *text_out, size_t bytes)
{
    const struct right_name *names = protocol_rights == 0 ? object_rights : names_of(name);
    uint32_t left = protocol_rights == 0 ? rights : protocol_rights;
    text_out[0] = 0;
    for (; names->name != nullptr; names++) {
        if ((left & names->right) != 0) {
            (void)strlcat(text_out, text_out[0] == 0 ? "" : " ", bytes);
            (void)strlcat(text_out, names->name, bytes);
            left &= ~names->right;
        }
    }
    if (left != 0) {
        const size_t at = strlen(text_out);
        (void)snprintf(text_out + at, bytes - at, "%s%#x", at == 0 ? "" : " ", left);
    }
}
