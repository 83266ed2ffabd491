# SPDX-License-Identifier: ISC
"""Independent judges of a volume: e2fsck, debugfs and 7z, each with its traps.

e2fsck ends with 0 also for what it ignores, so it must be silent as well, and it can hang, so it is
killed. debugfs always ends with 0: what it says must be nothing but the echo of what it was asked.
7z is no relative of the others, but cannot read everything.
"""
import re
import subprocess
from pathlib import Path

from imagemaker import ext, host
from media.tree import Node, Tree

TIMEOUT_S = 60
DUMPED_BYTES_MAX = 64 << 20
INLINE_ROOM = range(60, 512)
# The kernel that made some media was a little ahead of the makers.
LATER_S = host.EPOCH_S + 86400
QUIET = re.compile(
    r"e2fsck 1\.|Pass \d: |\s*$|.*: \d+/\d+ files \(\d+\.\d% non-contiguous\), \d+/\d+ blocks$")


def run(words: list[str], cwd: Path | None = None) -> tuple[int, str]:
    """Status and all output of a judge; a hang has the status -9."""
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=cwd,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT_S, check=False,
                              env=host.environment() | {"E2FSCK_TIME": str(LATER_S),
                                                        "E2FSPROGS_FAKE_TIME": str(LATER_S)})
    except subprocess.TimeoutExpired:
        return -9, f"no end within {TIMEOUT_S} s"
    except FileNotFoundError as error:
        raise host.MissingTool(f"{words[0]} is missing; `./erix setup` installs it") from error
    return done.returncode, done.stdout.decode(errors="replace")


def consistent(image: Path, journal: Path | None = None) -> list[str]:
    """What e2fsck has to say against a volume: nothing at all if it is well."""
    outside = ["-j", str(journal)] if journal else []
    status, text = run(["e2fsck", "-fn", *outside, str(image)])
    noise = [line for line in text.splitlines() if not QUIET.match(line)]
    if status == 0 and not noise:
        return []
    return [f"e2fsck -fn: status {status}" + "".join(f": {line}" for line in noise[:3])]


def recover(image: Path) -> list[str]:
    """Let e2fsck replay the journal of a copy; afterwards it must be consistent."""
    status, text = run(["e2fsck", "-fy", str(image)])
    if status not in (0, 1):
        return [f"e2fsck -fy: status {status}: {text.splitlines()[-1] if text else ''}"]
    return consistent(image)


def _dumped(tree: Tree) -> list[tuple[str, Node]]:
    return [(path, node) for path, node in tree.distinct()
            if node.kind == "file" and node.content.size_bytes <= DUMPED_BYTES_MAX]


def debugfs_reads(image: Path, tree: Tree, scratch: Path) -> list[str]:
    """Compare contents and attributes with what debugfs reads."""
    problems = []
    expected: dict[Path, tuple[str, bytes]] = {}
    requests = []
    for path, node in _dumped(tree):
        file = scratch / f"dump{len(expected)}"
        expected[file] = (path, node.content.data())
        requests.append(f"dump {ext.quote(path)} {file}")
    for path, node in tree.distinct():
        for name, value in node.attributes.items():
            file = scratch / f"dump{len(expected)}"
            expected[file] = (f"{path} {name}", value)
            requests.append(f"ea_get -f {file} {ext.quote(path)} {name}")
    script = scratch / "questions"
    script.write_text("\n".join(requests) + "\n", encoding="utf-8")
    _, answer = run(["debugfs", "-f", str(script), str(image)])
    problems += [f"debugfs: {line}" for line in answer.splitlines()
                 if line.strip() and not line.startswith("debugfs")][:3]
    for file, (what, data) in expected.items():
        if not file.exists():
            problems.append(f"debugfs cannot read {what}")
        elif not _same(file.read_bytes(), data):
            problems.append(f"debugfs reads something else from {what}")
        file.unlink(missing_ok=True)
    return problems


def _same(found: bytes, data: bytes) -> bool:
    """debugfs shows the whole room of contents that are inside an inode, behind their end zeros."""
    return found == data or (len(found) in INLINE_ROOM and found[:len(data)] == data
                             and not any(found[len(data):]))


def seven_reads(image: Path, tree: Tree, scratch: Path) -> list[str]:
    """Compare contents with what 7z unpacks."""
    target = scratch / "unpacked"
    status, text = run(["7z", "x", "-y", f"-o{target}", str(image)])
    if status != 0:
        wrong = [line for line in text.splitlines() if "rror" in line or "arning" in line]
        return [f"7z: status {status}: {'; '.join(wrong[:2])}"]
    problems = []
    for path, node in _dumped(tree):
        file = target / path[1:]
        if not file.is_file() or file.is_symlink():
            problems.append(f"7z unpacks no {path}")
        elif file.read_bytes() != node.content.data():
            problems.append(f"7z unpacks something else as {path}")
    subprocess.run(["rm", "-rf", str(target)], check=False)
    return problems
