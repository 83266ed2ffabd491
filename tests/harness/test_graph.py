# SPDX-License-Identifier: ISC
"""The comparison of the capability graph: each kind of difference is found, equality is silent."""
import sys
import unittest
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent))
import support  # noqa: F401, E402  (puts tools/ on the path)
from harness import graph  # noqa: E402
from harness.graph import Cap  # noqa: E402

ROLES = {"rootd": 1, "procd": 5, "logd": 8, "blockd": 14, "vspaced": 3}


@dataclass
class Grant:
    kind: str
    name: str
    slot: int
    object_kind: str
    rights: int = 0
    slot_count: int = 1
    source: str = ""
    protocol_rights: int = 0
    parameters: tuple = (0, 0)


@dataclass
class Manifest:
    name: str = "blockd"
    serves: str = "block"
    peers: list = field(default_factory=lambda: [SimpleNamespace(name="logd")])
    kernel: dict = field(default_factory=dict)
    device: dict | None = None


GRANTS = [
    Grant("self-cspace", "self", 1, "CSPACE", 64),
    Grant("peer", "logd", 16, "ENDPOINT", 40, source="logd", protocol_rights=1),
    Grant("signal", "signal-seriald", 17, "NOTIFICATION", 8, parameters=(3, 0)),
    Grant("ports", "ports-com1", 18, "PORT_RANGE", parameters=(0x3f8, 0x3ff)),
]
SOUND = [
    Cap(14, 1, "CSPACE", 64, 0, 14),
    Cap(14, 16, "ENDPOINT", 40, 1 << 32 | 300, 8),
    Cap(14, 17, "NOTIFICATION", 8, 8, 0),
    Cap(14, 18, "PORT_RANGE", 255, 0, 0x3f8 | 0x3ff << 16),
]


def compare(caps, manifest=None):
    row = SimpleNamespace(manifest=manifest or Manifest(), grants=GRANTS)
    return graph._compare("blockd", row, caps, ROLES)


def changed(index, **values):
    caps = list(SOUND)
    caps[index] = Cap(**{**vars(caps[index]), **values})
    return caps


class GraphTest(unittest.TestCase):
    def test_equal_graphs_are_silent(self):
        self.assertEqual(compare(SOUND), [])

    def test_a_missing_capability_is_found(self):
        self.assertIn("not there", compare(SOUND[:1] + SOUND[2:])[0])

    def test_a_wider_right_is_found(self):
        self.assertIn("is not the declared 'logd'", compare(changed(1, rights=56))[0])

    def test_more_protocol_rights_are_found(self):
        self.assertIn("is not the declared", compare(changed(1, badge=3 << 32 | 300))[0])

    def test_a_misrouted_endpoint_is_found(self):
        self.assertIn("is not the declared", compare(changed(1, value=5))[0])

    def test_another_signal_bit_is_found(self):
        self.assertIn("is not the declared", compare(changed(2, badge=16))[0])

    def test_a_wider_port_range_is_found(self):
        self.assertIn("is not the declared", compare(changed(3, value=0x3f0 | 0x3ff << 16))[0])

    def test_an_undeclared_endpoint_is_found(self):
        extra = SOUND + [Cap(14, 40, "ENDPOINT", 40, 1 << 32, 5)]
        self.assertIn("is not declared", compare(extra)[0])

    def test_frames_need_a_peer_that_gives_them(self):
        extra = SOUND + [Cap(14, 40, "FRAME", 7, 0, 12)]
        self.assertIn("is not declared", compare(extra)[0])
        peers = [SimpleNamespace(name="logd"), SimpleNamespace(name="vspaced")]
        self.assertEqual(compare(extra, Manifest(peers=peers)), [])

    def test_kernel_objects_are_never_gained(self):
        for kind in ("CLOCK", "CONSOLE", "IRQ_CONTROL", "TEST", "IRQ", "THREAD"):
            extra = SOUND + [Cap(14, 40, kind, 255, 0, 0)]
            self.assertEqual(len(compare(extra)), 1, kind)

    def test_a_list_without_end_is_no_list(self):
        line = "ERIX_KERNEL:GRAPH 0xe 1 5 0x40 0x0 0xe 0xffff800000000000"
        self.assertIsNone(graph.parse((line,)))
        self.assertEqual(len(graph.parse((line, graph.END))), 1)


if __name__ == "__main__":
    unittest.main()
