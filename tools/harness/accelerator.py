# SPDX-License-Identifier: ISC
"""Which QEMU accelerator to use: KVM only after a real guest has run under it, else emulation.

That /dev/kvm opens proves little: inside some virtual machines guests hang or QEMU dies. So two
guests are run, each within a short time: a ROM of a few instructions, and the UEFI firmware up to
its first word about booting.
"""
import os
import platform
import select
import subprocess
import time
from dataclasses import dataclass

from harness import firmware, hostunit, state, tools

FIRMWARE_WORD = b"BdsDxe"
PROBE_TIMEOUT_S = 5.0
FIRMWARE_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Accelerator:
    """The accelerator for -accel, and why it was chosen."""
    name: str
    reason: str


def _rom_runs() -> bool:
    try:
        return hostunit.run_rom("kvm", hostunit.PROBE_LOOPS, PROBE_TIMEOUT_S) is not None
    except subprocess.TimeoutExpired:
        return False


def _firmware_runs() -> bool:
    command = [tools.find("qemu-system-x86_64"), "-accel", "kvm", "-cpu", "max", "-machine", "q35",
               "-m", "256M", "-nodefaults", "-display", "none", "-bios", str(firmware.padded()),
               "-serial", "stdio"]
    deadline = time.monotonic() + FIRMWARE_TIMEOUT_S
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        seen = b""
        while FIRMWARE_WORD not in seen:
            left_s = deadline - time.monotonic()
            ready, _, _ = select.select([process.stdout], [], [], max(left_s, 0))
            piece = os.read(process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                break
            seen += piece
        process.kill()
    return FIRMWARE_WORD in seen


def _probe() -> Accelerator:
    if not os.path.exists("/dev/kvm"):
        return Accelerator("tcg", "there is no /dev/kvm")
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return Accelerator("tcg", "/dev/kvm may not be opened")
    if not _rom_runs():
        return Accelerator("tcg", "a first guest did not run under KVM")
    if not _firmware_runs():
        return Accelerator("tcg", "firmware did not run under KVM")
    return Accelerator("kvm", "firmware ran under KVM")


def choose() -> Accelerator:
    """The accelerator of this machine; probed once, then remembered."""
    measured_on = {"kernel": platform.release(), "kvm": os.access("/dev/kvm", os.R_OK | os.W_OK),
                   "qemu": tools.version(tools.TOOLS[0])}
    fact = state.load("accelerator", measured_on)
    if fact is None:
        found = _probe()
        state.store("accelerator", measured_on, {"name": found.name, "reason": found.reason})
        return found
    return Accelerator(fact["name"], fact["reason"])
