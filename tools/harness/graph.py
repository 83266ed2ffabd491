# SPDX-License-Identifier: ISC
"""Authority as it is, against authority as declared.

In a test image the kernel prints every capability of every capability space, from its own objects.
Here the list is compared with the manifests, both ways: each declared grant must be there with
exactly its kind, rights, label and badge; each capability that is there must be declared, or be of
a kind that the program may make or receive while it runs (memory from memd, frames that are shared,
handles of processes). rootd, which hands everything out, is not judged.
"""
import re
from dataclasses import dataclass

from harness import bootplan
from harness.scenario import Scenario

LINE = re.compile(r"ERIX_KERNEL:GRAPH (0x[0-9a-f]+) (\d+) (\d+) (0x[0-9a-f]+) (0x[0-9a-f]+) "
                  r"(0x[0-9a-f]+) (0x[0-9a-f]+)$")
END = "ERIX_KERNEL:GRAPH end"
RIGHT_SEND = 8
ROOTD_SPACES = (0, 1)
STREAM_SLOTS = (6, 7, 8)  # of programs of the disk: SLOT_STANDARD_INPUT and so on


@dataclass(frozen=True)
class Cap:
    """One line of the kernel's list. `value`: label of an endpoint, ports of a range, else bits."""
    space: int
    slot: int
    kind: str
    rights: int
    badge: int
    value: int

    def __str__(self) -> str:
        return (f"slot {self.slot}: {self.kind} rights {self.rights:#x} badge {self.badge:#x} "
                f"value {self.value:#x}")


def parse(lines: tuple[str, ...]) -> list[Cap] | None:
    """The capabilities of a serial log; None if the list is missing or has no end."""
    kinds = {number: name for name, number in bootplan.bootconfig.OBJECT_KINDS.items()}
    caps, ended = [], False
    for line in lines:
        text = line.strip()
        match = LINE.search(text)
        if match:
            space, slot, kind, rights, badge, value, _ = (int(word, 0) for word in match.groups())
            caps.append(Cap(space, slot, kinds.get(kind, str(kind)), rights, badge, value))
        ended |= text.endswith(END)
    return caps if ended and caps else None


def _matches(cap: Cap, grant, roles: dict[str, int]) -> bool:
    if cap.kind != grant.object_kind or (grant.rights and cap.rights != grant.rights):
        return False
    if cap.kind == "ENDPOINT":
        badge_fits = not cap.rights & RIGHT_SEND or cap.badge >> 32 == grant.protocol_rights
        return cap.value == roles[grant.source] and badge_fits
    if grant.kind == "signal":
        return cap.badge == 1 << grant.parameters[0]
    if cap.kind == "PORT_RANGE":
        return cap.value == grant.parameters[0] | grant.parameters[1] << 16
    return True


def _may_gain(manifest, roles: dict[str, int], cap: Cap) -> bool:
    """May the program have come to this capability while it ran?"""
    peers = {peer.name for peer in manifest.peers}
    device = manifest.device or {}
    serves = manifest.serves or ""
    owns_memory = any(manifest.kernel.get(key) for key in ("ram", "device_memory", "acpi_memory"))
    if cap.kind == "FRAME":
        return "vspaced" in peers or "memd" in peers or owns_memory
    if cap.kind == "UNTYPED":
        return "memd" in peers or owns_memory
    if cap.kind in ("PAGE_TABLE", "VSPACE"):
        return serves in ("vspace", "pager", "process")
    if cap.kind in ("CSPACE", "THREAD"):
        return serves == "process"
    if cap.kind == "PORT_RANGE":
        ranges = {entry["first"] | entry["last"] << 16 for entry in device.get("ports", [])}
        return cap.value in ranges
    if cap.kind == "IRQ":
        return "interrupt" in device or bool(device.get("messages"))
    if cap.kind == "ENDPOINT" and cap.slot in STREAM_SLOTS and manifest.launcher == "loaderd":
        return cap.value in (roles["seriald"], roles["vfsd"])
    if cap.kind == "ENDPOINT":
        return _may_hold_endpoint(serves, roles, cap)
    return False


def _may_hold_endpoint(serves: str, roles: dict[str, int], cap: Cap) -> bool:
    """procd keeps the endpoints from which it mints, and handles; deviced handles of drivers."""
    is_handle = cap.value == roles["procd"]
    if serves == "process":
        return cap.badge == 0 or is_handle
    return serves in ("device", "terminal") and is_handle


def _compare(name: str, row, caps: list[Cap], roles: dict[str, int]) -> list[str]:
    found = {cap.slot: cap for cap in caps}
    problems, declared = [], set()
    for grant in row.grants:
        if grant.kind == "absent":
            continue  # whatever is in its slot is not declared
        for slot in range(grant.slot, grant.slot + grant.slot_count) if grant.slot else ():
            declared.add(slot)
            cap = found.get(slot)
            if cap is None and slot == grant.slot and grant.kind != "acpi-memory":
                problems.append(f"{name}: '{grant.name}' is declared in slot {slot}, but not there")
            elif cap is not None and not _matches(cap, grant, roles):
                problems.append(f"{name}: {cap} is not the declared '{grant.name}'")
    for cap in caps:
        if cap.slot not in declared and not _may_gain(row.manifest, roles, cap):
            problems.append(f"{name}: {cap} is not declared")
    return problems


def _alive(scenario: Scenario) -> list:
    """The rows of all that run when the list is printed: services and drivers, the program on the
    terminal, and the last verifier, which has it printed. The others have ended."""
    plan = bootplan.BootPlan.of(scenario)
    rows = bootplan.launch_rows(plan)
    verifiers = [row for row in rows if row.manifest.kind == "program"]
    init = bootplan.init_row(plan)
    return [row for row in rows if row not in verifiers[:-1]] + ([init] if init else [])


def problems(scenario: Scenario, lines: tuple[str, ...]) -> tuple[str, ...]:
    """Differences between the graph in the log and the manifests; empty if they are equal."""
    caps = parse(lines)
    if caps is None:
        return ("graph: the kernel's list is not in the log, or has no end",)
    roles = bootplan.roles()
    by_role = {roles[row.manifest.name]: row for row in _alive(scenario)}
    found: list[str] = []
    for role, row in sorted(by_role.items()):
        own = [cap for cap in caps if cap.space == role]
        if not own:
            found.append(f"{row.manifest.name}: declared, but has no capability space")
        found += _compare(row.manifest.name, row, own, roles)
    strangers = {cap.space for cap in caps} - set(by_role) - set(ROOTD_SPACES)
    found += [f"a capability space of role {role} is not declared" for role in sorted(strangers)]
    return tuple(f"graph: {text}" for text in found)
