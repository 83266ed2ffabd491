/* SPDX-License-Identifier: ISC */
/*
 * Names made, linked, moved and taken away at random in some thirty directories, on volumes of many
 * shapes, encrypted or not, whether case matters or not, against a model in memory: every status,
 * every entry, every count of links; and e2fsck has nothing to say.
 */
#define _GNU_SOURCE
#include "colliding_names.h"
#include "ext_protected.h"

#include <lib/testing/random.h>

static struct random numbers;

/* ---- The model ------------------------------------------------------------------------------- */

constexpr uint32_t directory_count = 30;
constexpr uint32_t name_count = colliding_name_count + 130;
constexpr uint32_t node_count = 3000;
constexpr uint32_t no_node = UINT32_MAX;
constexpr uint32_t no_directory = UINT32_MAX;

struct node {
    uint64_t number;
    enum ext_type type; /* EXT_TYPE_UNKNOWN: not in use */
    uint32_t link_count;
    uint32_t directory; /* its place among the directories, if it is one */
};

struct directory {
    uint32_t node;
    uint32_t parent; /* among the directories */
    uint32_t entry_count;
    uint32_t entries[name_count]; /* nodes */
};

static struct node nodes[node_count];
static struct directory directories[directory_count]; /* the first is the root */
static char names[name_count][ext_name_bytes_max + 1];
static struct writable writable;
static uint64_t top_number; /* of the first directory of the model */
static bool folds;          /* names are written in any case */
static bool encrypts;

/*
 * Of some names most bytes are no UTF-8; not where that matters, since e2fsck computes no hash that
 * is right of such a name.
 */
static void make_names(void)
{
    for (uint32_t index = 0; index < name_count; index++) {
        if (index < colliding_name_count) {
            (void)strcpy(names[index], colliding_names[index]);
            continue;
        }
        uint32_t name_bytes = index % 10 == 0 ? ext_name_bytes_max : 1 + index * 7 % 100;
        memset(names[index], index % 3 == 0 && !folds ? '\xe9' : 'm', name_bytes);
        char number[8];
        int number_bytes = snprintf(number, sizeof number, "%u", index);
        memcpy(names[index], number, (size_t)number_bytes);
        names[index][name_bytes < 3 ? 3 : name_bytes] = '\0';
    }
}

static struct ext_name name_of(uint32_t index)
{
    return (struct ext_name){.bytes = names[index], .size_bytes = (uint32_t)strlen(names[index])};
}

/* The name in another spelling, where that is the same. */
static struct ext_name any_name_of(uint32_t index)
{
    static char spelled[4][ext_name_bytes_max];
    static uint32_t next;
    struct ext_name name = name_of(index);
    if (!folds) {
        return name;
    }
    char *bytes = spelled[next++ % 4];
    for (uint32_t at = 0; at < name.size_bytes; at++) {
        char letter = name.bytes[at];
        bytes[at] = letter == 'm' && random_below(&numbers, 2) == 0 ? 'M' : letter;
    }
    return (struct ext_name){.bytes = bytes, .size_bytes = name.size_bytes};
}

static void clear_directory(uint32_t directory)
{
    directories[directory].node = no_node;
    directories[directory].entry_count = 0;
    memset(directories[directory].entries, 0xff, sizeof directories[directory].entries);
}

static void clear_model(void)
{
    memset(nodes, 0, sizeof nodes);
    for (uint32_t index = 0; index < directory_count; index++) {
        clear_directory(index);
    }
    nodes[0] = (struct node){.number = top_number, .type = EXT_TYPE_DIRECTORY};
    directories[0].node = 0;
    directories[0].parent = 0;
}

static bool in_use(uint32_t directory)
{
    return directories[directory].node != no_node;
}

static uint64_t number_of(uint32_t directory)
{
    return nodes[directories[directory].node].number;
}

static bool is_directory(uint32_t node)
{
    return nodes[node].type == EXT_TYPE_DIRECTORY;
}

static bool is_within(uint32_t directory, uint32_t ancestor)
{
    while (directory != ancestor && directory != 0) {
        directory = directories[directory].parent;
    }
    return directory == ancestor;
}

static void set_entry(uint32_t directory, uint32_t name, uint32_t node)
{
    uint32_t *entry = &directories[directory].entries[name];
    directories[directory].entry_count += *entry == no_node && node != no_node;
    directories[directory].entry_count -= *entry != no_node && node == no_node;
    *entry = node;
    if (node != no_node && is_directory(node)) {
        directories[nodes[node].directory].parent = directory;
    }
}

static void drop_link(uint32_t node)
{
    if (is_directory(node)) {
        clear_directory(nodes[node].directory);
        nodes[node].type = EXT_TYPE_UNKNOWN;
    } else if (--nodes[node].link_count == 0) {
        nodes[node].type = EXT_TYPE_UNKNOWN;
    }
}

/* ---- Operations ------------------------------------------------------------------------------ */

/* The root most often, so that it has all names at times. */
static uint32_t any_directory(void)
{
    uint32_t directory = 0;
    if (random_below(&numbers, 5) < 2) {
        return directory;
    }
    do {
        directory = random_below(&numbers, directory_count);
    } while (!in_use(directory));
    return directory;
}

static uint32_t free_node(void)
{
    for (uint32_t index = 0; index < node_count; index++) {
        if (nodes[index].type == EXT_TYPE_UNKNOWN) {
            return index;
        }
    }
    return no_node;
}

static uint32_t free_directory(void)
{
    uint32_t directory = 0;
    while (directory < directory_count && in_use(directory)) {
        directory++;
    }
    return directory < directory_count ? directory : no_directory;
}

static struct ext_new_inode wanted_of(enum ext_type type)
{
    static const uint16_t modes[EXT_TYPE_COUNT] = {
        [EXT_TYPE_FILE] = 0100644,
        [EXT_TYPE_DIRECTORY] = 0040755,
        [EXT_TYPE_CHARACTER_DEVICE] = 0020600,
        [EXT_TYPE_BLOCK_DEVICE] = 0060600,
        [EXT_TYPE_FIFO] = 0010600,
        [EXT_TYPE_SOCKET] = 0140600,
        [EXT_TYPE_LINK] = 0120777,
    };
    uint32_t name = random_below(&numbers, name_count);
    return (struct ext_new_inode){
        .mode = modes[type],
        .user_id = random_below(&numbers, 70'000),
        .group_id = 7,
        .device_major = random_below(&numbers, 4096),
        .device_minor = random_below(&numbers, 1 << 20),
        .target = name_of(name),
    };
}

static void random_create(uint32_t directory, uint32_t name)
{
    static const enum ext_type types[] = {EXT_TYPE_FILE, EXT_TYPE_FILE, EXT_TYPE_FILE,
        EXT_TYPE_LINK, EXT_TYPE_FIFO, EXT_TYPE_SOCKET, EXT_TYPE_BLOCK_DEVICE,
        EXT_TYPE_CHARACTER_DEVICE, EXT_TYPE_DIRECTORY, EXT_TYPE_DIRECTORY};
    enum ext_type type = types[random_below(&numbers, sizeof types / sizeof types[0])];
    uint32_t place = type == EXT_TYPE_DIRECTORY ? free_directory() : 0;
    uint32_t node = free_node();
    if (place == no_directory || node == no_node) {
        return;
    }
    bool exists = directories[directory].entries[name] != no_node;
    uint64_t number = 0;
    struct ext_new_inode wanted = wanted_of(type);
    enum status status = ext_create(
        &writable.image.mount, number_of(directory), any_name_of(name), &wanted, &number);
    CHECK_EQUAL(status, exists ? STATUS_EXISTS : STATUS_OK);
    if (status != STATUS_OK) {
        return;
    }
    nodes[node] = (struct node){.number = number, .type = type, .link_count = 1};
    if (type == EXT_TYPE_DIRECTORY) {
        nodes[node].directory = place;
        directories[place].node = node;
    }
    set_entry(directory, name, node);
}

static void random_link(uint32_t directory, uint32_t name)
{
    uint32_t from = any_directory();
    uint32_t node = directories[from].entries[random_below(&numbers, name_count)];
    if (node == no_node) {
        return;
    }
    enum status expected = STATUS_OK;
    if (is_directory(node)) {
        expected = STATUS_DENIED;
    } else if (directories[directory].entries[name] != no_node) {
        expected = STATUS_EXISTS;
    }
    CHECK_EQUAL(ext_link(&writable.image.mount, nodes[node].number, number_of(directory),
                    any_name_of(name)),
        expected);
    if (expected == STATUS_OK) {
        set_entry(directory, name, node);
        nodes[node].link_count++;
    }
}

static void random_unlink(uint32_t directory, uint32_t name)
{
    uint32_t node = directories[directory].entries[name];
    enum status expected = STATUS_OK;
    if (node == no_node) {
        expected = STATUS_NOT_FOUND;
    } else if (is_directory(node)) {
        expected = STATUS_IS_DIRECTORY;
    }
    bool keep = random_below(&numbers, 4) == 0;
    struct ext_mount *mount = &writable.image.mount;
    CHECK_EQUAL(ext_unlink(mount, number_of(directory), any_name_of(name), keep), expected);
    if (expected != STATUS_OK) {
        return;
    }
    if (keep) {
        CHECK_EQUAL(ext_forget(mount, nodes[node].number), STATUS_OK);
    }
    set_entry(directory, name, no_node);
    drop_link(node);
}

static void random_remove(uint32_t directory, uint32_t name)
{
    uint32_t node = directories[directory].entries[name];
    enum status expected = STATUS_OK;
    if (node == no_node) {
        expected = STATUS_NOT_FOUND;
    } else if (!is_directory(node)) {
        expected = STATUS_NOT_DIRECTORY;
    } else if (directories[nodes[node].directory].entry_count > 0) {
        expected = STATUS_NOT_EMPTY;
    }
    CHECK_EQUAL(
        ext_remove_directory(&writable.image.mount, number_of(directory), any_name_of(name), false),
        expected);
    if (expected == STATUS_OK) {
        set_entry(directory, name, no_node);
        drop_link(node);
    }
}

/* Two entries as a rename sees them. */
struct pair {
    uint32_t from;
    uint32_t source;
    uint32_t to;
    uint32_t target;
    enum ext_rename_mode mode;
    uint32_t moved;
    uint32_t replaced;
};

static bool comes_into_itself(uint32_t node, uint32_t from, uint32_t to)
{
    return is_directory(node) && from != to && is_within(to, nodes[node].directory);
}

static enum status expect_replace(const struct pair *pair)
{
    bool directory = is_directory(pair->moved);
    if (directory != is_directory(pair->replaced)) {
        return directory ? STATUS_NOT_DIRECTORY : STATUS_IS_DIRECTORY;
    }
    bool full = directory && directories[nodes[pair->replaced].directory].entry_count > 0;
    return full ? STATUS_NOT_EMPTY : STATUS_OK;
}

static enum status expect_rename(const struct pair *pair)
{
    bool exchange = pair->mode == EXT_RENAME_EXCHANGE;
    if (pair->moved == no_node || (exchange && pair->replaced == no_node)) {
        return STATUS_NOT_FOUND;
    }
    if (pair->replaced != no_node && pair->mode == EXT_RENAME_NO_REPLACE) {
        return STATUS_EXISTS;
    }
    if (pair->moved == pair->replaced) {
        return STATUS_OK;
    }
    if (comes_into_itself(pair->moved, pair->from, pair->to)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (pair->replaced == no_node) {
        return STATUS_OK;
    }
    if (exchange) {
        bool loop = comes_into_itself(pair->replaced, pair->to, pair->from);
        return loop ? STATUS_INVALID_ARGUMENT : STATUS_OK;
    }
    return expect_replace(pair);
}

static void random_rename(uint32_t from, uint32_t source)
{
    struct pair pair = {
        .from = from,
        .source = source,
        .to = random_below(&numbers, 3) == 0 ? from : any_directory(),
        .target = random_below(&numbers, name_count),
        .mode = (enum ext_rename_mode)random_below(&numbers, 3),
    };
    pair.moved = directories[pair.from].entries[pair.source];
    pair.replaced = directories[pair.to].entries[pair.target];
    struct ext_rename request = {
        .source_parent = number_of(pair.from),
        .source = any_name_of(pair.source),
        .target_parent = number_of(pair.to),
        .target = any_name_of(pair.target),
        .mode = pair.mode,
    };
    enum status expected = expect_rename(&pair);
    CHECK_EQUAL(ext_rename(&writable.image.mount, &request), expected);
    if (expected != STATUS_OK || pair.moved == pair.replaced) {
        return;
    }
    bool exchange = pair.mode == EXT_RENAME_EXCHANGE;
    set_entry(pair.to, pair.target, pair.moved);
    set_entry(pair.from, pair.source, exchange ? pair.replaced : no_node);
    if (!exchange && pair.replaced != no_node) {
        drop_link(pair.replaced);
    }
}

/* Times of growth and times of decline. */
static void random_operation(bool growth)
{
    uint32_t directory = any_directory();
    uint32_t name = random_below(&numbers, name_count);
    uint32_t kind = random_below(&numbers, 10);
    if (kind < (growth ? 5 : 1)) {
        random_create(directory, name);
    } else if (kind < (growth ? 6 : 2)) {
        random_link(directory, name);
    } else if (kind < 7) {
        random_unlink(directory, name);
    } else if (kind < 8) {
        random_remove(directory, name);
    } else {
        random_rename(directory, name);
    }
}

/* ---- Comparison ------------------------------------------------------------------------------ */

static bool count_entry(void *context, const struct ext_entry *entry)
{
    (void)entry;
    uint32_t *count = context;
    (*count)++;
    return true;
}

static void compare_node(uint32_t node, uint64_t number)
{
    struct ext_inode inode;
    CHECK_EQUAL(number, nodes[node].number);
    CHECK_EQUAL(ext_read_inode(&writable.image.mount, number, &inode), STATUS_OK);
    CHECK_EQUAL(inode.type, nodes[node].type);
    bool encrypted = encrypts && (inode.type == EXT_TYPE_FILE || inode.type == EXT_TYPE_LINK ||
                                     inode.type == EXT_TYPE_DIRECTORY);
    CHECK_EQUAL((inode.flags & inode_flag_encrypted) != 0, encrypted);
    CHECK_EQUAL((inode.flags & inode_flag_casefold) != 0, folds && is_directory(node));
    if (!is_directory(node)) {
        CHECK_EQUAL(inode.link_count, nodes[node].link_count);
    }
}

/* Every name there is, and how many there are. */
static void compare_directory(uint32_t directory)
{
    struct ext_file file;
    uint64_t number;
    uint32_t count = 0;
    uint32_t child_count = 0;
    struct ext_mount *mount = &writable.image.mount;
    CHECK_EQUAL(ext_open(mount, number_of(directory), &file), STATUS_OK);
    for (uint32_t name = 0; name < name_count; name++) {
        uint32_t node = directories[directory].entries[name];
        struct ext_name wanted = any_name_of(name);
        enum status status = ext_lookup(mount, &file, wanted.bytes, wanted.size_bytes, &number);
        CHECK_EQUAL(status, node == no_node ? STATUS_NOT_FOUND : STATUS_OK);
        if (status == STATUS_OK && node != no_node) {
            compare_node(node, number);
            child_count += is_directory(node);
        }
    }
    struct ext_visitor visitor = {.visit = count_entry, .context = &count};
    CHECK_EQUAL(ext_read_directory(mount, &file, 0, visitor), STATUS_END);
    uint32_t extra = directory == 0 && top_number == ext_root_number ? 3 : 2; /* lost+found */
    CHECK_EQUAL(count, directories[directory].entry_count + extra);
    CHECK_EQUAL(file.inode.link_count, child_count + extra);
    CHECK_EQUAL(ext_lookup(mount, &file, "..", 2, &number), STATUS_OK);
    uint64_t parent = directory == 0 ? ext_root_number : number_of(directories[directory].parent);
    CHECK_EQUAL(number, parent);
}

static void compare_all(void)
{
    for (uint32_t index = 0; index < directory_count; index++) {
        if (in_use(index)) {
            compare_directory(index);
        }
    }
}

/* ---- Volumes --------------------------------------------------------------------------------- */

/* What the model's first directory hands down. */
enum protection : uint32_t {
    PLAIN,
    FOLDED,
    ENCRYPTED,
    BOTH,
};

struct volume {
    const char *options; /* of mke2fs */
    const char *hash;    /* of tune2fs */
    bool least_memory;   /* that a mount can be written with */
    enum protection protection;
    uint32_t padding_bytes;
};

static const struct volume volumes[] = {
    {"-t ext4 -O ^has_journal -b 1024 -I 256", "legacy", false, PLAIN, 0},
    {"-t ext4 -O ^has_journal,^metadata_csum,large_dir -b 1024 -I 256", "half_md4", true, PLAIN, 0},
    {"-t ext3 -b 1024 -I 128", "legacy", false, PLAIN, 0},
    {"-t ext2 -O ^dir_index,^filetype -b 2048 -I 128", "tea", true, PLAIN, 0},
    {"-t ext2 -O ^filetype,dir_index -b 1024 -I 128", "tea", false, PLAIN, 0},
    {"-t ext4 -O inline_data,orphan_file -b 1024 -I 256", "legacy", true, PLAIN, 0},
    {"-t ext4 -O ^has_journal,inline_data -b 4096 -I 512", "half_md4", false, PLAIN, 0},
    {"-t ext4 -O bigalloc,quota -C 4096 -b 1024 -I 256", "legacy", true, PLAIN, 0},
    {"-t ext4 -O casefold -b 1024 -I 256", "legacy", true, FOLDED, 0},
    {"-t ext4 -O casefold,inline_data,^has_journal -b 1024 -I 256", "half_md4", false, FOLDED, 0},
    {"-t ext4 -O encrypt -b 1024 -I 256", "half_md4", true, ENCRYPTED, 4},
    {"-t ext4 -O encrypt,^has_journal,quota -b 2048 -I 128", "tea", false, ENCRYPTED, 16},
    {"-t ext4 -O encrypt,casefold -b 1024 -I 256", "half_md4", true, BOTH, 32},
    {"-t ext4 -O encrypt,casefold,^has_journal,^metadata_csum -b 1024 -I 256", "tea", false, BOTH,
        8},
};

constexpr uint32_t operations_per_volume = 12'000;
constexpr uint32_t operations_per_secret_volume = 6'000;
constexpr uint32_t operations_per_checkpoint = 2'000;
constexpr uint32_t operations_per_season = 3'000;

static bool mount_volume(const struct volume *volume)
{
    enum status status = volume->least_memory
                             ? writable_mount_within(&writable, ext_cache_block_count_min_writable,
                                   ext_pending_count_min)
                             : writable_mount(&writable);
    return status == STATUS_OK && writable.image.mount.writable &&
           protected_unlock(&writable.image.mount);
}

/* The first directory of the model: the root, or one that hands something down. */
static bool make_top(const struct volume *volume)
{
    top_number = ext_root_number;
    folds = volume->protection == FOLDED || volume->protection == BOTH;
    encrypts = volume->protection == ENCRYPTED || volume->protection == BOTH;
    make_names();
    return volume->protection == PLAIN ||
           protected_make(&writable.image.mount, "top", volume->padding_bytes, folds, &top_number);
}

static bool make_volume(const struct volume *volume)
{
    return image_run("rm -f w.img; E2FSPROGS_FAKE_TIME=1700000000 mke2fs -q -F -N 4000 %s "
                     "w.img 24M > /dev/null",
               volume->options) &&
           image_run("tune2fs -f -E hash_alg=%s w.img > /dev/null 2>&1", volume->hash) &&
           image_load(&writable.image, "w.img") && mount_volume(volume) && make_top(volume);
}

/* Everything is on the medium, and e2fsck and the model agree with it. */
static void checkpoint(const struct volume *volume)
{
    compare_all();
    CHECK_EQUAL(ext_unmount(&writable.image.mount), STATUS_OK);
    CHECK(image_fsck(&writable.image));
    CHECK(mount_volume(volume));
    compare_all();
}

static void names_follow_the_model(void)
{
    for (uint32_t index = 0; index < sizeof volumes / sizeof volumes[0]; index++) {
        bool made = make_volume(&volumes[index]);
        uint32_t operation_count = volumes[index].protection == PLAIN
                                       ? operations_per_volume
                                       : operations_per_secret_volume;
        CHECK(made);
        clear_model();
        numbers.state = 88172645463325252 + index;
        for (uint32_t count = 1; made && count <= operation_count; count++) {
            random_operation(count / operations_per_season % 2 == 0);
            if (check_failing) {
                printf("volume %u, operation %u: %s\n", index, count,
                    writable.image.mount.corruption.what);
                return;
            }
            if (count % operations_per_checkpoint == 0) {
                checkpoint(&volumes[index]);
            }
        }
        image_free(&writable.image);
    }
}

/* ---- Damage ---------------------------------------------------------------------------------- */

constexpr uint32_t damaged_count = 400;
constexpr uint32_t damaged_operations = 150;

/* The root, or what may be in use or not. */
static uint64_t any_number(void)
{
    return random_below(&numbers, 4) == 0 ? ext_root_number : 11 + random_below(&numbers, 60);
}

/* Anything at all, whatever becomes of it: numbers and names are not those of the model. */
static void blind_operation(void)
{
    struct ext_mount *mount = &writable.image.mount;
    uint64_t first = any_number();
    uint64_t second = any_number();
    struct ext_name name = name_of(random_below(&numbers, name_count));
    struct ext_rename request = {
        .source_parent = first,
        .source = name,
        .target_parent = second,
        .target = name_of(random_below(&numbers, name_count)),
        .mode = (enum ext_rename_mode)random_below(&numbers, 3),
    };
    struct ext_new_inode wanted =
        wanted_of(random_below(&numbers, 2) == 0 ? EXT_TYPE_FILE : EXT_TYPE_DIRECTORY);
    switch (random_below(&numbers, 6)) {
    case 0:
        (void)!ext_create(mount, first, name, &wanted, &second);
        break;
    case 1:
        (void)!ext_link(mount, second, first, name);
        break;
    case 2:
        (void)!ext_unlink(mount, first, name, random_below(&numbers, 2) == 0);
        break;
    case 3:
        (void)!ext_remove_directory(mount, first, name, false);
        break;
    case 4:
        (void)!ext_forget(mount, second);
        break;
    default:
        (void)!ext_rename(mount, &request);
        break;
    }
}

/* A volume without checksums, with all kinds of directories. */
static bool make_populated(const struct volume *volume)
{
    if (!make_volume(volume)) {
        return false;
    }
    clear_model();
    for (uint32_t count = 0; count < 3'000; count++) {
        random_operation(true);
    }
    return ext_unmount(&writable.image.mount) == STATUS_OK;
}

/* Some bytes of the blocks that are not all zero, behind the super block and the descriptors. */
static void damage(uint8_t *bytes, size_t size_bytes)
{
    constexpr size_t piece_bytes = 1024;
    uint32_t left = 1 + random_below(&numbers, 12);
    while (left > 0) {
        size_t piece = 4 + random_below(&numbers, (uint32_t)(size_bytes / piece_bytes) - 4);
        size_t place = piece * piece_bytes +
                       random_below(&numbers, random_below(&numbers, 2) == 0 ? 64 : piece_bytes);
        if (load_le32(bytes + piece * piece_bytes) != 0 || bytes[place] != 0) {
            bytes[place] = (uint8_t)(random_below(&numbers, 2) == 0 ? random_below(&numbers, 256)
                                                                    : random_below(&numbers, 4));
            left--;
        }
    }
}

/* The sanitizers judge: nothing outside memory is touched, and every call returns. */
static void damaged_volumes_do_no_harm(void)
{
    static const struct volume damaged_volumes[] = {
        {"-t ext2 -O dir_index -b 1024 -I 128", "legacy", false, PLAIN, 0},
        {"-t ext4 -O ^has_journal,^metadata_csum,inline_data -b 1024 -I 256", "half_md4", false,
            PLAIN, 0},
    };
    uint32_t mounted = 0;
    uint32_t found = 0;
    for (uint32_t index = 0; index < 2; index++) {
        numbers.state = 88172645463325252;
        CHECK(make_populated(&damaged_volumes[index]));
        size_t size_bytes = writable.image.size_bytes;
        uint8_t *whole = malloc(size_bytes);
        memcpy(whole, writable.image.bytes, size_bytes);
        for (uint32_t count = 0; count < damaged_count / 2; count++) {
            memcpy(writable.image.bytes, whole, size_bytes);
            damage(writable.image.bytes, size_bytes);
            mounted += writable_mount(&writable) == STATUS_OK;
            for (uint32_t done = 0; done < damaged_operations && writable.image.mount.writable;
                done++) {
                blind_operation();
            }
            found += writable.image.mount.corruption.what != nullptr;
            (void)!ext_unmount(&writable.image.mount);
        }
        free(whole);
        image_free(&writable.image);
    }
    printf("%u of %u mounted, %u found to be damaged\n", mounted, damaged_count, found);
    CHECK(mounted > damaged_count / 2 && found > damaged_count / 8 && found < damaged_count);
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    TEST(names_follow_the_model);
    TEST(damaged_volumes_do_no_harm);
    image_folder_remove();
    return check_report();
}
