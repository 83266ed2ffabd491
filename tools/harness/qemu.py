# SPDX-License-Identifier: ISC
"""The command line of the virtual machine: one place that knows QEMU's words."""
import shlex
from dataclasses import dataclass
from pathlib import Path

from harness import firmware, tools

# A fixed start of the clock makes runs alike; `clock=vm` lets it stand still while the guest does.
CLOCK = "base=2026-01-01T00:00:00,clock=vm"
DEBUG_EXIT = "isa-debug-exit,iobase=0xf4,iosize=4"


# QEMU has no read-only SATA disk; there writes go to a temporary file that nobody sees.
READONLY = {"virtio": ",readonly=on", "sata": ",snapshot=on"}


@dataclass(frozen=True)
class Disk:
    """A raw disk image on a bus that EriX drives (virtio) or only firmware does (sata)."""
    image: Path
    bus: str = "virtio"
    readonly: bool = False
    boot: bool = False


@dataclass(frozen=True)
class Parking:
    """How a machine that stops after firmware is started: with the program that it stops in, and if
    it is to go on, with the state that it is restored from."""
    program: Path
    state: Path | None = None


@dataclass(frozen=True)
class MachineSpec:
    """Everything that decides the command line."""
    disks: tuple[Disk, ...]
    accelerator: str = "tcg"
    memory_mib: int = 512
    lacks: str = "none"
    acpi: bool = True
    icount: int = -1
    start: str = "cold"
    flash_variables: Path | None = None
    parking: Parking | None = None
    debug_exit: bool = False
    display: str = "none"
    wait_for_debugger: bool = False
    gdb_socket: str = ""
    nonce: str = ""


def _firmware_words(spec: MachineSpec) -> list[str]:
    if spec.start != "stock":
        return ["-bios", str(firmware.padded())]
    code, _ = tools.firmware_flash()
    return ["-drive", f"if=pflash,format=raw,readonly=on,file={code}",
            "-drive", f"if=pflash,format=raw,file={spec.flash_variables}"]


def _parking_words(parking: Parking | None) -> list[str]:
    if parking is None:
        return []
    words = ["-kernel", str(parking.program),
             "-fw_cfg", f"name=opt/erix/park,string={1 if parking.state else 0}"]
    if parking.state:
        words += ["-incoming", f"exec:cat {shlex.quote(str(parking.state))}"]
    return words


def _disk_words(number: int, disk: Disk, first: int) -> list[str]:
    name = f"disk{number}"
    readonly = READONLY[disk.bus] if disk.readonly else ""
    index = f",bootindex={first}" if disk.boot else ""
    device = {"virtio": f"virtio-blk-pci,drive={name},disable-legacy=on{index}",
              "sata": f"ide-hd,drive={name},bus=ide.{number}{index}"}[disk.bus]
    return ["-drive", f"if=none,id={name},format=raw,cache=unsafe{readonly},file={disk.image}",
            "-device", device]


def _board_words(spec: MachineSpec) -> list[str]:
    return ["-machine", "q35" if spec.acpi else "q35,acpi=off",
            "-cpu", "max" if spec.lacks == "none" else f"max,-{spec.lacks}"]


def command(spec: MachineSpec) -> list[str]:
    """The words of the command line, without the control socket of the engine."""
    words = [tools.find("qemu-system-x86_64"), "-accel", spec.accelerator, *_board_words(spec),
             "-m", f"{spec.memory_mib}M", "-smp", "1", "-nodefaults", "-no-user-config", "-vga",
             "std", "-display", spec.display, "-no-reboot",
             "-rtc", CLOCK, *_firmware_words(spec)]
    for number, disk in enumerate(spec.disks):
        # QEMU's -kernel is first itself.
        words += _disk_words(number, disk, 1 if spec.parking else 0)
    words += _parking_words(spec.parking)
    if spec.icount >= 0:
        words += ["-icount", f"shift={spec.icount},sleep=off"]
    if spec.debug_exit:
        words += ["-device", DEBUG_EXIT]
    if spec.nonce:
        words += ["-fw_cfg", f"name=opt/erix/nonce,string={spec.nonce}"]
    if spec.gdb_socket:
        words += ["-gdb", spec.gdb_socket]
    if spec.wait_for_debugger:
        words += ["-S"]
    return words + ["-chardev", "stdio,id=serial0,signal=off", "-serial", "chardev:serial0"]


def control_words(descriptor: int) -> list[str]:
    """The words that give QEMU a control socket which is already open."""
    return ["-chardev", f"socket,id=control,fd={descriptor}",
            "-mon", "chardev=control,mode=control"]


def pasteable(words: list[str]) -> str:
    """The command as a shell takes it, one option a line."""
    lines, line = [], shlex.quote(words[0])
    for word in words[1:]:
        if word.startswith("-"):
            lines.append(line)
            line = "  " + shlex.quote(word)
        else:
            line += " " + shlex.quote(word)
    return " \\\n".join([*lines, line]) + "\n"
