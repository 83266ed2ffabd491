# SPDX-License-Identifier: ISC
"""`./erix bench ext`, and the part of it that every test run holds against tests/costs.toml."""
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from extbench import exact, peers, picture
from extbench.program import Extbench
from harness import costs, paths
from harness.check import Check
from harness.outcome import Exit

NAME = "ext"
ROUNDS = 3
PICTURES = paths.OUT / "bench"
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 1 << 30


@contextmanager
def _bench() -> Iterator[Extbench]:
    """With a folder in memory, if there is room for the images."""
    paths.OUT.mkdir(parents=True, exist_ok=True)
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN
    with tempfile.TemporaryDirectory(prefix="extbench-", dir=MEMORY if roomy else paths.OUT) as at:
        yield Extbench(Path(at))


def _grown(bench: Extbench) -> dict[str, exact.Growth]:
    return {"directory": exact.directory(bench), "file": exact.sparse_file(bench),
            "volume": exact.volumes(bench)}


def _figures(operations: dict[str, int], grown: dict[str, exact.Growth]) -> dict[str, int]:
    return exact.figures(operations, grown["directory"], grown["file"], grown["volume"])


def check() -> Check:
    """What is the same on every machine is as the table says."""
    with _bench() as bench:
        figures = _figures(exact.instructions(bench), _grown(bench))
    wrong = tuple(costs.problems(NAME, figures))
    return Check("bench", NAME, not wrong, wrong)


def _say(text: str) -> None:
    """How far it is, where somebody looks on."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _print_costs(figures: dict[str, int]) -> None:
    rows = costs.table(NAME)
    width = max(map(len, figures))
    print(f"{'':<{width}} {'cost':>12} {'table':>12} {'must':>10}")
    for name, figure in figures.items():
        row = rows.get(name, costs.Cost())
        limits = [f"{value:>{size},}" if value is not None else " " * size
                  for value, size in ((row.cost, 12), (row.must, 10))]
        print(f"{name:<{width}} {figure:>12,} {' '.join(limits)}".rstrip())


def _print_speeds(speeds: dict[str, dict[str, float]], left_out: dict[str, str]) -> None:
    """A column for each peer: what it does in a second, and how many times as fast ours is."""
    print(f"\n{'in a second':<16}" + "".join(f"{name:>21}" for name in speeds))
    for measure in peers.MEASURES:
        ours = speeds["erix"][measure]
        cells = (f"{each[measure]:>12,.0f} {ours / each[measure]:>7.2f}×"
                 for each in speeds.values())
        print(f"{measure:<16}" + "".join(cells))
    for peer in peers.PEERS:
        why = f": left out, {left_out[peer.name]}" if peer.name in left_out else ""
        print(f"  {peer.name:<12} {peer.summary}{why}")


def execute(arguments) -> Exit:
    """The command, with the words that all benchmarks take."""
    with _bench() as bench:
        _say("counting instructions")
        operations = exact.instructions(bench)
        _say("growing a directory, a file and volumes")
        grown = _grown(bench)
        speeds, left_out = peers.measure(bench, ROUNDS, _say)
    _say("")
    figures = _figures(operations, grown)
    if arguments.write_costs:
        costs.write(NAME, figures)
    for name, each in grown.items():
        picture.draw(each, PICTURES / f"ext-{name}.svg")
    if arguments.json:
        print(json.dumps({"costs": figures, "speeds": speeds,
                          "growth": {name: each.rows for name, each in grown.items()}}))
    else:
        _print_costs(figures)
        print("pictures: " + ", ".join(f"out/bench/ext-{name}.svg" for name in grown))
        _print_speeds(speeds, left_out)
    problems = [*costs.problems(NAME, figures), *peers.problems(speeds)]
    print("\n".join(problems), end="\n" if problems else "", file=sys.stderr)
    return Exit.FAILED if problems else Exit.PASSED
