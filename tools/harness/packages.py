# SPDX-License-Identifier: ISC
"""The Debian packages that EriX needs, why, and how they get onto the machine."""
import os
import shutil
import subprocess
from dataclasses import dataclass

from harness.outcome import EnvironmentProblem

QUERY_TIMEOUT_S = 60


@dataclass(frozen=True)
class Package:
    """A Debian package, what it is for, and a program by which another system can be judged."""
    name: str
    reason: str
    program: str | None = None


PACKAGES = (
    Package("python3", "runs this harness", "python3"),
    Package("git", "tells the files and the history of the tree", "git"),
    Package("clang-19", "compiles loader, kernel, programs and host tests", "clang-19"),
    Package("lld-19", "links them", "ld.lld-19"),
    Package("llvm-19", "archives, symbols and coverage", "llvm-ar-19"),
    Package("libclang-rt-19-dev", "sanitizers and fuzzers of the host tests"),
    Package("libc6-dev", "C library of the host tests"),
    Package("clang-format-19", "checks the layout of C files", "clang-format-19"),
    Package("clang-tidy-19", "checks C files for mistakes", "clang-tidy-19"),
    Package("meson", "describes the build", "meson"),
    Package("ninja-build", "runs the build", "ninja"),
    Package("pkg-config", "finds libraries of the host tests", "pkg-config"),
    Package("openssl", "makes and checks keys of release images", "openssl"),
    Package("libssl-dev", "second opinion on our cryptography in host tests"),
    Package("libfuse3-dev", "shows volumes as folders: erixfs mount"),
    Package("fuse3", "lets users mount them", "fusermount3"),
    Package("libext2fs-dev", "what lib/ext is measured against"),
    Package("fuse2fs", "the same, as a mounted folder", "fuse2fs"),
    Package("gnuplot-nox", "draws how costs grow", "gnuplot"),
    Package("valgrind", "shows that no branch depends on a secret, and counts instructions",
            "valgrind"),
    Package("unicode-data", "which letters are the same but for case"),
    Package("qemu-system-x86", "the machine in which EriX runs", "qemu-system-x86_64"),
    Package("ovmf", "UEFI firmware of that machine"),
    Package("e2fsprogs", "makes and judges ext2, ext3 and ext4 volumes", "mke2fs"),
    Package("dosfstools", "makes and judges FAT volumes", "mkfs.vfat"),
    Package("mtools", "puts files onto FAT volumes", "mcopy"),
    Package("fsverity", "seals files of volumes for tests", "fsverity"),
    Package("p7zip-full", "reads ext volumes by code of its own", "7z"),
    Package("gdisk", "judges partition tables", "sgdisk"),
    Package("gdb", "debugs the running system", "gdb"),
    Package("faketime", "another date, for the test that builds are reproducible", "faketime"),
    Package("locales", "another locale, for the same", "localedef"),
)

GUI_PACKAGES = (
    Package("qemu-system-gui", "the window of `./erix run --gui`"),
)


def is_debian() -> bool:
    """Whether packages can be asked for and installed by name."""
    return shutil.which("dpkg-query") is not None and shutil.which("apt-get") is not None


def _installed(names: list[str]) -> set[str]:
    answer = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package}\t${db:Status-Status}\n", *names],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=QUERY_TIMEOUT_S,
        check=False)
    rows = (line.split("\t") for line in answer.stdout.splitlines())
    return {row[0] for row in rows if len(row) == 2 and row[1] == "installed"}


def _program_found(package: Package) -> bool:
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return package.program is None or shutil.which(package.program, path=path) is not None


def missing(packages: tuple[Package, ...] = PACKAGES) -> list[Package]:
    """The packages that are not there. Elsewhere than on Debian their programs are looked for."""
    if not is_debian():
        return [package for package in packages if not _program_found(package)]
    installed = _installed([package.name for package in packages])
    return [package for package in packages if package.name not in installed]


def _as_root(command: list[str]) -> list[str]:
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    if os.geteuid() == 0:
        return environment + command
    if shutil.which("sudo") is None:
        raise EnvironmentProblem(
            "packages are missing and there is neither root nor sudo; as root run: "
            + " ".join(command))
    return ["sudo", *environment, *command]


def _apt_get(words: list[str], say) -> bool:
    command = _as_root(["apt-get", *words])
    say("  $ " + " ".join(command))
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == 0


def install(packages: list[Package], say) -> None:
    """Install packages, saying what and why. Raises EnvironmentProblem if they stay missing."""
    if not packages:
        return
    say("missing packages:")
    for package in packages:
        say(f"  {package.name:<20} {package.reason}")
    names = [package.name for package in packages]
    if not is_debian():
        raise EnvironmentProblem(
            "this is no Debian system: install the programs of the packages above "
            f"({', '.join(names)}) and start again")
    words = ["install", "-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", *names]
    # The lists of a fresh system are empty and those of an old one may name files that are gone.
    if not (_apt_get(["update"], say) and _apt_get(words, say)):
        raise EnvironmentProblem("apt-get failed, see its message above")
    left = missing(tuple(packages))
    if left:
        raise EnvironmentProblem("still missing: " + ", ".join(each.name for each in left))


def ensure(say, packages: tuple[Package, ...] = PACKAGES) -> None:
    """Install what is missing; does nothing and needs no network when all is there."""
    install(missing(packages), say)
