# SPDX-License-Identifier: ISC
"""Checksums, against published values and against what e2fsprogs has written: a change that changes
nothing must repair every checksum to the very bytes that were there."""
import tempfile
import unittest
from pathlib import Path

from media import checksum, damage, layout, maker, recipe

VOLUME = """\
summary = "s"
family = "ext4"
expect = "accepted"
tree = '''
dir /htree
many /htree/File_Number_%d 1 300
file /spread stamp:a:1000 @20000:stamp:a:1000 @40000:stamp:a:1000 @60000:stamp:a:1000 @80000:text:x
attr /spread user.large stamp:attr:800
'''
steps = [{ index = true }]
[volume]
features = "FEATURES"
block_bytes = 1024
inodes = 512
"""
PLACES = ("superblock", "group 0", "inode /spread", "inode <2>", "directory / 0",
          "index /htree 0", "directory /htree 1", "map /spread 0", "attributes /spread",
          "block-bitmap 0", "inode-bitmap 0", "block-bitmap 1")


def volume(folder: str, features: str) -> layout.Volume:
    """A small volume with one of each structure."""
    image = Path(folder) / "volume.img"
    maker.make(recipe.parse("test", VOLUME.replace("FEATURES", features)), image)
    return layout.Volume(bytearray(image.read_bytes()))


class Published(unittest.TestCase):
    def test_crc32c(self):
        # RFC 3720 B.4: 32 bytes of zeros, of ones, rising; these are inverted at the end.
        for data, wanted in ((bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43),
                             (bytes(range(32)), 0x46DD794E)):
            self.assertEqual(checksum.crc32c(data) ^ checksum.MASK32, wanted)

    def test_crc16(self):
        # The catalogue's check value of CRC-16/MODBUS, the same polynomial and start.
        self.assertEqual(checksum.crc16(b"123456789"), 0x4B37)


class Repaired(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.checked = volume(cls.folder.name, "ext4")
        cls.orphans = volume(cls.folder.name, "ext4,orphan_file,metadata_csum_seed")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def unchanged(self, subject: layout.Volume, where: str, sums_min: int) -> None:
        """Repairing after no change gives what was there, and after a change something else."""
        before = bytes(subject.data)
        place = damage.find(subject, where)
        first = before[place.at:place.at + 1].hex()
        touched = damage.apply(subject, {"in": where, "at": 0, "bytes": first}, True)
        self.assertGreaterEqual(len(touched), 1 + sums_min, where)
        self.assertEqual(bytes(subject.data), before, where)

    def test_as_e2fsprogs_writes_them(self):
        for where in PLACES:
            with self.subTest(where):
                self.unchanged(self.checked, where, 1)

    def test_with_a_seed_of_its_own(self):
        for where in (*PLACES, "orphans 0"):
            with self.subTest(where):
                self.unchanged(self.orphans, where, 1)

    def test_descriptors_with_crc16(self):
        with tempfile.TemporaryDirectory() as folder:
            self.unchanged(volume(folder, "ext4,^metadata_csum,uninit_bg"), "group 1", 1)

    def test_contents_have_none(self):
        self.unchanged(self.checked, "file /spread 0", 0)

    def test_left_when_asked(self):
        subject = layout.Volume(bytearray(self.checked.data))
        touched = damage.apply(subject, {"in": "superblock", "field": "state", "value": 0}, False)
        self.assertEqual(len(touched), 1)
        self.assertNotEqual(checksum.superblock(subject.data[1024:2048]),
                            subject.super("checksum"))

    def test_follow_the_damage(self):
        subject = layout.Volume(bytearray(self.checked.data))
        damage.apply(subject, {"in": "inode /spread", "field": "size", "value": 7}, True)
        number = subject.find("/spread")
        at = subject.inode_at(number)
        found = subject.inode(number, "checksum") | subject.inode(number, "checksum_high") << 16
        self.assertEqual(found, checksum.inode(subject.inode_seed(number),
                                               subject.data[at:at + subject.inode_bytes]))
        self.assertNotEqual(subject.data[at + 0x7C:at + 0x7E],
                            self.checked.data[at + 0x7C:at + 0x7E])


class Unfindable(unittest.TestCase):
    def refuses(self, change: dict, said: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            subject = volume(folder, "ext4")
            with self.assertRaises((damage.DamageError, layout.LayoutError)) as caught:
                damage.apply(subject, change, True)
            self.assertIn(said, str(caught.exception))

    def test_path(self):
        self.refuses({"in": "inode /none", "field": "size", "value": 1}, "there is no /none")

    def test_group(self):
        self.refuses({"in": "group 99", "field": "flags", "value": 1}, "there is no group 99")

    def test_hole(self):
        self.refuses({"in": "file /spread 5", "at": 0, "bytes": "00"}, "has no block 5")

    def test_beyond_the_structure(self):
        self.refuses({"in": "mmp", "at": 1024, "bytes": "00"}, "beyond the 1024 bytes")


if __name__ == "__main__":
    unittest.main()
