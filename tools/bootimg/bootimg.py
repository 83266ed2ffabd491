#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Build, show, verify and take apart signed boot images; make the boot loader's key policy.

The format is described in lib/bootimg/README.md. Signing and verifying are done by the openssl
command, so that this tool and the loader's own code check each other.
"""
import argparse
import hashlib
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"ERIXBOOT"
VERSION = 1
HEADER = struct.Struct("<8sIIIIQQQQQ16s48s")
ENTRY = struct.Struct("<II32sQQ32s")
MANIFEST = struct.Struct("<IIQ32s16s")
MANIFEST_VERSION = 1
SIGNATURE_BYTES = 64
ALIGNMENT_BYTES = 4096
SECTIONS_MAX = 64
IMAGE_BYTES_MAX = 256 << 20
NAME_BYTES_MAX = 31
NAME_LETTERS = set(b"abcdefghijklmnopqrstuvwxyz0123456789._-")

KINDS = {"kernel": 1, "boot-config": 2, "service": 3, "blob": 4}
KIND_NAMES = {number: name for name, number in KINDS.items()}
PROFILES = {"dev": 1, "release": 2, "test": 3}
PROFILE_NAMES = {number: name for name, number in PROFILES.items()}

# DER of an Ed25519 public key (RFC 8410) up to the 32 bytes of the key itself.
PUBLIC_KEY_PREFIX = bytes.fromhex("302a300506032b6570032100")

EXIT_REFUSED = 1
EXIT_USAGE = 2
EXIT_ENVIRONMENT = 3


class Refused(Exception):
    """The image is not accepted: the loader's name of the reason, and the section at fault."""

    def __init__(self, reason: str, section: str = ""):
        super().__init__(reason + (f":{section}" if section else ""))
        self.reason = reason
        self.section = section


class InputError(Exception):
    """What the caller gave cannot be used; the text says what and why."""


class EnvironmentMissing(Exception):
    """A tool of the host is missing."""


@dataclass(frozen=True)
class Section:
    """One section: its kind by name, its name, its bytes, and where they are in the image."""
    kind: str
    name: str
    data: bytes
    offset: int = 0


@dataclass(frozen=True)
class Image:
    """A structurally sound image. That it may be trusted, only verify() says."""
    data: bytes
    signed_bytes: int
    key_id: bytes
    signature: bytes
    profile: str
    image_version: int
    build_digest: bytes
    sections: tuple[Section, ...]
    digests: tuple[bytes, ...]

    def find(self, name: str) -> Section:
        """The section of that name; raises InputError."""
        for section in self.sections:
            if section.name == name:
                return section
        raise InputError(f"no section {name} in the image")


@dataclass(frozen=True)
class Key:
    """A public key and the profiles that it may sign."""
    public_key: bytes
    profiles: frozenset[str]
    title: str

    @property
    def key_id(self) -> bytes:
        return key_id_of(self.public_key)


def key_id_of(public_key: bytes) -> bytes:
    return hashlib.sha256(public_key).digest()[:16]


def _openssl(*arguments: str) -> subprocess.CompletedProcess:
    try:
        return subprocess.run(["openssl", *arguments], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise EnvironmentMissing("openssl is not installed (Debian package: openssl)") from error


def _public_key(path: Path, private: bool) -> bytes:
    result = _openssl("pkey", *([] if private else ["-pubin"]), "-in", str(path), "-pubout",
                      "-outform", "DER")
    der = result.stdout
    if result.returncode != 0 or len(der) != 44 or not der.startswith(PUBLIC_KEY_PREFIX):
        kind = "private" if private else "public"
        raise InputError(f"{path}: not an Ed25519 {kind} key in PEM")
    return der[len(PUBLIC_KEY_PREFIX):]


def public_key_of(private_key: Path) -> bytes:
    """The 32 bytes of the public key that belongs to a private key file."""
    return _public_key(private_key, private=True)


def read_key(text: str) -> Key:
    """A key of the policy from PATH:PROFILE[,PROFILE...], PATH a public key in PEM."""
    path, _, profiles = text.rpartition(":")
    chosen = frozenset(profiles.split(","))
    if not path or not chosen <= set(PROFILES):
        raise InputError(f"{text}: wants PATH:PROFILE[,PROFILE...] with profiles of "
                         f"{', '.join(PROFILES)}")
    return Key(_public_key(Path(path), private=False), chosen, Path(path).name)


def _sign(message: bytes, private_key: Path) -> bytes:
    with tempfile.NamedTemporaryFile() as file:
        file.write(message)
        file.flush()
        result = _openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(private_key),
                          "-in", file.name)
    if result.returncode != 0 or len(result.stdout) != SIGNATURE_BYTES:
        raise InputError(f"{private_key}: openssl could not sign: {result.stderr.decode().strip()}")
    return result.stdout


def _signature_matches(message: bytes, signature: bytes, public_key: bytes) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("message", "signature", "key")]
        for path, data in zip(paths, (message, signature, PUBLIC_KEY_PREFIX + public_key)):
            path.write_bytes(data)
        result = _openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-in",
                          str(paths[0]), "-sigfile", str(paths[1]), "-inkey", str(paths[2]))
    return result.returncode == 0


def _align(size: int) -> int:
    return -(-size // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def _name_is_valid(name: bytes) -> bool:
    return 1 <= len(name) <= NAME_BYTES_MAX and set(name) <= NAME_LETTERS


def _check_sections(sections: list[Section]) -> None:
    if not 1 <= len(sections) <= SECTIONS_MAX:
        raise InputError(f"{len(sections)} sections; an image has 1 to {SECTIONS_MAX}")
    names = [section.name for section in sections]
    for section in sections:
        if not _name_is_valid(section.name.encode()):
            raise InputError(f"{section.name!r}: a name is 1 to {NAME_BYTES_MAX} of a-z 0-9 . _ -")
        if names.count(section.name) > 1:
            raise InputError(f"{section.name}: two sections have this name")
        if not section.data:
            raise InputError(f"{section.name}: empty")
    for kind in ("kernel", "boot-config"):
        if [section.kind for section in sections].count(kind) != 1:
            raise InputError(f"an image has exactly one {kind}")


def contents_digest(sections: list[Section]) -> bytes:
    """A digest of kinds, names and contents, for images whose builder gives none."""
    total = hashlib.sha256()
    for section in sections:
        head = f"{section.kind}\n{section.name}\n{len(section.data)}\n"
        total.update(head.encode() + hashlib.sha256(section.data).digest())
    return total.digest()


def _check_version(image_version: int) -> None:
    if not 0 <= image_version < 1 << 64:
        raise InputError(f"{image_version}: an image version is a number of 64 bits")


def build(sections: list[Section], private_key: Path, profile: str, image_version: int = 1,
          build_digest: bytes | None = None) -> bytes:
    """A signed image; the same arguments give the same bytes. Raises InputError."""
    _check_sections(sections)
    _check_version(image_version)
    if profile not in PROFILES:
        raise InputError(f"{profile}: a profile is one of {', '.join(PROFILES)}")
    digest = contents_digest(sections) if build_digest is None else build_digest
    manifest_at = HEADER.size + ENTRY.size * len(sections)
    table, payload, end = b"", b"", manifest_at + MANIFEST.size
    first = _align(end)
    for section in sections:
        offset = _align(end)
        end = offset + len(section.data)
        payload += bytes(offset - first - len(payload)) + section.data
        table += ENTRY.pack(KINDS[section.kind], 0, section.name.encode(), offset,
                            len(section.data), hashlib.sha256(section.data).digest())
    signature_at = _align(end)
    header = HEADER.pack(MAGIC, VERSION, HEADER.size, len(sections), ENTRY.size, HEADER.size,
                         manifest_at, MANIFEST.size, signature_at + SIGNATURE_BYTES, signature_at,
                         key_id_of(public_key_of(private_key)), b"")
    signed = header + table + MANIFEST.pack(MANIFEST_VERSION, PROFILES[profile], image_version,
                                            digest, b"")
    image = signed + bytes(first - len(signed)) + payload
    image += bytes(signature_at - len(image)) + _sign(signed, private_key)
    if len(image) > IMAGE_BYTES_MAX:
        raise InputError(f"the image has {len(image)} bytes; {IMAGE_BYTES_MAX} are the limit")
    return image


def parse(data: bytes) -> Image:
    """Checks the structure as the loader does; raises Refused."""
    if len(data) < HEADER.size:
        raise Refused("TRUNCATED")
    (magic, version, header_bytes, count, entry_bytes, table_at, manifest_at, manifest_bytes,
     image_bytes, signature_at, key_id, reserved) = HEADER.unpack_from(data)
    if magic != MAGIC:
        raise Refused("MAGIC")
    if version != VERSION:
        raise Refused("VERSION")
    if not 1 <= count <= SECTIONS_MAX or entry_bytes != ENTRY.size or table_at != HEADER.size:
        raise Refused("TABLE")
    signed_bytes = HEADER.size + ENTRY.size * count + MANIFEST.size
    if (header_bytes != HEADER.size or manifest_at != signed_bytes - MANIFEST.size
            or manifest_bytes != MANIFEST.size or any(reserved) or image_bytes > IMAGE_BYTES_MAX
            or signature_at != image_bytes - SIGNATURE_BYTES or signature_at % ALIGNMENT_BYTES
            or signature_at < signed_bytes):
        raise Refused("HEADER")
    if len(data) != image_bytes:
        raise Refused("TRUNCATED" if len(data) < image_bytes else "TRAILING")
    version, profile, image_version, build_digest, reserved = MANIFEST.unpack_from(
        data, manifest_at)
    if version != MANIFEST_VERSION or profile not in PROFILE_NAMES or any(reserved):
        raise Refused("MANIFEST")
    sections, digests = _parse_sections(data, count, signed_bytes, signature_at)
    return Image(data, signed_bytes, key_id, data[signature_at:], PROFILE_NAMES[profile],
                 image_version, build_digest, sections, digests)


def _parse_sections(data: bytes, count: int, used: int,
                    signature_at: int) -> tuple[tuple[Section, ...], tuple[bytes, ...]]:
    sections: list[Section] = []
    digests: list[bytes] = []
    name = ""
    for index in range(count):
        kind, flags, raw_name, offset, size, digest = ENTRY.unpack_from(
            data, HEADER.size + ENTRY.size * index)
        if not _name_is_valid(raw_name.rstrip(b"\0")):
            raise Refused("SECTION_NAME")
        name = raw_name.rstrip(b"\0").decode()
        if kind not in KIND_NAMES:
            raise Refused("SECTION_KIND", name)
        if flags != 0:
            raise Refused("SECTION_FLAGS", name)
        if offset != _align(used) or size == 0 or offset + size > signature_at:
            raise Refused("SECTION_BOUNDS", name)
        if any(data[used:offset]):
            raise Refused("PADDING", name)
        single = KIND_NAMES[kind] in ("kernel", "boot-config")
        if any(other.name == name or single and other.kind == KIND_NAMES[kind]
               for other in sections):
            raise Refused("SECTION_DUPLICATE", name)
        used = offset + size
        sections.append(Section(KIND_NAMES[kind], name, data[offset:used], offset))
        digests.append(digest)
    if _align(used) != signature_at:
        raise Refused("SECTION_BOUNDS", name)
    if any(data[used:signature_at]):
        raise Refused("PADDING", name)
    for kind in ("kernel", "boot-config"):
        if kind not in [section.kind for section in sections]:
            raise Refused("SECTION_MISSING", kind)
    return tuple(sections), tuple(digests)


def verify(image: Image, keys: list[Key], image_version_min: int = 0) -> Key:
    """The key that signed the image; raises Refused, for the loader's reasons in its order."""
    key = next((key for key in keys if key.key_id == image.key_id), None)
    if key is None:
        raise Refused("KEY_UNKNOWN")
    if image.profile not in key.profiles:
        raise Refused("KEY_PROFILE")
    if image.image_version < image_version_min:
        raise Refused("ROLLBACK")
    if not _signature_matches(image.data[:image.signed_bytes], image.signature, key.public_key):
        raise Refused("SIGNATURE")
    for section, digest in zip(image.sections, image.digests):
        if hashlib.sha256(section.data).digest() != digest:
            raise Refused("SECTION_HASH", section.name)
    return key


def policy_header(keys: list[Key], image_version_min: int = 0) -> str:
    """The C header with the loader's policy: struct bootimg_policy boot_policy."""
    _check_version(image_version_min)
    if len({key.key_id for key in keys}) != len(keys):
        raise InputError("the policy lists a key twice")

    def c_bytes(data: bytes) -> str:
        return "{" + ", ".join(f"0x{byte:02x}" for byte in data) + "}"

    entries = "".join(f"""    {{
        /* {key.title} */
        .key_id = {c_bytes(key.key_id)},
        .public_key = {c_bytes(key.public_key)},
        .profiles = {" | ".join(f"1U << BOOTIMG_PROFILE_{name.upper()}"
                                for name in PROFILES if name in key.profiles)},
    }},
""" for key in keys)
    return f"""/* SPDX-License-Identifier: ISC */
/* Written by tools/bootimg/bootimg.py policy: the keys whose images this boot loader starts. */
#pragma once

#include <lib/bootimg/bootimg.h>

static const struct bootimg_key boot_policy_keys[] = {{
{entries}}};

static const struct bootimg_policy boot_policy = {{
    .keys = boot_policy_keys,
    .key_count = {len(keys)},
    .image_version_min = {image_version_min},
}};
"""


def describe(image: Image) -> str:
    """The image as a table for people."""
    lines = [f"boot image version {VERSION}, {len(image.data)} bytes",
             f"profile        {image.profile}",
             f"image version  {image.image_version}",
             f"build digest   {image.build_digest.hex()}",
             f"key id         {image.key_id.hex()}",
             "",
             f"{'kind':<12} {'name':<31} {'offset':>10} {'bytes':>10}  sha256"]
    for section, digest in zip(image.sections, image.digests):
        lines.append(f"{section.kind:<12} {section.name:<31} {section.offset:>#10x} "
                     f"{len(section.data):>10}  {digest.hex()[:16]}…")
    return "\n".join(lines)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error


def _named_sections(kind: str, texts: list[str]) -> list[Section]:
    sections = []
    for text in texts:
        name, separator, path = text.partition("=")
        if not separator:
            raise InputError(f"{text}: wants NAME=PATH")
        sections.append(Section(kind, name, _read(Path(path))))
    return sections


def _command_build(arguments: argparse.Namespace) -> None:
    sections = [Section("kernel", "kernel", _read(arguments.kernel)),
                Section("boot-config", "boot-config", _read(arguments.boot_config))]
    sections += _named_sections("service", arguments.service)
    sections += _named_sections("blob", arguments.blob)
    arguments.out.write_bytes(build(sections, arguments.key, arguments.profile,
                                    arguments.image_version, arguments.build_digest))


def _command_inspect(arguments: argparse.Namespace) -> None:
    print(describe(parse(_read(arguments.image))))


def _command_verify(arguments: argparse.Namespace) -> None:
    keys = [read_key(text) for text in arguments.key]
    key = verify(parse(_read(arguments.image)), keys, arguments.image_version_min)
    print(f"accepted: signed by {key.title}")


def _command_extract(arguments: argparse.Namespace) -> None:
    arguments.out.write_bytes(parse(_read(arguments.image)).find(arguments.name).data)


def _command_policy(arguments: argparse.Namespace) -> None:
    keys = [read_key(text) for text in arguments.key]
    arguments.out.write_text(policy_header(keys, arguments.image_version_min), encoding="utf-8")


def _digest(text: str) -> bytes:
    digest = bytes.fromhex(text)
    if len(digest) != 32:
        raise ValueError("not 32 bytes")
    return digest


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bootimg.py", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Exit status: 0 done, 1 the image is refused, 2 wrong usage or input, 3 openssl is "
               "missing.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("build", help="make a signed image")
    command.add_argument("--out", type=Path, required=True, metavar="PATH", help="the image")
    command.add_argument("--key", type=Path, required=True, metavar="PEM",
                         help="private Ed25519 key, such as tools/bootimg/keys/dev.pem")
    command.add_argument("--profile", choices=PROFILES, required=True)
    command.add_argument("--image-version", type=int, default=1, metavar="N",
                         help="rises with each release (default 1)")
    command.add_argument("--build-digest", type=_digest, metavar="HEX",
                         help="which build made it (default: a digest of the sections)")
    command.add_argument("--kernel", type=Path, required=True, metavar="PATH")
    command.add_argument("--boot-config", type=Path, required=True, metavar="PATH")
    command.add_argument("--service", action="append", default=[], metavar="NAME=PATH",
                         help="a program started from the image; may be repeated")
    command.add_argument("--blob", action="append", default=[], metavar="NAME=PATH",
                         help="data, such as console-font=PATH; may be repeated")
    command.set_defaults(run=_command_build)

    command = commands.add_parser("inspect", help="show what an image holds, without trusting it")
    command.add_argument("image", type=Path)
    command.set_defaults(run=_command_inspect)

    command = commands.add_parser("verify", help="judge an image as a boot loader would")
    command.add_argument("image", type=Path)
    _add_policy_arguments(command)
    command.set_defaults(run=_command_verify)

    command = commands.add_parser("extract", help="write one section to a file")
    command.add_argument("image", type=Path)
    command.add_argument("name", help="the section's name, as inspect shows it")
    command.add_argument("--out", type=Path, required=True, metavar="PATH")
    command.set_defaults(run=_command_extract)

    command = commands.add_parser("policy", help="write the C header with the loader's keys")
    command.add_argument("--out", type=Path, required=True, metavar="PATH")
    _add_policy_arguments(command)
    command.set_defaults(run=_command_policy)
    return parser.parse_args(argv)


def _add_policy_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--key", action="append", required=True, metavar="PEM:PROFILE[,PROFILE]",
                         help="public key and the profiles that it may sign; may be repeated")
    command.add_argument("--image-version-min", type=int, default=0, metavar="N",
                         help="refuse older images (default 0: none)")


def main(argv: list[str]) -> int:
    arguments = _arguments(argv)
    try:
        arguments.run(arguments)
    except Refused as refusal:
        print(f"refused: {refusal}", file=sys.stderr)
        return EXIT_REFUSED
    except (InputError, OSError) as error:
        print(f"bootimg.py: {error}", file=sys.stderr)
        return EXIT_USAGE
    except EnvironmentMissing as error:
        print(f"bootimg.py: {error}", file=sys.stderr)
        return EXIT_ENVIRONMENT
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
