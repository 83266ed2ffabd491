# SPDX-License-Identifier: ISC
"""Scenario faults as edits of BootConfig rows: no program has a test mode.

The names of the faults are values of scenario fields:
  service_startup_peer_fault       NAME-omit-PEER-peer, NAME-misroute-PEER-peer,
                                   NAME-misroute-PEER-peer-to-TARGET, NAME-inject-undeclared-peer
  service_primary_control_fault    NAME-omit-primary-control, NAME-misroute-primary-control,
                                   NAME-misroute-primary-control-to-TARGET
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
PEER_NAMES = {name: alias for alias, name in ALIASES.items()}
TO = "-to-"
# What a program says of a capability that its manifest does not have (userlib/contract.c).
UNDECLARED = "undeclared capability announced"
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


def targets(rows, source: str) -> list[str]:
    """All who serve in this image, but not what is wanted."""
    names = ["rootd"] + [row.manifest.name for row in rows if row.manifest.serves]
    return [name for name in names if name != source]


def _misroute(rows, grant: Grant, target: str, fault: str):
    """To `target`, or to somebody who surely serves, but not what is wanted."""
    target = target or ("memd" if grant.source == "rootd" else "rootd")
    known = targets(rows, grant.source)
    if target not in known:
        raise PlanError(f"fault '{fault}': '{target}' is nobody else who serves in this "
                        f"image{did_you_mean(target, known)}")
    grant.source = target


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


def _split_target(fault: str) -> tuple[str, str]:
    """The fault without -to-TARGET, and TARGET, which only a misrouted grant has."""
    plain, _, target = fault.partition(TO)
    if target and "-misroute-" not in plain:
        raise PlanError(f"fault '{fault}': only what is misrouted goes to somebody")
    return plain, target


def _apply_peer_fault(rows, fault: str):
    plain, target = _split_target(fault)
    name, verb, rest = _split(plain, "-peer", ("omit", "misroute", "inject"))
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
        _misroute(rows, grant, target, fault)


def _apply_control_fault(rows, fault: str):
    plain, target = _split_target(fault)
    name, verb, _ = _split(plain + "-", "primary-control-", ("omit", "misroute"))
    row = _row(rows, name, fault)
    grant = _grant(row, "control", fault)
    if verb == "omit":
        row.grants.remove(grant)
    else:
        _misroute(rows, grant, target, fault)


def _apply_explicit_fault(rows, fault: str):
    if fault not in EXPLICIT:
        raise PlanError(f"unknown fault '{fault}'{did_you_mean(fault, EXPLICIT)}")
    name, grant_name = EXPLICIT[fault]
    row = _row(rows, name, fault)
    grant = _grant(row, grant_name, fault)
    grant.kind, grant.object_kind, grant.rights = "peer", "ENDPOINT", grants_module.SEND
    grant.source, grant.slot_count, grant.parameters = "rootd", 1, (0, 0)


def _frozen(rows) -> list[tuple]:
    return [(row.manifest.name, row.first_free_slot, [tuple(vars(grant).values())
                                                      for grant in row.grants]) for row in rows]


def hits(before: list[tuple], after: list[tuple]) -> int:
    """How many rows differ. A fault that changes none proves nothing, one that changes several
    proves something else than it says."""
    return sum(old != new for old, new in zip(before, after, strict=True))


def apply(plan, rows, faults: dict):
    """Edit launch rows as the fault fields say. Raises PlanError for a fault that is not possible,
    or that does not change exactly one row."""
    del plan
    missing = missing_module(faults)
    if missing:
        _row(rows, missing, missing)
    for field, edit in (("service_startup_peer_fault", _apply_peer_fault),
                        ("service_primary_control_fault", _apply_control_fault),
                        ("service_explicit_endpoint_fault", _apply_explicit_fault)):
        fault = _value(faults, field)
        if not fault:
            continue
        before = _frozen(rows)
        edit(rows, fault)
        count = hits(before, _frozen(rows))
        if count != 1:
            raise PlanError(f"fault '{fault}' changed {count} rows of BootConfig, not one")


def _entry(field: str, value: str, program: str, reason: str) -> dict:
    return {"field": field, "value": value, "program": program, "reason": reason}


def authority_faults(plan) -> list[dict]:
    """Every fault of authority that is possible: each peer and each primary control taken away and
    misrouted, for each program something more, and EXPLICIT. `reason` is what the program says."""
    wanted = []
    for manifest in plan.launches():
        name = manifest.name
        if manifest.kind == "program":
            continue
        if manifest.serves:
            wanted += [_entry("service_primary_control_fault", f"{name}-{verb}-primary-control",
                              name, "control") for verb in ("omit", "misroute")]
        wanted += [_entry("service_startup_peer_fault",
                          f"{name}-{verb}-{PEER_NAMES.get(peer.name, peer.name)}-peer",
                          name, peer.name)
                   for peer in manifest.peers for verb in ("omit", "misroute")]
        wanted.append(_entry("service_startup_peer_fault", f"{name}-inject-undeclared-peer",
                             name, UNDECLARED))
    return wanted + [_entry("service_explicit_endpoint_fault", fault, name, grant)
                     for fault, (name, grant) in EXPLICIT.items() if name in plan.manifests]


def required_scenarios(plan) -> list[dict]:
    """The negative scenarios that must exist: all authority faults, and each program left out."""
    return authority_faults(plan) + [
        _entry("phase0_missing_service", manifest.name, manifest.name, "")
        for manifest in plan.launches() if manifest.kind != "program"]
