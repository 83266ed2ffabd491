# SPDX-License-Identifier: ISC
"""What the build has made and what is put together from it: loader, kernel, programs, boot images.

This is the one place that knows where build/ keeps things and how tools/planogen and tools/bootimg are
called; the rest of the harness asks for a loader, a boot image or the files of the data volume.
"""
import hashlib
from dataclasses import dataclass
from pathlib import Path

from harness import media, paths
from harness.outcome import BuildError
from harness.scenario import Scenario

media.names()  # puts tools/ on the path
from imagemaker.tree import Tree  # noqa: E402

# Keys of a scenario that change the BootConfig. Media and budgets are not among them, so that
# scenarios which differ only in those share one boot image.
PLAN_KEYS = ("kernel_rootd_test", "rootd_test_mode", "runtime_config_profile",
             "runtime_config_path", "phase0_missing_service", "service_primary_control_fault",
             "service_explicit_endpoint_fault", "service_startup_peer_fault")


@dataclass(frozen=True)
class BootPlan:
    """All that decides the bytes of a boot image, besides what was built.

    image_kind   "test" has the debug exit and verifier programs, "runtime" has not
    options      the keys of PLAN_KEYS that differ from their defaults, as pairs
    image_fault  what is done to the finished image
    key_file     the private key of a release, or the development key of the tree
    """
    image_kind: str
    profile: str
    options: tuple[tuple[str, str], ...] = ()
    image_fault: str = "none"
    key_file: Path | None = None

    @classmethod
    def of(cls, scenario: Scenario) -> "BootPlan":
        options = tuple((key, str(scenario.options[key])) for key in PLAN_KEYS
                        if scenario.options[key] not in ("", "none"))
        return cls("test", scenario.options["runtime_config_profile"], options,
                   scenario.boot.image_fault)

    @classmethod
    def runtime(cls, profile: str, key_file: Path | None = None) -> "BootPlan":
        return cls("runtime", profile, key_file=key_file)


def _built(path: Path) -> Path:
    if not path.is_file():
        raise BuildError(f"{paths.shown(path)} was not built")
    return path


def loader(image_kind: str) -> Path:
    """BOOTX64.EFI for a kind of image."""
    return _built(paths.BUILD / "uefi" / "boot" / f"BOOTX64-{image_kind}.EFI")


def boot_image(plan: BootPlan) -> Path | None:
    """The signed boot image for a plan; None if the plan's fault is that there is none."""
    if plan.image_fault == "missing":
        return None
    raise BuildError("tools/bootimg is not in the tree")


def data_tree() -> Tree:
    """The files of the data volume: programs and what they need."""
    return {}


def tree_digest(tree: Tree) -> str:
    """A digest of names, modes and contents of a tree."""
    total = hashlib.sha256()
    for path in sorted(tree):
        entry = tree[path]
        head = f"{path}\n{entry.mode:o}\n{entry.link}\n{len(entry.data)}\n"
        total.update(head.encode() + entry.data)
    return total.hexdigest()
