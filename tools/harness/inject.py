# SPDX-License-Identifier: ISC
"""Attacks on the running kernel from outside, through QEMU's gdb stub: what [[inject]] of a
scenario asks for. The guest is unmodified, so the release image can be attacked too.

The guest is stopped where the kernel executes a symbol. Then registers (or one word of memory) are
changed so that the kernel's own instructions break one of its protections, and it goes on. Each
attack counts its hits; a scenario whose attack never hit fails.
"""
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from harness import paths
from harness.gdbstub import Stub
from harness.outcome import BuildError
from harness.qmp import Monitor, MonitorError
from harness.symbols import Symbols

DIRECT_MAP = 0xFFFF800000000000
WORD_BYTES = 8
STACK_SEARCH_WORDS = 64
ENTRY_OFFSETS = paths.ROOT / "kernel" / "arch" / "entry_offsets.h"
USER_END = 0x00007FFFFFFFF000
# A line of `info tlb`: address, frame, flags, each a letter or - where the bit is clear.
TLB_LINE = re.compile(r"([0-9a-f]{16}): [0-9a-f]{16} ([-XGPDACTUW]{9})")
KERNEL_BEGIN = 0xFFFF800000000000
PAGES_MIN = 32


@cache
def offset(name: str) -> int:
    """A number that kernel/arch/entry_offsets.h promises to entry code."""
    found = re.search(rf"^#define OFFSET_{name} (\d+)$",
                      ENTRY_OFFSETS.read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise BuildError(f"{paths.shown(ENTRY_OFFSETS)} has no OFFSET_{name}")
    return int(found[1])


class InjectError(Exception):
    """The guest is not in the state that the attack needs."""


@dataclass(frozen=True)
class Target:
    """The stopped machine."""
    stub: Stub
    symbols: Symbols
    monitor: Monitor

    def call(self, symbol: str, *arguments: int) -> None:
        """Go on at a function of the kernel with these arguments."""
        for name, value in zip(("rdi", "rsi", "rdx"), arguments):
            self.stub.write_register(name, value)
        self.stub.write_register("rip", self.symbols.address(symbol))

    def user_register(self, name: str) -> int:
        """A saved register, rip or rsp, of the program that runs or made this system call."""
        current_at = self.symbols.address("cpu_boot") + offset("CPU_CURRENT")
        at = self._word(current_at) + offset("THREAD_REGISTERS") + offset(name.upper())
        address = self._word(at)
        if not 0 < address < USER_END:
            raise InjectError(f"{address:#x} is no user address: no program runs")
        return address

    def _word(self, address: int) -> int:
        return int.from_bytes(self.stub.read_memory(address, WORD_BYTES), "little")

    def physical(self, address: int) -> int:
        answer = str(self.monitor.call("human-monitor-command",
                                       **{"command-line": f"gva2gpa {address:#x}"}))
        if not answer.startswith("gpa:"):
            raise InjectError(f"{address:#x} is not mapped: {answer.strip()}")
        return int(answer.split()[1], 16)


def _execute_user(target: Target) -> int:
    address = target.user_register("rip")
    target.stub.write_register("rip", address)
    return address


def _execute_data(target: Target) -> int:
    address = target.symbols.address("cpu_boot")
    target.stub.write_register("rip", address)
    return address


def _read_user(target: Target) -> int:
    address = target.user_register("rip")
    target.call("memcpy", target.symbols.address("cpu_boot"), address, WORD_BYTES)
    return address


def _write_user(target: Target) -> int:
    address = target.user_register("rsp") - WORD_BYTES
    target.call("memset", address, 0, WORD_BYTES)
    return address


def _read_null(target: Target) -> int:
    target.call("memcpy", target.symbols.address("cpu_boot"), 0, WORD_BYTES)
    return 0


def _write_text(target: Target) -> int:
    address = target.symbols.address("image_begin")
    target.call("memset", address, 0, WORD_BYTES)
    return address


def _write_constants(target: Target) -> int:
    address = target.symbols.address("image_read_only_begin")
    target.call("memset", address, 0, WORD_BYTES)
    return address


def _write_text_direct(target: Target) -> int:
    address = target.physical(target.symbols.address("image_begin")) + DIRECT_MAP
    target.call("memset", address, 0, WORD_BYTES)
    return address


def _overflow_stack(target: Target) -> int:
    """The next push goes into the guard page, and so does the frame of that fault."""
    guard_end = target.symbols.address("stacks") + 4096
    target.stub.write_register("rsp", guard_end)
    return guard_end - WORD_BYTES


def _smash_stack(target: Target) -> None:
    """Overwrite the canary of the calling function's frame, as a buffer overflow would."""
    guard = target.stub.read_memory(target.symbols.address("__stack_chk_guard"), WORD_BYTES)
    at = target.stub.read_register("rsp")
    for word in range(STACK_SEARCH_WORDS):
        place = at + word * WORD_BYTES
        if target.stub.read_memory(place, WORD_BYTES) == guard:
            target.stub.write_memory(place, b"\xff" * WORD_BYTES)
            return
    raise InjectError("no canary on the stack here")


def page_problems(tlb: str) -> tuple[int, list[str]]:
    """How many pages the processor's tables map, by what QEMU reads out of them (`info tlb`), and
    which of them break a rule."""
    problems, count = [], 0
    for address, flags in TLB_LINE.findall(tlb):
        count += 1
        if "W" in flags and "X" not in flags:
            problems.append(f"{address} is writable and executable ({flags})")
        if "U" in flags and int(address, 16) >= KERNEL_BEGIN:
            problems.append(f"{address} is the kernel's and for user mode ({flags})")
    return count, problems


def _check_pages(target: Target) -> None:
    """No attack: look at every page that is mapped now."""
    answer = str(target.monitor.call("human-monitor-command", **{"command-line": "info tlb"}))
    count, problems = page_problems(answer)
    if count < PAGES_MIN:
        raise InjectError(f"the tables show {count} pages only")
    if problems:
        raise InjectError("; ".join(problems[:4]))


# What an attack does; its result is the address that a page fault must be about.
ATTACKS: dict[str, Callable[[Target], int | None]] = {
    "execute-user": _execute_user,
    "execute-data": _execute_data,
    "read-user": _read_user,
    "write-user": _write_user,
    "read-null": _read_null,
    "write-text": _write_text,
    "write-constants": _write_constants,
    "write-text-direct": _write_text_direct,
    "overflow-stack": _overflow_stack,
    "smash-stack": _smash_stack,
    "check-pages": _check_pages,
}


@dataclass
class Injection:
    """One attack and what became of it. `line` is what the kernel must say then; none: it must say
    nothing and go on. `after`: a text of the serial line before which
    nothing is done."""
    at: str
    what: str
    after: str
    line: str
    hits: int = 0
    address: int | None = None
    problem: str = ""

    @property
    def is_over(self) -> bool:
        return self.hits > 0 or bool(self.problem)

    @property
    def wanted(self) -> str:
        """The line of the serial log with which the kernel must end."""
        return f"ERIX_KERNEL:{self.line}"


@dataclass
class Injector:
    """Carries out the attacks of a run, one after the other."""
    symbols: Symbols
    injections: list[Injection]
    _stub: Stub | None = field(default=None, init=False)
    _next: int = field(default=0, init=False)
    _armed: bool = field(default=False, init=False)

    def begin(self, stub: Stub) -> None:
        """The machine stands still before its first instruction."""
        self._stub = stub
        self._arm()

    def _arm(self) -> None:
        """Go on, with a breakpoint at the place of the next attack if its time has come."""
        self._armed = self._next < len(self.injections) and not self.injections[self._next].after
        if self._armed:
            self._stub.set_breakpoint(self.symbols.address(self.injections[self._next].at))
        self._stub.go_on()

    def step(self, monitor: Monitor, transcript: str) -> None:
        """Attack if the guest has come to the place."""
        if self._next == len(self.injections):
            return
        injection = self.injections[self._next]
        if not self._armed and injection.after in transcript:
            self._stub.stop()
            injection.after = ""
            self._arm()
        if not self._armed or not self._stub.stopped():
            return
        self._next += 1
        self._stub.clear_breakpoint(self.symbols.address(injection.at))
        try:
            injection.address = ATTACKS[injection.what](Target(self._stub, self.symbols, monitor))
            injection.hits += 1
        except (InjectError, MonitorError) as problem:
            injection.problem = str(problem)
        self._arm()
