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
 */
#pragma once

#include <lib/ext/ext.h>

/* The time that changes from now on are stamped with. */
void ext_set_time(struct ext_mount *mount, struct ext_time now);

/* Everything changed so far is on the medium, for certain, when this returns OK. */
enum status ext_sync(struct ext_mount *mount);

/* ext_sync, then the volume is marked as not in use; nothing can be written through it after. */
enum status ext_unmount(struct ext_mount *mount);

/* ---- Contents ------------------------------------------------------------------------------- */

/*
 * Writes to a file, which grows if need be; what is between its old end and `offset_bytes` reads as
 * zero. Whole blocks go straight from the buffer to the device before this returns. Short, with OK,
 * only if space runs out after a part; `*done_bytes_out` is right after a failure too. With
 * buffer.bytes nullptr only whole blocks can be written; else INVALID_ARGUMENT. IS_DIRECTORY;
 * INVALID_ARGUMENT for other things without contents; DENIED.
 */
enum status ext_write(struct ext_mount *mount, struct ext_file *file,
    struct ext_read_request request, uint64_t *done_bytes_out);

/*
 * Makes a file `size_bytes` long; what is added reads as zero and takes no space. A great file
 * shrinks in several changes, each of which leaves it shorter.
 */
enum status ext_truncate(struct ext_mount *mount, struct ext_file *file, uint64_t size_bytes);

/*
 * Takes space for a range, which reads as zero until it is written; the file grows to its end
 * unless `keep_size`. UNSUPPORTED for files without extents, which cannot tell such blocks.
 */
enum status ext_reserve(struct ext_mount *mount, struct ext_file *file, uint64_t offset_bytes,
    uint64_t size_bytes, bool keep_size);

/* The greatest size that a file can have, by its way of mapping. */
uint64_t ext_file_size_max(const struct ext_mount *mount, const struct ext_inode *inode);
