/* SPDX-License-Identifier: ISC */
/*
 * The file system against a model that keeps plain arrays and knows the rules of POSIX, under
 * random operations; and single questions: names, cursors, holds, holes, every failing allocation.
 */
#include <lib/base/base.h>
#include <lib/ramfs/ramfs.h>
#include <lib/testing/check.h>

#include <stdlib.h>
#include <string.h>

constexpr uint32_t node_count = 400;
constexpr uint32_t page_count = 4000;

static struct ramfs_node nodes[node_count];
static uint8_t pages[page_count * ramfs_page_bytes];
static struct ramfs ramfs;
static uint64_t random_state;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void start(uint32_t nodes_wanted, uint32_t pages_wanted)
{
    memset(nodes, 0, sizeof nodes);
    memset(pages, 0xa5, sizeof pages);
    struct ramfs_memory memory = {
        .nodes = nodes, .node_count = nodes_wanted, .pages = pages, .page_count = pages_wanted};
    CHECK(ramfs_init(&ramfs, memory, 0755, 1000) == STATUS_OK);
}

static struct ramfs_name name_of(const char *text)
{
    return (struct ramfs_name){.bytes = text, .size_bytes = (uint32_t)strlen(text)};
}

static struct ramfs_creation creation_of(uint64_t directory, const char *name, enum ramfs_kind kind)
{
    return (struct ramfs_creation){
        .directory = directory, .name = name_of(name), .kind = kind, .permissions = 0644};
}

static uint64_t make(uint64_t directory, const char *name, enum ramfs_kind kind)
{
    uint64_t number = 0;
    struct ramfs_creation creation = creation_of(directory, name, kind);
    CHECK(ramfs_create(&ramfs, &creation, &number) == STATUS_OK);
    return number;
}

static enum status rename_to(
    uint64_t source_directory, const char *source, uint64_t target_directory, const char *target)
{
    struct ramfs_renaming renaming = {
        .source_directory = source_directory,
        .source = name_of(source),
        .target_directory = target_directory,
        .target = name_of(target),
    };
    return ramfs_rename(&ramfs, &renaming);
}

/* ---- The model ------------------------------------------------------------------------------ */

constexpr uint32_t model_count = node_count;
constexpr uint32_t model_bytes_max = 3 << 20;

struct model_node {
    bool used;
    bool named;
    enum ramfs_kind kind;
    uint32_t hold_count;
    uint32_t parent;
    char name[8];
    uint64_t number;
    uint64_t size_bytes;
    uint8_t *bytes; /* model_bytes_max of them for files and links */
};

static struct model_node model[model_count];

/* The last is not UTF-8, the one before holds a slash. */
static const char *const names[] = {"a", "b", "c", "dd", "\xc3\xa4", ".", "..", "x/y", "\xff"};
constexpr uint32_t name_count = sizeof names / sizeof names[0];
constexpr uint32_t good_name_count = 5;

static uint32_t model_find(uint32_t directory, const char *name)
{
    for (uint32_t index = 1; index < model_count; index++) {
        if (model[index].used && model[index].named && model[index].parent == directory &&
            strcmp(model[index].name, name) == 0) {
            return index;
        }
    }
    return 0;
}

static bool model_empty(uint32_t directory)
{
    for (uint32_t index = 1; index < model_count; index++) {
        if (model[index].used && model[index].named && model[index].parent == directory) {
            return false;
        }
    }
    return true;
}

static uint32_t model_take(void)
{
    uint32_t index = 1;
    while (index < model_count && model[index].used) {
        index++;
    }
    return index;
}

static void model_drop(uint32_t index)
{
    if (!model[index].named && model[index].hold_count == 0) {
        free(model[index].bytes);
        model[index] = (struct model_node){};
    }
}

/* Any node, root and nameless ones included. */
static uint32_t model_pick(void)
{
    for (;;) {
        uint32_t index = (uint32_t)(next_random() % 60);
        if (model[index].used) {
            return index;
        }
    }
}

static uint32_t model_pick_directory(void)
{
    for (uint32_t attempt = 0; attempt < 8; attempt++) {
        uint32_t index = model_pick();
        if (model[index].kind == RAMFS_DIRECTORY) {
            return index;
        }
    }
    return 0;
}

static enum status model_name_status(const char *name)
{
    if (strchr(name, '/') != nullptr || (uint8_t)name[0] == 0xff) {
        return STATUS_INVALID_ARGUMENT;
    }
    return STATUS_OK;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Out of memory is allowed only when there is little left. */
static bool space_is_short(void)
{
    struct ramfs_statistics statistics = ramfs_statfs(&ramfs);
    return statistics.free_page_count < 2 * ramfs_level_max + 1 || statistics.free_node_count == 0;
}

static void step_create(uint32_t directory, const char *name, enum ramfs_kind kind)
{
    enum status wanted = model_name_status(name);
    if (model[directory].kind != RAMFS_DIRECTORY) {
        wanted = STATUS_NOT_DIRECTORY;
    } else if (wanted == STATUS_OK && (is_dots(name) || model_find(directory, name) != 0)) {
        wanted = STATUS_EXISTS;
    } else if (wanted == STATUS_OK && !model[directory].named) {
        wanted = STATUS_NOT_FOUND;
    }
    uint64_t number = 0;
    struct ramfs_creation creation = creation_of(model[directory].number, name, kind);
    struct ramfs_name target = {.bytes = "target/of/a/link", .size_bytes = 16};
    enum status status = kind == RAMFS_LINK ? ramfs_create_link(&ramfs, &creation, target, &number)
                                            : ramfs_create(&ramfs, &creation, &number);
    if (status == STATUS_NO_SPACE && wanted == STATUS_OK && space_is_short()) {
        return;
    }
    CHECK_EQUAL(status, wanted);
    if (status != STATUS_OK) {
        return;
    }
    uint32_t index = model_take();
    model[index] = (struct model_node){.used = true,
        .named = true,
        .kind = kind,
        .parent = directory,
        .number = number,
        .bytes = kind == RAMFS_DIRECTORY ? nullptr : calloc(1, model_bytes_max)};
    (void)snprintf(model[index].name, sizeof model[index].name, "%s", name);
    if (kind == RAMFS_LINK) {
        memcpy(model[index].bytes, target.bytes, target.size_bytes);
        model[index].size_bytes = target.size_bytes;
    }
}

static enum status model_removal_status(uint32_t index, bool directory_wanted)
{
    if (model[index].kind != RAMFS_DIRECTORY) {
        return directory_wanted ? STATUS_NOT_DIRECTORY : STATUS_OK;
    }
    if (!directory_wanted) {
        return STATUS_IS_DIRECTORY;
    }
    return model_empty(index) ? STATUS_OK : STATUS_NOT_EMPTY;
}

static enum status model_source_status(uint32_t directory, const char *name, uint32_t *index_out)
{
    if (model[directory].kind != RAMFS_DIRECTORY) {
        return STATUS_NOT_DIRECTORY;
    }
    if (model_name_status(name) != STATUS_OK || is_dots(name)) {
        return STATUS_INVALID_ARGUMENT;
    }
    *index_out = model_find(directory, name);
    return *index_out == 0 ? STATUS_NOT_FOUND : STATUS_OK;
}

static void step_remove(uint32_t directory, const char *name, bool directory_wanted)
{
    uint32_t index = 0;
    enum status wanted = model_source_status(directory, name, &index);
    if (wanted == STATUS_OK) {
        wanted = model_removal_status(index, directory_wanted);
    }
    enum status status =
        ramfs_remove(&ramfs, model[directory].number, name_of(name), directory_wanted);
    CHECK_EQUAL(status, wanted);
    if (status == STATUS_OK) {
        model[index].named = false;
        model_drop(index);
    }
}

static bool model_is_above(uint32_t node, uint32_t directory)
{
    while (directory != node && directory != 0) {
        directory = model[directory].parent;
    }
    return directory == node;
}

static enum status model_rename_status(uint32_t source_directory, const char *source,
    uint32_t target_directory, const char *target, uint32_t *index_out)
{
    enum status wanted = model_source_status(source_directory, source, index_out);
    if (wanted != STATUS_OK) {
        return wanted;
    }
    if (model[target_directory].kind != RAMFS_DIRECTORY) {
        return STATUS_NOT_DIRECTORY;
    }
    if (model_name_status(target) != STATUS_OK || is_dots(target)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (!model[target_directory].named) {
        return STATUS_NOT_FOUND;
    }
    bool directory = model[*index_out].kind == RAMFS_DIRECTORY;
    if (directory && model_is_above(*index_out, target_directory)) {
        return STATUS_INVALID_ARGUMENT;
    }
    uint32_t replaced = model_find(target_directory, target);
    if (replaced == 0 || replaced == *index_out) {
        return STATUS_OK;
    }
    return model_removal_status(replaced, directory);
}

static void step_rename(
    uint32_t source_directory, const char *source, uint32_t target_directory, const char *target)
{
    uint32_t index = 0;
    enum status wanted =
        model_rename_status(source_directory, source, target_directory, target, &index);
    enum status status =
        rename_to(model[source_directory].number, source, model[target_directory].number, target);
    CHECK_EQUAL(status, wanted);
    if (status != STATUS_OK) {
        return;
    }
    uint32_t replaced = model_find(target_directory, target);
    if (replaced != 0 && replaced != index) {
        model[replaced].named = false;
        model_drop(replaced);
    }
    model[index].parent = target_directory;
    (void)snprintf(model[index].name, sizeof model[index].name, "%s", target);
}

static enum status model_file_status(uint32_t index)
{
    static const enum status statuses[] = {
        [RAMFS_FILE] = STATUS_OK,
        [RAMFS_DIRECTORY] = STATUS_IS_DIRECTORY,
        [RAMFS_LINK] = STATUS_INVALID_ARGUMENT,
    };
    return statuses[model[index].kind];
}

/* Mostly small places, sometimes far ones: both sides of each size of tree below 3 MiB. */
static uint64_t random_place(void)
{
    return next_random() % (next_random() % 16 == 0 ? model_bytes_max - 30'000 : 40'000);
}

static void step_write(uint32_t index)
{
    static uint8_t bytes[30'000];
    size_t size_bytes = (size_t)(next_random() % sizeof bytes);
    uint64_t offset_bytes = random_place();
    for (size_t at = 0; at < size_bytes; at++) {
        bytes[at] = (uint8_t)(random_state >> (at % 57));
    }
    struct ramfs_span span = {
        .offset_bytes = offset_bytes, .size_bytes = size_bytes, .bytes = bytes};
    size_t done_bytes = 0;
    enum status wanted = model_file_status(index);
    enum status status = ramfs_write(&ramfs, model[index].number, span, &done_bytes);
    if (status == STATUS_NO_SPACE && wanted == STATUS_OK && space_is_short()) {
        return;
    }
    CHECK_EQUAL(status, wanted);
    if (status != STATUS_OK || done_bytes == 0) {
        return;
    }
    CHECK(done_bytes == size_bytes || space_is_short());
    memcpy(model[index].bytes + offset_bytes, bytes, done_bytes);
    if (offset_bytes + done_bytes > model[index].size_bytes) {
        model[index].size_bytes = offset_bytes + done_bytes;
    }
}

static void step_truncate(uint32_t index)
{
    uint64_t size_bytes = next_random() % 4 == 0 ? 0 : random_place();
    enum status wanted = model_file_status(index);
    CHECK_EQUAL(ramfs_truncate(&ramfs, model[index].number, size_bytes), wanted);
    if (wanted != STATUS_OK) {
        return;
    }
    if (size_bytes < model[index].size_bytes) {
        memset(model[index].bytes + size_bytes, 0, (size_t)(model[index].size_bytes - size_bytes));
    }
    model[index].size_bytes = size_bytes;
}

static void step_read(uint32_t index)
{
    static uint8_t bytes[50'000];
    struct ramfs_span span = {.offset_bytes = random_place(),
        .size_bytes = (size_t)(next_random() % sizeof bytes),
        .bytes = bytes};
    size_t done_bytes = 0;
    enum status wanted = model_file_status(index);
    CHECK_EQUAL(ramfs_read(&ramfs, model[index].number, span, &done_bytes), wanted);
    if (wanted != STATUS_OK) {
        return;
    }
    uint64_t left_bytes = span.offset_bytes < model[index].size_bytes
                              ? model[index].size_bytes - span.offset_bytes
                              : 0;
    CHECK_EQUAL(done_bytes, left_bytes < span.size_bytes ? left_bytes : span.size_bytes);
    CHECK(memcmp(bytes, model[index].bytes + span.offset_bytes, done_bytes) == 0);
}

static void step_hold(uint32_t index)
{
    if (next_random() % 2 == 0 && model[index].hold_count < 3) {
        CHECK(ramfs_hold(&ramfs, model[index].number) == STATUS_OK);
        model[index].hold_count++;
        return;
    }
    enum status wanted = model[index].hold_count > 0 ? STATUS_OK : STATUS_INVALID_ARGUMENT;
    uint64_t number = model[index].number;
    CHECK_EQUAL(ramfs_release(&ramfs, number), wanted);
    if (wanted == STATUS_OK) {
        model[index].hold_count--;
        model_drop(index);
        CHECK(model[index].used || ramfs_hold(&ramfs, number) == STATUS_NOT_FOUND);
    }
}

static void step_lookup(uint32_t directory, const char *name)
{
    uint64_t number = 0;
    enum status status = ramfs_lookup(&ramfs, model[directory].number, name_of(name), &number);
    enum status wanted = model_name_status(name);
    uint32_t index = directory;
    if (model[directory].kind != RAMFS_DIRECTORY) {
        wanted = STATUS_NOT_DIRECTORY;
    } else if (strcmp(name, "..") == 0) {
        index = model[directory].parent;
        wanted = model[directory].named ? STATUS_OK : STATUS_NOT_FOUND;
    } else if (wanted == STATUS_OK && !is_dots(name)) {
        index = model_find(directory, name);
        wanted = index == 0 ? STATUS_NOT_FOUND : STATUS_OK;
    }
    CHECK_EQUAL(status, wanted);
    CHECK(status != STATUS_OK || number == model[index].number);
}

struct listing {
    uint32_t directory;
    uint32_t left_count;
    uint32_t shown_count;
    uint64_t cursor;
};

static bool show(void *context, const struct ramfs_entry *entry)
{
    struct listing *listing = context;
    if (listing->left_count-- == 0) {
        return false;
    }
    listing->cursor = entry->next_cursor;
    if (entry->name.bytes[0] == '.') {
        return true;
    }
    char name[8] = {};
    memcpy(name, entry->name.bytes, entry->name.size_bytes);
    uint32_t index = model_find(listing->directory, name);
    CHECK(index != 0 && model[index].number == entry->number && model[index].kind == entry->kind);
    listing->shown_count++;
    return true;
}

static void step_list(uint32_t directory)
{
    struct listing listing = {.directory = directory};
    struct ramfs_visitor visitor = {.visit = show, .context = &listing};
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        listing.left_count = 1 + (uint32_t)(next_random() % 3);
        status = ramfs_read_directory(&ramfs, model[directory].number, listing.cursor, visitor);
    }
    CHECK(status == STATUS_END);
    uint32_t count = 0;
    for (uint32_t index = 1; index < model_count; index++) {
        count += model[index].used && model[index].named && model[index].parent == directory;
    }
    CHECK_EQUAL(listing.shown_count, count);
}

/* Attributes of every node, and that nodes and pages are counted to the last one. */
static void compare_all(void)
{
    uint64_t used_nodes = 0;
    uint64_t used_pages = 0;
    for (uint32_t index = 0; index < model_count; index++) {
        if (!model[index].used) {
            continue;
        }
        struct ramfs_attributes attributes = {};
        CHECK(ramfs_stat(&ramfs, model[index].number, &attributes) == STATUS_OK);
        CHECK_EQUAL(attributes.size_bytes, model[index].size_bytes);
        CHECK_EQUAL(attributes.kind, model[index].kind);
        CHECK_EQUAL(attributes.link_count > 0, model[index].named);
        used_nodes++;
        used_pages += attributes.sectors / 8;
    }
    struct ramfs_statistics statistics = ramfs_statfs(&ramfs);
    CHECK_EQUAL(statistics.node_count - statistics.free_node_count, used_nodes);
    CHECK_EQUAL(statistics.page_count - statistics.free_page_count, used_pages);
}

static void random_step(void)
{
    const char *name =
        names[next_random() % (next_random() % 4 == 0 ? name_count : good_name_count)];
    const char *other =
        names[next_random() % (next_random() % 4 == 0 ? name_count : good_name_count)];
    uint32_t directory = next_random() % 50 == 0 ? model_pick() : model_pick_directory();
    switch (next_random() % 16) {
    case 0:
    case 1:
        step_create(directory, name, RAMFS_FILE);
        return;
    case 2:
        step_create(directory, name, RAMFS_DIRECTORY);
        return;
    case 3:
        step_create(directory, name, RAMFS_LINK);
        return;
    case 4:
        step_remove(directory, name, false);
        return;
    case 5:
        step_remove(directory, name, true);
        return;
    case 6:
    case 7:
        step_rename(directory, name, model_pick_directory(), other);
        return;
    case 8:
    case 9:
        step_write(model_pick());
        return;
    case 10:
        step_truncate(model_pick());
        return;
    case 11:
    case 12:
        step_read(model_pick());
        return;
    case 13:
        step_hold(model_pick());
        return;
    case 14:
        step_lookup(directory, name);
        return;
    default:
        step_list(model_pick_directory());
    }
}

/* Removes everything; afterwards nothing may be in use but the root. */
static void drain(void)
{
    for (bool busy = true; busy;) {
        busy = false;
        for (uint32_t index = 1; index < model_count; index++) {
            while (model[index].used && model[index].hold_count > 0) {
                CHECK(ramfs_release(&ramfs, model[index].number) == STATUS_OK);
                model[index].hold_count--;
                model_drop(index);
            }
            if (model[index].used && model_empty(index)) {
                step_remove(
                    model[index].parent, model[index].name, model[index].kind == RAMFS_DIRECTORY);
                busy = true;
            }
        }
    }
    struct ramfs_statistics statistics = ramfs_statfs(&ramfs);
    CHECK_EQUAL(statistics.free_page_count, statistics.page_count);
    CHECK_EQUAL(statistics.free_node_count, statistics.node_count - 1);
}

static void agree_with_model(uint64_t seed, uint32_t nodes_wanted, uint32_t pages_wanted)
{
    random_state = seed;
    start(nodes_wanted, pages_wanted);
    memset(model, 0, sizeof model);
    model[0] = (struct model_node){
        .used = true, .named = true, .kind = RAMFS_DIRECTORY, .number = ramfs_root(&ramfs)};
    for (uint32_t step = 0; step < 120'000 && !check_failing; step++) {
        random_step();
        if (step % 256 == 0) {
            compare_all();
        }
    }
    compare_all();
    drain();
    if (check_failing) {
        printf("seed %llu\n", (unsigned long long)seed);
    }
}

static void random_operations_agree_with_the_model(void)
{
    agree_with_model(1, node_count, page_count);
}

static void random_operations_agree_when_memory_is_short(void)
{
    agree_with_model(2, 50, 40);
    agree_with_model(3, 12, 7);
}

/* ---- Single questions ----------------------------------------------------------------------- */

static void names_are_checked(void)
{
    start(10, 10);
    uint64_t root = ramfs_root(&ramfs);
    static char long_name[ramfs_name_bytes_max + 2];
    memset(long_name, 'n', ramfs_name_bytes_max);
    (void)make(root, long_name, RAMFS_FILE);
    static const struct {
        const char *name;
        enum status status;
    } cases[] = {
        {"", STATUS_INVALID_ARGUMENT},
        {"a/b", STATUS_INVALID_ARGUMENT},
        {"/", STATUS_INVALID_ARGUMENT},
        {"\x80", STATUS_INVALID_ARGUMENT},
        {"\xc0\x80", STATUS_INVALID_ARGUMENT},
        {"\xc1\xbf", STATUS_INVALID_ARGUMENT},
        {"\xc3", STATUS_INVALID_ARGUMENT},
        {"\xe0\x9f\xbf", STATUS_INVALID_ARGUMENT},
        {"\xed\xa0\x80", STATUS_INVALID_ARGUMENT},
        {"\xf0\x8f\xbf\xbf", STATUS_INVALID_ARGUMENT},
        {"\xf4\x90\x80\x80", STATUS_INVALID_ARGUMENT},
        {"\xf0\x9f\x98", STATUS_INVALID_ARGUMENT},
        {"\xe2\x82x", STATUS_INVALID_ARGUMENT},
        {".", STATUS_EXISTS},
        {"..", STATUS_EXISTS},
        {"...", STATUS_OK},
        {".a", STATUS_OK},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", STATUS_OK},
    };
    for (uint32_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        uint64_t number;
        struct ramfs_creation creation = creation_of(root, cases[index].name, RAMFS_FILE);
        CHECK_EQUAL(ramfs_create(&ramfs, &creation, &number), cases[index].status);
    }
    uint64_t number;
    long_name[ramfs_name_bytes_max] = 'n';
    struct ramfs_creation creation = creation_of(root, long_name, RAMFS_FILE);
    CHECK(ramfs_create(&ramfs, &creation, &number) == STATUS_NAME_TOO_LONG);
    struct ramfs_name with_nul = {.bytes = "a\0b", .size_bytes = 3};
    CHECK(ramfs_lookup(&ramfs, root, with_nul, &number) == STATUS_INVALID_ARGUMENT);
}

static void numbers_are_not_used_twice(void)
{
    start(3, 10);
    uint64_t root = ramfs_root(&ramfs);
    uint64_t first = make(root, "a", RAMFS_FILE);
    CHECK(ramfs_remove(&ramfs, root, name_of("a"), false) == STATUS_OK);
    uint64_t second = make(root, "a", RAMFS_FILE);
    CHECK(first != second);
    struct ramfs_attributes attributes;
    CHECK(ramfs_stat(&ramfs, first, &attributes) == STATUS_NOT_FOUND);
    CHECK(ramfs_stat(&ramfs, second, &attributes) == STATUS_OK);
    CHECK(ramfs_stat(&ramfs, UINT64_MAX, &attributes) == STATUS_NOT_FOUND);
    CHECK(ramfs_stat(&ramfs, 2, &attributes) == STATUS_NOT_FOUND);
}

static void nameless_files_live_while_held(void)
{
    start(10, 10);
    uint64_t root = ramfs_root(&ramfs);
    uint64_t file = make(root, "a", RAMFS_FILE);
    char bytes[6] = "hello";
    size_t done_bytes;
    struct ramfs_span span = {.size_bytes = 5, .bytes = bytes};
    CHECK(ramfs_hold(&ramfs, file) == STATUS_OK);
    CHECK(ramfs_write(&ramfs, file, span, &done_bytes) == STATUS_OK);
    CHECK(ramfs_remove(&ramfs, root, name_of("a"), false) == STATUS_OK);
    memset(bytes, 0, sizeof bytes);
    CHECK(ramfs_read(&ramfs, file, span, &done_bytes) == STATUS_OK);
    CHECK(memcmp(bytes, "hello", 5) == 0);
    CHECK_EQUAL(ramfs_statfs(&ramfs).free_page_count, 9);
    CHECK(ramfs_release(&ramfs, file) == STATUS_OK);
    CHECK_EQUAL(ramfs_statfs(&ramfs).free_page_count, 10);
    CHECK(ramfs_read(&ramfs, file, span, &done_bytes) == STATUS_NOT_FOUND);
}

static void far_places_make_holes(void)
{
    start(10, 20);
    uint64_t file = make(ramfs_root(&ramfs), "a", RAMFS_FILE);
    uint8_t bytes[2 * ramfs_page_bytes] = {[0] = 7};
    size_t done_bytes = 0;
    struct ramfs_span last = {
        .offset_bytes = ramfs_file_bytes_max - 1, .size_bytes = 1, .bytes = bytes};
    CHECK(ramfs_write(&ramfs, file, last, &done_bytes) == STATUS_OK);
    CHECK_EQUAL(ramfs_statfs(&ramfs).free_page_count, 20 - 4);
    struct ramfs_span first = {.offset_bytes = 5, .size_bytes = 1, .bytes = bytes};
    CHECK(ramfs_write(&ramfs, file, first, &done_bytes) == STATUS_OK);
    CHECK_EQUAL(ramfs_statfs(&ramfs).free_page_count, 20 - 7);
    last.size_bytes = 2;
    CHECK(ramfs_write(&ramfs, file, last, &done_bytes) == STATUS_TOO_LARGE);
    CHECK(ramfs_truncate(&ramfs, file, ramfs_file_bytes_max + 1) == STATUS_TOO_LARGE);
    struct ramfs_span middle = {
        .offset_bytes = ramfs_file_bytes_max / 2 - 9, .size_bytes = sizeof bytes, .bytes = bytes};
    CHECK(ramfs_read(&ramfs, file, middle, &done_bytes) == STATUS_OK);
    CHECK(done_bytes == sizeof bytes && bytes[0] == 0);
    CHECK(ramfs_truncate(&ramfs, file, 6) == STATUS_OK);
    CHECK_EQUAL(ramfs_statfs(&ramfs).free_page_count, 20 - 4);
    CHECK(ramfs_truncate(&ramfs, file, 5) == STATUS_OK);
    CHECK(ramfs_truncate(&ramfs, file, 6) == STATUS_OK);
    CHECK(ramfs_read(&ramfs, file, first, &done_bytes) == STATUS_OK);
    CHECK(done_bytes == 1 && bytes[0] == 0);
    CHECK(ramfs_truncate(&ramfs, file, 0) == STATUS_OK);
    CHECK_EQUAL(ramfs_statfs(&ramfs).free_page_count, 20);
}

struct census {
    uint32_t left_count;
    uint64_t cursor;
    uint8_t seen[300];
};

static bool count_entry(void *context, const struct ramfs_entry *entry)
{
    struct census *census = context;
    if (census->left_count-- == 0) {
        return false;
    }
    census->cursor = entry->next_cursor;
    if (entry->name.bytes[0] == 'f') {
        char name[8] = {};
        memcpy(name, entry->name.bytes + 1, entry->name.size_bytes - 1);
        census->seen[atoi(name)]++;
    }
    return true;
}

/* Between the pages of one listing, others remove, make and rename. */
static void cursors_survive_changes(void)
{
    start(node_count, 1);
    uint64_t root = ramfs_root(&ramfs);
    char name[8];
    char other[8];
    for (uint32_t index = 0; index < 300; index++) {
        (void)snprintf(name, sizeof name, "f%u", index);
        (void)make(root, name, RAMFS_FILE);
    }
    struct census census = {};
    struct ramfs_visitor visitor = {.visit = count_entry, .context = &census};
    uint32_t round = 0;
    for (enum status status = STATUS_OK; status == STATUS_OK; round++) {
        census.left_count = 4;
        status = ramfs_read_directory(&ramfs, root, census.cursor, visitor);
        /* Every third goes, before, at and behind the cursor. */
        (void)snprintf(name, sizeof name, "f%u", round * 3 % 300);
        (void)!ramfs_remove(&ramfs, root, name_of(name), false);
        (void)snprintf(name, sizeof name, "f%u", (round * 12 + 4) % 300);
        (void)snprintf(other, sizeof other, "r%u", round);
        (void)!rename_to(root, name, root, other);
        (void)!rename_to(root, other, root, name);
        (void)snprintf(name, sizeof name, "n%u", round);
        (void)make(root, name, RAMFS_FILE);
    }
    CHECK(round > 75);
    for (uint32_t index = 0; index < 300; index++) {
        CHECK(census.seen[index] == 1 || (index % 3 == 0 && census.seen[index] == 0));
    }
}

/* One script for every size of the pools: what fails says NO_SPACE and changes nothing. */
static void run_script(uint32_t *refused_count)
{
    static uint8_t bytes[5 * ramfs_page_bytes];
    uint64_t root = ramfs_root(&ramfs);
    struct ramfs_creation creations[] = {
        creation_of(root, "d", RAMFS_DIRECTORY),
        creation_of(root, "f", RAMFS_FILE),
        creation_of(root, "l", RAMFS_LINK),
    };
    uint64_t numbers[3] = {};
    for (uint32_t index = 0; index < 3; index++) {
        struct ramfs_statistics before = ramfs_statfs(&ramfs);
        enum status status =
            index == 2 ? ramfs_create_link(&ramfs, &creations[index], name_of("t"), &numbers[index])
                       : ramfs_create(&ramfs, &creations[index], &numbers[index]);
        struct ramfs_statistics after = ramfs_statfs(&ramfs);
        CHECK(status == STATUS_OK || status == STATUS_NO_SPACE);
        CHECK(status == STATUS_OK || memcmp(&before, &after, sizeof before) == 0);
        *refused_count += status != STATUS_OK;
    }
    static const uint64_t places[] = {0, 100'000, 5'000'000, 5'000'000'000};
    for (uint32_t index = 0; index < 4 && numbers[1] != 0; index++) {
        struct ramfs_span span = {
            .offset_bytes = places[index], .size_bytes = sizeof bytes, .bytes = bytes};
        struct ramfs_statistics before = ramfs_statfs(&ramfs);
        size_t done_bytes = 0;
        enum status status = ramfs_write(&ramfs, numbers[1], span, &done_bytes);
        struct ramfs_statistics after = ramfs_statfs(&ramfs);
        CHECK(status == STATUS_OK || status == STATUS_NO_SPACE);
        CHECK(status == STATUS_OK || memcmp(&before, &after, sizeof before) == 0);
        *refused_count += status != STATUS_OK || done_bytes < sizeof bytes;
    }
    (void)!ramfs_remove(&ramfs, root, name_of("d"), true);
    (void)!ramfs_remove(&ramfs, root, name_of("f"), false);
    (void)!ramfs_remove(&ramfs, root, name_of("l"), false);
    struct ramfs_statistics statistics = ramfs_statfs(&ramfs);
    CHECK_EQUAL(statistics.free_page_count, statistics.page_count);
    CHECK_EQUAL(statistics.free_node_count, statistics.node_count - 1);
}

static void every_exhaustion_is_clean(void)
{
    for (uint32_t nodes_wanted = 1; nodes_wanted <= 4; nodes_wanted++) {
        uint32_t refused_count = 1;
        for (uint32_t pages_wanted = 0; refused_count > 0 && pages_wanted < 64; pages_wanted++) {
            start(nodes_wanted, pages_wanted);
            refused_count = 0;
            run_script(&refused_count);
        }
        CHECK_EQUAL(refused_count == 0, nodes_wanted == 4);
    }
}

static void attributes_are_kept(void)
{
    start(10, 10);
    uint64_t root = ramfs_root(&ramfs);
    ramfs_set_time(&ramfs, 2000);
    uint64_t directory = make(root, "d", RAMFS_DIRECTORY);
    struct ramfs_attributes attributes;
    CHECK(ramfs_stat(&ramfs, root, &attributes) == STATUS_OK);
    CHECK_EQUAL(attributes.link_count, 3);
    CHECK_EQUAL(attributes.modified_ns, 2000);
    CHECK_EQUAL(attributes.accessed_ns, 1000);
    CHECK_EQUAL(attributes.permissions, 0755);
    ramfs_set_time(&ramfs, 3000);
    CHECK(ramfs_set_permissions(&ramfs, directory, 0700) == STATUS_OK);
    CHECK(ramfs_set_owner(&ramfs, directory, 5, 6) == STATUS_OK);
    CHECK(ramfs_set_times(&ramfs, directory, -1, -2) == STATUS_OK);
    CHECK(ramfs_stat(&ramfs, directory, &attributes) == STATUS_OK);
    CHECK_EQUAL(attributes.permissions, 0700);
    CHECK_EQUAL(attributes.owner, 5);
    CHECK_EQUAL(attributes.group, 6);
    CHECK_EQUAL(attributes.accessed_ns, -1);
    CHECK_EQUAL(attributes.modified_ns, -2);
    CHECK_EQUAL(attributes.changed_ns, 3000);
    struct ramfs_name target = name_of("some/where");
    struct ramfs_creation creation = creation_of(root, "l", RAMFS_LINK);
    uint64_t link;
    char got[ramfs_link_bytes_max];
    uint32_t got_bytes;
    CHECK(ramfs_create_link(&ramfs, &creation, target, &link) == STATUS_OK);
    CHECK(ramfs_read_link(&ramfs, link, got, &got_bytes) == STATUS_OK);
    CHECK(got_bytes == target.size_bytes && memcmp(got, target.bytes, got_bytes) == 0);
    CHECK(ramfs_read_link(&ramfs, directory, got, &got_bytes) == STATUS_INVALID_ARGUMENT);
    target.size_bytes = ramfs_link_bytes_max + 1;
    CHECK(ramfs_create_link(&ramfs, &creation, target, &link) == STATUS_NAME_TOO_LONG);
}

int main(void)
{
    TEST(names_are_checked);
    TEST(numbers_are_not_used_twice);
    TEST(nameless_files_live_while_held);
    TEST(far_places_make_holes);
    TEST(cursors_survive_changes);
    TEST(every_exhaustion_is_clean);
    TEST(attributes_are_kept);
    TEST(random_operations_agree_with_the_model);
    TEST(random_operations_agree_when_memory_is_short);
    return check_report();
}
