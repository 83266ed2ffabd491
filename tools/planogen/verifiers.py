# SPDX-License-Identifier: ISC
"""Which verifier programs a test image runs, and what they are asked to do.

modes.toml lists them for each rootd_test_mode, as NAME or NAME:PARAMETER. The scenario field
`verifier_fault` has a verifier do what must go wrong, by another parameter of its row.
"""
import os
import tomllib
from dataclasses import dataclass, replace

from manifest import PlanError, did_you_mean

HERE = os.path.dirname(os.path.abspath(__file__))
# enum provocation of abi/provocation.h; verify-exception wants its number, counted from 1.
PROVOCATIONS = ("panic", "divide", "invalid-opcode", "non-canonical", "read-null", "read-user",
                "jump-to-user", "write-text", "write-read-only", "write-text-direct",
                "jump-to-data", "overflow-stack", "overwrite-canary")
FAULTS = {f"provoke-{name}": ("verify-exception", number)
          for number, name in enumerate(PROVOCATIONS, 1)} | {
    "service-fail": ("phase0-fail", 1),
    "verdict-unknown": ("verify-core", 1),
}


@dataclass(frozen=True)
class Verifier:
    name: str
    parameter: int = 0


def _entry(text: str) -> Verifier:
    name, _, parameter = text.partition(":")
    return Verifier(name, int(parameter or "0"))


def modes() -> dict[str, list[Verifier]]:
    """The verifiers of each rootd_test_mode, in the order in which they run."""
    with open(os.path.join(HERE, "modes.toml"), "rb") as file:
        listed = tomllib.load(file)["modes"]
    return {mode: [_entry(text) for text in texts] for mode, texts in listed.items()}


def of_mode(mode: str) -> list[Verifier]:
    known = modes()
    if mode not in known:
        raise PlanError(f"rootd_test_mode '{mode}' is not in tools/planogen/modes.toml"
                        f"{did_you_mean(mode, known)}")
    return known[mode]


def with_fault(chosen: list[Verifier], fault: str) -> list[Verifier]:
    """The verifiers with the fault; raises PlanError for one that hits nothing."""
    if fault not in FAULTS:
        raise PlanError(f"unknown fault '{fault}'{did_you_mean(fault, FAULTS)}")
    name, parameter = FAULTS[fault]
    if not any(each.name == name and each.parameter != parameter for each in chosen):
        raise PlanError(f"fault '{fault}': verifier {name} does not run in this image, or "
                        "does that anyway")
    return [replace(each, parameter=parameter) if each.name == name else each for each in chosen]
