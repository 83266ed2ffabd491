/* SPDX-License-Identifier: ISC */
/*
 * ramfsd and e2fsd, which serve the same protocol: vfsd's mounts of them are used beside it, on
 * nodes of their own. e2fsd only reads: it refuses every change whatever it is about.
 */
#include <protocol/filesystem.h>
#include <slots/verify-messages-file.h>

#include "samples.h"

/* What the samples are about; one for each provider. */
struct provider {
    struct filesystem_cap cap;
    uint64_t root;
    uint64_t file;
    uint64_t link; /* 0: none */
    const char *file_name;
    const char *source;
};

static struct provider ramfs = {.cap = {SLOT_PEER_RAMFSD}, .file_name = "attacked", .source = ""};
static struct provider ext = {.cap = {SLOT_PEER_E2FSD}, .file_name = "bin", .source = "erix-data"};

static const struct provider *now; /* whose turn it is */

constexpr char link_name[] = "link";
constexpr char made_name[] = "made";

static enum status find_node(const char *path, uint64_t *node_out)
{
    struct vfs_stat_request request = {};
    struct vfs_stat_reply reply;
    put_text(request.path, &request.path_bytes, path);
    const enum status status = vfs_stat(vfsd(), &request, &reply);
    if (status == STATUS_OK) {
        *node_out = reply.found.node;
    }
    return status;
}

static enum status create(const struct provider *provider, const char *name, uint64_t *node_out)
{
    struct filesystem_create_request request = {
        .parent = provider->root, .kind = filesystem_kind_file, .mode = 0644};
    struct filesystem_create_reply reply;
    put_text(request.name, &request.name_bytes, name);
    const enum status status = filesystem_create(provider->cap, &request, &reply);
    if (status == STATUS_OK && node_out != nullptr) {
        *node_out = reply.made.node;
    }
    return status;
}

static enum status make_link(void)
{
    struct filesystem_symlink_request request = {
        .parent = ramfs.root, .name_bytes = sizeof link_name - 1};
    struct filesystem_symlink_reply reply;
    put_text(request.name_and_target, &request.name_and_target_bytes, "linktarget");
    const enum status status = filesystem_symlink(ramfs.cap, &request, &reply);
    if (status == STATUS_OK) {
        ramfs.link = reply.made.node;
    }
    return status;
}

enum status providers_prepare(void)
{
    enum status status = find_node("/tmp", &ramfs.root);
    if (status == STATUS_OK) {
        status = create(&ramfs, ramfs.file_name, &ramfs.file);
    }
    if (status == STATUS_OK) {
        status = make_link();
    }
    if (status == STATUS_OK) {
        status = find_node("/", &ext.root);
    }
    if (status == STATUS_OK) {
        status = find_node("/bin/cat", &ext.file);
    }
    return status;
}

/* --- what a provider tells about itself --- */

static enum status observe(struct digest *digest_out)
{
    struct filesystem_statistics_reply statistics;
    struct filesystem_stat_reply root;
    enum status status = filesystem_statistics(now->cap, &statistics);
    if (status == STATUS_OK) {
        status =
            filesystem_stat(now->cap, &(struct filesystem_stat_request){.node = now->file}, &root);
    }
    if (status == STATUS_OK) {
        static_assert(sizeof statistics + sizeof(uint64_t[4]) <= sizeof digest_out->words);
        memcpy(digest_out->words, &statistics, sizeof statistics);
        digest_out->words[12] = root.found.size_bytes;
        digest_out->words[13] = (uint64_t)root.found.modified_ns;
        digest_out->words[14] = root.found.mode;
        digest_out->words[15] = root.found.links;
    }
    return status;
}

static enum status observe_ramfs(struct digest *digest_out)
{
    now = &ramfs;
    return observe(digest_out);
}

static enum status observe_ext(struct digest *digest_out)
{
    now = &ext;
    return observe(digest_out);
}

/* --- mounting --- */

static enum status fill_mount(struct message *message)
{
    struct filesystem_mount_request *request = request_of(message);
    put_text(request->source, &request->source_bytes, now->source);
    return STATUS_OK;
}

static void undo_unmount(const struct message *message, const struct answer *answer)
{
    (void)message;
    struct filesystem_mount_request request = {};
    struct filesystem_mount_reply reply;
    put_text(request.source, &request.source_bytes, now->source);
    if (answer != nullptr) {
        (void)filesystem_mount(now->cap, &request, &reply); /* what comes next needs it */
    }
}

/* --- buffers --- */

static enum status attach(uint32_t *buffer_out)
{
    struct filesystem_attach_reply attached;
    const enum status status =
        filesystem_attach(now->cap, (struct frame_cap){attack_cap(OBJECT_FRAME)}, &attached);
    *buffer_out = status == STATUS_OK ? attached.buffer : UINT32_MAX;
    return status;
}

static void detach(uint32_t buffer)
{
    (void)filesystem_detach(now->cap, &(struct filesystem_detach_request){.buffer = buffer});
}

static void undo_attach(const struct message *message, const struct answer *answer)
{
    (void)message;
    if (answer != nullptr) {
        detach((uint32_t)answer->words[0]);
    }
}

static enum status fill_detach(struct message *message)
{
    struct filesystem_detach_request *request = request_of(message);
    return attach(&request->buffer);
}

static enum status fill_read(struct message *message)
{
    struct filesystem_read_request *request = request_of(message);
    request->node = now->file;
    request->length = 16;
    return attach(&request->buffer);
}

static enum status fill_read_directory(struct message *message)
{
    struct filesystem_read_directory_request *request = request_of(message);
    request->node = now->root;
    request->length = 4096;
    return attach(&request->buffer);
}

/* read, write and read_directory have the buffer at the same place. */
static void undo_transfer(const struct message *message, const struct answer *answer)
{
    (void)answer;
    struct filesystem_read_request request;
    static_assert(offsetof(struct filesystem_read_request, buffer) ==
                  offsetof(struct filesystem_read_directory_request, buffer));
    static_assert(offsetof(struct filesystem_read_request, buffer) ==
                  offsetof(struct filesystem_write_request, buffer));
    memcpy(&request, message->words, sizeof request);
    detach(request.buffer);
}

/* --- reading --- */

static enum status fill_lookup(struct message *message)
{
    struct filesystem_lookup_request *request = request_of(message);
    request->parent = now->root;
    put_text(request->name, &request->name_bytes, now->file_name);
    return STATUS_OK;
}

static enum status fill_node(struct message *message)
{
    struct filesystem_stat_request *request = request_of(message);
    request->node = now->file;
    return STATUS_OK;
}

static enum status fill_read_link(struct message *message)
{
    struct filesystem_read_link_request *request = request_of(message);
    request->node = now->link == 0 ? now->file : now->link;
    return STATUS_OK;
}

static void undo_hold(const struct message *message, const struct answer *answer)
{
    (void)message;
    if (answer != nullptr) {
        (void)filesystem_let_go(now->cap, &(struct filesystem_let_go_request){.node = now->file});
    }
}

static enum status fill_let_go(struct message *message)
{
    struct filesystem_let_go_request *request = request_of(message);
    request->node = now->file;
    return filesystem_hold(now->cap, &(struct filesystem_hold_request){.node = now->file});
}

/* --- changing --- */

static void remove_name(const char *name)
{
    struct filesystem_remove_request request = {.parent = now->root};
    put_text(request.name, &request.name_bytes, name);
    (void)filesystem_remove(now->cap, &request);
}

static void undo_create(const struct message *message, const struct answer *answer)
{
    (void)message;
    (void)answer;
    remove_name(made_name);
}

static enum status fill_create(struct message *message)
{
    struct filesystem_create_request *request = request_of(message);
    request->parent = now->root;
    request->kind = filesystem_kind_file;
    put_text(request->name, &request->name_bytes, made_name);
    return STATUS_OK;
}

static enum status fill_symlink(struct message *message)
{
    struct filesystem_symlink_request *request = request_of(message);
    request->parent = now->root;
    request->name_bytes = sizeof made_name - 1;
    put_text(request->name_and_target, &request->name_and_target_bytes, "madetarget");
    return STATUS_OK;
}

static enum status fill_remove(struct message *message)
{
    struct filesystem_remove_request *request = request_of(message);
    request->parent = now->root;
    put_text(request->name, &request->name_bytes, made_name);
    return now == &ramfs ? create(now, made_name, nullptr) : STATUS_OK;
}

static enum status fill_rename(struct message *message)
{
    struct filesystem_rename_request *request = request_of(message);
    request->source_parent = now->root;
    request->target_parent = now->root;
    request->source_name_bytes = 3;
    put_text(request->names, &request->names_bytes, "oldmade");
    return now == &ramfs ? create(now, "old", nullptr) : STATUS_OK;
}

static enum status fill_set_mode(struct message *message)
{
    struct filesystem_set_mode_request *request = request_of(message);
    request->node = now->file;
    request->mode = 0644;
    return STATUS_OK;
}

constexpr uint16_t place_offset = offsetof(struct filesystem_write_request, offset);
constexpr uint16_t place_buffer_offset = offsetof(struct filesystem_read_request, buffer_offset);
constexpr uint16_t place_length = offsetof(struct filesystem_read_request, length);

static const struct sample reading_samples[] = {
    {.number = FILESYSTEM_MOUNT, .expected = STATUS_BUSY, .prepare = fill_mount},
    {.number = FILESYSTEM_UNMOUNT, .undo = undo_unmount},
    {.number = FILESYSTEM_SYNC},
    {.number = FILESYSTEM_STATISTICS},
    {.number = FILESYSTEM_ATTACH, .undo = undo_attach},
    {.number = FILESYSTEM_DETACH, .prepare = fill_detach},
    {.number = FILESYSTEM_LOOKUP, .prepare = fill_lookup},
    {.number = FILESYSTEM_STAT, .prepare = fill_node},
    {.number = FILESYSTEM_READ,
        .prepare = fill_read,
        .undo = undo_transfer,
        .beyond = {{place_buffer_offset, 4, 4096 - 15, STATUS_INVALID_ARGUMENT},
            {place_length, 4, 4097, STATUS_INVALID_ARGUMENT}}},
    {.number = FILESYSTEM_READ_DIRECTORY,
        .prepare = fill_read_directory,
        .undo = undo_transfer,
        .beyond = {{place_buffer_offset, 4, 1, STATUS_INVALID_ARGUMENT},
            {place_length, 4, 8, STATUS_INVALID_ARGUMENT}}},
    {.number = FILESYSTEM_HOLD, .prepare = fill_node, .undo = undo_hold},
    {.number = FILESYSTEM_LET_GO, .prepare = fill_let_go},
};

static const struct sample ramfs_samples[] = {
    {.number = FILESYSTEM_READ_LINK, .prepare = fill_read_link},
    {.number = FILESYSTEM_WRITE,
        .lasting = true,
        .prepare = fill_read,
        .undo = undo_transfer,
        .beyond = {{place_buffer_offset, 4, 4096 - 15, STATUS_INVALID_ARGUMENT},
            {place_length, 4, 4097, STATUS_INVALID_ARGUMENT},
            {place_offset, 8, (UINT64_C(1) << 42) - 15, STATUS_TOO_LARGE}}},
    {.number = FILESYSTEM_CREATE, .prepare = fill_create, .undo = undo_create},
    {.number = FILESYSTEM_SYMLINK,
        .prepare = fill_symlink,
        .undo = undo_create,
        .beyond = {{8, 4, 0, STATUS_INVALID_ARGUMENT}, {8, 4, 10, STATUS_INVALID_ARGUMENT}}},
    {.number = FILESYSTEM_REMOVE, .prepare = fill_remove},
    {.number = FILESYSTEM_RENAME,
        .prepare = fill_rename,
        .undo = undo_create,
        .beyond = {{16, 4, 0, STATUS_INVALID_ARGUMENT}, {16, 4, 8, STATUS_INVALID_ARGUMENT}}},
    {.number = FILESYSTEM_TRUNCATE,
        .lasting = true,
        .prepare = fill_node,
        .beyond = {{8, 8, (UINT64_C(1) << 42) + 1, STATUS_TOO_LARGE}}},
    {.number = FILESYSTEM_SET_TIMES, .lasting = true, .prepare = fill_node},
    {.number = FILESYSTEM_SET_MODE, .lasting = true, .prepare = fill_set_mode},
};

/* Refused before anything is looked at. */
static const struct sample ext_samples[] = {
    {.number = FILESYSTEM_READ_LINK,
        .expected = STATUS_INVALID_ARGUMENT,
        .prepare = fill_read_link}, /* the file is no link */
    {.number = FILESYSTEM_WRITE,
        .expected = STATUS_READ_ONLY,
        .screened = true,
        .prepare = fill_read,
        .undo = undo_transfer},
    {.number = FILESYSTEM_CREATE,
        .expected = STATUS_READ_ONLY,
        .screened = true,
        .prepare = fill_create},
    {.number = FILESYSTEM_SYMLINK,
        .expected = STATUS_READ_ONLY,
        .screened = true,
        .prepare = fill_symlink},
    {.number = FILESYSTEM_REMOVE,
        .expected = STATUS_READ_ONLY,
        .screened = true,
        .prepare = fill_remove},
    {.number = FILESYSTEM_RENAME,
        .expected = STATUS_READ_ONLY,
        .screened = true,
        .prepare = fill_rename},
    {.number = FILESYSTEM_TRUNCATE,
        .expected = STATUS_READ_ONLY,
        .screened = true,
        .prepare = fill_node},
    {.number = FILESYSTEM_SET_TIMES,
        .expected = STATUS_READ_ONLY,
        .screened = true,
        .prepare = fill_node},
    {.number = FILESYSTEM_SET_MODE,
        .expected = STATUS_READ_ONLY,
        .screened = true,
        .prepare = fill_set_mode},
};

const struct target target_ramfsd = {
    .name = "ramfsd",
    .table = &filesystem_table,
    .samples = {{reading_samples, sizeof reading_samples / sizeof reading_samples[0]},
        {ramfs_samples, sizeof ramfs_samples / sizeof ramfs_samples[0]}},
    .observe = observe_ramfs,
};

const struct target target_e2fsd = {
    .name = "e2fsd",
    .table = &filesystem_table,
    .samples = {{reading_samples, sizeof reading_samples / sizeof reading_samples[0]},
        {ext_samples, sizeof ext_samples / sizeof ext_samples[0]}},
    .observe = observe_ext,
};
