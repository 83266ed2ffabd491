# SPDX-License-Identifier: ISC
"""The faults of authority: those that must exist, those that do, and that each is really put in."""
import itertools
import json
import struct
import sys
import tomllib
import unittest
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import ROOT, EngineTest  # noqa: E402  (puts tools/ on the path)
from harness import (artifacts, authorityfaults, bootplan, faulthits, rotation,  # noqa: E402
                     scenario)
from harness.bootplan import BootPlan  # noqa: E402
from harness.outcome import BuildError, UsageError  # noqa: E402

SCENARIO = """
kernel_rootd_test = "smoke"
runtime_config_path = "tests/runtime/full.toml"
%s
[expect]
exit = "service-failure"
required = ["ERIX_ROOTD:FAIL:SERVICE_HANDSHAKE"]
"""


def existing() -> set[tuple[str, str]]:
    """Field and fault of every scenario of the tree."""
    return {(field, each.options[field]) for each in scenario.load_all()
            for field in authorityfaults.FIELDS if each.options[field] != "none"}


def of_manifests() -> set[tuple[str, str]]:
    """The same, straight from the manifests: without planogen, which made the list."""
    wanted = set()
    for file in itertools.chain((ROOT / "services").glob("*/service.toml"),
                                (ROOT / "drivers").glob("*/driver.toml")):
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        name = table["name"]
        if table["launcher"] == "kernel" or table.get("test"):
            continue
        wanted.add(("service_startup_peer_fault", f"{name}-inject-undeclared-peer"))
        for verb in ("omit", "misroute"):
            if "serves" in table:
                wanted.add(("service_primary_control_fault", f"{name}-{verb}-primary-control"))
            wanted |= {("service_startup_peer_fault",
                        f"{name}-{verb}-{'memory-provider' if peer == 'ramfsd' else peer}-peer")
                       for peer in table.get("peers", {})}
    return wanted | {("service_explicit_endpoint_fault", fault)
                     for fault in authorityfaults.EXPLICIT_ENDPOINT}


class Lists(unittest.TestCase):
    def difference(self, left: set, right: set) -> list[str]:
        return [f"{field} = {fault}" for field, fault in sorted(left - right)]

    def test_every_fault_that_must_exist_exists_and_no_other(self):
        must, exists = of_manifests(), existing()
        self.assertEqual(self.difference(must, exists), [], "no scenario has these")
        self.assertEqual(self.difference(exists, must), [], "no manifest has these")

    def test_every_service_is_left_out_once(self):
        launches = bootplan.authority.load(str(ROOT)).launches()
        verifiers = {manifest.name for manifest in launches if manifest.kind == "program"}
        must = {("phase0_missing_service", manifest.name) for manifest in launches
                if manifest.name not in verifiers}
        exists = {("phase0_missing_service", each.options["phase0_missing_service"])
                  for each in scenario.load_all()
                  if each.options["phase0_missing_service"] not in ("none", *verifiers)}
        self.assertEqual(self.difference(must, exists), [], "no scenario has these")
        self.assertEqual(self.difference(exists, must), [], "no manifest has these")

    def test_the_reviewed_list_is_that_of_planogen(self):
        made = bootplan.faults.required_scenarios(bootplan.authority.load(str(ROOT)))
        self.assertEqual(list(authorityfaults.listed()), made)
        self.assertEqual({(entry["field"], entry["value"]) for entry in made
                          if entry["field"] in authorityfaults.FIELDS}, of_manifests())

    def test_a_difference_is_seen(self):
        must = of_manifests()
        one = ("service_startup_peer_fault", "procd-omit-memd-peer")
        self.assertEqual(self.difference(must, must - {one}),
                         ["service_startup_peer_fault = procd-omit-memd-peer"])

    def test_the_faults_that_the_description_names_are_there(self):
        programs = {entry["program"] for entry in authorityfaults.listed()}
        named = {fault for fault in authorityfaults.NAMED
                 if fault.split("-omit-")[0].split("-misroute-")[0].split("-inject-")[0]
                 in programs and "-fatd-" not in fault and "-keyd-" not in fault}
        self.assertGreater(len(named), 10)
        self.assertLessEqual(named, {fault for _, fault in existing()})


class Hits(EngineTest):
    """Every fault changes the grants of the program that it names, in the bytes of the image."""

    def plan(self, field: str = "", fault: str = "") -> BootPlan:
        text = f'{field} = "{fault}"\nrootd_test_mode = "{authorityfaults.mode(fault)}"'
        return BootPlan.of(self.scenario(SCENARIO % (text if field else "")))

    def config(self, plan: BootPlan) -> bytes:
        return bootplan.planned(plan, {}).boot_config

    def test_every_fault_of_the_list_hits_its_program(self):
        for row in authorityfaults.matrix():
            plan = self.plan(row["field"], row["fault"])
            have = faulthits.rows(self.config(plan))
            want = faulthits.rows(self.config(plan.without_authority_faults()))
            changed = [name for name in want if have[name] != want[name]]
            self.assertEqual(changed, [row["program"]], row["fault"])

    def test_the_image_has_it(self):
        plan = self.plan("service_startup_peer_fault", "e2fsd-omit-blockd-peer")
        image = artifacts.boot_image(plan).read_bytes()
        plain = artifacts.boot_image(plan.without_authority_faults()).read_bytes()
        self.assertEqual(faulthits.changed(image, faulthits.boot_config(plain)), ["e2fsd"])

    def test_a_fault_that_is_not_in_the_image_is_refused(self):
        plan = self.plan("service_startup_peer_fault", "e2fsd-omit-blockd-peer")
        plain = artifacts.boot_image(plan.without_authority_faults()).read_bytes()
        config = faulthits.boot_config(plain)
        with self.assertRaisesRegex(BuildError, "changed the grants of nobody"):
            faulthits.check(dict(plan.options), plain, config)
        other = artifacts.boot_image(self.plan("service_startup_peer_fault",
                                               "vfsd-omit-e2fsd-peer")).read_bytes()
        with self.assertRaisesRegex(BuildError, "changed the grants of vfsd"):
            faulthits.check(dict(plan.options), other, config)

    def test_a_misrouted_grant_goes_to_whoever_is_named(self):
        roles = bootplan.roles()
        field = "service_startup_peer_fault"
        plain = self.plan(field, "procd-misroute-memd-peer")
        for target in ("vspaced", "logd", "drv-serial"):
            fault = f"procd-misroute-memd-peer-to-{target}"
            options = tuple((key, fault if key == field else value)
                            for key, value in plain.options)
            grants = faulthits.rows(self.config(replace(plain, options=options)))["procd"]
            sources = [struct.unpack_from("<I", grants, at + 16)[0]
                       for at in range(0, len(grants), faulthits.GRANT_BYTES)
                       if grants[at + 48:at + 53] == b"memd\0"]
            self.assertEqual(sources, [roles[target]], target)

    def test_a_misroute_to_the_right_one_or_to_nobody_is_refused(self):
        field = "service_startup_peer_fault"
        plain = self.plan(field, "procd-misroute-memd-peer")
        for fault in ("procd-misroute-memd-peer-to-memd", "procd-misroute-memd-peer-to-fatd",
                      "procd-omit-memd-peer-to-logd"):
            options = tuple((key, fault if key == field else value)
                            for key, value in plain.options)
            with self.assertRaises(UsageError):
                self.config(replace(plain, options=options))


class Rotation(EngineTest):
    def test_a_pick_comes_round(self):
        names = [str(number) for number in range(10)]
        picked = [name for turn in range(5) for name in rotation.pick(names, 2, turn)]
        self.assertEqual(sorted(picked), sorted(names))
        self.assertEqual(rotation.pick(names, 2, 0), rotation.pick(list(reversed(names)), 2, 0))
        self.assertEqual(rotation.pick([], 2, 3), [])

    def test_the_list_is_one_line_a_fault(self):
        lines = authorityfaults.LIST.read_text(encoding="utf-8").splitlines()
        self.assertEqual(len(lines), len(json.loads("\n".join(lines))) + 2)
