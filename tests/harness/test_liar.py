# SPDX-License-Identifier: ISC
"""Lies and misroutes: what they are made of, that all are there, and how they are judged."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import EngineTest  # noqa: E402  (puts tools/ on the path)
from harness import (artifacts, authorityfaults, bootplan, generated, liar,  # noqa: E402
                     misroutes, scenario, suites, twins, values)
from harness.liar import Lie  # noqa: E402
from harness.outcome import BuildError, UsageError  # noqa: E402

EXPECT = """
rootd_test_mode = "smoke"
[expect]
exit = "success"
ordered = ["ERIX_KERNEL:START", "ERIX_ROOTD:READY"]
"""
SUCCESS = 0x10 << 1 | 1
MARKERS = "ERIX_KERNEL:START\r\nERIX_ROOTD:READY\r\n"


class Liars(EngineTest):
    def lie(self, liar_name: str = liar.ROOT) -> Lie:
        return Lie(self.scenario(EXPECT), liar_name)

    def test_who_believes_a_liar_fails(self):
        self.script(("print", MARKERS), ("exit", SUCCESS))
        check = liar.run(self.lie(), self.context())
        self.assertFalse(check.passed)
        self.assertIn("it proves nothing", check.details[0])

    def test_who_finds_a_liar_out_passes(self):
        self.script(("print", "ERIX_KERNEL:START\r\n"), ("exit", SUCCESS))
        self.assertTrue(liar.run(self.lie(), self.context()).passed)

    def test_a_lie_that_was_not_told_is_no_success(self):
        class Broken:
            def prepare(self, *_):
                raise BuildError("no image")
        self.assertFalse(liar.run(self.lie(), self.context(Broken())).passed)

    def test_the_root_program_says_what_is_wanted(self):
        self.assertEqual(liar.script(self.scenario(EXPECT)),
                         "ERIX_KERNEL:START\nERIX_ROOTD:READY\n")
        plan = bootplan.BootPlan.of(liar.deceived(self.lie()))
        root = next(part for part in artifacts.sections(plan) if part.name == "rootd")
        self.assertIn(b"ERIX_KERNEL:START\nERIX_ROOTD:READY\n\0", root.data)

    def test_all_or_one_service_is_replaced(self):
        alone = liar.deceived(self.lie("logd")).boot.stand_in
        self.assertEqual(alone, (("logd", liar.SERVICE_PROGRAM),))
        everybody = dict(liar.deceived(self.lie(liar.ALL)).boot.stand_in)
        self.assertIn("memd", everybody)
        self.assertIn("seriald", everybody)
        self.assertNotIn("verify-core", everybody)

    def test_every_success_and_every_service_is_lied_to(self):
        scenarios = scenario.load_all()
        lies = liar.lies(scenarios)
        names = [lie.name for lie in lies]
        self.assertEqual(len(set(names)), len(names))
        good = {each.name for each in scenarios if not twins.is_negative(each)
                and each.boot.root_program == bootplan.ROOT_PROGRAM}
        for who in (liar.ROOT, liar.ALL):
            self.assertEqual({lie.scenario.name for lie in lies if lie.liar == who}, good)
        everything = scenario.parse(Path(scenario.paths.SCENARIOS) / "phase4-e2fs-fat.toml")[0][0]
        services = {row.manifest.name for row in bootplan.launch_rows(
            bootplan.BootPlan.of(everything)) if row.manifest.kind != "program"}
        for name in services:
            self.assertEqual(sum(lie.liar == name for lie in lies), 2, name)

    def test_every_service_has_its_test_modes(self):
        scenarios = scenario.load_all()
        rows = bootplan.authority.load(str(scenario.paths.ROOT)).launches()
        services = {row.name for row in rows if row.kind != "program"}
        for mode in ("smoke", "force-fail"):
            have = {service for field, service in values.SERVICE_TEST_FIELDS.items()
                    if any(each.options[field] == mode for each in scenarios)}
            self.assertEqual(have, services, mode)


class Misroutes(EngineTest):
    def test_every_misrouted_grant_has_every_target(self):
        variants = misroutes.variants(scenario.load_all())
        misrouted = [row for row in authorityfaults.matrix() if "-misroute-" in row["fault"]
                     and row["field"] != "service_explicit_endpoint_fault"]
        serving = {row.name for row in bootplan.authority.load(
            str(scenario.paths.ROOT)).launches() if row.serves and row.kind != "program"}
        self.assertEqual(len(variants), len(misrouted) * len(serving))  # rootd, and all but one
        names = {each.name for each in variants}
        self.assertEqual(len(names), len(variants))
        self.assertIn("authority-fault[procd-misroute-memd-peer-to-logd]", names)
        self.assertNotIn("authority-fault[procd-misroute-memd-peer-to-memd]", names)

    def test_an_empty_suite_is_refused(self):
        for suite in suites.GENERATED:
            with self.assertRaisesRegex(UsageError, "is empty"):
                generated.jobs(suite, [], self.context(), suites.Estimates(), 3)

    def test_a_turn_is_a_part_of_all(self):
        scenarios = scenario.load_all()
        for suite in suites.GENERATED:
            everything = [job.name for job in generated.jobs(
                suite, scenarios, self.context(), suites.Estimates(), None)]
            some = [job.name for job in generated.jobs(
                suite, scenarios, self.context(), suites.Estimates(), 3)]
            self.assertGreater(len(some), 3)
            self.assertLess(len(some), len(everything) / 4)
            self.assertLessEqual(set(some), set(everything))
