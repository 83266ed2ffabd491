/* SPDX-License-Identifier: ISC */
/*
 * One row a command.
 */
#include "help.h"

const char options_help[] =
    "\nIMAGE is a file with an ext2, ext3 or ext4 volume from its first byte on. Options:\n"
    "  --journal FILE   the volume's journal, if it is in a file of its own\n"
    "  --key HEX        a master key of 64 bytes, for encrypted files; may come more than once\n"
    "  --trust sha256:HEX   the digest of a sealed file, or sha512:HEX; likewise\n"
    "  --time SECONDS   what changes are stamped with, since 1970; without it the environment's\n"
    "                   E2FSPROGS_FAKE_TIME, or the time of this computer\n"
    "Exit status: 0 well, 1 something failed, 2 wrong usage.\n";

const struct command commands[] = {
    {"info", "IMAGE", "what the volume is: size, features, state",
        "  erixfs info disk.img\n"
        "  erixfs info --journal journal.img disk.img\n",
        "", VOLUME_READ, 0, 0, command_info},
    {"ls", "IMAGE [PATH]", "the entries of a directory",
        "  erixfs ls disk.img            the root\n"
        "  erixfs ls disk.img /etc\n"
        "A line is: type and permissions, links, user, group, bytes, name.\n",
        "", VOLUME_READ, 0, 1, command_list},
    {"cat", "IMAGE PATH", "the contents of a file",
        "  erixfs cat disk.img /etc/motd >motd\n"
        "Links are followed.\n",
        "", VOLUME_READ, 1, 1, command_cat},
    {"tree", "IMAGE [PATH]", "everything below a directory",
        "  erixfs tree disk.img /etc\n"
        "Two spaces a level; a slash behind a directory; a link's target behind an arrow.\n",
        "", VOLUME_READ, 0, 1, command_tree},
    {"stat", "IMAGE [PATH]", "attributes of a file and where its blocks are",
        "  erixfs stat disk.img /bin/sh\n"
        "A link at the end of the path is not followed.\n",
        "", VOLUME_READ, 0, 1, command_stat},
    {"check", "IMAGE", "all that is wrong with the volume",
        "  erixfs check disk.img\n"
        "A line each, on the standard output; nothing if the volume is well. Repairs nothing.\n",
        "", VOLUME_CHECK, 0, 0, command_check},
    {"put", "IMAGE FILE PATH", "put a file of this computer onto the volume",
        "  erixfs put disk.img kernel.elf /boot/kernel\n"
        "  echo hello | erixfs put disk.img - /etc/motd\n"
        "The mode and the time of the last modification are those of FILE (- is the standard\n"
        "input: 0644, now); the owner is 0:0. What is there under that name, other than a\n"
        "directory, is replaced once all is written: another name of it keeps the old contents.\n"
        "Holes of FILE stay holes. If anything fails, nothing is changed.\n",
        "", VOLUME_WRITE, 2, 2, command_put},
    {"mkdir", "IMAGE PATH", "make a directory",
        "  erixfs mkdir disk.img /boot\n"
        "Its mode is 0755, its owner 0:0.\n",
        "", VOLUME_WRITE, 1, 1, command_mkdir},
    {"rm", "[-r] IMAGE PATH", "remove a name, and with the last one the file",
        "  erixfs rm disk.img /etc/motd\n"
        "  erixfs rm -r disk.img /usr     a directory and everything below it\n"
        "Without -r directories are removed only if they are empty. -r ends at the first\n"
        "name that cannot be removed, and says which; what was removed before stays so.\n",
        "r", VOLUME_WRITE, 1, 1, command_rm},
    {"mv", "[-T] IMAGE PATH NEW", "rename or move",
        "  erixfs mv disk.img /etc/motd /etc/issue\n"
        "  erixfs mv disk.img /etc/motd /boot      into a directory that is there\n"
        "  erixfs mv -T disk.img /new /old     NEW is the name itself, not where to move to\n"
        "A file that has the new name already is replaced, in one step; with -T\n"
        "an empty directory, too.\n",
        "T", VOLUME_WRITE, 2, 2, command_mv},
    {"ln", "[-s] IMAGE TARGET PATH", "one more name for a file; -s: a symbolic link",
        "  erixfs ln disk.img /bin/busybox /bin/ls\n"
        "  erixfs ln -s disk.img busybox /bin/ls     TARGET is stored as it is\n",
        "s", VOLUME_WRITE, 2, 2, command_ln},
    {"write", "IMAGE FILE PATH OFFSET", "write into a file that is there",
        "  erixfs write disk.img patch.bin /boot/kernel 4096\n"
        "  printf x | erixfs write disk.img - /log 0\n"
        "What is in FILE (- is the standard input) goes into the file from OFFSET on; it grows if\n"
        "need be. All of FILE is read before anything is changed.\n",
        "", VOLUME_WRITE, 3, 3, command_write},
    {"truncate", "IMAGE PATH SIZE", "make a file so many bytes long",
        "  erixfs truncate disk.img /log 0\n"
        "What is added reads as zero and takes no space.\n",
        "", VOLUME_WRITE, 2, 2, command_truncate},
    {"chmod", "IMAGE MODE PATH", "set the permissions, an octal number",
        "  erixfs chmod disk.img 0755 /bin/sh\n", "", VOLUME_WRITE, 2, 2, command_chmod},
    {"chown", "IMAGE USER:GROUP PATH", "set the owners, two numbers",
        "  erixfs chown disk.img 1000:100 /home/me\n"
        "A link at the end of the path is not followed.\n",
        "", VOLUME_WRITE, 2, 2, command_chown},
    {"touch", "IMAGE SECONDS PATH", "set the time of the last modification",
        "  erixfs touch disk.img 1700000000 /etc/motd\n"
        "Seconds since 1970. The file must be there.\n",
        "", VOLUME_WRITE, 2, 2, command_touch},
    {"encrypt", "--key HEX IMAGE PATH", "encrypt what is made in an empty directory from now on",
        "  erixfs encrypt --key HEX disk.img /private\n"
        "Names and contents, with the first key that is given. What is made in there later needs\n"
        "the key, too.\n",
        "", VOLUME_WRITE, 1, 1, command_encrypt},
    {"fold", "IMAGE PATH", "ignore case of names in an empty directory",
        "  erixfs fold disk.img /documents\n"
        "Directories that are made in there later do the same.\n",
        "", VOLUME_WRITE, 1, 1, command_fold},
    {"xattr list", "IMAGE PATH", "the names of extended attributes",
        "  erixfs xattr list disk.img /file\n", "", VOLUME_READ, 1, 1, command_xattr_list},
    {"xattr get", "IMAGE PATH NAME", "the value of an extended attribute",
        "  erixfs xattr get disk.img /file user.colour\n"
        "Prints the bytes of the value as they are.\n",
        "", VOLUME_READ, 2, 2, command_xattr_get},
    {"xattr set", "IMAGE PATH NAME VALUE", "make or replace an extended attribute",
        "  erixfs xattr set disk.img /file user.colour blue\n"
        "NAME begins with user., trusted., security. or system.; VALUE is the bytes of the word.\n",
        "", VOLUME_WRITE, 3, 3, command_xattr_set},
    {"xattr remove", "IMAGE PATH NAME", "take an extended attribute away",
        "  erixfs xattr remove disk.img /file user.colour\n", "", VOLUME_WRITE, 2, 2,
        command_xattr_remove},
    {"mount", "[-f] [-o ro] IMAGE FOLDER", "the volume as a folder of this computer",
        "  mkdir there; erixfs mount disk.img there; ls there; fusermount3 -u there\n"
        "Through FUSE, without root. -f stays in the foreground and ends when it is unmounted;\n"
        "without it, wait until the image is no longer in use. -o ro: nothing can be changed;\n"
        "-o allow_other: other users may come too, and permissions are checked. A volume that\n"
        "was not unmounted must be replayed first. Reading a file does not change its times.\n",
        "fo", VOLUME_WRITE, 1, 1, command_mount},
    {"replay", "IMAGE", "replay the journal, and nothing else",
        "  erixfs replay disk.img\n"
        "Brings a volume that was not unmounted to its last complete transaction. Tells how many\n"
        "transactions were replayed; 0 if there was nothing to do.\n",
        "", VOLUME_REPLAY, 0, 0, command_replay},
};

const size_t command_count = sizeof commands / sizeof commands[0];
