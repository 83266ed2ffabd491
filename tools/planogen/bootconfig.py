# SPDX-License-Identifier: ISC
"""Write BootConfig. The same layout is in lib/bootconfig/layout.h; a test of that library reads
what this file writes."""
import struct
from dataclasses import dataclass

import faults as faults_module
import grants as grants_module
from grants import Grant
from manifest import Manifest, PlanError
from plan import Plan
from runtime import Runtime
from verifiers import Verifier

MAGIC = b"ERIXBCFG"
VERSION = 1
HEADER_BYTES = 128
PROFILES = {"dev": 1, "release": 2, "test": 3}
PROGRAM_KINDS = {"service": 1, "driver": 2, "program": 3}
# enum object_kind of abi/object.h
OBJECT_KINDS = {name: number for number, name in enumerate(
    ("UNTYPED", "FRAME", "PAGE_TABLE", "VSPACE", "CSPACE", "THREAD", "ENDPOINT", "NOTIFICATION",
     "REPLY",
     "IRQ_CONTROL", "IRQ", "PORT_RANGE", "CLOCK", "CONSOLE", "TEST"), 1)}
BUSES = {"pci": 1, "isa": 2, "acpi": 3}
ANY = 0xffffffff
LAUNCH_REQUIRED, LAUNCH_VERIFIER = 1, 2
PROGRAM_DEFAULT = 1
DIGEST_BYTES = 32
PROGRAM_FOLDER = "/bin/"


@dataclass
class Row:
    """A launch or program row whose grants may be edited before they are written."""
    manifest: Manifest
    grants: list[Grant]
    first_free_slot: int
    parameter: int = 0  # of a verifier


def text(value: str, field_bytes: int) -> bytes:
    data = value.encode()
    if len(data) >= field_bytes:
        raise PlanError(f"'{value}' is longer than {field_bytes - 1} bytes")
    return data.ljust(field_bytes, b"\0")


def make_row(plan: Plan, manifest: Manifest, without: set[str]) -> Row:
    """The row of a manifest. Optional peers that the image lacks are announced as absent: so a
    program can tell them from those that were taken away."""
    grants = [Grant(**vars(grant)) for grant in plan.grants[manifest.name]]
    for grant in grants:
        if grant.source not in without:
            continue
        if not grant.optional:
            raise PlanError(f"{manifest.path}: {grant.source} is needed, but not in this image")
        grant.kind = "absent"
    return Row(manifest, grants, grants_module.first_free_slot(grants))


class Writer:
    """Collects grants while rows are packed, so that each row knows where its own are."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.grants: list[bytes] = []

    def role(self, name: str) -> int:
        return self.plan.roles[name] if name else 0

    def grant(self, grant: Grant) -> bytes:
        has_source = grant.object_kind == "ENDPOINT" or grant.kind == "signal"
        return struct.pack(
            "<8I2Q32s", grants_module.KINDS[grant.kind], OBJECT_KINDS[grant.object_kind],
            grant.slot,
            grant.slot_count, self.role(grant.source) if has_source else 0, grant.rights,
            grant.protocol_rights, 0, *grant.parameters, text(grant.name, 32))

    def authority(self, row: Row, flags: int) -> bytes:
        manifest = row.manifest
        first = len(self.grants)
        self.grants += [self.grant(grant) for grant in row.grants]
        protocol = self.plan.protocols[manifest.serves].id if manifest.serves else 0
        role = 0 if manifest.is_default else self.role(manifest.name)
        return struct.pack(
            "<I4B4I2Q32s", role, manifest.priority, manifest.cspace_bits,
            PROGRAM_KINDS[manifest.kind],
            flags, row.first_free_slot, first, len(row.grants), protocol, manifest.heap_kib << 10,
            manifest.stack_kib << 10, text(manifest.name, 32))

    def launch(self, row: Row) -> bytes:
        manifest = row.manifest
        flags = LAUNCH_REQUIRED * manifest.required | LAUNCH_VERIFIER * (manifest.kind == "program")
        return self.authority(row, flags) + struct.pack(
            "<2I32s", self.role(manifest.launcher), row.parameter, text(manifest.name, 32))

    def program(self, row: Row, digest: bytes) -> bytes:
        default = row.manifest.is_default
        path = "" if default else PROGRAM_FOLDER + row.manifest.name
        flags = PROGRAM_DEFAULT if default else 0
        return self.authority(row, flags) + digest + text(path, 64)

    def mount(self, mount) -> bytes:
        return struct.pack("<2I64s40s", self.role(mount.provider), int(mount.read_only),
                           text(mount.path, 64), text(mount.partition, 40))

    def devices(self, manifest: Manifest) -> list[bytes]:
        device = manifest.device
        ports = [(entry["first"], entry["last"]) for entry in device.get("ports", [])]
        if len(ports) > 2:
            raise PlanError(f"{manifest.path}: device.ports has two ranges at most")
        flat = [number for pair in ports for number in pair] + [0] * (4 - 2 * len(ports))
        bar_mask = sum({1 << bar for bar in device.get("bars", [])})
        return [struct.pack(
            "<14I", self.role(manifest.name), BUSES[device["bus"]], match.get("vendor", ANY),
            match.get("device", ANY), match.get("class", ANY), bar_mask, device.get("messages", 0),
            int(device.get("dma", False)), len(ports), *flat, device.get("interrupt", ANY))
            for match in device.get("match", [{}])]


def launch_rows(plan: Plan, runtime: Runtime, verifiers: list[Verifier]) -> list[Row]:
    """What rootd, procd and deviced start: chosen services and drivers, then verifiers."""
    order = {each.name: index for index, each in enumerate(verifiers)}
    wanted = [manifest for manifest in plan.launches()
              if (manifest.name in order if manifest.kind == "program"
                  else not manifest.test and runtime.contains(manifest.name))]
    names = {manifest.name for manifest in wanted} | {"rootd"}
    without = set(plan.manifests) - names
    services = [manifest for manifest in wanted if manifest.kind != "program"]
    tests = sorted((manifest for manifest in wanted if manifest.kind == "program"),
                   key=lambda manifest: order[manifest.name])
    rows = [make_row(plan, manifest, without) for manifest in services + tests]
    for row in rows[len(services):]:
        row.parameter = verifiers[order[row.manifest.name]].parameter
    return rows


def write(plan: Plan, profile: str, runtime: Runtime, faults: dict,
          digests: dict[str, bytes]) -> bytes:
    """The bytes of BootConfig. `digests`: SHA-256 of each disk program by name."""
    verifiers = faults_module.verifiers(plan, faults)
    if verifiers and profile != "test":
        raise PlanError("verifier programs are for test images only")
    launches = launch_rows(plan, runtime, verifiers)
    faults_module.apply(plan, launches, faults)
    present = {row.manifest.name for row in launches} | {"rootd"}
    without = set(plan.manifests) - present
    programs = [make_row(plan, manifest, without) for manifest in plan.programs()
                if manifest.is_default or manifest.name in digests] \
        if runtime.features["program_loader"] else \
        [Row(manifest, [], grants_module.SLOT_FIRST_DECLARED) for manifest in plan.programs()
         if manifest.is_default]
    writer = Writer(plan)
    tables = [
        [writer.launch(row) for row in launches],
        writer.grants,
        [writer.program(row, digests.get(row.manifest.name, bytes(DIGEST_BYTES))
                        if not row.manifest.is_default
                        else bytes(DIGEST_BYTES)) for row in programs],
        [writer.mount(mount) for mount in runtime.mounts if runtime.features["user_vfs"]],
        [device for row in launches if row.manifest.device
         for device in writer.devices(row.manifest)],
    ]
    offset, directory = HEADER_BYTES, b""
    for table in tables:
        directory += struct.pack("<2I", offset, len(table))
        offset += sum(map(len, table))
    header = struct.pack("<8s4I", MAGIC, VERSION, offset, PROFILES[profile], 0)
    header += directory + text(runtime.init, 64)
    assert len(header) == HEADER_BYTES
    return header + b"".join(b"".join(table) for table in tables)
