# SPDX-License-Identifier: ISC
"""What operations of lib/ext cost, in numbers that are the same in every run: instructions of the
host, counted by valgrind, blocks asked of the cache, and what moves between volume and device."""
import re
from dataclasses import dataclass, field

from extbench.program import Extbench
from harness.outcome import HarnessError

COUNT = 1000
OPERATIONS = {"create": "create", "remove": "remove", "find": "find", "write": "write_128k",
              "read": "read_128k", "random_read": "random_read_4k"}
COLLECTED = re.compile(r"Collected : (\d+)")

DIRECTORY_ENTRIES = 100_000
FILE_PAGES = 131_072
VOLUMES = ("1G", "16G", "256G", "1T", "4T", "16T")
LAST_VOLUME = "16tib"


@dataclass
class Growth:
    """Costs by size; the first number of each row is the size."""
    title: str
    size: str
    cost: str
    names: tuple[str, ...]
    rows: list[list[float]] = field(default_factory=list)


def instructions(bench: Extbench) -> dict[str, int]:
    """For each operation, counted over a thousand of them on a volume with a journal."""
    result = {}
    for operation, name in OPERATIONS.items():
        path = bench.image("512M")
        answer = bench.run("count", operation, path, COUNT, before=(
            "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
            "--toggle-collect=counted"))
        found = COLLECTED.search(answer.stderr)
        if not found or found[1] == "0":
            raise HarnessError("valgrind counted no instruction of extbench")
        result[name] = int(found[1]) // COUNT
        bench.judge(path)
    return result


def directory(bench: Extbench) -> Growth:
    """Files made and found in one directory."""
    path = bench.image("2G", "-N", "110000")
    grown = Growth("One directory", "entries", "blocks asked of the cache", ("create", "find"),
                   bench.rows("directory", path, DIRECTORY_ENTRIES))
    bench.judge(path)
    return grown


def sparse_file(bench: Extbench) -> Growth:
    """Pages all over a file of 1 TiB."""
    path = bench.image("2G")
    grown = Growth("A sparse file of 1 TiB", "extents", "blocks asked of the cache",
                   ("write 4 KiB", "read 4 KiB"), bench.rows("file", path, FILE_PAGES))
    bench.judge(path)
    return grown


def volumes(bench: Extbench) -> Growth:
    """Sparse volumes up to the greatest size with 32-bit numbers of blocks."""
    rows = []
    for size in VOLUMES:
        path = bench.image(size, "-O", "64bit,sparse_super2", "-J", "size=32", "-N", "1000000")
        row, = bench.rows("volume", path)
        rows.append([row[0] / 1024, row[2], row[4], row[6]])
    return Growth("Volumes", "GiB", "KiB moved", ("mount", "write 1 MiB", "unmount"), rows)


def figures(operations: dict[str, int], entries: Growth, pages: Growth, sizes: Growth
            ) -> dict[str, int]:
    """All that tests/costs.toml holds, by name."""
    result = dict(operations)
    for grown, name in ((entries, "directory"), (pages, "sparse_file")):
        for at, what in enumerate(("put", "get"), 1):
            result[f"{name}_{what}_blocks_first_per_100"] = round(100 * grown.rows[0][at])
            result[f"{name}_{what}_blocks_last_per_100"] = round(100 * grown.rows[-1][at])
    for at, what in enumerate(("mount", "write", "unmount"), 1):
        result[f"volume_{LAST_VOLUME}_{what}_kib"] = round(sizes.rows[-1][at])
    return result
