# SPDX-License-Identifier: ISC
"""`./erix media`: volumes to be read, refused and changed, made from recipes, and their check."""
import os
from collections import Counter
from pathlib import Path

from harness import build, counts, packages, paths, volumes
from harness.arguments import whole_number
from harness.check import Check, Job
from harness.outcome import Exit, HarnessError, UsageError
from harness.pool import Pool
from harness.suggest import did_you_mean
from harness.terminal import Progress, styled
from harness.volumes import FAMILY, checker, recipe

SUMMARY = "make volumes from recipes, and check what erixfs and other judges say of them"
HELP = """\
examples:
  ./erix media list                         all media, what they are for, and what they await
  ./erix media make phase4-fs-ext4-mmp      writes out/media/phase4-fs-ext4-mmp.img
  ./erix media make ext4-bad-mmp-active bad.img      or into a file of your own
  ./erix media check ext                    makes and checks all of them
  ./erix media check ext ext4-bad-xattr     only these
  ./erix media corpus                       what tests/media/corpus says, against what is there
  ./erix media digests                      fixes the bytes anew after a recipe was changed

A medium is a recipe, tests/media/ext/NAME.toml (tests/media/README.md says how to write one): the
same bytes each time, made by the tools of e2fsprogs, by the Linux kernel (kept in
tests/media/ext/data), or by changing single fields of another one; never by EriX's own code.

The check shows each to build/host's erixfs. What is accepted must read as the recipe says, and
e2fsck, debugfs and 7z must agree. What is refused must be refused for exactly its reason, stay as
it was, and differ from an accepted twin in the damage alone. What awaits a part of EriX that is
not there yet says so in its recipe, is counted apart, and fails once it passes.
Last line: N passed, M failed, K awaiting. Status 0: none failed, 1: some did, 2: bad words or
recipe.
"""
ACTIONS = ("list", "make", "check", "corpus", "digests")


def add_arguments(parser) -> None:
    parser.add_argument("action", nargs="?", metavar="ACTION", help=", ".join(ACTIONS))
    parser.add_argument("words", nargs="*", metavar="WORD", help="see the examples")
    parser.add_argument("-j", "--jobs", type=whole_number, default=os.cpu_count() or 1, metavar="N",
                        help="workers, as many as processors by default")
    parser.add_argument("--verbose", action="store_true", help="print what passed, too")
    parser.add_argument("--no-build", action="store_true", help="trust what lies in build/")


def _recipes() -> dict[str, recipe.Recipe]:
    try:
        return recipe.load_all()
    except recipe.RecipeError as error:
        raise UsageError(str(error)) from error


def _known(name: str, recipes: dict[str, recipe.Recipe]) -> recipe.Recipe:
    if name not in recipes:
        raise UsageError(f"there is no medium `{name}`{did_you_mean(name, recipes)}\n"
                         "  ./erix media list shows them")
    return recipes[name]


def _list(words: list[str]) -> Exit:
    if words:
        raise UsageError(f"`media list` takes no word, not `{words[0]}`")
    recipes = _recipes()
    for each in recipes.values():
        awaits = styled(f"  (awaits {each.awaits})", "dim") if each.awaits else ""
        print(f"{each.name:<36} {each.expect:<9} {each.summary}{awaits}")
    kinds = Counter(each.expect for each in recipes.values())
    print(f"{len(recipes)} media: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()))
    return Exit.PASSED


def _make(words: list[str]) -> Exit:
    if not 1 <= len(words) <= 2:
        raise UsageError("`media make` wants the name of a medium, and perhaps a file\n"
                         "  ./erix media list shows the media")
    chosen = _known(words[0], _recipes())
    packages.ensure(print)
    target = Path(words[1]) if len(words) == 2 else paths.OUT / "media" / f"{chosen.name}.img"
    if target.is_dir() or (len(words) == 2 and not target.resolve().parent.is_dir()):
        raise UsageError(f"{words[-1]}: is a folder, or lies in none")
    try:
        checker.maker.make(chosen, target)
    except recipe.RecipeError as error:
        raise HarnessError(str(error)) from error
    print(f"{paths.shown(target)}  {target.stat().st_size >> 20} MiB  "
          f"sha256 {checker.digest(target)}")
    return Exit.PASSED


def _digests(words: list[str], workers: int) -> Exit:
    if words:
        raise UsageError(f"`media digests` takes no word, not `{words[0]}`")
    recipes = _recipes()
    packages.ensure(print)
    found: dict[str, str] = {}

    def job(name: str) -> Job:
        def execute() -> list[Check]:
            found[name] = checker.make_digest(name)
            return [Check("media", name, True)]
        return Job("media", name, 1.0, execute)

    with Progress() as progress:
        if not Pool([job(name) for name in recipes], workers, progress, lambda check: None).run():
            raise HarnessError("not all media could be made; nothing was written")
    checker.write_digests(found)
    print(f"{paths.shown(checker.DIGESTS)}: {len(found)} media")
    return Exit.PASSED


def _ready(arguments) -> None:
    """Build erixfs."""
    packages.ensure(print)
    if not arguments.no_build:
        build.build(("host",))
    if not os.access(checker.PROGRAM, os.X_OK):
        raise HarnessError(f"{paths.shown(checker.PROGRAM)} is missing\n"
                           "  ./erix build makes it; without --no-build it is made by itself")


def _corpus(words: list[str], arguments) -> Exit:
    if words:
        raise UsageError(f"`media corpus` takes no word, not `{words[0]}`")
    _recipes()
    _ready(arguments)
    return _run(volumes.corpus_jobs(), arguments.jobs, arguments.verbose)


def _check(words: list[str], arguments) -> Exit:
    if words[:1] != [FAMILY]:
        said = f", not `{words[0]}`" if words else ""
        raise UsageError(f"`media check` wants a family: {FAMILY}{said}")
    recipes = _recipes()
    chosen = [_known(name, recipes).name for name in words[1:]] or list(recipes)
    _ready(arguments)
    jobs = [volumes.job(name) for name in chosen]
    if not words[1:]:
        jobs += [*volumes.corpus_jobs(), counts.job(volumes.SUITE)]
    return _run(jobs, arguments.jobs, arguments.verbose)


def _run(jobs: list[Job], workers: int, verbose: bool) -> Exit:
    """Do the jobs and say what came of them."""
    with Progress() as progress:
        def report(check: Check) -> None:
            if not check.passed:
                progress.say(styled("FAIL ", "bad") + check.name)
                for line in check.details:
                    progress.say("     " + line)
            elif verbose:
                progress.say(f"ok   {check.name}")

        pool = Pool(jobs, workers, progress, report)
        whole = pool.run()
    awaiting = [check for check in pool.checks if check.note]
    failed = sum(not check.passed for check in pool.checks)
    for reason, count in sorted(Counter(check.note for check in awaiting).items()):
        print(f"{count} {reason.replace('awaits', 'await', 1)}")
    passed = len(pool.checks) - failed - len(awaiting)
    print(f"{passed} passed, {failed} failed, {len(awaiting)} awaiting")
    if not whole:
        return Exit.INCOMPLETE
    return Exit.FAILED if failed else Exit.PASSED


def execute(arguments) -> Exit:
    action, words = arguments.action, arguments.words
    if action not in ACTIONS:
        said = " nothing to do"
        if action:
            said = f" no action `{action}`{did_you_mean(action, ACTIONS)}"
        raise UsageError(
            f"media:{said} (one of: {', '.join(ACTIONS)})\n  ./erix media --help teaches it")
    if action == "list":
        return _list(words)
    if action == "make":
        return _make(words)
    if action == "corpus":
        return _corpus(words, arguments)
    if action == "digests":
        return _digests(words, arguments.jobs)
    return _check(words, arguments)
