# SPDX-License-Identifier: ISC
"""What the build has made and what is put together from it: loader, kernel, programs, boot images.

This is the one place that knows where build/ keeps things and how tools/planogen and tools/bootimg
are called; the rest of the harness asks for a loader, a boot image or the files of the data volume.
"""
import hashlib
from dataclasses import dataclass
from pathlib import Path

from harness import bootfault, build, cas, components, media, paths, tools
from harness.outcome import BuildError, EnvironmentProblem
from harness.scenario import Scenario

media.names()  # puts tools/ on the path
from bootimg import bootimg  # noqa: E402
from bootimg.bootimg import Section  # noqa: E402
from imagemaker.tree import Tree  # noqa: E402

# Keys of a scenario that change the BootConfig. Media and budgets are not among them, so that
# scenarios which differ only in those share one boot image.
PLAN_KEYS = ("kernel_rootd_test", "rootd_test_mode", "runtime_config_profile",
             "runtime_config_path", "phase0_missing_service", "service_primary_control_fault",
             "service_explicit_endpoint_fault", "service_startup_peer_fault")


LOADERS = {"runtime": "bootx64.efi", "test": "bootx64-test.efi"}
KERNELS = {"runtime": "kernel", "test": "kernel-test"}
DEV_KEY = paths.ROOT / "tools" / "bootimg" / "keys" / "dev.pem"
TRIAL_KEY = paths.TESTS / "keys" / "release-trial.pem"
STRANGER_KEY = paths.TESTS / "keys" / "stranger.pem"
ELF_MACHINE_AT = 18
ROOT_PROGRAM = "rootd"
UNCONFIGURED = b"no configuration: the root program is alone\n"


@dataclass(frozen=True)
class BootPlan:
    """All that decides the bytes of a boot image, besides what was built.

    image_kind   "test" has the debug exit and verifier programs, "runtime" has not
    options      the keys of PLAN_KEYS that differ from their defaults, as pairs
    image_fault  what is done to the finished image
    key_file     the private key of a release, or the development key of the tree
    root_program what the kernel starts first; another one than rootd is alone in the machine
    """
    image_kind: str
    profile: str
    options: tuple[tuple[str, str], ...] = ()
    image_fault: str = "none"
    key_file: Path | None = None
    root_program: str = ROOT_PROGRAM

    @classmethod
    def of(cls, scenario: Scenario) -> "BootPlan":
        options = tuple((key, str(scenario.options[key])) for key in PLAN_KEYS
                        if scenario.options[key] not in ("", "none"))
        return cls("test", scenario.options["runtime_config_profile"], options,
                   scenario.boot.image_fault, root_program=scenario.boot.root_program)

    @classmethod
    def runtime(cls, profile: str, key_file: Path | None = None) -> "BootPlan":
        return cls("runtime", profile, key_file=key_file)


def _built(path: Path) -> Path:
    if not path.is_file():
        raise BuildError(f"{paths.shown(path)} was not built")
    return path


def loader(plan: BootPlan) -> Path:
    """BOOTX64.EFI for a plan: it differs by kind of image and by the release key that it trusts."""
    folder = paths.BUILD / "uefi"
    if plan.profile == "release" and plan.image_kind == "runtime":
        folder = build.build_release_loader(public_key(release_key(plan)))
    return _built(folder / "boot" / LOADERS[plan.image_kind])


def kernel(plan: BootPlan) -> Path:
    """The kernel's executable, which also has its symbols."""
    return _built(paths.BUILD / "target" / "kernel" / KERNELS[plan.image_kind])


def kernel_symbols() -> Path | None:
    """The kernel that a debugger wants to know; None while there is none."""
    path = paths.BUILD / "target" / "kernel" / KERNELS["test"]
    return path if path.is_file() else None


def release_key(plan: BootPlan) -> Path:
    """The private key of a release: the builder's, or the trial key of the tree, which proves
    nothing about who made an image and is there so that releases can be tried and tested."""
    return plan.key_file or TRIAL_KEY


def public_key(private: Path) -> Path:
    """The public half of a key as a PEM file."""
    return cas.get(("public key", cas.digest_file(private)), lambda target: tools.run(
        ["openssl", "pkey", "-in", str(private), "-pubout", "-out", str(target)]))


def boot_image(plan: BootPlan) -> Path | None:
    """The signed boot image for a plan, from the store or made now; None if the plan's fault is
    that there is none."""
    if plan.image_fault == "missing":
        return None
    parts = sections(plan)
    key_file = signing_key(plan)
    key = ("boot image", components.digest(paths.ROOT / "tools" / "bootimg"), plan.profile,
           plan.image_kind, plan.image_fault, cas.digest_file(key_file),
           *(f"{part.kind} {part.name} {hashlib.sha256(part.data).hexdigest()}" for part in parts))
    return cas.get(key, lambda target: target.write_bytes(sign(plan, parts, key_file)))


def make_boot_image(plan: BootPlan) -> bytes:
    """The same image, made past the store."""
    return sign(plan, sections(plan), signing_key(plan))


def sign(plan: BootPlan, parts: list[Section], key_file: Path) -> bytes:
    """Put the sections together, sign them, and do the plan's damage."""
    profile = "test" if plan.image_kind == "test" else plan.profile
    if plan.image_fault == "malformed-kernel":
        parts = [Section(part.kind, part.name, _malformed(part.data)) if part.kind == "kernel"
                 else part for part in parts]
    try:
        image = bootimg.build(parts, key_file, profile)
    except bootimg.InputError as error:
        raise BuildError(f"boot image: {error}") from error
    except bootimg.EnvironmentMissing as error:
        raise EnvironmentProblem(str(error)) from error
    return bootfault.apply(image, plan.image_fault)


def _malformed(kernel_file: bytes) -> bytes:
    """The kernel with another machine in its ELF header (e_machine, ELF-64 2.1)."""
    return kernel_file[:ELF_MACHINE_AT] + b"\xff" + kernel_file[ELF_MACHINE_AT + 1:]


def signing_key(plan: BootPlan) -> Path:
    """The private key that signs an image of this plan."""
    if plan.image_fault == "wrong-key":
        return STRANGER_KEY
    if plan.profile == "release" and plan.image_kind == "runtime":
        return release_key(plan)
    return plan.key_file or DEV_KEY


def sections(plan: BootPlan) -> list[Section]:
    """Everything that the boot image of a plan holds, in a fixed order."""
    if plan.root_program != ROOT_PROGRAM:
        program = _built(paths.BUILD / "target" / "programs" / plan.root_program
                         / f"{plan.root_program}.elf")
        return [Section("kernel", "kernel", kernel(plan).read_bytes()),
                Section("boot-config", "boot-config", UNCONFIGURED),
                Section("service", ROOT_PROGRAM, program.read_bytes())]
    raise BuildError("tools/planogen makes no BootConfig yet")


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
