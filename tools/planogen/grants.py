# SPDX-License-Identifier: ISC
"""What a manifest grants: one list, from which the slot constants, the contract that the program
checks, and the BootConfig rows that its launcher acts on are all made."""
from dataclasses import dataclass

from manifest import Manifest, PlanError

# enum bootconfig_grant_kind of lib/bootconfig/bootconfig.h
KINDS = {name: number for number, name in enumerate(
    ("self-cspace", "reply", "control", "notification", "report", "peer", "signal", "clock",
     "console",
     "irq-control", "ports", "test", "ram", "device-memory", "acpi-memory", "boot-config", "blob",
     "deferred", "absent"), 1)}
# enum rights of abi/object.h
READ, WRITE, EXECUTE, SEND, RECEIVE, GRANT, CONTROL, DMA = (1 << bit for bit in range(8))
CLOCK_RIGHTS = {"read": READ, "arm": WRITE}
# enum standard_slot of abi/startup.h
SLOT_SELF_CSPACE, SLOT_REPLY, SLOT_CONTROL, SLOT_NOTIFICATION, SLOT_REPORT = range(1, 6)
SLOT_FIRST_DECLARED = 16
SLOT_COUNT_MAX = 48
UNTYPED_SLOTS = 192  # root_untyped_max
BLOB_SLOTS = 32
REPORT_ROLE = "rootd"


@dataclass
class Grant:
    """One capability, or a run of them, in `slot` (0: something mapped, no slot)."""
    kind: str
    name: str
    slot: int
    object_kind: str
    rights: int = 0  # 0: as the kernel made it
    slot_count: int = 1
    source: str = ""  # peer, or owner of the notification
    protocol: str = ""
    protocol_rights: int = 0
    parameters: tuple[int, int] = (0, 0)
    optional: bool = False  # may be absent in an image without its source


def protocol_rights(manifest: Manifest, place: str, protocol, names) -> int:
    """The bits of the named rights; "all" is not a right: authority is spelt out."""
    bits = 0
    for name in names:
        if name not in protocol.rights:
            known = ", ".join(protocol.rights) or "none"
            raise PlanError(f"{manifest.path}: {place}: protocol {protocol.name} has no right "
                            f"'{name}' "
                            f"(it has: {known})")
        bits |= protocol.rights[name]
    return bits


def _standard(manifest: Manifest, protocols) -> list[Grant]:
    grants = [Grant("self-cspace", "self", SLOT_SELF_CSPACE, "CSPACE", CONTROL)]
    if manifest.serves:
        # To mint capabilities of its own endpoint is to copy this one with a badge.
        rights = RECEIVE | (SEND | GRANT if manifest.kernel.get("mint") else 0)
        grants += [Grant("reply", "reply", SLOT_REPLY, "REPLY"),
                   Grant("control", "control", SLOT_CONTROL, "ENDPOINT", rights,
                         source=manifest.name, protocol=manifest.serves)]
    grants.append(Grant("notification", "notification", SLOT_NOTIFICATION, "NOTIFICATION",
                        SEND | RECEIVE))
    if manifest.kind != "program" or manifest.report:
        bits = protocols["report"].rights["report"]
        grants.append(Grant("report", "report", SLOT_REPORT, "ENDPOINT", SEND, source=REPORT_ROLE,
                            protocol="report", protocol_rights=bits))
    return grants


def _kernel_objects(manifest: Manifest) -> list[Grant]:
    """Without slots: those are given in this order."""
    table = manifest.kernel
    grants = []
    if table.get("clock"):
        rights = sum({CLOCK_RIGHTS[name] for name in table["clock"]})
        grants.append(Grant("clock", "clock", 0, "CLOCK", rights))
    if table.get("console"):
        grants.append(Grant("console", "console", 0, "CONSOLE", WRITE))
    if table.get("irq_control"):
        grants.append(Grant("irq-control", "irq-control", 0, "IRQ_CONTROL", CONTROL))
    for entry in table.get("ports", []):
        grants.append(Grant("ports", f"ports-{entry['name']}", 0, "PORT_RANGE",
                            parameters=(entry["first"], entry["last"])))
    if table.get("test"):
        grants.append(Grant("test", "test", 0, "TEST"))
    for key in ("ram", "device_memory", "acpi_memory"):
        if table.get(key):
            kind = key.replace("_", "-")
            grants.append(Grant(kind, kind, 0, "UNTYPED", slot_count=UNTYPED_SLOTS))
    for blob in table.get("blobs", []):
        grants.append(Grant("blob", f"blob-{blob}", 0, "FRAME", READ, slot_count=BLOB_SLOTS))
    if manifest.deferred:
        grants.append(Grant("deferred", "deferred", 0, "REPLY", slot_count=manifest.deferred,
                            parameters=(manifest.deferred, 0)))
    return grants


def make(manifest: Manifest, protocols) -> list[Grant]:
    """All grants in the order of their slots; `protocols` maps names to parsed protocols."""
    grants = _standard(manifest, protocols)
    declared = []
    for peer in manifest.peers:
        if peer.protocol not in protocols:
            raise PlanError(f"{manifest.path}: peers.{peer.name}: there is no "
                            f"protocol/{peer.protocol}.proto")
        bits = protocol_rights(manifest, f"peers.{peer.name}.rights", protocols[peer.protocol],
                               peer.rights)
        declared.append(Grant("peer", peer.name, 0, "ENDPOINT", SEND | GRANT, source=peer.program,
                              protocol=peer.protocol, protocol_rights=bits,
                              optional=peer.optional))
    for name, bit in manifest.signals.items():
        declared.append(Grant("signal", f"signal-{name}", 0, "NOTIFICATION", SEND, source=name,
                              parameters=(bit, 0)))
    slot = SLOT_FIRST_DECLARED
    for grant in declared + _kernel_objects(manifest):
        grant.slot = slot
        slot += grant.slot_count
        grants.append(grant)
    if manifest.kernel.get("boot_config"):
        grants.append(Grant("boot-config", "boot-config", 0, "FRAME", READ))
    if slot >= 1 << manifest.cspace_bits:
        raise PlanError(f"{manifest.path}: {slot} slots are declared, cspace_bits = "
                        f"{manifest.cspace_bits} "
                        f"gives {1 << manifest.cspace_bits}")
    if len(grants) > SLOT_COUNT_MAX:
        raise PlanError(f"{manifest.path}: {len(grants)} grants; a start-up block has "
                        f"{SLOT_COUNT_MAX}")
    return grants


def first_free_slot(grants: list[Grant]) -> int:
    return max([SLOT_FIRST_DECLARED] + [grant.slot + grant.slot_count for grant in grants
                                        if grant.slot])
