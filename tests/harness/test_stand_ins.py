# SPDX-License-Identifier: ISC
"""Test programs in the place of services: who they are, and that no other image has them."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import EngineTest  # noqa: E402  (puts tools/ on the path)
from harness import artifacts, lint, scenario, values  # noqa: E402
from harness.bootplan import BootPlan, planned  # noqa: E402
from harness.outcome import UsageError  # noqa: E402

SCENARIO = """
kernel_rootd_test = "smoke"
runtime_config_path = "tests/runtime/core.toml"
%s
[boot]
stand_in = { %s }
[expect]
exit = "service-failure"
required = ["ERIX_ROOTD:FAIL:SERVICE_START"]
"""


class StandIns(EngineTest):
    def plan(self, top: str = "", stand_in: str = "") -> BootPlan:
        return BootPlan.of(self.scenario(SCENARIO % (top, stand_in)))

    def complaints(self, top: str, stand_in: str) -> str:
        found, problems = scenario.parse(self.write_scenario(SCENARIO % (top, stand_in)))
        problems += [each for one in found for each in lint.scenario_problems(one)]
        return "\n".join(str(each) for each in problems)

    def test_the_module_is_the_stand_in_and_all_else_stays(self):
        plain = {part.name: part.data for part in artifacts.sections(self.plan())}
        changed = {part.name: part.data for part in artifacts.sections(
            self.plan(stand_in='logd = "stand-in-liar"'))}
        self.assertEqual(plain.keys(), changed.keys())
        self.assertEqual([name for name in plain if plain[name] != changed[name]], ["logd"])
        liar = artifacts.stripped(artifacts.test_program("stand-in-liar"))
        self.assertEqual(changed["logd"], liar)

    def test_force_fail_is_a_stand_in(self):
        for field, service in values.SERVICE_TEST_FIELDS.items():
            self.assertEqual(self.plan(f'{field} = "force-fail"').stand_ins,
                             ((service, values.FORCE_FAIL_STAND_IN),))

    def test_no_other_image_and_no_disk_has_one(self):
        self.assertEqual(self.plan().stand_ins, ())
        for profile in ("dev", "release"):
            self.assertEqual(BootPlan.runtime(profile).stand_ins, ())
        for name in (*values.STAND_INS, "root-liar"):
            self.assertTrue(artifacts.test_program(name).is_file())
            self.assertNotIn(name, artifacts.programs())
            self.assertNotIn(f"/bin/{name}", artifacts.data_tree())

    def test_a_service_that_is_not_in_the_image_is_refused(self):
        with self.assertRaisesRegex(UsageError, "e2fsd, which is not in this image"):
            planned(self.plan(stand_in='e2fsd = "stand-in-liar"'), {})

    def test_wrong_words_are_refused(self):
        self.assertIn("no service `logdd`", self.complaints("", 'logdd = "stand-in-liar"'))
        self.assertIn("no stand-in `liar`", self.complaints("", 'logd = "liar"'))
        self.assertIn("a mode of drv_serial_test_mode alone",
                      self.complaints('logd_test_mode = "serial-probe"', ""))
        packaged = 'run_mode = "vm-disk-image"\ndisk_image_case = "single-virtio-gpt"'
        self.assertIn("a packaged image has no stand-ins",
                      self.complaints(packaged, 'logd = "stand-in-liar"'))
        self.assertEqual(self.complaints("", 'logd = "stand-in-liar"'), "")
