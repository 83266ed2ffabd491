# SPDX-License-Identifier: ISC
"""Scenario files: what the schema refuses and how it says so, and the rules between keys."""
import contextlib
import importlib
import io
import sys
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import EngineTest  # noqa: E402  (puts tools/ on the path)
from harness import cli, expression, groups, lint, scenario, template  # noqa: E402
from harness import tomlplace, twins  # noqa: E402
from harness.outcome import Exit, UsageError  # noqa: E402

GOOD = '[expect]\nexit = "success"\nordered = ["ERIX_ROOTD:READY"]\n'
SMOKE = 'kernel_rootd_test = "smoke"\n'
PHASE0 = SMOKE + 'rootd_test_mode = "phase0"\n'
PROOF = 'proofs = ["phase0-probe"]\n'
PROVEN = PHASE0 + GOOD + PROOF
ANSWER = '[[steps]]\nexpect = "{reverse:{nonce}}"\n'


class Schema(EngineTest):
    def refused(self, text: str, *wanted: str, name: str = "sample") -> str:
        found, problems = scenario.parse(self.write_scenario(text, name))
        complaint = "\n".join(str(problem) for problem in problems)
        self.assertEqual(found, [], "was accepted")
        for each in wanted:
            self.assertIn(each, complaint)
        return complaint

    def test_a_good_one(self):
        self.assertEqual(self.scenario(GOOD).expect.exit, "success")

    def test_unknown_key_is_pointed_at(self):
        self.refused(GOOD + 'forbiden = ["ERIX_KERNEL:PANIC"]\n',
                     "sample.toml:7: unknown key `forbiden` in [expect]",
                     '     7 | forbiden = ["ERIX_KERNEL:PANIC"]',
                     "       | ^^^^^^^^ did you mean `forbidden`?")

    def test_unknown_key_of_a_step_is_pointed_at_in_its_own_table(self):
        self.refused(GOOD + '[[steps]]\nexpect = "a"\n[[steps]]\nexpct = "b"\n',
                     "sample.toml:10: unknown key `expct` in [steps]", "did you mean `expect`?")

    def test_unknown_value(self):
        self.refused(GOOD.replace("success", "sucess"), "`sucess` is no value of `exit`",
                     "did you mean `success`?")
        self.refused('block_storage_image = "phase4-fss"\n' + GOOD, "did you mean `phase4-fs`?")

    def test_wrong_types(self):
        self.refused('tags = "boot"\n' + GOOD, "`tags` must be of type list")
        self.refused('tags = [1]\n' + GOOD, "`tags` must be a list of str")
        self.refused('qemu_block_readonly = "yes"\n' + GOOD, "must be of type bool")
        self.refused(GOOD + '[budget]\ncpu_s = true\n', "must be of type float")
        self.refused(GOOD + '[boot]\nmemory_mib = 1\n', "must be at least 32")

    def test_missing_key(self):
        self.refused('[expect]\nordered = []\n', "key `exit` is missing in [expect]")
        self.refused('tags = []\n', "key `expect` is missing")

    def test_name_must_be_the_name_of_the_file(self):
        file = self.write_scenario(GOOD)
        other = file.rename(file.with_name("other.toml"))
        _, problems = scenario.parse(other)
        self.assertIn("must be the file's name, other", str(problems[0]))

    def test_not_toml(self):
        self.refused("[expect\n", "not TOML", "sample.toml:4")
        self.refused('[expect]\nexit = "success"\nexit = "success"\n', "not TOML")

    def test_matrix_makes_one_scenario_for_each_value(self):
        file = self.write_scenario('block_storage_image = "{medium}"\n' + GOOD
                                   + '[matrix]\nmedium = ["none", "gpt"]\n')
        found, problems = scenario.parse(file)
        self.assertEqual(problems, [])
        self.assertEqual([each.name for each in found], ["sample[none]", "sample[gpt]"])
        self.assertEqual(found[1].options["block_storage_image"], "gpt")

    def test_matrix_rows(self):
        file = self.write_scenario('block_storage_image = "{medium}"\n' + GOOD + (
            'required = ["{marker}"]\n'
            '[[matrix]]\nmedium = "none"\nmarker = "ERIX_KERNEL:START"\n'
            '[[matrix]]\nmedium = "gpt"\nmarker = "ERIX_ROOTD:READY"\n'))
        found, problems = scenario.parse(file)
        self.assertEqual(problems, [])
        self.assertEqual([each.name for each in found], ["sample[none]", "sample[gpt]"])
        self.assertEqual(found[0].expect.required, ("ERIX_KERNEL:START",))

    def test_matrix_rows_are_checked(self):
        self.refused(GOOD + '[[matrix]]\na = "x"\n[[matrix]]\nb = "y"\n', "the same keys")
        self.refused(GOOD + '[[matrix]]\na = "x"\n[[matrix]]\na = "x"\n', "must differ")

    def test_matrix_is_checked(self):
        self.refused(GOOD + '[matrix]\nmedium = []\n', "must be a list of texts that is not empty")
        self.refused('block_storage_image = "{m}"\n' + GOOD + '[matrix]\nm = ["gtp"]\n',
                     "`gtp` is no value of `block_storage_image`")


class Rules(EngineTest):
    def complaints(self, text: str) -> str:
        return "\n".join(str(each) for each in lint.scenario_problems(self.scenario(text)))

    def test_a_good_one(self):
        self.assertEqual(self.complaints(PROVEN), "")

    def test_unknown_marker(self):
        self.assertIn("no marker `ERIX_ROOTD:REDY`",
                      self.complaints(GOOD.replace("READY", "REDY")))
        self.assertIn("did you mean `ERIX_ROOTD:READY`?",
                      self.complaints(GOOD.replace("READY", "REDY")))
        self.assertIn("no marker `ERIX_NOBODY:*`",
                      self.complaints(GOOD + 'forbidden = ["ERIX_NOBODY:*"]\n'))

    def test_wanted_and_forbidden(self):
        self.assertIn("both wanted and forbidden",
                      self.complaints(GOOD + 'forbidden = ["ERIX_ROOTD:*"]\n'))

    def test_a_failure_needs_its_reason(self):
        self.assertIn("must name the marker of its reason",
                      self.complaints('[expect]\nexit = "rootd-failure"\n'))

    def test_verdict_needs_a_goal(self):
        self.assertIn("needs `ordered`", self.complaints('[expect]\nexit = "verdict"\n'))

    def test_modes(self):
        self.assertIn("rootd_test_mode `none`",
                      self.complaints('rootd_test_mode = "phase0"\n' + GOOD))
        self.assertIn("go together",
                      self.complaints('disk_image_case = "single-virtio-gpt"\n' + GOOD))
        self.assertIn("no debug exit", self.complaints(
            'run_mode = "vm-disk-image"\ndisk_image_case = "single-virtio-gpt"\n' + GOOD))
        self.assertIn("needs rootd_test_mode `phase2-probe`", self.complaints(
            SMOKE + 'rootd_test_mode = "phase0"\n'
            'service_startup_peer_fault = "probed-omit-deviced-peer"\n' + GOOD))

    def test_guest_time_needs_icount(self):
        self.assertIn("needs boot.icount", self.complaints(GOOD + '[budget]\nguest_s = 3\n'))

    def test_steps_must_prove_something(self):
        step = '[[steps]]\nexpect = "erix> "\nsend = "echo {nonce}\\n"\n'
        self.assertIn("the steps prove nothing", self.complaints(GOOD + step))
        self.assertEqual(self.complaints(GOOD + step + ANSWER), "")
        self.assertIn("not both", self.complaints(
            GOOD + '[[steps]]\nexpect = "{upper:{nonce}}"\nmatch = "a"\n'))
        self.assertIn("not a regular expression", self.complaints(
            GOOD + '[[steps]]\nexpect = "{upper:{nonce}}"\n[[steps]]\nmatch = "("\n'))

    def test_a_success_must_prove_something(self):
        self.assertIn("nothing is proved", self.complaints(GOOD))
        self.assertEqual(self.complaints(GOOD + ANSWER), "")
        self.assertEqual(self.complaints(GOOD + '[[verify]]\ncheck = "graph"\n'), "")
        failure = '[expect]\nexit = "rootd-failure"\nrequired = ["ERIX_ROOTD:FAIL:DISK"]\n'
        self.assertEqual(self.complaints(failure), "")

    def test_proofs_are_those_of_the_verifiers_that_run(self):
        self.assertIn("no verifier `nobody` runs",
                      self.complaints(PHASE0 + GOOD + 'proofs = ["phase0-probe", "nobody"]\n'))
        self.assertIn("no verifier `phase0-probe` runs", self.complaints(GOOD + PROOF))
        self.assertIn("lacks the verifier `phase0-probe`",
                      self.complaints(PHASE0 + GOOD + ANSWER))
        self.assertIn("go with exit `success`", self.complaints(
            PROVEN.replace('"success"', '"poweroff"')))

    def test_details_are_of_a_marker(self):
        details = '[expect.details]\n"ERIX_KERNEL:EXEPTION" = "PAGE"\n'
        self.assertIn("no marker `ERIX_KERNEL:EXEPTION`", self.complaints(PROVEN + details))
        self.assertIn("not a regular expression", self.complaints(
            PROVEN + '[expect.details]\n"ERIX_KERNEL:EXCEPTION" = "("\n'))

    def test_a_file_has_one_place(self):
        for place in ("", 'path = "/a"\npartition = "b"\n'):
            self.assertIn("`path` or `partition`", self.complaints(
                PROVEN + '[[files]]\ncontent = "{nonce}"\n' + place))


class Twins(EngineTest):
    """The twin of each negative passes and differs in the fault alone."""
    FAULT = 'verifier_fault = "provoke-panic"\n'
    FAILURE = '[expect]\nexit = "kernel-failure"\nrequired = ["ERIX_KERNEL:PANIC"]\n'

    def complaints(self, negative: str, twin: str = PHASE0 + GOOD) -> str:
        read = [scenario.parse(self.write_scenario(text, name))
                for text, name in ((negative, "bad"), (twin, "good"))]
        self.assertEqual([problem for _, problems in read for problem in problems], [])
        found = twins.problems([each for scenarios, _ in read for each in scenarios])
        return "\n".join(str(problem) for problem in found)

    def test_a_good_one(self):
        text = 'twin = "good"\n' + self.FAULT + PHASE0 + self.FAILURE
        self.assertEqual(self.complaints(text), "")

    def test_a_negative_needs_one(self):
        self.assertIn("needs a `twin`", self.complaints(PHASE0 + self.FAULT + self.FAILURE))
        self.assertIn("needs a `twin`", self.complaints('tags = ["negative"]\n' + PHASE0 + GOOD))

    def test_it_must_exist_and_pass(self):
        text = self.FAULT + PHASE0 + self.FAILURE
        self.assertIn("did you mean `good`?", self.complaints('twin = "god"\n' + text))
        self.assertIn("is itself a negative", self.complaints(
            'twin = "bad"\n' + text))

    def test_it_differs_in_the_fault_alone(self):
        text = 'twin = "good"\n' + PHASE0
        self.assertIn("in nothing", self.complaints(text + self.FAILURE))
        more = "in verifier_fault, boot.icount"
        self.assertIn(more, self.complaints(
            text + self.FAULT + self.FAILURE + "[boot]\nicount = 3\n"))
        self.assertIn("in boot.icount;", self.complaints(
            text + self.FAILURE + "[boot]\nicount = 3\n"))
        file = '[[files]]\npath = "/a"\n'
        self.assertIn("in verifier_fault, files", self.complaints(
            text + self.FAULT + self.FAILURE + file))
        medium = 'block_storage_image = "none"\n'
        self.assertEqual(self.complaints(text + medium + self.FAILURE + file), "")

    def test_a_success_has_none(self):
        self.assertIn("has no `twin`", self.complaints('twin = "good"\n' + PHASE0 + GOOD))


class Groups(EngineTest):
    def write_group(self, name: str, text: str) -> Path:
        folder = self.folder / "groups"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
        return folder

    def problems(self, text: str) -> str:
        folder = self.write_group("g", text)
        return "\n".join(str(each) for each in groups.problems(["boot-a", "boot-b[x]"], folder))

    def test_members(self):
        folder = self.write_group("g", "# comment\nboot-b\n\nboot-a # also\n")
        self.assertEqual(groups.members("g", ["boot-a", "boot-b[x]", "c"], folder),
                         ["boot-a", "boot-b[x]"])
        folder = self.write_group("h", "boot-*\n")
        self.assertEqual(groups.members("h", ["boot-a", "boot-b[x]", "c"], folder),
                         ["boot-a", "boot-b[x]"])

    def test_bad_groups(self):
        self.assertIn("the group is empty", self.problems("# nothing\n"))
        self.assertIn("no scenario `boot-c`", self.problems("boot-c\n"))
        self.assertIn("did you mean `boot-a`?", self.problems("boot-c\n"))
        self.assertIn("listed twice", self.problems("boot-a\nboot-a\n"))
        self.assertEqual(self.problems("boot-a\nboot-b\n"), "")


class Choice(EngineTest):
    def setUp(self):
        super().setUp()
        self.write_scenario('tags = ["boot", "slow"]\n' + GOOD, "boot-a")
        self.write_scenario('tags = ["boot"]\n' + GOOD, "boot-b")
        self.write_scenario('tags = ["fs"]\n' + GOOD, "files")
        self.scenarios = scenario.load_all(self.folder / "scenarios")

    def chosen(self, *words: str) -> list[str]:
        return [each.name for each in expression.choose(list(words), self.scenarios)]

    def test_words(self):
        self.assertEqual(self.chosen(), ["boot-a", "boot-b", "files"])
        self.assertEqual(self.chosen("files"), ["files"])
        self.assertEqual(self.chosen("boot-*"), ["boot-a", "boot-b"])
        self.assertEqual(self.chosen("tag:boot", "not", "tag:slow"), ["boot-b"])
        self.assertEqual(self.chosen("not", "files"), ["boot-a", "boot-b"])

    def test_unknown_words(self):
        for words, meant in ((["file"], "files"), (["tag:bot"], "boot")):
            with self.assertRaisesRegex(UsageError, f"did you mean `{meant}`"):
                self.chosen(*words)
        with self.assertRaisesRegex(UsageError, "no group"):
            self.chosen("group:nothing-like-it")
        with self.assertRaisesRegex(UsageError, "behind it"):
            self.chosen("not")


class FrontDoor(EngineTest):
    """./erix scenario and ./erix group, over the scenarios of the tree."""

    def said(self, *words: str) -> str:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertEqual(cli.dispatch(list(words)), Exit.PASSED)
        return out.getvalue()

    def test_options_stand_anywhere(self):
        for words in (["media", "--no-build", "check", "ext", "-j", "2", "one"],
                      ["media", "check", "--no-build", "ext", "one", "-j2"]):
            module = importlib.import_module("harness.commands.media")
            with mock.patch.object(module, "execute") as execute:
                cli.dispatch(words)
            given = execute.call_args.args[0]
            self.assertEqual((given.action, given.words), ("check", ["ext", "one"]))
            self.assertTrue(given.no_build)

    def test_groups(self):
        self.assertRegex(self.said("group"), r"(?m)^phase0 +[1-9]")
        self.assertRegex(self.said("group", "phase1"), r"(?m)^phase1-time ")

    def test_scenarios(self):
        self.assertIn("twin: phase0\n", self.said("scenario", "phase0-missing[memd]"))
        self.assertRegex(self.said("scenario", "phase0-missing"), r"(?m)^phase0-missing\[memd\] ")
        self.assertRegex(self.said("scenario"), r"(?m)^core-normal ")

    def test_running_is_testing(self):
        for words, wanted in ((("group", "run", "phase0", "--cold"), ["group:phase0"]),
                              (("scenario", "run", "phase0", "--cold"), ["phase0"])):
            with mock.patch("harness.commands.test.execute", return_value=Exit.PASSED) as test:
                self.said(*words)
            self.assertEqual(test.call_args[0][0].expression, wanted)
            self.assertTrue(test.call_args[0][0].cold)

    def test_wrong_words(self):
        for words in (("group", "phase"), ("group", "phase0", "x"), ("group", "run"),
                      ("group", "run", "x"), ("scenario", "x"), ("scenario", "phase0", "x"),
                      ("scenario", "run"), ("scenario", "run", "x")):
            with self.assertRaises(UsageError):
                self.said(*words)


class Texts(EngineTest):
    def test_functions_of_the_nonce(self):
        self.assertEqual(template.fill("a {nonce} b", "42"), "a 42 b")
        self.assertEqual(template.fill("{reverse:x{nonce}}", "42"), "24x")
        self.assertEqual(template.fill("{length:{nonce}\n}", "42"), "3")
        self.assertTrue(template.fill("{sha256:{nonce}}", "42").startswith("73475cb40a568e8d"))

    def test_other_braces_stay(self):
        self.assertEqual(template.fill("a{2,3} {other}", "42"), "a{2,3} {other}")

    def test_what_is_filled_in_is_protected(self):
        self.assertEqual(template.fill(".{upper:a.b}", "42", lambda text: f"<{text}>"), ".<A.B>")

    def test_places(self):
        source = 'a = 1\n[t]\nb = 2\n[[r]]\nc = 3\n[[r]]\n  c = 4\n'
        self.assertEqual(tomlplace.find(source, ("t",), "b"), tomlplace.Place(3, 1))
        self.assertEqual(tomlplace.find(source, ("r", 1), "c"), tomlplace.Place(7, 3))
        self.assertEqual(tomlplace.find(source, ("t",), "missing").line, 2)
