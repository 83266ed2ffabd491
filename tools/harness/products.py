# SPDX-License-Identifier: ISC
"""All that the tree makes for EriX by name, and where two makings of it differ.

Loaders, kernels and programs with their debug information, signed boot images, disk images, media.
"""
import os
from pathlib import Path

from harness import artifacts, build, images, media, paths
from harness.bootplan import BootPlan

PIECE_BYTES = 1 << 20
EXECUTABLE_STARTS = (b"\x7fELF", b"MZ")
OBJECT_SUFFIXES = (".o", ".obj", ".a")
PROFILES = ("dev", "release")


def _is_executable(file: Path) -> bool:
    if not file.is_file() or file.suffix in OBJECT_SUFFIXES:
        return False
    with open(file, "rb") as opened:
        return opened.read(4).startswith(EXECUTABLE_STARTS)


def _executables(folder: Path) -> dict[str, Path]:
    return {str(file.relative_to(folder.parent)): file for file in sorted(folder.rglob("*"))
            if _is_executable(file)}


def _images() -> dict[str, Path]:
    found = {"boot/bootx64-release.efi": artifacts.loader(BootPlan.runtime("release"))}
    plans = {profile: BootPlan.runtime(profile) for profile in PROFILES}
    plans["test"] = BootPlan("test", "dev")
    for name, plan in plans.items():
        found[f"boot/boot-{name}.img"] = artifacts.boot_image(plan)
    found["disk/esp-test.img"] = images.esp_disk(plans["test"])
    for profile in PROFILES:
        found[f"disk/erix-{profile}.img"] = images.appliance(profile)
    return found | {f"media/{name}.img": images.medium_disk(name) for name in media.names()}


def make() -> dict[str, Path]:
    """Build the tree, make everything, and give each file under a name that says what it is."""
    build.build(("target", "uefi"))
    return {**_executables(paths.BUILD / "target"), **_executables(paths.BUILD / "uefi"),
            **_images()}


def link(products: dict[str, Path], folder: Path) -> None:
    """Lay the products out in a folder, as links under their names."""
    for name, file in products.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(os.path.abspath(file))


def linked(folder: Path) -> dict[str, Path]:
    """The products that `link` has laid out."""
    return {str(place.relative_to(folder)): place for place in sorted(folder.rglob("*"))
            if place.is_symlink()}


def first_difference(left: Path, right: Path) -> int | None:
    """The offset of the first byte in which two files differ, or of the end of the shorter one."""
    at = 0
    with open(left, "rb") as one, open(right, "rb") as other:
        while True:
            piece, second = one.read(PIECE_BYTES), other.read(PIECE_BYTES)
            if piece != second:
                equal = os.path.commonprefix([piece, second])
                return at + len(equal)
            if not piece:
                return None
            at += len(piece)


def differences(left: dict[str, Path], right: dict[str, Path]) -> list[str]:
    """What is not the same in two makings: a line for each file, with the first offset."""
    lines = [f"{name}: only the first has it" for name in left if name not in right]
    lines += [f"{name}: only the second has it" for name in right if name not in left]
    for name in left:
        at = first_difference(left[name], right[name]) if name in right else None
        if at is not None:
            sizes = f"{left[name].stat().st_size} and {right[name].stat().st_size} bytes"
            lines.append(f"{name}: differs from offset {at} ({at:#x}) on; {sizes}")
    return lines
