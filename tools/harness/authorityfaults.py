# SPDX-License-Identifier: ISC
"""The faults of authority that scenarios put into BootConfig, one scenario each.

docs/authority-scenarios.json is the list. tools/planogen makes it out of the manifests, but it is
checked in, and read here instead of the manifests: a peer that vanishes from a manifest must first
vanish from a file that somebody reviews, and from the number of scenarios that is fixed in
tests/expected-counts.toml. A test compares the list with the manifests and with the scenarios.
"""
import json
from functools import cache

from harness import paths

LIST = paths.ROOT / "docs" / "authority-scenarios.json"
FIELDS = ("service_startup_peer_fault", "service_primary_control_fault",
          "service_explicit_endpoint_fault")
# Which mode the system's own description wants for the program whose peer is at fault.
MODES = {
    ("probed", "deviced"): "phase2-probe",
    ("inputd", "deviced"): "phase3-input",
    ("drv-serial", "deviced"): "phase3-serial",
    ("vfsd", "memory-provider"): "phase4-vfs-memory",
    ("e2fsd", "blockd"): "phase4-e2fs-fat",
    ("e2fsd", "keyd"): "phase4-e2fs-fat",
    ("fatd", "blockd"): "phase4-e2fs-fat",
    ("vfsd", "e2fsd"): "phase4-e2fs-fat",
    ("vfsd", "fatd"): "phase4-e2fs-fat",
}
# The faults that it names, whether their programs exist or not.
PRIMARY_CONTROL = tuple(f"{service}-{verb}-primary-control"
                        for service in ("probed", "drv-acpi", "drv-serial", "drv-i8042")
                        for verb in ("omit", "misroute"))
EXPLICIT_ENDPOINT = ("deviced-misroute-pci-config-endpoint",
                     "deviced-misroute-pci-device-endpoint")
STARTUP_PEER = ("probed-inject-undeclared-peer", *(
    f"{service}-{verb}-{peer}-peer" for service, peer in MODES for verb in ("omit", "misroute")))
NAMED = (*PRIMARY_CONTROL, *EXPLICIT_ENDPOINT, *STARTUP_PEER)

CORE = ("memd", "vspaced", "pagerd", "procd")
MODE = "phase4-e2fs-fat"


@cache
def listed() -> tuple[dict, ...]:
    """The entries of the list, those that leave a program out included."""
    return tuple(json.loads(LIST.read_text(encoding="utf-8")))


def values(field: str) -> tuple[str, ...]:
    """The faults of a field that the list has."""
    return tuple(entry["value"] for entry in listed() if entry["field"] == field)


def ready_marker(program: str) -> str:
    """What is said when a program of the boot image has reported."""
    name = program.replace("-", "_").upper()
    if program in CORE:
        return f"ERIX_KERNEL:ROOTD_STAGE:{name}_READY"
    return f"ERIX_{'DEVICED' if program.startswith('drv-') else 'ROOTD'}:READY:{name}"


def mode(fault: str) -> str:
    """The rootd_test_mode in which a fault is shown."""
    if fault == "probed-inject-undeclared-peer":
        return MODES["probed", "deviced"]
    for (service, peer), wanted in MODES.items():
        if fault.startswith(f"{service}-") and fault.endswith(f"-{peer}-peer"):
            return wanted
    return MODE


def _row(entry: dict) -> dict[str, str]:
    fault = entry["value"]
    chosen = mode(fault)
    return {"fault": fault, "field": entry["field"], "program": entry["program"],
            "reason": entry["reason"], "ready": ready_marker(entry["program"]), "mode": chosen,
            "twin": MODE if chosen == MODE else f"bring-up[{chosen}]"}


def matrix() -> list[dict[str, str]]:
    """The rows of a scenario whose matrix is "authority-faults"."""
    return [_row(entry) for entry in listed() if entry["field"] in FIELDS]
