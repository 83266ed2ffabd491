# SPDX-License-Identifier: ISC
"""ext2/3/4 volumes, made by mke2fs and filled by debugfs.

`mke2fs -d` would copy times and owners of the host's files; debugfs takes its clock from the
environment and leaves owners at root, and modes are set to what the tree says.
"""
import uuid
from pathlib import Path

from imagemaker import gpt, host
from imagemaker.tree import Entry, Tree, files, folders

BLOCK_BYTES = 4096
INODE_BYTES = 256
INODES_MIN = 256
JOURNAL_MIB = 4
MEBIBYTE = 1 << 20
SLACK_BYTES = 8 << 20
MODE_REGULAR = 0o100000
HARMLESS_ANSWERS = ("debugfs", "Allocated inode:", "Filesystem features:",
                    "Setting csum v")
FOLDER_EXISTS = "Ext2 directory already exists"

FEATURES = {
    "ext2": "none,ext_attr,resize_inode,dir_index,filetype,sparse_super,large_file",
    "ext3": "none,has_journal,ext_attr,resize_inode,dir_index,filetype,sparse_super,large_file",
    "ext4": "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,"
            "sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum",
}


def size_for(tree: Tree) -> int:
    """A size that holds the tree, a journal and some room, in whole mebibytes."""
    content = sum(-(-len(entry.data) // BLOCK_BYTES) * BLOCK_BYTES + BLOCK_BYTES
                  for entry in tree.values())
    needed = content * 5 // 4 + JOURNAL_MIB * MEBIBYTE + SLACK_BYTES
    return -(-needed // MEBIBYTE) * MEBIBYTE


def quote(text: str) -> str:
    """A word for debugfs, which knows double quotes only."""
    if '"' in text or "\n" in text:
        raise host.MakerError(f"debugfs cannot be given the name {text!r}")
    return f'"{text}"'


def _requests(tree: Tree, scratch: Path) -> list[str]:
    requests = [f"mkdir {quote(folder)}" for folder in folders(tree)]
    for number, (path, entry) in enumerate(files(tree)):
        if entry.link:
            requests.append(f"symlink {quote(path)} {quote(entry.link)}")
            continue
        source = scratch / str(number)
        source.write_bytes(entry.data)
        source.chmod(0o600)
        requests += [f"write {source} {quote(path)}",
                     f"sif {quote(path)} mode 0{MODE_REGULAR | entry.mode:o}"]
    return requests


def debugfs(volume: str, requests: list[str], scratch: Path) -> None:
    """Let debugfs change a volume; `volume` may be "FILE?offset=BYTES" for one inside a disk."""
    script = scratch / "requests"
    script.write_text("\n".join(requests) + "\n", encoding="utf-8")
    answer = host.run(["debugfs", "-w", "-f", str(script), volume]).decode(errors="replace")
    # debugfs ends with status 0 whatever happened: its answers must be the echo of the requests,
    # the numbers of new inodes and folders that are there already, nothing else.
    for line in answer.splitlines():
        harmless = line.startswith(HARMLESS_ANSWERS) or FOLDER_EXISTS in line
        if not harmless and line.strip():
            raise host.MakerError(f"debugfs: {line}")


def put(volume: str, tree: Tree) -> None:
    """Add files to a volume."""
    with host.scratch() as scratch:
        debugfs(volume, _requests(tree, scratch), scratch)


def make(target: Path, tree: Tree, label: str, kind: str = "ext4", size_bytes: int | None = None,
         options: tuple[str, ...] = ()) -> int:
    """Write a volume with the files of the tree; its size in bytes."""
    size_bytes = size_bytes or size_for(tree)
    identity = str(uuid.UUID(gpt.guid_for("volume " + label)))
    seed = str(uuid.UUID(gpt.guid_for("hash seed " + label)))
    journal = ["-J", f"size={JOURNAL_MIB}"] if kind != "ext2" else []
    inodes = max(INODES_MIN, len(tree) * 2)
    target.unlink(missing_ok=True)
    host.run(["mke2fs", "-q", "-F", "-O", FEATURES[kind], "-b", str(BLOCK_BYTES),
              "-I", str(INODE_BYTES), "-N", str(inodes), "-m", "0", "-L", label, "-U", identity,
              "-E", f"hash_seed={seed},lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
              *journal, *options, str(target), f"{size_bytes // 1024}k"])
    if tree:
        put(str(target), tree)
    return size_bytes


def file(text: str) -> Entry:
    """An entry with a text."""
    return Entry(text.encode())
