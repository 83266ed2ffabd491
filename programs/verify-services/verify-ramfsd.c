/* SPDX-License-Identifier: ISC */
/*
 * Verifier: a file is made, written, read back, renamed and removed, and its space comes back; a
 * second mount, names that are taken and nodes of nobody are refused.
 */
#include <protocol/filesystem.h>
#include <slots/verify-ramfsd.h>
#include <userlib/shared_memory.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t buffer_bits = 12;
constexpr uint64_t root_node = UINT64_C(1) << 32; /* the first serial number, index 0 */

static const struct filesystem_cap ramfsd = {SLOT_PEER_RAMFSD};

static uint64_t free_nodes(void)
{
    struct filesystem_statistics_reply reply = {};
    return filesystem_statistics(ramfsd, &reply) == STATUS_OK ? reply.free_nodes : 0;
}

static enum status create(const char *name, uint64_t *node_out)
{
    struct filesystem_create_request request = {
        .parent = root_node, .kind = filesystem_kind_file, .mode = 0600};
    struct filesystem_create_reply reply = {};
    request.name_bytes = (uint32_t)strlen(name);
    memcpy(request.name, name, request.name_bytes);
    const enum status status = filesystem_create(ramfsd, &request, &reply);
    *node_out = reply.made.node;
    return status;
}

static enum status look_up(const char *name, uint64_t *node_out)
{
    struct filesystem_lookup_request request = {.parent = root_node};
    struct filesystem_lookup_reply reply = {};
    request.name_bytes = (uint32_t)strlen(name);
    memcpy(request.name, name, request.name_bytes);
    const enum status status = filesystem_lookup(ramfsd, &request, &reply);
    *node_out = reply.found.node;
    return status;
}

static const char *verify_contents(
    const struct verifier *verifier, uint64_t node, struct shared_memory *memory, uint32_t buffer)
{
    struct filesystem_write_reply written = {};
    struct filesystem_read_reply done = {};
    memcpy(memory->bytes, verifier->nonce, root_nonce_bytes);
    const struct filesystem_write_request write = {
        .node = node, .buffer = buffer, .length = root_nonce_bytes};
    if (filesystem_write(ramfsd, &write, &written) != STATUS_OK ||
        written.done != root_nonce_bytes) {
        return "nothing can be written";
    }
    memset(memory->bytes, 0, root_nonce_bytes);
    const struct filesystem_read_request read = {
        .node = node, .buffer = buffer, .length = 2 * root_nonce_bytes};
    return filesystem_read(ramfsd, &read, &done) == STATUS_OK && done.done == root_nonce_bytes &&
                   memcmp(memory->bytes, verifier->nonce, root_nonce_bytes) == 0
               ? nullptr
               : "what was written is not read";
}

static const char *verify_names(const char *name, uint64_t node)
{
    uint64_t found = 0;
    struct filesystem_rename_request rename = {.source_parent = root_node,
        .target_parent = root_node,
        .source_name_bytes = root_nonce_bytes};
    rename.names_bytes = root_nonce_bytes + 5;
    memcpy(rename.names, name, root_nonce_bytes);
    memcpy(rename.names + root_nonce_bytes, "other", 5);
    if (create(name, &found) != STATUS_EXISTS) {
        return "a name was given twice";
    }
    if (filesystem_rename(ramfsd, &rename) != STATUS_OK ||
        look_up(name, &found) != STATUS_NOT_FOUND || look_up("other", &found) != STATUS_OK ||
        found != node) {
        return "a name cannot be changed";
    }
    const struct filesystem_remove_request remove = {
        .parent = root_node, .name_bytes = 5, .name = "other"};
    return filesystem_remove(ramfsd, &remove) == STATUS_OK &&
                   look_up("other", &found) == STATUS_NOT_FOUND
               ? nullptr
               : "a file cannot be removed";
}

static const char *verify(const struct verifier *verifier)
{
    struct shared_memory memory = {};
    struct filesystem_attach_reply attached = {};
    struct filesystem_mount_reply root = {};
    struct filesystem_stat_reply shape = {};
    uint64_t node = 0;
    if (filesystem_mount(ramfsd, &(struct filesystem_mount_request){}, &root) != STATUS_BUSY ||
        filesystem_stat(ramfsd, &(struct filesystem_stat_request){.node = UINT64_MAX}, &shape) ==
            STATUS_OK) {
        return "a second mount or a node of nobody was accepted";
    }
    const uint64_t free_before = free_nodes();
    if (shared_memory_make((struct vspace_cap){SLOT_PEER_VSPACED}, buffer_bits, &memory) !=
            STATUS_OK ||
        filesystem_attach(ramfsd, memory.frame, &attached) != STATUS_OK ||
        create(verifier->nonce, &node) != STATUS_OK || free_nodes() >= free_before) {
        return "no file can be made";
    }
    const char *reason = verify_contents(verifier, node, &memory, attached.buffer);
    if (reason == nullptr) {
        reason = verify_names(verifier->nonce, node);
    }
    if (reason != nullptr) {
        return reason;
    }
    return free_nodes() == free_before ? nullptr : "a removed file keeps its place";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
