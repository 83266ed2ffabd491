# SPDX-License-Identifier: ISC
"""Tests of the plan generator: what it makes of the trial tree, what it refuses, this tree."""
import os
import re
import shutil
import struct
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.join(HERE, "tree")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path[:0] = [os.path.dirname(HERE), HERE]

import authority  # noqa: E402  (found through the path above)
import bootconfig  # noqa: E402
import faults  # noqa: E402
import grants  # noqa: E402
import manifest  # noqa: E402
import plan  # noqa: E402
import planogen  # noqa: E402
import runtime  # noqa: E402
import slots  # noqa: E402
import verifiers  # noqa: E402
from sample import sample  # noqa: E402

GOOD = 'name = "memd"\nlauncher = "rootd"\nserves = "memory"\n'
ALL_FEATURES = "".join(f"{name} = true\n" for name in runtime.FEATURES)


class Manifests(unittest.TestCase):
    def refused(self, text: str, reason: str):
        with self.assertRaisesRegex(manifest.PlanError, reason):
            manifest.parse("memd/service.toml", "service", text)

    def test_a_good_one_is_taken(self):
        self.assertEqual(manifest.parse("x", "service", GOOD).serves, "memory")

    def test_wrong_ones_are_refused(self):
        self.refused(GOOD + "servse = 1\n", "unknown key 'servse'; did you mean 'serves'")
        self.refused(GOOD + "[memory]\nheap_kib = 1\n",
                     "unknown key 'memory.heap_kib'; did you mean")
        self.refused(GOOD + "priority = true\n", "priority must be of type int")
        self.refused(GOOD + "priority = 64\n", "must be from 0 to 63")
        self.refused('name = "memd"\n', "'launcher' is missing")
        self.refused('name = "memd"\nlauncher = "deviced"\n', "'deviced' is none of")
        self.refused(GOOD + '[kernel]\nclock = ["reed"]\n', "did you mean 'read'")
        self.refused(GOOD + "[kernel]\nports = [{ name = \"a\", first = 9, last = 8 }]\n",
                     "ports.last")
        self.refused(GOOD + "[peers]\nlogd = { rights = [] }\n", "peers.logd.protocol is missing")
        self.refused("name =", "Invalid value")

    def test_a_driver_names_its_device(self):
        with self.assertRaisesRegex(manifest.PlanError, "a driver has a"):
            manifest.parse("x", "driver", 'name = "drv-x"\nlauncher = "deviced"\n')


class Plans(unittest.TestCase):
    def setUp(self):
        self.plan = plan.load(TREE)

    def edited(self, path: str, old: str, new: str) -> plan.Plan:
        """The plan of the trial tree with one change."""
        with tempfile.TemporaryDirectory() as folder:
            tree = os.path.join(folder, "tree")
            shutil.copytree(TREE, tree)
            path = os.path.join(tree, path)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertIn(old, text)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(old, new))
            return plan.load(tree)

    def refused(self, path: str, old: str, new: str, reason: str):
        with self.assertRaisesRegex(manifest.PlanError, reason):
            self.edited(path, old, new)

    def test_programs_start_behind_those_they_call(self):
        names = [entry.name for entry in self.plan.launches()]
        self.assertEqual(names[:2], ["memd", "procd"])
        for source, target in (("vfsd", "ramfsd"), ("deviced", "procd"), ("drv-serial", "deviced")):
            self.assertGreater(names.index(source), names.index(target))

    def test_slots_follow_the_manifest(self):
        header = slots.header_text(self.plan.manifests["deviced"], self.plan.grants["deviced"])
        self.assertIn("SLOT_PEER_PROCD = 16,", header)
        self.assertIn("SLOT_PEER_LOGD = 17,", header)
        self.assertIn("SLOT_PORTS_ACPI = 18,", header)
        self.assertIn("SLOT_DEVICE_MEMORY_FIRST = 19,", header)
        source = slots.source_text(self.plan.manifests["deviced"], self.plan.grants["deviced"],
                                   self.plan.roles)
        self.assertIn(".role = 11,", source)
        self.assertIn(f".first_free_slot = {19 + grants.UNTYPED_SLOTS},", source)

    def test_slots_of_several_programs_are_written_where_they_change(self):
        pages = [f"{name}{suffix}" for name in ("memd", "named") for suffix in (".h", ".c")]
        words = [word for name in ("memd", "named")
                 for word in (name, os.path.join(ROOT, "services", name, "service.toml"))]
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(planogen.main(["slots", folder, *words]), 0)
            self.assertEqual(sorted(os.listdir(folder)), sorted(pages))
            with open(os.path.join(folder, pages[3]), "a", encoding="utf-8") as file:
                file.write("/* another */\n")
            for page in pages:
                os.utime(os.path.join(folder, page), (1, 1))
            self.assertEqual(planogen.main(["slots", folder, *words]), 0)
            times = [os.stat(os.path.join(folder, page)).st_mtime for page in pages]
            self.assertEqual([time == 1 for time in times], [True, True, True, False])

    def test_appending_to_the_log_is_no_call(self):
        oneway = {(edge.source, edge.target) for edge in self.plan.edges if edge.oneway}
        self.assertIn(("vfsd", "logd"), oneway)
        self.assertNotIn(("vfsd", "ramfsd"), oneway)

    def test_a_cycle_of_calls_is_refused(self):
        self.refused("services/ramfsd/service.toml", "[peers]\n",
                     '[peers]\nvfsd = { protocol = "vfs", rights = ["use"] }\n',
                     "(ramfsd calls vfsd calls ramfsd|vfsd calls ramfsd calls vfsd)")

    def test_a_cycle_through_oneway_messages_is_none(self):
        self.edited("services/logd/service.toml", "[signals]",
                    '[peers]\nvfsd = { protocol = "vfs", rights = ["use"] }\n[signals]')

    def test_unknown_peers_protocols_and_rights_are_refused(self):
        path = "services/vfsd/service.toml"
        self.refused(path, "ramfsd =", "ramfd =", "no program 'ramfd'; did you mean 'ramfsd'")
        self.refused(path, '"filesystem"', '"vfs"', "serves filesystem, not vfs")
        self.refused(path, '["use"]', '["uses"]', "has no right 'uses'")
        self.refused("services/logd/service.toml", "vfsd = 3", "vfds = 3", "no program 'vfds'")
        self.refused("services/memd/service.toml", "cspace_bits = 9", "cspace_bits = 7",
                     "slots are declared")

    def test_a_program_can_be_a_peer_twice(self):
        changed = self.edited("services/vfsd/service.toml", "[peers]\n",
                              '[peers]\nweak = { program = "memd", protocol = "memory", '
                              'rights = [] }\n')
        twice = [grant for grant in changed.grants["vfsd"] if grant.name == "weak"]
        self.assertEqual([(grant.source, grant.protocol_rights) for grant in twice], [("memd", 0)])
        self.assertIn(("vfsd", "memd"), {(edge.source, edge.target) for edge in changed.edges})
        self.refused("services/vfsd/service.toml", "[peers]\n",
                     '[peers]\nweak = { program = "memb", protocol = "memory" }\n',
                     "no program 'memb'; did you mean 'memd'")
        self.refused("services/vfsd/service.toml", "[peers]\n",
                     f'[peers]\n{"w" * 32} = {{ program = "memd", protocol = "memory" }}\n',
                     "the name is longer than 31 bytes")

    def test_a_test_program_is_nobodys_peer(self):
        self.refused("services/vfsd/service.toml", 'serves = "vfs"', 'serves = "vfs"\ntest = true',
                     "is in test images only")

    def test_names_are_those_of_folders_and_roles(self):
        self.refused("services/vfsd/service.toml", '"vfsd"', '"vfs"', "differs from its place")
        self.refused("tools/planogen/roles.toml", "vfsd = 18\n", "", "'vfsd' has no number")
        self.refused("tools/planogen/roles.toml", "vfsd = 18", "vfsd = 15", "numbers are unique")

    def test_protocols_on_one_endpoint_share_no_bit(self):
        self.refused("protocol/report.proto", "0x80000000", "1", "has the bit of 'shutdown'")

    def test_the_picture_shows_every_program(self):
        files = authority.files(self.plan)
        for name, entry in self.plan.manifests.items():
            self.assertEqual(f">{name}</text>" in files["authority.svg"], not entry.test)
        self.assertIn("| vfsd | ramfsd | filesystem | use | yes |", files["authority.md"])


class Faults(unittest.TestCase):
    """Each fault changes what it names and nothing else."""

    def rows(self, fields: dict):
        trial = plan.load(TREE)
        with open(os.path.join(TREE, "runtime.toml"), encoding="utf-8") as file:
            chosen = runtime.parse("runtime.toml", file.read())
        rows = bootconfig.launch_rows(trial, chosen, faults.verifiers(trial, fields))
        faults.apply(trial, rows, fields)
        return {row.manifest.name: row for row in rows}

    def names(self, row):
        return [grant.name for grant in row.grants]

    def test_omitted_peer(self):
        row = self.rows({"service_startup_peer_fault": "vfsd-omit-memory-provider-peer"})["vfsd"]
        self.assertNotIn("ramfsd", self.names(row))
        self.assertIn("logd", self.names(row))

    def test_misrouted_peer(self):
        row = self.rows({"service_startup_peer_fault": "vfsd-misroute-ramfsd-peer"})["vfsd"]
        grant = next(grant for grant in row.grants if grant.name == "ramfsd")
        self.assertEqual(grant.source, "rootd")

    def test_injected_peer(self):
        plain = self.rows({})["vfsd"]
        row = self.rows({"service_startup_peer_fault": "vfsd-inject-undeclared-peer"})["vfsd"]
        self.assertEqual(len(row.grants), len(plain.grants) + 1)
        self.assertEqual(row.grants[-1].slot, plain.first_free_slot)
        self.assertEqual(row.first_free_slot, plain.first_free_slot + 1)

    def test_control(self):
        field = "service_primary_control_fault"
        row = self.rows({field: "drv-serial-omit-primary-control"})["drv-serial"]
        self.assertNotIn("control", self.names(row))
        row = self.rows({field: "drv-serial-misroute-primary-control"})["drv-serial"]
        self.assertEqual(next(grant for grant in row.grants if grant.name == "control").source,
                         "rootd")

    def test_wrong_kind(self):
        fault = "deviced-misroute-pci-config-endpoint"
        row = self.rows({"service_explicit_endpoint_fault": fault})["deviced"]
        self.assertEqual(next(grant for grant in row.grants
                              if grant.name == "ports-acpi").object_kind,
                         "ENDPOINT")

    def test_a_fault_that_hits_nothing_is_refused(self):
        for fields in ({"service_startup_peer_fault": "vfsd-omit-e2fsd-peer"},
                       {"service_startup_peer_fault": "keyd-omit-logd-peer"},
                       {"service_startup_peer_fault": "vfsd-forget-logd-peer"},
                       {"service_primary_control_fault": "vfsd-omit-control"},
                       {"service_explicit_endpoint_fault": "vfsd-misroute-x"},
                       {"phase0_missing_service": "keyd"}, {"rootd_test_mode": "phase9"},
                       {"service_fault": "x"}, {"verifiers": ["vfsd"]},
                       {"verifier_fault": "provoke-x"}, {"verifier_fault": "provoke-panic"}):
            with self.subTest(fields), self.assertRaises(manifest.PlanError):
                self.rows(fields)

    def test_a_verifier_is_asked_for_something_else(self):
        chosen = [verifiers.Verifier("probe"), verifiers.Verifier("verify-exception")]
        changed = verifiers.with_fault(chosen, "provoke-divide")
        self.assertEqual([each.parameter for each in changed], [0, 2])
        with self.assertRaisesRegex(manifest.PlanError, "does that anyway"):
            verifiers.with_fault(changed, "provoke-divide")

    def test_provocations_are_those_of_the_kernel(self):
        with open(os.path.join(ROOT, "abi", "provocation.h"), encoding="utf-8") as file:
            listed = re.findall(r"PROVOKE_(\w+) = (\d+)", file.read())
        self.assertEqual([(name.lower().replace("_", "-"), int(number))
                          for name, number in listed],
                         [(name, number) for number, name in enumerate(verifiers.PROVOCATIONS)])

    def test_all_required_scenarios_are_possible(self):
        for entry in faults.required_scenarios(plan.load(TREE)):
            with self.subTest(entry):
                self.rows({entry["field"]: entry["value"]})


class BootConfig(unittest.TestCase):
    def test_the_same_input_gives_the_same_bytes(self):
        self.assertEqual(sample({}), sample({}))

    def test_header(self):
        data = sample({})
        magic, version, size, profile = struct.unpack_from("<8s3I", data)
        self.assertEqual((magic, version, size, profile), (b"ERIXBCFG", 1, len(data), 3))

    def test_verifiers_are_for_test_images(self):
        with self.assertRaisesRegex(manifest.PlanError, "for test images only"):
            sample({"verifiers": ["probe"]}, "dev")


class Runtimes(unittest.TestCase):
    def refused(self, text: str, reason: str):
        with self.assertRaisesRegex(manifest.PlanError, reason):
            runtime.parse("runtime.toml", text)

    def test_the_files_of_the_tree_are_good(self):
        for name in ("dev", "release", "sample"):
            with open(os.path.join(ROOT, f"runtime.{name}.toml"), encoding="utf-8") as file:
                self.assertEqual(runtime.parse(name, file.read()).init, "/bin/sh")

    def test_wrong_ones_are_refused(self):
        features = "[features]\n" + ALL_FEATURES
        self.refused("[feature]\n", "unknown key 'feature'; did you mean 'features'")
        self.refused("[features]\n", "must be true or false")
        self.refused(features, "needs a mount of '/'")
        self.refused(features.replace("user_storage = true", "user_storage = false"),
                     "needs features.user_storage")
        root = '[[mounts]]\npath = "/"\nfilesystem = "ext4"\npartition = "p"\n'
        self.refused(features + root + root, "the same path")
        self.refused(features + root.replace("ext4", "ext5"), "did you mean 'ext4'")
        self.refused(features + root.replace('"/"', '"tmp"'), "no absolute path")
        self.refused(features + root.replace('partition = "p"', ""), "wants a partition")


class Tree(unittest.TestCase):
    """The manifests of the repository itself."""

    def test_they_hold_together(self):
        loaded = plan.load(ROOT)
        self.assertGreater(len(loaded.manifests), 20)

    def test_docs_are_fresh(self):
        for name, text in authority.files(plan.load(ROOT)).items():
            with self.subTest(name), open(os.path.join(ROOT, "docs", name),
                                          encoding="utf-8") as file:
                self.assertEqual(file.read(), text, "run tools/planogen/planogen.py authority docs")


if __name__ == "__main__":
    unittest.main()
