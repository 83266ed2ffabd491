# SPDX-License-Identifier: ISC
"""Machines that go on from a snapshot: when one is made, and that nothing of the disks is in it."""
import re
import sys
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import EngineTest  # noqa: E402  (puts tools/ on the path)
from harness import images, paths, qemu, runner, scenario, snapshot  # noqa: E402
from harness.bootplan import BootPlan  # noqa: E402
from harness.images import Images, Prepared  # noqa: E402
from harness.outcome import BuildError  # noqa: E402
from imagemaker import disk  # noqa: E402

PLAIN = '[expect]\nexit = "success"\n'
# What differs between two runs of one scenario on one machine: ticks of the processor's clock.
TIMING = re.compile(r"\b(cpu|read|verify|start|platform|kernel|modules|tables|leave)=\d+")


def suiting(text: str, test: EngineTest) -> bool:
    return snapshot.suits(test.scenario(text + PLAIN), "tcg")


class Suiting(EngineTest):
    def test_the_default_suits(self):
        self.assertTrue(suiting("", self))

    def test_what_is_about_booting_starts_cold(self):
        self.assertFalse(suiting('tags = ["boot"]\n', self))

    def test_a_scenario_may_ask_for_firmware(self):
        for start in ("cold", "stock"):
            self.assertFalse(suiting(f'[boot]\nstart = "{start}"\n', self))

    def test_a_packaged_image_starts_cold(self):
        text = 'run_mode = "vm-disk-image"\ndisk_image_case = "single-virtio-gpt"\n'
        self.assertFalse(suiting(text, self))

    def test_native_firmware_starts_cold(self):
        self.assertFalse(snapshot.suits(self.scenario(PLAIN), "kvm"))

    def test_the_cold_sample_rotates_with_the_turn_and_reaches_everything_soon(self):
        one = self.scenario(PLAIN)
        many = [replace(one, name=f"scenario-{number}") for number in range(80)]
        samples = [snapshot.cold_sample(many, turn) for turn in range(snapshot.COLD_PERIOD)]
        self.assertEqual({len(sample) for sample in samples}, {4})
        self.assertEqual(set().union(*samples), {each.name for each in many})
        self.assertEqual(samples[7], snapshot.cold_sample(many, 7))

    def test_a_small_suite_has_a_cold_run_too(self):
        one = self.scenario(PLAIN)
        self.assertEqual(snapshot.cold_sample([one], 3), {one.name})
        self.assertEqual(snapshot.cold_sample([], 3), frozenset())


class Storing(EngineTest):
    """With the fake QEMU: it says how a snapshot is kept, not that one works."""

    def setUp(self):
        super().setUp()
        self.set_environment("ERIX_FAKE_STATE", "a machine")
        self.said = []
        self.disk = self.folder / "boot.img"
        self.disk.write_bytes(bytes(4096))
        self.replace(paths, "SNAPSHOTS", self.folder / "snapshots")
        self.replace(snapshot, "_checked", {})

    def replace(self, module, name: str, value) -> None:
        before = getattr(module, name)
        setattr(module, name, value)
        self.addCleanup(setattr, module, name, before)

    def spec(self, **changes) -> qemu.MachineSpec:
        spec = qemu.MachineSpec((qemu.Disk(self.disk, "sata", readonly=True, boot=True),))
        return replace(spec, **changes)

    def stored(self, **changes) -> Path:
        """The state that a new process would find or make."""
        snapshot._checked.clear()
        return snapshot.of(self.spec(**changes), self.said.append).state

    def test_it_is_made_once(self):
        first = self.stored()
        file = first.stat().st_ino
        self.assertEqual(first.read_text(encoding="utf-8"), "a machine")
        self.assertEqual(self.stored().stat().st_ino, file)
        self.assertEqual(self.said, [])

    def test_whatever_decides_the_machine_decides_the_snapshot(self):
        large, second = self.folder / "large.img", self.folder / "second.img"
        large.write_bytes(bytes(8192))
        second.write_bytes(bytes(512))
        states = {
            self.stored(), self.stored(memory_mib=1024), self.stored(icount=0),
            self.stored(debug_exit=True), self.stored(nonce="0" * 16),
            self.stored(disks=(qemu.Disk(large, "sata", True, True),)),
            self.stored(disks=(*self.spec().disks, qemu.Disk(second, "virtio"))),
        }
        self.assertEqual(len(states), 7)

    def test_the_nonce_does_not(self):
        self.assertEqual(self.stored(nonce="0123456789abcdef"), self.stored(nonce="f" * 16))

    def test_contents_and_names_of_disks_do_not(self):
        first = self.stored()
        other = self.folder / "other.img"
        other.write_bytes(b"x" * 4096)
        self.assertEqual(self.stored(disks=(qemu.Disk(other, "sata", False, True),)), first)
        sizes = [self.folder / name for name in ("small.img", "large.img")]
        for size, file in enumerate(sizes, 1):
            file.write_bytes(bytes(size * 512))
        states = {self.stored(disks=(*self.spec().disks, qemu.Disk(file, "virtio", readonly)))
                  for file in sizes for readonly in (False, True)}
        self.assertEqual(len(states), 1)

    def test_another_qemu_makes_another_snapshot(self):
        first = self.stored()
        newer = self.folder / "newer_qemu.py"
        newer.write_text((Path(__file__).with_name("fake_qemu.py")).read_text(encoding="utf-8")
                         + "# newer\n", encoding="utf-8")
        newer.chmod(0o755)
        self.set_environment("ERIX_QEMU", str(newer))
        self.assertNotEqual(self.stored(), first)

    def test_a_damaged_state_is_noticed_and_made_again(self):
        state = self.stored()
        state.chmod(0o644)
        state.write_text("a machinf", encoding="utf-8")
        self.assertEqual(self.stored().read_text(encoding="utf-8"), "a machine")
        self.assertEqual(len(self.said), 1)
        self.assertIn("is damaged; it is made again", self.said[0])

    def test_a_state_without_its_digest_is_made_again(self):
        state = self.stored()
        state.with_suffix(".sha256").unlink()
        self.stored()
        self.assertIn("is damaged", self.said[0])

    def test_what_cannot_be_saved_is_no_snapshot(self):
        self.set_environment("ERIX_FAKE_STATE", "")
        with self.assertRaisesRegex(BuildError, "no snapshot can be made: saving: failed"):
            self.stored()
        self.assertEqual(list(paths.SNAPSHOTS.glob("*.state")), [])

    def test_a_run_is_restored_unless_it_is_to_be_cold(self):
        provider = type("Provider", (), {"prepare": lambda *_: Prepared(self.spec().disks)})()
        self.script(("exit", 0x21))
        text = self.scenario(PLAIN)
        for cold, restored in ((frozenset(), True), (frozenset(["sample"]), False), (None, False)):
            context = replace(self.context(provider), cold=cold)
            result = runner.run(text, context)
            self.assertEqual(result.reasons, ())
            command = (result.folder / "qemu.cmd").read_text(encoding="utf-8")
            self.assertEqual("-incoming" in command, restored, command)


class Restored(unittest.TestCase):
    """With the real QEMU, firmware and loader."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def scenario(self, name: str) -> scenario.Scenario:
        found, _ = scenario.parse(paths.SCENARIOS / f"{name}.toml")
        return found[0]

    def log(self, name: str, provider=None, cold=frozenset()) -> list[str]:
        """The serial lines of a run from the loader on."""
        context = runner.Context(provider or Images(), "tcg", 10.0, "seed", self.folder / "run",
                                 cold)
        result = runner.run(self.scenario(name), context)
        text = (result.folder / "serial.log").read_text(encoding="utf-8", errors="replace")
        lines = text.replace("\r", "").splitlines()
        starts = [at for at, line in enumerate(lines) if line.startswith("ERIX_BOOTLOADER")]
        return lines[starts[0]:] if starts else lines

    def test_it_says_what_a_cold_run_says(self):
        for name in ("phase0", "core-normal"):
            logs = [[TIMING.sub(r"\1=", line) for line in self.log(name, cold=cold)]
                    for cold in (None, frozenset())]
            self.assertGreater(len(logs[0]), 10)
            self.assertEqual(logs[0], logs[1])

    def changed(self, change_loader, change_image) -> Images:
        """A provider whose boot disk has a changed loader or boot image."""
        def prepare(_, the_scenario, *__):
            plan = BootPlan.of(the_scenario)
            loader = images.artifacts.loader(plan).read_bytes()
            image = images.artifacts.boot_image(plan).read_bytes()
            target = self.folder / "changed.img"
            disk.make_esp_disk(target, change_loader(loader), change_image(image))
            return Prepared((qemu.Disk(target, "sata", readonly=True, boot=True),))
        return type("Changed", (), {"prepare": prepare})()

    def test_the_loader_is_that_of_the_disk(self):
        marker = b"ERIX_BOOTLOADER:START"

        def change(loader: bytes) -> bytes:
            self.assertEqual(loader.count(marker), 1)
            return loader.replace(marker, b"ERIX_BOOTLOADER:STARK")
        for changed, wanted in ((lambda loader: loader, "START"), (change, "STARK")):
            lines = self.log("phase0", self.changed(changed, lambda image: image))
            self.assertEqual(lines[0], f"ERIX_BOOTLOADER:{wanted}")
            self.assertTrue(lines[2].startswith("ERIX_BOOTLOADER:HANDOFF"), lines)

    def test_the_boot_image_is_that_of_the_disk(self):
        def change(image: bytes) -> bytes:
            return image[:8192] + bytes([image[8192] ^ 1]) + image[8193:]
        lines = self.log("phase0", self.changed(lambda loader: loader, change))
        self.assertTrue(lines[1].startswith("ERIX_BOOTLOADER:REFUSED:SECTION_HASH"), lines)


if __name__ == "__main__":
    unittest.main()
