# SPDX-License-Identifier: ISC
"""`./erix image`: write the disk image of a profile."""
from pathlib import Path

from harness import build, diskcheck, images, packages, paths, state
from harness.outcome import Exit, UsageError

SUMMARY = "write a bootable disk image: out/appliance/erix-{dev,release}.img"
HELP = """\
examples:
  ./erix image dev                        out/appliance/erix-dev.img and .sha256
  ./erix image release                    signed with the development key, for trying
  ./erix image release --key release.pem  signed with your own Ed25519 key; make one with
                                          openssl genpkey -algorithm ed25519 -out release.pem
  ./erix image dev --check                make it twice and compare

The image is a GPT disk with a FAT32 ESP `erix-esp` and an ext4 volume `erix-data`. It boots from
one virtio disk under plain OVMF, with the prompt on COM1. The same tree and key give the same
bytes.
"""


def add_arguments(parser) -> None:
    parser.add_argument("profile", choices=("dev", "release"), help="what the image contains")
    parser.add_argument("--key", metavar="FILE", help="private Ed25519 key (PEM) that signs it")
    parser.add_argument("--check", action="store_true", help="make it twice and compare")


def _key(name: str | None) -> Path | None:
    if name is None:
        return None
    key = Path(name)
    if not key.is_file():
        raise UsageError(f"there is no key {name}")
    return key.resolve()


def write(profile: str, key: Path | None) -> Path:
    """Write the image of a profile under out/appliance and return its path."""
    stored = images.appliance(profile, key)
    target = paths.APPLIANCE / f"erix-{profile}.img"
    target.parent.mkdir(parents=True, exist_ok=True)
    images.copy_disk(stored, target)
    digest = diskcheck.digest(target)
    state.write_atomically(target.with_name(target.name + ".sha256"),
                           f"{digest}  {target.name}\n".encode())
    return target


def execute(arguments) -> Exit:
    key = _key(arguments.key)
    packages.ensure(print)
    build.build(("target", "uefi"))
    target = write(arguments.profile, key)
    digest = diskcheck.digest(target)
    if arguments.check and images.appliance_digest_again(arguments.profile, key) != digest:
        print(f"{paths.shown(target)}: a second image has other bytes")
        return Exit.FAILED
    print(f"{paths.shown(target)}  {target.stat().st_size >> 20} MiB  sha256 {digest}")
    return Exit.PASSED
