# SPDX-License-Identifier: ISC
"""Where things are in the tree. All that is made lies in build/ and out/."""
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

BUILD = ROOT / "build"
OUT = ROOT / "out"
CAS = OUT / "cas"
SNAPSHOTS = OUT / "snapshots"
RUNS = OUT / "run"
STATE = OUT / "state"
APPLIANCE = OUT / "appliance"

TESTS = ROOT / "tests"
SCENARIOS = TESTS / "scenarios"
GROUPS = TESTS / "scenario-groups"
CANARIES = TESTS / "canaries"
EXPECTED_COUNTS = TESTS / "expected-counts.toml"
DURATIONS = TESTS / "durations.toml"
MARKERS = ROOT / "abi" / "markers.toml"
COMPONENTS = ROOT / "components.toml"


def shown(path: Path) -> str:
    """A path as a person types it: relative to the current folder where that is shorter."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)
