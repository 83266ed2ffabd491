# SPDX-License-Identifier: ISC
"""`./erix fuzz`: random system calls in the machine, random bytes for the libraries."""
import secrets
from pathlib import Path

from harness import accelerator, build, fuzz, hostunit, packages, report, runner, runs
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

Five threads call the kernel with all that they can get hold of. After every thousand calls the
kernel inspects itself; at the end of each episode all resources must be back, and every system call
and operation that can succeed must have done so. A failure is a scenario that failed: its line
names the seed, and `./erix test syscallfuzz --seed SEED` runs it again.
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
    parser.add_argument("--seed", default="", help="what the random choices begin with")
    parser.add_argument("--no-build", action="store_true", help="trust what lies in build/")


def _list() -> Exit:
    print("syscalls  random system calls in the machine (--calls, --seed)")
    print("libraries, random input under libFuzzer (--seconds, --seed): "
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


def _library(name: str, seconds: int, seed: str) -> Exit:
    if seed and not seed.isdecimal():
        raise UsageError(f"`{seed}` is no seed of libFuzzer: a number")
    packages.ensure(print)
    found_nothing = fuzz.run(name, seconds, int(seed or secrets.randbelow(1 << 31)))
    return Exit.PASSED if found_nothing else Exit.FAILED


def execute(arguments) -> Exit:
    if arguments.name in (None, "list"):
        return _list()
    if arguments.name != "syscalls":
        fuzz.find(arguments.name)
        if arguments.calls is not None:
            raise UsageError("`--calls` goes with `syscalls`; libraries take --seconds")
        return _library(arguments.name, arguments.seconds or 60, arguments.seed)
    if arguments.seconds is not None:
        raise UsageError("`--seconds` goes with libraries; syscalls take --calls")
    packages.ensure(print)
    if not arguments.no_build:
        build.build(("target", "uefi"))
    return _syscalls(arguments.calls or 10 * CALLS_PER_BOOT,
                     arguments.seed or secrets.token_hex(4))
