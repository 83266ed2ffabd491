# SPDX-License-Identifier: ISC
"""What the build has made and what is put together from it: loader, kernel, programs, boot images.

This is the one place that knows where build/ keeps things and how tools/bootimg is called; the rest
of the harness asks for a loader, a boot image or the files of the data volume.
"""
import hashlib
import json
import subprocess
from functools import cache
from pathlib import Path

from harness import (bootfault, build, cas, components, faulthits, media, paths, signedfault,
                     tools)
from harness.bootplan import ROOT_PROGRAM, BootPlan, Planned, disk_programs, planned
from harness.outcome import BuildError, EnvironmentProblem
from harness.scenario import Scenario
from harness.symbols import Symbols

media.names()  # puts tools/ on the path
from bootimg import bootimg  # noqa: E402
from bootimg.bootimg import Section  # noqa: E402
from imagemaker.tree import MODE_PROGRAM, Entry, Tree  # noqa: E402

LOADERS = {"runtime": "bootx64.efi", "test": "bootx64-test.efi"}
RELEASE_LOADER = "bootx64-release.efi"  # does not trust the key of the tree, which all have
KERNELS = {"runtime": "kernel", "test": "kernel-test"}
DEV_KEY = paths.ROOT / "tools" / "bootimg" / "keys" / "dev.pem"
TRIAL_KEY = paths.TESTS / "keys" / "release-trial.pem"
STRANGER_KEY = paths.TESTS / "keys" / "stranger.pem"
ROOT_SCRIPT_MARK, ROOT_SCRIPT_BYTES = b"-ROOT-LIAR-SCRIPT", 8192
UNCONFIGURED = b"no configuration: the root program is alone\n"
PROGRAM_SUFFIX = ".elf"
MESSAGE_OF_THE_DAY = b"Welcome to EriX. `ls /bin` shows the programs, `shutdown` ends.\n"


def _built(path: Path) -> Path:
    if not path.is_file():
        raise BuildError(f"{paths.shown(path)} was not built")
    return path


def loader(plan: BootPlan) -> Path:
    """BOOTX64.EFI for a plan: it differs by kind of image and by the release key that it trusts."""
    if plan.is_release:
        folder = build.build_release_loader(public_key(release_key(plan)))
        return _built(folder / "boot" / RELEASE_LOADER)
    return _built(paths.BUILD / "uefi" / "boot" / LOADERS[plan.image_kind])


def boot_files() -> list[Path]:
    """Every kernel and loader that is built without a release key."""
    return [_built(paths.BUILD / "target" / "kernel" / name) for name in KERNELS.values()] \
        + [_built(paths.BUILD / "uefi" / "boot" / name) for name in LOADERS.values()]


def parking_program() -> Path:
    """The UEFI program in which a machine is saved (tools/park)."""
    return _built(paths.BUILD / "uefi" / "tools" / "park" / "park.efi")


def kernel(plan: BootPlan) -> Path:
    """The kernel's executable, which also has its symbols."""
    return _built(paths.BUILD / "target" / "kernel" / KERNELS[plan.image_kind])


def kernel_symbols() -> Path | None:
    """The kernel that a debugger wants to know; None while there is none."""
    path = paths.BUILD / "target" / "kernel" / KERNELS["test"]
    return path if path.is_file() else None


def kernel_of(scenario: Scenario) -> Path:
    """The executable of the kernel that a scenario boots, with its symbols."""
    packaged = scenario.options["run_mode"] == "vm-disk-image"
    plan = BootPlan.runtime(scenario.options["runtime_config_profile"]) if packaged \
        else BootPlan.of(scenario)
    return kernel(plan)


def kernel_symbols_of(scenario: Scenario) -> Symbols:
    """The symbols of the kernel that a scenario boots; what is stripped keeps its addresses."""
    return Symbols(kernel_of(scenario))


def release_key(plan: BootPlan) -> Path:
    """The private key of a release: the builder's, or the trial key of the tree, which proves
    nothing about who made an image and is there so that releases can be tried and tested."""
    return plan.key_file or TRIAL_KEY


def public_key(private: Path) -> Path:
    """The public half of a key as a PEM file."""
    return cas.get(("public key", cas.digest_file(private)), lambda target: tools.run(
        ["openssl", "pkey", "-in", str(private), "-pubout", "-out", str(target)]))


def stripped(executable: Path) -> bytes:
    """An executable without symbols and debug information, as it goes into images."""
    key = ("stripped", cas.digest_file(executable))
    return cas.get(key, lambda target: tools.run(
        ["llvm-strip-19", "--strip-all", "-o", str(target), str(executable)])).read_bytes()


def boot_image(plan: BootPlan) -> Path | None:
    """The signed boot image for a plan, from the store or made now; None if the plan's fault is
    that there is none."""
    if plan.image_fault == "missing":
        return None
    parts = sections(plan)
    key_file = signing_key(plan)
    key = ("boot image", components.digest(paths.ROOT / "tools" / "bootimg"), plan.signed_profile,
           plan.image_fault, cas.digest_file(Path(bootfault.__file__)), cas.digest_file(key_file),
           *(f"{part.kind} {part.name} {hashlib.sha256(part.data).hexdigest()}" for part in parts))
    image = cas.get(key, lambda target: target.write_bytes(sign(plan, parts, key_file)))
    _check_hits(plan, image)
    return image


def _check_hits(plan: BootPlan, image: Path) -> None:
    """Raises BuildError if a fault of authority is not in the image."""
    plain = plan.without_authority_faults()
    if plain != plan:
        faulthits.check(dict(plan.options), image.read_bytes(), _planned(plain).boot_config)


def _planned(plan: BootPlan) -> Planned:
    return planned(plan, {name: stripped(path)
                          for name, path in disk_programs(programs()).items()})


def make_boot_image(plan: BootPlan) -> bytes:
    """The same image, made past the store."""
    return sign(plan, sections(plan), signing_key(plan))


def sign(plan: BootPlan, parts: list[Section], key_file: Path) -> bytes:
    """Put the sections together, sign them, and do the plan's damage."""
    made = [Section(part.kind, part.name,
                    signedfault.section(plan.image_fault, part.kind, part.name, part.data))
            for part in parts]
    words = {"profile": plan.signed_profile} | signedfault.SIGNING.get(plan.image_fault, {})
    if plan.image_fault in signedfault.SECTIONS and made == parts:
        raise BuildError(f"image_fault {plan.image_fault}: this image has nothing to be changed")
    try:
        image = bootimg.build(made, key_file, **words)
    except bootimg.InputError as error:
        raise BuildError(f"boot image: {error}") from error
    except bootimg.EnvironmentMissing as error:
        raise EnvironmentProblem(str(error)) from error
    return bootfault.apply(image, plan.image_fault)


def signing_key(plan: BootPlan) -> Path:
    """The private key that signs an image of this plan."""
    if plan.image_fault == signedfault.WRONG_KEY:
        return STRANGER_KEY
    if plan.image_fault == signedfault.DEV_KEY:
        return DEV_KEY
    return release_key(plan) if plan.is_release else plan.key_file or DEV_KEY


def sections(plan: BootPlan) -> list[Section]:
    """Everything that the boot image of a plan holds, in a fixed order."""
    the_kernel = Section("kernel", "kernel", stripped(kernel(plan)))
    if plan.root_program != ROOT_PROGRAM:
        program = _told(stripped(test_program(plan.root_program)), plan.root_script)
        return [the_kernel, Section("boot-config", "boot-config", UNCONFIGURED),
                Section("service", ROOT_PROGRAM, program)]
    built = programs()
    contents = _planned(plan)
    stand_ins = dict(plan.stand_ins)
    modules = []
    for name in contents.modules:
        if name not in built:
            raise BuildError(f"program {name} was not built")
        file = test_program(stand_ins[name]) if name in stand_ins else built[name]
        modules.append(Section("service", name, stripped(file)))
    return [the_kernel, Section("boot-config", "boot-config", contents.boot_config), *modules]


def _told(program: bytes, script: str) -> bytes:
    """The program root-liar with its script (programs/stand-ins/root_liar.c); others have none."""
    if not script:
        return program
    at = program.find(ROOT_SCRIPT_MARK)
    data = script.encode() + b"\0"
    if at < 0 or len(data) > ROOT_SCRIPT_BYTES:
        raise BuildError("there is no place for the script of the root program")
    return program[:at] + data + program[at + len(data):]


def test_program(name: str) -> Path:
    """A program of test images that is no program of the system: a stand-in, or one that runs in
    rootd's place."""
    folder = paths.BUILD / "target" / "programs"
    found = sorted(folder.glob(f"*/{name}{PROGRAM_SUFFIX}"))
    if len(found) != 1:
        raise BuildError(f"{paths.shown(folder)}/*/{name}{PROGRAM_SUFFIX}: wanted one program, "
                         f"there are {len(found)}")
    return found[0]


@cache
def programs() -> dict[str, Path]:
    """All programs that were built for EriX, by name, as Meson knows them."""
    folder = paths.BUILD / "target"
    done = subprocess.run([tools.find("meson"), "introspect", "--targets", str(folder)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise BuildError(f"meson introspect: {done.stderr.decode(errors='replace')}")
    files = [Path(name) for target in json.loads(done.stdout) if target["type"] == "executable"
             for name in target["filename"]]
    # Programs lie at the top of build/target; what lies deeper is no program of the system.
    return {file.stem: _built(file) for file in files
            if file.suffix == PROGRAM_SUFFIX and file.parent == folder}


@cache
def data_tree() -> Tree:
    """The files of the data volume: programs and what they need."""
    tree: Tree = {f"/bin/{name}": Entry(stripped(path), MODE_PROGRAM)
                  for name, path in disk_programs(programs()).items()}
    return tree | {"/etc/motd": Entry(MESSAGE_OF_THE_DAY), "/tmp/": Entry(), "/home/": Entry()}


def port(name: str) -> Entry:
    """A program of tests/ports, as a file of a disk."""
    file = paths.BUILD / "target" / "tests" / "ports" / (name + PROGRAM_SUFFIX)
    return Entry(stripped(_built(file)), MODE_PROGRAM)


def tree_digest(tree: Tree) -> str:
    """A digest of names, modes and contents of a tree."""
    total = hashlib.sha256()
    for path in sorted(tree):
        entry = tree[path]
        head = f"{path}\n{entry.mode:o}\n{entry.link}\n{len(entry.data)}\n"
        total.update(head.encode() + entry.data)
    return total.hexdigest()
