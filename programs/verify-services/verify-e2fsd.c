/* SPDX-License-Identifier: ISC */
/*
 * Verifier: the file /etc/nonce that the host put on the volume is found and read; names and nodes
 * of nobody are refused, and so is writing.
 */
#include <protocol/filesystem.h>
#include <slots/verify-e2fsd.h>
#include <userlib/shared_memory.h>
#include <userlib/start.h>
#include <userlib/verifier.h>

#include <string.h>

constexpr uint32_t buffer_bits = 12;
constexpr uint64_t root_node = 2; /* of every ext volume */

static const struct filesystem_cap e2fsd = {SLOT_PEER_E2FSD};

static enum status look_up(
    uint64_t parent, const char *name, struct filesystem_attributes *found_out)
{
    struct filesystem_lookup_request request = {.parent = parent};
    struct filesystem_lookup_reply reply = {};
    request.name_bytes = (uint32_t)strlen(name);
    memcpy(request.name, name, request.name_bytes);
    const enum status status = filesystem_lookup(e2fsd, &request, &reply);
    *found_out = reply.found;
    return status;
}

static const char *refuse(uint64_t folder)
{
    struct filesystem_attributes found = {};
    struct filesystem_stat_reply shape = {};
    struct filesystem_create_reply made = {};
    if (look_up(folder, "nobody", &found) != STATUS_NOT_FOUND) {
        return "a name of nobody is found";
    }
    if (filesystem_stat(e2fsd, &(struct filesystem_stat_request){.node = UINT64_MAX}, &shape) ==
        STATUS_OK) {
        return "a node of nobody exists";
    }
    const struct filesystem_create_request create = {.parent = root_node,
        .kind = filesystem_kind_file,
        .mode = 0600,
        .name_bytes = 1,
        .name = "x"};
    return filesystem_create(e2fsd, &create, &made) == STATUS_DENIED ? nullptr
                                                                     : "anybody may write";
}

static const char *verify(const struct verifier *verifier)
{
    struct filesystem_attributes folder = {};
    struct filesystem_attributes file = {};
    struct filesystem_attach_reply attached = {};
    struct filesystem_read_reply done = {};
    struct shared_memory memory = {};
    if (look_up(root_node, "etc", &folder) != STATUS_OK ||
        folder.kind != filesystem_kind_directory ||
        look_up(folder.node, "nonce", &file) != STATUS_OK || file.size_bytes != root_nonce_bytes) {
        return "/etc/nonce is not found";
    }
    if (shared_memory_make((struct vspace_cap){SLOT_PEER_VSPACED}, buffer_bits, &memory) !=
            STATUS_OK ||
        filesystem_attach(e2fsd, memory.frame, &attached) != STATUS_OK) {
        return "e2fsd takes no buffer";
    }
    const struct filesystem_read_request read = {
        .node = file.node, .buffer = attached.buffer, .length = 4096};
    if (filesystem_read(e2fsd, &read, &done) != STATUS_OK || done.done != root_nonce_bytes ||
        memcmp(memory.bytes, verifier->nonce, root_nonce_bytes) != 0) {
        return "/etc/nonce does not hold the nonce";
    }
    return refuse(folder.node);
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
