# SPDX-License-Identifier: ISC
"""`./erix test`: build everything, run every test and scenario, say what failed and why."""
import argparse
import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness import (accelerator, alarm, aviary, build, campaign, ci, counts, durations,
                     expression, fuzzplanted, generated, hostunit, lint, misroutes, packages,
                     rotation, runner, runs, shard, snapshot, soak, suites, tools)
from harness.arguments import whole_number
from harness.check import Check, Job
from harness.images import Images
from harness.outcome import Exit, UsageError
from harness.passcache import PassCache
from harness.scenario import Scenario, load_all
from harness.terminal import Progress

SUMMARY = "run every test and scenario; last line: N passed, M failed"
HELP = """\
examples:
  ./erix test                       everything, all suites one beside the other
  ./erix test prompt                one scenario
  ./erix test 'boot-*' tag:disk     scenarios by pattern or tag (group:NAME, `not` before a word)
  ./erix test host                  only host tests (python, tidy, media, fuzz, scenarios, ...)
  ./erix test -j 1 --verbose        one at a time, every check on a line
  ./erix test --canaries            all canaries (--canaries smap-off: one)
  ./erix test --seed 42             the nonces of an earlier run (its results.json names them)
  ./erix test --all                 also all lies and misroutes, not only six of each
  ./erix test --liar                every success, on systems in which services lie: must fail
  ./erix test --misroutes           every grant of an endpoint, misrouted to each of the others
  ./erix test --cold                every machine starts with its firmware
  ./erix test --no-cache            repeat also what has passed with the same inputs
  ./erix test --stress 50 prompt    one scenario again and again
  ./erix test --soak crash-ext      300,000 losses of power; --states N: so many, --seed N: these
  ./erix test --shard 1/4           the first of four parts; `./erix merge` puts them together

A few canaries, lies and misroutes are in a whole run, other ones for each number of commits. A
machine starts from one that was saved after its firmware, except for what is about booting and one
in twenty of the rest, other ones for each number of commits too; the first line names them. What
has passed here with the same inputs is not run again, but for one in fifty, unless it is named, or
CI is set in the environment, or with --cold. Where CI is set, searches are long: fuzzers of ext
take 45 seconds each and others 10, else all 5, and losses of power are tried at four times as many
moments.
`./erix rerun` runs what has not passed yet.

Nothing is skipped or tried again. Results lie in out/last: index.html, results.json, junit.xml and
a folder for each scenario with serial.log, qemu.cmd and verdict.json. Status 0: all passed, 1:
something failed, 2: bad scenario or words, 3: the machine lacks something, 4: something was planned
and has no result.
"""


def _turn_number(word: str) -> int:
    if not word.isdecimal():
        raise argparse.ArgumentTypeError(f"`{word}` is not the number of a turn: 0 or more")
    return int(word)


def add_arguments(parser) -> None:
    parser.add_argument("expression", nargs="*", metavar="EXPR",
                        help="suites (host, python, tidy, media, fuzz, ...) or scenarios")
    parser.add_argument("-j", "--jobs", type=whole_number, default=os.cpu_count() or 1,
                        metavar="N", help="workers, as many as processors by default")
    parser.add_argument("--seed", default="", help="where the nonces come from")
    parser.add_argument("--liar", action="store_true", help="only the suite liars, all of it")
    parser.add_argument("--misroutes", action="store_true",
                        help="only the suite misroutes, all of it")
    parser.add_argument("--all", action="store_true",
                        help="also all lies and misroutes, not only those of this turn")
    parser.add_argument("--turn", type=_turn_number, default=None, metavar="N",
                        help="play this turn instead of the commit's")
    parser.add_argument("--cold", action="store_true", help="start no machine from a snapshot")
    parser.add_argument("--no-cache", action="store_true",
                        help="run also what has passed with the same inputs")
    parser.add_argument("--fail-fast", action="store_true",
                        help="begin nothing after the first failure")
    parser.add_argument("--stress", type=whole_number, default=0, metavar="N",
                        help="run the one chosen scenario N times")
    parser.add_argument("--soak", metavar="NAME",
                        help="only a long search: " + ", ".join(soak.SEARCHES))
    parser.add_argument("--states", type=whole_number, default=None, metavar="N",
                        help="how many states a search looks at")
    parser.add_argument("--shard", type=shard.Shard.parse, default=None, metavar="I/N",
                        help="run part I of N")
    parser.add_argument("--into", type=Path, default=None, metavar="DIR",
                        help="put the results here instead of out/run; DIR is new or empty")
    parser.add_argument("--canaries", nargs="*", metavar="NAME",
                        help="only canaries: these, or all; each takes a guard out of a copy of "
                             "the tree, and a test must notice")
    parser.add_argument("--verbose", action="store_true", help="print what passed, too")
    parser.add_argument("--no-build", action="store_true", help="trust what lies in build/")
    parser.add_argument("--write-counts", action="store_true",
                        help="write tests/expected-counts.toml from this run")


def _turn(arguments) -> int | None:
    """The turn to be played; None: all."""
    if arguments.all or arguments.liar or arguments.misroutes:
        return None
    return _turn_played(arguments)


def _turn_played(arguments) -> int:
    return rotation.current() if arguments.turn is None else arguments.turn


def _plan(arguments) -> tuple[tuple[str, ...], list[Scenario], int]:
    """The chosen suites, the chosen scenarios, and how many there are if it is about all."""
    problems = lint.problems()
    if problems:
        raise UsageError("\n".join(str(problem) for problem in problems))
    scenarios = load_all()
    words = arguments.expression
    if arguments.canaries is not None:
        if words:
            raise UsageError("--canaries NAME...: nothing else is tested with them")
        return ("canaries",), [], 0
    alone = [suite for suite, wanted in zip(suites.GENERATED,
                                            (arguments.liar, arguments.misroutes)) if wanted]
    if alone:
        if words:
            raise UsageError("--liar and --misroutes are run alone")
        return tuple(alone), [], 0
    chosen = tuple(word for word in words if word in suites.SUITES)
    rest = [word for word in words if word not in suites.SUITES]
    if not words:
        return suites.SUITES, scenarios, len(scenarios)
    if rest:
        if not scenarios:
            raise UsageError("there are no scenarios")
        if any(misroutes.MARK in word for word in rest):
            scenarios += misroutes.variants(scenarios)
        return (*chosen, "scenarios"), expression.choose(rest, scenarios), 0
    if "scenarios" not in chosen:
        return chosen, [], 0
    return chosen, scenarios, len(scenarios)


def _context(chosen: tuple[str, ...], seed: str, folder, arguments, say
             ) -> runner.Context | None:
    if not {"scenarios", "bench", *suites.GENERATED} & set(chosen):
        return None
    cold = None if arguments.cold else snapshot.cold_sample(load_all(), _turn_played(arguments))
    return runner.Context(Images(), accelerator.choose().name, hostunit.measure().factor, seed,
                          folder, cold, say)


def _headline(context: runner.Context | None, scenarios: list[Scenario], workers: int) -> str:
    parts = []
    if context:
        why = accelerator.choose()
        cold = sum(context.starts_cold(scenario) for scenario in scenarios)
        parts = [f"qemu {tools.version(tools.TOOLS[0])}", f"{why.name} ({why.reason})",
                 f"budgets x {context.factor:.2f}", f"cold: {cold} of {len(scenarios)}"]
        rotated = sorted(each.name for each in scenarios if each.name in (context.cold or ()))
        parts += [f"cold in this turn: {', '.join(rotated)}"] if rotated else []
    return " · ".join([*parts, f"{workers} workers"])


def _named(job: Job, words: list[str]) -> bool:
    return job.suite == "scenarios" and (job.name in words or job.name.split("[")[0] in words)


def _stress(arguments, scenarios: list[Scenario], context: runner.Context | None) -> list[Job]:
    if context is None or len(scenarios) != 1 or len(arguments.expression) != 1:
        raise UsageError("--stress wants the name of one scenario")
    return suites.stress_jobs(scenarios[0], arguments.stress, context, suites.Estimates())


def _passes(arguments, seed: str) -> PassCache | None:
    """The passes that need not be repeated; None where everything is to be run."""
    # A build that is not brought up to date may be of another tree than the keys.
    unwanted = (arguments.no_cache or arguments.no_build or arguments.cold or arguments.stress
                or ci.active())
    return None if unwanted else PassCache(seed)


def _folder(into: Path | None) -> Path:
    """Where the results go."""
    if into is None:
        return runs.new()
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise UsageError(f"--into {into}: is there already, and not empty")
    into.mkdir(parents=True, exist_ok=True)
    return into.resolve()


def _build(chosen: tuple[str, ...], arguments) -> None:
    if chosen != ("canaries",) and not arguments.no_build:
        # Some Python tests boot the loader, so they need what scenarios need; and what a shard was
        # built from must be the same in all of them.
        machines = {"scenarios", "python", "bench", *suites.GENERATED} & set(chosen)
        all_machines = machines or arguments.shard
        build.build(("host", "target", "uefi") if all_machines else ("host",))


def _soak(arguments) -> Exit:
    """A long search, alone."""
    soak.find(arguments.soak)
    if arguments.expression:
        raise UsageError("--soak NAME: nothing else is tested with it")
    if arguments.seed and not arguments.seed.isdecimal():
        raise UsageError(f"`{arguments.seed}` is no seed of a search: a number")
    packages.ensure(print)
    if not arguments.no_build:
        build.build(("host",))
    return soak.search(arguments.soak, arguments.states,
                       int(arguments.seed or secrets.randbelow(1 << 31)), arguments.jobs)


def execute(arguments, select: Callable[[list[Job]], list[Job]] = list) -> Exit:
    """Run the command. `select` picks from the planned jobs."""
    if arguments.soak:
        return _soak(arguments)
    if arguments.states:
        raise UsageError("`--states` goes with `--soak`")
    packages.ensure(print)
    chosen, scenarios, whole = _plan(arguments)
    _build(chosen, arguments)
    folder = _folder(arguments.into)
    seed = arguments.seed or secrets.token_hex(8)
    with Progress() as progress:
        context = _context(chosen, seed, folder, arguments, progress.say)
        estimates = suites.Estimates()
        jobs = suites.jobs(chosen, scenarios, context, estimates, whole)
        for suite in suites.GENERATED:
            if suite in chosen:
                jobs += generated.jobs(suite, load_all(), context, estimates, _turn(arguments))
        if "fuzz" in chosen:
            jobs.append(fuzzplanted.job(lambda name: estimates.of("fuzz", name)))
        if "canaries" in chosen:
            jobs.append(aviary.job(arguments.canaries, _turn(arguments), estimates))
        if arguments.stress:
            jobs = _stress(arguments, scenarios, context)
        if not jobs:
            raise UsageError("nothing to test: " + " ".join(arguments.expression))
        jobs += [alarm.job(suite) for suite in chosen if suite in alarm.ALARMS
                 and (not arguments.expression or suite in arguments.expression)]
        facts = {"seed": seed}
        part = jobs
        if arguments.shard:
            part = shard.balance(jobs, arguments.shard.count)[arguments.shard.index - 1]
            facts |= shard.facts(arguments.shard, jobs)
        part = [replace(job, key=None) if _named(job, arguments.expression) else job
                for job in select(part)]
        labels = {job.label for job in part}
        mine = scenarios if arguments.stress else [
            each for each in scenarios if f"scenarios/{each.name}" in labels]
        progress.say(_headline(context, mine, arguments.jobs))
        options = campaign.Options(
            arguments.jobs, arguments.verbose, not progress.live and not arguments.expression,
            arguments.fail_fast, _passes(arguments, seed), facts)
        outcome = campaign.run(part, options, folder, progress)
        if arguments.write_counts:
            counts.write(outcome.checks)
            durations.write(outcome.checks)
    return outcome.exit
