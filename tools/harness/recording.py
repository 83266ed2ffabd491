# SPDX-License-Identifier: ISC
"""A run that can be had again bit for bit: QEMU writes down whatever comes from outside.

Under `-icount shift=7,rr=record` the guest's time is its own instruction count, and key strokes,
answers of disks and random numbers go to a file with the count at which they came. Replay needs
that file and the disks as they were before; a recording keeps both, the serial log that came of it,
and the programs, so that it can still be looked at after the next build.
"""
import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from harness import debugger, images, judge, paths, qemu, tools, values
from harness.images import Prepared
from harness.machine import Machine
from harness.outcome import HarnessError, UsageError
from harness.runner import POLL_S, Result, Run, Watch
from harness.scenario import Scenario

FOLDER = paths.OUT / "record"
SHIFT = 7
FACTS = "recording.json"
# Grows whenever the devices of recordings change: an older one cannot be replayed.
FORMAT = 2
EVENTS = "events.bin"
LOG = "serial.log"
# A replay costs about twice the CPU of its recording; more than this is none.
REPLAY_FACTOR = 10.0
REPLAY_CPU_S_MIN = 3.0
# How often the guest's time is asked for.
ASK_PERIOD_S = 0.5
# Ends that a replay has too. At power-off it runs to the end of the file, and the harness itself
# ended all other recordings.
RECORDED_ENDS = tuple(values.EXIT_CODES)


def place(scenario: Scenario) -> Path:
    return FOLDER / scenario.folder_name()


@dataclass(frozen=True)
class Recording:
    """A recording on the disk. `spec` starts the machine as it was started."""
    folder: Path
    name: str
    end: str
    seed: str
    cpu_s: float
    spec: qemu.MachineSpec

    @classmethod
    def load(cls, scenario: Scenario) -> "Recording":
        """The recording of a scenario; raises UsageError if there is none that can be replayed."""
        folder = place(scenario)
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise UsageError(f"there is no recording of {scenario.name}; "
                             f"`./erix record {scenario.name}` makes one") from None
        here = tools.version(tools.TOOLS[0])
        if facts["qemu_version"] != here:
            raise UsageError(f"{paths.shown(folder)} was recorded by QEMU {facts['qemu_version']}; "
                             f"this is {here}, which cannot replay it")
        if facts.get("format") != FORMAT:
            raise UsageError(f"{paths.shown(folder)} was recorded with other devices than today's; "
                             f"`./erix record {scenario.name}` makes a new one")
        spec = facts.pop("spec")
        disks = tuple(qemu.Disk(folder / each.pop("image"), **each) for each in spec.pop("disks"))
        flash = spec.pop("flash_variables")
        spec |= {"disks": disks, "flash_variables": folder / flash if flash else None,
                 "rr": qemu.Replay("replay", folder / EVENTS)}
        return cls(folder, facts["name"], facts["end"], facts["seed"], facts["cpu_s"],
                   qemu.MachineSpec(**spec))

    def log(self) -> bytes:
        return (self.folder / LOG).read_bytes()

    def executables(self) -> debugger.Executables:
        return debugger.Executables.kept(self.folder)

    def prepare(self, *_) -> Prepared:
        """As a provider of disks (harness.images): those of the recording."""
        return Prepared(self.spec.disks, debug_exit=self.spec.debug_exit)

    def replay(self, log: Path) -> bytes:
        """Run it again; what it said. Raises HarnessError if it does not come to its end."""
        with Machine(qemu.command(self.spec), log) as machine:
            while machine.poll(POLL_S):
                if machine.cpu_s() > REPLAY_FACTOR * max(self.cpu_s, REPLAY_CPU_S_MIN):
                    raise HarnessError(f"the replay of {self.name} does not come to its end: it "
                                       f"has used {machine.cpu_s():.0f} CPU-s")
            end = judge.name_end(machine.wait_exit(), machine.monitor.shutdown_reason())
        if end != self.end and self.end in RECORDED_ENDS:
            raise HarnessError(f"the replay of {self.name} ended with {end}, the recording with "
                               f"{self.end}")
        return log.read_bytes()


class SleepingGuest(Watch):
    """Tells a hang by the guest's own clock: the beat of a recording (harness.qemu) never lets QEMU
    sleep, so what counts is guest time in which no instruction was done."""

    def __init__(self, scenario: Scenario, factor: float):
        super().__init__(scenario, factor)
        self._idle_max_s = scenario.budget.idle_s
        self._heard = (-1, 0.0)
        self._asked_s = 0.0

    def hang(self, machine: Machine) -> str:
        """Why the run must be ended now; empty while it may go on."""
        found = super().hang(machine)
        if found or machine.elapsed_s - self._asked_s < ASK_PERIOD_S:
            return found
        self._asked_s = machine.elapsed_s
        slept_s = (machine.guest_s() or 0.0) - machine.instructions() * (1 << SHIFT) * 1e-9
        if machine.bytes_seen != self._heard[0]:
            self._heard = (machine.bytes_seen, slept_s)
        slept_s -= self._heard[1]
        return f"hang: the guest has slept for {slept_s:.0f} s of its time without a word" \
            if slept_s > self._idle_max_s else ""


class Recorded(Run):
    """A run that is recorded. It starts cold and counts instructions, whatever the scenario says,
    since only then can it be replayed."""

    def __init__(self, scenario, context):
        super().__init__(scenario, context)
        self.place = place(scenario)
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        self._watch = SleepingGuest(scenario, context.factor)
        self._kept: qemu.MachineSpec | None = None

    def _spec(self, prepared: Prepared) -> qemu.MachineSpec:
        spec = replace(super()._spec(prepared), accelerator="tcg", icount=SHIFT,
                       rr=qemu.Replay("record", self.place / EVENTS))
        self._kept = self._keep_inputs(spec)
        return spec

    def _keep_inputs(self, spec: qemu.MachineSpec) -> qemu.MachineSpec:
        """Copy what the machine may change while it still is as it was."""
        disks = []
        for number, disk in enumerate(spec.disks):
            name = f"disk{number}.img"
            images.copy_disk(disk.image, self.place / name)
            disks.append(replace(disk, image=Path(name)))
        flash = None
        if spec.flash_variables:
            flash = Path("flash-variables.fd")
            shutil.copyfile(spec.flash_variables, self.place / flash)
        return replace(spec, disks=tuple(disks), flash_variables=flash, rr=None)

    def _follow(self, machine: Machine) -> tuple[str, str]:
        machine.types_slowly = True
        end, hang = super()._follow(machine)
        if machine.exit_status is None:
            machine.quit()  # the end of the file is written when QEMU ends by itself
        return end, hang

    def execute(self) -> Result:
        """Run, judge and keep the recording."""
        result = super().execute()
        shutil.copyfile(self.folder / LOG, self.place / LOG)
        debugger.Executables.of(self._scenario).keep(self.place)
        facts = {"format": FORMAT, "name": result.name, "end": result.end, "passed": result.passed,
                 "seed": self._context.seed, "cpu_s": result.cpu_s,
                 "qemu_version": tools.version(tools.TOOLS[0]), "spec": asdict(self._kept)}
        (self.place / FACTS).write_text(json.dumps(facts, indent=1, default=str) + "\n",
                                         encoding="utf-8")
        return result
