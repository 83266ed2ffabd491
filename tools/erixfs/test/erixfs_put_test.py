#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`erixfs put` of files that are large, sparse, or fail half way: it is whole or not at all.

    erixfs_put_test.py ERIXFS
"""
import os
import pty
import subprocess
import sys
import tempfile
import threading
import tty
from collections.abc import Callable
from pathlib import Path

MIB = 1 << 20
LARGE_BYTES = 192 * MIB
KEPT = b"what was there\n"
VOLUME_MIB = 64
TIMEOUT_S = 120
# e2fsck says no more than this of a volume that is well.
QUIET_LINES = 7


class Volume:
    """An ext4 image with /old on it, and what erixfs and e2fsck say of it."""

    def __init__(self, program: str, folder: Path, size_mib: int = VOLUME_MIB, options: str = ""):
        self.program = program
        self.folder = folder
        self.image = folder / "t.img"
        self.image.unlink(missing_ok=True)
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", *options.split(),
                        str(self.image), f"{size_mib}M"], check=True, capture_output=True)
        assert self.put(KEPT, "/old").returncode == 0
        self.before = self.state()

    def run(self, command: str, *words: str, **options) -> subprocess.CompletedProcess:
        options = {"stdin": subprocess.DEVNULL} | options if "input" not in options else options
        return subprocess.run([self.program, command, str(self.image), *words],
                              capture_output=True, timeout=TIMEOUT_S, check=False, **options)

    def put(self, data: bytes, path: str) -> subprocess.CompletedProcess:
        return self.run("put", "-", path, input=data)

    def state(self) -> tuple[bytes, bytes, bytes]:
        """What must be as it was: names, the contents of /old, free blocks and inodes."""
        info = self.run("info").stdout.splitlines()
        counts = b"".join(line for line in info if b" free" in line)
        return self.run("tree").stdout, self.run("cat", "/old").stdout, counts

    def sound(self) -> bool:
        done = subprocess.run(["e2fsck", "-fn", "-E", "no_optimize_extents", str(self.image)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=TIMEOUT_S, check=False)
        lines = (done.stdout + done.stderr).splitlines()
        if done.returncode == 0 and len(lines) == QUIET_LINES:
            return True
        print(*lines, sep="\n")
        return False

    def unchanged(self) -> bool:
        return self.sound() and self.state() == self.before


def peak_mib(words: list[str], size_bytes: int) -> float:
    """The memory that a command needs at most with so many bytes on its standard input."""
    process = subprocess.Popen(words, stdin=subprocess.PIPE)
    for _ in range(size_bytes // MIB):
        process.stdin.write(bytes(MIB))
    process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, words
    return usage.ru_maxrss / 1024


def little_memory(program: str, folder: Path) -> bool:
    """A large file takes hardly more memory than a small one; `write`, which reads all first,
    shows that this measure sees it."""
    volume = Volume(program, folder, 512)
    small = peak_mib([program, "put", str(volume.image), "-", "/small"], MIB)
    large = peak_mib([program, "put", str(volume.image), "-", "/large"], LARGE_BYTES)
    whole = peak_mib([program, "write", str(volume.image), "-", "/small", "0"], LARGE_BYTES)
    print(f"peak of 1 MiB: {small:.0f} MiB, of 192 MiB: {large:.0f} MiB, in memory: {whole:.0f}")
    size = f"size       {LARGE_BYTES},".encode()
    return large - small < 32 and whole - small > 128 and volume.sound() and \
        size in volume.run("stat", "/large").stdout


def mixed(program: str, folder: Path) -> bool:
    """Bytes that differ from piece to piece arrive where they belong."""
    volume = Volume(program, folder)
    data = b"".join(b"%15d\n" % number for number in range(200_000)) + b"end"
    (folder / "mixed").write_bytes(data)
    volume.run("put", str(folder / "mixed"), "/named")
    volume.put(data, "/piped")
    return volume.sound() and all(volume.run("cat", path).stdout == data
                                  for path in ("/named", "/piped"))


def sparse(program: str, folder: Path) -> bool:
    """Holes, one at the end too, stay holes: the volume has not the room for them."""
    volume = Volume(program, folder)
    source = folder / "sparse"
    with open(source, "wb") as stream:
        stream.write(b"first")
        stream.seek(100 * MIB)
        stream.write(b"middle")
        stream.truncate(200 * MIB)
    done = volume.run("put", str(source), "/sparse")
    read = volume.run("cat", "/sparse").stdout
    runs = [line for line in volume.run("stat", "/sparse").stdout.splitlines()
            if line.startswith(b"blocks")]
    return done.returncode == 0 and volume.sound() and read == source.read_bytes() and \
        [line.split(b", ")[-1] for line in runs] == [b"data", b"hole", b"data", b"hole"]


def only_hole(program: str, folder: Path) -> bool:
    """A file that is nothing but a hole, and one that is nothing."""
    volume = Volume(program, folder)
    (folder / "hole").write_bytes(b"")
    first = volume.run("put", str(folder / "hole"), "/empty").returncode
    os.truncate(folder / "hole", 5 * MIB + 1)
    second = volume.run("put", str(folder / "hole"), "/hole").returncode
    return first == second == 0 and volume.sound() and \
        volume.run("cat", "/empty").stdout == b"" and \
        volume.run("cat", "/hole").stdout == bytes(5 * MIB + 1)


def from_offset(program: str, folder: Path) -> bool:
    """The standard input begins where it stands, in a file as well; its mode means nothing."""
    volume = Volume(program, folder)
    (folder / "numbers").write_bytes(b"0123456789")
    (folder / "numbers").chmod(0o600)
    with open(folder / "numbers", "rb", buffering=0) as stream:
        stream.seek(4)
        done = volume.run("put", "-", "/rest", stdin=stream)
    return done.returncode == 0 and volume.run("cat", "/rest").stdout == b"456789" and \
        b"mode       0644" in volume.run("stat", "/rest").stdout


def without_size(program: str, folder: Path) -> bool:
    """A file of /proc says that it is empty, and is not."""
    volume = Volume(program, folder)
    done = volume.run("put", "/proc/version", "/version")
    return done.returncode == 0 and \
        volume.run("cat", "/version").stdout == Path("/proc/version").read_bytes()


def name_taken(program: str, folder: Path) -> bool:
    """What somebody else has under the name that is used until all is written stays."""
    volume = Volume(program, folder)
    volume.put(b"mine", "/.erixfs-put-0")
    done = volume.put(b"new", "/new")
    return done.returncode == 0 and volume.sound() and \
        volume.run("cat", "/.erixfs-put-0").stdout == b"mine" and \
        set(volume.run("tree").stdout.split()) == {b"lost+found/", b"old", b".erixfs-put-0",
                                                   b"new"}


def full(program: str, folder: Path) -> bool:
    """No space half way: the old file stays, and nothing else does; what fits replaces it."""
    volume = Volume(program, folder)
    done = volume.put(bytes(VOLUME_MIB * MIB), "/old")
    refused = done.returncode == 1 and done.stderr.endswith(b"/old: no space left on device\n")
    fits = volume.unchanged() and volume.put(bytes(VOLUME_MIB // 2 * MIB), "/old").returncode == 0
    return refused and fits and volume.sound()


def full_of_inodes(program: str, folder: Path) -> bool:
    """No inode for the name that is used first; one that is freed is enough."""
    volume = Volume(program, folder, 8, "-N 16")
    while volume.put(b"", f"/{os.urandom(4).hex()}").returncode == 0:
        pass
    volume.before = volume.state()
    done = volume.put(b"new", "/old")
    refused = done.stderr.endswith(b"/old: no space left on device\n") and volume.unchanged()
    last = volume.run("tree").stdout.split()[-1].decode()
    volume.run("rm", f"/{last}")
    return refused and volume.put(b"new", "/old").returncode == 0 and volume.sound() and \
        volume.run("cat", "/old").stdout == b"new"


def read_error(program: str, folder: Path) -> bool:
    """A source that fails after 3 MiB: a terminal whose other side goes away. Read to the end of
    another one it is put."""
    volume = Volume(program, folder)
    ours, theirs = pty.openpty()
    tty.setraw(theirs)

    def feed() -> None:
        for _ in range(3 * MIB // 1024):
            os.write(theirs, bytes(1024))
        os.close(theirs)

    feeder = threading.Thread(target=feed)
    feeder.start()
    done = volume.run("put", "-", "/old", stdin=ours)
    feeder.join()
    os.close(ours)
    return done.returncode == 1 and done.stderr == b"erixfs: -: Input/output error\n" and \
        volume.unchanged() and volume.put(bytes(3 * MIB), "/old").returncode == 0


def folder_as_source(program: str, folder: Path) -> bool:
    """What cannot be read at all."""
    volume = Volume(program, folder)
    done = volume.run("put", str(folder), "/old")
    return done.returncode == 1 and b"Is a directory" in done.stderr and volume.unchanged()


def killed(program: str, folder: Path) -> bool:
    """Killed half way: after a replay the old file is there, and the volume is well."""
    volume = Volume(program, folder)
    process = subprocess.Popen([program, "put", str(volume.image), "-", "/old"],
                               stdin=subprocess.PIPE)
    for _ in range(8):
        process.stdin.write(bytes(MIB))
    process.kill()
    process.wait()
    process.stdin.close()
    return volume.run("replay").returncode == 0 and volume.sound() and \
        volume.run("cat", "/old").stdout == KEPT and \
        volume.put(b"new", "/old").returncode == 0 and volume.run("cat", "/old").stdout == b"new"


TESTS: tuple[Callable[[str, Path], bool], ...] = (
    little_memory, mixed, sparse, only_hole, from_offset, without_size, name_taken, full,
    full_of_inodes, read_error, folder_as_source, killed)


def main() -> int:
    program = str(Path(sys.argv[1]).resolve())
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    failed = 0
    with tempfile.TemporaryDirectory(prefix="erix-put-", dir="/dev/shm") as folder:
        for test in TESTS:
            well = test(program, Path(folder))
            print(("ok " if well else "FAIL ") + test.__name__)
            failed += not well
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
