/* SPDX-License-Identifier: ISC */
/*
 * Operations on volumes, against a model.
 *
 * On a volume that is not damaged every result is what the model says, the check finds nothing
 * afterwards, and the next mount shows what the model says. With wrong checksums each result is
 * still that one, or CORRUPT; a step that would have changed something and was CORRUPT ends the
 * comparison. With damage behind right checksums any status may come, but nothing else may happen,
 * and what was sound in the eyes of the check stays so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "life.h"
#include "model.h"
#include "target.h"

static const char *const names[] = {"ext2", "ext4", "ext4-plain", "ext4-inline", "ext4-quota",
    "ext4-deep", "ext4-orphan", "ext4-meta", "ext4-groups", nullptr};
/* Those whose checksum of 32 bits covers all that counts. */
static const enum part_kind kinds[] = {
    PART_DIRECTORY, PART_EXTENTS, PART_ATTRIBUTES, PART_BITMAP, PART_INODE};

constexpr uint32_t content_bytes_max = 1 << 20;
constexpr uint32_t transfer_bytes_max = 6000;
constexpr uint32_t attribute_names = 6;
constexpr uint32_t value_bytes_max = 400;
constexpr uint32_t fsck_one_of = 64;

static struct model model;
static bool judged;
static bool tolerant; /* CORRUPT is right, too; NOT_FOUND, since zeros are an inode that is free */
static uint8_t transfer[transfer_bytes_max];

/* ---- Judgement ------------------------------------------------------------------------------- */

static bool is_tolerated(enum status status)
{
    return tolerant && (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND);
}

static void complain(const char *what, enum status got, enum status wanted)
{
    (void)fprintf(stderr, "%s: %s, wanted %s (%s, block %llu)\n", what, status_text(got),
        status_text(wanted), life_mount.corruption.what,
        (unsigned long long)life_mount.corruption.block);
    found("a status is not the model's");
}

/* What only looks: whether the result is to be compared. */
static bool judge_look(const char *what, enum status got, enum status wanted)
{
    if (!judged || (got != wanted && is_tolerated(got))) {
        return false;
    }
    if (got != wanted) {
        complain(what, got, wanted);
    }
    return got == STATUS_OK;
}

/* What changes something, for which there may be no room: whether the model is to follow. */
static bool judge_change(const char *what, enum status got, enum status wanted)
{
    if (got != wanted && is_tolerated(got)) {
        judged = false;
    }
    bool full = wanted == STATUS_OK && (got == STATUS_NO_SPACE || got == STATUS_TOO_LARGE);
    if (judged && !full && got != wanted) {
        complain(what, got, wanted);
    }
    return got == STATUS_OK;
}

static void expect(bool condition, const char *what)
{
    require(!judged || condition, what);
}

/* ---- What the model begins with -------------------------------------------------------------- */

struct loading {
    struct model *model;
    uint32_t parent;
};

static uint32_t node_of_number(const struct model *of, uint64_t number)
{
    for (uint32_t index = 0; index < of->node_count; index++) {
        if (of->nodes[index].type != EXT_TYPE_UNKNOWN && of->nodes[index].number == number) {
            return index;
        }
    }
    return model_none;
}

static bool is_dots(const struct ext_entry *entry)
{
    return entry->name[0] == '.' &&
           (entry->name_bytes == 1 || (entry->name_bytes == 2 && entry->name[1] == '.'));
}

static bool load_entry(void *context, const struct ext_entry *entry)
{
    struct loading *loading = context;
    if (is_dots(entry)) {
        return true;
    }
    uint32_t node = node_of_number(loading->model, entry->inode_number);
    if (node == model_none) {
        node = model_free_node(loading->model);
        require(node != model_none && entry->name_bytes < 64, "the model is too small for a base");
        loading->model->nodes[node] =
            (struct model_node){.number = entry->inode_number, .type = EXT_TYPE_FIFO};
    }
    model_name(loading->model, loading->parent, entry->name, entry->name_bytes, node);
    return true;
}

static void load_node(struct model *of, uint32_t index)
{
    struct model_node *node = &of->nodes[index];
    struct ext_file file;
    require(ext_open(&life_mount, node->number, &file) == STATUS_OK, "a base cannot be read");
    node->type = file.inode.type;
    if (node->type == EXT_TYPE_DIRECTORY) {
        struct loading loading = {.model = of, .parent = index};
        struct ext_visitor visitor = {.visit = load_entry, .context = &loading};
        (void)ext_read_directory(&life_mount, &file, 0, visitor);
    } else if (node->type == EXT_TYPE_FILE) {
        uint8_t *bytes = calloc(1, content_bytes_max);
        struct ext_read_request request = {
            .size_bytes = content_bytes_max, .buffer = block_buffer_plain(bytes)};
        require(ext_read(&life_mount, &file, request, &node->base_bytes) == STATUS_OK, "contents");
        node->base = bytes;
        node->size_bytes = file.inode.size_bytes;
    }
}

static void prepare(struct base *base)
{
    struct model *of = calloc(1, sizeof *of);
    require(life_begin(base, input_read_only) == STATUS_OK, "a base cannot be mounted");
    of->nodes[0] =
        (struct model_node){.number = ext_root_number, .type = EXT_TYPE_FIFO, .link_count = 1};
    of->node_count = 1;
    for (uint32_t index = 0; index < of->node_count; index++) {
        load_node(of, index);
    }
    for (uint32_t index = 0; index < model_attribute_max; index++) {
        of->attributes[index].node = model_none;
    }
    base->context = of;
}

/* ---- What a record is about ------------------------------------------------------------------ */

/* The `index`th in use from there on, around. */
static uint32_t entry_of(uint32_t index)
{
    for (uint32_t count = 0; count < model.entry_count; count++) {
        uint32_t at = (index + count) % model.entry_count;
        if (model.entries[at].node != model_none) {
            return at;
        }
    }
    return model_none;
}

static uint32_t node_of(uint32_t index)
{
    uint32_t entry = entry_of(index);
    return entry == model_none ? model_root : model.entries[entry].node;
}

static uint32_t directory_of(uint32_t index)
{
    for (uint32_t count = 0; count < model.node_count; count++) {
        uint32_t node = (index + count) % model.node_count;
        if (model.nodes[node].type == EXT_TYPE_DIRECTORY) {
            return node;
        }
    }
    return model_root;
}

/* New names, some of them long, and those that are there. */
static struct ext_name name_of(uint32_t index, char *room)
{
    if (index % 4 == 0) {
        uint32_t entry = entry_of(index / 4);
        if (entry != model_none) {
            return (struct ext_name){
                .bytes = model.entries[entry].name, .size_bytes = model.entries[entry].name_bytes};
        }
    }
    int size_bytes = snprintf(
        room, 64, index % 4 == 1 ? "a-new-name-of-considerable-length-%u" : "n%u", index / 4 % 12);
    return (struct ext_name){.bytes = room, .size_bytes = (uint32_t)size_bytes};
}

static enum status wanted_without_contents(enum ext_type type)
{
    return type == EXT_TYPE_DIRECTORY ? STATUS_IS_DIRECTORY : STATUS_INVALID_ARGUMENT;
}

/* Opens a node; false if that fails, which is judged. */
static bool open_node(uint32_t node, struct ext_file *file_out)
{
    enum status status = ext_open(&life_mount, model.nodes[node].number, file_out);
    (void)judge_look("open", status, STATUS_OK);
    return status == STATUS_OK;
}

/* ---- Names ----------------------------------------------------------------------------------- */

static void do_create(const struct record *record)
{
    static const uint16_t modes[] = {0100644, 0100644, 0040755, 0120777, 0010600};
    static const enum ext_type types[] = {
        EXT_TYPE_FILE, EXT_TYPE_FILE, EXT_TYPE_DIRECTORY, EXT_TYPE_LINK, EXT_TYPE_FIFO};
    char room[64];
    uint32_t parent = directory_of(record->which);
    struct ext_name name = name_of(record->index, room);
    uint32_t place = model_find(&model, parent, name.bytes, name.size_bytes);
    uint32_t node = model_free_node(&model);
    uint32_t entry = model_free_entry(&model);
    if (node == model_none || entry == model_none) {
        return;
    }
    uint32_t kind = record->value % 5;
    uint64_t number = 0;
    struct ext_new_inode wanted = {
        .mode = modes[kind], .target = {.bytes = "a target", .size_bytes = 8}};
    enum status status =
        ext_create(&life_mount, model.nodes[parent].number, name, &wanted, &number);
    if (judge_change("create", status, place == model_none ? STATUS_OK : STATUS_EXISTS)) {
        model.nodes[node] = (struct model_node){.number = number, .type = types[kind]};
        model_name(&model, parent, name.bytes, name.size_bytes, node);
    }
}

static void do_link(const struct record *record)
{
    char room[64];
    uint32_t node = node_of(record->value);
    uint32_t parent = directory_of(record->which);
    struct ext_name name = name_of(record->index, room);
    enum status wanted = STATUS_OK;
    if (model.nodes[node].type == EXT_TYPE_DIRECTORY) {
        wanted = STATUS_DENIED;
    } else if (model_find(&model, parent, name.bytes, name.size_bytes) != model_none) {
        wanted = STATUS_EXISTS;
    } else if (model_free_entry(&model) == model_none) {
        return;
    }
    enum status status =
        ext_link(&life_mount, model.nodes[node].number, model.nodes[parent].number, name);
    if (judge_change("link", status, wanted)) {
        model_name(&model, parent, name.bytes, name.size_bytes, node);
    }
}

static void do_unlink(const struct record *record)
{
    char room[64];
    uint32_t parent = directory_of(record->which);
    struct ext_name name = name_of(record->index, room);
    uint32_t entry = model_find(&model, parent, name.bytes, name.size_bytes);
    uint32_t node = entry == model_none ? model_none : model.entries[entry].node;
    enum status wanted = STATUS_OK;
    if (node == model_none) {
        wanted = STATUS_NOT_FOUND;
    } else if (model.nodes[node].type == EXT_TYPE_DIRECTORY) {
        wanted = STATUS_IS_DIRECTORY;
    }
    bool keep = record->value % 2 != 0;
    uint64_t number = node == model_none ? 0 : model.nodes[node].number;
    enum status status = ext_unlink(&life_mount, model.nodes[parent].number, name, keep);
    if (!judge_change("unlink", status, wanted) || entry == model_none) {
        return;
    }
    if (keep) {
        (void)judge_change("forget", ext_forget(&life_mount, number), STATUS_OK);
    }
    model_unname(&model, entry);
}

static void do_remove(const struct record *record)
{
    char room[64];
    uint32_t parent = directory_of(record->which);
    struct ext_name name = name_of(record->index, room);
    uint32_t entry = model_find(&model, parent, name.bytes, name.size_bytes);
    enum status wanted = STATUS_OK;
    if (entry == model_none) {
        wanted = STATUS_NOT_FOUND;
    } else if (model.nodes[model.entries[entry].node].type != EXT_TYPE_DIRECTORY) {
        wanted = STATUS_NOT_DIRECTORY;
    } else if (model_count(&model, model.entries[entry].node) > 0) {
        wanted = STATUS_NOT_EMPTY;
    }
    enum status status = ext_remove_directory(&life_mount, model.nodes[parent].number, name, false);
    if (judge_change("remove", status, wanted) && entry != model_none) {
        model_unname(&model, entry);
    }
}

/* Two names as a rename sees them; `to` may be nothing. */
struct pair {
    uint32_t source_parent;
    uint32_t target_parent;
    uint32_t source; /* entries */
    uint32_t target;
    enum ext_rename_mode mode;
};

static bool comes_into_itself(uint32_t node, uint32_t parent)
{
    return model.nodes[node].type == EXT_TYPE_DIRECTORY && model_within(&model, parent, node);
}

static enum status wanted_of_replacing(uint32_t moved, uint32_t replaced)
{
    bool directory = model.nodes[moved].type == EXT_TYPE_DIRECTORY;
    if (directory != (model.nodes[replaced].type == EXT_TYPE_DIRECTORY)) {
        return directory ? STATUS_NOT_DIRECTORY : STATUS_IS_DIRECTORY;
    }
    return directory && model_count(&model, replaced) > 0 ? STATUS_NOT_EMPTY : STATUS_OK;
}

static enum status wanted_of_rename(const struct pair *pair)
{
    bool exchange = pair->mode == EXT_RENAME_EXCHANGE;
    if (pair->source == model_none || (exchange && pair->target == model_none)) {
        return STATUS_NOT_FOUND;
    }
    uint32_t moved = model.entries[pair->source].node;
    uint32_t replaced = pair->target == model_none ? model_none : model.entries[pair->target].node;
    if (replaced != model_none && pair->mode == EXT_RENAME_NO_REPLACE) {
        return STATUS_EXISTS;
    }
    if (moved == replaced) {
        return STATUS_OK;
    }
    if (comes_into_itself(moved, pair->target_parent) ||
        (exchange && comes_into_itself(replaced, pair->source_parent))) {
        return STATUS_INVALID_ARGUMENT;
    }
    return replaced == model_none || exchange ? STATUS_OK : wanted_of_replacing(moved, replaced);
}

static void follow_rename(const struct pair *pair, struct ext_name name)
{
    uint32_t moved = model.entries[pair->source].node;
    if (pair->target != model_none && model.entries[pair->target].node == moved) {
        return;
    }
    if (pair->target == model_none) {
        char room[64];
        memcpy(room, name.bytes, name.size_bytes);
        struct model_entry *entry = &model.entries[pair->source];
        entry->parent = pair->target_parent;
        entry->name_bytes = name.size_bytes;
        memcpy(entry->name, room, name.size_bytes);
        return;
    }
    uint32_t replaced = model.entries[pair->target].node;
    model.entries[pair->source].node = replaced;
    model.entries[pair->target].node = moved;
    if (pair->mode != EXT_RENAME_EXCHANGE) {
        model_unname(&model, pair->source);
    }
}

static void do_rename(const struct record *record)
{
    char rooms[2][64];
    uint32_t entry = entry_of(record->index);
    struct pair pair = {
        .source_parent = entry == model_none ? model_root : model.entries[entry].parent,
        .target_parent = directory_of(record->which),
        .mode = (enum ext_rename_mode)(record->value % 3),
    };
    struct ext_name old_name = entry == model_none
                                   ? name_of(1, rooms[0])
                                   : (struct ext_name){.bytes = model.entries[entry].name,
                                         .size_bytes = model.entries[entry].name_bytes};
    struct ext_name new_name = name_of(record->offset, rooms[1]);
    pair.source = model_find(&model, pair.source_parent, old_name.bytes, old_name.size_bytes);
    pair.target = model_find(&model, pair.target_parent, new_name.bytes, new_name.size_bytes);
    struct ext_rename request = {
        .source_parent = model.nodes[pair.source_parent].number,
        .source = old_name,
        .target_parent = model.nodes[pair.target_parent].number,
        .target = new_name,
        .mode = pair.mode,
    };
    enum status wanted = wanted_of_rename(&pair);
    if (judge_change("rename", ext_rename(&life_mount, &request), wanted) && wanted == STATUS_OK) {
        follow_rename(&pair, new_name);
    }
}

static void do_lookup(const struct record *record)
{
    char room[64];
    struct ext_file directory;
    uint64_t number = 0;
    uint32_t parent = directory_of(record->which);
    struct ext_name name = name_of(record->index, room);
    uint32_t entry = model_find(&model, parent, name.bytes, name.size_bytes);
    if (open_node(parent, &directory)) {
        enum status status =
            ext_lookup(&life_mount, &directory, name.bytes, name.size_bytes, &number);
        if (judge_look("lookup", status, entry == model_none ? STATUS_NOT_FOUND : STATUS_OK)) {
            expect(number == model.nodes[model.entries[entry].node].number, "a name leads away");
        }
    }
}

struct listing {
    uint32_t parent;
    uint32_t count;
};

static bool list_entry(void *context, const struct ext_entry *entry)
{
    struct listing *listing = context;
    if (!is_dots(entry)) {
        uint32_t place = model_find(&model, listing->parent, entry->name, entry->name_bytes);
        listing->count++;
        expect(place != model_none &&
                   model.nodes[model.entries[place].node].number == entry->inode_number,
            "a directory shows what is not there");
    }
    return true;
}

static void list_directory(uint32_t parent)
{
    struct ext_file directory;
    struct listing listing = {.parent = parent};
    struct ext_visitor visitor = {.visit = list_entry, .context = &listing};
    if (open_node(parent, &directory)) {
        enum status status = ext_read_directory(&life_mount, &directory, 0, visitor);
        status = status == STATUS_END ? STATUS_OK : status;
        if (judge_look("list", status, STATUS_OK)) {
            expect(listing.count == model_count(&model, parent), "a directory does not show all");
        }
    }
}

static void do_list(const struct record *record)
{
    list_directory(directory_of(record->which));
}

/* ---- Contents -------------------------------------------------------------------------------- */

/* Near the beginning, near the end, or far away. */
static uint64_t offset_of(const struct record *record, uint32_t node)
{
    uint64_t size_bytes = model.nodes[node].size_bytes;
    switch (record->offset % 4) {
    case 0:
        return size_bytes;
    case 1:
        return (uint64_t)record->offset * 64 % (size_bytes + 1);
    case 2:
        return record->offset;
    default:
        return (uint64_t)record->offset * 512;
    }
}

static void do_write(const struct record *record)
{
    uint32_t node = node_of(record->index);
    enum ext_type type = model.nodes[node].type;
    struct ext_file file;
    uint64_t offset_bytes = offset_of(record, node);
    uint32_t size_bytes = record->value % transfer_bytes_max + 1;
    uint8_t seed = (uint8_t)(record->value >> 16);
    uint64_t done_bytes = 0;
    if (!model_can_change(&model) || !open_node(node, &file)) {
        return;
    }
    for (uint32_t index = 0; index < size_bytes; index++) {
        transfer[index] = model_pattern(seed, offset_bytes + index);
    }
    struct ext_read_request request = {.offset_bytes = offset_bytes,
        .size_bytes = size_bytes,
        .buffer = block_buffer_plain(transfer)};
    enum status status = ext_write(&life_mount, &file, request, &done_bytes);
    enum status wanted = type == EXT_TYPE_FILE ? STATUS_OK : wanted_without_contents(type);
    (void)judge_change("write", status, wanted);
    if (done_bytes > 0) {
        expect(done_bytes <= size_bytes && type == EXT_TYPE_FILE, "more than all was written");
        model_write(&model, node, offset_bytes, done_bytes, seed);
    }
}

static void compare_contents(uint32_t node, uint64_t offset_bytes, uint32_t size_bytes)
{
    struct ext_file file;
    uint64_t done_bytes = 0;
    uint64_t left_bytes = model.nodes[node].size_bytes;
    if (!open_node(node, &file)) {
        return;
    }
    struct ext_read_request request = {.offset_bytes = offset_bytes,
        .size_bytes = size_bytes,
        .buffer = block_buffer_plain(transfer)};
    enum status status = ext_read(&life_mount, &file, request, &done_bytes);
    if (!judge_look("read", status, STATUS_OK)) {
        return;
    }
    left_bytes -= offset_bytes < left_bytes ? offset_bytes : left_bytes;
    expect(done_bytes == (size_bytes < left_bytes ? size_bytes : left_bytes), "length of a read");
    for (uint32_t index = 0; judged && index < done_bytes; index++) {
        /* What is beyond the contents that the model knows was not compared with anything. */
        expect(transfer[index] == model_byte(&model, node, offset_bytes + index), "contents");
    }
}

static void do_read(const struct record *record)
{
    uint32_t node = node_of(record->index);
    if (model.nodes[node].type == EXT_TYPE_FILE) {
        compare_contents(node, offset_of(record, node), record->value % transfer_bytes_max + 1);
    }
}

static void do_truncate(const struct record *record)
{
    uint32_t node = node_of(record->index);
    enum ext_type type = model.nodes[node].type;
    struct ext_file file;
    uint64_t size_bytes = offset_of(record, node);
    if (!model_can_change(&model) || !open_node(node, &file)) {
        return;
    }
    enum status status = ext_truncate(&life_mount, &file, size_bytes);
    enum status wanted = type == EXT_TYPE_FILE ? STATUS_OK : wanted_without_contents(type);
    if (judge_change("truncate", status, wanted)) {
        model_cut(&model, node, size_bytes);
    }
}

static void do_reserve(const struct record *record)
{
    uint32_t node = node_of(record->index);
    struct ext_file file;
    uint64_t offset_bytes = offset_of(record, node);
    uint64_t size_bytes = record->value % 40'000 + 1;
    bool keep_size = (record->value >> 20) % 2 != 0;
    if (model.nodes[node].type != EXT_TYPE_FILE || !open_node(node, &file)) {
        return;
    }
    enum status wanted =
        ext_has(&life_mount, EXT_INCOMPAT, incompat_extents) ? STATUS_OK : STATUS_UNSUPPORTED;
    enum status status = ext_reserve(&life_mount, &file, offset_bytes, size_bytes, keep_size);
    (void)judge_change("reserve", status, wanted);
    uint64_t before_bytes = model.nodes[node].size_bytes;
    uint64_t after_bytes = offset_bytes + size_bytes;
    after_bytes = keep_size || after_bytes < before_bytes ? before_bytes : after_bytes;
    if (status == STATUS_OK) {
        model.nodes[node].size_bytes = after_bytes;
    } else if (status == STATUS_NO_SPACE && open_node(node, &file)) {
        /* A part of it may be there. */
        expect(file.inode.size_bytes >= before_bytes && file.inode.size_bytes <= after_bytes,
            "size after a part was reserved");
        model.nodes[node].size_bytes = file.inode.size_bytes;
    }
}

/* ---- Attributes ------------------------------------------------------------------------------ */

static struct ext_attribute_request request_of(const struct record *record, char *room)
{
    int name_bytes = snprintf(room, 16, "trusted.%u", record->offset % attribute_names);
    return (struct ext_attribute_request){
        .name = room, .name_bytes = (uint32_t)name_bytes, .value = transfer};
}

static void do_set_attribute(const struct record *record)
{
    char room[16];
    struct ext_file file;
    uint32_t node = node_of(record->index);
    uint8_t name = (uint8_t)(record->offset % attribute_names);
    struct ext_attribute_request request = request_of(record, room);
    struct model_attribute *known = model_attribute(&model, node, name);
    struct model_attribute *place =
        known != nullptr ? known : model_attribute(&model, model_none, 0);
    if (place == nullptr || !open_node(node, &file)) {
        return;
    }
    request.mode = (enum ext_attribute_mode)(record->value % 3);
    request.value_bytes = (record->value >> 2) % value_bytes_max;
    uint8_t seed = (uint8_t)(record->value >> 16);
    memset(transfer, seed, request.value_bytes);
    enum status wanted = STATUS_OK;
    if (request.mode == EXT_ATTRIBUTE_CREATE && known != nullptr) {
        wanted = STATUS_EXISTS;
    } else if (request.mode == EXT_ATTRIBUTE_REPLACE && known == nullptr) {
        wanted = STATUS_NOT_FOUND;
    }
    if (judge_change("set", ext_set_attribute(&life_mount, &file, &request), wanted)) {
        *place = (struct model_attribute){
            .node = node, .name = name, .seed = seed, .value_bytes = request.value_bytes};
    }
}

static void get_attribute(const struct record *record, uint32_t node)
{
    char room[16];
    struct ext_file file;
    uint32_t value_bytes = 0;
    struct ext_attribute_request request = request_of(record, room);
    const struct model_attribute *known =
        model_attribute(&model, node, (uint8_t)(record->offset % attribute_names));
    request.value_bytes = sizeof transfer;
    if (!open_node(node, &file)) {
        return;
    }
    enum status status = ext_get_attribute(&life_mount, &file, &request, &value_bytes);
    if (judge_look("get", status, known == nullptr ? STATUS_NOT_FOUND : STATUS_OK)) {
        expect(value_bytes == known->value_bytes, "length of a value");
        for (uint32_t index = 0; index < value_bytes; index++) {
            expect(transfer[index] == known->seed, "a value");
        }
    }
}

static void do_get_attribute(const struct record *record)
{
    get_attribute(record, node_of(record->index));
}

static void do_remove_attribute(const struct record *record)
{
    char room[16];
    struct ext_file file;
    uint32_t node = node_of(record->index);
    struct ext_attribute_request request = request_of(record, room);
    struct model_attribute *known =
        model_attribute(&model, node, (uint8_t)(record->offset % attribute_names));
    if (open_node(node, &file)) {
        enum status status =
            ext_remove_attribute(&life_mount, &file, request.name, request.name_bytes);
        if (judge_change("drop", status, known == nullptr ? STATUS_NOT_FOUND : STATUS_OK) &&
            known != nullptr) {
            known->node = model_none;
        }
    }
}

/* ---- The volume as a whole ------------------------------------------------------------------- */

static void do_sync(const struct record *)
{
    (void)judge_change("sync", ext_sync(&life_mount), STATUS_OK);
}

static void compare_node(uint32_t node)
{
    struct ext_file file;
    const struct model_node *wanted = &model.nodes[node];
    if (!open_node(node, &file)) {
        return;
    }
    expect(file.inode.type == wanted->type, "type of a node");
    if (wanted->type == EXT_TYPE_FILE) {
        expect(file.inode.size_bytes == wanted->size_bytes, "size of a file");
        compare_contents(node, 0, 600);
        compare_contents(node, wanted->size_bytes - wanted->size_bytes % 512, 600);
    }
    if (wanted->type == EXT_TYPE_DIRECTORY) {
        list_directory(node);
    } else {
        expect(file.inode.link_count == wanted->link_count, "count of links");
    }
    for (uint16_t name = 0; name < attribute_names; name++) {
        struct record record = {.offset = name};
        get_attribute(&record, node);
    }
}

static void compare_all(void)
{
    for (uint32_t index = 0; index < model.node_count; index++) {
        if (model.nodes[index].type != EXT_TYPE_UNKNOWN) {
            compare_node(index);
        }
    }
    for (uint32_t index = 0; index < model.event_count; index++) {
        compare_contents(model.events[index].node, model.events[index].offset_bytes, 300);
    }
}

static void operate(const struct record *record)
{
    static void (*const operations[])(const struct record *) = {do_create, do_create, do_link,
        do_unlink, do_remove, do_rename, do_rename, do_lookup, do_list, do_write, do_write, do_read,
        do_truncate, do_reserve, do_set_attribute, do_set_attribute, do_get_attribute,
        do_remove_attribute, do_sync};
    operations[record->verb % record_operation % (sizeof operations / sizeof operations[0])](
        record);
}

/* Whether it is the turn of e2fsck: as the input says, so that an input does the same each time. */
static bool is_chosen(const struct input *input)
{
    uint32_t sum = 0;
    for (uint32_t index = 0; index < input->record_count; index++) {
        const struct record *record = &input->records[index];
        sum = (sum ^ record->value ^ record->index ^ (uint32_t)record->verb << 16) * 2'654'435'761U;
    }
    return (sum >> 16) % fsck_one_of == 0;
}

static void run(struct base *base, const struct input *input, uint32_t damage_count)
{
    uint8_t flags = input->flags & input_little_cache;
    bool repaired = (input->flags & input_unrepaired) == 0;
    bool clean = damage_count == 0 || (repaired && life_check(base, false));
    memcpy(&model, base->context, sizeof model);
    tolerant = damage_count > 0;
    judged = damage_count == 0 || (!repaired && ext_has_checksums(&base->mount));
    enum status status = life_begin(base, flags);
    if (status != STATUS_OK) {
        require(!clean, "the check finds nothing, and it cannot be mounted");
        return;
    }
    for (uint32_t index = 0; life_mount.writable && index < input->record_count; index++) {
        if (input->records[index].verb >= record_operation) {
            operate(&input->records[index]);
        }
    }
    status = life_end();
    if (!clean) {
        return;
    }
    require(status == STATUS_OK, "it cannot be unmounted");
    require(life_check(base, true), "operations damage the volume");
    require(damage_count > 0 || !is_chosen(input) || life_fsck(base), "e2fsck finds something");
    status = life_begin(base, input_read_only);
    require(status == STATUS_OK, "it cannot be mounted again");
    compare_all();
}

const struct target target = {
    .bases = names,
    .kinds = kinds,
    .kind_count = sizeof kinds / sizeof kinds[0],
    .operates = true,
    .reads_all = true,
    .prepare = prepare,
    .run = run,
};
