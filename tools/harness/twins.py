# SPDX-License-Identifier: ISC
"""Twins: every scenario that wants a refusal names one that passes and differs in the fault alone.

A refusal by itself proves little: a system that refuses everything gives it too, and so does one
that fails for another reason. The twin takes that away.
"""
from dataclasses import asdict

from harness import values
from harness.scenario import Scenario
from harness.schema import Checker, Problem
from harness.suggest import nearest

MEDIUM = "block_storage_image"
# Fields of a scenario that can be the fault; in all others it is as its twin.
FAULTS = (MEDIUM, "disk_image_case", "phase0_missing_service", "service_primary_control_fault",
          "service_explicit_endpoint_fault", "service_startup_peer_fault", "verifier_fault",
          "keyd_fscrypt_material_id_hex", "keyd_fscrypt_material_hex", "keyd_fsverity_root_id_hex",
          "keyd_fsverity_root_hex", "boot.image_fault", "boot.lacks", "boot.acpi",
          "boot.memory_mib", "boot.stand_in", "inject",
          *values.SERVICE_TEST_FIELDS)


def is_negative(scenario: Scenario) -> bool:
    return scenario.wants_failure or "negative" in scenario.tags


def _fields(scenario: Scenario) -> dict:
    """Everything that is put into the machine or done to it."""
    boot = {f"boot.{key}": value for key, value in asdict(scenario.boot).items()}
    return scenario.options | boot | {"files": scenario.files, "inject": scenario.inject}


def differences(scenario: Scenario, twin: Scenario) -> list[str]:
    """The fields in which two scenarios differ. A disk without its files is one difference: not
    every medium can hold them."""
    left, right = _fields(scenario), _fields(twin)
    found = [key for key in left if key != "twin" and left[key] != right[key]]
    return [key for key in found if key != "files"] if MEDIUM in found else found


def _complain(scenario: Scenario, by_name: dict[str, Scenario], checker: Checker) -> None:
    name = scenario.options["twin"]
    if not is_negative(scenario):
        if name:
            checker.complain("a scenario that should succeed has no `twin`", (), "twin")
        return
    if not name:
        checker.complain("a negative needs a `twin`: a scenario that passes and differs in the "
                         "fault alone", (), "name")
        return
    twin = by_name.get(name)
    if twin is None:
        meant = nearest(name, by_name)
        checker.complain(f"no scenario `{name}`", (), "twin",
                         f"did you mean `{meant}`?" if meant else "")
        return
    if is_negative(twin):
        checker.complain(f"the twin `{name}` is itself a negative", (), "twin")
    found = differences(scenario, twin)
    if len(found) != 1 or found[0] not in FAULTS:
        checker.complain(f"differs from its twin `{name}` in {', '.join(found) or 'nothing'}; "
                         "wanted is one fault", (), "twin")


def problems(scenarios: list[Scenario]) -> list[Problem]:
    """What is wrong with the twins of all scenarios."""
    by_name = {scenario.name: scenario for scenario in scenarios}
    found: list[Problem] = []
    for scenario in scenarios:
        checker = Checker(scenario.file, scenario.source)
        _complain(scenario, by_name, checker)
        found += [each for each in checker.problems if each not in found]
    return found
