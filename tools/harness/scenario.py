# SPDX-License-Identifier: ISC
"""A scenario: what is put into a machine, what is typed to it, and what must come of it.

One TOML file in tests/scenarios, checked while it is read. The keys at the top that the system's
own description names keep those names (values.py); the tables are ours:

    [boot]      how the machine is started        [expect]    how the run must end and speak
    [[files]]   what the disk gets before         [[verify]]  what the host checks on it after
    [[steps]]   what is typed, what must answer   [budget]    when it counts as a hang
    [[inject]]  what is done to the running kernel from outside
    [matrix]    one file, a scenario for each combination of values; [[matrix]]: one for each row;
                matrix = "authority-faults": one for each row of docs/authority-scenarios.json
"""
import itertools
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from harness import authorityfaults, inject, media, paths, values
from harness.outcome import UsageError
from harness.schema import Checker, Field, Problem
from harness.suggest import did_you_mean

NAME = re.compile(r"[a-z0-9][a-z0-9-]*\Z")
MATRIX_MAX = 200
# Matrices whose rows are made from another list of the tree.
MATRICES = {"authority-faults": authorityfaults.matrix}


def _media_names() -> list[str]:
    return [*values.MEDIA_SELECTORS, *media.names()]


TOP = {
    "name": Field(str),
    "summary": Field(str),
    "tags": Field(list, (), item=str),
    "proves": Field(list, (), item=str),
    "twin": Field(str, ""),
    "run_mode": Field(str, "vm", values.RUN_MODES),
    "kernel_rootd_test": Field(str, "runtime", values.KERNEL_ROOTD_TESTS),
    "rootd_test_mode": Field(str, "none", values.ROOTD_TEST_MODES),
    "runtime_config_profile": Field(str, "dev", values.PROFILES),
    "runtime_config_path": Field(str, ""),
    "block_storage_image": Field(str, "auto", _media_names),
    "qemu_block_readonly": Field(bool, True),
    "disk_image_case": Field(str, "none", values.DISK_IMAGE_CASES),
    "phase0_missing_service": Field(str, "none", values.MISSING_SERVICES),
    "service_primary_control_fault": Field(str, "none", values.PRIMARY_CONTROL_FAULTS),
    "service_explicit_endpoint_fault": Field(str, "none", values.EXPLICIT_ENDPOINT_FAULTS),
    "service_startup_peer_fault": Field(str, "none", values.STARTUP_PEER_FAULTS),
    "verifier_fault": Field(str, "none", values.VERIFIER_FAULTS),
    "keyd_fscrypt_material_id_hex": Field(str, ""),
    "keyd_fscrypt_material_hex": Field(str, ""),
    "keyd_fsverity_root_id_hex": Field(str, ""),
    "keyd_fsverity_root_hex": Field(str, ""),
    **{name: Field(str, "none", values.SERVICE_TEST_MODES) for name in values.SERVICE_TEST_FIELDS},
    "boot": Field(dict, None),
    "expect": Field(dict),
    "files": Field(list, (), item=dict),
    "steps": Field(list, (), item=dict),
    "verify": Field(list, (), item=dict),
    "inject": Field(list, (), item=dict),
    "budget": Field(dict, None),
    "matrix": Field(object, None),
}
TABLES = ("boot", "expect", "files", "steps", "verify", "inject", "budget", "matrix")

BOOT = {
    "start": Field(str, values.START_SNAPSHOT, values.BOOT_STARTS),
    "image_fault": Field(str, "none", values.BOOT_IMAGE_FAULTS),
    "memory_mib": Field(int, 512, least=32),
    "lacks": Field(str, "none", values.LACKS),
    "acpi": Field(bool, True),
    "icount": Field(int, -1, least=0),
    "root_program": Field(str, "rootd"),
    "stand_in": Field(dict, None),
}
EXPECT = {
    "exit": Field(str, choices=values.EXITS),
    "ordered": Field(list, (), item=str),
    "required": Field(list, (), item=str),
    "forbidden": Field(list, (), item=str),
    "count": Field(dict, None),
    "proofs": Field(list, (), item=str),
    "details": Field(dict, None),
}
FILE = {
    "path": Field(str, ""),
    "partition": Field(str, ""),
    "content": Field(str, ""),
    "program": Field(str, ""),
    "pages_mib": Field(int, 0, least=0),
}
STEP = {
    "expect": Field(str, ""),
    "match": Field(str, ""),
    "send": Field(str, ""),
}
VERIFY = {
    "check": Field(str, choices=("ext", "fat", "gpt", "file", "absent", "unchanged", "graph")),
    "partition": Field(str, "erix-data"),
    "path": Field(str, ""),
    "content": Field(str, ""),
}
# CPU seconds are those of the reference machine; see hostunit.py. idle_s: the guest slept all the
# time and said nothing, so that no load of the host can be the reason.
# An attack on the running kernel from outside; see inject.py. `line`: the first of the kernel's
# last words, without ERIX_KERNEL:, for instance "EXCEPTION PAGE vector=14 error=0x11".
INJECT = {
    "at": Field(str, "invoke"),
    "what": Field(str, choices=lambda: inject.ATTACKS),
    "after": Field(str, ""),
    "line": Field(str, ""),
}
BUDGET = {
    "guest_s": Field(float, 0.0, least=0),
    "cpu_s": Field(float, 60.0, least=0.1),
    "quiet_cpu_s": Field(float, 20.0, least=0.1),
    "idle_s": Field(float, 10.0, least=0.1),
}


@dataclass(frozen=True)
class Boot:
    """How the machine is started. `lacks`: a feature that its processor has not; without `acpi` its
    firmware describes no interrupt controllers and timers. `icount`: one instruction is 2^icount
    ns; -1 turns it off. `root_program`: what the kernel starts first; a program of programs/ runs
    alone in the machine. `stand_in`: services and the test programs that are in the image instead
    of them."""
    start: str
    image_fault: str
    memory_mib: int
    lacks: str
    acpi: bool
    icount: int
    root_program: str
    stand_in: tuple[tuple[str, str], ...] = ()
    root_script: str = ""  # what the program root-liar says; no file sets it


@dataclass(frozen=True)
class Expect:
    """How the run must end, which markers it must and must not print, and which verifiers give
    their proof, and what stands behind a marker on its line."""
    exit: str
    ordered: tuple[str, ...]
    required: tuple[str, ...]
    forbidden: tuple[str, ...]
    count: dict[str, int]
    proofs: tuple[str, ...]
    details: dict[str, str]


@dataclass(frozen=True)
class File:
    """A file that the run's own copy of the disk gets before the start: a text, a program of
    tests/ports, or so many MiB of pages that fsbench knows. With `partition` instead of a path: the
    first bytes of that partition."""
    path: str
    partition: str
    content: str
    program: str
    pages_mib: int


@dataclass(frozen=True)
class Step:
    """Wait for a text (`expect`) or a regular expression (`match`), then type `send`."""
    expect: str
    match: str
    send: str


@dataclass(frozen=True)
class Verify:
    """A check that the host makes on the disk after the run."""
    check: str
    partition: str
    path: str
    content: str


@dataclass(frozen=True)
class Inject:
    """An attack on the running kernel, and what must come of it; see INJECT."""
    at: str
    what: str
    after: str
    line: str


@dataclass(frozen=True)
class Budget:
    """When a run counts as a hang; see BUDGET."""
    guest_s: float
    cpu_s: float
    quiet_cpu_s: float
    idle_s: float


@dataclass(frozen=True)
class Scenario:
    """One run. `name` is unique: a scenario of a matrix carries its values, as in fs[ext2]."""
    name: str
    file: Path
    source: str
    summary: str
    tags: tuple[str, ...]
    proves: tuple[str, ...]
    options: dict = field(hash=False)
    boot: Boot
    expect: Expect
    files: tuple[File, ...]
    steps: tuple[Step, ...]
    verify: tuple[Verify, ...]
    inject: tuple[Inject, ...]
    budget: Budget

    @property
    def wants_failure(self) -> bool:
        return self.expect.exit.endswith("-failure")

    def folder_name(self) -> str:
        """The name as a folder: without the characters that shells treat specially."""
        return self.name.replace("[", "+").replace("]", "").replace(",", "+")


def _stand_ins(checker: Checker, rows: dict | None) -> tuple[tuple[str, str], ...]:
    for service, program in (rows or {}).items():
        if service not in values.SERVICES:
            checker.complain(f"no service `{service}`", ("boot",), "stand_in",
                             did_you_mean(service, values.SERVICES).lstrip(", "), within=service)
        if program not in values.STAND_INS:
            checker.complain(f"no stand-in `{program}`", ("boot",), "stand_in",
                             f"one of: {', '.join(values.STAND_INS)}", within=str(program))
    return tuple(sorted((rows or {}).items()))


def _tuple(values_: dict) -> dict:
    return {key: tuple(value) if isinstance(value, list) else value
            for key, value in values_.items()}


def _rows(checker: Checker, rows: object, fields: dict, table: str) -> list[dict]:
    rows = rows if isinstance(rows, (list, tuple)) else ()
    return [checker.table(row, fields, (table, index)) for index, row in enumerate(rows)]


def _parse_one(file: Path, source: str, data: dict, name: str) -> tuple[Scenario | None,
                                                                        list[Problem]]:
    checker = Checker(file, source)
    top = checker.table(data, TOP)
    boot = checker.table(data.get("boot", {}), BOOT, ("boot",))
    boot["stand_in"] = _stand_ins(checker, boot["stand_in"])
    expect = checker.table(data.get("expect", {}), EXPECT, ("expect",))
    budget = checker.table(data.get("budget", {}), BUDGET, ("budget",))
    files = _rows(checker, data.get("files"), FILE, "files")
    steps = _rows(checker, data.get("steps"), STEP, "steps")
    verify = _rows(checker, data.get("verify"), VERIFY, "verify")
    attacks = _rows(checker, data.get("inject"), INJECT, "inject")
    if top.get("name") and top["name"] != file.stem:
        checker.complain(f"`name` must be the file's name, {file.stem}", (), "name")
    if not NAME.match(file.stem):
        checker.complain("a scenario's name has small letters, digits and -", (), "name")
    if checker.problems:
        return None, checker.problems
    options = {key: value for key, value in top.items() if key not in TABLES
               and key not in ("name", "summary", "tags", "proves")}
    return Scenario(
        name=name, file=file, source=source, summary=top["summary"], tags=tuple(top["tags"]),
        proves=tuple(top["proves"]), options=options, boot=Boot(**boot),
        expect=Expect(**_tuple(expect | {"count": expect["count"] or {},
                                           "details": expect["details"] or {}})),
        files=tuple(File(**row) for row in files), steps=tuple(Step(**row) for row in steps),
        verify=tuple(Verify(**row) for row in verify),
        inject=tuple(Inject(**row) for row in attacks),
        budget=Budget(**budget)), []


def _substituted(value: object, replaced: dict[str, str]) -> object:
    if isinstance(value, str):
        for key, text in replaced.items():
            value = value.replace("{%s}" % key, text)
        return value
    if isinstance(value, list):
        return [_substituted(each, replaced) for each in value]
    if isinstance(value, dict):
        return {_substituted(key, replaced): _substituted(each, replaced)
                for key, each in value.items()}
    return value


def _matrix(checker: Checker, data: dict) -> list[dict[str, str]]:
    """The combinations of a [matrix] table, or the rows of [[matrix]] tables; one empty combination
    if there is neither."""
    table = data.get("matrix", {})
    if isinstance(table, str):
        if table in MATRICES:
            return MATRICES[table]()
        checker.complain(f"no matrix `{table}`", (), "matrix", f"one of: {', '.join(MATRICES)}")
        return []
    if isinstance(table, list):
        return _matrix_rows(checker, table)
    for key, choices in table.items():
        good = isinstance(choices, list) and choices and all(isinstance(c, str) for c in choices)
        if not good:
            checker.complain(f"`{key}` must be a list of texts that is not empty", ("matrix",), key)
    if checker.problems:
        return []
    rows = [dict(zip(table, row)) for row in itertools.product(*table.values())]
    if len(rows) > MATRIX_MAX:
        checker.complain(f"more than {MATRIX_MAX} combinations", ("matrix",))
    return rows


def _matrix_rows(checker: Checker, rows: list[dict]) -> list[dict[str, str]]:
    for index, row in enumerate(rows):
        if set(row) != set(rows[0]) or not all(isinstance(text, str) for text in row.values()):
            checker.complain("all rows of [[matrix]] have the same keys, with texts",
                             ("matrix", index))
    labels = [next(iter(row.values()), None) for row in rows]
    if not checker.problems and len(set(labels)) != len(labels):
        checker.complain("the first key of a [[matrix]] row is its name and must differ",
                         ("matrix", 0))
    return [] if checker.problems else rows


def _label(data: dict, row: dict[str, str]) -> str:
    """What a row adds to the scenario's name: all values of a [matrix], the first of a
    [[matrix]] or of a list that is made."""
    if not row:
        return ""
    shown = row.values() if isinstance(data["matrix"], dict) else list(row.values())[:1]
    return f"[{','.join(shown)}]"


def parse(file: Path) -> tuple[list[Scenario], list[Problem]]:
    """The scenarios of one file, or what is wrong with it."""
    source = file.read_text(encoding="utf-8")
    checker = Checker(file, source)
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        number = int(line[1]) if line else 1
        return [], [Problem(file, number, 0, f"not TOML: {error}",
                            (source.splitlines() or [""])[min(number, source.count("\n") + 1) - 1]
                            if source else "")]
    rows = _matrix(checker, data)
    scenarios, problems = [], list(checker.problems)
    for row in rows:
        plain = {key: value for key, value in data.items() if key != "matrix"}
        name = file.stem + _label(data, row)
        found, wrong = _parse_one(file, source, _substituted(plain, row), name)
        scenarios += [found] if found else []
        problems += [each for each in wrong if each not in problems]
    return ([] if problems else scenarios), problems


def load_all(folder: Path = paths.SCENARIOS) -> list[Scenario]:
    """All scenarios of the tree by name. Raises UsageError with every problem of every file."""
    scenarios, problems = read_all(folder)
    if problems:
        raise UsageError("\n".join(str(problem) for problem in problems))
    return scenarios


def read_all(folder: Path = paths.SCENARIOS) -> tuple[list[Scenario], list[Problem]]:
    """All scenarios that are well-formed, and all problems."""
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    for file in sorted(folder.glob("*.toml")):
        found, wrong = parse(file)
        scenarios += found
        problems += wrong
    return sorted(scenarios, key=lambda scenario: scenario.name), problems
