# SPDX-License-Identifier: ISC
"""Scenario faults as edits of BootConfig rows: no program has a test mode.

The names of the faults are values of scenario fields:
  service_startup_peer_fault       NAME-omit-PEER-peer, NAME-misroute-PEER-peer,
                                   NAME-inject-undeclared-peer
  service_primary_control_fault    NAME-omit-primary-control, NAME-misroute-primary-control
  service_explicit_endpoint_fault  one of EXPLICIT
  phase0_missing_service           NAME: its module is left out of the image, the rows stay
  verifier_fault                   one of verifiers.FAULTS: another parameter for a verifier
"""
import grants as grants_module
import verifiers as verifiers_module
from grants import Grant
from manifest import PlanError, did_you_mean

# Names of the scenario language for programs that have other names here.
ALIASES = {"memory-provider": "ramfsd"}
# Grants outside of peers and control that can be misrouted: to an endpoint, which is of the wrong
# kind. The ports of PCI configuration are in the range that is named after ACPI.
EXPLICIT = {
    "deviced-misroute-pci-config-endpoint": ("deviced", "ports-acpi"),
    "deviced-misroute-pci-device-endpoint": ("deviced", "device-memory"),
}
FIELDS = ("service_startup_peer_fault", "service_primary_control_fault",
          "service_explicit_endpoint_fault",
          "phase0_missing_service", "rootd_test_mode", "verifiers", "verifier_fault")


def _value(faults: dict, field: str) -> str:
    value = faults.get(field, "none")
    return "" if value in ("", "none") else value


def verifiers(plan, faults: dict) -> list[verifiers_module.Verifier]:
    """Verifier programs that run after READY: those of rootd_test_mode, then those named."""
    for field in faults:
        if field not in FIELDS:
            raise PlanError(f"unknown fault field '{field}'{did_you_mean(field, FIELDS)}")
    chosen = [verifiers_module.Verifier(name) for name in faults.get("verifiers", [])]
    mode = _value(faults, "rootd_test_mode")
    if mode:
        chosen = verifiers_module.of_mode(mode) + chosen
    for each in chosen:
        manifest = plan.manifests.get(each.name)
        if manifest is None or manifest.kind != "program" or manifest.launcher == "loaderd":
            raise PlanError(f"'{each.name}' is no verifier "
                            f"program{did_you_mean(each.name, plan.manifests)}")
    fault = _value(faults, "verifier_fault")
    return verifiers_module.with_fault(chosen, fault) if fault else chosen


def missing_module(faults: dict) -> str:
    """The module that the image must not contain, or ''."""
    return _value(faults, "phase0_missing_service")


def _row(rows, name: str, fault: str):
    for row in rows:
        if row.manifest.name == name:
            return row
    names = [row.manifest.name for row in rows]
    raise PlanError(f"fault '{fault}': '{name}' is not launched in this "
                    f"image{did_you_mean(name, names)}")


def _grant(row, name: str, fault: str) -> Grant:
    for grant in row.grants:
        if grant.name == name:
            return grant
    names = [grant.name for grant in row.grants]
    raise PlanError(f"fault '{fault}': {row.manifest.name} has no "
                    f"'{name}'{did_you_mean(name, names)}")


def _wrong_source(name: str) -> str:
    """Somebody who surely serves, but not what is wanted."""
    return "memd" if name == "rootd" else "rootd"


def _split(fault: str, suffix: str, verbs: tuple[str, ...]) -> tuple[str, str, str]:
    """NAME, verb and what follows the verb, of NAME-VERB-REST + suffix."""
    if fault.endswith(suffix):
        for verb in verbs:
            name, found, rest = fault.removesuffix(suffix).partition(f"-{verb}-")
            if found:
                return name, verb, rest
    raise PlanError(f"fault '{fault}': wanted NAME-{'|'.join(verbs)}-...{suffix}")


def _inject(row, fault: str):
    """One more endpoint, in the first slot that the manifest leaves free."""
    held = {grant.source for grant in row.grants if grant.kind == "peer"}
    source = next(name for name in ("rootd", "memd", "procd", "vspaced") if name not in held)
    row.grants.append(Grant("peer", "undeclared", row.first_free_slot, "ENDPOINT",
                            grants_module.SEND,
                            source=source))
    row.first_free_slot += 1
    if len(row.grants) > grants_module.SLOT_COUNT_MAX:
        raise PlanError(f"fault '{fault}': no room in the start-up block")


def _apply_peer_fault(rows, fault: str):
    name, verb, rest = _split(fault, "-peer", ("omit", "misroute", "inject"))
    row = _row(rows, ALIASES.get(name, name), fault)
    if verb == "inject":
        if rest != "undeclared":
            raise PlanError(f"fault '{fault}': wanted NAME-inject-undeclared-peer")
        _inject(row, fault)
        return
    grant = _grant(row, ALIASES.get(rest, rest), fault)
    if grant.kind != "peer":
        raise PlanError(f"fault '{fault}': '{rest}' is no peer")
    if verb == "omit":
        row.grants.remove(grant)
    else:
        grant.source = _wrong_source(grant.source)


def _apply_control_fault(rows, fault: str):
    name, verb, _ = _split(fault + "-", "primary-control-", ("omit", "misroute"))
    row = _row(rows, name, fault)
    grant = _grant(row, "control", fault)
    if verb == "omit":
        row.grants.remove(grant)
    else:
        grant.source = _wrong_source(grant.source)


def _apply_explicit_fault(rows, fault: str):
    if fault not in EXPLICIT:
        raise PlanError(f"unknown fault '{fault}'{did_you_mean(fault, EXPLICIT)}")
    name, grant_name = EXPLICIT[fault]
    row = _row(rows, name, fault)
    grant = _grant(row, grant_name, fault)
    grant.kind, grant.object_kind, grant.rights = "peer", "ENDPOINT", grants_module.SEND
    grant.source, grant.slot_count, grant.parameters = "rootd", 1, (0, 0)


def apply(plan, rows, faults: dict):
    """Edit launch rows as the fault fields say; raises PlanError for a fault that hits nothing."""
    del plan
    missing = missing_module(faults)
    if missing:
        _row(rows, missing, missing)
    for field, edit in (("service_startup_peer_fault", _apply_peer_fault),
                        ("service_primary_control_fault", _apply_control_fault),
                        ("service_explicit_endpoint_fault", _apply_explicit_fault)):
        if _value(faults, field):
            edit(rows, _value(faults, field))


def required_scenarios(plan) -> list[dict]:
    """The negative scenarios that must exist: each peer omitted and misrouted, and so on."""
    wanted = []
    for manifest in plan.launches():
        if manifest.kind == "program":
            continue
        wanted.append({"field": "phase0_missing_service", "value": manifest.name})
        if manifest.serves:
            wanted += [{"field": "service_primary_control_fault",
                        "value": f"{manifest.name}-{verb}-primary-control"}
                       for verb in ("omit", "misroute")]
        wanted += [{"field": "service_startup_peer_fault",
                    "value": f"{manifest.name}-{verb}-{peer.name}-peer"}
                   for peer in manifest.peers for verb in ("omit", "misroute")]
        wanted.append({"field": "service_startup_peer_fault",
                       "value": f"{manifest.name}-inject-undeclared-peer"})
    return wanted
