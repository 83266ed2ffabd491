# SPDX-License-Identifier: ISC
"""The UEFI firmware in the shape that starts fastest.

Firmware looks for a TPM at 0xfed40000. QEMU answers reads of nothing with zero, which looks like a
TPM that is busy, and firmware waits 1.5 s for it. A firmware image for -bios that is padded in
front with 0xff down to that address makes the reads return 0xff: no TPM, no wait.
"""
from pathlib import Path

from harness import paths, state, tools

PADDED_BYTES = 0x100000000 - 0xFED40000


def padded() -> Path:
    """The padded firmware image, made when it is missing or older than the firmware."""
    source = tools.firmware()
    target = paths.OUT / "firmware" / "padded.fd"
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        data = source.read_bytes()
        state.write_atomically(target, b"\xff" * (PADDED_BYTES - len(data)) + data)
    return target
