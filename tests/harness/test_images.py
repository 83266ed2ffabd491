# SPDX-License-Identifier: ISC
"""The disks of a run: topologies, copies, files put onto them, and damage to boot images."""
import struct
import sys
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support import EngineTest  # noqa: E402  (puts tools/ on the path)
from harness import artifacts, bootfault, diskcheck, images, paths, qemu, signedfault  # noqa: E402
from harness.bootplan import BootPlan, planned  # noqa: E402
from harness.outcome import BuildError, EnvironmentProblem  # noqa: E402
from harness.scenario import Verify  # noqa: E402
from imagemaker import gpt, host  # noqa: E402
from imagemaker.tree import Entry  # noqa: E402

EXPECT = '[expect]\nexit = "success"\n'
KINDS = (1, 2, 3, 4)


def boot_image() -> bytes:
    """A boot image in shape only: four sections of a page each, no valid digests."""
    table = b""
    offset = 4096
    for kind in KINDS:
        table += struct.pack("<II32sQQ32s", kind, 0, b"section%d" % kind, offset, 100, b"d" * 32)
        offset += 4096
    manifest_at = 128 + len(table)
    header = struct.pack("<8sIIIIQQQQQ16s48s", b"ERIXBOOT", 1, 128, len(KINDS), 88, 128,
                         manifest_at, 64, offset + 64, offset, b"k" * 16, b"")
    head = (header + table + b"m" * 64).ljust(4096, b"\0")
    return head + b"".join(b"s" * 100 + b"\0" * 3996 for _ in KINDS) + b"g" * 64


class Disks(EngineTest):
    def setUp(self):
        super().setUp()
        loader, image = self.folder / "loader", self.folder / "boot.img"
        loader.write_bytes(b"MZ loader")
        image.write_bytes(b"boot image")
        tree = {"/bin/sh": Entry(b"\x7fELF", 0o755), "/etc/motd": Entry(b"hello\n")}
        for where, name, value in (
                (paths, "CAS", self.folder / "cas"),
                (artifacts, "loader", lambda plan: loader),
                (artifacts, "boot_image",
                 lambda plan: None if plan.image_fault == "missing" else image),
                (artifacts, "data_tree", lambda: tree)):
            patch = mock.patch.object(where, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def prepare(self, text: str) -> images.Prepared:
        folder = self.folder / "run"
        folder.mkdir(exist_ok=True)
        return images.Images().prepare(self.scenario(text + EXPECT), folder, "4242")

    def shape(self, prepared: images.Prepared) -> list[tuple[str, bool, bool]]:
        return [(disk.bus, disk.readonly, disk.boot) for disk in prepared.disks]

    def test_fixture_boots_from_sata_and_has_one_virtio_disk(self):
        prepared = self.prepare("")
        self.assertEqual(self.shape(prepared), [("sata", True, True), ("virtio", True, False)])
        self.assertEqual([each.name for each in gpt.read(prepared.data_disk)],
                         ["erix-esp", "erix-data"])
        self.assertTrue(prepared.debug_exit)
        self.assertEqual(prepared.private, ())

    def test_without_a_medium_there_is_no_virtio_disk(self):
        prepared = self.prepare('block_storage_image = "none"\n')
        self.assertEqual(self.shape(prepared), [("sata", True, True)])

    def test_the_same_inputs_are_made_once(self):
        first, second = self.prepare(""), self.prepare("")
        self.assertEqual(first.disks, second.disks)

    def test_a_writable_disk_is_a_copy_of_its_own(self):
        prepared = self.prepare("qemu_block_readonly = false\n")
        self.assertEqual(prepared.data_disk.parent, self.folder / "run")
        self.assertEqual(prepared.private, (prepared.data_disk,))
        prepared.discard()
        self.assertFalse(prepared.data_disk.exists())

    def test_files_are_put_onto_the_copy_and_checked_afterwards(self):
        prepared = self.prepare("")
        shared = prepared.data_disk
        prepared = self.prepare_with_file()
        self.assertNotEqual(prepared.data_disk, shared)
        good = (Verify("file", "erix-data", "/etc/nonce", "is {nonce}\n"),
                Verify("ext", "erix-data", "", ""), Verify("fat", "erix-esp", "", ""),
                Verify("gpt", "", "", ""), Verify("unchanged", "", "", ""),
                Verify("absent", "erix-data", "/etc/other", ""))
        self.assertEqual(diskcheck.problems(good, prepared.data_disk, prepared.digest_before,
                                            "4242"), ())
        bad = (Verify("file", "erix-data", "/etc/nonce", "else\n"),
               Verify("absent", "erix-data", "/etc/nonce", ""),
               Verify("ext", "nowhere", "", ""))
        found = diskcheck.problems(bad, prepared.data_disk, prepared.digest_before, "4242")
        self.assertEqual(len(found), 3)

    def prepare_with_file(self) -> images.Prepared:
        folder = self.folder / "run"
        text = EXPECT + '[[files]]\npath = "/etc/nonce"\ncontent = "is {nonce}\\n"\n'
        return images.Images().prepare(self.scenario(text), folder, "4242")

    def test_topologies_of_the_packaged_image(self):
        wanted = {
            "single-virtio-gpt": [("virtio", False, True)],
            "two-virtio-disks": [("virtio", False, True), ("virtio", False, False)],
            "no-virtio-sata": [("sata", False, True)],
            "single-virtio-junk-sata": [("sata", False, True), ("virtio", False, False)],
            "single-virtio-esp-raw-sata": [("sata", False, True), ("virtio", False, False)],
        }
        for case, shape in wanted.items():
            prepared = self.prepare(f'run_mode = "vm-disk-image"\ndisk_image_case = "{case}"\n')
            self.assertEqual(self.shape(prepared), shape, case)
            self.assertFalse(prepared.debug_exit)

    def test_a_missing_boot_image_is_a_disk_without_one(self):
        with_image = self.prepare('block_storage_image = "none"\n')
        without = self.prepare('block_storage_image = "none"\n[boot]\nimage_fault = "missing"\n')
        self.assertNotEqual(with_image.disks[0].image, without.disks[0].image)

    def test_missing_makers_are_a_fault_of_the_environment(self):
        with mock.patch.object(host, "SEARCH_PATH", "/nonexistent"):
            with self.assertRaises(EnvironmentProblem):
                self.prepare("")

    def test_the_command_line(self):
        prepared = self.prepare("")
        words = qemu.command(qemu.MachineSpec(prepared.disks, icount=0, debug_exit=True))
        text = qemu.pasteable(words)
        self.assertIn("virtio-blk-pci,drive=disk1,disable-legacy=on", text)
        self.assertIn("ide-hd,drive=disk0,bus=ide.0,bootindex=0", text)
        self.assertIn("-icount shift=0", text)
        self.assertIn("isa-debug-exit,iobase=0xf4,iosize=4", text)


class Damage(EngineTest):
    def test_every_fault_changes_the_image(self):
        good = boot_image()
        for fault in bootfault.FAULTS:
            self.assertNotEqual(bootfault.apply(good, fault), good, fault)
        for fault in ("none", *signedfault.NAMES):
            self.assertEqual(bootfault.apply(good, fault), good, fault)

    def test_faults_before_signing_change_their_section_alone(self):
        parts = {("kernel", "kernel"): artifacts.stripped(artifacts.kernel_symbols()),
                 ("boot-config", "boot-config"): planned(BootPlan("test", "dev"), {}).boot_config}
        parts |= {("service", name): parts["kernel", "kernel"]
                  for name in ("rootd", "memd", "logd")}
        for fault, found in signedfault.SECTIONS.items():
            for (kind, name), data in parts.items():
                changed = signedfault.section(fault, kind, name, data) != data
                self.assertEqual(changed, (kind, name) == (found.kind, found.name), fault)

    def test_flips_change_one_bit(self):
        good = boot_image()
        for fault in bootfault.FAULTS:
            if fault.startswith("flip-"):
                bad = bootfault.apply(good, fault)
                different = [a ^ b for a, b in zip(good, bad) if a != b]
                self.assertEqual((len(good), different), (len(bad), [1]), fault)

    def test_a_section_that_is_not_there_cannot_be_damaged(self):
        bad = bytearray(boot_image())
        struct.pack_into("<I", bad, 128 + 2 * 88, 4)
        with self.assertRaises(BuildError):
            bootfault.apply(bytes(bad), "flip-service")

    def test_digest_of_a_tree_sees_modes_and_contents(self):
        tree = {"/a": Entry(b"1")}
        digests = {artifacts.tree_digest(each) for each in (
            tree, {"/a": Entry(b"2")}, {"/a": Entry(b"1", 0o755)}, {"/b": Entry(b"1")})}
        self.assertEqual(len(digests), 4)
