/* SPDX-License-Identifier: ISC */
/*
 * How the names of one directory are stored: encrypted or not, and whether case matters. Private to
 * lib/ext.
 */
#pragma once

#include "crypt.h"

/* The names of one directory; the inode is borrowed. Key and policy are read when one is needed. */
struct ext_names {
    struct ext_mount *mount;
    const struct ext_inode *directory;
    bool policy_known;
    struct ext_policy policy;
    struct ext_stored_name converted; /* the name encrypted or decrypted last */
};

static inline struct ext_names ext_names_of(
    struct ext_mount *mount, const struct ext_inode *directory)
{
    return (struct ext_names){.mount = mount, .directory = directory};
}

/* Whether a name is "." or "..", which are stored as they are. */
bool ext_name_is_dot(const char *name, uint32_t name_bytes);

/* What is wrong with a stored name by itself, in a record of so many bytes; nullptr if nothing. */
const char *ext_stored_name_fault(const struct ext_inode *directory, const char *name,
    uint32_t name_bytes, uint32_t record_bytes);

/*
 * A name stored in a block becomes the one that is shown; the result is borrowed until the next
 * call.
 */
enum status ext_names_show(
    struct ext_names *names, const char **name, uint32_t *name_bytes, uint64_t block);

/*
 * A name as users write it becomes the one to look for. An encrypted one is borrowed from `names`,
 * one that ignores case borrows them. INVALID_ARGUMENT if no name in the directory can be it.
 */
enum status ext_names_stored(struct ext_names *names, struct ext_name *name);

struct ext_new_entry;

/*
 * A name as users write it becomes that of a new entry, which borrows it and `names`, until `names`
 * are used for something else. As ext_names_stored.
 */
enum status ext_names_entry(
    struct ext_names *names, struct ext_name name, struct ext_new_entry *entry);

/* Whether a stored name is one that ext_names_stored has made, and that ignores case. */
enum status ext_names_alike(
    struct ext_name stored, struct ext_name name, uint64_t block, bool *equal_out);

/*
 * Whether an inode may have a name in the directory: in an encrypted one, but for the dots, only
 * what is encrypted alike, if it has anything to encrypt.
 */
enum status ext_names_fit_child(
    struct ext_names *names, const struct ext_inode *child, bool *fits_out);

/* What is said of one that has a name there nevertheless. */
constexpr char ext_names_misfit[] = "file with another policy";

/* CORRUPT if it does not fit: somebody has put it there who does not know the key. */
enum status ext_names_check_child(struct ext_names *names, uint64_t number);
