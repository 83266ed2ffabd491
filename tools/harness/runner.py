# SPDX-License-Identifier: ISC
"""Running one scenario: start the machine, type, watch the budgets, stop at the verdict, judge.

A run ends when the guest ends it, when all that is wanted has come (exit `verdict`), or when a
budget is used up. Budgets count CPU seconds, guest seconds and time asleep; never plain time, which
says more about what else the host does.
"""
import json
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from harness import artifacts, diskcheck, graph, judge, markers, qemu, snapshot, values
from harness.gdbstub import Stub, StubError
from harness.images import Prepared, Provider
from harness.inject import Injection, Injector
from harness.judge import Observation, Reason
from harness.machine import PM_TIMER_HZ, SERIAL_BYTES_MAX, Machine
from harness.markers import Seen
from harness.outcome import EnvironmentProblem, HarnessError
from harness.scenario import Scenario, Step
from harness.template import fill, nonce, random_seed

POLL_S = 0.05
# After a forbidden marker the run is lost; this much more is let out, for the dump that explains
# it.
LAST_WORDS_CPU_S = 1.0
LAST_WORDS_IDLE_S = 1.0
# A guest that is woken now and then for nothing, as by the tick of a firmware's shell, is never
# idle for long: it may sleep so many times idle_s in all before it ends a line.
DOZE_FACTOR = 3.0
# How much of a sleep counts between two looks at the machine: whoever looks can be late.
LOOK_MAX_S = 0.25
SCREEN = "screen.png"
SHOWN_STEP_CHARACTERS = 100


@dataclass(frozen=True)
class Context:
    """What all runs of one invocation have in common. `cold` are the scenarios that start with
    firmware although they could start from a snapshot; None: all of them."""
    provider: Provider
    accelerator: str
    factor: float
    seed: str
    folder: Path
    cold: frozenset[str] | None = None
    say: Callable[[str], None] = print

    def starts_cold(self, scenario: Scenario) -> bool:
        return (self.cold is None or scenario.name in self.cold
                or not snapshot.suits(scenario, self.accelerator))


@dataclass(frozen=True)
class Stamp:
    """A marker and the guest time of it, in ticks of PM_TIMER_HZ since power-on; None: not told."""
    marker: str
    ticks: int | None

    @property
    def guest_s(self) -> float | None:
        return None if self.ticks is None else round(self.ticks / PM_TIMER_HZ, 6)


@dataclass(frozen=True)
class Result:
    """The outcome of a scenario. No reasons: it passed. `guest_s`: when its last marker came."""
    name: str
    reasons: tuple[Reason, ...]
    end: str
    cpu_s: float
    guest_s: float | None
    wall_s: float
    folder: Path
    stamps: tuple[Stamp, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.reasons


class Conversation:
    """The steps of a scenario: what is waited for on the serial line, and what is typed then."""

    def __init__(self, steps: tuple[Step, ...], nonce_text: str):
        self._steps = list(steps)
        self._nonce = nonce_text
        self._at = 0

    def _pattern(self, step: Step) -> re.Pattern:
        if step.match:
            return re.compile(fill(step.match, self._nonce, re.escape), re.MULTILINE)
        return re.compile(re.escape(fill(step.expect, self._nonce)))

    def advance(self, machine: Machine) -> None:
        """Take as many steps as what has been said allows. What one step found is used up."""
        while self._steps:
            step = self._steps[0]
            found = self._pattern(step).search(machine.transcript, self._at)
            if found is None:
                return
            self._at = found.end()
            self._steps.pop(0)
            if step.send:
                machine.send(fill(step.send, self._nonce))

    @property
    def waiting(self) -> str:
        """What is waited for; empty when the conversation is over."""
        if not self._steps:
            return ""
        step = self._steps[0]
        return fill(step.match or step.expect, self._nonce)[:SHOWN_STEP_CHARACTERS].strip()


class Watch:
    """Tells a hang from work: compares the machine with the budgets of the scenario."""

    def __init__(self, scenario: Scenario, factor: float):
        self._budget = scenario.budget
        self._factor = factor
        self._icount = scenario.boot.icount >= 0
        self._quiet_from_cpu_s = 0.0
        self._idle_from_s = 0.0
        self._guest_asked_s = 0.0
        self._bytes = 0
        self._lines = 0
        self._looked_s = 0.0
        self._was_asleep = False
        self._slept_s = 0.0
        self._lost = False

    def lost(self) -> None:
        """The run cannot pass any more: leave it only its last words."""
        self._lost = True

    def hang(self, machine: Machine) -> str:
        """Why the run must be ended now; empty while it may go on."""
        cpu_s, now_s = machine.cpu_s(), machine.elapsed_s
        if machine.bytes_seen != self._bytes:
            self._bytes = machine.bytes_seen
            self._quiet_from_cpu_s, self._idle_from_s = cpu_s, now_s
        asleep = machine.asleep()
        if not asleep:
            self._idle_from_s = now_s
        self._add_sleep(machine, asleep, now_s)
        quiet_s = LAST_WORDS_CPU_S if self._lost else self._budget.quiet_cpu_s
        idle_s = LAST_WORDS_IDLE_S if self._lost else self._budget.idle_s
        if machine.bytes_seen > SERIAL_BYTES_MAX:
            return f"endless output: more than {SERIAL_BYTES_MAX >> 20} MiB"
        if cpu_s > self._budget.cpu_s * self._factor:
            return f"hang: budget cpu_s used up ({cpu_s:.1f} CPU-s)"
        if cpu_s - self._quiet_from_cpu_s > quiet_s * self._factor:
            return f"hang: busy for {cpu_s - self._quiet_from_cpu_s:.1f} CPU-s without a word"
        if now_s - self._idle_from_s > idle_s:
            return f"hang: the guest has slept for {now_s - self._idle_from_s:.1f} s without a word"
        if self._slept_s > DOZE_FACTOR * idle_s:
            return f"hang: the guest has slept for {self._slept_s:.1f} s in all without a new line"
        return self._guest_time_up(machine, now_s)

    def _add_sleep(self, machine: Machine, asleep: bool, now_s: float) -> None:
        """Sum up how long the guest has slept since its last line ended."""
        if asleep and self._was_asleep:
            self._slept_s += min(now_s - self._looked_s, LOOK_MAX_S)
        if len(machine.lines) != self._lines:
            self._lines, self._slept_s = len(machine.lines), 0.0
        self._was_asleep, self._looked_s = asleep, now_s

    def _guest_time_up(self, machine: Machine, now_s: float) -> str:
        if not self._budget.guest_s or not self._icount or now_s - self._guest_asked_s < 0.5:
            return ""
        self._guest_asked_s = now_s
        guest_s = machine.guest_s()
        if guest_s is not None and guest_s > self._budget.guest_s:
            return f"hang: budget guest_s used up ({guest_s:.0f} s of guest time)"
        return ""


class Run:
    """One run of one scenario."""

    def __init__(self, scenario: Scenario, context: Context):
        self._scenario = scenario
        self._context = context
        self._nonce = nonce(context.seed, scenario.name)
        self.folder = context.folder / scenario.folder_name()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._conversation = Conversation(scenario.steps, self._nonce)
        self._watch = Watch(scenario, context.factor)
        self._forbidden = judge.forbidden_patterns(scenario)
        self._seen: list[Seen] = []
        self.stamps: list[Stamp] = []
        self._lines_read = 0
        self._lost = False
        self._attacks = [Injection(**vars(each)) for each in scenario.inject]
        self._injector: Injector | None = None

    def _spec(self, prepared: Prepared) -> qemu.MachineSpec:
        boot = self._scenario.boot
        # Instructions can be counted under emulation only.
        accelerator = self._context.accelerator if boot.icount < 0 else "tcg"
        spec = qemu.MachineSpec(
            disks=prepared.disks, accelerator=accelerator,
            memory_mib=boot.memory_mib, lacks=boot.lacks, acpi=boot.acpi, icount=boot.icount,
            start=boot.start,
            flash_variables=prepared.flash_variables, debug_exit=prepared.debug_exit,
            nonce=self._nonce if prepared.debug_exit else "",
            wait_for_debugger=bool(self._attacks),
            gdb_socket=f"unix:{self._stub_path},server=on,wait=off" if self._attacks else "")
        parking = None if self._context.starts_cold(self._scenario) \
            else snapshot.of(spec, self._context.say)
        return replace(spec, parking=parking, random_seed=random_seed(self._nonce))

    @property
    def _stub_path(self) -> Path:
        """Where a machine under attack can be stopped; a short path, as sockets demand."""
        return Path(tempfile.gettempdir()) / f"erix-{os.getpid()}-{id(self):x}.gdb"

    def _read_lines(self, machine: Machine) -> None:
        for number in range(self._lines_read, len(machine.lines)):
            line = machine.lines[number]
            self._seen += markers.in_line(line.text, number + 1, line.time_s)
        if len(self.stamps) < len(self._seen):
            self._stamp(machine)
        self._lines_read = len(machine.lines)
        if not self._lost and judge.first_forbidden(self._forbidden, self._seen):
            self._lost = True
            self._watch.lost()
            machine.screenshot(self.folder / SCREEN)  # the exit of the guest leaves none

    def _stamp(self, machine: Machine) -> None:
        """Note the guest time at which markers came, as exactly as it can be had from outside. What
        is read after the machine has ended came at its end."""
        ticks = machine.guest_ticks()
        if ticks is None and self.stamps:
            ticks = self.stamps[-1].ticks
        self.stamps += [Stamp(seen.text, ticks) for seen in self._seen[len(self.stamps):]]

    def _goal_reached(self, machine: Machine) -> bool:
        return (self._scenario.expect.exit == values.EXIT_VERDICT
                and not self._conversation.waiting
                and judge.attacks_over(self._attacks, self._texts(machine))
                and judge.goal_reached(self._scenario.expect, self._seen))

    @staticmethod
    def _texts(machine: Machine) -> tuple[str, ...]:
        return tuple(line.text for line in machine.lines)

    def _follow(self, machine: Machine) -> tuple[str, str]:
        """Watch the machine to the end of the run; how it ended, and the hang if it was one."""
        while machine.poll(POLL_S):
            if self._injector:
                self._injector.step(machine.monitor, machine.transcript)
            self._read_lines(machine)
            self._conversation.advance(machine)
            if self._goal_reached(machine):
                return values.EXIT_VERDICT, ""
            hang = self._watch.hang(machine)
            if hang:
                machine.screenshot(self.folder / SCREEN)
                return "no end", hang
        end = judge.name_end(machine.wait_exit(), machine.monitor.shutdown_reason())
        return end + self._complaint(end), ""

    def _complaint(self, end: str) -> str:
        """What QEMU itself said, where that is the reason of the end."""
        if not end.startswith("QEMU"):
            return ""
        text = (self.folder / "qemu.log").read_text(encoding="utf-8", errors="replace").strip()
        return f": {text.splitlines()[-1]}" if text else ""

    def _under_attack(self, machine: Machine) -> tuple[str, str]:
        """_follow() a machine whose kernel is attacked through the gdb stub."""
        self._injector = Injector(artifacts.kernel_symbols_of(self._scenario), self._attacks)
        try:
            with Stub(self._stub_path) as stub:
                self._injector.begin(stub)
                return self._follow(machine)
        except StubError as problem:
            return "no end", f"cannot be attacked: {problem}"
        finally:
            self._stub_path.unlink(missing_ok=True)

    def execute(self) -> Result:
        """Run the scenario and judge it. Raises HarnessError if it cannot be run at all."""
        prepared = self._context.provider.prepare(self._scenario, self.folder, self._nonce)
        spec = self._spec(prepared)
        words = qemu.command(spec)
        (self.folder / "qemu.cmd").write_text(qemu.pasteable(words), encoding="utf-8")
        with Machine(words, self.folder / "serial.log") as machine:
            follow = self._under_attack if self._attacks else self._follow
            end, hang = follow(machine)
            machine.stop()
            self._read_lines(machine)
            self._conversation.advance(machine)
            wall_s, cpu_s = machine.elapsed_s, machine.cpu_s()
        observation = Observation(
            end=end, seen=tuple(self._seen), lines=self._texts(machine),
            hang=hang, step_waiting=self._conversation.waiting, nonce=self._nonce,
            disk_problems=self._problems_outside(prepared, machine), attacks=tuple(self._attacks))
        result = Result(self._scenario.name, judge.judge(self._scenario, observation), end, cpu_s,
                        self.stamps[-1].guest_s if self.stamps else None, wall_s, self.folder,
                        tuple(self.stamps))
        self._keep(result, machine, prepared, spec)
        return result

    def _problems_outside(self, prepared: Prepared, machine: Machine) -> tuple[str, ...]:
        graph_checks = [check for check in self._scenario.verify if check.check == "graph"]
        found: tuple[str, ...] = ()
        if graph_checks:
            found = graph.problems(self._scenario, self._texts(machine))
        checks = tuple(check for check in self._scenario.verify if check.check != "graph")
        if not checks:
            return found
        if prepared.data_disk is None:
            return (*found, "the run has no disk to be verified")
        return found + diskcheck.problems(checks, prepared.data_disk, prepared.digest_before,
                                          self._nonce)

    def _keep(self, result: Result, machine: Machine, prepared: Prepared, spec: qemu.MachineSpec
              ) -> None:
        rows = [f"{line.time_s:.3f}\t{line.cpu_s:.2f}\t{markers.clean(line.text)}\n"
                for line in machine.lines]
        (self.folder / "serial.tsv").write_text("".join(rows), encoding="utf-8")
        verdict = {"name": result.name, "passed": result.passed, "end": result.end,
                   "wanted": self._scenario.expect.exit,
                   "snapshot": spec.parking.state.stem if spec.parking else None,
                   "cpu_s": round(result.cpu_s, 2),
                   "guest_s": result.guest_s, "wall_s": round(result.wall_s, 2),
                   "nonce": self._nonce, "seed": self._context.seed,
                   "image_digests": prepared.digests,
                   "reasons": [asdict(reason) for reason in result.reasons],
                   "markers": [asdict(seen) | {"cpu_s": machine.lines[seen.line - 1].cpu_s,
                                               "guest_s": stamp.guest_s}
                               for seen, stamp in zip(self._seen, self.stamps, strict=True)]}
        text = json.dumps(verdict, indent=1) + "\n"
        (self.folder / "verdict.json").write_text(text, encoding="utf-8")
        if result.passed:
            prepared.discard()


def run(scenario: Scenario, context: Context) -> Result:
    """Run a scenario. What stops it from being run is its failure, with the reason; but a tool that
    is missing says nothing about EriX and is raised as EnvironmentProblem."""
    the_run = Run(scenario, context)
    try:
        return the_run.execute()
    except EnvironmentProblem:
        raise
    except HarnessError as error:
        return Result(scenario.name, (Reason(f"cannot be run: {error}"),), "not started", 0.0, None,
                      0.0, the_run.folder)
