# SPDX-License-Identifier: ISC
"""Makes media from recipes, by the host's tools and exact edits: the same bytes each time.

Two things come of a recipe: the bytes of a volume, and a model of the files that are on it.
"""
import hashlib
import lzma
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from imagemaker import ext, host
from media import damage, layout
from media.recipe import DATA, ROOT, Recipe, RecipeError, load
from media.tree import Content, Node, Tree, TreeError

IDENTITY = "d0e1f2a3-b4c5-4d6e-8f70-8192a3b4c5d6"
HASH_SEED = "1a2b3c4d-5e6f-4071-8293-a4b5c6d7e8f9"
COPY_BYTES = 1 << 20
SIZE_MIB = 12
# mke2fs writes it into the block of multiple mount protection.
WORKING_NAME = "volume.img"
# Fields of an inode as debugfs calls them.
INODE_FIELDS = {
    "links": "links_count",
    "mtime": "mtime",
    "atime": "atime",
    "ctime": "ctime",
    "crtime": "crtime",
    "flags": "flags",
    "generation": "generation",
    "project": "projid",
    "mtime_extra": "mtime_extra",
    "atime_extra": "atime_extra",
     "dtime": "dtime"}
TIMES = ("mtime", "atime", "ctime", "crtime")
VERITY_FLAG = 0x100000
VERITY_ALIGN_BYTES = 65536
REVOKE_START = struct.pack(">II", damage.JOURNAL_MAGIC, damage.JOURNAL_REVOKE)
COMMIT_TIME = struct.pack(">QI", host.EPOCH_S, 0)


@dataclass
class Medium:
    """A volume in a file, and what is on it."""
    recipe: Recipe
    image: Path
    tree: Tree
    touched: list[tuple[int, int]]


class Maker:
    """One medium on its way; `scratch` is a folder for files in between."""

    def __init__(self, recipe: Recipe, image: Path, scratch: Path):
        self.recipe = recipe
        self.image = image
        self.scratch = scratch
        self.tree = Tree()
        self.touched: list[tuple[int, int]] = []
        self._number = 0

    def make(self) -> Medium:
        """Do all that the recipe says."""
        try:
            self._begin()
            for step in self.recipe.steps if not self._from_twin() else ():
                word, given = next(iter(step.items()))
                getattr(self, "_step_" + word)(given)
            if self.recipe.damage:
                self._patch(self.recipe.damage, self.recipe.checksums == "repaired")
        except (host.MakerError, TreeError, layout.LayoutError, damage.DamageError) as error:
            raise RecipeError(f"{self.recipe.name}: {error}") from error
        punch_zeros(self.image)
        return Medium(self.recipe, self.image, self.tree, self.touched)

    def _from_twin(self) -> bool:
        return bool(self.recipe.twin) and not self.recipe.volume and not self.recipe.data

    def _begin(self) -> None:
        if self._from_twin():
            twin = Maker(load(self.recipe.twin), self.image, self.scratch).make()
            self.tree = twin.tree
            return
        if self.recipe.data:
            self.image.write_bytes(lzma.decompress((DATA / f"{self.recipe.data}.xz").read_bytes()))
            for line in self.recipe.tree.splitlines():
                self.tree.add(line)
            return
        self._format(self.recipe.volume)
        if self.recipe.tree:
            self._step_tree(self.recipe.tree)

    def _format(self, volume: dict) -> None:
        self.image.unlink(missing_ok=True)
        with open(self.image, "wb") as file:
            file.truncate(volume.get("size_mib", SIZE_MIB) << 20)
        features = volume.get("features", self.recipe.family)
        for kind, words in ext.FEATURES.items():
            features = words + features[len(kind):] if features.split(",")[0] == kind else features
        words = ["mke2fs", "-q", "-F", "-m", "0", "-b",
            str(volume.get("block_bytes", 4096)), "-O", features]
        if "journal_dev" not in features:
            words += ["-I", str(volume.get("inode_bytes", 256)),
                                "-N", str(volume.get("inodes", 256))]
            if "has_journal" in features.split(","):
                words += ["-J", f"size={volume.get('journal_mib', 4)}"]
            extended = [f"hash_seed={HASH_SEED}", "lazy_itable_init=0", "lazy_journal_init=0",
                        "root_owner=0:0", *volume.get("extended", ())]
            words += ["-E", ",".join(extended)]
        identity = self.recipe.identifier or IDENTITY
        host.run([*words, "-L", volume.get("label", "erix"), "-U",
                 identity, *volume.get("options", ()), str(self.image)])

    def _file(self, content: Content) -> Path:
        """A file of the host with these bytes, and with holes where there are none."""
        self._number += 1
        path = self.scratch / f"{self._number}"
        with open(path, "wb") as file:
            for at, piece in content.pieces:
                file.seek(at)
                file.write(piece)
            file.truncate(content.size_bytes)
        path.chmod(0o600)
        return path

    def _step_tree(self, text: str) -> None:
        requests: list[str] = []
        linked: list[Node] = []
        for line in text.splitlines():
            word = line.split()[0] if line.split() else ""
            for path in self.tree.add(line):
                node = self.tree.nodes[path]
                if word == "attr":
                    requests += self._attribute_requests(path, node, line.split()[2])
                elif word == "set":
                    requests += self._field_requests(path, node, line.split()[2:])
                else:
                    requests += self._requests(word, path, node, linked)
        for node in linked:
            path = self.tree.names(node)[0]
            requests.append(f"sif {ext.quote(path)} links_count {self.tree.links(path)}")
        self._step_debugfs(requests)

    def _requests(self, word: str, path: str, node: Node, linked: list[Node]) -> list[str]:
        quoted = ext.quote(path)
        if word == "hard":
            linked.append(node)
            return [f"ln {ext.quote(self.tree.names(node)[0])} {quoted}"]
        if node.kind == "link":
            return [f"symlink {quoted} {ext.quote(node.target)}"]
        if node.kind == "dir":
            requests = [f"mkdir {quoted}"]
        elif node.kind == "file":
            requests = [f"write {self._file(node.content)} {quoted}"]
        else:
            device = f" {node.device[0]} {node.device[1]}" if node.kind != "fifo" else ""
            letter = "p" if node.kind == "fifo" else node.kind[0]
            # mknod takes no path: it makes a name in the current folder.
            folder, _, name = path.rpartition("/")
            requests = [
    f"cd {ext.quote(folder or '/')}",
    f"mknod {ext.quote(name)} {letter}{device}",
     "cd /"]
        requests.append(f"sif {quoted} mode 0{node.type_mode:o}")
        if node.owner != (0, 0):
            requests += [f"sif {quoted} uid {node.owner[0]}", f"sif {quoted} gid {node.owner[1]}"]
        return requests

    def _attribute_requests(self, path: str, node: Node, name: str) -> list[str]:
        content = Content()
        content.put(0, node.attributes[name])
        return [f"ea_set -f {self._file(content)} {ext.quote(path)} {name}"]

    @staticmethod
    def _field_requests(path: str, node: Node, words: list[str]) -> list[str]:
        requests = []
        for word in words:
            field = word.partition("=")[0]
            if field not in INODE_FIELDS:
                raise TreeError(f"`set {path} {word}`: one of {', '.join(INODE_FIELDS)}")
            value = node.given[field]
            text = f"@{value}" if field in TIMES else str(value)
            requests.append(f"sif {ext.quote(path)} {INODE_FIELDS[field]} {text}")
        return requests

    def _step_debugfs(self, requests: list[str], image: Path | None = None) -> None:
        if requests:
            ext.debugfs(str(image or self.image), requests, self.scratch)

    def _e2fsck(self, words: list[str]) -> None:
        environment = host.environment() | {"E2FSCK_TIME": str(host.EPOCH_S)}
        done = subprocess.run(["e2fsck", *words, str(self.image)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
                              timeout=host.TIMEOUT_S, check=False)
        if done.returncode not in (0, 1):
            raise host.MakerError(f"e2fsck {' '.join(words)}: status {done.returncode}\n"
                                  + done.stdout.decode(errors="replace"))

    def _step_tune(self, words: list[str]) -> None:
        host.run(["tune2fs", *words, str(self.image)])

    def _step_index(self, _given: bool) -> None:
        self._e2fsck(["-fyD"])

    def _step_check(self, _given: bool) -> None:
        self._e2fsck(["-fy"])

    def _step_remove(self, paths: list[str]) -> None:
        for path in paths:
            self._step_debugfs([f"{'rmdir' if self.tree.nodes[path].kind == 'dir' else 'rm'} "
                                + ext.quote(path)])
            self.tree.remove(path)

    def _step_patch(self, changes: list[dict]) -> None:
        self._patch(changes, True)

    def _patch(self, changes, repair: bool) -> None:
        volume = layout.Volume(bytearray(self.image.read_bytes()))
        for change in changes:
            self.touched += damage.apply(volume, change, repair)
        self.image.write_bytes(volume.data)

    def _step_verity(self, given: list[str]) -> None:
        """Seal a file as Linux does: tree and description behind its contents, from the next 64
        KiB on."""
        path, algorithm, salt, *signer = [*given, ""] if len(given) == 2 else given
        node = self.tree.nodes[path]
        source = self._file(node.content)
        merkle, descriptor = self.scratch / "merkle", self.scratch / "descriptor"
        options = [f"--salt={salt}"] if salt else []
        host.run(["fsverity", "digest", str(source), f"--hash-alg={algorithm}", *options,
                  f"--out-merkle-tree={merkle}", f"--out-descriptor={descriptor}"])
        sealed = Content(list(node.content.pieces), node.content.size_bytes)
        at = -(-sealed.size_bytes // VERITY_ALIGN_BYTES) * VERITY_ALIGN_BYTES
        sealed.put(at, merkle.read_bytes())
        described = descriptor.read_bytes()
        if signer:
            described = self._signed(source, described, algorithm, *signer)
        at = -(-sealed.size_bytes // 4096) * 4096
        sealed.put(at, described)
        # The size of the description is the last word of the last block.
        end = -(-(at + len(described) + 4) // 4096) * 4096
        sealed.put(end - 4, struct.pack("<I", len(described)))
        quoted = ext.quote(path)
        self._step_debugfs([f"rm {quoted}", f"write {self._file(sealed)} {quoted}",
                            f"sif {quoted} mode 0{node.type_mode:o}",
                            f"sif {quoted} size {node.content.size_bytes}",
                            f"sif {quoted} flags 0x{0x80000 | VERITY_FLAG:x}"])
        node.given["flags"] = 0x80000 | VERITY_FLAG

    def _signed(self, source: Path, described: bytes, algorithm: str, key: str, certificate: str
                ) -> bytes:
        """A description with a signature behind it, whose size stands at byte 4."""
        signature = self.scratch / "signature"
        host.run(["fsverity", "sign", str(source), str(signature), f"--hash-alg={algorithm}",
                  f"--key={ROOT / key}", f"--cert={ROOT / certificate}"])
        signed = signature.read_bytes()
        return described[:4] + struct.pack("<I", len(signed)) + described[8:] + signed

    def _step_directory(self, given: dict) -> None:
        """A folder of very many names for one file, as linear entries; e2fsck makes a tree of it.
        The names go in as the bytes of a file: entered one by one they would take quadratic
        time."""
        path, name, target = given["path"], given["name"], given["target"]
        count = given["count"]
        data = bytearray(self.image.read_bytes())
        volume = layout.Volume(data)
        file = volume.find(target)
        names = [(name.replace("%d", str(number))).encode() for number in range(1, count + 1)]
        content = Content()
        content.put(0, linear_blocks(names, file, volume.block_bytes))
        quoted = ext.quote(path)
        self._step_debugfs([f"write {self._file(content)} {quoted}", f"sif {quoted} mode 040755",
                            f"sif {quoted} links_count 2",
                            f"sif {ext.quote(target)} links_count {count + 1}"])
        self._step_check(True)
        self._step_index(True)
        self.tree.nodes[path] = Node("dir", 0o755)
        for each in names:
            self.tree.nodes[f"{path}/{each.decode()}"] = self.tree.nodes[target]
        self.tree.nodes[target].given["links"] = count + 1

    def _step_journal(self, given: dict) -> None:
        """Leave later changes in the journal only: made on a copy, of which the blocks that
        differ become a transaction that is written here. `revoke` names a file whose first block
        is written, too, and then revoked."""
        copy = self.scratch / "later"
        options = f" -c -v {given['version']}" if given.get("version") else ""
        outside = f" -f {self.scratch / given['outside']}" if given.get("outside") else ""
        requests = ["jo" + options + outside]
        for text in given["transactions"]:
            copy.write_bytes(self.image.read_bytes()) if not copy.exists() else None
            before = copy.read_bytes()
            real, self.image = self.image, copy
            try:
                self._step_tree(text)
            finally:
                self.image = real
            requests += self._transaction(before, copy.read_bytes())
        if given.get("revoke"):
            volume = layout.Volume(bytearray(self.image.read_bytes()))
            block = volume.file_block(volume.find(given["revoke"]), 0)
            garbage = Content()
            garbage.put(0, b"revoked!" * (volume.block_bytes // 8))
            requests += [f"jw -b {block} {self._file(garbage)}", f"jw -r {block}"]
        requests.append("jc")
        self._step_debugfs(requests)
        self._settle_commit_times()

    def _transaction(self, before: bytes, after: bytes) -> list[str]:
        size = layout.Volume(bytearray(after[:4096])).block_bytes
        blocks = [at // size for at in range(0, len(before), size)
                                             if before[at:at + size] != after[at:at + size]]
        content = Content()
        content.put(0, b"".join(after[block * size:(block + 1) * size] for block in blocks))
        return [f"jw -b {','.join(map(str, blocks))} {self._file(content)}"]

    def _settle_commit_times(self) -> None:
        """debugfs takes the real clock for commit blocks, and leaves revoke blocks without
        checksums."""
        volume = layout.Volume(bytearray(self.image.read_bytes()))
        number = volume.journal_inode
        if not number:
            return
        for logical in range(1, volume.inode(number, "size") // volume.block_bytes):
            at = volume.file_block(number, logical) * volume.block_bytes
            magic, kind = struct.unpack_from(">II", volume.data, at)
            if magic == damage.JOURNAL_MAGIC and kind in (
                damage.JOURNAL_COMMIT, damage.JOURNAL_REVOKE):
                start, data = (
    0x30, COMMIT_TIME) if kind == damage.JOURNAL_COMMIT else (
        0, REVOKE_START)
                damage.apply(volume, {"in": f"journal {logical}",
                             "at": start, "bytes": data.hex()}, True)
        self.image.write_bytes(volume.data)


def linear_blocks(names: list[bytes], inode: int, block_bytes: int) -> bytes:
    """Blocks of linear entries with the names, all of one file, after `.` and `..`; numbers of
    folders are left for e2fsck to put right."""
    blocks: list[bytearray] = []
    block = bytearray(
    struct.pack(
        "<IHBB4s",
        2,
        12,
        1,
        2,
        b".") +
        struct.pack(
            "<IHBB4s",
            2,
            12,
            2,
            2,
             b".."))
    last = 12
    for name in names:
        size = -(-(8 + len(name)) // 4) * 4
        if len(block) + size > block_bytes - 12:
            struct.pack_into("<H", block, last + 4, block_bytes - last)
            blocks.append(block.ljust(block_bytes, b"\0"))
            block = bytearray()
        last = len(block)
        block += struct.pack("<IHBB", inode, size, len(name), 1) + name.ljust(size - 8, b"\0")
    struct.pack_into("<H", block, last + 4, block_bytes - last)
    blocks.append(block.ljust(block_bytes, b"\0"))
    return b"".join(blocks)


def punch_zeros(image: Path) -> None:
    """Make holes of what is zero, so that a store of media stays small."""
    data = image.read_bytes()
    zeros = bytes(COPY_BYTES)
    with open(image, "wb") as file:
        for at in range(0, len(data), COPY_BYTES):
            piece = data[at:at + COPY_BYTES]
            if piece != zeros[:len(piece)]:
                file.seek(at)
                file.write(piece)
        file.truncate(len(data))


def inputs(recipe: Recipe) -> str:
    """A digest of all that the bytes of a medium depend on in the tree."""
    total = hashlib.sha256()
    files = sorted(Path(__file__).parent.glob("*.py")) + \
                   sorted(Path(ext.__file__).parent.glob("*.py"))
    for file in files:
        total.update(file.read_bytes())
    while recipe:
        total.update(repr(sorted(recipe.__dict__.items(), key=str)).encode())
        if recipe.data:
            total.update((DATA / f"{recipe.data}.xz").read_bytes())
        own = recipe.volume or recipe.data
        recipe = load(recipe.twin) if recipe.twin and not own else None
    return total.hexdigest()


def make(recipe: Recipe, image: Path) -> Medium:
    """Make a medium into the file `image`."""
    image.parent.mkdir(parents=True, exist_ok=True)
    with host.scratch() as scratch:
        working = scratch / WORKING_NAME
        medium = Maker(recipe, working, scratch).make()
        image.write_bytes(working.read_bytes())
    punch_zeros(image)
    medium.image = image
    return medium
