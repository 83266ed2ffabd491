# SPDX-License-Identifier: ISC
"""The comparison of capability graphs, with the manifests of the tree: made of them it passes, and
each single difference is seen."""
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import EngineTest  # noqa: E402  (puts tools/ on the path)
from harness import bootplan, graph  # noqa: E402

SCENARIO = """
kernel_rootd_test = "smoke"
runtime_config_path = "tests/runtime/core.toml"
[expect]
exit = "success"
"""


INIT = """
kernel_rootd_test = "smoke"
runtime_config_path = "runtime.dev.toml"
crashd_test_mode = "smoke"
procd_test_mode = "smoke"
[expect]
exit = "success"
"""


class Alive(EngineTest):
    """Who must be in the graph: all but verifiers that have ended, and the program on the
    terminal too."""

    def test_the_terminal_and_the_last_verifier(self):
        names = [row.manifest.name for row in graph._alive(self.scenario(INIT))]
        self.assertEqual(names[-2:], ["verify-crashd", "sh"])
        self.assertNotIn("verify-procd", names)
        self.assertIn("e2fsd", names)
        plain = [row.manifest.name for row in graph._alive(self.scenario(SCENARIO))]
        self.assertNotIn("sh", plain)


class Graph(EngineTest):
    def setUp(self):
        super().setUp()
        self.sample = self.scenario(SCENARIO)
        self.roles = bootplan.roles()
        self.kinds = bootplan.bootconfig.OBJECT_KINDS
        self.rows = bootplan.launch_rows(bootplan.BootPlan.of(self.sample))
        self.lines = [self.line(row, grant) for row in self.rows for grant in row.grants
                      if grant.slot and grant.kind != "absent"]

    def line(self, row, grant) -> list[int]:
        """What the kernel prints for a grant: space slot kind rights badge value object."""
        badge, value = 0, 0
        if grant.object_kind == "ENDPOINT":
            value = self.roles[grant.source]
            badge = grant.protocol_rights << 32 | 7
        if grant.kind == "signal":
            badge = 1 << grant.parameters[0]
        if grant.kind == "ports":
            value = grant.parameters[0] | grant.parameters[1] << 16
        return [self.roles[row.manifest.name], grant.slot, self.kinds[grant.object_kind],
                grant.rights or 0xFF, badge, value, 0x1000]

    def problems(self, lines: list[list[int]]) -> str:
        shown = tuple("ERIX_KERNEL:GRAPH {:#x} {} {} {:#x} {:#x} {:#x} {:#x}".format(*line)
                      for line in lines)
        return "\n".join(graph.problems(self.sample, (*shown, "ERIX_KERNEL:GRAPH end")))

    def test_the_declared_graph_passes(self):
        self.assertGreater(len(self.lines), 50)
        self.assertEqual(self.problems(self.lines), "")

    def test_a_peer_that_is_announced_as_absent_must_be(self):
        row, grant = next((row, grant) for row in self.rows for grant in row.grants
                          if grant.kind == "absent")
        self.assertIn(row.manifest.name, self.problems([*self.lines, self.line(row, grant)]))

    def test_every_missing_capability_is_seen(self):
        for index, line in enumerate(self.lines):
            grant_may_be_absent = line[2] == self.kinds["UNTYPED"]  # machines differ in memory
            rest = self.lines[:index] + self.lines[index + 1:]
            if not grant_may_be_absent:
                self.assertTrue(self.problems(rest), f"{line} was not missed")

    def test_every_changed_field_is_seen(self):
        for index, line in enumerate(self.lines):
            changes = {2: self.kinds["IRQ_CONTROL"] if line[2] != self.kinds["IRQ_CONTROL"] else 1}
            if line[2] == self.kinds["ENDPOINT"]:
                changes |= {3: 0xFF, 5: 250}
            for column, value in changes.items():
                lines = [list(each) for each in self.lines]
                lines[index][column] = value
                self.assertTrue(self.problems(lines), f"{line}: column {column} = {value}")

    def test_more_protocol_rights_are_seen(self):
        for index, line in enumerate(self.lines):
            if line[2] == self.kinds["ENDPOINT"] and line[3] & 8:
                lines = [list(each) for each in self.lines]
                lines[index][4] ^= 1 << 60
                self.assertTrue(self.problems(lines), line)

    def test_an_undeclared_power_is_seen(self):
        for kind in ("IRQ_CONTROL", "CLOCK", "CONSOLE", "TEST", "PORT_RANGE", "CSPACE"):
            extra = [self.roles["logd"], 41, self.kinds[kind], 0xFF, 0, 0, 0]
            self.assertIn("is not declared", self.problems([*self.lines, extra]), kind)
        extra = [self.roles["logd"], 40, self.kinds["ENDPOINT"], 0x28, 1 << 32 | 7,
                 self.roles["memd"], 0]
        self.assertIn("logd", self.problems([*self.lines, extra]))

    def test_two_hundred_random_spurious_edges_are_seen(self):
        chance = random.Random(12)
        targets = [self.roles[name] for name in ("rootd", *(row.manifest.name for row in self.rows
                                                            if row.manifest.serves))
                   if name != "procd"]  # handles of processes are received while one runs
        for _ in range(200):
            space = self.roles[chance.choice(self.rows).manifest.name]
            slot = chance.randrange(16, 200)
            target = chance.choice(targets)
            badge = chance.randrange(1, 1 << 32) << 32 | chance.randrange(1, 300)
            edge = [space, slot, self.kinds["ENDPOINT"], chance.choice((8, 0x28)), badge, target,
                    0x2000]
            lines = [line for line in self.lines if (line[0], line[1]) != (space, slot)]
            self.assertTrue(self.problems([*lines, edge]), f"{edge} was not seen")
