#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Whether `erixfs check` judges as e2fsck does: a corpus of volumes with one field changed.

    erixfs_check_test.py ERIXFS [BASE]

Where the two differ, check_differences.toml says why; a difference that it does not explain fails,
and so does an explanation of nothing. All differences are written to check_differences.txt in the
working folder.
"""
import mmap
import re
import shutil
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import corpus  # noqa: E402
from media import damage, layout  # noqa: E402

CASES_MIN = 2000
LEAKS_EVERY = 16
NOISE = re.compile(r"e2fsck 1\.|Pass \d|\s*$|.*: \d+/\d+ files \(\d+\.\d% non-contiguous\), "
                   r"\d+/\d+ blocks$")
EXPLANATIONS = Path(__file__).with_name("check_differences.toml")


@dataclass(frozen=True)
class Case:
    """A change and the two verdicts on it: None is well, else what is said first."""
    base: str
    change: dict
    ours: str | None
    theirs: str | None

    def text(self) -> str:
        where = f"bit {self.change['bit']}" if "bit" in self.change else \
            f"{self.change['at']:#x}+{self.change['size']}"
        return f"{self.base}: {self.change['in']} {where} = {self.change['value']:#x}: " \
            f"erixfs: {self.ours or 'well'}; e2fsck: {self.theirs or 'well'}"


def theirs(image: Path) -> str | None:
    """What e2fsck says first against a volume."""
    done = corpus.run(["e2fsck", "-fn", "-E", "no_optimize_extents", str(image)], image.parent)
    noise = [line for line in done.stdout.decode(errors="replace").splitlines()
             if not NOISE.match(line)]
    if done.returncode == 0 and not noise:
        return None
    return noise[0] if noise else f"status {done.returncode}"


def ours(program: str, image: Path, leaks: bool = True) -> str | None:
    """What erixfs says first. To look for leaks too takes ten times as long."""
    done = corpus.run([program, "check", str(image)], image.parent,
                      ASAN_OPTIONS=f"detect_leaks={int(leaks)}")
    lines = done.stdout.decode(errors="replace").splitlines()
    if done.returncode not in (0, 1) or (done.returncode == 0) != (not lines):
        raise RuntimeError(f"erixfs check: status {done.returncode}: {lines[:5]}")
    return lines[0] if lines else None


def place_of(volume: layout.Volume, change: dict) -> tuple[int, int]:
    """Offset and size of what is changed."""
    place = damage.find(volume, change["in"])
    if "bit" in change:
        return place.at + change["bit"] // 8, 1
    return place.at + change["at"], change["size"]


def judge(program: str, base: corpus.Base, folder: Path) -> list[Case]:
    """All changes of one volume, made in place and taken back."""
    image = corpus.make(base, folder)
    if theirs(image) or ours(program, image):
        raise RuntimeError(f"{base.name}: the volume itself is not well: {theirs(image)}; "
                           f"{ours(program, image)}")
    cases = []
    with open(image, "r+b") as file, mmap.mmap(file.fileno(), 0) as data:
        volume = layout.Volume(data)
        pristine = bytes(data)
        for change in list(corpus.changes(base, volume)):
            at, size = place_of(volume, change)
            made = corpus.concrete(change, pristine[at:at + size])
            if made is None:
                continue
            touched = damage.apply(layout.Volume(data), made, True)
            leaks = len(cases) % LEAKS_EVERY == 0
            cases.append(Case(base.name, made, ours(program, image, leaks), theirs(image)))
            for start, width in touched:
                data[start:start + width] = pristine[start:start + width]
    return cases


def explains(row: dict, case: Case) -> bool:
    """Whether a row of check_differences.toml is about a difference."""
    return all((re.fullmatch(row.get("base", ".*"), case.base),
                re.fullmatch(row["in"], case.change["in"]),
                "at" not in row or case.change.get("at") in row["at"],
                re.search(row.get("ours", ""), case.ours or "well"),
                re.search(row.get("theirs", ""), case.theirs or "well")))


def report(cases: list[Case]) -> bool:
    """Compare all verdicts; True if every difference is explained."""
    rows = tomllib.loads(EXPLANATIONS.read_text(encoding="utf-8"))["difference"]
    unused = list(rows)
    unexplained = []
    with open("check_differences.txt", "w", encoding="utf-8") as listing:
        for case in (case for case in cases if (case.ours is None) != (case.theirs is None)):
            reasons = [row for row in rows if explains(row, case)]
            unused = [row for row in unused if row not in reasons]
            if not reasons:
                unexplained.append(case)
            print(f"{case.text()}: {reasons[0]['why'] if reasons else 'UNEXPLAINED'}", file=listing)
    for case in unexplained:
        print(f"    {case.text()}")
    for row in unused:
        print(f"    explains nothing: {row}")
    return not unexplained and not unused


def main() -> int:
    program = str(Path(sys.argv[1]).resolve())
    bases = [base for base in corpus.BASES if len(sys.argv) == 2 or base.name == sys.argv[2]]
    folder = Path(tempfile.mkdtemp(prefix="erix-check-", dir="/dev/shm"))
    try:
        corpus.make_tree(folder)
        with ThreadPoolExecutor(2) as pool:
            cases = [case for found in pool.map(lambda base: judge(program, base, folder), bases)
                     for case in found]
    finally:
        shutil.rmtree(folder)
    wrong = sum(case.theirs is not None for case in cases)
    print(f"{len(cases)} changes, {wrong} of them wrong for e2fsck")
    agree = report(cases)
    print(("ok" if agree else "FAIL") + " judges_as_e2fsck")
    enough = len(cases) >= CASES_MIN or len(sys.argv) > 2
    print(("ok" if enough else "FAIL") + " enough_changes")
    return 0 if agree and enough else 1


if __name__ == "__main__":
    sys.exit(main())
