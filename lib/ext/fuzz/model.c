/* SPDX-License-Identifier: ISC */
/* The tree that should be. Contents are told by what was done to them, the last first. */
#include "model.h"

#include <string.h>

uint32_t model_find(
    const struct model *model, uint32_t parent, const char *name, uint32_t name_bytes)
{
    for (uint32_t index = 0; index < model->entry_count; index++) {
        const struct model_entry *entry = &model->entries[index];
        if (entry->node != model_none && entry->parent == parent &&
            entry->name_bytes == name_bytes && memcmp(entry->name, name, name_bytes) == 0) {
            return index;
        }
    }
    return model_none;
}

uint32_t model_free_node(struct model *model)
{
    for (uint32_t index = 0; index < model->node_count; index++) {
        if (model->nodes[index].type == EXT_TYPE_UNKNOWN) {
            return index;
        }
    }
    return model->node_count < model_node_max ? model->node_count++ : model_none;
}

uint32_t model_free_entry(struct model *model)
{
    for (uint32_t index = 0; index < model->entry_count; index++) {
        if (model->entries[index].node == model_none) {
            return index;
        }
    }
    if (model->entry_count == model_entry_max) {
        return model_none;
    }
    model->entries[model->entry_count].node = model_none;
    return model->entry_count++;
}

void model_name(
    struct model *model, uint32_t parent, const char *name, uint32_t name_bytes, uint32_t node)
{
    struct model_entry *entry = &model->entries[model_free_entry(model)];
    *entry = (struct model_entry){.name_bytes = name_bytes, .parent = parent, .node = node};
    memcpy(entry->name, name, name_bytes);
    model->nodes[node].link_count++;
}

void model_unname(struct model *model, uint32_t entry)
{
    uint32_t node = model->entries[entry].node;
    model->entries[entry].node = model_none;
    if (--model->nodes[node].link_count > 0) {
        return;
    }
    model->nodes[node].type = EXT_TYPE_UNKNOWN;
    uint32_t kept = 0;
    for (uint32_t index = 0; index < model->event_count; index++) {
        if (model->events[index].node != node) {
            model->events[kept++] = model->events[index];
        }
    }
    model->event_count = kept;
    for (uint32_t index = 0; index < model_attribute_max; index++) {
        if (model->attributes[index].node == node) {
            model->attributes[index].node = model_none;
        }
    }
}

uint32_t model_count(const struct model *model, uint32_t parent)
{
    uint32_t count = 0;
    for (uint32_t index = 0; index < model->entry_count; index++) {
        count += model->entries[index].node != model_none && model->entries[index].parent == parent;
    }
    return count;
}

static uint32_t parent_of(const struct model *model, uint32_t node)
{
    for (uint32_t index = 0; index < model->entry_count; index++) {
        if (model->entries[index].node == node) {
            return model->entries[index].parent;
        }
    }
    return model_root;
}

bool model_within(const struct model *model, uint32_t node, uint32_t ancestor)
{
    while (node != ancestor && node != model_root) {
        node = parent_of(model, node);
    }
    return node == ancestor;
}

bool model_can_change(const struct model *model)
{
    return model->event_count < model_event_max;
}

void model_write(
    struct model *model, uint32_t node, uint64_t offset_bytes, uint64_t size_bytes, uint8_t seed)
{
    uint64_t end_bytes = offset_bytes + size_bytes;
    model->events[model->event_count++] = (struct model_event){
        .node = node, .seed = seed, .offset_bytes = offset_bytes, .size_bytes = size_bytes};
    if (end_bytes > model->nodes[node].size_bytes) {
        model->nodes[node].size_bytes = end_bytes;
    }
}

void model_cut(struct model *model, uint32_t node, uint64_t size_bytes)
{
    struct model_node *file = &model->nodes[node];
    model->events[model->event_count++] =
        (struct model_event){.node = node, .cut = true, .offset_bytes = size_bytes};
    file->size_bytes = size_bytes;
    file->base_bytes = size_bytes < file->base_bytes ? size_bytes : file->base_bytes;
}

uint8_t model_byte(const struct model *model, uint32_t node, uint64_t offset_bytes)
{
    for (uint32_t index = model->event_count; index > 0; index--) {
        const struct model_event *event = &model->events[index - 1];
        if (event->node != node || offset_bytes < event->offset_bytes) {
            continue;
        }
        if (event->cut) {
            return 0;
        }
        if (offset_bytes - event->offset_bytes < event->size_bytes) {
            return model_pattern(event->seed, offset_bytes);
        }
    }
    const struct model_node *file = &model->nodes[node];
    return offset_bytes < file->base_bytes ? file->base[offset_bytes] : 0;
}

struct model_attribute *model_attribute(struct model *model, uint32_t node, uint8_t name)
{
    for (uint32_t index = 0; index < model_attribute_max; index++) {
        struct model_attribute *attribute = &model->attributes[index];
        if (attribute->node == node && (node == model_none || attribute->name == name)) {
            return attribute;
        }
    }
    return nullptr;
}
