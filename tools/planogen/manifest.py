# SPDX-License-Identifier: ISC
"""Read and check the manifests of all programs.

A manifest is services/NAME/service.toml, drivers/NAME/driver.toml or programs/NAME/program.toml;
programs/program.toml is for every program of the disk that has none of its own. README.md explains
the keys. A wrong manifest raises PlanError, which names the file and the key.
"""
import difflib
import os
import sys
import tomllib
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "protogen"))

import syntax as protogen  # noqa: E402  (found through the path above)

FOLDERS = {"services": ("service.toml", "service"), "drivers": ("driver.toml", "driver"),
           "programs": ("program.toml", "program")}
VERIFIERS = os.path.join("programs", "verify-services")  # has a manifest NAME.toml for each
DEFAULT_NAME = "program"
NAME_BYTES_MAX = 31
LAUNCHERS = {"service": ("rootd", "procd", "kernel"), "driver": ("deviced",),
             "program": ("loaderd", "rootd", "procd")}
KEYS = {
    "name": str, "launcher": str, "serves": str, "also_serves": list, "priority": int,
    "memory": dict,
    "cspace_bits": int, "deferred": int, "after": list, "required": bool, "test": bool,
    "report": bool,
    "peers": dict, "kernel": dict, "signals": dict, "device": dict,
}
MEMORY_KEYS = {"heap_kib_max": int, "stack_kib": int}
PEER_KEYS = {"program": str, "protocol": str, "rights": list, "optional": bool}
KERNEL_KEYS = {"clock": list, "console": list, "irq_control": bool, "ports": list, "test": bool,
               "ram": bool,
               "device_memory": bool, "acpi_memory": bool, "boot_config": bool, "blobs": list,
               "mint": bool}
PORT_KEYS = {"name": str, "first": int, "last": int}
DEVICE_KEYS = {"bus": str, "match": list, "bars": list, "messages": int, "dma": bool, "ports": list,
               "interrupt": int}
MATCH_KEYS = {"vendor": int, "device": int, "class": int}
CLOCK_RIGHTS = ("read", "arm")
CONSOLE_RIGHTS = ("write",)
BUSES = ("pci", "isa", "acpi")


class PlanError(Exception):
    """A manifest or the plan made of all of them breaks a rule."""


@dataclass
class Peer:
    """One endpoint of another program. Its name is the program's, unless `program` says which:
    then the same program can be a peer several times, with other rights or another protocol."""
    name: str
    program: str
    protocol: str
    rights: list[str]
    optional: bool = False  # images without the peer's feature leave it out


@dataclass
class Manifest:
    """One program. `default` is the manifest of programs that have none."""
    path: str
    name: str
    kind: str
    launcher: str
    serves: str | None = None
    also_serves: list[str] = field(default_factory=list)
    priority: int = 16
    heap_kib: int = 1024
    stack_kib: int = 64
    cspace_bits: int = 8
    deferred: int = 0
    after: list[str] = field(default_factory=list)
    required: bool = True
    test: bool = False
    report: bool = False
    peers: list[Peer] = field(default_factory=list)
    signals: dict[str, int] = field(default_factory=dict)
    kernel: dict = field(default_factory=dict)
    device: dict | None = None

    @property
    def is_default(self) -> bool:
        return self.kind == "program" and self.name == DEFAULT_NAME


def did_you_mean(word: str, known) -> str:
    near = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _check_keys(path: str, place: str, table, known: dict) -> dict:
    if not isinstance(table, dict):
        raise PlanError(f"{path}: {place} must be a table")
    for key, value in table.items():
        if key not in known:
            raise PlanError(f"{path}: unknown key '{place}{key}'{did_you_mean(key, known)}")
        wanted = known[key]
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise PlanError(f"{path}: {place}{key} must be of type {wanted.__name__}")
    return table


def _one_of(path: str, place: str, values, known):
    for value in values:
        if value not in known:
            raise PlanError(f"{path}: {place}: '{value}' is none of {', '.join(known)}"
                            f"{did_you_mean(str(value), known)}")


def _range(path: str, place: str, value: int, low: int, high: int):
    if not low <= value <= high:
        raise PlanError(f"{path}: {place} = {value} must be from {low} to {high}")


def _check_kernel(path: str, table: dict):
    _one_of(path, "kernel.clock", table.get("clock", []), CLOCK_RIGHTS)
    _one_of(path, "kernel.console", table.get("console", []), CONSOLE_RIGHTS)
    for entry in table.get("ports", []):
        _check_keys(path, "kernel.ports.", entry, PORT_KEYS)
        if set(entry) != set(PORT_KEYS):
            raise PlanError(f"{path}: kernel.ports: each entry has name, first and last")
        _range(path, "kernel.ports.last", entry["last"], entry["first"], 0xffff)


def _check_device(path: str, table: dict):
    if "bus" not in table:
        raise PlanError(f"{path}: device.bus is missing")
    _one_of(path, "device.bus", [table["bus"]], BUSES)
    for entry in table.get("match", []):
        _check_keys(path, "device.match.", entry, MATCH_KEYS)
    for entry in table.get("ports", []):
        _check_keys(path, "device.ports.", entry, PORT_KEYS)
    for bar in table.get("bars", []):
        _range(path, "device.bars", bar, 0, 5)


def parse(path: str, kind: str, source: str) -> Manifest:
    """The manifest in `source`, checked as far as it can be alone."""
    try:
        table = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{path}: {error}") from error
    _check_keys(path, "", table, KEYS)
    for key in ("name", "launcher"):
        if key not in table:
            raise PlanError(f"{path}: '{key}' is missing")
    _one_of(path, "launcher", [table["launcher"]], LAUNCHERS[kind])
    memory = _check_keys(path, "memory.", table.get("memory", {}), MEMORY_KEYS)
    kernel = _check_keys(path, "kernel.", table.get("kernel", {}), KERNEL_KEYS)
    _check_kernel(path, kernel)
    device = table.get("device")
    if device is not None:
        _check_device(path, _check_keys(path, "device.", device, DEVICE_KEYS))
    if kind == "driver" and device is None:
        raise PlanError(f"{path}: a driver has a [device] table")
    manifest = Manifest(path=path, name=table["name"], kind=kind, launcher=table["launcher"],
                        kernel=kernel, device=device)
    for key in ("serves", "also_serves", "priority", "cspace_bits", "deferred", "after", "required",
                "test",
                "report", "signals"):
        setattr(manifest, key, table.get(key, getattr(manifest, key)))
    manifest.heap_kib = memory.get("heap_kib_max", manifest.heap_kib)
    manifest.stack_kib = memory.get("stack_kib", manifest.stack_kib)
    if len(manifest.name.encode()) > NAME_BYTES_MAX:
        raise PlanError(f"{path}: name is longer than {NAME_BYTES_MAX} bytes")
    _range(path, "priority", manifest.priority, 0, 63)
    _range(path, "cspace_bits", manifest.cspace_bits, 5, 13)
    _range(path, "deferred", manifest.deferred, 0, 64)
    _range(path, "memory.stack_kib", manifest.stack_kib, 4, 8192)
    _range(path, "memory.heap_kib_max", manifest.heap_kib, 0, 1 << 22)
    for name, peer in table.get("peers", {}).items():
        _check_keys(path, f"peers.{name}.", peer, PEER_KEYS)
        if "protocol" not in peer:
            raise PlanError(f"{path}: peers.{name}.protocol is missing")
        if len(name.encode()) > NAME_BYTES_MAX:
            raise PlanError(f"{path}: peers.{name}: the name is longer than {NAME_BYTES_MAX} bytes")
        manifest.peers.append(Peer(name, peer.get("program", name), peer["protocol"],
                                   peer.get("rights", []), peer.get("optional", False)))
    for name, bit in manifest.signals.items():
        if not isinstance(bit, int):
            raise PlanError(f"{path}: signals.{name} must be the number of a bit")
        _range(path, f"signals.{name}", bit, 0, 63)
    return manifest


def find(root: str) -> list[tuple[str, str]]:
    """Path and kind of every manifest below `root`, sorted."""
    found = []
    for folder, (file_name, kind) in FOLDERS.items():
        base = os.path.join(root, folder)
        if not os.path.isdir(base):
            continue
        default = os.path.join(base, "program.toml")
        if kind == "program" and os.path.isfile(default):
            found.append((default, kind))
        for name in sorted(os.listdir(base)):
            path = os.path.join(base, name, file_name)
            if os.path.isfile(path):
                found.append((path, kind))
    verifiers = os.path.join(root, VERIFIERS)
    if os.path.isdir(verifiers):
        found += [(os.path.join(verifiers, name), "program")
                  for name in sorted(os.listdir(verifiers)) if name.endswith(".toml")]
    return found


def load(path: str, root: str, kind: str) -> Manifest:
    shown = os.path.relpath(path, root)
    with open(path, encoding="utf-8") as file:
        manifest = parse(shown, kind, file.read())
    folder, file_name = os.path.split(path)
    place = os.path.basename(folder)
    if file_name not in (name for name, _ in FOLDERS.values()):
        place = file_name.removesuffix(".toml")  # of VERIFIERS
    if manifest.name != (DEFAULT_NAME if place == "programs" else place):
        raise PlanError(f"{shown}: name = '{manifest.name}' differs from its place '{place}'")
    return manifest


def load_roles(path: str) -> dict[str, int]:
    """Name to number; numbers are unique and from 1 to 255."""
    with open(path, "rb") as file:
        roles = tomllib.load(file)["roles"]
    seen: dict[int, str] = {}
    for name, number in roles.items():
        if number in seen or not 1 <= number <= 255:
            raise PlanError(f"{path}: {name} = {number}: numbers are unique and from 1 to 255")
        seen[number] = name
    return roles
