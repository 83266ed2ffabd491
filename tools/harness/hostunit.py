# SPDX-License-Identifier: ISC
"""How fast this machine emulates, as a factor: 1.0 on the reference machine, 2.0 on one half as
fast.

Budgets of scenarios are written in CPU seconds of the reference machine and multiplied by this
factor. The measure is the CPU time that QEMU needs for a fixed loop in a ROM; CPU time, because
wall time says more about what else runs on the machine.
"""
import os
import platform
import struct
import subprocess
import tempfile
import threading
from dataclasses import dataclass

from harness import state, tools
from harness.outcome import EnvironmentProblem

LOOPS = 200_000_000
PROBE_LOOPS = 1000
REFERENCE_CPU_S = 0.36
FACTOR_MIN = 0.5
RUNS = 3
TIMEOUT_S = 120.0

ROM_BYTES = 65536
RESET_OFFSET = 0xFFF0
EXIT_CODE = 0x10
EXIT_STATUS = EXIT_CODE << 1 | 1


@dataclass(frozen=True)
class HostUnit:
    """The measured CPU seconds of the loop, and the factor for budgets."""
    cpu_s: float
    factor: float


def rom(loops: int) -> bytes:
    """A firmware ROM that counts down in real mode and leaves through the debug-exit port."""
    code = (b"\x66\xb9" + struct.pack("<I", loops)  # mov ecx, loops
            + b"\x66\x49\x75\xfc"                   # again: dec ecx; jnz again
            + b"\xba\xf4\x00\xb0" + bytes([EXIT_CODE])  # mov dx, 0xf4; mov al, code
            + b"\xee\xf4\xeb\xfd")                  # out dx, al; halt: hlt; jmp halt
    image = bytearray(b"\xf4" * ROM_BYTES)
    image[:len(code)] = code
    image[RESET_OFFSET:RESET_OFFSET + 5] = b"\xea\x00\x00\x00\xf0"  # jmp 0xf000:0
    return bytes(image)


def run_rom(accelerator: str, loops: int, timeout_s: float) -> float | None:
    """Run the ROM; the CPU seconds of QEMU, or None if the guest did not end as it should."""
    with tempfile.NamedTemporaryFile(suffix=".rom") as file:
        file.write(rom(loops))
        file.flush()
        command = [tools.find("qemu-system-x86_64"), "-accel", accelerator, "-machine", "q35",
                   "-nodefaults", "-display", "none", "-bios", file.name,
                   "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        killer = threading.Timer(timeout_s, process.kill)
        killer.start()
        _, status, usage = os.wait4(process.pid, 0)
        killer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != EXIT_STATUS:
        return None
    return usage.ru_utime + usage.ru_stime


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":")[1].strip() for line in file
                        if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def measure() -> HostUnit:
    """The unit of this machine; measured once, then remembered. The best of RUNS counts."""
    measured_on = {"processor": _processor(), "qemu": tools.version(tools.TOOLS[0]), "loops": LOOPS}
    fact = state.load("host-unit", measured_on)
    if fact is None:
        times = [run_rom("tcg", LOOPS, TIMEOUT_S) for _ in range(RUNS)]
        if None in times:
            raise EnvironmentProblem("QEMU cannot run the smallest guest under emulation")
        fact = {"cpu_s": min(times)}
        state.store("host-unit", measured_on, fact)
    return HostUnit(fact["cpu_s"], max(FACTOR_MIN, fact["cpu_s"] / REFERENCE_CPU_S))
