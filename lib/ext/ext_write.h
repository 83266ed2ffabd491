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
