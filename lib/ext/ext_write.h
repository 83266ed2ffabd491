/* SPDX-License-Identifier: ISC */
/*
 * Changing ext2, ext3 and ext4. Every call is one change, or a row of them that can be interrupted
 * between any two: one that fails leaves nothing half done, in memory and on the medium.
 *
 * A change is in the cache first. It survives a loss of power once ext_sync has returned OK, and
 * with a journal all changes before it do too, none of them in part.
 *
 * Statuses beside those of ext.h:
 *   READ_ONLY   the volume, the device or the mount is;
 *   NO_SPACE    no block or inode is left;
 *   DENIED      a flag of the inode forbids it (immutable, append only);
 *   TOO_LARGE   the format has no room for such a size or so many links.
 * After a commit has failed its status is returned by everything in here, and nothing is written.
 * So it is with CORRUPT after any call that has returned it; what was not synced then is lost.
 */
#pragma once

#include <lib/ext/ext.h>

/* The time that changes from now on are stamped with. */
void ext_set_time(struct ext_mount *mount, struct ext_time now);

/* Everything changed so far is on the medium, for certain, when this returns OK. */
enum status ext_sync(struct ext_mount *mount);

/*
 * On a volume with mmp: says once more that it is in use, which the owner of the mount does every
 * mount->geometry.mmp_update_seconds. UNSUPPORTED, and nothing is written any more, if somebody
 * else has taken it meanwhile; after another failure, too, but NO_MEMORY.
 */
enum status ext_mmp_tick(struct ext_mount *mount);

/* ext_sync, then the volume is marked as not in use; nothing can be written through it after. */
enum status ext_unmount(struct ext_mount *mount);

/* ---- Contents ------------------------------------------------------------------------------- */

/*
 * Writes to a file, which grows if need be; what is between its old end and `offset_bytes` reads as
 * zero. Whole blocks go straight from the buffer to the device before this returns, but for those
 * that are encrypted on the way. Short, with OK, only if space runs out after a part;
 * `*done_bytes_out` is right after a failure too. With buffer.bytes nullptr only whole blocks can
 * be written that are not encrypted; else INVALID_ARGUMENT. IS_DIRECTORY; INVALID_ARGUMENT for
 * other things without contents; DENIED, also if the file is sealed; NO_KEY.
 */
enum status ext_write(struct ext_mount *mount, struct ext_file *file,
    struct ext_read_request request, uint64_t *done_bytes_out);

/*
 * Makes a file `size_bytes` long; what is added reads as zero and takes no space. A great file
 * shrinks in several changes, each of which leaves it shorter. NO_KEY.
 */
enum status ext_truncate(struct ext_mount *mount, struct ext_file *file, uint64_t size_bytes);

/*
 * Takes space for a range, which reads as zero until it is written; the file grows to its end
 * unless `keep_size`. UNSUPPORTED for files without extents, which cannot tell such blocks.
 * Contents inside the inode move out of it. NO_KEY.
 */
enum status ext_reserve(struct ext_mount *mount, struct ext_file *file, uint64_t offset_bytes,
    uint64_t size_bytes, bool keep_size);

/* The greatest size that a file can have, by its way of mapping. */
uint64_t ext_file_size_max(const struct ext_mount *mount, const struct ext_inode *inode);

/* ---- What belongs to an inode beside its contents -------------------------------------------- */

/*
 * Sets an attribute; an access list changes the mode too, and is the mode if it says no more.
 * TOO_LARGE if no volume like this has room for such an attribute, NO_SPACE if the others are in
 * its way; UNSUPPORTED; DENIED for attributes of users on what has no contents.
 */
enum status ext_set_attribute(
    struct ext_mount *mount, struct ext_file *file, const struct ext_attribute_request *request);

/* NOT_FOUND; else as ext_set_attribute. */
enum status ext_remove_attribute(
    struct ext_mount *mount, struct ext_file *file, const char *name, uint32_t name_bytes);

/* Which fields ext_set_attributes sets, or-ed together. */
enum ext_set : uint32_t {
    EXT_SET_MODE = 1 << 0,
    EXT_SET_USER = 1 << 1,
    EXT_SET_GROUP = 1 << 2,
    EXT_SET_PROJECT = 1 << 3,
    EXT_SET_FLAGS = 1 << 4,
    EXT_SET_ACCESSED = 1 << 5,
    EXT_SET_MODIFIED = 1 << 6,
    EXT_SET_CREATED = 1 << 7, /* lost where the inode is too small */
};

/*
 * Flags of an inode that may be changed: secure deletion, undelete, synchronous, immutable, append
 * only, no dump, no access times, directory synchronous, top of a tree, projects inherited, and of
 * an empty directory whether case matters.
 */
constexpr uint32_t ext_flags_changeable = 0x6003'00fb;

struct ext_attributes {
    uint32_t set; /* of enum ext_set; all other fields are ignored */
    uint32_t user_id;
    uint32_t group_id;
    uint32_t project_id;
    uint32_t flags;
    uint16_t mode; /* only the lower 12 bits: permissions */
    struct ext_time accessed;
    struct ext_time modified;
    struct ext_time created;
};

/*
 * Sets fields of an inode as one change. DENIED if it is immutable (only its flags can be changed
 * then) or append only (access time and flags); INVALID_ARGUMENT for other bits of the mode, flags
 * that are not changeable, and nanoseconds of a second or more; UNSUPPORTED for a project id where
 * the volume has none. Case: NOT_DIRECTORY; NOT_EMPTY; UNSUPPORTED if the volume cannot fold names,
 * or the directory, which is encrypted, has been so full that it keeps hashes of names.
 */
enum status ext_set_attributes(
    struct ext_mount *mount, struct ext_file *file, const struct ext_attributes *wanted);

/*
 * The file was read: its access time is now, if it was not younger than its last change anyway or
 * is more than a day old. OK without that on what says that it wants none, or cannot be changed.
 */
enum status ext_note_access(struct ext_mount *mount, struct ext_file *file);

struct ext_encryption {
    uint8_t key_identifier[ext_key_identifier_bytes]; /* as ext_key_add tells it */
    uint32_t padding_bytes; /* 4, 8, 16 or 32: lengths of names are a multiple of it */
};

/*
 * What is made in an empty directory from now on is encrypted. OK if it is alike already, EXISTS if
 * otherwise. NOT_DIRECTORY; NOT_EMPTY; NO_KEY; DENIED for the root; UNSUPPORTED if the volume has
 * no encryption, the mount has no source of nonces, or the directory, in which case does not
 * matter, has been so full that it keeps hashes of names; INVALID_ARGUMENT.
 */
enum status ext_encrypt_directory(
    struct ext_mount *mount, uint64_t number, const struct ext_encryption *wanted);

/* ---- Names ---------------------------------------------------------------------------------- */

/*
 * A name has 1 to ext_name_bytes_max bytes, none of which is '/' or NUL, and is neither "." nor
 * "..": else INVALID_ARGUMENT or NAME_TOO_LONG. A parent is the number of a directory: else
 * NOT_DIRECTORY. Beside its own change each call sets the times of the directories and inodes.
 *
 * In an encrypted directory: NO_KEY without its key, so what needs no names of it, as removing it
 * when it is empty, needs none. In one where case does not matter: a name is there if one is that
 * folds to the same; INVALID_ARGUMENT for what is no UTF-8 if the volume insists on that.
 */

struct ext_new_inode {
    uint16_t mode; /* type and permissions, POSIX values */
    uint32_t user_id;
    uint32_t group_id;      /* that of the parent takes its place if the parent's mode says so */
    uint32_t device_major;  /* of devices: up to 12 bits */
    uint32_t device_minor;  /* of devices: up to 20 bits */
    struct ext_name target; /* of symbolic links: without NUL, shorter than a block */
};

/*
 * Makes a file, directory, symbolic link, device, fifo or socket. It gets flags, project, default
 * access control list and encryption from its parent. EXISTS; UNSUPPORTED if it is to be encrypted
 * and the mount has no source of nonces; TOO_LARGE if the parent cannot have one more
 * subdirectory; INVALID_ARGUMENT or NAME_TOO_LONG for what cannot be made.
 */
enum status ext_create(struct ext_mount *mount, uint64_t parent, struct ext_name name,
    const struct ext_new_inode *wanted, uint64_t *number_out);

/*
 * One more name for an inode. EXISTS; DENIED for directories; TOO_LARGE; CROSS_DEVICE if the
 * directory hands another project or another encryption down.
 */
enum status ext_link(
    struct ext_mount *mount, uint64_t number, uint64_t parent, struct ext_name name);

/*
 * Takes away a name of what is no directory: IS_DIRECTORY. With the last name the inode goes, if
 * need be in a row of changes; with `keep_inode` only at ext_forget, or at the next mount.
 */
enum status ext_unlink(
    struct ext_mount *mount, uint64_t parent, struct ext_name name, bool keep_inode);

/* As ext_unlink for an empty directory: NOT_EMPTY. */
enum status ext_remove_directory(
    struct ext_mount *mount, uint64_t parent, struct ext_name name, bool keep_inode);

enum ext_rename_mode : uint32_t {
    EXT_RENAME_REPLACE,    /* what has the new name loses it, and goes like with ext_unlink */
    EXT_RENAME_NO_REPLACE, /* EXISTS */
    EXT_RENAME_EXCHANGE,   /* both change names; NOT_FOUND if one is not there */
};

struct ext_rename {
    uint64_t source_parent;
    struct ext_name source;
    uint64_t target_parent;
    struct ext_name target;
    enum ext_rename_mode mode;
    bool keep_inode; /* of what is replaced */
};

/*
 * Moves a name. If both names lead to one inode, nothing happens, unless they are one name whose
 * case is to change. A directory replaces an empty
 * directory, anything else what is no directory: NOT_DIRECTORY, IS_DIRECTORY, NOT_EMPTY.
 * INVALID_ARGUMENT if a directory would come into itself; CROSS_DEVICE as ext_link.
 */
enum status ext_rename(struct ext_mount *mount, const struct ext_rename *request);

/* Nobody holds an inode any more: it is deleted if it has no name. */
enum status ext_forget(struct ext_mount *mount, uint64_t number);
