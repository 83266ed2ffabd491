# SPDX-License-Identifier: ISC
"""The command line of the virtual machine: one place that knows QEMU's words."""
import shlex
from dataclasses import dataclass
from pathlib import Path

from harness import firmware, tools

# A fixed start of the clock makes runs alike; `clock=vm` lets it stand still while the guest does.
CLOCK = "base=2026-01-01T00:00:00,clock=vm"
DEBUG_EXIT = "isa-debug-exit,iobase=0xf4,iosize=4"


# Under recording, QEMU lets a halted processor know that a disk is done only when a timer of the
# guest's clock runs out. So there is one that beats, every 4 ms: that of a sound card which no
# guest here drives. It is no part of a snapshot, but starts anew when the machine does: after going
# back to the only snapshot, which is of power-on, it beats when it did before.
BEAT = ("-audiodev", "none,id=beat,timer-period=4000", "-device", "gus,audiodev=beat")

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
class Replay:
    """Deterministic recording ("record") to a file, or replay ("replay") from it."""
    mode: str
    events: Path


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
    random_seed: int | None = None  # what the processor's random numbers come from; None: the host
    hold: bool = False  # power-off and reset stop the machine and do not end it
    rr: Replay | None = None


def _firmware_words(spec: MachineSpec) -> list[str]:
    if spec.start != "stock":
        return ["-bios", str(firmware.padded())]
    code, _ = tools.firmware_flash()
    return ["-drive", f"if=pflash,format=raw,readonly=on,file={code}",
            "-drive", f"if=pflash,format=raw{_spared(spec)},file={spec.flash_variables}"]


def _spared(spec: MachineSpec) -> str:
    """In a replay what is written to a disk goes to a file that is forgotten: the disk stays as the
    recording found it, and snapshots can be taken."""
    return ",snapshot=on" if spec.rr and spec.rr.mode == "replay" else ""


def _parking_words(parking: Parking | None) -> list[str]:
    if parking is None:
        return []
    words = ["-kernel", str(parking.program),
             "-fw_cfg", f"name=opt/erix/park,string={1 if parking.state else 0}"]
    if parking.state:
        words += ["-incoming", f"exec:cat {shlex.quote(str(parking.state))}"]
    return words


def _disk_words(number: int, disk: Disk, spec: MachineSpec) -> list[str]:
    name = f"disk{number}"
    readonly = READONLY[disk.bus] if disk.readonly else _spared(spec)
    first = 1 if spec.parking else 0  # QEMU's -kernel is first itself
    index = f",bootindex={first}" if disk.boot else ""
    device = {"virtio": f"virtio-blk-pci,drive={name},disable-legacy=on{index}",
              "sata": f"ide-hd,drive={name},bus=ide.{number}{index}"}[disk.bus]
    image, replayed = name, []
    if spec.rr:  # a layer between disk and device, which notes or repeats when requests are done
        image = f"image{number}"
        same = ",read-only=on" if readonly == READONLY["virtio"] else ""
        replayed = ["-drive", f"driver=blkreplay,if=none,image={image},id={name}{same}"]
    return ["-drive", f"if=none,id={image},format=raw,cache=unsafe{readonly},file={disk.image}",
            *replayed, "-device", device]


def beats(spec: MachineSpec) -> bool:
    """Whether a recording needs the beat: it has a disk that EriX itself drives."""
    return any(disk.bus == "virtio" for disk in spec.disks)


def _count_words(spec: MachineSpec) -> list[str]:
    if spec.icount < 0:
        return []
    if not spec.rr:
        # Without sleeping, an idle machine's clock jumps to its next timer: with a disk, to
        # somebody's deadline, since what the disk is asked for takes the time of the host.
        sleeps = any(disk.bus == "virtio" for disk in spec.disks)
        return ["-icount", f"shift={spec.icount}{'' if sleeps else ',sleep=off'}"]
    # Recordings stall where sleeping takes no time. Going backwards resets the machine, and there
    # the APIC's helper for old guests waits for the processor, which waits for whoever resets.
    words = ["-icount", f"shift={spec.icount},rr={spec.rr.mode},rrfile={spec.rr.events}",
             "-global", "apic-common.vapic=off"]
    return [*words, *BEAT] if beats(spec) else words


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
        words += _disk_words(number, disk, spec)
    words += _parking_words(spec.parking)
    words += _count_words(spec)
    if spec.hold:
        words += ["-no-shutdown"]
    if spec.debug_exit:
        words += ["-device", DEBUG_EXIT]
    if spec.nonce:
        words += ["-fw_cfg", f"name=opt/erix/nonce,string={spec.nonce}"]
    if spec.random_seed is not None:
        words += ["-seed", str(spec.random_seed)]
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
