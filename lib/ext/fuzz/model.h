/* SPDX-License-Identifier: ISC */
/*
 * What a tree of files should be after some operations: nodes, names, contents, attributes. It
 * knows nothing of volumes but the numbers of inodes that it is told.
 */
#pragma once

#include <lib/ext/ext.h>

constexpr uint32_t model_node_max = 160;
constexpr uint32_t model_entry_max = 240;
constexpr uint32_t model_event_max = 40;
constexpr uint32_t model_attribute_max = 40;
constexpr uint32_t model_none = UINT32_MAX;
constexpr uint32_t model_root = 0;

struct model_node {
    uint64_t number;
    uint64_t size_bytes; /* of files */
    const uint8_t *base; /* the contents that it began with; nullptr: none */
    uint64_t base_bytes; /* that have not been cut off since */
    enum ext_type type;  /* EXT_TYPE_UNKNOWN: not in use */
    uint32_t link_count; /* names, "." and ".." not counted */
};

struct model_entry {
    char name[64]; /* longer names are left out */
    uint32_t name_bytes;
    uint32_t parent; /* nodes */
    uint32_t node;   /* model_none: not in use */
};

/* A write or a cut of a file. */
struct model_event {
    uint32_t node;
    bool cut; /* what was from offset_bytes on is zero */
    uint8_t seed;
    uint64_t offset_bytes;
    uint64_t size_bytes;
};

/* An attribute that was set, with `value_bytes` bytes of `seed`. */
struct model_attribute {
    uint32_t node; /* model_none: not in use */
    uint8_t name;
    uint8_t seed;
    uint32_t value_bytes;
};

struct model {
    struct model_node nodes[model_node_max];
    struct model_entry entries[model_entry_max];
    struct model_event events[model_event_max];
    struct model_attribute attributes[model_attribute_max];
    uint32_t node_count;
    uint32_t entry_count;
    uint32_t event_count;
};

/* The place of a name in a directory, or model_none. */
uint32_t model_find(
    const struct model *model, uint32_t parent, const char *name, uint32_t name_bytes);

/* Room for one more node and one more entry, or model_none. */
uint32_t model_free_node(struct model *model);
uint32_t model_free_entry(struct model *model);

/* Adds a name; the caller knows that there is room. */
void model_name(
    struct model *model, uint32_t parent, const char *name, uint32_t name_bytes, uint32_t node);

/* Takes a name away; a node without names goes. */
void model_unname(struct model *model, uint32_t entry);

uint32_t model_count(const struct model *model, uint32_t parent);

/* Whether a directory is another one or in it. */
bool model_within(const struct model *model, uint32_t node, uint32_t ancestor);

/* False if there is no room to remember it. */
bool model_can_change(const struct model *model);
void model_write(
    struct model *model, uint32_t node, uint64_t offset_bytes, uint64_t size_bytes, uint8_t seed);
void model_cut(struct model *model, uint32_t node, uint64_t size_bytes);

/* What was written at an offset, by its seed. */
static inline uint8_t model_pattern(uint8_t seed, uint64_t offset_bytes)
{
    return (uint8_t)(seed + offset_bytes * 7 + (offset_bytes >> 8));
}

/* The byte of a file at an offset before its end. */
uint8_t model_byte(const struct model *model, uint32_t node, uint64_t offset_bytes);

/* The attribute of a node, or nullptr; node model_none: one that is free. */
struct model_attribute *model_attribute(struct model *model, uint32_t node, uint8_t name);
