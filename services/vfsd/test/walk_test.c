/* SPDX-License-Identifier: ISC */
/* Tests of following paths, over a small name space of two file systems. */
#include <lib/testing/check.h>

#include "../walk.h"

constexpr uint32_t kind_file = 1;

struct node {
    uint32_t mount;
    uint64_t number;
    uint64_t parent;
    const char *name;
    uint32_t kind;
    const char *target;
};

/* Mount 0 is at "/", mount 1 at "/mnt/b". */
static const struct node nodes[] = {
    {0, 1, 0, "", walk_kind_directory, nullptr},
    {0, 2, 1, "bin", walk_kind_directory, nullptr},
    {0, 3, 2, "sh", kind_file, nullptr},
    {0, 4, 1, "mnt", walk_kind_directory, nullptr},
    {0, 5, 4, "b", walk_kind_directory, nullptr},
    {0, 6, 1, "absolute", walk_kind_symlink, "/bin"},
    {0, 7, 2, "relative", walk_kind_symlink, "../bin/sh"},
    {0, 8, 1, "loop", walk_kind_symlink, "loop"},
    {0, 9, 1, "dangling", walk_kind_symlink, "bin/none"},
    {0, 10, 1, "over", walk_kind_symlink, "mnt/b/inner"},
    {0, 11, 1, "empty", walk_kind_symlink, ""},
    {1, 1, 0, "", walk_kind_directory, nullptr},
    {1, 2, 1, "inner", walk_kind_directory, nullptr},
    {1, 3, 2, "up", walk_kind_symlink, "../../../bin/sh"},
};

static const struct node *find_node(uint32_t mount, uint64_t number)
{
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        if (nodes[i].mount == mount && nodes[i].number == number) {
            return &nodes[i];
        }
    }
    return nullptr;
}

static enum status lookup(void *self, struct walk_place directory, struct walk_name name,
    struct walk_attributes *found_out)
{
    (void)self;
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
        const struct node *node = &nodes[i];
        if (node->mount == directory.mount && node->parent == directory.node &&
            strlen(node->name) == name.size_bytes &&
            memcmp(node->name, name.bytes, name.size_bytes) == 0) {
            *found_out = (struct walk_attributes){.node = node->number, .kind = node->kind};
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

static enum status stat(void *self, struct walk_place place, struct walk_attributes *found_out)
{
    (void)self;
    const struct node *node = find_node(place.mount, place.node);
    *found_out = (struct walk_attributes){.node = node->number, .kind = node->kind};
    return STATUS_OK;
}

static enum status read_link(
    void *self, struct walk_place place, char *target, uint32_t *target_bytes_out)
{
    (void)self;
    const char *text = find_node(place.mount, place.node)->target;
    *target_bytes_out = (uint32_t)strlen(text);
    memcpy(target, text, strlen(text));
    return STATUS_OK;
}

static bool find_mount(void *self, struct walk_name path, struct walk_place *root_out)
{
    (void)self;
    const bool inner = path.size_bytes == 6 && memcmp(path.bytes, "/mnt/b", 6) == 0;
    *root_out = (struct walk_place){inner ? 1 : 0, 1};
    return inner || path.size_bytes == 0;
}

static const struct walk_source source = {nullptr, lookup, stat, read_link, find_mount};
static struct walk walk = {.source = &source};
static struct walk_result result;

static enum status go(const char *path, bool follow_last)
{
    return walk_path(&walk, (struct walk_name){path, (uint32_t)strlen(path)}, follow_last, &result);
}

static bool leads_to(const char *path, uint32_t mount, uint64_t node)
{
    return go(path, true) == STATUS_OK && result.exists && result.mount == mount &&
           result.found.node == node;
}

static void names_are_found(void)
{
    CHECK(leads_to("/", 0, 1));
    CHECK(leads_to("/bin/sh", 0, 3));
    CHECK(leads_to("//bin///sh", 0, 3));
    CHECK(leads_to("/./bin/./sh", 0, 3));
    CHECK(leads_to("/bin/../bin/sh", 0, 3));
    CHECK(leads_to("/../../bin/", 0, 2));
    CHECK(leads_to("/bin/..", 0, 1));
}

static void mounts_cover_what_is_below(void)
{
    CHECK(leads_to("/mnt/b", 1, 1));
    CHECK(result.is_mount_root);
    CHECK(leads_to("/mnt/b/inner", 1, 2));
    CHECK(!result.is_mount_root);
    CHECK(leads_to("/mnt/b/..", 0, 4));
    CHECK(leads_to("/mnt/b/inner/..", 1, 1));
    CHECK(result.is_mount_root);
    CHECK(leads_to("/mnt/b/inner/up", 0, 3));
}

static void links_are_followed(void)
{
    CHECK(leads_to("/absolute/sh", 0, 3));
    CHECK(leads_to("/bin/relative", 0, 3));
    CHECK(leads_to("/over/..", 1, 1));
    CHECK_EQUAL(go("/absolute", false), STATUS_OK);
    CHECK_EQUAL(result.found.kind, walk_kind_symlink);
    CHECK_EQUAL(go("/absolute/", false), STATUS_OK);
    CHECK_EQUAL(result.found.kind, walk_kind_directory);
    CHECK_EQUAL(go("/loop", true), STATUS_LOOP);
    CHECK_EQUAL(go("/loop/x", false), STATUS_LOOP);
    CHECK_EQUAL(go("/empty", true), STATUS_NOT_FOUND);
}

static void missing_last_names_are_places_for_new_ones(void)
{
    CHECK_EQUAL(go("/bin/new", true), STATUS_OK);
    CHECK(!result.exists);
    CHECK_EQUAL(result.parent.node, 2);
    CHECK_EQUAL(result.name_bytes, 3);
    CHECK_EQUAL(walk_result_text_bytes(&walk, &result), 8);
    CHECK(memcmp(walk.text, "/bin/new", 8) == 0);
    CHECK_EQUAL(go("/dangling", true), STATUS_OK);
    CHECK(!result.exists);
    CHECK(result.name_bytes == 4 && memcmp(result.name, "none", 4) == 0);
    CHECK_EQUAL(go("/bin/new/", true), STATUS_OK);
    CHECK(result.wants_directory);
}

static void wrong_paths_are_refused(void)
{
    CHECK_EQUAL(go("", true), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(go("bin", true), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(go("/none/sh", true), STATUS_NOT_FOUND);
    CHECK_EQUAL(go("/bin/sh/x", true), STATUS_NOT_DIRECTORY);
    CHECK_EQUAL(go("/bin/sh/", true), STATUS_NOT_DIRECTORY);
    CHECK_EQUAL(go("/bin/sh/..", true), STATUS_NOT_DIRECTORY);
}

static void long_paths_are_refused(void)
{
    char path[1200];
    memset(path, 'a', sizeof path);
    path[0] = '/';
    CHECK_EQUAL(
        walk_path(&walk, (struct walk_name){path, 257}, true, &result), STATUS_NAME_TOO_LONG);
    CHECK_EQUAL(walk_path(&walk, (struct walk_name){path, 256}, true, &result), STATUS_OK);
    CHECK_EQUAL(
        walk_path(&walk, (struct walk_name){path, 901}, true, &result), STATUS_NAME_TOO_LONG);
    memset(path, '/', 900);
    CHECK_EQUAL(walk_path(&walk, (struct walk_name){path, 900}, true, &result), STATUS_OK);
}

int main(void)
{
    TEST(names_are_found);
    TEST(mounts_cover_what_is_below);
    TEST(links_are_followed);
    TEST(missing_last_names_are_places_for_new_ones);
    TEST(wrong_paths_are_refused);
    TEST(long_paths_are_refused);
    return check_report();
}
