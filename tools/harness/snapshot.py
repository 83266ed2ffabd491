# SPDX-License-Identifier: ISC
"""Machines that were saved after firmware and before a disk is read, and go on from there.

A saved machine stands in tools/park: no driver of firmware knows a disk. Its key is a digest of all
that decided it: QEMU and its ROMs, firmware, the parking program, and the command line with the
disks replaced by empty ones. Two things of a disk are part of the machine, the bus that it is on
and, for SATA, its size; its content is not, so what boots is read from the disk of the run.

Beside each state lies its digest: a state that was damaged is noticed and made again.
"""
import fcntl
import os
import re
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from harness import artifacts, cas, firmware, paths, qemu, rotation, state, tools, values
from harness.machine import Machine
from harness.outcome import BuildError
from harness.qmp import MonitorError
from harness.scenario import Scenario

PARKED = "ERIX_PARK:READY"
# QEMU refuses a -kernel that is shorter than the header of a Linux kernel.
KERNEL_BYTES_MIN = 16384
MAKING_CPU_S_MAX = 240.0
POLL_S = 0.02
KEPT_MAX = 24
VIRTIO_BYTES = 1 << 20
ROMS = ("vgabios-stdvga.bin", "linuxboot_dma.bin", "kvmvapic.bin")
ROM_FOLDERS = (Path("/usr/share/qemu"), Path("/usr/share/seabios"))
NONCE = re.compile(r"(name=opt/erix/nonce,string=)(.*)")
# One of so many is started cold, so that no difference between the two starts stays unnoticed.
COLD_PERIOD = 20

_lock = threading.Lock()
_checked: dict[str, Path] = {}


def suits(scenario: Scenario, accelerator: str) -> bool:
    """Whether a scenario may start from a saved machine: not if it is about booting, if it boots
    from another disk than firmware's own, or if a debugger must have the machine from its first
    instruction on. Where firmware runs natively nothing is to be gained."""
    return (scenario.boot.start == values.START_SNAPSHOT and accelerator == "tcg"
            and "boot" not in scenario.tags and scenario.options["run_mode"] == "vm"
            and not scenario.inject)


def cold_sample(scenarios: Sequence[Scenario], turn: int) -> frozenset[str]:
    """The scenarios that start cold although they need not: one of COLD_PERIOD, others in each
    turn. The same for every choice of scenarios and every shard, if all of them are given."""
    names = [each.name for each in scenarios if suits(each, "tcg")]
    return frozenset(rotation.pick(names, -(-len(names) // COLD_PERIOD), turn))


def of(spec: qemu.MachineSpec, say: Callable[[str], None]) -> qemu.Parking:
    """The saved machine for a spec, made now if there is none; `say` is told of a damaged one.
    Raises HarnessError if it cannot be made."""
    program = _program()
    template = replace(spec, parking=qemu.Parking(program))
    words = _words(template)
    key = cas.key_of((*words, *_sizes(template), *_digests(program)))
    with _lock:
        if key not in _checked:
            _checked[key] = _stored(key, template, say)
    return qemu.Parking(program, _checked[key])


def _program() -> Path:
    """The parking program, long enough for QEMU."""
    built = artifacts.parking_program()
    data = built.read_bytes()
    return cas.get(("parking program", cas.digest_file(built)),
                   lambda target: target.write_bytes(data.ljust(KERNEL_BYTES_MIN, b"\0")))


def _size(disk: qemu.Disk) -> int:
    """The size of the disk that stands for another one. Only SATA's becomes part of the state: QEMU
    saves what the disk said of itself when firmware asked."""
    return disk.image.stat().st_size if disk.bus == "sata" else VIRTIO_BYTES


def _sizes(template: qemu.MachineSpec) -> list[str]:
    return [f"disk {disk.bus} {_size(disk)}" for disk in template.disks]


def _words(template: qemu.MachineSpec, folder: Path = Path("/")) -> list[str]:
    """The command line with empty disks, which lie in a folder, and an empty nonce."""
    disks = tuple(replace(disk, image=folder / f"disk{number}", readonly=False)
                  for number, disk in enumerate(template.disks))
    words = qemu.command(replace(template, disks=disks))
    return [NONCE.sub(lambda found: found[1] + "0" * len(found[2]), word) for word in words]


def _digests(program: Path) -> list[str]:
    files = [Path(tools.find("qemu-system-x86_64")), firmware.padded(), program]
    files += [folder / name for name in ROMS for folder in ROM_FOLDERS
              if (folder / name).is_file()]
    return [cas.digest_file(file.resolve()) for file in files]


@contextmanager
def _exclusive():
    """Only one process makes a snapshot at a time; others find it made."""
    paths.SNAPSHOTS.mkdir(parents=True, exist_ok=True)
    with open(paths.SNAPSHOTS / "lock", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _stored(key: str, template: qemu.MachineSpec, say: Callable[[str], None]) -> Path:
    target = paths.SNAPSHOTS / f"{key}.state"
    with _exclusive():
        if target.exists():
            if _intact(target):
                os.utime(target)
                return target
            say(f"snapshot {key[:12]} is damaged; it is made again")
        _make(template, target)
        _prune(target)
    return target


def _digest_file(target: Path) -> Path:
    return target.with_suffix(".sha256")


def _intact(target: Path) -> bool:
    try:
        wanted = _digest_file(target).read_text(encoding="utf-8")
    except OSError:
        return False
    return wanted == cas.digest_file(target)


def _make(template: qemu.MachineSpec, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=paths.SNAPSHOTS, prefix=".making-") as name:
        folder = Path(name)
        for number, disk in enumerate(template.disks):
            with open(folder / f"disk{number}", "wb") as file:
                file.truncate(_size(disk))
        made = folder / "state"
        with Machine(_words(template, folder), folder / "serial.log") as machine:
            _wait_parked(machine)
            _save(machine, made)
        digest = cas.digest_file(made)
        made.chmod(0o444)
        state.write_atomically(_digest_file(target), digest.encode())
        os.replace(made, target)


def _failed(machine: Machine, why: str) -> BuildError:
    said = " | ".join(line.text for line in machine.lines[-3:])
    return BuildError(f"no snapshot can be made: {why}" + (f" (it said: {said})" if said else ""))


def _wait_parked(machine: Machine) -> None:
    while PARKED not in machine.transcript:
        if not machine.poll(POLL_S):
            raise _failed(machine, "QEMU has ended")
        if machine.cpu_s() > MAKING_CPU_S_MAX:
            raise _failed(machine, f"firmware needs more than {MAKING_CPU_S_MAX:.0f} CPU-s")


def _save(machine: Machine, target: Path) -> None:
    try:
        machine.monitor.call("migrate", uri=f"exec:cat > '{target}'")
        while (status := machine.monitor.call("query-migrate").get("status")) != "completed":
            if status in ("failed", "cancelled"):
                raise _failed(machine, f"saving: {status}")
            machine.poll(POLL_S)
    except MonitorError as error:
        raise _failed(machine, f"saving: {error}") from error


def _prune(kept: Path) -> None:
    """Drop the snapshots that were not used for longest, beyond KEPT_MAX."""
    files = sorted((file for file in paths.SNAPSHOTS.glob("*.state") if file != kept),
                   key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[KEPT_MAX - 1:]:
        file.unlink(missing_ok=True)
        _digest_file(file).unlink(missing_ok=True)
