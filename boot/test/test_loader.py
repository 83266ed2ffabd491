# SPDX-License-Identifier: ISC
"""Boots the loader under OVMF with good and damaged boot images, and judges what it says.

    python3 -m unittest boot/test/test_loader.py

It wants build/uefi and build/target (`./erix build`), or their parent in $ERIX_BUILD. The images
are made and signed here with nothing but struct, hashlib and openssl, so that the loader is not
judged by the tool that makes its real images. Each refused image has a twin that is accepted:
`good`.
"""
import atexit
import hashlib
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from harness import qemu, snapshot  # noqa: E402  (only to start machines)

BUILD = Path(os.environ.get("ERIX_BUILD", ROOT / "build"))
LOADER = BUILD / "uefi" / "boot" / "bootx64-test.efi"
RUNTIME_LOADER = BUILD / "uefi" / "boot" / "bootx64.efi"
STUB_KERNEL = BUILD / "target" / "boot" / "stub-kernel"
DEV_KEY = ROOT / "tools" / "bootimg" / "keys" / "dev.pem"
FIRMWARE = Path("/usr/share/ovmf/OVMF.fd")

PADDED_BYTES = 0x100000000 - 0xFED40000  # see tools/harness/firmware.py
BOOT_TIMEOUT_S = 120
WORKERS = 2
PAGE = 4096

KERNEL, BOOT_CONFIG, SERVICE, BLOB = 1, 2, 3, 4
DEV, RELEASE, TEST = 1, 2, 3
STATUS_SUCCESS, STATUS_REFUSED = 0x10 * 2 + 1, 0x11 * 2 + 1

# Places in an image (lib/bootimg/README.md).
HEADER_BYTES, ENTRY_BYTES, MANIFEST_BYTES = 128, 88, 64
VERSION_AT, HEADER_SIZE_AT, COUNT_AT, KEY_ID_AT = 8, 12, 16, 64

FOLDER = tempfile.TemporaryDirectory(prefix="erix-loader-")
atexit.register(FOLDER.cleanup)
WORK = Path(FOLDER.name)


def filled(size: int) -> bytes:
    """What the stub kernel wants to find in a module of that size."""
    return (bytes(range(251)) * (size // 251 + 2))[size % 251:][:size]


def public_key(key: Path) -> bytes:
    der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True,
                         capture_output=True).stdout
    return der[-32:]


def sign(key: Path, message: bytes) -> bytes:
    with tempfile.NamedTemporaryFile(dir=WORK) as file:
        file.write(message)
        file.flush()
        return subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in",
                               file.name], check=True, capture_output=True).stdout


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % PAGE)


@dataclass
class Image:
    """A boot image to be."""
    kernel: bytes
    key: Path = DEV_KEY
    profile: int = TEST
    sections: list[tuple[int, str, bytes]] = field(default_factory=lambda: [
        (BOOT_CONFIG, "boot-config", filled(1000)), (SERVICE, "rootd", filled(70001)),
        (SERVICE, "exact", filled(4096)), (SERVICE, "large", filled((2 << 20) + 5)),
        (BLOB, "font", filled(9999))])

    def all_sections(self) -> list[tuple[int, str, bytes]]:
        return [(KERNEL, "kernel", self.kernel)] + self.sections

    def head_bytes(self) -> int:
        return HEADER_BYTES + ENTRY_BYTES * len(self.all_sections()) + MANIFEST_BYTES

    def offset(self, name: str) -> int:
        """Where a section begins."""
        offset = len(padded(bytes(self.head_bytes())))
        for _, other, data in self.all_sections():
            if other == name:
                return offset
            offset += len(padded(data))
        raise KeyError(name)

    def build(self) -> bytes:
        sections = self.all_sections()
        body_at = len(padded(bytes(self.head_bytes())))
        table, body = b"", b""
        for kind, name, data in sections:
            table += struct.pack("<II32sQQ32s", kind, 0, name.encode(), body_at + len(body),
                                 len(data), hashlib.sha256(data).digest())
            body += padded(data)
        signature_at = body_at + len(body)
        header = b"ERIXBOOT" + struct.pack(
            "<IIIIQQQQQ", 1, HEADER_BYTES, len(sections), ENTRY_BYTES, HEADER_BYTES,
            HEADER_BYTES + len(table), MANIFEST_BYTES, signature_at + 64, signature_at)
        header += hashlib.sha256(public_key(self.key)).digest()[:16]
        header += bytes(HEADER_BYTES - len(header))
        head = header + table + struct.pack("<IIQ48s", 1, self.profile, 1, b"")
        return padded(head) + body + sign(self.key, head)


def flipped(data: bytes, at: int, mask: int = 1) -> bytes:
    changed = bytearray(data)
    changed[at] ^= mask
    return bytes(changed)


def esp(image: bytes | None, loader: Path = LOADER, folder: bool = False) -> Path:
    """A disk that is one FAT32 volume with loader and boot image (or a folder of its name)."""
    handle, name = tempfile.mkstemp(dir=WORK, suffix=".img")
    os.truncate(handle, 64 << 20)
    os.close(handle)

    def mtool(*words):
        subprocess.run([words[0], "-i", name, *words[1:]], check=True, capture_output=True)

    mtool("mformat", "-F", "::")
    mtool("mmd", "::EFI", "::EFI/BOOT", "::EFI/ERIX")
    mtool("mcopy", str(loader), "::EFI/BOOT/BOOTX64.EFI")
    if folder:
        mtool("mmd", "::EFI/ERIX/BOOT.IMG")
    elif image is not None:
        with tempfile.NamedTemporaryFile(dir=WORK) as file:
            file.write(image)
            file.flush()
            mtool("mcopy", file.name, "::EFI/ERIX/BOOT.IMG")
    return Path(name)


FIRMWARE_LOCK = threading.Lock()


def firmware() -> Path:
    target = WORK / "firmware.fd"
    with FIRMWARE_LOCK:
        if not target.exists():
            data = FIRMWARE.read_bytes()
            target.write_bytes(b"\xff" * (PADDED_BYTES - len(data)) + data)
    return target


def command(disk: Path, memory_mib: int = 256, machine: str = "q35", cpu: str = "max",
            more: tuple[str, ...] = ()) -> list[str]:
    return ["qemu-system-x86_64", "-machine", machine, "-cpu", cpu, "-m", f"{memory_mib}M",
            "-accel", "tcg", "-display", "none", "-monitor", "none", "-serial", "stdio",
            "-nodefaults", "-vga", "none", "-no-reboot", "-bios", str(firmware()),
            "-drive", f"if=none,id=disk,format=raw,cache=unsafe,file={disk}",
            "-device", "virtio-blk-pci,disable-legacy=on,drive=disk,bootindex=0",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4", *more]


@dataclass(frozen=True)
class Result:
    status: int
    log: str

    def marks(self) -> list[str]:
        """The lines of loader and stub kernel, without the details for people."""
        return re.findall(r"^(ERIX_\S+)", self.log, re.MULTILINE)

    def refusal(self) -> str:
        lines = re.findall(r"^ERIX_BOOTLOADER:REFUSED:(.*)$", self.log, re.MULTILINE)
        return " | ".join(lines)


def boot(disk: Path, **machine) -> Result:
    return run(command(disk, **machine), disk)


def restored(disk: Path) -> Result:
    """Boot from a machine that has its firmware behind it, which is what takes long: the loader
    and the image are those of the disk all the same (tools/park)."""
    spec = qemu.MachineSpec((qemu.Disk(disk, "sata", readonly=True, boot=True),), memory_mib=256,
                            debug_exit=True)
    spec = replace(spec, parking=snapshot.of(spec, print))
    return run([*qemu.command(spec), "-monitor", "none"], disk)


def run(words: list[str], disk: Path) -> Result:
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=BOOT_TIMEOUT_S)
    finally:
        disk.unlink()
    return Result(done.returncode, done.stdout.decode("latin-1").replace("\r", ""))


def elf_patched(kernel: bytes, at: int, fields: bytes) -> bytes:
    return kernel[:at] + fields + kernel[at + len(fields):]


def bad_kernels(kernel: bytes) -> dict[str, tuple[bytes, str]]:
    """Name -> (kernel, refusal)."""
    headers_at, = struct.unpack_from("<Q", kernel, 32)
    address, = struct.unpack_from("<Q", kernel, headers_at + 16)
    return {
        "elf_magic": (flipped(kernel, 1), "KERNEL_ELF MAGIC"),
        "elf_machine": (elf_patched(kernel, 18, struct.pack("<H", 183)), "KERNEL_ELF MACHINE"),
        "elf_truncated": (kernel[:40], "KERNEL_ELF TRUNCATED"),
        "elf_writable_code": (elf_patched(kernel, headers_at + 4, struct.pack("<I", 7)),
                              "KERNEL_ELF SEGMENT_WRITABLE_CODE"),
        "elf_window": (elf_patched(kernel, headers_at + 16, struct.pack("<Q", address - 0x1000)),
                       "KERNEL_ELF SEGMENT_WINDOW"),
        "elf_entry": (elf_patched(kernel, 24, struct.pack("<Q", address - 1)),
                      "KERNEL_ELF ENTRY"),
    }


def refused_images() -> dict[str, tuple[bytes | None, str]]:
    """Name -> (boot image, what is said after REFUSED:)."""
    kernel = STUB_KERNEL.read_bytes()
    image = Image(kernel)
    good = image.build()
    table_at = HEADER_BYTES
    manifest_at = image.head_bytes() - MANIFEST_BYTES
    stranger = WORK / "stranger.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", stranger], check=True,
                   capture_output=True)
    cases = {
        "no_image": (None, "NO_BOOT_IMAGE \\EFI\\ERIX\\BOOT.IMG"),
        "empty": (b"", "TRUNCATED empty"),
        "truncated_header": (good[:100], "TRUNCATED"),
        "truncated_end": (good[:-1], "TRUNCATED"),
        "trailing": (good + b"\0", "TRAILING"),
        "magic": (flipped(good, 0), "MAGIC"),
        "version": (flipped(good, VERSION_AT, 2), "VERSION"),
        "header": (flipped(good, HEADER_SIZE_AT, 4), "HEADER"),
        "section_count": (flipped(good, COUNT_AT + 1), "TABLE"),
        "manifest_version": (flipped(good, manifest_at, 2), "MANIFEST"),
        "section_kind": (flipped(good, table_at, 0x40), "SECTION_KIND"),
        "section_digest": (flipped(good, table_at + 56), "SIGNATURE"),
        "padding": (flipped(good, image.head_bytes()), "PADDING"),
        "key_id": (flipped(good, KEY_ID_AT), "KEY_UNKNOWN"),
        "signature": (flipped(good, len(good) - 64), "SIGNATURE"),
        "stranger": (Image(kernel, key=stranger).build(), "KEY_UNKNOWN"),
        "key_profile": (Image(kernel, profile=RELEASE).build(), "KEY_PROFILE"),
        "no_boot_config": (Image(kernel, sections=image.sections[1:]).build(),
                           "SECTION_MISSING"),
        "twice": (Image(kernel, sections=image.sections + image.sections[1:2]).build(),
                  "SECTION_DUPLICATE"),
    }
    for _, name, data in image.all_sections():
        for where, at in (("first", 0), ("last", len(data) - 1)):
            cases[f"flip_{where}_{name}"] = (flipped(good, image.offset(name) + at, 0x80),
                                             f"SECTION_HASH {name}")
    for name, (bad, wanted) in bad_kernels(kernel).items():
        cases[name] = (Image(bad).build(), wanted)
    return cases


class Accepted(unittest.TestCase):
    """Images that are entered. The stub kernel itself judges the handoff."""

    MARKS = ["ERIX_BOOTLOADER:START", "ERIX_BOOTLOADER:VERIFIED", "ERIX_BOOTLOADER:HANDOFF",
             "ERIX_KERNEL_STUB:ENTERED", "ERIX_KERNEL_STUB:OK"]

    def check(self, image: Image, **machine):
        result = boot(esp(image.build()), **machine)
        self.assertEqual(result.marks(), self.MARKS, result.log)
        self.assertEqual(result.status, STATUS_SUCCESS)

    def test_test_profile(self):
        self.check(Image(STUB_KERNEL.read_bytes()))

    def test_dev_profile(self):
        self.check(Image(STUB_KERNEL.read_bytes(), profile=DEV))

    def test_memory_above_4_gib(self):
        self.check(Image(STUB_KERNEL.read_bytes()), memory_mib=6144)

    def test_screen(self):
        self.check(Image(STUB_KERNEL.read_bytes()), more=("-device", "VGA"))

    def test_as_many_sections_as_there_may_be(self):
        sections = [(BOOT_CONFIG, "boot-config", filled(5))]
        sections += [(SERVICE, f"service{index}", filled(1 + index * 7919)) for index in range(62)]
        self.check(Image(STUB_KERNEL.read_bytes(), sections=sections))


class Refused(unittest.TestCase):
    """Images and machines that are refused, each with one line that says why and class 0x11."""

    def check(self, result: Result, wanted: str):
        self.assertTrue((result.refusal() + " ").startswith(wanted + " "),
                        f"wanted {wanted}\n{result.log}")
        marks = result.marks()
        self.assertEqual(marks[0], "ERIX_BOOTLOADER:START", result.log)
        self.assertNotIn("ERIX_BOOTLOADER:HANDOFF", marks)
        self.assertEqual(sum(":REFUSED:" in mark for mark in marks), 1, result.log)
        self.assertEqual(result.status, STATUS_REFUSED, result.log)

    def test_images(self):
        """Each starts where its twin starts that is accepted."""
        good = restored(esp(Image(STUB_KERNEL.read_bytes()).build()))
        self.assertEqual((good.status, good.marks()), (STATUS_SUCCESS, Accepted.MARKS), good.log)
        cases = refused_images()
        with ThreadPoolExecutor(WORKERS) as pool:
            results = dict(zip(cases, pool.map(lambda name: restored(esp(cases[name][0])), cases)))
        for name, (_, wanted) in cases.items():
            with self.subTest(name):
                self.check(results[name], wanted)

    def test_folder_instead_of_image(self):
        self.check(boot(esp(None, folder=True)), "NO_BOOT_IMAGE is a directory")

    def test_no_memory(self):
        kernel = STUB_KERNEL.read_bytes()
        headers_at, = struct.unpack_from("<Q", kernel, 32)
        last = headers_at + 56 * 2 + 40
        image = Image(elf_patched(kernel, last, struct.pack("<Q", 60 << 20)))
        image.sections.append((BLOB, "ballast", filled(16 << 20)))
        self.check(boot(esp(image.build()), memory_mib=128), "NO_MEMORY")

    def test_no_hpet(self):
        image = Image(STUB_KERNEL.read_bytes())
        self.check(boot(esp(image.build()), machine="q35,hpet=off"), "NO_ACPI HPET")

    def test_no_acpi(self):
        image = Image(STUB_KERNEL.read_bytes())
        self.check(boot(esp(image.build()), machine="q35,acpi=off"), "NO_ACPI RSDP")


class Runtime(unittest.TestCase):
    """The runtime loader never writes to the debug-exit device: it goes back to firmware."""

    def test_refusal_returns_to_firmware(self):
        disk = esp(None, loader=RUNTIME_LOADER)
        process = subprocess.Popen(command(disk), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE)
        watchdog = threading.Timer(BOOT_TIMEOUT_S, process.kill)
        watchdog.start()
        log = b""
        deadline = time.monotonic() + BOOT_TIMEOUT_S
        while b"Load Error" not in log.partition(b"REFUSED")[2] and \
                time.monotonic() < deadline:
            got = os.read(process.stdout.fileno(), 65536)
            if not got:
                break
            log += got
        ended = process.poll()
        process.kill()
        process.wait()
        watchdog.cancel()
        process.stdout.close()
        disk.unlink()
        text = log.decode("latin-1")
        self.assertIn("ERIX_BOOTLOADER:REFUSED:NO_BOOT_IMAGE", text)
        self.assertIn("Load Error", text.partition("REFUSED")[2], text)
        self.assertIsNone(ended, "the runtime loader ended the virtual machine")


if __name__ == "__main__":
    unittest.main()
