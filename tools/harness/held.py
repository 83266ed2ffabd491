# SPDX-License-Identifier: ISC
"""A run that stops where it is decided, instead of ending: the machine stands still, and a debugger
can look at it.

It stops before the kernel's first word about a panic or an exception, before the exit of a test
image, at power-off and reset, at the first forbidden marker, at a refusal of the loader, when a
budget is used up, or at a marker that somebody has asked for. The machine is the one of the
scenario but for its debug-exit device, which would end it.
"""
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from harness import debugger, judge, markers, qemu, values
from harness.gdbstub import Stub
from harness.images import Prepared
from harness.judge import Observation, Reason
from harness.machine import Machine
from harness.runner import POLL_S, Run
from harness.scenario import Scenario

REFUSED = "ERIX_BOOTLOADER:REFUSED:*"
SNAPSHOT = "start"
STOPPED = "the machine has stopped: "
CODE_MASK = 0xFFFFFFFF


@dataclass(frozen=True)
class Stop:
    """Where a run has stopped, and what is wrong with it so far."""
    why: str
    reasons: tuple[Reason, ...]
    socket: Path
    over: bool = False  # the machine is off: nothing runs any more, forwards or backwards


@dataclass(frozen=True)
class Hold:
    """What stops a run, and what is done then. `at`: a marker that stops it as soon as it is there.
    `spec`: another machine than the scenario's, from a recording, which ended with `end`."""
    executables: debugger.Executables
    socket: Path
    visit: Callable[[Stop], None]
    at: str = ""
    spec: qemu.MachineSpec | None = None
    end: str = ""

    @property
    def reversible(self) -> bool:
        """Whether it can run backwards: all that comes from outside must be written down."""
        return self.spec is not None


class Held(Run):
    """A run under a hold."""

    def __init__(self, scenario: Scenario, context, hold: Hold):
        super().__init__(scenario, context)
        self._hold = hold
        wanted = scenario.expect.exit
        names = (debugger.EXIT,) if wanted == "kernel-failure" else (debugger.EXIT, *debugger.ENDS)
        self._places = hold.executables.addresses(names)

    def _spec(self, prepared: Prepared) -> qemu.MachineSpec:
        # A replay needs the devices that were recorded: it stops before it comes to the exit.
        spec = self._hold.spec or replace(super()._spec(prepared), debug_exit=False)
        return replace(spec, hold=True, wait_for_debugger=True,
                       gdb_socket=f"unix:{self._hold.socket},server=on,wait=off")

    def _follow(self, machine: Machine) -> tuple[str, str]:
        debugger.wait_for(self._hold.socket)
        if self._hold.reversible:  # from here gdb can go back to any earlier instruction
            machine.monitor.call("human-monitor-command", **{"command-line": f"savevm {SNAPSHOT}"})
        with Stub(self._hold.socket) as stub:
            for address in self._places:
                stub.set_breakpoint(address)
            stub.go_on()
            end, hang, why = self._until_stop(machine, stub)
        self._look(machine, Stop(why, self._judged(machine, end, hang), self._hold.socket,
                                 why.startswith(STOPPED)))
        return end, hang

    def _until_stop(self, machine: Machine, stub: Stub) -> tuple[str, str, str]:
        """Let the machine run until something stops it: end, hang, and words for it."""
        while machine.poll(POLL_S):
            self._read_lines(machine)
            self._conversation.advance(machine)
            if stub.stopped():
                machine.poll(0.0)
                self._read_lines(machine)
                return self._stopped_by_itself(machine, stub)
            end, hang, why = self._reason_to_stop(machine)
            if why:
                stub.stop()
                return end, hang, why
        end = judge.name_end(machine.wait_exit(), machine.monitor.shutdown_reason())
        return end, "", f"the machine is gone: {end}"

    def _stopped_by_itself(self, machine: Machine, stub: Stub) -> tuple[str, str, str]:
        place = self._places.get(stub.read_register("rip"))
        if place == debugger.EXIT:
            code = stub.read_register("rdi") & CODE_MASK
            end = values.exit_name(code << 1 | 1) or f"class {code:#x}"
            return end, "", f"the guest is about to end with {end}"
        if place:
            return f"a stop in {place}", "", f"the kernel is in {place}, before its first word"
        reason = machine.monitor.shutdown_reason()
        end = values.EXIT_POWEROFF if reason == "guest-shutdown" else f"a stop ({reason})"
        end = self._hold.end or end  # a replay comes to no other end, and QEMU names it wrongly
        return end, "", f"{STOPPED}{end}"

    def _reason_to_stop(self, machine: Machine) -> tuple[str, str, str]:
        for seen in self._seen:
            if self._hold.at and markers.matches(self._hold.at, seen.text):
                return "no end", "", f"{seen.text} has come"
            if markers.matches(REFUSED, seen.text):
                return "bootloader-failure", "", f"the loader has refused: {seen.text}"
        forbidden = judge.first_forbidden(self._forbidden, self._seen)
        if forbidden:
            return "no end", "", f"forbidden marker: {forbidden[1].text}"
        if self._goal_reached(machine):
            return values.EXIT_VERDICT, "", "all that was wanted has come"
        hang = "" if self._hold.spec else self._watch.hang(machine)
        return "no end", hang, hang

    def _judged(self, machine: Machine, end: str, hang: str) -> tuple[Reason, ...]:
        return judge.judge(self._scenario, Observation(
            end=end, seen=tuple(self._seen), lines=tuple(line.text for line in machine.lines),
            hang=hang, step_waiting=self._conversation.waiting, nonce=self._nonce))

    def _look(self, machine: Machine, stop: Stop) -> None:
        """Let somebody look. What the guest says meanwhile is still heard and answered, for it runs
        on when the debugger lets it."""
        over = threading.Event()

        def listen() -> None:
            while not over.is_set() and machine.poll(POLL_S):
                self._conversation.advance(machine)

        listener = threading.Thread(target=listen)
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # ^C is for gdb
        listener.start()
        try:
            self._hold.visit(stop)
        finally:
            over.set()
            listener.join()
            signal.signal(signal.SIGINT, before)

