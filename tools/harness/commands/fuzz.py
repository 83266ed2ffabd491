# SPDX-License-Identifier: ISC
"""`./erix fuzz`: random system calls in the machine, random bytes for the libraries."""
import secrets
from pathlib import Path

from harness import (accelerator, build, fuzz, fuzzcoverage, hostunit, packages, paths, report,
                     runner, runs)
from harness.arguments import whole_number
from harness.images import Images
from harness.outcome import Exit, UsageError
from harness.scenario import load_all
from harness.terminal import Progress, duration

SUMMARY = "search for failures: random system calls, random input of libraries"
HELP = """\
examples:
  ./erix fuzz list                            what can be fuzzed
  ./erix fuzz syscalls                        ten million random system calls in the machine
  ./erix fuzz syscalls --calls 50000000       more of them; each boot makes one million
  ./erix fuzz syscalls --seed 42              from another seed; the same seed, the same calls
  ./erix fuzz gpt --seconds 600               libFuzzer on lib/gpt for ten minutes
  ./erix fuzz ext_extent --runs 20000 --seed 1 --bare
                                              so many inputs from nothing; the same each time
  ./erix fuzz ext_extent --keep               what it has learned becomes its corpus
  ./erix fuzz ext --coverage                  lines of lib/ext that its targets' corpus reaches

Five threads call the kernel with all that they can get hold of. After every thousand calls the
kernel inspects itself; at the end of each episode all resources must be back, and every system call
and operation that can succeed must have done so. A failure is a scenario that failed: its line
names the seed, and `./erix test syscallfuzz --seed SEED` runs it again.

A library's target begins with its corpus in lib/NAME/fuzz and with what it has learned before,
which is kept in out/fuzz; an input that finds something is written there too, and given to the
program of build/fuzz as its one word it does it again. `./erix test fuzz` lets all targets search
for some seconds, and fails if their corpus reaches less than lib/NAME/fuzz/coverage.toml says or a
bug that is planted behind a checksum is not found. lib/ext/fuzz/README.md: what is held of volumes.
Status 0: nothing found, 1: found something, 2: bad words, 3: the machine lacks something.
"""
SCENARIO = "syscallfuzz"
CALLS_PER_BOOT = 1_000_000


def add_arguments(parser) -> None:
    parser.add_argument("name", nargs="?", metavar="WHAT",
                        help="list, syscalls, or a library with a fuzz target")
    parser.add_argument("--calls", type=whole_number, metavar="N",
                        help="syscalls: how many at least, ten million by default")
    parser.add_argument("--seconds", type=whole_number, metavar="N",
                        help="libraries: how long, 60 by default")
    parser.add_argument("--runs", type=whole_number, metavar="N",
                        help="libraries: how many inputs, instead of how long")
    parser.add_argument("--bare", action="store_true",
                        help="libraries: begin without corpus, and keep nothing")
    parser.add_argument("--keep", action="store_true",
                        help="libraries: write the fewest inputs that reach all that is reached "
                             "into the corpus")
    parser.add_argument("--coverage", action="store_true",
                        help="of a library: what the corpus of all its targets reaches")
    parser.add_argument("--seed", default="", help="what the random choices begin with")
    parser.add_argument("--no-build", action="store_true", help="trust what lies in build/")


def _list() -> Exit:
    print("syscalls  random system calls in the machine (--calls, --seed)")
    print("libraries, random input under libFuzzer (--seconds, --runs, --seed, --keep): "
          + ", ".join(fuzz.targets()))
    return Exit.PASSED


def _table(result: runner.Result) -> list[str]:
    text = (result.folder / "serial.log").read_text(encoding="utf-8", errors="replace")
    return [line for line in text.splitlines() if line.startswith("syscallfuzz: ")]


def _context(seed: str, folder: Path) -> runner.Context:
    return runner.Context(Images(), accelerator.choose().name, hostunit.measure().factor, seed,
                          folder)


def _syscalls(calls: int, seed: str) -> Exit:
    scenario = next(each for each in load_all() if each.name == SCENARIO)
    boots = -(-calls // CALLS_PER_BOOT)
    folder = runs.new()
    print(f"{boots} boots of {CALLS_PER_BOOT:,} calls, seed {seed}")
    for boot in range(boots):
        own_seed = f"{seed}.{boot}"
        with Progress() as progress:
            progress.status(f"boot {boot + 1} of {boots}", force=True)
            result = runner.run(scenario, _context(own_seed, folder))
        if not result.passed:
            print("\n".join([*_table(result), *report.reason_lines(scenario, result)]))
            print(f"again: ./erix test {SCENARIO} --seed {own_seed}")
            return Exit.FAILED
        if boot == 0:
            print("\n".join(_table(result)[:-1]))
        print(f"seed {own_seed}: {_table(result)[-1].removeprefix('syscallfuzz: ')} "
              f"({duration(result.wall_s)})", flush=True)
    print(f"{boots * CALLS_PER_BOOT:,} calls, nothing found")
    return Exit.PASSED


def _coverage(library: str) -> Exit:
    fuzzcoverage.wanted(library)
    packages.ensure(print)
    reached = fuzzcoverage.measure(library)
    for each in reached:
        print(f"{each}{'' if each.enough else '  TOO LITTLE'}")
    return Exit.PASSED if all(each.enough for each in reached) else Exit.FAILED


def _keep(name: str) -> Exit:
    packages.ensure(print)
    count = fuzz.keep(name)
    print(f"{count} inputs in {paths.shown(fuzz.packed(fuzz.find(name)))}")
    return Exit.PASSED


def _library(arguments) -> Exit:
    name, seed = arguments.name, arguments.seed
    if arguments.calls is not None:
        raise UsageError("`--calls` goes with `syscalls`; libraries take --seconds")
    if sum((arguments.coverage, arguments.keep, arguments.seconds is not None,
            arguments.runs is not None)) > 1:
        raise UsageError("one of --seconds, --runs, --keep and --coverage at a time")
    if arguments.coverage:
        return _coverage(name)
    fuzz.find(name)
    if seed and not seed.isdecimal():
        raise UsageError(f"`{seed}` is no seed of libFuzzer: a number")
    if arguments.keep:
        return _keep(name)
    packages.ensure(print)
    limit = f"-runs={arguments.runs}" if arguments.runs is not None \
        else f"-max_total_time={arguments.seconds or 60}"
    found_nothing = fuzz.run(name, limit, int(seed or secrets.randbelow(1 << 31)),
                             arguments.bare)
    return Exit.PASSED if found_nothing else Exit.FAILED


def execute(arguments) -> Exit:
    if arguments.name in (None, "list"):
        return _list()
    if arguments.name != "syscalls":
        return _library(arguments)
    if arguments.seconds is not None or arguments.runs is not None:
        raise UsageError("`--seconds` and `--runs` go with libraries; syscalls take --calls")
    if arguments.keep or arguments.coverage or arguments.bare:
        raise UsageError("`--keep`, `--bare` and `--coverage` go with libraries")
    packages.ensure(print)
    if not arguments.no_build:
        build.build(("target", "uefi"))
    return _syscalls(arguments.calls or 10 * CALLS_PER_BOOT,
                     arguments.seed or secrets.token_hex(4))
