# SPDX-License-Identifier: ISC
"""Tests of the disks: the same bytes twice, and what independent tools say about them."""
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from imagemaker import disk, ext, fat, gpt, host, recipe  # noqa: E402
from imagemaker.tree import Entry  # noqa: E402

TREE = {"/bin/sh": Entry(b"\x7fELF" + bytes(range(256)) * 700, 0o755),
        "/bin/ls": Entry(b"\x7fELF program", 0o755),
        "/etc/motd": Entry(b"Welcome to EriX.\n"),
        "/home/": Entry(),
        "/link": Entry(link="/etc/motd")}


def judged(*words: str) -> str:
    program = next(path for folder in host.SEARCH_PATH.split(":")
                   if os.access(path := os.path.join(folder, words[0]), os.X_OK))
    done = subprocess.run([program, *words[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, text=True)
    return f"status {done.returncode}\n{done.stdout}"


class Disks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def appliance(self, name: str) -> Path:
        target = self.folder / name
        disk.make_appliance(target, b"MZ loader", b"boot image" * 999, TREE)
        return target

    def extracted(self, image: Path, name: str) -> Path:
        partition = gpt.find(image, name)
        target = self.folder / name
        with open(image, "rb") as file:
            file.seek(partition.first_byte)
            target.write_bytes(file.read(partition.size_bytes))
        return target

    def test_two_builds_are_identical(self):
        first = self.appliance("first").read_bytes()
        time.sleep(2.1)  # longer than the grain of a FAT time stamp
        before = os.umask(0o077)
        self.addCleanup(os.umask, before)
        self.assertEqual(first, self.appliance("second").read_bytes())

    def test_sgdisk_finds_both_partitions(self):
        image = self.appliance("disk")
        self.assertIn("No problems found", judged("sgdisk", "--verify", str(image)))
        listing = judged("sgdisk", "--print", str(image))
        self.assertRegex(listing, r"1 +2048 .* EF00 +erix-esp")
        self.assertRegex(listing, r"2 .* 8300 +erix-data")

    def test_fsck_accepts_the_esp_and_mtools_read_it(self):
        volume = self.extracted(self.appliance("disk"), disk.ESP_NAME)
        self.assertIn("status 0", judged("fsck.fat", "-n", str(volume)))
        self.assertIn("boot imageboot image",
                      judged("mtype", "-i", str(volume), "::/EFI/ERIX/BOOT.IMG"))

    def test_e2fsck_accepts_the_data_volume(self):
        volume = self.extracted(self.appliance("disk"), disk.DATA_NAME)
        self.assertIn("status 0", judged("e2fsck", "-fn", str(volume)))
        self.assertIn("Welcome to EriX.", judged("debugfs", "-R", "cat /etc/motd", str(volume)))
        stat = judged("debugfs", "-R", "stat /bin/sh", str(volume))
        self.assertRegex(stat, r"Mode:  0755")
        self.assertRegex(stat, r"User: +0 +Group: +0")
        self.assertIn("2026", stat)
        self.assertIn("/etc/motd", judged("debugfs", "-R", "stat /link", str(volume)))

    def test_files_are_put_into_a_finished_disk(self):
        image = self.appliance("disk")
        partition = gpt.find(image, disk.DATA_NAME)
        ext.put(f"{image}?offset={partition.first_byte}", {"/etc/nonce": ext.file("42\n")})
        volume = self.extracted(image, disk.DATA_NAME)
        self.assertIn("42", judged("debugfs", "-R", "cat /etc/nonce", str(volume)))
        self.assertIn("status 0", judged("e2fsck", "-fn", str(volume)))

    def test_debugfs_complaints_are_errors(self):
        image = self.folder / "volume"
        ext.make(image, {"/a": ext.file("x")}, "v")
        with self.assertRaisesRegex(host.MakerError, "debugfs"):
            ext.put(str(image), {"/a/b": ext.file("y")})

    def test_every_size_of_tree_fits(self):
        for count in (0, 1, 300):
            tree = {f"/files/{number}": Entry(b"x" * 5000) for number in range(count)}
            ext.make(self.folder / "ext", tree, "volume")
            fat.make(self.folder / "fat", tree, "VOLUME")
            self.assertIn("status 0", judged("e2fsck", "-fn", str(self.folder / "ext")))
            self.assertIn("status 0", judged("fsck.fat", "-n", str(self.folder / "fat")))

    def test_partitions_that_do_not_fit_are_refused(self):
        with self.assertRaises(gpt.GptError):
            gpt.layout([("x" * 37, gpt.TYPE_DATA, 512)])
        with self.assertRaises(gpt.GptError):
            gpt.layout([("odd", gpt.TYPE_DATA, 513)])


class Media(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_every_recipe_has_a_summary_and_makes_the_same_bytes_twice(self):
        self.assertGreaterEqual(len(recipe.names()), 3)
        for name in recipe.names():
            self.assertTrue(recipe.load(name).SUMMARY)
            recipe.make(name, self.folder / "one", TREE)
            recipe.make(name, self.folder / "two", TREE)
            self.assertEqual((self.folder / "one").read_bytes(),
                             (self.folder / "two").read_bytes(), name)

    def test_the_malformed_table_differs_from_its_twin_in_four_bytes(self):
        recipe.make("phase4-fs", self.folder / "good", TREE)
        recipe.make("malformed-gpt", self.folder / "bad", TREE)
        good, bad = ((self.folder / name).read_bytes() for name in ("good", "bad"))
        self.assertEqual(len(good), len(bad))
        self.assertEqual(sum(a != b for a, b in zip(good, bad)), 4)
        self.assertEqual(len(gpt.read(self.folder / "good")), 2)
        with self.assertRaises(gpt.GptError):
            gpt.read(self.folder / "bad")


if __name__ == "__main__":
    unittest.main()
